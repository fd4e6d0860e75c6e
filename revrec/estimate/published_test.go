package estimate

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"drawdown/ledger"
	"drawdown/revrec"
)

// published is an example out of the literature; the files name it.
type published struct {
	Cumulative         [][]float64
	Factors            []float64
	Prior              []float64
	Reserve            []float64
	StandardError      []float64 `json:"standard_error"`
	ReserveTotal       float64   `json:"reserve_total"`
	StandardErrorTotal float64   `json:"standard_error_total"`
	ChainLadder        []float64 `json:"reserve_chain_ladder"`
	ChainLadderTotal   float64   `json:"reserve_chain_ladder_total"`
}

func read(t *testing.T, name string) (p published) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// near fails where the figure is farther from what was published than half its last digit, or
// than the units given.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %.6f, published %.6f", what, got, want)
	}
}

// seen and latest are the diagonal of a triangle.
func diagonal(cumulative [][]float64) (seen []int, latest []float64) {
	for _, c := range cumulative {
		seen = append(seen, len(c)-1)
		latest = append(latest, c[len(c)-1])
	}
	return seen, latest
}

// Taylor and Ashe (1983), with the reserves and standard errors that Mack (1993) published.
func TestChainLadderOfTaylorAndAshe(t *testing.T) {
	p := read(t, "taylor-ashe.json")
	l := chainLadder(p.Cumulative, len(p.Cumulative))
	l.estimateVariance(p.Cumulative)
	for j, f := range p.Factors {
		near(t, fmt.Sprint("factor ", j), l.factor[j], f, 0.0000005)
	}
	seen, latest := diagonal(p.Cumulative)
	ultimates, total := []float64{}, 0.0
	for i := range latest {
		ultimates = append(ultimates, l.ultimate(latest[i], seen[i]))
		near(t, fmt.Sprint("reserve ", i), ultimates[i]-latest[i], p.Reserve[i], 0.5)
		total += ultimates[i] - latest[i]
	}
	near(t, "reserve in all", total, p.ReserveTotal, 0.5)
	errors, all := l.standardErrors(ultimates, seen)
	for i := range errors {
		near(t, fmt.Sprint("standard error ", i), errors[i], p.StandardError[i], 0.5)
	}
	near(t, "standard error in all", all, p.StandardErrorTotal, 0.5)
}

// The same triangle as a history of credits, through the door that everybody uses: one customer
// a cohort, so the gate is opened as far as it goes.
func TestRunOfTaylorAndAshe(t *testing.T) {
	p := read(t, "taylor-ashe.json")
	first := ledger.Period(1972 * 12)
	h := History{Through: first + 9, ExpiryAge: 9}
	for i, cumulative := range p.Cumulative {
		r := Record{Customer: fmt.Sprint(i), Cohort: first + ledger.Period(i), Sold: 20_000_000 * revrec.One}
		before := 0.0
		for _, c := range cumulative {
			r.Used = append(r.Used, revrec.Credits(c-before)*revrec.One)
			before = c
		}
		h.Records = append(h.Records, r)
	}
	r, err := Run(h, Parameters{
		Method: ChainLadder, Replications: MinReplications,
		Gate: Gate{CompleteCohorts: 1, Customers: 2, EffectiveCustomers: 2, Sold: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range r.Cohorts {
		near(t, fmt.Sprint("use to come ", i), float64(c.Ultimate-c.Used[c.Age])/1e6, p.Reserve[i], 0.5)
		near(t, fmt.Sprint("standard error ", i), float64(c.StandardError)/1e6, p.StandardError[i], 0.5)
	}
	near(t, "standard error in all", float64(r.UseStandardError)/1e6, p.StandardErrorTotal, 0.5)
	for j, f := range p.Factors {
		near(t, fmt.Sprint("factor ", j), toFloat(r.Factors[j].Factor), f, 0.0000005)
	}
}

// Wüthrich and Merz (2008), example 2.11: the a priori ultimates stand for what was sold, and
// nothing of it breaks.
func TestBornhuetterFergusonOfWuethrichAndMerz(t *testing.T) {
	p := read(t, "wuethrich-merz.json")
	l := chainLadder(p.Cumulative, len(p.Cumulative))
	seen, latest := diagonal(p.Cumulative)
	triangle := &table{expiry: len(p.Cumulative) - 1, seen: seen, sold: p.Prior, refunded: make([]float64, len(seen)), used: p.Cumulative}
	projected := triangle.project(lessons{method: BornhuetterFerguson, ladder: l, refunded: make([]float64, len(seen)), level: 1, mature: len(seen)})
	chain, total := 0.0, 0.0
	for i := range latest {
		chain += l.ultimate(latest[i], seen[i]) - latest[i]
		near(t, fmt.Sprint("chain ladder ", i), l.ultimate(latest[i], seen[i])-latest[i], p.ChainLadder[i], 1)
		near(t, fmt.Sprint("Bornhuetter-Ferguson ", i), projected.ultimate[i]-latest[i], p.Reserve[i], 1)
		total += projected.ultimate[i] - latest[i]
	}
	near(t, "chain ladder in all", chain, p.ChainLadderTotal, 4)
	near(t, "Bornhuetter-Ferguson in all", total, p.ReserveTotal, 4)
}

// Freireich et al. (1963), remission of leukaemia in weeks with 6-mercaptopurine: the estimate
// and its standard error by Greenwood, as Kalbfleisch and Prentice, Klein and Moeschberger and
// every package since print them.
func TestKaplanMeierOfFreireich(t *testing.T) {
	ended := []int{6, 6, 6, 7, 10, 13, 16, 22, 23}
	censored := []int{6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35}
	atRisk, used := make([]float64, 36), make([]float64, 36)
	for week := range atRisk {
		for _, end := range ended {
			atRisk[week] += float64(count(end >= week))
			used[week] += float64(count(end == week))
		}
		for _, end := range censored {
			atRisk[week] += float64(count(end >= week))
		}
	}
	s := productLimit(atRisk, used, make([]float64, 36))
	for _, want := range []struct {
		week           int
		left, standard float64
	}{
		{6, 0.857, 0.0764},
		{7, 0.807, 0.0869},
		{10, 0.753, 0.0963},
		{13, 0.690, 0.1068},
		{16, 0.627, 0.1141},
		{22, 0.538, 0.1282},
		{23, 0.448, 0.1346},
	} {
		near(t, fmt.Sprint("S at ", want.week), s.left[want.week], want.left, 0.0005)
		near(t, fmt.Sprint("standard error at ", want.week), s.standardError(want.week), want.standard, 0.00005)
	}
}

// Two ways to leave, by hand. Of ten at risk one is used and one refunded, so 8/10 are left; one
// of the eight is censored; of seven two are used and one is refunded: 8/10 · 4/7 are left.
//
//	used      1/10 + 8/10 · 2/7 = 0.328571
//	refunded  1/10 + 8/10 · 1/7 = 0.214286
//	left      8/10 · 4/7        = 0.457143
func TestCompetingRisksByHand(t *testing.T) {
	s := productLimit([]float64{10, 7}, []float64{1, 2}, []float64{1, 1})
	near(t, "used", s.used[1], 0.328571, 0.0000005)
	near(t, "refunded", s.refunded[1], 0.214286, 0.0000005)
	near(t, "left", s.left[1], 0.457143, 0.0000005)
	// Greenwood: S² · (2/(10·8) + 3/(7·4)) = 0.208980 · 0.132143
	near(t, "variance", s.variance[1], 0.027615, 0.0000005)
}

// Quantiles out of any table of the normal and of Student's distribution.
func TestQuantiles(t *testing.T) {
	for p, z := range map[float64]float64{0.5: 0, 0.75: 0.674489750, 0.9: 1.281551566, 0.975: 1.959963985, 0.999: 3.090232306, 1e-9: -5.997807015} {
		near(t, fmt.Sprint("normal quantile of ", p), normalQuantile(p), z, 1e-9)
	}
	for x, log := range map[float64]float64{1: 0, 2: 0.693147180560, 10: 2.302585092994, 1e-300: -690.775527898214} {
		near(t, fmt.Sprint("logarithm of ", x), logarithm(x), log, 1e-12)
	}
	for degrees, t90 := range map[float64]float64{7: 1.415, 10: 1.372, 30: 1.310} {
		near(t, fmt.Sprint("Student's ninth decile with ", degrees), 1.2815515655*studentRatio(degrees), t90, 0.001)
	}
	near(t, "median of four", quantile([]float64{1, 2, 4, 8}, 0.5), 3, 0)
	near(t, "quarter of four", quantile([]float64{1, 2, 4, 8}, 0.25), 1.75, 0)
}

// Mack (1994), appendix H: the counts of the triangle of the Reinsurance Association come to 14,
// with mean 12.875 and variance 3.978 under no effect.
func TestCalendarEffectOfMack(t *testing.T) {
	p := read(t, "raa.json")
	months := make([]int, len(p.Cumulative))
	for i := range months {
		months[i] = i
	}
	near(t, "z", calendarEffect(p.Cumulative, months), (12.875-14)/math.Sqrt(3.978), 0.0001)
	for n, want := range map[int][2]float64{2: {0.5, 0.25}, 3: {0.75, 0.1875}, 4: {1.25, 0.4375}} {
		mean, variance := lesserCount(n)
		near(t, fmt.Sprint("mean of ", n), mean, want[0], 0)
		near(t, fmt.Sprint("variance of ", n), variance, want[1], 0)
	}
}

// Columns that rise in every other month together have an effect.
func TestCalendarEffect(t *testing.T) {
	var even, leaning [][]float64
	var months []int
	for i := range 20 {
		months = append(months, i)
		a, b := []float64{100}, []float64{100}
		for j := 1; j < 8 && i+j < 20; j++ {
			alternate := float64((i*7+j*3)%5) / 50
			a = append(a, a[j-1]*(1.2+alternate))
			b = append(b, b[j-1]*(1.2+0.2*float64((i+j)%2)))
		}
		even, leaning = append(even, a), append(leaning, b)
	}
	if z := calendarEffect(leaning, months); z < 3 {
		t.Errorf("months that lean have z %.2f", z)
	}
	if z := calendarEffect(even, months); z > mostCalendar {
		t.Errorf("months that do not have z %.2f", z)
	}
}
