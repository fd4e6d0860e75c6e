package ledger_test

import (
	"testing"
	"time"

	"drawdown/ledger"
)

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT1H": time.Hour, "PT90M": 90 * time.Minute, "PT1S": time.Second, "P30D": 720 * time.Hour,
		"P2DT12H": 60 * time.Hour, "P1DT1H1M1S": 25*time.Hour + time.Minute + time.Second, "PT0S": 0, "PT3600S": time.Hour,
	} {
		got, err := ledger.ParseSpan(text)
		if err != nil || time.Duration(got) != want {
			t.Errorf("%s is %v, %v, not %v", text, time.Duration(got), err, want)
		}
		var again ledger.Span
		if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
			t.Errorf("%s comes back as %v, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1DT", "P1M", "P1Y", "P1W", "PT1.5H", "PT-1H", "-PT1H", "1H", "PT1H ", "PT1M1H", "P1000D", "PT123456789S", "PT1X"} {
		if got, err := ledger.ParseSpan(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
