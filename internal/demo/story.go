package demo

import (
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// The customers whose figures one can check by hand. Credits of the pack "credits" cost
// 0.10 each from 1,000 on, 0.08 from 10,000 on, 0.06 from 100,000 on.
const (
	// Larkspur bought 50,000 credits for 4,000.00 on 20 January and used 35,000 of them
	// by November, 3,500 a month: 2,800.00 is revenue, 15,000 credits lapse on 20 January.
	Larkspur = "larkspur-labs"
	// PaperLantern bought 1,000 for 100.00 on 6 January and used 640: 64.00. The rest
	// lapsed a year later: 36.00, of which the law claims a fifth, 7.20.
	PaperLantern = "paper-lantern"
	// Quillfeather bought 10,000 for 800.00, used 2,500 and got 600.00 back.
	Quillfeather = "quillfeather-press"
	// Tidepool pays as it goes: 1,000 for 100.00, and 350 more at 0.12: 42.00.
	Tidepool = "tidepool-media"
	// Alpenglow pays in euros: 10,000 for EUR 740.00 at 1.085: USD 802.90.
	Alpenglow = "alpenglow-software"
	// Granite was invoiced 25,000.00 for 500,000 credits on 10 February, due on 12 March,
	// paid on 20 March, and used credits before it was due.
	Granite = "granite-peak"
	// Saltmarsh bought 100,000 for 6,000.00 that never lapse, used 40,000 until May, and
	// nothing since: 3,600.00 became revenue when use had become remote.
	Saltmarsh = "saltmarsh-archive"
)

// customer is somebody of the demo. Regulars use so many credits in a month, grow, and
// buy again when they run low.
type customer struct {
	id, name string
	monthly  int64  // credits a month at first; 0 for those with a story of their own
	topUp    int64  // credits bought at a time
	pack     string // "credits" where empty
}

var stories = []customer{
	{id: Larkspur, name: "Larkspur Labs"},
	{id: PaperLantern, name: "Paper Lantern Studio"},
	{id: Quillfeather, name: "Quillfeather Press"},
	{id: Tidepool, name: "Tidepool Media"},
	{id: Alpenglow, name: "Alpenglow Software GmbH"},
	{id: Granite, name: "Granite Peak Systems"},
	{id: Saltmarsh, name: "Saltmarsh Archive"},
}

var regulars = []customer{
	{id: "ember-street", name: "Ember Street Bank", monthly: 21_000, topUp: 100_000},
	{id: "harborlight", name: "Harborlight Insurance", monthly: 16_500, topUp: 100_000},
	{id: "riverstone", name: "Riverstone Clinics", monthly: 12_000, topUp: 100_000},
	{id: "yarrow-genomics", name: "Yarrow Genomics", monthly: 9_500, topUp: 100_000},
	{id: "bramble-finch", name: "Bramble & Finch", monthly: 2_400, topUp: 10_000},
	{id: "copperleaf", name: "Copperleaf Health", monthly: 3_100, topUp: 10_000},
	{id: "dovetail", name: "Dovetail Logistics", monthly: 1_900, topUp: 10_000},
	{id: "foxglove", name: "Foxglove Retail", monthly: 2_700, topUp: 10_000},
	{id: "gullwing", name: "Gullwing Mobility", monthly: 1_500, topUp: 10_000},
	{id: "juniper-ridge", name: "Juniper Ridge Energy", monthly: 2_200, topUp: 10_000},
	{id: "kestrel-maps", name: "Kestrel Maps", monthly: 3_600, topUp: 10_000},
	{id: "lodestar", name: "Lodestar Legal", monthly: 1_700, topUp: 10_000},
	{id: "quartz-hill", name: "Quartz Hill Mining", monthly: 1_300, topUp: 10_000},
	{id: "sparrowhawk", name: "Sparrowhawk Security", monthly: 2_900, topUp: 10_000},
	{id: "vesper-hotels", name: "Vesper Hotels", monthly: 1_600, topUp: 10_000},
	{id: "zephyr-freight", name: "Zephyr Freight", monthly: 2_000, topUp: 10_000},
	{id: "inkwell-tutors", name: "Inkwell Tutors", monthly: 210, topUp: 1_000},
	{id: "marigold-foods", name: "Marigold Foods", monthly: 160, topUp: 1_000},
	{id: "nightjar-audio", name: "Nightjar Audio", monthly: 240, topUp: 1_000},
	{id: "oakmoss", name: "Oakmoss Realty", monthly: 130, topUp: 1_000},
	{id: "pinecone-games", name: "Pinecone Games", monthly: 280, topUp: 1_000},
	{id: "thistledown", name: "Thistledown Travel", monthly: 190, topUp: 1_000},
	{id: "umber-arts", name: "Umber Arts", monthly: 90, topUp: 1_000},
	{id: "willowbrook", name: "Willowbrook Schools", monthly: 150, topUp: 1_000},
	{id: "cinder-vale", name: "Cinder Vale Foundry", monthly: 180, topUp: 1_000, pack: "pay-as-you-go"},
	{id: "hollow-oak", name: "Hollow Oak Brewing", monthly: 120, topUp: 1_000, pack: "pay-as-you-go"},
}

// Story is a customer of the demo whose figures one can check by hand.
type Story struct {
	Customer string // external id
	Tells    string
}

// Stories lists the customers with a story.
func Stories() []Story {
	return []Story{
		{Larkspur, "used 35,000 of 50,000 credits by November; 15,000 lapse on 20 January"},
		{PaperLantern, "used 640 of 1,000; 36.00 lapsed on 6 January, a fifth of it unclaimed property"},
		{Quillfeather, "used a quarter of 800.00 and got 600.00 back"},
		{Tidepool, "used 350 credits beyond the balance, billed at 0.12"},
		{Alpenglow, "pays in euros; nine days of usage came late"},
		{Granite, "was invoiced 25,000.00 and used credits before it was due"},
		{Saltmarsh, "stopped using in May; the rest was released when use had become remote"},
	}
}

// act is something that somebody does at a time.
type act struct {
	at time.Time
	do func(b *builder) error
}

// on is an hour of 2025.
func on(month time.Month, day, hour int) time.Time {
	return time.Date(2025, month, day, hour, 0, 0, 0, time.UTC)
}

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func pointer(text string) *decimal.Decimal {
	d := number(text)
	return &d
}

// catalogue makes the policies, packs and meters.
func catalogue(b *builder) error {
	year, quarter, halfYear := ledger.Duration{Months: 12}, ledger.Duration{Days: 90}, ledger.Duration{Months: 6}
	for _, p := range []books.NewPolicy{
		{Code: "annual", Name: "Lapses after a year; breakage in proportion to use", Policy: revrec.Policy{
			Expires: &year, LateUsage: ledger.Duration{Days: 3},
			Breakage: revrec.Breakage{Method: revrec.Proportional, Rate: number("0.10"), Escheat: number("0.2")},
		}},
		{Code: "enterprise", Name: "Never lapses; remote after six months without use", Policy: revrec.Policy{
			Breakage: revrec.Breakage{Method: revrec.Remote, RemoteAfter: halfYear, RemoteFrom: revrec.FromLastUse},
		}},
		{Code: "pay-as-you-go", Name: "A year, then 0.12 for every credit beyond the balance", Policy: revrec.Policy{
			Expires: &year, Overage: revrec.Overage{Mode: revrec.BillOverage, Rate: number("0.12")},
		}},
		{Code: "promo", Name: "Free credits for ninety days", Policy: revrec.Policy{Expires: &quarter}},
	} {
		if _, err := b.books.PolicyCreate(b.ctx, b.key("policy", p.Code), p); err != nil {
			return err
		}
	}
	tiers := []books.NewTier{
		{Credits: number("1000"), Price: number("100")},
		{Credits: number("10000"), Price: number("800")},
		{Credits: number("100000"), Price: number("6000")},
	}
	for _, p := range []books.NewPack{
		{Code: "credits", Name: "Credits", Policy: "annual", Currency: "USD", Tiers: tiers},
		{Code: "credits-eur", Name: "Credits in euros", Policy: "annual", Currency: "EUR", Tiers: []books.NewTier{
			{Credits: number("1000"), Price: number("92.50")}, {Credits: number("10000"), Price: number("740")},
		}},
		{Code: "enterprise", Name: "Enterprise agreement", Policy: "enterprise", Currency: "USD", Tiers: []books.NewTier{
			{Credits: number("100000"), Price: number("6000")}, {Credits: number("500000"), Price: number("25000")},
		}},
		{Code: "pay-as-you-go", Name: "Pay as you go", Policy: "pay-as-you-go", Currency: "USD", Tiers: tiers[:1]},
	} {
		if _, err := b.books.PackCreate(b.ctx, b.key("pack", p.Code), p); err != nil {
			return err
		}
	}
	for _, m := range []books.NewMeter{
		{Code: "api_call", Name: "API call", Unit: "calls", Credits: number("1"), Per: number("1")},
		{Code: "premium_feature", Name: "Premium feature", Unit: "uses", Credits: number("5"), Per: number("1")},
		{Code: "tokens_in", Name: "Tokens in", Unit: "tokens", Credits: number("1"), Per: number("1000")},
		{Code: "tokens_out", Name: "Tokens out", Unit: "tokens", Credits: number("5"), Per: number("1000")},
	} {
		if _, err := b.books.MeterCreate(b.ctx, b.key("meter", m.Code), m); err != nil {
			return err
		}
	}
	return nil
}

// told are the acts of the customers with a story.
func told() []act {
	acts := []act{
		{on(1, 6, 9), buys(PaperLantern, "credits", "1000")},
		{on(1, 20, 10), buys(Larkspur, "credits", "50000")},
		{on(1, 27, 11), buys(Saltmarsh, "enterprise", "100000")},
		{on(2, 10, 9), func(b *builder) error {
			return b.purchase(books.NewPurchase{
				Customer: Granite, Pack: "enterprise", Credits: number("500000"),
				Invoiced: true, DueOn: ledger.NewDate(2025, 3, 12), Reference: "INV-2025-0007",
			})
		}},
		{on(3, 3, 9), buys(Quillfeather, "credits", "10000")},
		{on(3, 5, 14), buys(Tidepool, "pay-as-you-go", "1000")},
		{on(3, 20, 15), func(b *builder) error {
			_, err := b.books.Pay(b.ctx, b.key("pay", Granite), books.Payment{PurchaseID: b.bought[Granite][0]})
			return err
		}},
		{on(4, 1, 9), func(b *builder) error {
			_, err := b.books.FXRateSet(b.ctx, b.key("rates", "2025-04-01"), books.SetFXRates{Rates: []books.NewFXRate{{
				Currency: "EUR", Day: ledger.NewDate(2025, 4, 1), Rate: number("1.085"), Source: "ECB reference rate",
			}}})
			if err != nil {
				return err
			}
			return b.purchase(books.NewPurchase{Customer: Alpenglow, Pack: "credits-eur", Credits: number("10000"), Reference: "RE-1041"})
		}},
		{on(4, 15, 16), func(b *builder) error {
			_, err := b.books.Refund(b.ctx, b.key("refund", Quillfeather), books.RefundRequest{
				PurchaseID: b.bought[Quillfeather][0], Amount: number("600"), Reason: "The magazine was closed",
			})
			return err
		}},
		{on(7, 1, 10), func(b *builder) error {
			_, err := b.books.EstimateCreate(b.ctx, b.key("estimate", "annual"), books.NewEstimate{
				Policy: "annual", Rate: number("0.08"), Reason: "Half a year of use: fewer credits go unused than was thought",
			})
			return err
		}},
		// Somebody proposed a lower share, and nobody has approved it yet.
		{on(12, 15, 11), func(b *builder) error {
			ctx := books.WithCaller(b.ctx, books.Caller{Actor: "oidc:carla", Name: "carla@example.com", Kind: books.ByOIDC, Persons: []string{"carla@example.com"}})
			_, err := b.books.EstimatePropose(ctx, b.key("estimate", "annual-2026"), books.NewEstimate{
				Policy: "annual", From: ledger.NewDate(2026, 1, 31), Rate: number("0.075"), Reason: "The first cohort left 7.5 % of its credits unused",
			})
			return err
		}},
		// Refunds are expected that nobody has asked for yet; somebody else is to decide.
		{on(12, 15, 12), func(b *builder) error {
			ctx := books.WithCaller(b.ctx, books.Caller{Actor: "oidc:carla", Name: "carla@example.com", Kind: books.ByOIDC, Persons: []string{"carla@example.com"}})
			_, err := b.books.ManualEntryPropose(ctx, b.key("manual", "refunds-2025"), books.NewManualEntry{
				AccountingDate: ledger.NewDate(2025, 12, 31), Description: "Refunds expected for the outage of 9 December",
				Reason: "Three customers were promised their money back for that day",
				Lines: []books.NewManualLine{
					{Account: ledger.Refunds, Amount: number("150")},
					{Account: ledger.RefundLiability, Credit: true, Amount: number("150")},
				},
			})
			return err
		}},
		// The first month was closed, and somebody wants it open again.
		{on(12, 16, 11), closesJanuary},
		// A gateway was cut off for nine days and sent what it had when it came back.
		{on(9, 12, 8), uses(Alpenglow, "gateway-eu", "late-1", "api_call", "75", on(9, 3, 17))},
		// A retry went out under a new id: the same calls twice, the second taken back.
		{on(10, 8, 9), uses("kestrel-maps", "gateway", "retry-1", "api_call", "40", on(10, 8, 9))},
		{on(10, 10, 9), func(b *builder) error {
			_, err := b.books.VoidUsage(b.ctx, b.key("void", "retry-1"), books.UsageVoid{
				Customer: "kestrel-maps", Source: "gateway", ID: "retry-1", Reason: "Sent twice under two ids",
			})
			return err
		}},
		{on(11, 3, 9), gives("umber-arts", "250", "GOODWILL")},
		{End.Add(-40 * time.Minute), func(b *builder) error {
			_, err := b.books.BudgetCreate(b.ctx, b.key("budget", "tiles"), books.NewBudget{
				Customer: "kestrel-maps", Name: "Tiles", Dimension: books.EventDimension{Key: "team", Value: "tiles"}, Limit: number("2000"),
				Per: books.PerMonth, Mode: books.SoftBudget, Reason: "Half of what the team asked for",
			})
			return err
		}},
		// A long job has begun, whose credits nothing else may use.
		{End.Add(-30 * time.Minute), holds("kestrel-maps", "40", "tiles-2026-01")},
	}
	acts = append(acts, spread(PaperLantern, 1, 10, 64)...)
	acts = append(acts, spread(Larkspur, 2, 11, 3_500)...)
	acts = append(acts, spread(Saltmarsh, 2, 5, 10_000)...)
	acts = append(acts, spread(Granite, 2, 12, 36_000)...)
	acts = append(acts, spread(Quillfeather, 3, 3, 2_500)...)
	acts = append(acts, spread(Tidepool, 4, 12, 150)...)
	acts = append(acts, spread(Alpenglow, 4, 12, 900)...)
	return acts
}

func buys(customer, pack, credits string) func(*builder) error {
	return func(b *builder) error {
		return b.purchase(books.NewPurchase{Customer: customer, Pack: pack, Credits: number(credits)})
	}
}

func gives(customer, credits, reason string) func(*builder) error {
	return func(b *builder) error {
		_, err := b.books.Grant(b.ctx, b.key("grant", customer+reason), books.NewGrant{
			Customer: customer, Policy: "promo", Credits: number(credits), Reason: reason,
		})
		return err
	}
}

func holds(customer, credits, job string) func(*builder) error {
	return func(b *builder) error {
		_, err := b.books.HoldCreate(b.ctx, b.key("hold", job), books.NewHold{
			Customer: customer, Credits: pointer(credits), Reference: job, Dimensions: []books.EventDimension{{Key: "team", Value: "tiles"}},
		})
		return err
	}
}

func uses(customer, source, id, meter, quantity string, occurred time.Time) func(*builder) error {
	return func(b *builder) error {
		b.use(books.UsageInput{Source: source, ID: id, Customer: customer, Meter: meter, Quantity: pointer(quantity), OccurredAt: occurred})
		return nil
	}
}

// spread uses exactly so many credits in each of the months of 2025, in calls on the
// weekdays from the 8th to the 27th, the same number each day and what is left on the last.
func spread(customer string, from, to time.Month, credits int64) []act {
	var acts []act
	for month := from; month <= to; month++ {
		var days []time.Time
		for day := 8; day <= 27; day++ {
			if at := on(month, day, 15); at.Weekday() != time.Saturday && at.Weekday() != time.Sunday {
				days = append(days, at)
			}
		}
		left := credits
		for i, at := range days {
			part := credits / int64(len(days))
			if i == len(days)-1 {
				part = left
			}
			left -= part
			id := at.Format(time.DateOnly) + "/" + customer + "/api_call"
			acts = append(acts, act{at, uses(customer, "gateway", id, "api_call", decimal.NewFromInt(part).String(), at)})
		}
	}
	return acts
}
