package scenario

import (
	"context"

	"drawdown/internal/books"
)

// run books every day that has ended.
type run struct{}

func readRun(_ *parser, _ string, step mapping, s Step) act {
	step.oneOf(s.Verb, "all")
	return run{}
}

func (run) play(ctx context.Context, p *player, _ Step) error {
	_, err := p.books.RunJob(ctx, books.JobAll, books.RunOptions{Trigger: "MANUAL", Through: p.books.Yesterday()})
	return err
}
