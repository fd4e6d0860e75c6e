package books

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"drawdown/ledger"
	"drawdown/revrec"
)

// takeOver writes what was planned.
func (b *Books) takeOver(ctx context.Context, tx Tx, plan openingPlan) error {
	for _, customer := range plan.customers {
		if err := tx.InsertCustomer(ctx, customer); err != nil {
			return nameTaken(err, "customer", customer.ExternalID, "customer")
		}
	}
	lots, pools, governs := make([]*revrec.Lot, 0, len(plan.lots)), poolDays{}, map[string]string{}
	for _, deal := range plan.lots {
		if err := tx.InsertPurchase(ctx, deal.purchase); err != nil {
			return err
		}
		lots = append(lots, deal.lot)
		pools.gather(deal.policy, deal.lot, b.book.Functional, revrec.PoolDaysOf(*deal.lot, nil))
		if deal.customer.PolicyID == "" {
			governs[deal.customer.ID] = deal.policy.ID // of the latest purchase, as if all were made here
		}
	}
	if err := pools.add(ctx, tx, b); err != nil {
		return err
	}
	sold := make([]Cohort, len(lots))
	for i, deal := range plan.lots {
		sold[i] = b.soldIn(lots[i], deal.purchase, deal.customer)
	}
	filed, err := tx.AddToCohorts(ctx, b.moveNow(), sold)
	if err != nil {
		return err
	}
	for i := range lots {
		lots[i].CohortID = filed[i].ID
	}
	if err := tx.InsertLots(ctx, lots); err != nil {
		return err
	}
	if err := onlyOnce(ctx, tx, plan); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(governs)) {
		if err := tx.SetFirstPolicy(ctx, id, governs[id]); err != nil {
			return err
		}
	}
	return b.postOpening(ctx, tx, plan)
}

// onlyOnce looks again whether a lot was taken over twice: whoever did so at the same time
// held the counter of lots, and has ended by now. Errors: ALREADY_EXISTS.
func onlyOnce(ctx context.Context, tx Tx, plan openingPlan) error {
	references := make([]string, len(plan.lots))
	for i, deal := range plan.lots {
		references[i] = deal.purchase.Reference
	}
	taken, err := tx.OpeningReferences(ctx, references)
	if err == nil && len(taken) > len(references) {
		err = refuse(AlreadyExists, "reference", "%d of the lots were taken over by another file just now", len(taken)-len(references))
	}
	return err
}

// postOpening books one entry a currency. No cash moved: the other side is what the general
// ledger carries from the other book.
func (b *Books) postOpening(ctx context.Context, tx Tx, plan openingPlan) error {
	byPolicy := map[ledger.Currency]map[string]StatementMoney{}
	counts := map[ledger.Currency]int{}
	for _, deal := range plan.lots {
		price, functional := deal.purchase.Price, deal.purchase.Functional
		sums := byPolicy[price.Currency]
		if sums == nil {
			sums = map[string]StatementMoney{}
			byPolicy[price.Currency] = sums
		}
		sum, met := sums[deal.policy.Code]
		if !met {
			sum = StatementMoney{ledger.Money(0, price.Currency), ledger.Money(0, functional.Currency)}
		}
		sums[deal.policy.Code] = StatementMoney{sum.Amount.Add(price), sum.Functional.Add(functional)}
		counts[price.Currency]++
	}
	for _, total := range plan.result.Deferred {
		currency := total.Amount.Currency
		lines := []ledger.Line{ledger.Debit(ledger.OpeningBalances, total.Amount, total.Functional, ledger.Dimensions{})}
		for _, code := range slices.Sorted(maps.Keys(byPolicy[currency])) {
			sum := byPolicy[currency][code]
			lines = append(lines, ledger.Credit(ledger.DeferredRevenue, sum.Amount, sum.Functional, ledger.Dimensions{Policy: code}))
		}
		err := b.post(ctx, tx, ledger.Entry{
			Kind: ledger.OpeningEntry, OccurredOn: plan.asOf,
			Description: fmt.Sprintf("%s taken over as of %s", counted(strconv.Itoa(counts[currency]), "open lot"), plan.asOf),
			Lines:       ledger.WithoutZeros(lines...),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
