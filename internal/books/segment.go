package books

import "context"

// CustomerSegment asks to put a customer into a segment.
type CustomerSegment struct {
	Customer string `json:"customer"`               // external id
	Segment  string `json:"segment" trail:"always"` // a code; "" for none
}

// CustomerSegmentSet says in which segment a customer is from now on: that of what it buys.
// What was bought before stays in the cohort in which it was sold, so no figure moves.
// The refusals name the fields externalId and segment.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) CustomerSegmentSet(ctx context.Context, key string, request CustomerSegment) (Customer, error) {
	return once(ctx, b, act{"customer.segment", key, request}, func(ctx context.Context, tx Tx) (Customer, string, error) {
		customer, err := party(ctx, tx, "externalId", request.Customer)
		if err != nil {
			return customer, "", err
		}
		if err := checkSegment(request.Segment); err != nil {
			return customer, "", err
		}
		was(ctx, customer)
		customer.Segment = request.Segment
		return customer, customer.ID, tx.SetCustomerSegment(ctx, customer.ID, customer.Segment)
	})
}

func checkSegment(segment string) error {
	if segment == "" {
		return nil
	}
	return checkCode("segment", segment)
}
