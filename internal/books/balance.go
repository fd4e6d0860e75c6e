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
	Credits    revrec.Credits // free of holds
	Held       revrec.Credits // kept by holds: Credits would be so many more without them
	Lots       []revrec.Lot   // those with credits to use, in the order in which they burn
}

// Balance returns what the customer (by internal id) can use at the instant, now where
// zero. It costs one read of the open lots, however much history there is.
// Errors: NOT_FOUND.
func (b *Books) Balance(ctx context.Context, customerID string, at time.Time) (Balance, error) {
	if at.IsZero() {
		at = b.clock()
	}
	var found []Balance
	err := b.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		found, err = b.Balances(ctx, tx, []string{customerID}, at)
		return err
	})
	if err == nil && len(found) == 0 {
		err = refuse(NotFound, "customer", "there is no such customer")
	}
	if err != nil {
		return Balance{CustomerID: customerID, At: at}, err
	}
	return found[0], nil
}

// Balances returns the balances of those of the customers that exist, on a snapshot that
// is open already, by as many statements for a thousand as for one.
func (b *Books) Balances(ctx context.Context, tx Tx, customerIDs []string, at time.Time) ([]Balance, error) {
	customers, err := tx.CustomersByID(ctx, customerIDs)
	if err != nil {
		return nil, err
	}
	lots, err := tx.OpenLots(ctx, customerIDs, at)
	if err != nil {
		return nil, err
	}
	if lots, err = b.asRolled(ctx, tx, lots, at); err != nil {
		return nil, err
	}
	if err := findHeld(ctx, tx, pointersTo(lots), at); err != nil {
		return nil, err
	}
	orders, err := burnOrders(ctx, tx, customers)
	if err != nil {
		return nil, err
	}
	byCustomer := make(map[string][]revrec.Lot, len(customers))
	for _, lot := range lots {
		byCustomer[lot.CustomerID] = append(byCustomer[lot.CustomerID], lot)
	}
	balances := make([]Balance, len(customers))
	for i, customer := range customers {
		balance := Balance{CustomerID: customer.ID, At: at, Lots: byCustomer[customer.ID]}
		slices.SortFunc(balance.Lots, func(x, y revrec.Lot) int { return revrec.CompareBurn(orders[customer.PolicyID], &x, &y) })
		for _, lot := range balance.Lots {
			balance.Credits += lot.Spendable(at)
			balance.Held += lot.Withheld(at)
		}
		balances[i] = balance
	}
	return balances, nil
}

func pointersTo(lots []revrec.Lot) []*revrec.Lot {
	pointers := make([]*revrec.Lot, len(lots))
	for i := range lots {
		pointers[i] = &lots[i]
	}
	return pointers
}

// burnOrders returns the orders in which the customers' lots are used up, by policy.
func burnOrders(ctx context.Context, tx Tx, customers []Customer) (map[string][]revrec.BurnRule, error) {
	orders := map[string][]revrec.BurnRule{"": revrec.DefaultBurnOrder()}
	var ids []string
	for _, customer := range customers {
		if _, known := orders[customer.PolicyID]; !known {
			orders[customer.PolicyID], ids = nil, append(ids, customer.PolicyID)
		}
	}
	if len(ids) == 0 {
		return orders, nil
	}
	policies, err := tx.PoliciesByID(ctx, ids)
	for _, policy := range policies {
		orders[policy.ID] = policy.BurnOrder
	}
	return orders, err
}
