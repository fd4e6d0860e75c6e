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

func tiers(pairs ...string) []books.NewTier {
	var list []books.NewTier
	for _, pair := range pairs {
		credits, price, _ := strings.Cut(pair, " ")
		list = append(list, books.NewTier{Credits: decimal.RequireFromString(credits), Price: decimal.RequireFromString(price)})
	}
	return list
}

// newShop opens a book with the policies "default" and "other", the customer "acme" and the
// pack "standard": 1,000 for 100.00, from 10,000 on 0.08 each, from 100,000 on 0.06.
func newShop(t *testing.T, now *time.Time) *books.Books {
	t.Helper()
	b := newBook(t, now)
	for _, code := range []string{"default", "other"} {
		done[books.Policy](t)(b.PolicyCreate(t.Context(), "policy "+code, books.NewPolicy{Code: code}))
	}
	done[books.Customer](t)(b.CustomerCreate(t.Context(), "acme", books.NewCustomer{ExternalID: "acme"}))
	done[books.Pack](t)(b.PackCreate(t.Context(), "pack", books.NewPack{Code: "standard", Tiers: tiers("1000 100", "10000 800", "100000 6000")}))
	return b
}

// sale is a purchase of the pack as a test asks for it.
func sale(credits string, at time.Time) books.NewPurchase {
	return books.NewPurchase{Customer: "acme", Pack: "standard", Credits: decimal.RequireFromString(credits), PurchasedAt: at}
}

// TestPackPrices holds the volume tiers of the price list.
func TestPackPrices(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newShop(t, &now)
	for credits, want := range map[string]string{
		"1000": "100.00", "1500": "150.00", "9999": "999.90", "10000": "800.00", "25000": "2000.00", "100000": "6000.00", "1000000": "60000.00",
	} {
		if made := done[books.Purchased](t)(b.Purchase(ctx, credits, sale(credits, now))); made.Purchase.Price.Text() != want || made.Purchase.PackVersion != 1 {
			t.Errorf("%s credits cost %s by version %d, want %s by 1", credits, made.Purchase.Price.Text(), made.Purchase.PackVersion, want)
		}
	}
	if _, err := b.Purchase(ctx, "few", sale("999", now)); books.CodeOf(err) != books.Invalid {
		t.Errorf("999 credits: %v, want INVALID", err)
	}
}

// TestPackVersions sells a pack while its prices change, is retired and comes back: each sale
// has the price and the policy that were in force when it happened, also when it is told later.
func TestPackVersions(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newShop(t, &now)
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	dearer, retired, back := day(10), day(20), day(30)
	pack := done[books.Pack](t)(b.PackRevise(ctx, "dearer", books.PackRevision{
		Code: "standard", EffectiveFrom: dearer, Policy: "other", Tiers: tiers("1000 120", "10000 900"), Reason: "costs",
	}))
	again := done[books.Pack](t)(b.PackRevise(ctx, "dearer", books.PackRevision{
		Code: "standard", EffectiveFrom: dearer, Policy: "other", Tiers: tiers("1000 120", "10000 900"), Reason: "costs",
	}))
	if diff := cmp.Diff(pack, again); diff != "" {
		t.Errorf("the same request answered otherwise:\n%s", diff)
	}
	done[books.Pack](t)(b.PackRetire(ctx, "retire", books.PackRetirement{Code: "standard", From: retired}))
	done[books.Pack](t)(b.PackRevise(ctx, "back", books.PackRevision{Code: "standard", EffectiveFrom: back, Tiers: tiers("500 75")}))
	pack = theStandardPack(t, b)
	if n := len(pack.Versions()); n != 4 || !pack.RetiredFrom().IsZero() {
		t.Errorf("%d versions, retired from %s: want 4, for sale", n, pack.RetiredFrom())
	}
	at := now
	now = day(40)
	for i, test := range []struct {
		at      time.Time
		credits string
		price   string
		version int
		policy  string
	}{
		{at.AddDate(-3, 0, 0), "1000", "100.00", 1, "default"}, // before the pack was entered
		{dearer.Add(-time.Microsecond), "10000", "800.00", 1, "default"},
		{dearer, "10000", "900.00", 2, "other"},
		{retired.Add(-time.Microsecond), "2000", "240.00", 2, "other"},
		{retired, "2000", "", 0, ""},
		{back.Add(-time.Microsecond), "2000", "", 0, ""},
		{back, "2000", "300.00", 4, "other"},
		{now, "500", "75.00", 4, "other"},
	} {
		made, err := b.Purchase(ctx, "sale "+test.at.String(), sale(test.credits, test.at))
		if test.price == "" {
			if books.CodeOf(err) != books.PackRetired {
				t.Errorf("%d: %v, want PACK_RETIRED", i, err)
			}
			continue
		}
		if p := made.Purchase; err != nil || p.Price.Text() != test.price || p.PackVersion != test.version {
			t.Errorf("%d: %v %s by version %d, want %s by %d", i, err, p.Price.Text(), p.PackVersion, test.price, test.version)
		}
		if version := pack.At(test.at); version.PolicyID != made.Purchase.PolicyID || made.Lot.PolicyID != version.PolicyID {
			t.Errorf("%d: under policy %s, want that of the version, %s", i, made.Lot.PolicyID, version.PolicyID)
		}
	}
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Errorf("verify: %+v", findings)
	}
}

func theStandardPack(t *testing.T, b *books.Books) (pack books.Pack) {
	t.Helper()
	if err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		packs, err := tx.PacksByCode(ctx, []string{"standard"})
		pack = packs[0]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return pack
}

// TestPackRefusals holds what cannot become a version, and that it leaves nothing behind.
func TestPackRefusals(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newShop(t, &now)
	later := now.AddDate(0, 1, 0)
	one := tiers("1000 90")
	done[books.Pack](t)(b.PackRevise(ctx, "later", books.PackRevision{Code: "standard", EffectiveFrom: later, Tiers: one}))
	before := theStandardPack(t, b)
	for i, test := range []struct {
		revise books.PackRevision
		code   books.Code
		field  string
	}{
		{books.PackRevision{Code: "none", Tiers: one}, books.NotFound, "code"},
		{books.PackRevision{Code: "standard", Tiers: one}, books.Invalid, "effectiveFrom"}, // before the version that waits
		{books.PackRevision{Code: "standard", EffectiveFrom: now.Add(-time.Second), Tiers: one}, books.Invalid, "effectiveFrom"},
		{books.PackRevision{Code: "standard", EffectiveFrom: now.AddDate(11, 0, 0), Tiers: one}, books.Invalid, "effectiveFrom"},
		{books.PackRevision{Code: "standard", EffectiveFrom: later, Policy: "none", Tiers: one}, books.NotFound, "policy"},
		{books.PackRevision{Code: "standard", EffectiveFrom: later}, books.Invalid, "tiers"},
		{books.PackRevision{Code: "standard", EffectiveFrom: later, Tiers: tiers("10 1", "20 3")}, books.Invalid, "tiers.1.price"},
		{books.PackRevision{Code: "standard", EffectiveFrom: later, Tiers: one, Reason: strings.Repeat("x", 2001)}, books.Invalid, "reason"},
	} {
		_, err := b.PackRevise(ctx, "refused", test.revise)
		checkRefusal(t, i, err, test.code, test.field)
	}
	_, err := b.PackRetire(ctx, "refused", books.PackRetirement{Code: "standard"})
	checkRefusal(t, "retire sooner", err, books.Invalid, "from")
	if diff := cmp.Diff(before, theStandardPack(t, b)); diff != "" {
		t.Errorf("a refusal changed the pack:\n%s", diff)
	}
	done[books.Pack](t)(b.PackRetire(ctx, "retire", books.PackRetirement{Code: "standard", From: later}))
	_, err = b.PackRetire(ctx, "again", books.PackRetirement{Code: "standard", From: later})
	checkRefusal(t, "retire again", err, books.PackRetired, "code")
	if version := theStandardPack(t, b).At(later); version.Number != 3 || !version.Retired {
		t.Errorf("of two versions that begin together the last is in force: version %d", version.Number)
	}
}

// checkRefusal holds code, field and that something is said.
func checkRefusal(t *testing.T, what any, err error, code books.Code, field string) {
	t.Helper()
	refusal, ok := err.(*books.Error) //nolint:errorlint // a use case returns its refusal as it is
	if !ok || refusal.Code != code || refusal.Field != field || refusal.Message == "" {
		t.Errorf("%v: %v, want %s of %s", what, err, code, field)
	}
}

// TestPackVersionWhenAsked holds that a price is chosen by the instant, to the microsecond,
// whichever zone it is written in.
func TestPackVersionWhenAsked(t *testing.T) {
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	pack := books.Pack{Tiers: []books.Tier{{}}, Later: []books.PackVersion{{Number: 2, EffectiveFrom: now}, {Number: 3, EffectiveFrom: now}, {Number: 4, EffectiveFrom: now.Add(time.Hour)}}}
	for at, want := range map[time.Time]int{
		{}:                               1,
		now.Add(-1):                      1,
		now:                              3,
		now.In(time.FixedZone("", 3600)): 3,
		now.Add(time.Hour - 1):           3,
		now.Add(time.Hour):               4,
		now.AddDate(90, 0, 0):            4,
	} {
		if got := pack.At(at).Number; got != want {
			t.Errorf("at %s: version %d, want %d", at, got, want)
		}
	}
	for number, exists := range map[int]bool{0: false, 1: true, 4: true, 5: false} {
		if got := pack.Version(number); (got != nil) != exists || exists && got.Number != number {
			t.Errorf("version %d: %v", number, got)
		}
	}
}
