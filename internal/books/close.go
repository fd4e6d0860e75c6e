package books

import (
	"context"
	"strings"

	"drawdown/ledger"
)

// ClosePeriod asks to close a period.
type ClosePeriod struct {
	Period ledger.Period `json:"period"`
}

// PeriodClose closes a period: from then on nothing is booked in it, and what happened in
// it and comes late is booked on the first day of the oldest open one. It runs no jobs. What
// the checklist said is kept, with the trial balance of the period.
// Its entries are sealed: see [Seal].
// Errors: PERIOD_CLOSED, PERIOD_NOT_OVER, PERIOD_OUT_OF_ORDER, CLOSE_CHECKS_FAILED, NO_SEAL_KEY,
// SEAL_FAILED, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) PeriodClose(ctx context.Context, key string, request ClosePeriod) (Closing, error) {
	return once(ctx, b, act{"period.close", key, request}, func(ctx context.Context, tx Tx) (Closing, string, error) {
		period := request.Period
		if err := tx.HoldPeriods(ctx); err != nil {
			return Closing{}, "", err
		}
		if err := b.checkNextToClose(ctx, tx, period); err != nil {
			return Closing{}, "", err
		}
		closed, err := tx.ClosedThrough(ctx)
		if err != nil {
			return Closing{}, "", err
		}
		if closed != 0 {
			was(ctx, closedThrough{closed})
		}
		checks, err := b.closeChecks(ctx, tx, period)
		if err != nil {
			return Closing{}, "", err
		}
		if failed := failedChecks(checks); failed != "" {
			return Closing{}, "", refuse(CloseChecksFailed, "period", "%s cannot be closed yet: %s", period, failed)
		}
		if b.signer == nil {
			return Closing{}, "", refuse(NoSealKey, "", "this server has no key to sign the seal of the period with: start it with --seal-key FILE, the key of the seals so far; drawdown seal-key create makes one where there is none")
		}
		closing, err := b.closeNow(ctx, tx, period, checks)
		return closing, period.String(), err
	})
}

// closedThrough is what a closing changes, as the trail shows it.
type closedThrough struct{ ClosedThrough ledger.Period }

// checkNextToClose refuses all but the period that is next.
// Errors: INVALID, PERIOD_CLOSED, PERIOD_NOT_OVER, PERIOD_OUT_OF_ORDER.
func (b *Books) checkNextToClose(ctx context.Context, tx Tx, period ledger.Period) error {
	if period < ledger.DateOf(earliest, b.zone).Period() {
		return refuse(Invalid, "period", "must not be before 1970, but is %s", period)
	}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return err
	}
	next, err := b.nextToClose(ctx, tx, closed, period)
	switch {
	case err != nil:
		return err
	case closed != 0 && period <= closed:
		return refuse(PeriodClosed, "period", "%s is closed already", period)
	case b.today() <= period.Last():
		return refuse(PeriodNotOver, "period", "%s is over after %s, and it is %s", period, period.Last(), b.today())
	case next != period:
		return refuse(PeriodOutOfOrder, "period", "periods close in order: %s is next, not %s", next, period)
	}
	return nil
}

// nextToClose returns the period that is next to be closed: the one after the last closed
// one; before any is, the first of the book, or the asked one where nothing happened before.
func (b *Books) nextToClose(ctx context.Context, tx Tx, closed, asked ledger.Period) (ledger.Period, error) {
	if closed != 0 {
		return closed + 1, nil
	}
	first, known, err := firstPeriod(ctx, tx, b.zone)
	if err != nil || !known {
		return asked, err
	}
	// A book may stand for months before its first purchase, and those close too.
	begun := min(first, ledger.DateOf(b.book.CreatedAt, b.zone).Period())
	return min(max(asked, begun), first), nil
}

// failedChecks says which checks keep a period from closing, "" where none does.
func failedChecks(checks []CloseCheck) string {
	var failed []string
	for _, check := range checks {
		if !check.Passed {
			failed = append(failed, string(check.Code)+" ("+check.ToDo+")")
		}
	}
	return strings.Join(failed, "; ")
}

// closeNow writes that a period is closed.
func (b *Books) closeNow(ctx context.Context, tx Tx, period ledger.Period, checks []CloseCheck) (Closing, error) {
	closing := b.newClosing(ctx, period, Closed)
	closing.Checks = checks
	totals, err := tx.PeriodTotals(ctx, []ledger.Period{period})
	if err != nil {
		return closing, err
	}
	for _, total := range totals {
		closing.Entries = total.Entries
	}
	last, err := tx.Entries(ctx, EntryFilter{}, Page{Limit: 1, Reverse: true})
	if err != nil {
		return closing, err
	}
	for _, entry := range last {
		closing.LastEntry = entry.Number
	}
	balance, err := tx.TrialBalance(ctx, period, period)
	if err != nil {
		return closing, err
	}
	if err := tx.InsertClosing(ctx, closing, balance.Balances); err != nil {
		return closing, err
	}
	if err := b.seal(ctx, tx, closing); err != nil {
		return closing, err
	}
	if err := tx.SavePeriod(ctx, Period{Period: period, Status: PeriodIsClosed, ClosedAt: closing.At}); err != nil {
		return closing, err
	}
	return closing, tx.SetClosedThrough(ctx, period)
}

// newClosing is the record of an act of the caller's.
func (b *Books) newClosing(ctx context.Context, period ledger.Period, act ClosingAct) Closing {
	caller := CallerOf(ctx)
	return Closing{ID: b.newID(), Period: period, Act: act, At: b.clock(), Actor: caller.Actor, ActorName: caller.Name}
}
