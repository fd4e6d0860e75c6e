package books

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/revrec"
)

// HoldCapture tells what the job of a hold took: one usage event.
type HoldCapture struct {
	HoldID     string           `json:"holdId"`
	Source     string           `json:"source"` // DefaultSource where empty
	ID         string           `json:"id"`     // 1 to 200 characters; with Source it names the event
	Credits    *decimal.Decimal `json:"credits"`
	Meter      string           `json:"meter"` // code
	Quantity   *decimal.Decimal `json:"quantity"`
	OccurredAt time.Time        `json:"occurredAt"`           // now where zero
	Dimensions []EventDimension `json:"dimensions,omitempty"` // the hold's where nil
}

// Captured is a hold that ended with the event that it was captured by.
type Captured struct {
	Hold  Hold
	Event UsageEvent
}

// HoldCapture ends a hold and records what its job took, in one. The event draws as any
// other does, and what the hold kept is free for it: what it takes beyond that comes out of
// what is free, then goes by the policy's overage rule; what it leaves is free at once.
// An event that was recorded already draws nothing again, and ends the hold.
// Errors: NOT_FOUND, HOLD_ENDED, INSUFFICIENT_CREDITS, BUDGET_EXCEEDED, TOO_LATE, EVENT_CONFLICT, TOO_LARGE,
// INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) HoldCapture(ctx context.Context, key string, request HoldCapture) (Captured, error) {
	return once(ctx, b, act{"hold.capture", key, request}, func(ctx context.Context, tx Tx) (Captured, string, error) {
		hold, err := holdByID(ctx, tx, request.HoldID)
		if err != nil {
			return Captured{}, "", err
		}
		now := b.clock()
		lots, _, err := b.lockOpenLots(ctx, tx, []string{hold.CustomerID}, now)
		if err != nil {
			return Captured{}, "", err
		}
		if hold, err = tx.LockHold(ctx, hold.CustomerID, hold.ID); err != nil {
			return Captured{}, "", err
		}
		event, err := b.captureBy(ctx, tx, hold, request, now)
		if err != nil || hold.Status == HoldCaptured {
			return Captured{hold, event}, hold.ID, err
		}
		hold.Status, hold.EndedAt, hold.EventID = HoldCaptured, now, event.ID
		ours := slices.DeleteFunc(keysOf(lots), func(key LotKey) bool { return !slices.Contains(hold.lots(), key) })
		if err := tx.EndHold(ctx, hold, ours); err != nil {
			return Captured{}, "", err
		}
		return Captured{hold, event}, hold.ID, b.tell(ctx, tx, holdNotice(NoticeHoldCaptured, hold).with("used", event.Credits.String()))
	})
}

// captureBy records the event of a capture, or finds it where the hold was captured by it
// before.
func (b *Books) captureBy(ctx context.Context, tx Tx, hold Hold, request HoldCapture, now time.Time) (UsageEvent, error) {
	customers, err := tx.CustomersByID(ctx, []string{hold.CustomerID})
	if err != nil {
		return UsageEvent{}, err
	}
	if request.Dimensions == nil {
		request.Dimensions = hold.Dimensions.Pairs()
	}
	events := []UsageInput{{
		Source: request.Source, ID: request.ID, Customer: customers[0].ExternalID,
		Meter: request.Meter, Quantity: request.Quantity, Credits: request.Credits, OccurredAt: request.OccurredAt,
		Dimensions: request.Dimensions,
	}}
	batch := usageBatch{books: b, tx: tx, now: now, look: true, outcomes: make([]UsageOutcome, 1), freed: hold.Parts, capturing: hold.ID}
	active := hold.StatusAt(now) == HoldActive
	if active {
		err = batch.record(ctx, events)
	} else if _, err = batch.check(ctx, events); err == nil {
		if err = batch.dropDuplicates(ctx); err == nil {
			err = batch.lookAgain(ctx)
		}
	}
	outcome := batch.outcomes[0]
	switch again := outcome.Status == Duplicate && outcome.Event.ID == hold.EventID; {
	case err != nil:
		return UsageEvent{}, err
	case outcome.Reason != nil && (active || outcome.Reason.Code == EventConflict):
		return UsageEvent{}, outcome.Reason
	case !active && !again:
		return UsageEvent{}, holdEnded(hold, now)
	}
	return *outcome.Event, nil
}

// free gives lots back what the hold keeps that is being captured.
func (u *usageBatch) free(lots []*revrec.Lot) {
	for _, part := range u.freed {
		for _, lot := range lots {
			if lot.ID == part.LotID {
				lot.Held -= part.Credits
			}
		}
	}
}
