package books_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func priceList(currency ledger.Currency, tiers ...books.Tier) books.Pack {
	for i := range tiers {
		tiers[i].Price.Currency = currency
	}
	return books.Pack{Code: "standard", Currency: currency, Tiers: tiers}
}

func tier(credits revrec.Credits, minor int64) books.Tier {
	return books.Tier{Credits: credits, Price: ledger.Money(minor, "")}
}

// standard is 1,000 for 100.00, from 10,000 on 0.08 each, from 100,000 on 0.06.
func standard() books.Pack {
	return priceList("USD", tier(1000*revrec.One, 100_00), tier(10_000*revrec.One, 800_00), tier(100_000*revrec.One, 6_000_00))
}

// TestQuotes is a price list as a salesperson reads it, in both directions, worked out by hand.
func TestQuotes(t *testing.T) {
	at := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		credits, budget      string
		bought, price, exact string
		rounded, unspent     string
		more, difference     string
		saving, reason, hint string
	}{
		{
			credits: "1500", bought: "1500", price: "150.00", exact: "1/10", rounded: "0.1",
			more: "8500", difference: "650.00", saving: "200.00", // 10,000 at 0.10 are 1,000.00
			reason: "1,500 credits: the tier from 1,000 on applies, at USD 100.00 for 1,000 credits",
		},
		{
			credits: "9999", bought: "9999", price: "999.90", exact: "1/10", rounded: "0.1",
			more: "1", difference: "-199.90", saving: "200.00",
			reason: "9,999 credits: the tier from 1,000 on applies, at USD 100.00 for 1,000 credits",
			hint:   "10,000 credits cost USD 800.00, which is USD 199.90 less than 9,999: buy more for less",
		},
		{
			credits: "8000", bought: "8000", price: "800.00", exact: "1/10", rounded: "0.1",
			more: "2000", difference: "0.00", saving: "200.00",
			reason: "8,000 credits: the tier from 1,000 on applies, at USD 100.00 for 1,000 credits",
			hint:   "10,000 credits cost USD 800.00 too: buy more for the same",
		},
		{ // 1000.05 × 0.1 = 100.005, half away from zero; 100.01 ÷ 1000.05 = 10001/100005 = 0.10000499975001…
			credits: "1000.05", bought: "1000.05", price: "100.01", exact: "10001/100005", rounded: "0.1000049998",
			more: "8999.95", difference: "699.99", saving: "200.00",
			reason: "1,000.05 credits: the tier from 1,000 on applies, at USD 100.00 for 1,000 credits",
		},
		{
			credits: "100000", bought: "100000", price: "6000.00", exact: "3/50", rounded: "0.06",
			reason: "100,000 credits: the tier from 100,000 on applies, at USD 6000.00 for 100,000 credits",
		},
		{ // the first tier ends at 799.99 of a budget of 900.00: 10,000 and more are cheaper
			budget: "900", bought: "11250", price: "900.00", exact: "2/25", rounded: "0.08", unspent: "0.00",
			more: "88750", difference: "5100.00", saving: "2000.00",
			reason: "11,250 credits: the tier from 10,000 on applies, at USD 800.00 for 10,000 credits",
		},
		{ // 799.99 buys 7,999.9 at 0.10, so 7,999 whole ones
			budget: "799.99", bought: "7999", price: "799.90", exact: "1/10", rounded: "0.1", unspent: "0.09",
			more: "2001", difference: "0.10", saving: "200.00",
			reason: "7,999 credits: the tier from 1,000 on applies, at USD 100.00 for 1,000 credits",
		},
	} {
		request := books.QuoteRequest{Whole: true}
		if test.credits != "" {
			credits := decimal.RequireFromString(test.credits)
			request.Credits = &credits
		} else {
			budget := decimal.RequireFromString(test.budget)
			request.Budget = &budget
		}
		quote, err := standard().Quote(at, request)
		if err != nil {
			t.Errorf("%s%s: %v", test.credits, test.budget, err)
			continue
		}
		got := test
		got.bought, got.price, got.exact, got.rounded = quote.Credits.String(), quote.Price.Text(), quote.PerCredit.Exact, quote.PerCredit.Rounded.String()
		got.unspent, got.more, got.difference, got.saving, got.reason, got.hint = "", "", "", "", quote.Reason, quote.Hint
		if quote.Unspent != nil {
			got.unspent = quote.Unspent.Text()
		}
		if quote.Next != nil {
			got.more, got.difference, got.saving = quote.Next.More.String(), quote.Next.Difference.Text(), quote.Next.Saving.Text()
		}
		if got != test {
			t.Errorf("got  %+v\nwant %+v", got, test)
		}
	}
}

// TestQuoteRefusals holds what has no price.
func TestQuoteRefusals(t *testing.T) {
	at := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	retired := standard()
	retired.Later = []books.PackVersion{{Number: 2, EffectiveFrom: at, Retired: true}}
	dear := priceList("JPY", tier(1, ledger.MaxMinor))
	number := func(text string) *decimal.Decimal { d := decimal.RequireFromString(text); return &d }
	for i, test := range []struct {
		pack    books.Pack
		request books.QuoteRequest
		code    books.Code
		field   string
	}{
		{standard(), books.QuoteRequest{}, books.Invalid, "credits"},
		{standard(), books.QuoteRequest{Credits: number("1"), Budget: number("1")}, books.Invalid, "credits"},
		{standard(), books.QuoteRequest{Credits: number("0")}, books.Invalid, "credits"},
		{standard(), books.QuoteRequest{Credits: number("999.999999")}, books.Invalid, "credits"},
		{standard(), books.QuoteRequest{Credits: number("1000.0000001")}, books.Invalid, "credits"},
		{standard(), books.QuoteRequest{Budget: number("99.99"), Whole: true}, books.Invalid, "budget"},
		{standard(), books.QuoteRequest{Budget: number("-1")}, books.Invalid, "budget"},
		{standard(), books.QuoteRequest{Budget: number("100.001")}, books.Invalid, "budget"},
		{dear, books.QuoteRequest{Credits: number("1000000000")}, books.TooLarge, "credits"}, // 10²⁸ yen
		{retired, books.QuoteRequest{Credits: number("1000")}, books.PackRetired, "pack"},
	} {
		_, err := test.pack.Quote(at, test.request)
		checkRefusal(t, i, err, test.code, test.field)
	}
}

// drawPriceList is any price list that PackCreate takes: more credits, no dearer per credit.
func drawPriceList(t *rapid.T, most revrec.Credits, dearest int64) books.Pack {
	var tiers []books.Tier
	for range rapid.IntRange(1, 5).Draw(t, "tiers") {
		next := tier(revrec.Credits(rapid.Int64Range(1, int64(most)).Draw(t, "credits")), rapid.Int64Range(0, dearest).Draw(t, "price"))
		if len(tiers) > 0 {
			last := tiers[len(tiers)-1]
			if next.Credits <= last.Credits {
				continue
			}
			if at, within := last.PriceOf(next.Credits); within {
				next.Price.Minor = min(next.Price.Minor, at.Minor)
			}
		}
		tiers = append(tiers, next)
	}
	return priceList("USD", tiers...)
}

// TestBudgetIsSpentExactly holds that a budget pays for what it buys and for no more: of any
// price list, quote(price(quote)) ≤ budget < price(next).
func TestBudgetIsSpentExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pack := drawPriceList(t, revrec.MaxCredits, ledger.MaxMinor)
		budget := decimal.New(rapid.Int64Range(0, ledger.MaxMinor).Draw(t, "budget"), -2)
		whole := rapid.Bool().Draw(t, "whole")
		step := revrec.Credits(1)
		if whole {
			step = revrec.One
		}
		quote, err := pack.Quote(time.Time{}, books.QuoteRequest{Budget: &budget, Whole: whole})
		if err != nil {
			if first := (pack.Tiers[0].Credits + step - 1) / step * step; books.CodeOf(err) != books.Invalid || first <= revrec.MaxCredits && costs(t, pack, first) <= cents(budget) {
				t.Fatal(err)
			}
			return
		}
		if quote.Credits%step != 0 || quote.Price.Minor > cents(budget) || quote.Price.Minor != costs(t, pack, quote.Credits) {
			t.Fatalf("%s for %s of a budget of %s", quote.Credits, quote.Price, budget)
		}
		if next := quote.Credits + step; next <= revrec.MaxCredits && costs(t, pack, next) <= cents(budget) {
			t.Fatalf("%s can be had for %s too, not only %s", next, budget, quote.Credits)
		}
		back := quote.Price.Decimal()
		again, err := pack.Quote(time.Time{}, books.QuoteRequest{Budget: &back, Whole: whole})
		if err != nil || again.Price.Minor > cents(budget) || again.Credits < quote.Credits {
			t.Fatalf("the price of %s buys %s (%v)", quote.Credits, again.Credits, err)
		}
	})
}

// TestBudgetBuysTheMost tries every count of credits of small price lists, where the price
// falls from tier to tier.
func TestBudgetBuysTheMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pack := drawPriceList(t, 60, 40)
		budget := rapid.Int64Range(0, 60).Draw(t, "budget")
		var most revrec.Credits
		for credits := pack.Tiers[0].Credits; credits <= 4000; credits++ {
			if costs(t, pack, credits) <= budget {
				most = credits
			}
		}
		if most == 4000 {
			return // it goes on beyond what was tried
		}
		asked := decimal.New(budget, -2)
		if quote, err := pack.Quote(time.Time{}, books.QuoteRequest{Budget: &asked}); (err != nil) != (most == 0) || quote.Credits != most {
			t.Fatalf("%d buys %d millionths, not %d (%v)", budget, quote.Credits, most, err)
		}
	})
}

func cents(major decimal.Decimal) int64 { return major.Shift(2).IntPart() }

// costs is the price of credits, more than any budget where no purchase may cost so much.
func costs(t *rapid.T, pack books.Pack, credits revrec.Credits) int64 {
	price, err := pack.At(time.Time{}).PriceOf(pack, credits)
	if err != nil && books.CodeOf(err) == books.TooLarge {
		return ledger.MaxMinor + 1
	}
	if err != nil {
		t.Fatal(err)
	}
	return price.Minor
}
