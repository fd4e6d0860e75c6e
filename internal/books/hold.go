package books

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// NewHold asks to keep credits for a job: so many, or what a quantity makes by a meter.
type NewHold struct {
	Customer     string           `json:"customer"` // external id
	Credits      *decimal.Decimal `json:"credits"`
	Meter        string           `json:"meter"` // code
	Quantity     *decimal.Decimal `json:"quantity"`
	ExpiresAfter *ledger.Span     `json:"expiresAfter"` // an hour where nil
	Reference    string           `json:"reference"`
	Dimensions   []EventDimension `json:"dimensions,omitempty"`
}

const (
	defaultHold = ledger.Span(time.Hour)
	// minHold is what an answer over a slow line takes; maxHold is longer than any job
	// that can tell what it will take.
	minHold, maxHold = ledger.Span(time.Second), ledger.Span(30 * 24 * time.Hour)
	// maxHolds bounds the active holds of a customer, which every batch of its use adds up:
	// milliseconds.
	maxHolds = 10_000
)

// HoldCreate keeps credits that can be used now from every other use, of particular lots in
// the order in which they burn, until the hold is captured, released or over. Nothing is
// used by it and nothing booked: credits that lapse meanwhile lapse.
// A hold that names dimensions counts against hard budgets while it is active, in the period
// in which it was made.
// Errors: NOT_FOUND, INSUFFICIENT_CREDITS, BUDGET_EXCEEDED, TOO_LARGE, INVALID,
// IDEMPOTENCY_CONFLICT.
func (b *Books) HoldCreate(ctx context.Context, key string, request NewHold) (Hold, error) {
	return once(ctx, b, act{"hold.create", key, request}, func(ctx context.Context, tx Tx) (Hold, string, error) {
		customer, err := customerByExternalID(ctx, tx, request.Customer)
		if err != nil {
			return Hold{}, "", err
		}
		hold, err := b.newHold(ctx, tx, request, customer)
		if err != nil {
			return Hold{}, "", err
		}
		if err := b.reserve(ctx, tx, customer, &hold); err != nil {
			return Hold{}, "", err
		}
		return hold, hold.ID, tx.InsertHold(ctx, hold)
	})
}

// newHold checks what is asked for and rates it in credits.
func (b *Books) newHold(ctx context.Context, tx Tx, request NewHold, customer Customer) (Hold, error) {
	now, span := b.clock(), defaultHold
	if request.ExpiresAfter != nil {
		span = *request.ExpiresAfter
	}
	if span < minHold || span > maxHold {
		return Hold{}, refuse(Invalid, "expiresAfter", "must be PT1S to P30D, not %s", span)
	}
	if err := checkText("reference", request.Reference, 0, maxTextLength); err != nil {
		return Hold{}, err
	}
	input := UsageInput{Customer: request.Customer, Meter: request.Meter, Quantity: request.Quantity, Credits: request.Credits, OccurredAt: now}
	batch := usageBatch{books: b, tx: tx, now: now}
	if err := batch.readMeters(ctx, []UsageInput{input}); err != nil {
		return Hold{}, err
	}
	dimensions, err := DimensionsOf(request.Dimensions)
	if err != nil {
		return Hold{}, err
	}
	event := UsageEvent{OccurredAt: now}
	err = batch.rate(&event, input)
	return Hold{
		ID: b.newID(), CustomerID: customer.ID, Credits: event.Credits, Reference: request.Reference, Dimensions: dimensions,
		CreatedAt: now, EndsAt: now.Add(time.Duration(span)), Status: HoldActive,
	}, err
}

// reserve takes the credits of a hold from the lots that can be used now, in burn order.
func (b *Books) reserve(ctx context.Context, tx Tx, customer Customer, hold *Hold) error {
	lots, rolled, err := b.lockOpenLots(ctx, tx, []string{customer.ID}, hold.CreatedAt)
	if err != nil {
		return err
	}
	lots = append(lots, rolled...)
	if err := findHeld(ctx, tx, lots, hold.CreatedAt); err != nil {
		return err
	}
	active, err := tx.CountHolds(ctx, HoldFilter{CustomerID: customer.ID, Status: HoldActive, At: hold.CreatedAt})
	if err == nil && active >= maxHolds {
		err = refuse(TooLarge, "customer", "%q has %d active holds, the most there can be: release those whose jobs are over", clip(customer.ExternalID), active)
	}
	if err != nil {
		return err
	}
	if err := b.withinBudgets(ctx, tx, customer, *hold); err != nil {
		return err
	}
	orders, err := burnOrders(ctx, tx, []Customer{customer})
	if err != nil {
		return err
	}
	slices.SortFunc(lots, func(x, y *revrec.Lot) int { return revrec.CompareBurn(orders[customer.PolicyID], x, y) })
	var held revrec.Credits
	missing := hold.Credits
	for _, lot := range lots {
		held += lot.Withheld(hold.CreatedAt)
		if credits := min(missing, lot.Spendable(hold.CreatedAt)); credits > 0 {
			hold.Parts = append(hold.Parts, HoldPart{customer.ID, hold.ID, lot.ID, credits})
			missing -= credits
		}
	}
	slices.SortFunc(hold.Parts, func(x, y HoldPart) int { return LotKey{x.CustomerID, x.LotID}.Compare(LotKey{y.CustomerID, y.LotID}) })
	if missing > 0 {
		return refuse(InsufficientCredits, "credits", "%s asked for, and %s can be used now; other holds keep %s",
			counted(hold.Credits.String(), "credit"), hold.Credits-missing, held)
	}
	return nil
}

// HoldRelease gives what a hold keeps free at once.
// Errors: NOT_FOUND, HOLD_ENDED, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) HoldRelease(ctx context.Context, key string, request HoldToEnd) (Hold, error) {
	return once(ctx, b, act{"hold.release", key, request}, func(ctx context.Context, tx Tx) (Hold, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return Hold{}, "", err
		}
		hold, err := holdByID(ctx, tx, request.HoldID)
		if err != nil {
			return Hold{}, "", err
		}
		lots, err := tx.LockLots(ctx, hold.lots())
		if err != nil {
			return Hold{}, "", err
		}
		if hold, err = tx.LockHold(ctx, hold.CustomerID, hold.ID); err != nil {
			return Hold{}, "", err
		}
		now := b.clock()
		if hold.StatusAt(now) != HoldActive {
			return Hold{}, "", holdEnded(hold, now)
		}
		hold.Status, hold.EndedAt, hold.Reason = HoldReleased, now, request.Reason
		return hold, hold.ID, tx.EndHold(ctx, hold, keysOf(lots))
	})
}

// HoldToEnd names a hold to release.
type HoldToEnd struct {
	HoldID string `json:"holdId"`
	Reason string `json:"reason"`
}

func holdByID(ctx context.Context, tx Tx, id string) (Hold, error) {
	found, err := tx.HoldsByID(ctx, []string{id})
	if err == nil && len(found) == 0 {
		err = refuse(NotFound, "holdId", "there is no such hold")
	}
	if err != nil {
		return Hold{}, err
	}
	return found[0], nil
}

func holdEnded(hold Hold, at time.Time) error {
	how := map[HoldStatus]string{HoldCaptured: "was captured", HoldReleased: "was released", HoldExpired: "ended by itself"}[hold.StatusAt(at)]
	return refuse(HoldEnded, "holdId", "names a hold that %s on %s: what the job used can be recorded without it", how, hold.Ended(at).Format(time.RFC3339))
}

// lots returns the lots of which a hold keeps credits.
func (h *Hold) lots() []LotKey {
	keys := make([]LotKey, len(h.Parts))
	for i, part := range h.Parts {
		keys[i] = LotKey{part.CustomerID, part.LotID}
	}
	return keys
}
