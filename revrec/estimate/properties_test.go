package estimate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

var dec = decimal.RequireFromString

func sample(t *testing.T) History {
	t.Helper()
	h, _ := typical("sample", func(w *world) { w.customers, w.refunds = 60, 0.02 }).play(rand.New(rand.NewPCG(3, 4)))
	return h
}

func mustRun(t *testing.T, h History, p Parameters) Result {
	t.Helper()
	p.Replications = MinReplications
	r, err := Run(h, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var methods = []Method{ChainLadder, BornhuetterFerguson, KaplanMeier}

func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	h := sample(t)
	for _, method := range methods {
		first := mustRun(t, h, Parameters{Method: method}).Canonical()
		shuffled := History{h.Through, h.ExpiryAge, append([]Record{}, h.Records...)}
		rand.New(rand.NewPCG(5, 6)).Shuffle(len(shuffled.Records), func(i, j int) {
			shuffled.Records[i], shuffled.Records[j] = shuffled.Records[j], shuffled.Records[i]
		})
		// Zeros at the end of a list say nothing either.
		shuffled.Records[0].Refunded = append(shuffled.Records[0].Refunded, 0, 0, 0)
		if again := mustRun(t, shuffled, Parameters{Method: method}).Canonical(); !bytes.Equal(first, again) {
			t.Errorf("%s: another order, another result\n%s\n%s", method, first, again)
		}
	}
}

// Twice the credits are the same shares to the last bit; a tenth are, but for the last decimal.
func TestScaleDoesNotMatter(t *testing.T) {
	h := sample(t)
	scale := func(by func(revrec.Credits) revrec.Credits) History {
		out := History{Through: h.Through, ExpiryAge: h.ExpiryAge}
		for _, r := range h.Records {
			next := Record{Customer: r.Customer, Cohort: r.Cohort, Sold: by(r.Sold)}
			for age := range r.Used {
				next.Used = append(next.Used, by(r.Used[age]))
				next.Refunded = append(next.Refunded, by(r.Refunded[age]))
			}
			out.Records = append(out.Records, next)
		}
		return out
	}
	for _, method := range methods {
		one := mustRun(t, h, Parameters{Method: method})
		two := mustRun(t, scale(func(c revrec.Credits) revrec.Credits { return c * 2 }), Parameters{Method: method})
		ten := mustRun(t, scale(func(c revrec.Credits) revrec.Credits { return c * 10 }), Parameters{Method: method})
		if !two.Rate.Equal(one.Rate) || !two.Point.Equal(one.Point) || !two.High.Equal(one.High) {
			t.Errorf("%s: twice the credits have %s, not %s", method, two.Rate, one.Rate)
		}
		if ten.Rate.Sub(one.Rate).Abs().GreaterThan(dec("0.0001")) {
			t.Errorf("%s: ten times the credits have %s, not %s", method, ten.Rate, one.Rate)
		}
	}
}

func TestResultIsRepeatable(t *testing.T) {
	h := sample(t)
	for _, method := range methods {
		first := mustRun(t, h, Parameters{Method: method, Seed: 7})
		again := mustRun(t, h, first.Parameters) // with the defaults that were taken
		if method == BornhuetterFerguson && first.Parameters.MatureAge == 0 {
			t.Errorf("the mature age that was taken is not kept")
		}
		if !bytes.Equal(first.Canonical(), again.Canonical()) {
			t.Errorf("%s: not repeated by its own parameters\n%s\n%s", method, first.Canonical(), again.Canonical())
		}
		if other := mustRun(t, h, Parameters{Method: method, Seed: 8}); other.Point.Cmp(first.Point) != 0 {
			t.Errorf("%s: the point estimate depends on the seed", method)
		}
		read, err := Read(first.Canonical())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read.Canonical(), first.Canonical()) {
			t.Errorf("%s: not what was written: %+v", method, read)
		}
	}
	if _, err := Read([]byte(`{"version":1}`)); err == nil {
		t.Error("read what is no estimate")
	}
}

// A lower percentile never has a higher rate, and no rate is above the point estimate.
func TestPercentilesAreInOrder(t *testing.T) {
	h := sample(t)
	for _, method := range methods {
		before := decimal.Zero
		for _, p := range []string{"0.01", "0.05", "0.1", "0.25", "0.4", "0.5"} {
			r := mustRun(t, h, Parameters{Method: method, Percentile: dec(p)})
			if r.Rate.LessThan(before) || r.Rate.GreaterThan(r.Point) || r.Rate.GreaterThan(r.Constrained) {
				t.Errorf("%s: at %s the rate is %s after %s, point %s", method, p, r.Rate, before, r.Point)
			}
			before = r.Rate
		}
		narrow := mustRun(t, h, Parameters{Method: method, Confidence: dec("0.5")})
		wide := mustRun(t, h, Parameters{Method: method, Confidence: dec("0.95")})
		if narrow.Low.LessThan(wide.Low) || narrow.High.GreaterThan(wide.High) || narrow.Point.LessThan(narrow.Low) && narrow.Point.LessThan(wide.Low) {
			t.Errorf("%s: %s to %s is not within %s to %s", method, narrow.Low, narrow.High, wide.Low, wide.High)
		}
	}
}

// The bytes of a canonical result are the same on every machine, which this file holds by its
// own: whoever changes a figure changes Version with it.
func TestCanonicalBytes(t *testing.T) {
	// Whole numbers alone make this history: the made-up worlds take logarithms of the machine.
	h := History{Through: 2024*12 + 17, ExpiryAge: 6}
	source := rand.NewPCG(1, 2)
	for month := range 18 {
		for c := range 60 {
			left := int64(source.Uint64()%1_000_000+1) * int64(revrec.One)
			r := Record{Customer: string(rune('A' + c)), Cohort: 2024*12 + ledger.Period(month), Sold: revrec.Credits(left)}
			for range min(7, 18-month) {
				use := left / 100 * int64(source.Uint64()%60)
				r.Used = append(r.Used, revrec.Credits(use))
				left -= use
			}
			h.Records = append(h.Records, r)
		}
	}
	for method, want := range map[Method]string{ChainLadder: canonicalChainLadder, BornhuetterFerguson: canonicalBornhuetterFerguson, KaplanMeier: canonicalKaplanMeier} {
		r := mustRun(t, h, Parameters{Method: method})
		sum := sha256.Sum256(r.Canonical())
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: %s, not %s\n%s", method, got, want, r.Canonical())
		}
	}
}

const (
	canonicalChainLadder         = "e060a27a4642768bb70b9a27b3470e8d88d4f38d23d2eff8c767d59d37ef01a9"
	canonicalBornhuetterFerguson = "b9867714292a55fc4f3c806ef8099bb3cc72c85b963ffbe16dc505f15b18d8dc"
	canonicalKaplanMeier         = "21aed5e3c4a510283e713e28b209d457fb0cbea58529c8636707021e0c181de2"
)

// A processor that has x·y+z in one instruction rounds once where others round twice. The
// compiler takes it wherever a product is added that is not converted first, so the assembly
// for such a processor must not have it.
func TestNothingIsFused(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for another machine")
	}
	// With a flag that no earlier build had, or a cache that lost the output prints none.
	build := exec.Command("go", "build", "-gcflags=-S -D="+t.TempDir(), ".")
	build.Env = append(build.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "FMULD") {
		t.Fatal("no assembly to look at")
	}
	seen := map[string]bool{}
	for _, line := range regexp.MustCompile(`\(([^()]*\.go:\d+)\)\s+(FN?M(?:ADD|SUB)D)`).FindAllStringSubmatch(string(out), -1) {
		if !seen[line[1]] {
			t.Errorf("%s: a product is added in one instruction, %s; write float64(x*y)+z", line[1], line[2])
		}
		seen[line[1]] = true
	}
}

func TestHash(t *testing.T) {
	h := History{Through: 2024 * 12, ExpiryAge: 12, Records: []Record{
		{Customer: "acme", Cohort: 2023*12 + 5, Sold: 100, Used: []revrec.Credits{1, 2, 0}},
		{Customer: "beta", Cohort: 2023*12 + 5, Sold: 100},
	}}
	first := h.Hash()
	if raw, err := hex.DecodeString(first); err != nil || len(raw) != 32 {
		t.Errorf("%q is no SHA-256", first)
	}
	h.Records[0], h.Records[1] = h.Records[1], h.Records[0]
	if h.Hash() != first {
		t.Error("the order of records counts")
	}
	h.Records[1].Used = h.Records[1].Used[:2]
	if h.Hash() != first {
		t.Error("a zero at the end counts")
	}
	for name, change := range map[string]func(*History){
		"through":  func(h *History) { h.Through++ },
		"expiry":   func(h *History) { h.ExpiryAge++ },
		"name":     func(h *History) { h.Records[0].Customer = "bet" },
		"cohort":   func(h *History) { h.Records[0].Cohort++ },
		"sold":     func(h *History) { h.Records[0].Sold++ },
		"refunded": func(h *History) { h.Records[0].Refunded = []revrec.Credits{1} },
		"used for refunded": func(h *History) {
			h.Records[1].Used, h.Records[1].Refunded = nil, h.Records[1].Used
		},
		"once more": func(h *History) { h.Records = append(h.Records, h.Records[0]) },
	} {
		other := History{h.Through, h.ExpiryAge, append([]Record{}, h.Records...)}
		change(&other)
		if other.Hash() == first {
			t.Errorf("%s does not count", name)
		}
	}
}

// Figures by hand. A void in a later month comes off the months before, latest first; use after
// the age of expiry counts as of that age.
func TestRecordsAsTheyCount(t *testing.T) {
	c := func(n ...revrec.Credits) []revrec.Credits { return n }
	for name, test := range map[string]struct {
		used, refunded []revrec.Credits
		want           []int64
		field          string
	}{
		"as it is":                   {used: c(10, 20, 30), want: []int64{10, 20, 30}},
		"ends early":                 {used: c(10), want: []int64{10, 0, 0}},
		"after the age of expiry":    {used: c(10, 20, 30, 4, 5), want: []int64{10, 20, 39}},
		"taken back":                 {used: c(10, 20, -25), want: []int64{5, 0, 0}},
		"taken back and used again":  {used: c(10, -10, 7), want: []int64{0, 0, 7}},
		"more back than was used":    {used: c(10, -11), field: "records[0].used[1]"},
		"more than was sold":         {used: c(60, 41), field: "records[0].used"},
		"refunds and use above sold": {used: c(60), refunded: c(0, 41), field: "records[0].used"},
		"a refund below zero":        {refunded: c(-1), field: "records[0].refunded[0]"},
		"refunds above what is sold": {refunded: c(60, 41), field: "records[0].refunded[1]"},
		"after the history":          {used: c(1, 1, 1, 1, 1, 1), field: "records[0].used[5]"},
		"the least there is":         {used: c(math.MinInt64), field: "records[0].used[0]"},
		"the most there is":          {used: c(math.MaxInt64, math.MaxInt64), field: "records[0].used[1]"},
	} {
		h := History{Through: 2024*12 + 4, ExpiryAge: 2, Records: []Record{{Customer: "acme", Cohort: 2024 * 12, Sold: 100, Used: test.used, Refunded: test.refunded}}}
		e, err := h.check()
		var invalid *InvalidError
		switch {
		case test.field != "" && (!errors.As(err, &invalid) || invalid.Field != test.field):
			t.Errorf("%s: %v, not of %s", name, err, test.field)
		case test.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.field == "" && !reflect.DeepEqual(e.rows[0].used, test.want):
			t.Errorf("%s: %v, not %v", name, e.rows[0].used, test.want)
		}
	}
}

// Sums of 64 bits: nine billion credits and a half are nearly all there are.
func TestCreditsThatDoNotAddUp(t *testing.T) {
	h := History{Through: 2024 * 12, ExpiryAge: 1, Records: []Record{
		{Customer: "a", Cohort: 2024 * 12, Sold: math.MaxInt64}, {Customer: "b", Cohort: 2024 * 12, Sold: 1},
	}}
	if _, err := Run(h, Parameters{}); !errors.Is(err, ErrTooManyCredits) {
		t.Errorf("%v", err)
	}
}

// Three cohorts of forty customers who all buy 100 and do the same: 20, 30 and 10 are used by
// age, 40 break; two cohorts are open. Nobody differs, so there is no range.
func TestWhatEverybodyDoes(t *testing.T) {
	h := History{Through: 2024*12 + 4, ExpiryAge: 2}
	use := []revrec.Credits{20 * revrec.One, 30 * revrec.One, 10 * revrec.One}
	for month := range 5 {
		for c := range 40 {
			h.Records = append(h.Records, Record{
				Customer: string(rune('A' + c)), Cohort: 2024*12 + ledger.Period(month), Sold: 100 * revrec.One, Used: use[:min(3, 5-month)],
			})
		}
	}
	for _, method := range methods {
		r := mustRun(t, h, Parameters{Method: method})
		for what, got := range map[string]decimal.Decimal{"point": r.Point, "low": r.Low, "high": r.High, "rate": r.Rate} {
			if !got.Equal(dec("0.4")) {
				t.Errorf("%s: %s is %s, not 0.4", method, what, got)
			}
		}
		if used := r.Curve[1].Used; !used.Equal(dec("0.5")) {
			t.Errorf("%s: half is used by the end of age 1, not %s", method, used)
		}
		// The youngest has 800 used of 4,000; 2,000 and 2,400 are expected by ages 1 and 2.
		for age, want := range []revrec.Credits{800, 2000, 2400, 2400} {
			if got, ok := r.Expected(h.Through, age); !ok || got != want*revrec.One {
				t.Errorf("%s: %s expected at age %d, not %d", method, got, age, want)
			}
		}
		if got := r.ExpectedOf(1000*revrec.One, 1); got != 500*revrec.One {
			t.Errorf("%s: %s expected of 1,000 at age 1", method, got)
		}
	}
}

// By hand, with use as above (20, 30, 10 of 100) and an a priori breakage of 0.5 up to the age of
// expiry: of the youngest 20 + 100 · 0.5 · (1 − 1/3) = 53.33 are used, of the one before
// 50 + 100 · 0.5 · (1 − 5/6) = 58.33, so 88.33 of 200 break: 0.441667. The rate is down.
func TestPriorByHand(t *testing.T) {
	h := History{Through: 2024*12 + 4, ExpiryAge: 2}
	use := []revrec.Credits{20 * revrec.One, 30 * revrec.One, 10 * revrec.One}
	for month := range 5 {
		for c := range 40 {
			h.Records = append(h.Records, Record{
				Customer: string(rune('A' + c)), Cohort: 2024*12 + ledger.Period(month), Sold: 100 * revrec.One, Used: use[:min(3, 5-month)],
			})
		}
	}
	r := mustRun(t, h, Parameters{Prior: decimal.NewNullDecimal(dec("0.5")), MatureAge: 2})
	if !r.Point.Equal(dec("0.441667")) || !r.Rate.Equal(dec("0.4416")) || !r.Prior.Decimal.Equal(dec("0.5")) {
		t.Errorf("point %s, rate %s, prior %s", r.Point, r.Rate, r.Prior.Decimal)
	}
}

// By hand: at the end of the third month the first cohort had used 20, 30 and 10 of 100, the next two
// had begun alike, so breakage was 40 in a hundred; in the end neither used the last 10.
func TestLookingBack(t *testing.T) {
	h := History{Through: 2024*12 + 4, ExpiryAge: 2}
	for month := range 5 {
		for c := range 40 {
			use := []revrec.Credits{20 * revrec.One, 30 * revrec.One, 10 * revrec.One}
			if month > 0 {
				use[2] = 0
			}
			h.Records = append(h.Records, Record{
				Customer: string(rune('A' + c)), Cohort: 2024*12 + ledger.Period(month), Sold: 100 * revrec.One, Used: use[:min(3, 5-month)],
			})
		}
	}
	for _, method := range methods {
		r := mustRun(t, h, Parameters{Method: method, Gate: Gate{CompleteCohorts: 1}})
		if len(r.BackTests) != 1 || r.BackTests[0].Through != 2024*12+2 || !r.BackTests[0].Point.Equal(dec("0.4")) || !r.BackTests[0].Actual.Equal(dec("0.5")) {
			t.Errorf("%s: %v", method, r.BackTests)
		}
	}
}

func TestTooLittleHistory(t *testing.T) {
	h := sample(t)
	few := History{Through: h.Through, ExpiryAge: h.ExpiryAge}
	for _, r := range h.Records {
		if r.Customer < "customer 2" { // 0, 1 and 10 to 19
			few.Records = append(few.Records, r)
		}
	}
	early := History{Through: h.Records[0].Cohort + 8, ExpiryAge: 8}
	for _, r := range h.Records {
		if r.Cohort <= early.Through {
			early.Records = append(early.Records, Record{Customer: r.Customer, Cohort: r.Cohort, Sold: r.Sold})
		}
	}
	refunded := History{Through: h.Through, ExpiryAge: h.ExpiryAge}
	for _, r := range h.Records {
		if int(h.Through-r.Cohort) < h.ExpiryAge {
			r.Used, r.Refunded = nil, []revrec.Credits{r.Sold}
		}
		refunded.Records = append(refunded.Records, r)
	}
	for name, test := range map[string]struct {
		h     History
		p     Parameters
		check Check
	}{
		"few customers":       {few, Parameters{}, Customers},
		"one complete cohort": {early, Parameters{}, CompleteCohorts},
		"nothing used":        {early, Parameters{}, NoVolume},
		"all refunded":        {refunded, Parameters{}, OpenCohorts},
		"nothing at all":      {History{Through: h.Through, ExpiryAge: 3}, Parameters{}, SoldCredits},
		"too few credits":     {h, Parameters{Gate: Gate{Sold: 1_000_000_000}}, SoldCredits},
		"one too large":       {h, Parameters{Gate: Gate{LargestShare: dec("0.001")}}, LargestShare},
		"too concentrated":    {h, Parameters{Gate: Gate{EffectiveCustomers: 60}}, EffectiveCustomers},
	} {
		_, err := Run(test.h, test.p)
		var thin *ThinError
		found := false
		if errors.As(err, &thin) {
			for _, f := range thin.Findings {
				found = found || f.Check == test.check
			}
		}
		if !found {
			t.Errorf("%s: %v, nothing of %s", name, err, test.check)
		}
	}
}

func TestParametersThatCannotBe(t *testing.T) {
	for field, p := range map[string]Parameters{
		"method":                  {Method: "GUESS"},
		"percentile":              {Percentile: dec("0.51")},
		"confidence":              {Confidence: dec("1")},
		"replications":            {Replications: 10},
		"matureAge":               {MatureAge: 99},
		"prior":                   {Prior: decimal.NewNullDecimal(dec("1"))},
		"gate.customers":          {Gate: Gate{Customers: 1}},
		"gate.completeCohorts":    {Gate: Gate{CompleteCohorts: -1}},
		"gate.effectiveCustomers": {Gate: Gate{EffectiveCustomers: 1}},
		"gate.sold":               {Gate: Gate{Sold: -1}},
		"gate.largestShare":       {Gate: Gate{LargestShare: dec("1.5")}},
	} {
		var invalid *InvalidError
		if _, err := Run(History{Through: 2024 * 12, ExpiryAge: 12}, p); !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%v, not of %s", err, field)
		}
	}
}

// By hand: 30 against 40 is 0.75, and the residuals are −2/√16, 0 and −8/√16: mean −0.8333, deviation
// 1.0408, so t = −0.8333·√3/1.0408 = −1.387.
func TestCompare(t *testing.T) {
	got, err := Compare([]Cell{
		{Actual: 14, Expected: 16}, {Actual: 8, Expected: 8}, {Actual: 8, Expected: 16},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Cells != 3 || !got.Ratio.Decimal.Equal(dec("0.75")) || !got.Bias.Decimal.Equal(dec("-0.25")) || !got.Standardised.Decimal.Equal(dec("-1.387")) {
		t.Errorf("%+v", got)
	}
	if got, err := Compare([]Cell{{Actual: 5}}); err != nil || got.Ratio.Valid || got.Standardised.Valid {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Compare([]Cell{{Actual: math.MaxInt64}, {Actual: 1}}); !errors.Is(err, ErrTooManyCredits) {
		t.Errorf("%v", err)
	}
}

// Whatever the bytes make of a history, nothing panics, and a rate is a share.
func FuzzRun(f *testing.F) {
	f.Add([]byte{2, 0, 10, 3, 3, 3}, uint8(0))
	f.Add(bytes.Repeat([]byte{1, 200, 9, 0, 4, 250, 17}, 40), uint8(1))
	f.Add(bytes.Repeat([]byte{255, 3, 128, 7}, 90), uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) { anything(t, data, kind) })
}

// The same with bytes at random, of which many make a history.
func TestAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	times, results := 3000, 0
	if testing.Short() {
		times = 300
	}
	for n := range times {
		data := make([]byte, r.IntN(1500))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		if anything(t, data, uint8(n)) {
			results++
		}
	}
	if results < times/4 {
		t.Errorf("%d of %d were no history", times-results, times)
	}
}

// anything makes a history of bytes, and says whether it had an estimate.
func anything(t *testing.T, data []byte, kind uint8) bool {
	t.Helper()
	next := func() int64 {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int64(b)
	}
	scale := []int64{1, 1_000_000, 1 << 40, 1 << 54}[kind/3%4]
	h := History{Through: 2024 * 12, ExpiryAge: int(next()%8) + 1}
	for len(data) > 0 && len(h.Records) < 400 {
		seen := next() % 16
		r := Record{Customer: string(rune('a' + next()%8)), Cohort: h.Through - ledger.Period(seen), Sold: revrec.Credits(next() * scale)}
		left := r.Sold
		for range min(next()%6, seen+1) {
			use := max(left-r.Sold, min(left, revrec.Credits((next()-16)*scale/8)))
			r.Used = append(r.Used, use)
			left -= use
		}
		if next()%5 == 0 {
			r.Refunded = []revrec.Credits{left}
		}
		h.Records = append(h.Records, r)
	}
	p := Parameters{Method: methods[kind%3], Replications: MinReplications, Gate: Gate{CompleteCohorts: 1, Customers: 2, EffectiveCustomers: 2, Sold: 1, LargestShare: dec("1")}}
	r, err := Run(h, p)
	if err != nil {
		_ = err.Error()
		return false
	}
	one := decimal.NewFromInt(1)
	if r.Rate.IsNegative() || r.Rate.GreaterThanOrEqual(one) || r.Rate.GreaterThan(r.Point) || r.Low.GreaterThan(r.High) || r.High.GreaterThan(one) || r.Low.IsNegative() {
		t.Fatalf("%s", r.Canonical())
	}
	for _, c := range r.Cohorts {
		if c.Ultimate < c.Used[c.Age] || c.Ultimate+c.Refunded+c.RefundsToCome > c.Sold || c.RefundsToCome < 0 {
			t.Fatalf("%+v", c)
		}
		before := revrec.Credits(0)
		for age := range h.ExpiryAge + 2 {
			expected, ok := r.Expected(c.Cohort, age)
			if !ok || expected < before || expected > c.Ultimate {
				t.Fatalf("%s at age %d: %s after %s", c.Cohort, age, expected, before)
			}
			before = expected
		}
	}
	if read, err := Read(r.Canonical()); err != nil || !bytes.Equal(read.Canonical(), r.Canonical()) {
		t.Fatalf("%v: %s", err, r.Canonical())
	}
	return true
}
