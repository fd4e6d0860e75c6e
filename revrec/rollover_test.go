package revrec_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"drawdown/revrec"
)

func rolling(share string, breakage revrec.Breakage) revrec.Policy {
	year := duration("P12M")
	return revrec.Policy{
		Expires: &year, LateUsage: duration("P5D"), Breakage: breakage,
		Rollover: &revrec.Rollover{Share: dec(share), Extend: duration("P1M")},
	}
}

// rollable is a paid lot that expires as February 2024 ends, of which so much was used.
func rollable(price, granted, used string) revrec.Lot {
	lot := lapsing(lotOf(price, granted), "2024-02-29")
	lot.Begin(lot.Price, lot.Functional)
	lot.Carrying, lot.CarryingFunctional = lot.Price, lot.Functional
	lot.Rolls, lot.Drawn = true, credits(used)
	return lot
}

func TestRollOver(t *testing.T) {
	onExpiry := revrec.Breakage{}
	zero, due, gone := rollable("100.00", "100", "40"), rollable("100.00", "100", "40"), rollable("100.00", "100", "40")
	zero.LiabilityOn, zero.Carrying, zero.CarryingFunctional = 0, usd("0"), usd("0")
	due.LiabilityOn, due.Carrying, due.CarryingFunctional = day("2024-03-10"), usd("0"), usd("0")
	gone.Removed, gone.RemovedAmount, gone.RemovedFunctional = credits("20"), usd("20.00"), usd("20.00")
	grant := rollable("0.00", "50", "10")
	grant.Kind, grant.LiabilityOn = revrec.GrantLot, 0
	for _, test := range []struct {
		name           string
		lot            revrec.Lot
		policy         revrec.Policy
		uses           []use
		credits, price string
		carried, left  string // of the child, and of the lot
		liability      string
	}{
		{"half of 60", rollable("100.00", "100", "40"), rolling("0.5", onExpiry), nil, "30", "30.00", "30.00", "70.00", "2024-02-29"},
		{"all of it", rollable("100.00", "100", "40"), rolling("1", onExpiry), nil, "60", "60.00", "60.00", "40.00", "2024-02-29"},
		{"down to the millionth", rollable("1.00", "1", "0"), rolling("0.3333333333", onExpiry), nil, "0.333333", "0.33", "0.33", "0.67", "2024-02-29"},
		{"of three, one and a half", rollable("100.00", "3", "0"), rolling("0.5", onExpiry), nil, "1.5", "50.00", "50.00", "50.00", "2024-02-29"},
		{"used up", rollable("100.00", "100", "100"), rolling("0.5", onExpiry), nil, "0", "0.00", "0.00", "100.00", "2024-02-29"},
		{"what was taken out before", gone, rolling("0.5", onExpiry), nil, "20", "20.00", "20.00", "80.00", "2024-02-29"},
		{"a grant", grant, rolling("0.5", onExpiry), nil, "20", "0.00", "0.00", "0.00", ""},
		{"never paid so far", zero, rolling("0.5", onExpiry), nil, "30", "30.00", "0.00", "0.00", ""},
		{"due later", due, rolling("0.5", onExpiry), nil, "30", "30.00", "0.00", "0.00", "2024-03-10"},
		{"remote before: the credits alone", rollable("100.00", "100", "40"), rolling("0.5", remote("P1M", revrec.FromPurchase)), nil, "30", "0.00", "0.00", "100.00", "2024-02-29"},
		{"remote the same day", rollable("100.00", "100", "40"), rolling("0.5", remote("P59D", revrec.FromPurchase)), nil, "30", "30.00", "30.00", "70.00", "2024-02-29"},
		{"used, and so not remote", rollable("100.00", "100", "40"), rolling("0.5", remote("P1M", revrec.FromLastUse)), []use{{"2024-01-31", "40"}}, "30", "30.00", "30.00", "70.00", "2024-02-29"},
	} {
		lot := test.lot
		change, child := lot.RollOver(test.policy, daysOf(test.uses...), time.UTC)
		if change.Kind != revrec.RolledOver || change.Day != day("2024-02-29") || !change.At.Equal(at("2024-03-01")) || change.Credits != credits(test.credits) || change.Amount != usd(test.price) || change.Functional != usd(test.price) {
			t.Errorf("%s: %+v", test.name, change)
		}
		if child.Granted != change.Credits || child.Price != change.Amount || child.Carrying != usd(test.carried) || child.LiabilityOn != day(test.liability) || child.OriginID != "lot" || child.PoolID() != "lot" {
			t.Errorf("%s: the share is %+v", test.name, child)
		}
		if !child.StartsAt.Equal(at("2024-03-01")) || !child.ExpiresAt.Equal(at("2024-04-01")) || !child.AcceptsUntil.Equal(at("2024-04-06")) || child.LapsesOn != day("2024-03-31") || child.LapseDue != child.LapsesOn || child.Rolls {
			t.Errorf("%s: the share has the term %+v", test.name, child)
		}
		if lot.Rolls || lot.Carrying != usd(test.left) || lot.Unused() != test.lot.Unused()-change.Credits || child.PurchasedOn != lot.PurchasedOn || child.Kind != lot.Kind || child.Priority != lot.Priority {
			t.Errorf("%s: the lot is %+v", test.name, lot)
		}
	}
}

func TestDueToRoll(t *testing.T) {
	lot := rollable("1.00", "1", "0")
	never := lot
	never.Rolls = false
	for instant, due := range map[string]bool{"2024-02-29T23:59": false, "2024-03-01": true, "2024-03-02": true} {
		if lot.DueToRoll(at(instant)) != due || never.DueToRoll(at(instant)) {
			t.Errorf("%s: due %v, want %v; or one is due that does not roll", instant, !due, due)
		}
	}
}

// TestRollOverLosesNothing: whatever the share, what rolls over and what lapses are the unused
// credits and the rest of the price, to the cent.
func TestRollOverLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		granted := rapid.Int64Range(1, 1_000_000_000).Draw(t, "granted")
		lot := rollable("0.00", "1", "0")
		lot.Granted, lot.Drawn = revrec.Credits(granted), revrec.Credits(rapid.Int64Range(0, granted).Draw(t, "drawn"))
		lot.Price.Minor = rapid.Int64Range(0, 1_000_000).Draw(t, "price")
		lot.Functional.Minor = rapid.Int64Range(0, 1_000_000).Draw(t, "functional")
		share := dec("1").DivRound(dec("1").Add(dec(rapid.SampledFrom([]string{"0", "0.5", "1", "2", "999999"}).Draw(t, "share"))), 10)
		policy := rolling(share.String(), revrec.Breakage{})
		unused := lot.Unused()
		days := []revrec.LotDay{{Day: day("2024-02-01"), Drawn: lot.Drawn}}
		change, child := lot.RollOver(policy, nil, time.UTC)
		if change.Credits < 0 || change.Credits > unused || lot.Unused()+child.Granted != unused {
			t.Fatalf("of %s rolled %s, and %s lapse", unused, change.Credits, lot.Unused())
		}
		released := revrec.ReleaseRest(lot, policy.Breakage, revrec.ShareOf(policy.Breakage.Escheat), days, []revrec.Change{change}, lot.LapsesOn, nil)
		earned := revrec.Earned(lot.Price, lot.Granted, lot.Drawn).Minor
		functional := revrec.Earned(lot.Functional, lot.Granted, lot.Drawn).Minor
		for _, r := range released {
			earned, functional = earned+r.Amount.Minor, functional+r.Functional.Minor
			if r.Amount.Minor < 0 || r.Functional.Minor < 0 {
				t.Fatalf("released %+v", r)
			}
		}
		if earned+child.Price.Minor != lot.Price.Minor || functional+child.Functional.Minor != lot.Functional.Minor {
			t.Fatalf("%s: used and lapsed %d, lives on %s", lot.Price, earned, child.Price)
		}
	})
}
