package storetest

import (
	"context"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func book(t *testing.T, s *suite) {
	settled := books.Book{Functional: "JPY", Zone: "Asia/Tokyo", CreatedAt: noon}
	s.update(func(ctx context.Context, tx books.Tx) {
		_, err := tx.Book(ctx)
		refused(t, err, books.NotFound)
		same(t, ledger.Period(0))(tx.ClosedThrough(ctx))
		must(t, tx.SaveBook(ctx, settled))
		same(t, settled)(tx.Book(ctx))
	})
	err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		return tx.SaveBook(ctx, books.Book{Functional: "USD", Zone: "UTC", CreatedAt: noon})
	})
	refused(t, err, books.AlreadyExists)
	s.view(func(ctx context.Context, tx books.Tx) { same(t, settled)(tx.Book(ctx)) })
}

func idempotency(t *testing.T, s *suite) {
	record := books.IdempotencyRecord{Key: "it's a key", Operation: "grant.create", Hash: []byte{0, 1, 255}, Answer: []byte(`{"a":"?"}`), CreatedAt: noon}
	s.update(func(ctx context.Context, tx books.Tx) {
		_, found, err := tx.IdempotencyKey(ctx, record.Key)
		must(t, err)
		if found {
			t.Fatal("a key is there before it was kept")
		}
		must(t, tx.SaveIdempotencyKey(ctx, record))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		got, found, err := tx.IdempotencyKey(ctx, record.Key)
		if !found {
			t.Fatal("the key is not there")
		}
		same(t, record)(got, err)
	})
	err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.SaveIdempotencyKey(ctx, record) })
	refused(t, err, books.AlreadyExists)
}

func customers(t *testing.T, s *suite) {
	policy, other := aPolicy("standard"), aPolicy("other")
	acme, bolt, percent := aCustomer("acme"), aCustomer("bolt"), aCustomer("100%_a\\b")
	bolt.Name = "Bolt's"
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPolicy(ctx, other))
		for _, customer := range []books.Customer{acme, bolt, percent} {
			must(t, tx.InsertCustomer(ctx, customer))
		}
		bolt.PolicyID = policy.ID
		must(t, tx.SetFirstPolicy(ctx, bolt.ID, policy.ID))
		must(t, tx.SetFirstPolicy(ctx, bolt.ID, other.ID)) // changes nothing
		percent.PolicyID = other.ID
		must(t, tx.SetCustomerPolicy(ctx, percent.ID, policy.ID))
		must(t, tx.SetCustomerPolicy(ctx, percent.ID, other.ID))
		refused(t, tx.SetCustomerPolicy(ctx, newID(), policy.ID), books.NotFound)
		refused(t, tx.SetFirstPolicy(ctx, newID(), policy.ID), books.NotFound)
	})
	err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertCustomer(ctx, aCustomer("acme")) })
	refused(t, err, books.AlreadyExists)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Customer{percent})(tx.CustomersByID(ctx, []string{percent.ID}))
		same(t, []books.Customer{acme, bolt})(inOrder(customerID)(tx.CustomersByID(ctx, []string{bolt.ID, "none", acme.ID})))
		same(t, []books.Customer{bolt})(tx.CustomersByExternalID(ctx, []string{"bolt", "bol"}))
		sameIDs(t, customerID)(tx.CustomersByID(ctx, nil))
		sameIDs(t, customerID, acme.ID, bolt.ID, percent.ID)(tx.Customers(ctx, books.CustomerFilter{}, books.Page{}))
		sameIDs(t, customerID, bolt.ID)(tx.Customers(ctx, books.CustomerFilter{Search: "BOLT'"}, books.Page{}))
		sameIDs(t, customerID, percent.ID)(tx.Customers(ctx, books.CustomerFilter{Search: "%_a\\"}, books.Page{}))
		same(t, int64(1))(tx.CountCustomers(ctx, books.CustomerFilter{Search: "mer ac"})) // "Customer acme"
		same(t, int64(0))(tx.CountCustomers(ctx, books.CustomerFilter{Search: "_cme"}))
	})
}

func policies(t *testing.T, s *suite) {
	year := ledger.Duration{Months: 12}
	full := books.Policy{ID: newID(), Code: "full", Name: "Full", CreatedAt: noon, Policy: revrec.Policy{
		Expires: &year, ShortExpiry: "because", BurnOrder: []revrec.BurnRule{revrec.ByOldest, revrec.ByPriority}, LateUsage: ledger.Duration{Days: 3},
		Rollover: &revrec.Rollover{Share: dec("0.0000000001"), Extend: ledger.Duration{Months: 3, Days: 1}},
		Overage:  revrec.Overage{Mode: revrec.BillOverage, Rate: dec("0.0000000001")},
		Breakage: revrec.Breakage{
			Method: revrec.Proportional, Pool: revrec.PoolByPolicy, Rate: dec("0.1234567891"), Escheat: dec("0.4"),
		},
	}}
	remote := books.Policy{ID: newID(), Code: "remote", Name: "Remote", CreatedAt: noon, Policy: revrec.Policy{
		BurnOrder: revrec.DefaultBurnOrder(), Overage: revrec.Overage{Mode: revrec.RejectOverage},
		Breakage: revrec.Breakage{Method: revrec.Remote, RemoteAfter: ledger.Duration{Months: 10}, RemoteFrom: revrec.FromLastUse},
	}}
	estimate := func(from ledger.Date, rate string) books.Estimate {
		return books.Estimate{Estimate: revrec.Estimate{ID: newID(), From: from, Rate: dec(rate)}, PolicyID: full.ID, Reason: "history", CreatedAt: noon}
	}
	later, sooner, sameDay := estimate(day+1, "0.2"), estimate(day, "0.15"), estimate(day+1, "0.25")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, full))
		must(t, tx.InsertPolicy(ctx, remote))
		for _, e := range []books.Estimate{later, sooner, sameDay} {
			must(t, tx.InsertEstimate(ctx, e))
		}
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertPolicy(ctx, aPolicy("full")) }), books.AlreadyExists)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Policy{full, remote})(tx.Policies(ctx, books.CatalogFilter{}, books.Page{}))
		same(t, []books.Policy{remote})(tx.Policies(ctx, books.CatalogFilter{}, books.Page{After: full.ID}))
		same(t, []books.Policy{full})(tx.PoliciesByID(ctx, []string{full.ID}))
		same(t, []books.Policy{remote})(tx.PoliciesByCode(ctx, []string{"remote", "none"}))
		same(t, []books.Estimate{sooner, later, sameDay})(tx.Estimates(ctx, []string{full.ID}))
		same(t, []books.Estimate{})(tx.Estimates(ctx, []string{remote.ID}))
	})
}

func packsAndMeters(t *testing.T, s *suite) {
	policy := aPolicy("standard")
	pack := func(code string, tiers ...books.Tier) books.Pack {
		return books.Pack{ID: newID(), Code: code, Name: "Pack " + code, PolicyID: policy.ID, Currency: "EUR", Tiers: tiers, CreatedAt: noon}
	}
	small := pack("small", books.Tier{Credits: 10 * revrec.One, Price: eur(100)}, books.Tier{Credits: 100 * revrec.One, Price: eur(900)})
	large := pack("large", books.Tier{Credits: 5 * revrec.One, Price: eur(7)})
	meter := func(code, credits, per string) books.Meter {
		return books.Meter{ID: newID(), Code: code, Name: "Meter " + code, Unit: "token", Credits: dec(credits), Per: dec(per), CreatedAt: noon}
	}
	in, out := meter("in", "1", "1000"), meter("out", "0.0000001", "3.5")
	second := books.PackVersion{Number: 2, EffectiveFrom: noon, PolicyID: policy.ID, Reason: "costs", CreatedAt: noon, Tiers: []books.Tier{
		{Credits: 10 * revrec.One, Price: eur(120)}, {Credits: 1000 * revrec.One, Price: eur(9999)},
	}}
	third := books.PackVersion{Number: 3, EffectiveFrom: noon.AddDate(1, 0, 0), PolicyID: policy.ID, Retired: true, CreatedAt: noon}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPack(ctx, small))
		must(t, tx.InsertPack(ctx, large))
		must(t, tx.InsertMeter(ctx, in))
		must(t, tx.InsertMeter(ctx, out))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.SharePack(ctx, "small"))
		must(t, tx.HoldPack(ctx, "small"))
		must(t, tx.InsertPackVersion(ctx, small.ID, second))
		must(t, tx.InsertPackVersion(ctx, small.ID, third))
		small.Later = []books.PackVersion{second, third}
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertPackVersion(ctx, small.ID, third) }), books.AlreadyExists)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertPack(ctx, pack("small")) }), books.AlreadyExists)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertMeter(ctx, meter("in", "1", "1")) }), books.AlreadyExists)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Pack{small, large})(tx.Packs(ctx, books.CatalogFilter{}, books.Page{}))
		same(t, []books.Pack{large})(tx.Packs(ctx, books.CatalogFilter{}, books.Page{Limit: 1, Reverse: true}))
		same(t, []books.Pack{small})(tx.PacksByID(ctx, []string{small.ID}))
		same(t, []books.Pack{large})(tx.PacksByCode(ctx, []string{"large"}))
		same(t, []books.Meter{in, out})(tx.Meters(ctx, books.CatalogFilter{}, books.Page{}))
		same(t, []books.Meter{out})(tx.MetersByID(ctx, []string{out.ID}))
		same(t, []books.Meter{in})(tx.MetersByCode(ctx, []string{"in"}))
	})
}

// values sends what databases and their drivers like to change: quotes, wide characters,
// the ends of 64 bits, the first instant, and times of other zones.
func values(t *testing.T, s *suite) {
	policy := aPolicy("standard")
	policy.Name = "it's \"quoted\" ?0 ?? -- \\ % 💳 ü\n;"
	customer := aCustomer("ext '; DROP TABLE lots; --")
	customer.CreatedAt = noon.Truncate(0).AddDate(-54, 0, 0) // 1970
	event := anEvent(customer.ID, "e?1", revrec.Credits(1<<62))
	event.OccurredAt = event.OccurredAt.UTC()
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertCustomer(ctx, customer))
		must(t, tx.InsertEvents(ctx, []books.UsageEvent{event}))
		same(t, []books.Policy{policy})(tx.PoliciesByID(ctx, []string{policy.ID}))
		same(t, []books.Customer{customer})(tx.CustomersByExternalID(ctx, []string{customer.ExternalID}))
		same(t, []books.UsageEvent{event})(tx.EventsByID(ctx, []string{event.ID}))
	})
	epoch := aCustomer("epoch")
	epoch.CreatedAt = epoch.CreatedAt.AddDate(-100, 0, 0)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertCustomer(ctx, epoch))
		same(t, []books.Customer{epoch})(tx.CustomersByID(ctx, []string{epoch.ID}))
	})
	// A NUL cannot be kept as text: it is refused, not dropped.
	if err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertCustomer(ctx, aCustomer("a\x00b")) }); err == nil {
		t.Fatal("a NUL was taken")
	}
}
