package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
)

// Reopening is a closed period that one person proposed to open again, and another decides
// about.
type Reopening struct {
	ID        string
	Period    ledger.Period
	Reason    string
	Status    ReopeningStatus
	Proposer  Party
	CreatedAt time.Time
	DecidedBy string    // actor; "" while nobody has
	DecidedAt time.Time // zero while nobody has
	Decision  string    // why it was approved or rejected
}

// ProposedBy returns the actor who proposed it.
func (r Reopening) ProposedBy() string { return r.Proposer.Actor }

// ReopeningStatus says what became of a proposal to reopen.
type ReopeningStatus string

// The statuses of a reopening.
const (
	ReopeningProposed ReopeningStatus = "PROPOSED" // waits for another person
	ReopeningApproved ReopeningStatus = "APPROVED" // done
	ReopeningRejected ReopeningStatus = "REJECTED"
)

// ReopenPeriod proposes to reopen a period.
type ReopenPeriod struct {
	Period ledger.Period `json:"period"`
	Reason string        `json:"reason"`
}

// PeriodReopenPropose proposes to reopen a closed period, which changes nothing before
// another person approves it. Errors: PERIOD_OPEN, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) PeriodReopenPropose(ctx context.Context, key string, request ReopenPeriod) (Reopening, error) {
	return once(ctx, b, act{"period.reopen.propose", key, request}, func(ctx context.Context, tx Tx) (Reopening, string, error) {
		if err := checkText("reason", request.Reason, 1, maxNoteLength); err != nil {
			return Reopening{}, "", err
		}
		closed, err := tx.ClosedThrough(ctx)
		if err != nil {
			return Reopening{}, "", err
		}
		if err := checkClosed(ctx, tx, "period", request.Period, closed); err != nil {
			return Reopening{}, "", err
		}
		reopening := Reopening{
			ID: b.newID(), Period: request.Period, Reason: request.Reason, Status: ReopeningProposed,
			Proposer: partyOf(CallerOf(ctx)), CreatedAt: b.clock(),
		}
		return reopening, reopening.ID, tx.InsertReopening(ctx, reopening)
	})
}

// checkClosed refuses a period that is not closed. Errors: PERIOD_OPEN.
func checkClosed(ctx context.Context, tx Tx, field string, period, closed ledger.Period) error {
	is, err := isClosed(ctx, tx, period, closed)
	if err == nil && !is {
		err = refuse(PeriodOpen, field, "%s is not closed: only a closed period can be reopened", period)
	}
	return err
}

// isClosed reports whether a period is closed, where periods are through the last closed one.
func isClosed(ctx context.Context, tx Tx, period, closed ledger.Period) (bool, error) {
	known, err := tx.PeriodsClosed(ctx)
	return period <= closed && slices.ContainsFunc(known, func(p Period) bool { return p.Period == period }), err
}

// DecideReopening approves or rejects a proposal to reopen a period.
type DecideReopening struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// PeriodReopenApprove reopens the period of a proposal, and every later one that is closed.
// Their closings stay on record, and what was booked in an open period meanwhile stays
// there. What happened in a closed period has to be booked before: it arrived while that was
// closed, and is booked in the open one whenever the jobs run.
// Errors: NOT_FOUND, ALREADY_DECIDED, SAME_PERSON, PERIOD_OPEN, PERIOD_CLOSED, CLOSE_CHECKS_FAILED, INVALID,
// IDEMPOTENCY_CONFLICT.
func (b *Books) PeriodReopenApprove(ctx context.Context, key string, request DecideReopening) (Reopening, error) {
	return b.decideReopening(ctx, act{"period.reopen.approve", key, request}, request, func(ctx context.Context, tx Tx, reopening *Reopening) error {
		if err := twoPersons(reopening.Proposer, partyOf(CallerOf(ctx))); err != nil {
			return err
		}
		reopening.Status = ReopeningApproved
		return b.reopen(ctx, tx, *reopening)
	})
}

// PeriodReopenReject ends a proposal, also by the person who made it.
// Errors: NOT_FOUND, ALREADY_DECIDED, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) PeriodReopenReject(ctx context.Context, key string, request DecideReopening) (Reopening, error) {
	return b.decideReopening(ctx, act{"period.reopen.reject", key, request}, request, func(_ context.Context, _ Tx, reopening *Reopening) error {
		reopening.Status = ReopeningRejected
		return nil
	})
}

// decideReopening runs a decision about a proposal that waits for one.
func (b *Books) decideReopening(ctx context.Context, a act, request DecideReopening, decision func(context.Context, Tx, *Reopening) error) (Reopening, error) {
	return once(ctx, b, a, func(ctx context.Context, tx Tx) (Reopening, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return Reopening{}, "", err
		}
		reopening, err := tx.LockReopening(ctx, request.ID)
		switch {
		case err != nil && CodeOf(err) == NotFound:
			return Reopening{}, "", refuse(NotFound, "reopeningId", "names no reopening that was proposed")
		case err != nil:
			return Reopening{}, "", err
		case reopening.Status != ReopeningProposed:
			return Reopening{}, "", refuse(AlreadyDecided, "reopeningId", "the reopening is %s already, by %s", reopening.Status, reopening.DecidedBy)
		}
		was(ctx, reopening)
		if err := decision(ctx, tx, &reopening); err != nil {
			return Reopening{}, "", err
		}
		reopening.DecidedBy, reopening.DecidedAt, reopening.Decision = CallerOf(ctx).Actor, b.clock(), request.Reason
		return reopening, reopening.ID, tx.DecideReopening(ctx, reopening)
	})
}

// reopen opens the period and every later one.
func (b *Books) reopen(ctx context.Context, tx Tx, reopening Reopening) error {
	if err := tx.HoldPeriods(ctx); err != nil {
		return err
	}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return err
	}
	if err := checkClosed(ctx, tx, "reopeningId", reopening.Period, closed); err != nil {
		return err
	}
	if err := closedSince(ctx, tx, reopening); err != nil {
		return err
	}
	waiting, err := tx.OldestWaiting(ctx, closed.Last())
	if err != nil {
		return err
	}
	if waits := waitingText(waiting); waits != "" {
		return refuse(CloseChecksFailed, "reopeningId", "what happened in closed periods waits to be booked in the open one (%s): run the jobs, then reopen", waits)
	}
	known, err := tx.PeriodsClosed(ctx)
	if err != nil {
		return err
	}
	through := ledger.Period(0) // the last that stays closed
	for _, p := range known {
		switch {
		case p.Status != PeriodIsClosed:
		case p.Period < reopening.Period:
			through = p.Period
		default:
			if err := b.reopenOne(ctx, tx, p.Period, reopening); err != nil {
				return err
			}
		}
	}
	return tx.SetClosedThrough(ctx, through)
}

// closedSince refuses a proposal about an earlier closing than the one that stands.
func closedSince(ctx context.Context, tx Tx, reopening Reopening) error {
	closings, err := tx.Closings(ctx, []ledger.Period{reopening.Period})
	for _, closing := range closings {
		if closing.Act == Closed && closing.At.After(reopening.CreatedAt) {
			return refuse(PeriodClosed, "reopeningId", "was proposed on %s, and %s was closed again since, on %s: propose anew",
				reopening.CreatedAt.UTC().Format(time.RFC3339), reopening.Period, closing.At.UTC().Format(time.RFC3339))
		}
	}
	return err
}

func (b *Books) reopenOne(ctx context.Context, tx Tx, period ledger.Period, reopening Reopening) error {
	closing := b.newClosing(ctx, period, Reopened)
	closing.Reason, closing.ReopenID = reopening.Reason, reopening.ID
	if err := tx.InsertClosing(ctx, closing, nil); err != nil {
		return err
	}
	return tx.SavePeriod(ctx, Period{Period: period, Status: PeriodIsOpen})
}
