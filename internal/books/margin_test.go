package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

// TestMargins holds figures that were worked out by hand. acme has 1,000 credits of a deal for
// 50.00, used first, and 1,000 of the pack for 100.00. A call is a credit and costs 0.03, a page
// is two and nobody knows its cost.
//
//	10 March  600 calls, 100 pages, 7 calls by mistake    807 of the deal: 40.35; cost 18.21
//	11 March  400 calls                                   9.65 + 20.70 = 30.35; cost 12.00
//	12 March  100 calls, at 2 credits and 0.05, and
//	          50 credits without a meter                  250 of the pack: 20.00 + 5.00; cost 5.00
//	13 March  the mistake taken back                      -0.35; cost -0.21
func TestMargins(t *testing.T) {
	onEachEngine(t, checkMargins)
}

func checkMargins(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, start := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	now := start.Add(-time.Hour)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
	acme := done[books.Customer](t)(b.CustomerCreate(ctx, "acme", books.NewCustomer{ExternalID: "acme"}))
	pack := done[books.Pack](t)(b.PackCreate(ctx, "pack", books.NewPack{Code: "standard", Tiers: tiers("1000 100")}))
	price := whole(50)
	done[books.Purchased](t)(b.Purchase(ctx, "deal", books.NewPurchase{Customer: "acme", Credits: whole(1000), Price: &price}))
	done[books.Purchased](t)(b.Purchase(ctx, "sale", books.NewPurchase{Customer: "acme", Pack: "standard", Credits: whole(1000)}))
	call := done[books.Meter](t)(b.MeterCreate(ctx, "m1", books.NewMeter{Code: "call", Credits: whole(1)}))
	page := done[books.Meter](t)(b.MeterCreate(ctx, "m2", books.NewMeter{Code: "page", Credits: whole(2)}))
	costing := func(credits, amount, per string) books.NewRateCard {
		r := rate("call", credits, "1")
		r.Cost = &books.NewCost{Amount: decimal.RequireFromString(amount), Per: decimal.RequireFromString(per)}
		return books.NewRateCard{Rates: []books.NewRate{r}}
	}
	done[books.RateCard](t)(b.RateCardPublish(ctx, "c1", costing("1", "0.09", "3")))
	later := costing("2", "0.05", "1")
	later.EffectiveFrom = start.AddDate(0, 0, 2).Truncate(24 * time.Hour)
	done[books.RateCard](t)(b.RateCardPublish(ctx, "c2", later))

	now = start.AddDate(0, 0, 3)
	fifty, wrong := whole(50), metered("wrong", "call", 7, start)
	done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{
		metered("1", "call", 600, start), metered("2", "page", 100, start), metered("3", "call", 400, start.AddDate(0, 0, 1)),
		metered("4", "call", 100, start.AddDate(0, 0, 2)),
		{ID: "5", Customer: "acme", Credits: &fifty, OccurredAt: start.AddDate(0, 0, 2)},
		wrong,
	}))
	done[books.UsageEvent](t)(b.VoidUsage(ctx, "v", books.UsageVoid{Customer: "acme", ID: "wrong"}))
	now = now.AddDate(0, 0, 1)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))

	first := ledger.DateOf(start, time.UTC)
	show := func(filter books.MarginFilter) map[string]string {
		t.Helper()
		filter.From, filter.To, filter.Top = first, first+9, max(filter.Top, 1)
		var chart books.MarginChart
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
			chart, err = b.Margins(ctx, tx, filter)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]string{}
		point := func(p books.MarginPoint) string {
			share := "none"
			if p.Share() != nil {
				share = p.Share().String()
			}
			return fmt.Sprintf("%s - %s = %s, %s, uncosted %s", p.Revenue.Text(), p.Cost.Text(), p.Margin().Text(), share, p.Uncosted)
		}
		sum := books.MarginPoint{}
		for _, s := range chart.Series {
			name := map[string]string{call.ID: "call", page.ID: "page", pack.ID: "standard", "": "none"}[s.Group.Key]
			if s.Group.Others {
				name = "others"
			}
			if name == "" {
				name = "acme"
			}
			shown[name] = point(s.Total)
			for i, p := range s.Points {
				if p.Revenue.Minor != 0 || p.Cost.Minor != 0 {
					shown[fmt.Sprint(name, " ", i)] = point(p)
				}
				sum.Revenue, sum.Cost = sum.Revenue.Add(p.Revenue), sum.Cost.Add(p.Cost)
			}
		}
		if sum.Revenue != chart.Total.Revenue || sum.Cost != chart.Total.Cost {
			t.Errorf("%+v adds up to %s less %s", chart.Total, sum.Revenue, sum.Cost)
		}
		shown["total"] = point(chart.Total)
		return shown
	}
	// The 7 voided calls took 7 credits of the deal, 0.35, so that the 400 calls after them took 193
	// of it and 207 of the pack, 9.65 + 20.70; the void gave 0.35 and 0.21 of cost back, on the
	// fourth day. In all 993 credits of the deal, 49.65, and 457 of the pack, 45.70. Of the
	// 12.00 that the 400 calls cost, 12.00 × 193 ÷ 400 = 5.79 are the deal's.
	for name, test := range map[string]struct {
		filter books.MarginFilter
		want   map[string]string
	}{
		"all": {books.MarginFilter{Interval: books.Monthly}, map[string]string{
			"none": "95.35 - 35.00 = 60.35, 0.6329, uncosted 250", "none 0": "95.35 - 35.00 = 60.35, 0.6329, uncosted 250",
		}},
		"by meter": {books.MarginFilter{Interval: books.Monthly, By: books.ByMeter, Top: 5}, map[string]string{
			"call": "80.35 - 35.00 = 45.35, 0.5644, uncosted 0", "page": "10.00 - 0.00 = 10.00, none, uncosted 200", "none": "5.00 - 0.00 = 5.00, none, uncosted 50",
		}},
		"the best meter": {books.MarginFilter{Interval: books.Monthly, By: books.ByMeter, Top: 1}, map[string]string{
			"call": "80.35 - 35.00 = 45.35, 0.5644, uncosted 0", "others": "15.00 - 0.00 = 15.00, none, uncosted 250",
		}},
		"by pack": {books.MarginFilter{Interval: books.Monthly, By: books.ByPack, Top: 5}, map[string]string{
			"none": "49.65 - 23.79 = 25.86, 0.5208, uncosted 200", "standard": "45.70 - 11.21 = 34.49, 0.7547, uncosted 50",
		}},
		"by customer, by day": {books.MarginFilter{Interval: books.Daily, By: books.ByCustomer, Top: 5}, map[string]string{
			"acme 0": "40.35 - 18.21 = 22.14, 0.5487, uncosted 200", "acme 1": "30.35 - 12.00 = 18.35, 0.6046, uncosted 0",
			"acme 2": "25.00 - 5.00 = 20.00, 0.8, uncosted 50", "acme 3": "-0.35 - -0.21 = -0.14, 0.4, uncosted 0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := show(test.filter)
			ofAcme := test.filter
			ofAcme.CustomerID = acme.ID
			if diff := cmp.Diff(got, show(ofAcme)); diff != "" {
				t.Error("for the one customer:", diff)
			}
			for key, want := range test.want {
				if got[key] != want {
					t.Errorf("%s: %s, want %s (%v)", key, got[key], want, got)
				}
			}
			if want := "95.35 - 35.00 = 60.35, 0.6329, uncosted 250"; got["total"] != want {
				t.Errorf("the total is %s, want %s", got["total"], want)
			}
		})
	}
	for _, span := range []ledger.Date{-1, books.MaxMarginDays} {
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			_, err := b.Margins(ctx, tx, books.MarginFilter{From: first, To: first + span, Interval: books.Monthly})
			return err
		})
		if code := books.CodeOf(err); code != books.Invalid && code != books.TooLarge || code == books.TooLarge && span < 0 {
			t.Errorf("%d days: %v", span, err)
		}
	}
}
