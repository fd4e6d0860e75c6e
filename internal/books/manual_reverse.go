package books

import (
	"context"
	"encoding/json"

	"drawdown/ledger"
)

// ReverseManual asks to take a manual entry back.
type ReverseManual struct {
	ID             string      `json:"id"`
	AccountingDate ledger.Date `json:"accountingDate"`
	Reason         string      `json:"reason"`
}

// ManualEntryReverse proposes to take an approved entry back, by the same lines the other way
// round, on its day or a later one. It moves nothing before another person approves it. What
// reverses itself is not reversed by hand, and a reversal is not reversed: propose the entry again.
// Errors: NOT_FOUND, INVALID, ALREADY_REVERSED, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) ManualEntryReverse(ctx context.Context, key string, request ReverseManual) (ManualEntry, error) {
	return once(ctx, b, act{"manual.reverse", key, request}, func(ctx context.Context, tx Tx) (ManualEntry, string, error) {
		of, err := lockManual(ctx, tx, request.ID)
		if err != nil {
			return ManualEntry{}, "", err
		}
		if err := checkReversible(ctx, tx, of); err != nil {
			return ManualEntry{}, "", err
		}
		if request.AccountingDate < of.AccountingDate {
			return ManualEntry{}, "", refuse(Invalid, "accountingDate", "must not be before that of the entry, %s, but is %s", of.AccountingDate, request.AccountingDate)
		}
		reversal := b.reversalOf(ctx, of, request.AccountingDate, request.Reason)
		if err := b.checkManual(ctx, tx, reversal); err != nil {
			return ManualEntry{}, "", err
		}
		return reversal, reversal.ID, tx.InsertManualEntry(ctx, reversal)
	})
}

// checkReversible refuses what cannot be taken back. Errors: INVALID, ALREADY_REVERSED.
func checkReversible(ctx context.Context, tx Tx, of ManualEntry) error {
	switch {
	case of.Kind != ledger.ManualEntry:
		return refuse(Invalid, "manualEntryId", "names a reversal: propose the entry again instead")
	case of.Status != ManualApproved:
		return refuse(Invalid, "manualEntryId", "names an entry that is %s: only what is in the journal can be reversed", of.Status)
	case of.ReverseDue != 0:
		return refuse(AlreadyReversed, "manualEntryId", "the entry is reversed by itself, on %s", of.ReverseDue)
	}
	reversals, err := tx.ReversalsOfManual(ctx, []string{of.ID})
	if err == nil && len(reversals) > 0 {
		err = refuse(AlreadyReversed, "manualEntryId", "a reversal of the entry is %s already, under %s", reversals[0].Status, reversals[0].AccountingDate)
	}
	return err
}

// reversalOf is what takes an entry back on a day. What was said of its accounts holds on.
func (b *Books) reversalOf(ctx context.Context, of ManualEntry, on ledger.Date, reason string) ManualEntry {
	reversal := b.newManual(ctx, ledger.ManualReversalEntry, on, reason)
	reversal.Description, reversal.ControlAccounts = of.Description, of.ControlAccounts
	reversal.Lines, reversal.Reverses = ledger.Reversed(of.Lines), of.ID
	return reversal
}

// reverse books the reversals of entries whose day has come by through, in order of that day.
// They were approved with what they take back.
func (b *Books) reverse(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	due, err := tx.DueReversals(ctx, run.through, b.bounds.Invoices)
	if err != nil || len(due) == 0 {
		return false, err
	}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return false, err
	}
	for i := range due {
		if i > 0 && b.hadTurn(run) {
			break // the rest waits for the next step
		}
		if err := b.reverseOne(ctx, tx, due[i], closed); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (b *Books) reverseOne(ctx context.Context, tx Tx, of ManualEntry, closed ledger.Period) error {
	reversal := b.reversalOf(ctx, of, ledger.AccountingDate(of.ReverseDue, closed), "Reverses itself on "+of.ReverseDue.String())
	reversal.Proposer = of.Proposer
	if err := tx.InsertManualEntry(ctx, reversal); err != nil {
		return err
	}
	reversal.Status, reversal.DecidedBy, reversal.DecidedAt, reversal.Decision = ManualApproved, of.DecidedBy, reversal.CreatedAt, "approved with the entry"
	if err := b.postManual(ctx, tx, &reversal, of.ReverseDue); err != nil {
		return err
	}
	if err := tx.DecideManualEntry(ctx, reversal); err != nil {
		return err
	}
	if err := tx.ReversedManual(ctx, of.ID); err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]any{"id": of.ID, "reverseOn": of.ReverseDue, "accountingDate": reversal.AccountingDate, "reason": reversal.Reason})
	if err != nil {
		return err
	}
	if err := b.audit(ctx, tx, "manual.reverseItself", reversal.ID, string(detail), &trail{}, reversal); err != nil {
		return err
	}
	return b.tellAct(ctx, tx, "manual.reverseItself", reversal, reversal.ID)
}
