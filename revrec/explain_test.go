package revrec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// What each kind of recognition says of itself, as its reader sees it.
func TestExplain(t *testing.T) {
	usd := func(minor int64) ledger.Amount { return ledger.Money(minor, "USD") }
	lot := revrec.Lot{Kind: revrec.PurchaseLot, Granted: 3 * revrec.One, Price: usd(10000), RefundedAmount: usd(0)}
	overage := revrec.Lot{Kind: revrec.OverageLot, Rate: revrec.Rate{Price: "0.05", Currency: "USD"}}
	tests := []struct {
		name string
		r    revrec.Recognition
		lot  *revrec.Lot
		want []revrec.Input
	}{
		{"the second of three credits used", revrec.Recognition{
			Kind: revrec.Usage, Credits: revrec.One, Amount: usd(3334), Inputs: []revrec.Input{{Name: "used", Value: "2"}},
		}, &lot, []revrec.Input{
			{Name: "price", Value: "100.00"},
			{Name: "granted", Value: "3"},
			{Name: "used", Value: "2"},
			{Name: "booked", Value: "0.00"},
			{Name: "usedBefore", Value: "1"},
		}},
		{"a late use of a day that was booked", revrec.Recognition{
			Kind: revrec.Usage, Credits: revrec.One, Amount: usd(3334),
			Inputs: []revrec.Input{{Name: "used", Value: "2"}, {Name: "bookedMinor", Value: "3333"}},
		}, &lot, []revrec.Input{
			{Name: "price", Value: "100.00"},
			{Name: "granted", Value: "3"},
			{Name: "used", Value: "2"},
			{Name: "booked", Value: "33.33"},
		}},
		{"a day on which nothing is due any more", revrec.Recognition{
			Kind: revrec.Usage, Credits: -revrec.One, Amount: usd(-3333), Inputs: []revrec.Input{{Name: "bookedMinor", Value: "3333"}},
		}, nil, []revrec.Input{{Name: "booked", Value: "33.33"}}},
		{"beyond the balance", revrec.Recognition{
			Kind: revrec.OverageUsage, Credits: 100 * revrec.One, Amount: usd(500), Inputs: []revrec.Input{{Name: "used", Value: "300"}},
		}, &overage, []revrec.Input{
			{Name: "rate", Value: "0.05"}, {Name: "used", Value: "300"}, {Name: "booked", Value: "0.00"}, {Name: "usedBefore", Value: "200"},
		}},
		{"a lot that lapsed with one of three used", revrec.Recognition{
			Kind: revrec.ExpiryBreakage, Credits: 2 * revrec.One, Amount: usd(6667), Unclaimed: usd(2667),
			Inputs: []revrec.Input{{Name: "used", Value: "1"}},
		}, &lot, []revrec.Input{
			{Name: "price", Value: "100.00"},
			{Name: "granted", Value: "3"},
			{Name: "refunded", Value: "0.00"},
			{Name: "escheat", Value: "0.4"},
			{Name: "rest", Value: "66.67"},
			{Name: "before", Value: "0.00"},
			{Name: "used", Value: "1"},
			{Name: "booked", Value: "0.00"},
			{Name: "unclaimed", Value: "26.67"},
		}},
		{"a pool at 45 percent used", revrec.Recognition{
			Kind: revrec.ExpectedBreakage, Amount: usd(20000), Unclaimed: usd(0),
			Inputs: []revrec.Input{
				{Name: "soldMinor", Value: "1000000"},
				{Name: "usedMinor", Value: "450000"},
				{Name: "rate", Value: "0.1"},
				{Name: "escheat", Value: "0"},
			},
		}, nil, []revrec.Input{
			{Name: "sold", Value: "10000.00"},
			{Name: "used", Value: "4500.00"},
			{Name: "rate", Value: "0.1"},
			{Name: "escheat", Value: "0"},
			{Name: "B", Value: "1000"},
			{Name: "toDate", Value: "500.00"},
			{Name: "before", Value: "300.00"},
			{Name: "booked", Value: "0.00"},
			{Name: "unclaimed", Value: "0.00"},
		}},
		{"a new estimate of a pool of which 100.00 had been caught up", revrec.Recognition{
			Kind: revrec.CatchUp, Amount: usd(52500), Unclaimed: usd(0),
			Inputs: []revrec.Input{
				{Name: "soldMinor", Value: "1000000"},
				{Name: "usedMinor", Value: "450000"},
				{Name: "rateBefore", Value: "0.1"},
				{Name: "rate", Value: "0.2"},
				{Name: "escheat", Value: "0"},
				{Name: "bookedMinor", Value: "10000"},
			},
		}, nil, []revrec.Input{
			{Name: "sold", Value: "10000.00"},
			{Name: "used", Value: "4500.00"},
			{Name: "rateBefore", Value: "0.1"},
			{Name: "rate", Value: "0.2"},
			{Name: "escheat", Value: "0"},
			{Name: "booked", Value: "100.00"},
			{Name: "B", Value: "2000"},
			{Name: "toDate", Value: "1125.00"},
			{Name: "underOldRate", Value: "500.00"},
			{Name: "unclaimed", Value: "0.00"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := revrec.Explain(test.r)
			if test.lot != nil {
				got = revrec.ExplainOfLot(test.r, *test.lot, decimal.RequireFromString("0.4"))
			}
			if diff := cmp.Diff(test.want, got.Inputs); diff != "" {
				t.Errorf("inputs (-want +got):\n%s", diff)
			}
			if got.Rule == "" || got.Paragraph == "" || got.Formula == "" {
				t.Errorf("says too little: %+v", got)
			}
		})
	}
}

// Every kind has its rule, its paragraph and its formula.
func TestExplainKnowsEveryKind(t *testing.T) {
	for _, kind := range revrec.Kinds() {
		r := revrec.Recognition{Kind: kind, Amount: ledger.Money(1, "USD"), Inputs: []revrec.Input{{Name: "used", Value: "1"}}}
		if e := revrec.Explain(r); e.Rule == "" || e.Paragraph == "" || e.Formula == "" {
			t.Errorf("%s is not explained: %+v", kind, e)
		}
	}
}
