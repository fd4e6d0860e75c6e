package books_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

func rate(meter, credits, per string) books.NewRate {
	return books.NewRate{Meter: meter, Credits: decimal.RequireFromString(credits), Per: decimal.RequireFromString(per)}
}

func metered(id, meter string, quantity int64, at time.Time) books.UsageInput {
	n := whole(quantity)
	return books.UsageInput{ID: id, Customer: "acme", Meter: meter, Quantity: &n, OccurredAt: at}
}

// newMeters opens a book in which acme has a million credits and the meters "in" (1 per
// 1,000) and "out" (4 per 1,000) stand.
func newMeters(t *testing.T, now *time.Time) *books.Books {
	t.Helper()
	b := newShop(t, now)
	price := whole(100)
	done[books.Purchased](t)(b.Purchase(t.Context(), "buy", books.NewPurchase{Customer: "acme", Credits: whole(1_000_000), Price: &price}))
	for _, meter := range []books.NewMeter{{Code: "in", Credits: whole(1), Per: whole(1000)}, {Code: "out", Credits: whole(4), Per: whole(1000)}} {
		done[books.Meter](t)(b.MeterCreate(t.Context(), "meter "+meter.Code, meter))
	}
	return b
}

// TestRateCards rates use by the card that was in force when it happened, whenever it comes.
func TestRateCards(t *testing.T) {
	ctx, start := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	now := start
	b := newMeters(t, &now)
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	first := done[books.RateCard](t)(b.RateCardPublish(ctx, "1", books.NewRateCard{EffectiveFrom: day(10), Rates: []books.NewRate{rate("in", "2", "1000")}, Note: "dearer"}))
	done[books.RateCard](t)(b.RateCardPublish(ctx, "2", books.NewRateCard{EffectiveFrom: day(20), Rates: []books.NewRate{rate("out", "6", "1000")}}))
	again := done[books.RateCard](t)(b.RateCardPublish(ctx, "1", books.NewRateCard{EffectiveFrom: day(10), Rates: []books.NewRate{rate("in", "2", "1000")}, Note: "dearer"}))
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error("the same request again:", diff)
	}
	now = day(25)
	three := whole(3)
	outcomes := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{
		metered("before", "in", 5000, day(10).Add(-time.Microsecond)),
		metered("at", "in", 5000, day(10)),
		metered("later", "in", 5000, day(21)),
		metered("out before", "out", 5000, day(15)),
		metered("out later", "out", 5000, day(21)),
		{ID: "credits", Customer: "acme", Credits: &three, OccurredAt: day(21)},
	}))
	want := []struct {
		card    int
		credits string
	}{{0, "5"}, {1, "10"}, {2, "10"}, {1, "20"}, {2, "30"}, {0, "3"}}
	for i, outcome := range outcomes {
		if outcome.Status != books.Recorded || outcome.Event.RateCard != want[i].card || outcome.Event.Credits.String() != want[i].credits {
			t.Errorf("%s: %s by version %d, want %s by %d", outcome.ID, outcome.Event.Credits, outcome.Event.RateCard, want[i].credits, want[i].card)
		}
	}
	void := done[books.UsageEvent](t)(b.VoidUsage(ctx, "void", books.UsageVoid{Customer: "acme", ID: "at"}))
	if void.RateCard != 1 || void.Credits.String() != "-10" {
		t.Errorf("the void is of version %d, %s", void.RateCard, void.Credits)
	}
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Error(findings)
	}
}

// TestUseAgainUnderANewCard sends events again, without their instant, when another card is
// in force: one by which they would be dearer, more than the balance, more than may be, nothing.
func TestUseAgainUnderANewCard(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newMeters(t, &now)
	sent := []books.UsageInput{metered("a", "in", 5000, time.Time{}), metered("b", "out", 5000, time.Time{})}
	done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, sent))
	for i, credits := range []string{"2", "900000", "900000000", "0.000001"} {
		now = now.Add(time.Hour)
		done[books.RateCard](t)(b.RateCardPublish(ctx, credits, books.NewRateCard{Rates: []books.NewRate{rate("in", credits, "1"), rate("out", credits, "1000000000")}}))
		other := metered("a", "in", 5001, time.Time{})
		outcomes := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, append(sent, other)))
		for _, outcome := range outcomes[:2] {
			if outcome.Status != books.Duplicate || outcome.Event.RateCard != 0 {
				t.Errorf("%d: %s is %s %v", i, outcome.ID, outcome.Status, outcome.Reason)
			}
		}
		if outcomes[0].Event.Credits.String() != "5" || outcomes[2].Status != books.Rejected {
			t.Errorf("%d: %+v", i, outcomes)
		}
	}
	// A new event that comes to nothing leaves nothing.
	if outcome := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{metered("new", "out", 1, time.Time{})}))[0]; outcome.Status != books.Rejected || outcome.Reason.Code != books.Invalid {
		t.Errorf("%+v", outcome)
	}
}

// TestRateCardRefusals holds that what is refused has its code and leaves nothing behind.
func TestRateCardRefusals(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newMeters(t, &now)
	done[books.RateCard](t)(b.RateCardPublish(ctx, "1", books.NewRateCard{EffectiveFrom: now.AddDate(0, 1, 0), Rates: []books.NewRate{rate("in", "2", "1")}}))
	costing := func(amount, per string) books.NewRate {
		r := rate("in", "1", "1")
		r.Cost = &books.NewCost{Amount: decimal.RequireFromString(amount), Per: decimal.RequireFromString(per)}
		return r
	}
	fine := []books.NewRate{rate("in", "1", "1")}
	later := now.AddDate(0, 2, 0)
	for _, test := range []struct {
		request books.NewRateCard
		code    books.Code
		field   string
	}{
		{books.NewRateCard{Rates: fine, EffectiveFrom: now.Add(-time.Microsecond)}, books.Invalid, "effectiveFrom"},
		{books.NewRateCard{Rates: fine}, books.Invalid, "effectiveFrom"}, // now, before the last one
		{books.NewRateCard{Rates: fine, EffectiveFrom: now.AddDate(11, 0, 0)}, books.Invalid, "effectiveFrom"},
		{books.NewRateCard{EffectiveFrom: later}, books.Invalid, "rates"},
		{books.NewRateCard{EffectiveFrom: later, Rates: make([]books.NewRate, 1001)}, books.Invalid, "rates"},
		{books.NewRateCard{EffectiveFrom: later, Rates: []books.NewRate{rate("none", "1", "1")}}, books.NotFound, "rates.0.meter"},
		{books.NewRateCard{EffectiveFrom: later, Rates: []books.NewRate{rate("in", "1", "1"), rate("in", "1", "1")}}, books.Invalid, "rates.1.meter"},
		{books.NewRateCard{EffectiveFrom: later, Rates: []books.NewRate{rate("in", "0", "1")}}, books.Invalid, "rates.0.credits"},
		{books.NewRateCard{EffectiveFrom: later, Rates: []books.NewRate{rate("in", "1", "0.0000001")}}, books.Invalid, "rates.0.per"},
		{books.NewRateCard{EffectiveFrom: later, Rates: []books.NewRate{costing("-1", "1")}}, books.Invalid, "rates.0.cost.amount"},
		{books.NewRateCard{EffectiveFrom: later, Rates: []books.NewRate{costing("0.00000000001", "1")}}, books.Invalid, "rates.0.cost.amount"},
		{books.NewRateCard{EffectiveFrom: later, Rates: []books.NewRate{costing("1", "-1")}}, books.Invalid, "rates.0.cost.per"},
		{books.NewRateCard{EffectiveFrom: later, Rates: fine, Note: strings.Repeat("x", 2001)}, books.Invalid, "note"},
	} {
		_, err := b.RateCardPublish(ctx, "again", test.request)
		if books.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.field) {
			t.Errorf("%+v: %v, want %s of %s", test.request, err, test.code, test.field)
		}
	}
	err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		cards, err := tx.RateCards(ctx, books.Page{})
		if len(cards) != 1 {
			t.Errorf("%+v", cards)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Of the refused ones none took a number.
	if card := done[books.RateCard](t)(b.RateCardPublish(ctx, "2", books.NewRateCard{EffectiveFrom: later, Rates: fine})); card.Number != 2 {
		t.Errorf("number %d", card.Number)
	}
}

// TestDimensionsOfEvents holds what an event may be told apart by, and that it is part of what
// a repeat must say again, in any order.
func TestDimensionsOfEvents(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newMeters(t, &now)
	with := func(id string, pairs ...string) books.UsageInput {
		event := metered(id, "in", 5000, time.Time{})
		for i := 0; i < len(pairs); i += 2 {
			event.Dimensions = append(event.Dimensions, books.EventDimension{Key: pairs[i], Value: pairs[i+1]})
		}
		return event
	}
	var eleven []string
	for _, key := range "abcdefghijk" {
		eleven = append(eleven, string(key), "x")
	}
	for _, test := range []struct {
		event  books.UsageInput
		status books.OutcomeStatus
		code   books.Code
	}{
		{with("1", "team", "research", "feature", "chat"), books.Recorded, ""},
		{with("1", "feature", "chat", "team", "research"), books.Duplicate, ""},
		{with("1", "feature", "chat"), books.Rejected, books.EventConflict},
		{with("1"), books.Rejected, books.EventConflict},
		{with("2", eleven[:20]...), books.Recorded, ""},
		{with("3", eleven...), books.Rejected, books.TooLarge},
		{with("3", "team", "a", "team", "b"), books.Rejected, books.Invalid},
		{with("3", "Team", "a"), books.Rejected, books.Invalid},
		{with("3", "1team", "a"), books.Rejected, books.Invalid},
		{with("3", "", "a"), books.Rejected, books.Invalid},
		{with("3", "te\"am", "a"), books.Rejected, books.Invalid},
		{with("3", strings.Repeat("a", 41), "a"), books.Rejected, books.Invalid},
		{with("3", "team", ""), books.Rejected, books.Invalid},
		{with("3", "team", strings.Repeat("ü", 101)), books.Rejected, books.Invalid},
		{with("3", "team", "a\nb"), books.Rejected, books.Invalid},
		{with("3", "team", "\xff"), books.Rejected, books.Invalid},
		{with("3", strings.Repeat("a", 40), strings.Repeat("ü", 100)), books.Recorded, ""},
	} {
		outcome := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{test.event}))[0]
		code := books.Code("")
		if outcome.Reason != nil {
			code = outcome.Reason.Code
		}
		if outcome.Status != test.status || code != test.code {
			t.Errorf("%+v: %s %v", test.event.Dimensions, outcome.Status, outcome.Reason)
		}
	}
	void := done[books.UsageEvent](t)(b.VoidUsage(ctx, "void", books.UsageVoid{Customer: "acme", ID: "1"}))
	if void.Dimensions != `{"feature":"chat","team":"research"}` || void.Dimensions.Value("team") != "research" || void.Dimensions.Value("model") != "" {
		t.Errorf("the void has %s", void.Dimensions)
	}
}
