package books

import (
	"context"
	"slices"
	"time"

	"drawdown/revrec"
)

// Balance is what a customer can use at an instant.
type Balance struct {
	CustomerID string
	At         time.Time
	Credits    revrec.Credits
	Lots       []revrec.Lot // those with credits to use, in the order in which they burn
}

// Balance returns what the customer (by internal id) can use at the instant, now where
// zero. It costs one read of the open lots, however much history there is.
// Errors: NOT_FOUND.
func (b *Books) Balance(ctx context.Context, customerID string, at time.Time) (Balance, error) {
	if at.IsZero() {
		at = b.clock()
	}
	var balance Balance
	err := b.store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		balance, err = BalanceIn(ctx, tx, customerID, at)
		return err
	})
	return balance, err
}

// BalanceIn is Balance on a snapshot that is open already. Errors: NOT_FOUND.
func BalanceIn(ctx context.Context, tx Tx, customerID string, at time.Time) (Balance, error) {
	balance := Balance{CustomerID: customerID, At: at}
	customers, err := tx.CustomersByID(ctx, []string{customerID})
	if err != nil {
		return balance, err
	}
	if len(customers) == 0 {
		return balance, refuse(NotFound, "customer", "there is no such customer")
	}
	if balance.Lots, err = tx.OpenLots(ctx, customerID, at); err != nil {
		return balance, err
	}
	order, err := burnOrder(ctx, tx, customers[0])
	if err != nil {
		return balance, err
	}
	slices.SortFunc(balance.Lots, func(x, y revrec.Lot) int { return revrec.CompareBurn(order, &x, &y) })
	for _, lot := range balance.Lots {
		balance.Credits += lot.Spendable(at)
	}
	return balance, nil
}

// burnOrder returns the order in which a customer's lots are used up.
func burnOrder(ctx context.Context, tx Tx, customer Customer) ([]revrec.BurnRule, error) {
	if customer.PolicyID == "" {
		return revrec.DefaultBurnOrder(), nil
	}
	policy, err := policyByID(ctx, tx, customer.PolicyID)
	return policy.BurnOrder, err
}
