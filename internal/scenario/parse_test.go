package scenario_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "time/tzdata" // zones are part of what is tested, not of the machine

	"drawdown/internal/scenario"
)

// good is a file in which each test spoils one thing.
const good = `id: good
book: { currency: USD, timezone: Europe/Berlin }
policies:
  default: { expires: P12M }
steps:
- { at: 2024-01-10, purchase: { as: pack, customer: acme, credits: 100, price: "10.00" } }
- { at: 2024-01-11T12:00:00, usage: { customer: acme, credits: 2.5 } }
- { at: 2024-02-01, run: all }
- expect:
    movement: { period: 2024-01, usage_revenue: "0.25" }
    balance: { deferred_revenue: "9.75" }
    credits: { acme: "97.5" }
`

func TestParseTakesTheFormat(t *testing.T) {
	file, err := scenario.Parse("dir/good.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if file.ID != "good" || file.Currency != "USD" || file.Zone.String() != "Europe/Berlin" || len(file.Steps) != 4 {
		t.Errorf("read %+v", file)
	}
	if at := file.Steps[0].At; !at.Equal(time.Date(2024, 1, 9, 23, 0, 0, 0, time.UTC)) {
		t.Errorf("a date begins at midnight in Berlin, not at %s", at)
	}
	if at := file.Steps[1].At; !at.Equal(time.Date(2024, 1, 11, 11, 0, 0, 0, time.UTC)) {
		t.Errorf("noon in Berlin is 11:00 UTC, not %s", at)
	}
}

func TestParseNamesAFileThatHasNoID(t *testing.T) {
	file, err := scenario.Parse("dir/pack.yaml", []byte("steps: [ { at: 2024-01-01, run: all } ]"))
	if err != nil || file.ID != "pack" || file.Currency != "USD" || file.Zone != time.UTC {
		t.Errorf("read %+v, %v", file, err)
	}
}

func TestParseTakesEveryFieldOfEveryVerb(t *testing.T) {
	const all = `id: all
title: t
source: s
note: n
policies:
  default: {}
  a:
    expires: never
    burnOrder: [OLDEST, PRIORITY]
    shortExpiry: none
    lateUsage: P3D
    overage: { mode: BILL, rate: "0.05" }
    rollover: none
    breakage: { method: PROPORTIONAL, pool: LOT, rate: 0.1, escheat: "0.4" }
  b: { breakage: { method: REMOTE, remote: { after: P10M, from: LAST_USE } } }
steps:
- at: 2024-01-01
  purchase: { as: p, customer: 7, credits: "1", price: "9", bonus: 1, tax: "1", currency: JPY, fxRate: "0.0067", policy: a,
    effective: 2024-02-01, expires: never, priority: 3, paid: false, due: 2024-03-01, cancellable: false }
- { pay: { purchase: p }, fails: NOT_FOUND }
- grant: { as: g, customer: x, credits: 1, reason: PROMO, policy: b, expires: 2025-01-01T00:00:00.000001, priority: 1 }
- usage: { customer: x, credits: 1, occurred: "2024-01-01T00:00Z", id: u }
- usage: { customer: x, meter: calls, quantity: "3.5" }
- usageVoid: { id: u }
- refund: { purchase: p, amount: "9" }
- estimate: { policy: a, rate: "0.2" }
- run: all
- expect: {}
`
	if _, err := scenario.Parse("all.yaml", []byte(all)); err != nil {
		t.Error(err)
	}
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	steps := func(lines ...string) string { return "steps:\n" + strings.Join(lines, "\n") + "\n" }
	const buy = `- { at: 2024-01-10, purchase: { as: pack, customer: acme, credits: 100, price: "10.00" } }`
	tests := []struct{ src, want string }{
		// The file.
		{"", "bad.yaml:1: the file is empty"},
		{"# nothing\n", "bad.yaml:1: the file is empty"},
		{"- a\n", "bad.yaml:1: must be a mapping of keys to values, not a list"},
		{"id: [\n", "is not YAML"},
		{"id: a\n\tb: c\n", "is not YAML"},
		{steps(buy) + "---\nid: b\n", "a file holds one scenario"},
		{"id: a\n", "bad.yaml:1: steps is missing"},
		{"id: a\nsteps: []\n", "bad.yaml:2: steps must be at least one"},
		{"steps: {}\n", "bad.yaml:1: steps must be a list of steps, not a mapping"},
		{"id:\nsteps: [ { run: all, at: 2024-01-01 } ]\n", "bad.yaml:1: id must be text, not nothing"},
		{"id: ''\n" + steps(buy), "bad.yaml:1: id must not be empty"},
		{"colour: red\n" + steps(buy), "bad.yaml:1: colour is not a key here; the keys are id, title, source, note, book, policies, meters, steps"},
		{"id: a\n" + steps(buy) + "id: b\n", "bad.yaml:4: id is there twice"},
		{"<<: { id: a }\n" + steps(buy), "bad.yaml:1: << is not a key here"},
		{"id: &a b\ntitle: *a\n" + steps(buy), "bad.yaml:2: title must be text, not an alias (*a)"},
		{steps("- { run: all }"), "say nowhere when they happen"},
		// The book.
		{"book: USD\n" + steps(buy), "bad.yaml:1: book must be a mapping"},
		{"book: { currency: USDX }\n" + steps(buy), `bad.yaml:1: book.currency "USDX" is not an ISO 4217 currency code`},
		{"book: { currency: BGN }\n" + steps(buy), "bad.yaml:1: book.currency \"BGN\" was withdrawn"},
		{"book:\n  timezone: Mars/Olympus\n" + steps(buy), `bad.yaml:2: book.timezone "Mars/Olympus" is not an IANA time zone`},
		{"book: { timezone: Local }\n" + steps(buy), `book.timezone "Local" is not an IANA time zone`},
		{"book: { zone: UTC }\n" + steps(buy), "book.zone is not a key here; the keys are currency, timezone"},
		// Policies.
		{"policies: [a]\n" + steps(buy), "policies must be a mapping"},
		{"policies:\n  a b: {}\n" + steps(buy), "bad.yaml:2: policies.a b is not a name for a policy"},
		{"policies:\n  a:\n" + steps(buy), "bad.yaml:2: policies.a must be a mapping of keys to values, not nothing"},
		{"policies:\n  a:\n    expire: P1Y\n" + steps(buy), "bad.yaml:3: policies.a.expire is not a key here"},
		{"policies:\n  a: { expires: P12X }\n" + steps(buy), `bad.yaml:2: policies.a.expires "P12X" is not a duration such as P12M`},
		{"policies:\n  a: { expires: PT5H }\n" + steps(buy), `policies.a.expires "PT5H" is not a duration`},
		{"policies:\n  a:\n    expires: P7D\n" + steps(buy), "bad.yaml:3: policies.a.expires lets credits lapse within 30 days"},
		{"policies:\n  a: { burnOrder: EXPIRY }\n" + steps(buy), "policies.a.burnOrder must be a list"},
		{"policies:\n  a: { burnOrder: [EXPIRY, RANDOM] }\n" + steps(buy), `policies.a.burnOrder knows PRIORITY, EXPIRY, COST_BASIS and OLDEST, not "RANDOM"`},
		{"policies:\n  a: { burnOrder: [EXPIRY, EXPIRY] }\n" + steps(buy), "policies.a.burnOrder names EXPIRY twice"},
		{"policies:\n  a: { overage: { mode: FREE } }\n" + steps(buy), `policies.a.overage.mode must be one of REJECT, BILL, not "FREE"`},
		{"policies:\n  a: { overage: { mode: BILL } }\n" + steps(buy), "policies.a.overage.rate must be the price of one credit"},
		{"policies:\n  a:\n    overage:\n      mode: REJECT\n      rate: '0.05'\n" + steps(buy), "bad.yaml:5: policies.a.overage.rate goes with mode BILL alone"},
		{"policies:\n  a: { rollover: { share: '0.5', extend: P3M } }\n" + steps(buy), "bad.yaml:2: policies.a.rollover goes with expires"},
		{"policies:\n  a: { rollover: half }\n" + steps(buy), "bad.yaml:2: policies.a.rollover must be a mapping"},
		{"policies:\n  a: { expires: P12M, rollover: { share: '0.5' } }\n" + steps(buy), "policies.a.rollover.extend is missing"},
		{"policies:\n  a: { expires: P12M, rollover: { share: '0.5', extend: P3M, times: 2 } }\n" + steps(buy), "policies.a.rollover.times is not a key here"},
		{"policies:\n  a: { expires: P12M, rollover: { share: '1.5', extend: P3M } }\n" + steps(buy), "policies.a.rollover.share must lie between 0 and 1, not 1.5"},
		{"policies:\n  a: { expires: P12M, rollover: { share: '0.5', extend: P0D } }\n" + steps(buy), "policies.a.rollover.extend must be a duration longer than nothing"},
		{"policies:\n  a: { breakage: { method: PROPORTIONAL } }\n" + steps(buy), "policies.a.breakage.rate is missing"},
		{"policies:\n  a: { breakage: { method: PROPORTIONAL, rate: 10% } }\n" + steps(buy), `policies.a.breakage.rate "10%" is not a decimal number`},
		{"policies:\n  a:\n    breakage:\n      method: PROPORTIONAL\n      rate: '1.5'\n" + steps(buy), "bad.yaml:5: policies.a.breakage.rate must lie between 0 and 1, not 1.5"},
		{"policies:\n  a: { breakage: { rate: '0.1' } }\n" + steps(buy), "policies.a.breakage has pool and rate with method PROPORTIONAL alone"},
		{"policies:\n  a: { breakage: { method: REMOTE } }\n" + steps(buy), "policies.a.breakage.remote.after must be a duration such as P10M"},
		{"policies:\n  a: { breakage: { method: REMOTE, remote: { from: PURCHASE } } }\n" + steps(buy), "policies.a.breakage.remote.after is missing"},
		{"policies:\n  a: { breakage: { method: ON_EXPIRY, escheat: '-0.1' } }\n" + steps(buy), "policies.a.breakage.escheat must lie between 0 and 1"},
		// Steps.
		{steps("- run"), "bad.yaml:2: step 1 must be a mapping"},
		{steps("- { at: 2024-01-01 }"), "bad.yaml:2: step 1 has no verb"},
		{steps(buy, "- {}"), "bad.yaml:3: step 2 has no verb"},
		{steps("- { at: 2024-01-01, run: all, pay: { purchase: a } }"), "bad.yaml:2: step 1: pay is a second verb beside run"},
		{steps("- { at: 2024-01-01, buy: {} }"), "bad.yaml:2: step 1: buy is not a key here"},
		{steps("- { at: 2024-01-01, run: all, run: all }"), "bad.yaml:2: step 1: run is there twice"},
		{steps("- { at: 2024-01-01, run: some }"), `bad.yaml:2: step 1: run must be one of all, not "some"`},
		{steps("- { at: 2024-02-30, run: all }"), `bad.yaml:2: step 1: at "2024-02-30" is not a date`},
		{steps("- { at: yesterday, run: all }"), `step 1: at "yesterday" is not a date or an instant`},
		{steps("- { at: 2024-01-01T25:00:00, run: all }"), `step 1: at "2024-01-01T25:00:00" is not a date or an instant`},
		{steps("- { at: '2024-01-01T00:00:00.0000001', run: all }"), "a book keeps microseconds"},
		{steps("- { at: 20240101, run: all }"), "step 1: at must be a date or an instant such as 2024-03-31T12:00:00, not the bare number 20240101"},
		{steps("- { at: 2024-01-02, run: all }", "- { at: 2024-01-01, run: all }"), "bad.yaml:3: step 2: at goes back from 2024-01-02T00:00:00Z to 2024-01-01T00:00:00Z"},
		{"book: { timezone: America/New_York }\n" + steps("- { at: 2024-01-02, run: all }", `- { at: "2024-01-02T04:59:59Z", run: all }`), "bad.yaml:4: step 2: at goes back"},
		{"book: { timezone: Europe/Berlin }\n" + steps("- { at: 2024-03-31T02:30, run: all }"), "does not exist in Europe/Berlin: the clock is put forward past it"},
		{steps("- { at: 2024-01-01, expect: {} }"), "bad.yaml:2: step 1: at does not go with expect"},
		{steps(buy, "- { expect: {}, fails: NOT_FOUND }"), "bad.yaml:3: step 2: fails does not go with expect"},
		{steps(buy, "- { run: all, fails: not found }"), "bad.yaml:3: step 2: fails must be an error code such as NOT_FOUND"},
		// Purchases.
		{steps("- { at: 2024-01-01, purchase: {} }"), "step 1: purchase.customer is missing"},
		{steps("- { at: 2024-01-01, purchase: { customer: a, credits: 1 } }"), "step 1: purchase.price is missing"},
		{steps("- at: 2024-01-01", "  purchase:", "    customer: a", "    credits: 1.2345678", "    price: '1.00'"), `bad.yaml:5: step 1: purchase.credits "1.2345678" has more than six decimals`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1e3, price: "1.00" } }`), `purchase.credits "1e3" is not a decimal number`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1_000, price: "1.00" } }`), `purchase.credits "1_000" is not a decimal number`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 0x10, price: "1.00" } }`), `purchase.credits "0x10" is not a decimal number`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1000000001, price: "1.00" } }`), "is more than 1,000,000,000 credits"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: yes, price: "1.00" } }`), `purchase.credits "yes" is not a decimal number`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: true, price: "1.00" } }`), "purchase.credits must be credits: a number or a string with at most six decimals"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: 1.00 } }`), `purchase.price must be money: a string with the decimals of USD, such as "19.99", not the bare number 1.00`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.5" } }`), `purchase.price "1.5" must have exactly the decimals of USD: "1.50"`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1" } }`), `purchase.price "1" must have exactly the decimals of USD: "1.00"`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "+1.00" } }`), `purchase.price "+1.00" must have exactly the decimals`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.005" } }`), `purchase.price "1.005" has more decimals than its currency (USD): write it like "19.99"`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1,000.00" } }`), `purchase.price "1,000.00" is not a decimal number`},
		{"book: { currency: JPY }\n" + steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00" } }`), `purchase.price "1.00" must have exactly the decimals of JPY: "1"`},
		{"book: { currency: KWD }\n" + steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00" } }`), `purchase.price "1.00" must have exactly the decimals of KWD: "1.000"`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1", currency: XXX } }`), `purchase.currency "XXX" is not an ISO 4217 currency code`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", expires: soon } }`), `purchase.expires "soon" is not a date or an instant`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", expires: P } }`), `purchase.expires "P" is not a duration`},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", priority: high } }`), "purchase.priority must be a whole number"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", priority: 1.5 } }`), "purchase.priority must be a whole number"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", paid: later } }`), "purchase.paid must be true or false"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", due: 2024-02-01 } }`), "purchase.due goes with paid: false"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", cancellable: true } }`), "purchase.cancellable goes with paid: false"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", paid: false, due: 2024-13-01 } }`), `purchase.due "2024-13-01" is not a date`},
		{steps(`- { at: 2024-01-01, purchase: { customer: [a], credits: 1, price: "1.00" } }`), "purchase.customer must be text, not a list"},
		{steps(`- { at: 2024-01-01, purchase: { customer: "", credits: 1, price: "1.00" } }`), "purchase.customer must not be empty"},
		{steps(`- { at: 2024-01-01, purchase: { customer: a, credits: 1, price: "1.00", sku: b } }`), "step 1: purchase.sku is not a key here"},
		{steps(buy, buy), `bad.yaml:3: step 2: purchase.as "pack" is the name of an earlier purchase, grant, hold or manual entry`},
		{steps(buy, "- grant: { as: pack, customer: a, credits: 1, reason: PROMO }"), `bad.yaml:3: step 2: grant.as "pack" is the name of an earlier`},
		// The other verbs.
		{steps(buy, "- grant: { customer: a, credits: 1, reason: LOVE }"), `step 2: grant.reason must be one of PROMO, GOODWILL, not "LOVE"`},
		{steps(buy, "- usage: { customer: a }"), "step 2: usage.credits is missing; give credits, or meter and quantity"},
		{steps(buy, "- usage: { customer: a, credits: 1, meter: m, quantity: 2 }"), "step 2: usage.credits does not go with meter and quantity"},
		{steps(buy, "- usage: { customer: a, meter: m }"), "step 2: usage.quantity is missing"},
		{steps(buy, "- usage: { customer: a, quantity: 2 }"), "step 2: usage.meter is missing"},
		{steps(buy, "- usage: { customer: a, credits: 1, occurred: never }"), `step 2: usage.occurred "never" is not a date`},
		{steps(buy, "- usageVoid: {}"), "step 2: usageVoid.id is missing"},
		{steps(buy, "- refund: { purchase: pack, amount: 1.00 }"), "step 2: refund.amount must be money"},
		{steps(buy, "- estimate: { policy: default }"), "step 2: estimate.rate is missing"},
		{steps(buy, "- pay: pack"), `step 2: pay must be a mapping of keys to values, not the text "pack"`},
		// Expectations.
		{steps(buy, "- expect: { movement: { usage_revenue: '1.00' } }"), "step 2: expect.movement.period is missing"},
		{steps(buy, "- expect: { movement: { period: 2024-13 } }"), `step 2: expect.movement.period "2024-13" is not a period such as 2024-03`},
		{steps(buy, "- expect: { balance: { goodwill: '1.00' } }"), "step 2: expect.balance.goodwill is not an account; the accounts are cash,"},
		{steps(buy, "- expect: { balance: { cash: 1 } }"), "step 2: expect.balance.cash must be money"},
		{steps(buy, "- expect: { credits: { acme: lots } }"), `step 2: expect.credits.acme "lots" is not a decimal number`},
		{steps(buy, "- expect: { revenue: '1.00' }"), "step 2: expect.revenue is not a key here; the keys are movement, balance, credits"},
		// Verbs of the format that come later.
		{steps(buy, "- void: { purchase: '' }"), "bad.yaml:3: step 2: void.purchase must not be empty"},
		{steps(buy, "- dispute: { purchase: pack, amount: '1.00', outcome: HELD }"), "step 2: dispute.outcome must be one of OPEN, WON, LOST, not \"HELD\""},
		{steps(buy, "- extend: { purchase: pack, expires: P2Y }"), "step 2: extend.treatment is missing"},
		{steps(buy, "- reinstate: { purchase: pack, credits: 1, treatment: FREE }"), "step 2: reinstate.treatment must be one of PRICE_CONCESSION, ZERO_BASIS, not \"FREE\""},
		{steps(buy, "- topUpRule: { customer: a, below: 5, credits: 10 }"), "step 2: topUpRule.price is missing"},
		{steps(buy, "- topUpRule: { customer: a, below: 5, credits: 10, pack: p, price: '1.00' }"), "step 2: topUpRule.pack has its own price, currency and policy"},
		{steps(buy, "- topUpRule: { customer: a, below: 5, credits: 10, price: '1', currency: JPY }", "- topUpConfirm: { customer: a, tax: '0.10' }"), "step 3: topUpConfirm.tax \"0.10\" has more decimals than its currency (JPY)"},
		{steps(buy, "- topUpConfirm: { as: pack, customer: a }"), `step 2: topUpConfirm.as "pack" is the name of an earlier purchase`},
		{steps(buy, "- topUpFail: {}"), "step 2: topUpFail.customer is missing"},
		{steps(buy, "- topUpRuleEnd: { customer: a, reason: r }"), "step 2: topUpRuleEnd.reason is not a key here"},
		{steps(buy, "- expect: { topUps: { acme: few } }"), "step 2: expect.topUps.acme must be a whole number"},
		{steps(buy, "- transfer: { from: a, credits: 1 }"), "step 2: transfer.to is missing"},
		{steps(buy, "- close: January"), `step 2: close "January" is not a period such as 2024-03`},
		{steps(buy, "- close: { month: 2024-01 }"), "step 2: close.month is not a key here; the keys are period"},
		{steps(buy, "- close: { period: 2024-01, reason: r }"), "step 2: close.reason is not a key here"},
		{steps(buy, "- reopen: { reason: r }"), "step 2: reopen.period is missing"},
		{steps(buy, "- close: 2024-01\n  reason: r"), "step 2: reason is not a key here; beside a verb it goes with reopen alone"},
	}
	for _, test := range tests {
		_, err := scenario.Parse("bad.yaml", []byte(test.src))
		if err == nil {
			t.Errorf("took this, want %q:\n%s", test.want, test.src)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %q\nwant %q of:\n%s", err, test.want, test.src)
		}
		var problems scenario.ParseErrors
		if !errors.As(err, &problems) || problems[0].Line < 1 || problems[0].File != "bad.yaml" {
			t.Errorf("%q has no file and line", err)
		}
	}
}

func TestParseSaysAllThatIsWrongInOrderOfLines(t *testing.T) {
	src := "colour: red\nbook: { currency: ABC }\nsteps:\n- { at: never, run: all }\n- { run: some }\n"
	var problems scenario.ParseErrors
	if _, err := scenario.Parse("bad.yaml", []byte(src)); !errors.As(err, &problems) || len(problems) != 4 {
		t.Fatalf("got %v", problems)
	}
	for i, line := range []int{1, 2, 4, 5} {
		if problems[i].Line != line {
			t.Errorf("problem %d is on line %d, want %d", i, problems[i].Line, line)
		}
	}
}

func TestInstantsAreOnTheClockOfTheBook(t *testing.T) {
	tests := []struct{ zone, at, utc string }{
		{"Europe/Berlin", "2024-10-27T02:30", "2024-10-27T00:30:00Z"},            // shown twice: the first
		{"Europe/Berlin", `"2024-10-27T02:30:00+01:00"`, "2024-10-27T01:30:00Z"}, // the second, by its offset
		{"Europe/Berlin", "2024-03-31T03:00", "2024-03-31T01:00:00Z"},
		{"Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00Z"},
		{"America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z"}, // midnight is skipped: the day begins at 01:00
		{"Asia/Kathmandu", "2024-05-01T00:00:00.5", "2024-04-30T18:15:00.5Z"},
		{"UTC", "2024-02-29T23:59:59.999999", "2024-02-29T23:59:59.999999Z"},
	}
	for _, test := range tests {
		file, err := scenario.Parse("a.yaml", []byte("book: { timezone: "+test.zone+" }\nsteps: [ { at: "+test.at+", run: all } ]"))
		if err != nil {
			t.Errorf("%s in %s: %v", test.at, test.zone, err)
			continue
		}
		if got := file.Steps[0].At.UTC().Format(time.RFC3339Nano); got != test.utc {
			t.Errorf("%s in %s is %s, want %s", test.at, test.zone, got, test.utc)
		}
	}
}

func TestLimits(t *testing.T) {
	if _, err := scenario.Parse("a.yaml", make([]byte, 5<<20)); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("five megabytes: %v", err)
	}
	many := "steps:\n" + strings.Repeat("- { at: 2024-01-01, run: all }\n", 20_001)
	if _, err := scenario.Parse("a.yaml", []byte(many)); err == nil || !strings.Contains(err.Error(), "at most 20000") {
		t.Errorf("20,001 steps: %.200v", err)
	}
}

// FuzzParse holds that no input breaks the parser, and that what is wrong has a line.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	files, _ := filepath.Glob("../../scenarios/*.yaml")
	for _, path := range files {
		if src, err := os.ReadFile(path); err == nil {
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := scenario.Parse("fuzz.yaml", src)
		if err == nil {
			for _, step := range file.Steps {
				if step.Number < 1 || step.Line < 1 || step.Verb == "" {
					t.Errorf("took a step without number, line or verb: %+v", step)
				}
			}
			return
		}
		var problems scenario.ParseErrors
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("%v is no list of problems", err)
		}
		for _, problem := range problems {
			if problem.Line < 1 || problem.Text == "" {
				t.Errorf("%+v has no line or text", problem)
			}
		}
	})
}
