package revrec_test

import (
	"testing"

	"drawdown/revrec"
)

// Worked by hand with B = min(r·G, G − U) and B·U ÷ (G − B): G 1,000.00, U 450.00, a fifth of it the law's.
func TestOutlook(t *testing.T) {
	for _, test := range []struct{ points, rate, revenue, unclaimed, earned, deferred string }{
		{"-5", "0.05", "18.95", "4.74", "468.95", "526.31"},          // 50 x 450 / 950 = 23.684: x 0.8 = 18.947, x 0.2 = 4.737
		{"-1", "0.09", "35.60", "8.90", "485.60", "505.50"},          // 90 x 450 / 910 = 44.505: 35.604, 8.901
		{"0", "0.10", "40.00", "10.00", "490.00", "500.00"},          // 100 x 450 / 900 = 50
		{"1", "0.11", "44.49", "11.12", "494.49", "494.39"},          // 110 x 450 / 890 = 55.618: 44.494, 11.124
		{"5", "0.15", "63.53", "15.88", "513.53", "470.59"},          // 150 x 450 / 850 = 79.412: 63.529, 15.882
		{"-20", "0", "0.00", "0.00", "450.00", "550.00"},             // never below nothing
		{"60", "0.70", "440.00", "110.00", "890.00", "0.00"},         // B = 550, all that is unused: never beyond it
		{"95", "0.9999999999", "440.00", "110.00", "890.00", "0.00"}, // never all that was sold
	} {
		rate := revrec.MovedRate(dec("0.10"), dec(test.points))
		if !rate.Equal(dec(test.rate)) {
			t.Errorf("0.10 moved by %s is %s, want %s", test.points, rate, test.rate)
		}
		got := revrec.OutlookOf(minor("1000.00"), minor("450.00"), rate, dec("0.2"))
		want := revrec.Outlook{
			Early:       revrec.Early{RevenueMinor: minor(test.revenue), UnclaimedMinor: minor(test.unclaimed)},
			EarnedMinor: minor(test.earned), DeferredMinor: minor(test.deferred),
		}
		if got != want {
			t.Errorf("moved by %s it comes to %+v, want %+v", test.points, got, want)
		}
	}
	if rate := revrec.MovedRate(dec("1"), dec("0")); !rate.Equal(dec("1")) {
		t.Errorf("moved by nothing, 1 is %s", rate)
	}
}
