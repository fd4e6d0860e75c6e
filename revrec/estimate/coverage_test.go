package estimate

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"drawdown/ledger"
	"drawdown/revrec"
)

// world is a made-up population whose future is known.
type world struct {
	name      string
	customers int
	months    int     // of purchase
	expiry    int     // age
	buys      float64 // chance that a customer buys in a month
	spread    float64 // of what customers buy, of its logarithm
	customer  float64 // of the habit of a customer, of the logarithm of its hazard
	month     float64 // of a customer's hazard from month to month, likewise
	slope     float64 // of the hazard, by month of purchase, over all months
	calendar  float64 // slope of the hazard by calendar month, over all months
	season    float64 // amplitude of the hazard over the calendar year
	cohort    float64 // shocks that all customers of a month of purchase share, of the logarithm
	shock     float64 // shocks that all customers share in a calendar month, of the logarithm
	huge      float64 // share of one customer
	refunds   float64 // chance of a refund of what is left, in a month
	growth    float64 // of sales, over all months
	after     float64 // what the hazard is multiplied by after the last month of the history
}

// play makes a history through the last month of purchase, and the breakage of what has not
// lapsed by then as it comes about.
func (w world) play(r *rand.Rand) (History, float64) {
	first := ledger.Period(2020 * 12)
	phase := r.IntN(12)
	h := History{Through: first + ledger.Period(w.months) - 1, ExpiryAge: w.expiry}
	type person struct{ size, habit float64 }
	people := make([]person, w.customers)
	total := 0.0
	for i := range people {
		people[i] = person{math.Exp(w.spread * r.NormFloat64()), math.Exp(w.customer * r.NormFloat64())}
		total += people[i].size
	}
	if w.huge > 0 {
		people[0].size = (total - people[0].size) * w.buys * w.huge / (1 - w.huge)
		people[0].habit = math.Exp(w.customer * r.NormFloat64())
	}
	shocks := make([]float64, w.months+w.expiry+1)
	for i := range shocks {
		shocks[i] = math.Exp(w.shock*r.NormFloat64()) * (1 + w.season*math.Sin(2*math.Pi*float64(i+phase)/12)) * (1 + w.calendar*float64(i)/float64(w.months))
	}
	netOpen, usedOpen := 0.0, 0.0
	for month := range w.months {
		ofCohort := math.Exp(w.cohort*r.NormFloat64()) * (1 + w.slope*float64(month)/float64(w.months))
		for c, p := range people {
			if r.Float64() >= w.buys && (c > 0 || w.huge == 0) {
				continue
			}
			sold := math.Round(1000*p.size*math.Exp(0.3*r.NormFloat64())*(1+w.growth*float64(month)/float64(w.months))) * 1e6
			record := Record{Customer: fmt.Sprint("customer ", c), Cohort: first + ledger.Period(month), Sold: revrec.Credits(sold)}
			left, used, refunded := sold, 0.0, 0.0
			for age := range w.expiry + 1 {
				hazard := 0.25 * p.habit * ofCohort * shocks[month+age] * math.Exp(w.month*r.NormFloat64())
				if age == 0 {
					hazard /= 2
				}
				if w.after != 0 && month+age >= w.months {
					hazard *= w.after
				}
				use := math.Round(left * (1 - math.Exp(-hazard)))
				back := 0.0
				if age > 0 && r.Float64() < w.refunds {
					back = left - use
				}
				left -= use + back
				used += use
				refunded += back
				if month+age < w.months {
					record.Used = append(record.Used, revrec.Credits(use))
					record.Refunded = append(record.Refunded, revrec.Credits(back))
				}
			}
			if month+w.expiry >= w.months {
				netOpen += sold - refunded
				usedOpen += used
			}
			h.Records = append(h.Records, record)
		}
	}
	return h, 1 - usedOpen/netOpen
}

// typical is a company with 150 customers of very different sizes, each with its habit.
func typical(name string, change func(*world)) world {
	w := world{name: name, customers: 150, months: 24, expiry: 6, buys: 0.3, spread: 1, customer: 0.6, month: 0.5}
	change(&w)
	return w
}

var worlds = []world{
	typical("steady, 40 customers", func(w *world) { w.customers, w.months, w.buys, w.spread = 40, 15, 0.4, 0.7 }),
	typical("steady, 100 customers", func(w *world) { w.customers, w.months, w.buys, w.refunds = 100, 18, 0.4, 0.01 }),
	typical("steady, 400 customers", func(w *world) { w.customers, w.expiry, w.buys, w.refunds = 400, 12, 0.2, 0.01 }),
	typical("steady, 1500 buy once", func(w *world) { w.customers, w.expiry, w.buys, w.refunds, w.customer = 1500, 12, 0.04, 0.01, 0.8 }),
	typical("no more than the gate asks", func(w *world) { w.customers, w.months, w.buys, w.spread = 32, 9, 0.5, 0.5 }),
	typical("sales grow fourfold", func(w *world) { w.months, w.growth = 18, 3 }),
	typical("a tenth is refunded", func(w *world) { w.refunds = 0.03 }),
	typical("sizes differ widely", func(w *world) { w.spread = 1.5 }),
	typical("one customer, a quarter", func(w *world) { w.months, w.spread, w.huge = 18, 0.7, 0.25 }),
	typical("one customer, nearly half", func(w *world) { w.months, w.spread, w.huge = 18, 0.7, 0.45 }),
	typical("cohorts differ by chance", func(w *world) { w.cohort = 0.2 }),
	typical("months differ by chance", func(w *world) { w.shock = 0.2 }),
	typical("seasons, 2 years seen", func(w *world) { w.season = 0.3 }),
	typical("seasons, 3 years seen", func(w *world) { w.months, w.season = 36, 0.3 }),
	typical("seasons, age of 12, 3 years", func(w *world) { w.months, w.expiry, w.season = 36, 12, 0.3 }),
	typical("use halves over the cohorts", func(w *world) { w.slope = -0.5 }),
	typical("use doubles over the cohorts", func(w *world) { w.slope = 1 }),
	typical("use slows by calendar", func(w *world) { w.calendar = -0.4 }),
	typical("use doubles by calendar", func(w *world) { w.calendar = 1 }),
}

// breaks are what no method can see coming: the future is unlike the past from the last month
// of the history on. They are measured, not held to anything.
var breaks = []world{
	typical("use falls by half from here", func(w *world) { w.after = 0.5 }),
	typical("use grows by half from here", func(w *world) { w.after = 1.5 }),
}

// tally is what became of a number of histories.
type tally struct {
	plays, refused, in80, in90, above int
	bias, width, actual               float64
}

func (w world) try(t *testing.T, method Method, plays int) tally {
	t.Helper()
	var sum tally
	r := rand.New(rand.NewPCG(1, 2))
	for range plays {
		h, actual := w.play(r)
		result, at, err := run(h, Parameters{Method: method, Replications: MinReplications})
		var thin *ThinError
		if errors.As(err, &thin) {
			sum.refused++
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		sum.plays++
		sum.in80 += count(toFloat(result.Low) <= actual && actual <= toFloat(result.High))
		sum.in90 += count(at(0.05) <= actual && actual <= at(0.95))
		sum.above += count(toFloat(result.Rate) <= actual)
		sum.bias += toFloat(result.Point) - actual
		sum.width += toFloat(result.High) - toFloat(result.Low)
		sum.actual += actual
	}
	return sum
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// short is the least count that is no less than nominal but for chance: three binomial
// standard errors, which one honest figure in seven hundred falls below.
func short(nominal float64, plays int) int {
	n := float64(plays)
	return int(math.Floor(nominal*n - 3*math.Sqrt(nominal*(1-nominal)*n)))
}

// What the range and the constraint promise is measured on histories whose future is known:
// the share of them whose breakage lies in the range of 80 % and of 90 %, and that is not below
// the rate at percentile 0.25, by its promise 75 %. COVERAGE_HISTORIES is the number of histories
// of each kind.
func TestCoverage(t *testing.T) {
	plays := 40
	if testing.Short() {
		plays = 10
	}
	if n, err := strconv.Atoi(os.Getenv("COVERAGE_HISTORIES")); err == nil {
		plays = n
	}
	var table strings.Builder
	fmt.Fprintln(&table, "| history | method | refused | in 80 % | in 90 % | rate held | mean error | width | breakage |")
	fmt.Fprintln(&table, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, w := range slices.Concat(worlds, breaks) {
		for _, method := range []Method{ChainLadder, BornhuetterFerguson, KaplanMeier} {
			got := w.try(t, method, plays)
			if got.plays == 0 {
				fmt.Fprintf(&table, "| %s | %s | 100 %% | | | | | | |\n", w.name, method)
				continue
			}
			n := float64(got.plays)
			percent := func(k int) float64 { return 100 * float64(k) / n }
			fmt.Fprintf(&table, "| %s | %s | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %+.3f | %.3f | %.3f |\n", w.name, method,
				100*float64(got.refused)/float64(plays), percent(got.in80), percent(got.in90), percent(got.above), got.bias/n, got.width/n, got.actual/n)
			if w.after != 0 {
				continue
			}
			for _, promise := range []struct {
				name    string
				nominal float64
				kept    int
			}{{"range of 80 %", 0.8, got.in80}, {"range of 90 %", 0.9, got.in90}, {"rate", 0.75, got.above}} {
				if promise.kept < short(promise.nominal, got.plays) {
					t.Errorf("%s, %s: the %s held in %d of %d", w.name, method, promise.name, promise.kept, got.plays)
				}
			}
		}
	}
	t.Logf("%d histories each\n%s", plays, table.String())
}
