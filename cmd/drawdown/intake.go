package main

import (
	"time"

	"github.com/spf13/cobra"

	"drawdown/graph"
	"drawdown/internal/books"
)

// usageFlags say how usage is taken in.
type usageFlags struct {
	batch, lanes, queue, requests int
	wait                          time.Duration
	bodyMegabytes                 int64
}

func (u *usageFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.IntVar(&u.batch, "usage-batch", books.DefaultUsageEvents, "the most `events` of calls that are written together")
	flags.DurationVar(&u.wait, "usage-wait", books.DefaultUsageWait, "how `long` a commit waits at most for calls that are likely to come; 0 for not at all")
	flags.IntVar(&u.lanes, "usage-lanes", books.DefaultUsageLanes, "how many `transactions` of usage are written at the same time")
	flags.IntVar(&u.queue, "usage-queue", books.DefaultUsageQueued, "the most `events` that wait; beyond it callers are asked to come back")
	flags.Int64Var(&u.bodyMegabytes, "usage-body", graph.DefaultIntakeBody>>20, "the most `megabytes` of a request to /v1/usage, also unpacked")
	flags.IntVar(&u.requests, "usage-requests", graph.DefaultIntakeRequests, "the most `requests` to /v1/usage at the same time")
}

// check refuses what cannot be meant. Errors: bad usage.
func (u *usageFlags) check() error {
	for _, flag := range []struct {
		name  string
		value int64
		least int64
	}{
		{"usage-batch", int64(u.batch), 1},
		{"usage-wait", int64(u.wait), 0},
		{"usage-lanes", int64(u.lanes), 1},
		{"usage-queue", int64(u.queue), 1},
		{"usage-body", u.bodyMegabytes, 1},
		{"usage-requests", int64(u.requests), 1},
	} {
		if flag.value < flag.least {
			return badUsage("--%s: must be at least %d", flag.name, flag.least)
		}
	}
	return nil
}

func (u *usageFlags) intake() graph.IntakeOptions {
	return graph.IntakeOptions{MaxBody: u.bodyMegabytes << 20, MaxRequests: u.requests}
}

// usage is how the book writes usage.
func (u *usageFlags) usage() books.UsageOptions {
	options := books.UsageOptions{MaxEvents: u.batch, Wait: u.wait, Lanes: u.lanes, MaxQueued: u.queue}
	if u.wait == 0 {
		options.Wait = -1 // for a zero is the default there
	}
	return options
}
