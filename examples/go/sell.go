package main

import (
	"context"

	"github.com/shopspring/decimal"
)

// sellPack sells credits of a pack. The order's own number is the key: however often the
// shop sends it, it is sold once.
func sellPack(ctx context.Context, api *client, order, customer, pack string, credits decimal.Decimal) (*Purchase, error) {
	added, err := AddCustomer(ctx, api, customer, customer, "customer-"+customer)
	if err != nil {
		return nil, err
	}
	if err := first(added.CustomerCreate.UserErrors); err != nil {
		return nil, err
	}
	sold, err := SellPack(ctx, api, PurchaseCreateInput{Customer: customer, Pack: &pack, Credits: credits, Reference: &order}, "order-"+order)
	if err != nil {
		return nil, err
	}
	return sold.PurchaseCreate.Purchase, first(sold.PurchaseCreate.UserErrors)
}
