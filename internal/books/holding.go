package books

import (
	"context"
	"time"

	"drawdown/revrec"
)

// HoldStatus says where a hold stands.
type HoldStatus string

// The statuses of a hold.
const (
	HoldActive   HoldStatus = "ACTIVE"
	HoldCaptured HoldStatus = "CAPTURED" // the job told what it took
	HoldReleased HoldStatus = "RELEASED" // given up, or the credits were taken back by the company
	HoldExpired  HoldStatus = "EXPIRED"  // it ended by itself; no row says so, the clock does
)

// Hold keeps credits of a customer from every other use until it ends.
type Hold struct {
	ID         string
	CustomerID string
	Credits    revrec.Credits
	Parts      []HoldPart      // by lot id; together they are Credits
	Reference  string          // the company's own name of the job, "" for none
	Dimensions EventDimensions // what its job will have: it counts against hard budgets
	CreatedAt  time.Time
	EndsAt     time.Time // the first instant at which it keeps nothing any more
	// Status is what was done about it: HoldActive also where it has ended by itself. See
	// StatusAt.
	Status  HoldStatus
	EndedAt time.Time // when it was captured or released; zero otherwise
	EventID string    // of the usage event that captured it; "" otherwise
	Reason  string    // why it was released, where that was not asked for; "" otherwise
}

// HoldPart is the credits of one lot that a hold keeps.
type HoldPart struct {
	CustomerID, HoldID, LotID string
	Credits                   revrec.Credits
}

// StatusAt returns where the hold stands at the instant.
func (h *Hold) StatusAt(at time.Time) HoldStatus {
	if h.Status == HoldActive && !at.Before(h.EndsAt) {
		return HoldExpired
	}
	return h.Status
}

// Ended returns when the hold ended, zero where it has not by the instant.
func (h *Hold) Ended(at time.Time) time.Time {
	if h.StatusAt(at) == HoldExpired {
		return h.EndsAt
	}
	return h.EndedAt
}

// HoldFilter narrows a list of holds. At goes with the statuses ACTIVE and EXPIRED.
type HoldFilter struct {
	CustomerID string
	Status     HoldStatus
	At         time.Time
}

// holdTx keeps holds. All that goes by holds has the customer's open lots first, so that what
// is read of them is true until the transaction ends; a hold itself is held after the lots.
type holdTx interface {
	// InsertHold keeps the hold and its parts, and notes on its lots how long they are held.
	InsertHold(ctx context.Context, hold Hold) error
	// LockHold returns the hold and holds it until the transaction ends. Errors: NOT_FOUND.
	LockHold(ctx context.Context, customerID, id string) (Hold, error)
	// LockHoldsOf holds and returns the active holds that keep credits of the lots at the
	// instant, the latest first.
	LockHoldsOf(ctx context.Context, lots []LotKey, at time.Time) ([]Hold, error)
	// EndHold writes how a hold ended, and notes on those of its lots that are given, which
	// the transaction has, how long others hold them. Errors: NOT_FOUND.
	EndHold(ctx context.Context, hold Hold, lots []LotKey) error
	// HeldCredits adds up what active holds of the customers keep at the instant, by lot.
	HeldCredits(ctx context.Context, customerIDs []string, at time.Time) (map[LotKey]revrec.Credits, error)
	// HeldCreditsAt adds up what holds of the customer kept at an instant, by lot, those that have ended since too.
	HeldCreditsAt(ctx context.Context, customerID string, at time.Time) (map[string]revrec.Credits, error)
	HoldsByID(ctx context.Context, ids []string) ([]Hold, error)
	Holds(ctx context.Context, filter HoldFilter, page Page) ([]Hold, error)
	CountHolds(ctx context.Context, filter HoldFilter) (int64, error)
	HoldsBelow(ctx context.Context, of []HoldFilter, page Page) ([][]Hold, error)
	CountHoldsBelow(ctx context.Context, of []HoldFilter) ([]int64, error)
}

// findHeld fills in what holds keep of the lots at the instant. Lots that nobody holds cost
// nothing: that they are held stands on themselves.
func findHeld(ctx context.Context, tx Tx, lots []*revrec.Lot, at time.Time) error {
	var customerIDs []string
	for _, lot := range lots { // those of a customer stand together
		if at.Before(lot.HeldUntil) && (len(customerIDs) == 0 || customerIDs[len(customerIDs)-1] != lot.CustomerID) {
			customerIDs = append(customerIDs, lot.CustomerID)
		}
	}
	if len(customerIDs) == 0 {
		return nil
	}
	held, err := tx.HeldCredits(ctx, customerIDs, at)
	for _, lot := range lots {
		lot.Held = held[LotKey{lot.CustomerID, lot.ID}]
	}
	return err
}
