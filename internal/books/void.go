package books

import (
	"context"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// UsageVoid asks to take an event back.
type UsageVoid struct {
	Customer string `json:"customer"` // external id
	Source   string `json:"source"`   // DefaultSource where empty
	ID       string `json:"id"`
	Reason   string `json:"reason"`
}

// VoidUsage takes an event back: its credits return to the lots it drew on; those that
// have lapsed meanwhile lapse again at once, and those of a purchase that is void or charged
// back are taken out of it. The event stays; the void is an event of its
// own, on the day of the void, with the draws reversed.
// Errors: NOT_FOUND, ALREADY_VOIDED, IDEMPOTENCY_CONFLICT.
func (b *Books) VoidUsage(ctx context.Context, key string, request UsageVoid) (UsageEvent, error) {
	return once(ctx, b, act{"usage.void", key, request}, func(ctx context.Context, tx Tx) (UsageEvent, string, error) {
		event, err := findEvent(ctx, tx, request)
		if err != nil {
			return UsageEvent{}, "", err
		}
		now := b.clock()
		void := UsageEvent{
			ID: b.newID(), CustomerID: event.CustomerID, Source: event.Source, EventID: "void:" + event.EventID,
			MeterID: event.MeterID, Quantity: event.Quantity.Neg(), Credits: -event.Credits,
			OccurredAt: now, RecordedAt: now, VoidOf: event.ID, RateCard: event.RateCard, Dimensions: event.Dimensions,
		}
		return void, event.ID, b.giveBack(ctx, tx, event, void)
	})
}

// findEvent finds a use that is not void. Errors: NOT_FOUND, ALREADY_VOIDED.
func findEvent(ctx context.Context, tx Tx, request UsageVoid) (UsageEvent, error) {
	if request.Source == "" {
		request.Source = DefaultSource
	}
	if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
		return UsageEvent{}, err
	}
	customer, err := customerByExternalID(ctx, tx, request.Customer)
	if err != nil {
		return UsageEvent{}, err
	}
	found, err := tx.EventsByKey(ctx, []EventKey{{customer.ID, request.Source, request.ID}})
	if err != nil {
		return UsageEvent{}, err
	}
	if len(found) == 0 || found[0].VoidOf != "" {
		return UsageEvent{}, refuse(NotFound, "id", "customer %q has no event %q of source %q", clip(request.Customer), clip(request.ID), clip(request.Source))
	}
	voids, err := tx.VoidsOf(ctx, []EventRow{{CustomerID: customer.ID, ID: found[0].ID}})
	if err == nil && len(voids) > 0 {
		err = refuse(AlreadyVoided, "id", "event %q is void already", clip(request.ID))
	}
	return found[0], err
}

// giveBack keeps the void of an event and reverses its draws on the day of the void.
func (b *Books) giveBack(ctx context.Context, tx Tx, event, void UsageEvent) error {
	draws, err := tx.DrawsOfEvents(ctx, []string{event.ID})
	if err != nil {
		return err
	}
	keys := make([]LotKey, 0, len(draws))
	for _, draw := range draws {
		keys = append(keys, LotKey{draw.CustomerID, draw.LotID})
	}
	slices.SortFunc(keys, LotKey.Compare)
	lots, _, err := b.lockLots(ctx, tx, keys)
	if err != nil {
		return err
	}
	if err := tx.InsertEvents(ctx, []UsageEvent{void}); err != nil {
		return err
	}
	touched, policies := map[LotKey]*revrec.Lot{}, map[string]Policy{}
	for _, lot := range lots {
		touched[LotKey{lot.CustomerID, lot.ID}] = lot
		if policies[lot.PolicyID], err = policyByID(ctx, tx, lot.PolicyID); err != nil {
			return err
		}
	}
	day, days := ledger.DateOf(void.OccurredAt, b.zone), map[LotDay]revrec.Credits{}
	for i := range draws {
		draws[i].EventID, draws[i].Day, draws[i].Credits = void.ID, day, -draws[i].Credits
		lot := touched[LotKey{draws[i].CustomerID, draws[i].LotID}]
		lot.Drawn += draws[i].Credits
		addDrawn(days, *lot, day, draws[i].Credits)
	}
	if err := tx.InsertDraws(ctx, draws); err != nil {
		return err
	}
	if err := giveBudgetsBack(ctx, tx, event, void); err != nil {
		return err
	}
	if err := b.writeDrawn(ctx, tx, touched, days, policies); err != nil {
		return err
	}
	again, err := b.takeAgain(ctx, tx, lots, policies, void.OccurredAt)
	if err != nil || len(again) == 0 {
		return err
	}
	return tx.UpdateLots(ctx, again)
}
