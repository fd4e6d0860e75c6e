package graph_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// marginsFoot adds margins up over groups, buckets and points, holds their revenue to that of
// use and overage in the chart of revenue, and their cost to the events.
func (a *api) marginsFoot(interval string) {
	a.t.Helper()
	revenue := decimal.Zero
	byKind := a.must(fmt.Sprintf(`{ revenueOverTime(%s, interval: %s, groupBy: KIND) { series { key functionalTotal { amount } } } }`, spanOfCharts, interval))
	for _, s := range byKind.at("revenueOverTime.series").([]any) {
		if slices.Contains([]any{"USAGE", "USAGE_UNBILLED", "OVERAGE"}, dig(s, "key")) {
			revenue = revenue.Add(decimal.RequireFromString(dig(s, "functionalTotal.amount").(string)))
		}
	}
	cost, uncosted := a.costOfEvents()
	var buckets []string
	for _, group := range []string{"", ", groupBy: METER", ", groupBy: PACK", ", groupBy: CUSTOMER", ", groupBy: CUSTOMER, top: 2"} {
		what := "margins" + group
		chart := a.must(fmt.Sprintf(`{ marginOverTime(%s, interval: %s%s) { buckets { from } total { ...P } series { key others points { ...P } total { ...P } } } }
			fragment P on MarginPoint { revenue { amount } cost { amount } margin { amount } share uncosted }`, spanOfCharts, interval, group))
		sums := map[string]decimal.Decimal{}
		steps := make([]decimal.Decimal, 2*len(chart.at("marginOverTime.buckets").([]any)))
		for _, s := range chart.at("marginOverTime.series").([]any) {
			for i, point := range dig(s, "points").([]any) {
				for _, figure := range []string{"revenue.amount", "cost.amount", "margin.amount", "uncosted"} {
					sums[figure] = sums[figure].Add(decimal.RequireFromString(dig(point, figure).(string)))
				}
				steps[2*i] = steps[2*i].Add(decimal.RequireFromString(dig(point, "revenue.amount").(string)))
				steps[2*i+1] = steps[2*i+1].Add(decimal.RequireFromString(dig(point, "cost.amount").(string)))
			}
		}
		for figure, sum := range sums {
			if total := chart.text("marginOverTime.total." + figure); !sum.Equal(decimal.RequireFromString(total)) {
				a.t.Errorf("%s: %s adds up to %s, the total is %s", what, figure, sum, total)
			}
		}
		if !sums["revenue.amount"].Equal(revenue) || revenue.IsZero() {
			a.t.Errorf("%s: revenue %s, want %s", what, sums["revenue.amount"], revenue)
		}
		if !sums["cost.amount"].Equal(cost.Round(2)) || cost.IsZero() || !sums["uncosted"].Equal(uncosted) {
			a.t.Errorf("%s: cost %s of all but %s, want %s of all but %s", what, sums["cost.amount"], sums["uncosted"], cost, uncosted)
		}
		if of := fmt.Sprint(steps); group == "" {
			buckets = append(buckets, of)
		} else if of != buckets[len(buckets)-1] {
			a.t.Errorf("%s: the buckets are %s, want %s", what, of, buckets[len(buckets)-1])
		}
	}
}

// costOfEvents adds up what the events of the span cost, one by one.
func (a *api) costOfEvents() (cost, uncosted decimal.Decimal) {
	a.t.Helper()
	for _, e := range a.everything("usageEvents", "occurredAt quantity credits meter { code } rateCard { rates { cost { amount per } } }") {
		day, _, _ := strings.Cut(dig(e, "occurredAt").(string), "T")
		if !inSpan(day) {
			continue
		}
		rates, _ := dig(e, "rateCard.rates").([]any)
		if dig(e, "meter.code") != "in" || len(rates) == 0 {
			uncosted = uncosted.Add(decimal.RequireFromString(dig(e, "credits").(string)))
			continue
		}
		each := decimal.RequireFromString(dig(rates[0], "cost.amount").(string)).DivRound(decimal.RequireFromString(dig(rates[0], "cost.per").(string)), 20)
		cost = cost.Add(each.Mul(decimal.RequireFromString(dig(e, "quantity").(string))))
	}
	return cost, uncosted
}
