package revrec_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

func TestPolicyCheck(t *testing.T) {
	expires := func(text string) func(*revrec.Policy) {
		return func(p *revrec.Policy) {
			d := ledger.Duration{}
			if text != "" {
				d = duration(text)
			}
			p.Expires = &d
		}
	}
	rollover := func(share, extend string) func(*revrec.Policy) {
		return func(p *revrec.Policy) {
			expires("P12M")(p)
			p.Rollover = &revrec.Rollover{Share: dec(share)}
			if extend != "" {
				p.Rollover.Extend = duration(extend)
			}
		}
	}
	breakage := func(b revrec.Breakage) func(*revrec.Policy) { return func(p *revrec.Policy) { p.Breakage = b } }
	overage := func(mode revrec.OverageMode, rate string) func(*revrec.Policy) {
		return func(p *revrec.Policy) { p.Overage = revrec.Overage{Mode: mode, Rate: dec(rate)} }
	}
	burn := func(rules ...revrec.BurnRule) func(*revrec.Policy) {
		return func(p *revrec.Policy) { p.BurnOrder = rules }
	}

	tests := []struct {
		name  string
		set   func(*revrec.Policy)
		field string // "" where the policy is good
		short bool
	}{
		{"all defaults", func(*revrec.Policy) {}, "", false},
		{"a year", expires("P12M"), "", false},
		{"31 days", expires("P31D"), "", false},
		{"30 days", expires("P30D"), "expires", true},
		{"a week", expires("P1W"), "expires", true},
		{"a week, with a reason", func(p *revrec.Policy) { expires("P1W")(p); p.ShortExpiry = "a day pass" }, "", false},
		{"no time at all", expires(""), "expires", false},
		{"rollover", rollover("0.5", "P3M"), "", false},
		{"rollover of all, for a day", rollover("1", "P1D"), "", false},
		{"rollover of nothing", rollover("0", "P3M"), "rollover.share", false},
		{"rollover of less than nothing", rollover("-0.5", "P3M"), "rollover.share", false},
		{"rollover of more than all", rollover("1.1", "P3M"), "rollover.share", false},
		{"rollover with eleven decimals", rollover("0.12345678901", "P3M"), "rollover.share", false},
		{"rollover for no time", rollover("0.5", ""), "rollover.extend", false},
		{"rollover of what never lapses", func(p *revrec.Policy) { rollover("0.5", "P3M")(p); p.Expires = nil }, "rollover", false},
		{"burn order", burn(revrec.ByOldest), "", false},
		{"burn order with an unknown rule", burn("RANDOM"), "burnOrder", false},
		{"burn order with a rule twice", burn(revrec.ByOldest, revrec.ByExpiry, revrec.ByOldest), "burnOrder", false},
		{"bill overage", overage(revrec.BillOverage, "0.05"), "", false},
		{"bill overage at nothing", overage(revrec.BillOverage, "0"), "overage.rate", false},
		{"bill overage below nothing", overage(revrec.BillOverage, "-0.05"), "overage.rate", false},
		{"bill overage with eleven decimals", overage(revrec.BillOverage, "0.00000000001"), "overage.rate", false},
		{"bill overage beyond all bounds", overage(revrec.BillOverage, "1000000001"), "overage.rate", false},
		{"reject with a rate", overage(revrec.RejectOverage, "0.05"), "overage.rate", false},
		{"an unknown overage mode", overage("FREE", "0"), "overage.mode", false},
		{"proportional", breakage(revrec.Breakage{Method: revrec.Proportional, Rate: dec("0.1")}), "", false},
		{"proportional, all and nothing", breakage(revrec.Breakage{Method: revrec.Proportional, Rate: dec("1"), Escheat: dec("1")}), "", false},
		{"a share above all", breakage(revrec.Breakage{Method: revrec.Proportional, Rate: dec("1.01")}), "breakage.rate", false},
		{"a share below nothing", breakage(revrec.Breakage{Method: revrec.Proportional, Rate: dec("-0.01")}), "breakage.rate", false},
		{"a share with eleven decimals", breakage(revrec.Breakage{Method: revrec.Proportional, Rate: dec("0.12345678901")}), "breakage.rate", false},
		{"an unknown pool", breakage(revrec.Breakage{Method: revrec.Proportional, Pool: "CUSTOMER"}), "breakage.pool", false},
		{"a rate without proportional", breakage(revrec.Breakage{Method: revrec.OnExpiry, Rate: dec("0.1")}), "breakage", false},
		{"a pool without proportional", breakage(revrec.Breakage{Method: revrec.Remote, Pool: revrec.PoolByLot, RemoteAfter: duration("P1M")}), "breakage", false},
		{"remote", breakage(revrec.Breakage{Method: revrec.Remote, RemoteAfter: duration("P10M")}), "", false},
		{"remote after no time", breakage(revrec.Breakage{Method: revrec.Remote}), "breakage.remote.after", false},
		{"remote from nowhere", breakage(revrec.Breakage{Method: revrec.Remote, RemoteAfter: duration("P1M"), RemoteFrom: "BIRTH"}), "breakage.remote.from", false},
		{"a remote rule without remote", breakage(revrec.Breakage{Method: revrec.OnExpiry, RemoteAfter: duration("P1M")}), "breakage", false},
		{"an unknown method", breakage(revrec.Breakage{Method: "NEVER"}), "breakage.method", false},
		{"more escheats than breaks", breakage(revrec.Breakage{Method: revrec.OnExpiry, Escheat: dec("1.1")}), "breakage.escheat", false},
	}
	for _, test := range tests {
		var policy revrec.Policy
		test.set(&policy)
		err := policy.WithDefaults().Check()
		var wrong *revrec.FieldError
		switch {
		case test.field == "" && err != nil:
			t.Errorf("%s: refused: %v", test.name, err)
		case test.field != "" && (!errors.As(err, &wrong) || wrong.Field != test.field || wrong.ShortExpiry != test.short || wrong.Problem == ""):
			t.Errorf("%s: got %v, want a refusal of %s", test.name, err, test.field)
		}
	}
}

func TestPolicyDefaults(t *testing.T) {
	p := revrec.Policy{}.WithDefaults()
	if p.Overage.Mode != revrec.RejectOverage || p.Breakage.Method != revrec.OnExpiry ||
		!slices.Equal(p.BurnOrder, []revrec.BurnRule{revrec.ByPriority, revrec.ByExpiry, revrec.ByCostBasis, revrec.ByOldest}) {
		t.Errorf("the defaults are %+v", p)
	}
	p = revrec.Policy{Breakage: revrec.Breakage{Method: revrec.Proportional}}.WithDefaults()
	if p.Breakage.Pool != revrec.PoolByPurchaseMonth {
		t.Errorf("pools are %s by default", p.Breakage.Pool)
	}
	p = revrec.Policy{Breakage: revrec.Breakage{Method: revrec.Remote}}.WithDefaults()
	if p.Breakage.RemoteFrom != revrec.FromPurchase {
		t.Errorf("remoteness counts from %s by default", p.Breakage.RemoteFrom)
	}
}

func TestShortExpiry(t *testing.T) {
	tests := []struct {
		start, expires string
		short          bool
	}{
		{"2024-03-01", "2024-03-31", true},
		{"2024-03-01", "2024-03-31T00:01", false},
		{"2024-02-01", "2024-03-01", true},
		{"2024-01-01", "2024-02-01", false},
	}
	for _, test := range tests {
		if got := revrec.IsShortExpiry(at(test.start), at(test.expires)); got != test.short {
			t.Errorf("%s to %s is short: %v, want %v", test.start, test.expires, got, test.short)
		}
	}
	if revrec.ShortestExpiry != 30*24*time.Hour {
		t.Errorf("the shortest expiry is %s", revrec.ShortestExpiry)
	}
}
