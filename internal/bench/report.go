package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"drawdown/internal/books"
)

// Report is what a run measured and on what.
type Report struct {
	Environment Environment `json:"environment"`
	Sizes       Sizes       `json:"sizes"`
	Rows        []Row       `json:"rows"`
	// Error says what ended the run before all measures were taken, "" where nothing did.
	Error string `json:"error,omitempty"`
}

// Reached reports whether every row that has something to reach reached it.
func (r Report) Reached() bool {
	return !slices.ContainsFunc(r.Rows, func(row Row) bool { return !row.Reached })
}

// Environment is where the figures come from.
type Environment struct {
	Date     time.Time `json:"date"`
	Version  string    `json:"version"`
	Go       string    `json:"go"`
	Platform string    `json:"platform"`
	CPU      string    `json:"cpu"`
	CPUs     int       `json:"cpus"`
	Database string    `json:"database"`
	// Settings are those of the database that bear on durability and memory.
	Settings []Setting `json:"settings"`
}

// Setting is one setting of the database.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Sizes are how much was measured.
type Sizes struct {
	Events     int     `json:"events"`
	Customers  int     `json:"customers"`
	Lots       int     `json:"lots"`
	LotDays    int     `json:"lotDays"`
	YearEvents int     `json:"yearEvents"`
	Lines      int     `json:"lines"`
	BurnEvents int     `json:"burnEvents"`
	Clients    int     `json:"clients"`
	Batch      int     `json:"batch"`
	Senders    int     `json:"senders"`
	Seconds    float64 `json:"seconds"`
	Rounds     int     `json:"rounds"`
	Seed       uint64  `json:"seed"`
	Spread     string  `json:"spread"`
	// UsageBatch and UsageLanes are the product's: the most events of a commit, and how
	// many commits are under way at a time.
	UsageBatch int `json:"usageBatch"`
	UsageLanes int `json:"usageLanes"`
}

func sizesOf(o Options, usage books.UsageOptions) Sizes {
	return Sizes{
		Events: o.Events, Customers: o.Customers, Lots: o.Lots, LotDays: o.LotDays, YearEvents: o.YearEvents, Lines: o.Lines, BurnEvents: o.BurnEvents,
		Clients: o.Clients, Batch: o.Batch, Senders: o.Senders, Seconds: o.Time.Seconds(), Rounds: o.Rounds, Seed: o.Seed, Spread: o.Spread,
		UsageBatch: cmp.Or(usage.MaxEvents, books.DefaultUsageEvents), UsageLanes: cmp.Or(usage.Lanes, books.DefaultUsageLanes),
	}
}

// Row is one figure beside its limit.
type Row struct {
	Measure string `json:"measure"` // one of Measures
	What    string `json:"what"`
	Unit    string `json:"unit"`
	// Ours is the median of the rounds; so is Limit.
	Ours    float64 `json:"ours"`
	Limit   float64 `json:"limit"` // 0 where nothing is measured beside it
	LimitIs string  `json:"limitIs"`
	// Ratio is Ours to Limit, the median of the rounds' own ratios: the two sides of a
	// round had the same machine.
	Ratio   float64 `json:"ratio"`
	Reach   string  `json:"reach"`
	Reached bool    `json:"reached"`
	// Rounds are the figures of each round.
	Rounds []Round `json:"rounds"`
	Note   string  `json:"note,omitempty"`
}

// RatioText writes the ratio as what is to be reached is written: 57 %, or 1.09 ×.
func (r Row) RatioText() string {
	if strings.HasPrefix(r.Reach, "≥") {
		return fmt.Sprintf("%.0f %%", 100*r.Ratio)
	}
	return fmt.Sprintf("%.2f ×", r.Ratio)
}

// Thousands writes a number that is not negative with a comma between thousands.
func Thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// numbered fills numbers in where the format has %s.
func numbered(format string, numbers ...int) string {
	words := make([]any, len(numbers))
	for i, n := range numbers {
		words[i] = Thousands(n)
	}
	return fmt.Sprintf(format, words...)
}

// Round is ours and the limit, one after the other.
type Round struct {
	Ours  float64 `json:"ours"`
	Limit float64 `json:"limit,omitempty"`
}

// reach is what a ratio, or a figure without a limit, is held to.
type reach struct {
	atLeast, atMost float64
	unit            string // of a figure; a ratio has none
}

func (r reach) String() string {
	switch {
	case r.unit != "":
		return "≤ " + Thousands(int(r.atMost)) + " " + r.unit
	case r.atLeast > 0:
		return fmt.Sprintf("≥ %.0f %%", 100*r.atLeast)
	}
	return fmt.Sprintf("≤ %g ×", r.atMost)
}

func (r reach) holds(x float64) bool {
	return r.atLeast > 0 && x >= r.atLeast || r.atMost > 0 && x <= r.atMost
}

// add reports a row of rounds, which there must be at least one of.
func (b *bench) add(row Row, rounds []Round, to reach) {
	ratios := make([]float64, len(rounds))
	for i, round := range rounds {
		if round.Limit != 0 {
			ratios[i] = round.Ours / round.Limit
		}
	}
	row.Rounds = rounds
	row.Ours = median(rounds, func(r Round) float64 { return r.Ours })
	row.Limit = median(rounds, func(r Round) float64 { return r.Limit })
	row.Ratio = median(ratios, func(r float64) float64 { return r })
	row.Reach = to.String()
	row.Reached = to.holds(row.Ratio)
	if to.unit != "" {
		row.Reached = to.holds(row.Ours)
	}
	b.report.Rows = append(b.report.Rows, row)
}

// median returns the middle value, of an even number the mean of the middle two.
func median[V any](values []V, of func(V) float64) float64 {
	sorted := make([]float64, len(values))
	for i, v := range values {
		sorted[i] = of(v)
	}
	slices.Sort(sorted)
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// percentile sorts the values and returns the one below which so many of a hundred lie.
func percentile[V cmp.Ordered](values []V, percent int) V {
	slices.Sort(values)
	var none V
	if len(values) == 0 {
		return none
	}
	return values[min(len(values)*percent/100, len(values)-1)]
}
