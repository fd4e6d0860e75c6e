package graph_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"drawdown/internal/books"
)

// A reviewer who has nothing but the API, and a token that may only read: which rate, since
// when, who proposed and approved it, on what data, by which formula, how did it do, what does
// one point more cost, and which lots and uses is a figure made of.
func TestReviewerOfBreakage(t *testing.T) {
	if testing.Short() {
		t.Skip("asks one thing after the other, in which the race detector sees nothing")
	}
	onEachEngine(t, func(t *testing.T, a *api) {
		cohortsOf(t, a)
		ann := newToken(t, a.books, books.NewToken{Name: "ann", Roles: []books.Role{books.Accountant}})
		bob := newToken(t, a.books, books.NewToken{Name: "bob", Roles: []books.Role{books.Accountant}})
		proposed := a.withToken(ann, `mutation { estimatePropose(input: {policy: "pooled", narrative: "Eight months.", reason: "first history", run: {method: KAPLAN_MEIER, seed: 3, replications: 200}}, idempotencyKey: "p1") { estimate { id } userErrors { message } } }`)
		proposed.is("estimatePropose.userErrors", "[]")
		id := proposed.text("estimatePropose.estimate.id")
		a.withToken(bob, `mutation { estimateApprove(estimateId: "`+id+`", input: {reason: "computed again"}, idempotencyKey: "a1") { userErrors { message } } }`).is("estimateApprove.userErrors", "[]")
		for month := range 2 { // forty customers buy 100 and use 50, in September and in October
			for i := range 40 {
				a.must(fmt.Sprintf(`mutation { purchaseCreate(input: {customer: "c%02d", policy: "pooled", credits: "100", price: "10.00"}, idempotencyKey: "later%d/%d") { userErrors { message } }
					usageRecord(events: [{customer: "c%02d", id: "later%d", credits: "50"}]) { recorded } }`, i, month, i, i, month)).is("usageRecord.recorded", "1")
			}
			a.now = a.now.AddDate(0, 1, 0)
			a.must(fmt.Sprintf(`mutation { jobRun(job: ALL, idempotencyKey: "later%d") { run { status } userErrors { message } } }`, month))
		}

		auditor := newToken(t, a.books, books.NewToken{Name: "eve", Roles: []books.Role{books.Auditor}})
		ask := func(query string) answered {
			t.Helper()
			got := a.withToken(auditor, query)
			if len(got.Errors) > 0 {
				t.Fatalf("%s: %s", query, got.body)
			}
			return got
		}
		// Which rate, since when, who, on what data, by which formula.
		got := ask(`{ estimates(policy: "pooled", status: APPROVED, first: 1) { nodes {
			id rate from proposedBy decidedBy decision reason narrative method through dataHash reproduction { reproduced sameFromBook }
			evidence { triangle { cohort sold cells } explanation { steps { name formula figure } sources } point low high constrained } } } }`)
		got.is("estimates.nodes.0.id", `"`+id+`"`)
		got.is("estimates.nodes.0.from", `"2024-09-15"`)
		got.is("estimates.nodes.0.method", `"KAPLAN_MEIER"`)
		got.is("estimates.nodes.0.through", `"2024-08"`)
		got.is("estimates.nodes.0.decision", `"computed again"`)
		got.is("estimates.nodes.0.reproduction", `{"reproduced":true,"sameFromBook":true}`)
		got.is("estimates.nodes.0.evidence.triangle.7.sold", `"4000"`)
		for path, want := range map[string]string{"proposedBy": "ann", "decidedBy": "bob", "evidence.explanation.steps.0.formula": "", "evidence.explanation.sources.0": ""} {
			if text := got.text("estimates.nodes.0." + path); text == "" || !strings.Contains(text, want) {
				t.Errorf("%s is %q", path, text)
			}
		}
		rate := got.text("estimates.nodes.0.rate")

		// How it did: 50 credits of forty customers in each of the two months since.
		got = ask(`{ estimateReview(policy: "pooled", month: "2024-10") { review { estimate { id } rate actual expected actualToExpected bias cells } cohorts { month net used cells { age month actual expected } } } }`)
		got.is("estimateReview.review.estimate.id", `"`+id+`"`)
		got.is("estimateReview.review.actual", `"4000"`)
		got.is("estimateReview.cohorts.9.month", `"2024-10"`)
		actual, expected := new(big.Rat), new(big.Rat)
		cohorts, _ := got.at("estimateReview.cohorts").([]any)
		for i := range cohorts {
			cells, _ := got.at(fmt.Sprintf("estimateReview.cohorts.%d.cells", i)).([]any)
			for j := range cells {
				at := fmt.Sprintf("estimateReview.cohorts.%d.cells.%d.", i, j)
				actual.Add(actual, rational(t, got.text(at+"actual")))
				expected.Add(expected, rational(t, got.text(at+"expected")))
			}
		}
		if actual.Cmp(big.NewRat(4000, 1)) != 0 || expected.Cmp(rational(t, got.text("estimateReview.review.expected"))) != 0 {
			t.Errorf("the cells come to %s and %s", actual.FloatString(6), expected.FloatString(6))
		}
		ask(`{ estimateReviews(policy: "pooled", estimate: "`+id+`") { totalCount } }`).is("estimateReviews.totalCount", "2")

		// What one point more costs, by the formula, pool by pool.
		got = ask(`{ breakageSensitivity(policy: "pooled", points: ["1"], byPool: true) { rate waiting groups { pool { key } sold { amount } used { amount } booked { amount } difference { amount } rows { points rate delta { early { amount } revenue { amount } deferred { amount } } } } } }`)
		got.is("breakageSensitivity.rate", `"`+rate+`"`)
		got.is("breakageSensitivity.waiting", "false")
		got.is("breakageSensitivity.groups.0.pool", "null")
		got.is("breakageSensitivity.groups.0.difference.amount", `"0.00"`)
		groups, _ := got.at("breakageSensitivity.groups").([]any)
		more := int64(0)
		for i := range groups {
			group := fmt.Sprintf("breakageSensitivity.groups.%d.", i)
			if i == 0 {
				continue // all pools
			}
			sold, used := rational(t, got.text(group+"sold.amount")), rational(t, got.text(group+"used.amount"))
			r := rational(t, rate)
			more += early(sold, used, new(big.Rat).Add(r, big.NewRat(1, 100))) - early(sold, used, r)
		}
		if len(groups) < 3 || more <= 0 {
			t.Errorf("%d groups, and one point more comes to %d", len(groups), more)
		}
		want := fmt.Sprintf("%q", new(big.Rat).SetFrac64(more, 100).FloatString(2))
		got.is("breakageSensitivity.groups.0.rows.1.points", `"1"`)
		got.is("breakageSensitivity.groups.0.rows.1.delta.early.amount", want)
		got.is("breakageSensitivity.groups.0.rows.1.delta.revenue.amount", want)
		got.is("breakageSensitivity.groups.0.rows.1.delta.deferred.amount", strings.Replace(want, `"`, `"-`, 1))

		// From a figure to the lots, and to each use.
		got = ask(`{ breakage(through: "2024-10", policy: "pooled", from: "2024-09", to: "2024-09") { rows { month sold used early { amount { amount } }
			cohorts { sold used lots(first: 60) { nodes { granted draws(first: 5) { nodes { credits event { eventId customer { externalId } } } } } } } } } }`)
		got.is("breakage.rows.0.sold", `"4000"`)
		got.is("breakage.rows.0.cohorts.0.sold", `"4000"`)
		granted, drawn := new(big.Rat), new(big.Rat)
		lots, _ := got.at("breakage.rows.0.cohorts.0.lots.nodes").([]any)
		for i := range lots {
			lot := fmt.Sprintf("breakage.rows.0.cohorts.0.lots.nodes.%d.", i)
			granted.Add(granted, rational(t, got.text(lot+"granted")))
			draws, _ := got.at(lot + "draws.nodes").([]any)
			for j := range draws {
				drawn.Add(drawn, rational(t, got.text(fmt.Sprintf("%sdraws.nodes.%d.credits", lot, j))))
				if event := got.text(fmt.Sprintf("%sdraws.nodes.%d.event.eventId", lot, j)); !strings.HasPrefix(event, "later") {
					t.Errorf("a lot of September is drawn on by %s", event)
				}
			}
		}
		if len(lots) != 40 || granted.Cmp(big.NewRat(4000, 1)) != 0 || drawn.Cmp(rational(t, got.text("breakage.rows.0.used"))) != 0 {
			t.Errorf("%d lots of %s credits, %s drawn, of %s", len(lots), granted.FloatString(0), drawn.FloatString(6), got.text("breakage.rows.0.used"))
		}
	})
}

func rational(t *testing.T, text string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}

// early is the breakage to date in cents: B·U ÷ (G − B), B the lesser of r·G and G − U, at most
// G − U, rounded half away from zero.
func early(sold, used, rate *big.Rat) int64 {
	unused := new(big.Rat).Sub(sold, used)
	b := new(big.Rat).Mul(rate, sold)
	if b.Cmp(unused) > 0 {
		b = unused
	}
	rest := new(big.Rat).Sub(sold, b)
	if rest.Sign() <= 0 || b.Sign() <= 0 {
		return 0
	}
	to := new(big.Rat).Quo(new(big.Rat).Mul(b, used), rest)
	if to.Cmp(unused) > 0 {
		to = unused
	}
	cents := new(big.Rat).Add(new(big.Rat).Mul(to, big.NewRat(100, 1)), big.NewRat(1, 2))
	return new(big.Int).Quo(cents.Num(), cents.Denom()).Int64()
}
