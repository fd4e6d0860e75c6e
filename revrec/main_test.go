package revrec_test

import (
	"flag"
	"os"
	"testing"
	"time"
	_ "time/tzdata" // zones are part of what is tested, not of the machine

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// TestMain has every property checked ten thousand times. -short and an explicit
// -rapid.checks are obeyed.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked && !testing.Short() {
		if err := flag.Set("rapid.checks", "10000"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// The tables below are in major units and whole words, as an accountant writes them.

func usd(text string) ledger.Amount { return money(text, "USD") }

func money(text string, currency ledger.Currency) ledger.Amount {
	amount, err := ledger.ParseAmount(text, currency)
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return amount
}

func minor(text string) int64 { return usd(text).Minor }

func credits(text string) revrec.Credits {
	c, err := revrec.ParseCredits(text)
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return c
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// day reads "2024-03-31", and "" as no day.
func day(text string) ledger.Date {
	var d ledger.Date
	if err := d.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return d
}

func duration(text string) ledger.Duration {
	d, err := ledger.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return d
}

// at reads "2024-03-31" or "2024-03-31T12:00" in UTC, and "" as never.
func at(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	panic("no instant: " + text)
}

// lotOf is a paid lot in USD, bought on 2024-01-01.
func lotOf(price, granted string) revrec.Lot {
	bought := day("2024-01-01")
	return revrec.Lot{
		ID: "lot", CustomerID: "acme", PolicyID: "policy", Kind: revrec.PurchaseLot,
		Granted: credits(granted), Price: usd(price), Functional: usd(price),
		PurchasedOn: bought, StartsAt: bought.Start(time.UTC), LiabilityOn: bought, Priority: 100,
		RefundedAmount: usd("0"), RefundedFunctional: usd("0"),
	}
}

// lapsing gives the lot its last day.
func lapsing(lot revrec.Lot, last string) revrec.Lot {
	lot.LapsesOn = day(last)
	lot.ExpiresAt = (lot.LapsesOn + 1).Start(time.UTC)
	lot.AcceptsUntil = lot.ExpiresAt
	return lot
}

// row is a recognition as the tables write it.
type row struct{ day, kind, amount, unclaimed string }

func rows(recognitions []revrec.Recognition) []row {
	var all []row
	for _, r := range recognitions {
		unclaimed := ""
		if !r.Unclaimed.IsZero() {
			unclaimed = r.Unclaimed.Text()
		}
		all = append(all, row{r.Day.String(), string(r.Kind), r.Amount.Text(), unclaimed})
	}
	return all
}

// book adds recognitions to what is booked.
func book(booked revrec.Booked, recognitions []revrec.Recognition) {
	for _, r := range recognitions {
		key := revrec.BookedKey{Day: r.Day, Kind: r.Kind}
		sum := booked[key]
		sum.Credits += r.Credits
		sum.Minor += r.Amount.Minor
		sum.Functional += r.Functional.Minor
		sum.Unclaimed += r.Unclaimed.Minor
		sum.UnclaimedFunctional += r.UnclaimedFunctional.Minor
		if sum == (revrec.BookedSum{}) {
			delete(booked, key)
			continue
		}
		booked[key] = sum
	}
}
