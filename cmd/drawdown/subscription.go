package main

import (
	"time"

	"github.com/spf13/cobra"

	"drawdown/graph"
	"drawdown/internal/books"
)

// subscriptionFlags bound what is watched: docs/api.md, subscriptions.
type subscriptionFlags struct {
	every     time.Duration
	customers int
	bounds    graph.SubscriptionOptions
}

func (s *subscriptionFlags) add(p *program, c *cobra.Command) {
	flags := c.Flags()
	flags.DurationVar(&s.every, "feed-every", time.Second, "how `often` the book is looked at while somebody watches")
	p.limit(flags, "feed-every", "100ms to 1m", func(text string) error { return between(text, 100*time.Millisecond, time.Minute) })
	flags.IntVar(&s.customers, "feed-customers", 10_000, "the most `customers` that are watched at the same time")
	p.limit(flags, "feed-customers", "1 to 1000000", func(text string) error { return numberBetween(text, 1, 1_000_000) })
	flags.IntVar(&s.bounds.Max, "subscriptions", 1000, "the most `subscriptions` that are open at the same time")
	p.limit(flags, "subscriptions", "1 to 100000", func(text string) error { return numberBetween(text, 1, 100_000) })
	flags.IntVar(&s.bounds.MaxPerCaller, "subscriptions-per-caller", 100, "the most of them that one `caller` has open")
	p.limit(flags, "subscriptions-per-caller", "1 to 100000", func(text string) error { return numberBetween(text, 1, 100_000) })
	flags.DurationVar(&s.bounds.Life, "subscription-life", time.Hour, "how `long` a subscription lives before its caller is told to subscribe again")
	p.limit(flags, "subscription-life", "1s to 168h", func(text string) error { return between(text, time.Second, 168*time.Hour) })
	flags.DurationVar(&s.bounds.Heartbeat, "subscription-heartbeat", 15*time.Second, "how `often` a subscription is written to when nothing changes")
	p.limit(flags, "subscription-heartbeat", "1s to 10m", func(text string) error { return between(text, time.Second, 10*time.Minute) })
	flags.DurationVar(&s.bounds.Patience, "subscription-patience", 20*time.Second, "how `long` a subscriber may take nothing before it is cut off")
	p.limit(flags, "subscription-patience", "1s to 10m", func(text string) error { return between(text, time.Second, 10*time.Minute) })
}

func (s *subscriptionFlags) feed() books.FeedOptions {
	return books.FeedOptions{Every: s.every, Customers: s.customers}
}
