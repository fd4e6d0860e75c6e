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
	flags.IntVar(&u.lanes, "usage-lanes", 0, "how many `transactions` of usage are written at the same time (default 1 on SQLite, 2 on PostgreSQL)")
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
		{"usage-lanes", int64(u.lanes), 0},
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

// usage is how the book of the database writes usage.
func (u *usageFlags) usage(db string) books.UsageOptions {
	options := usageOptions(db)
	options.MaxEvents, options.MaxQueued = u.batch, u.queue
	if options.Wait = u.wait; u.wait == 0 {
		options.Wait = -1
	}
	if u.lanes > 0 {
		options.Lanes = u.lanes
	}
	return options
}

// postgresLanes keep the server at work while this process prepares the next transaction.
const postgresLanes = 2

// usageOptions are the defaults for a database: SQLite has one writer.
func usageOptions(db string) books.UsageOptions {
	if isPostgres(db) {
		return books.UsageOptions{Lanes: postgresLanes}
	}
	return books.UsageOptions{}
}
