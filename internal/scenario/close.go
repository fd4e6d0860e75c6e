package scenario

import (
	"context"

	"go.yaml.in/yaml/v3"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// closePeriod closes a period, of a book whose accounts have codes. It runs no jobs.
type closePeriod struct {
	period ledger.Period
}

func readClose(p *parser, path string, step mapping, s Step) act {
	period, _ := readPeriod(p, path, step, s, "period")
	return closePeriod{period}
}

func (a closePeriod) play(ctx context.Context, p *player, step Step) error {
	// A scenario is about figures: which codes accounts have elsewhere, none says.
	if _, err := p.books.GLAccountsSet(ctx, "scenario:glCodes", books.SampleGLCodes()); err != nil {
		return err
	}
	_, err := p.books.PeriodClose(ctx, p.key(step), books.ClosePeriod{Period: a.period})
	return err
}

// readPeriod reads the period under a verb: by itself, or as `period` in a mapping.
func readPeriod(p *parser, path string, step mapping, s Step, keys ...string) (ledger.Period, *mapping) {
	if step.values[s.Verb].Kind == yaml.ScalarNode {
		return step.period(s.Verb), nil
	}
	m := body(p, path, step, s, keys...)
	m.need("period")
	return m.period("period"), &m
}

// reopen opens a closed period again, and every later one. One person proposes it, another
// approves. What waits to be booked is booked before, as a server asks for.
type reopen struct {
	period ledger.Period
	reason string
}

func readReopen(p *parser, path string, step mapping, s Step) act {
	period, m := readPeriod(p, path, step, s, "period", "reason")
	a := reopen{period: period, reason: step.text("reason")}
	if m != nil && m.has("reason") {
		a.reason = m.text("reason")
	}
	if a.reason == "" {
		a.reason = "scenario"
	}
	return a
}

func (a reopen) play(ctx context.Context, p *player, step Step) error {
	err := a.reopen(ctx, p, step)
	if step.Fails != "" || books.CodeOf(err) != books.CloseChecksFailed {
		return err
	}
	if err := (run{}).play(ctx, p, step); err != nil { // what waits belongs to the months that are still closed
		return err
	}
	return a.reopen(ctx, p, step)
}

func (a reopen) reopen(ctx context.Context, p *player, step Step) error {
	reopening, err := p.books.PeriodReopenPropose(books.WithCaller(ctx, person("proposer")), p.key(step), books.ReopenPeriod{Period: a.period, Reason: a.reason})
	if err == nil {
		_, err = p.books.PeriodReopenApprove(books.WithCaller(ctx, person("approver")), p.key(step)+":approve", books.DecideReopening{ID: reopening.ID, Reason: a.reason})
	}
	return err
}
