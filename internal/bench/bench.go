package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger/export"
)

// Program is what the bench measures: how the command opens, serves and exports a book.
type Program struct {
	// Open opens the database of the URL and migrates it.
	Open func(ctx context.Context, url string) (books.Store, error)
	// Usage says how the server writes usage.
	Usage books.UsageOptions
	// Handler is what the server answers with.
	Handler func(ctx context.Context, book *books.Books) http.Handler
	// Token makes what the bench sends to say who it is.
	Token func(ctx context.Context, book *books.Books) (string, error)
	// Export writes the journal in a format.
	Export func(ctx context.Context, book *books.Books, format export.Format, w io.Writer) error
	// Version names the build.
	Version string
}

// The spreads of use over customers.
const (
	// Skewed gives the customer of rank r a share in proportion to 1/r, as platforms see
	// it: a few use most.
	Skewed = "skewed"
	Even   = "even"
)

// Options say what is measured and how much of it.
type Options struct {
	// URL names the database: sqlite:PATH or postgres://…; what it holds is not touched.
	// Empty is a file in the directory for temporary files.
	URL string
	// Only lists the measures to take; all where empty.
	Only []string
	// Events is how many events the rounds of batch intake send together.
	Events int
	// Customers is how many customers use credits.
	Customers int
	// Lots and LotDays are what is recognised: so many days of so many lots.
	Lots, LotDays int
	// YearEvents is how many events a customer has had in a year whose statement is asked for.
	YearEvents int
	// Lines is how many lines of the journal are exported.
	Lines int
	// BurnEvents is how many events are burnt in memory; BurnLots on how many lots, in
	// the smaller and the larger case.
	BurnEvents int
	BurnLots   [2]int
	// Clients is how many send one event at a time.
	Clients int
	// Batch is how many events a request of batch intake holds; Senders how many such
	// requests are under way at a time.
	Batch, Senders int
	// Time is how long a round lasts that is not bounded by events.
	Time time.Duration
	// Rounds is how often ours and the limit take turns.
	Rounds int
	Seed   uint64
	Spread string
	// Progress, where set, is told what is being done.
	Progress func(what string)
}

// Defaults are the sizes of the published figures.
func Defaults() Options {
	return Options{
		Events: 500_000, Customers: 10_000, Lots: 100_000, LotDays: 1_000_000, YearEvents: 100_000, Lines: 1_000_000,
		BurnEvents: 1_000_000, BurnLots: [2]int{4_000, 100_000},
		Clients: 64, Batch: 5_000, Senders: 4, Time: 5 * time.Second, Rounds: 5, Seed: 1, Spread: Skewed,
	}
}

// Quick are sizes that show that everything works, within seconds. Their figures say
// little: caches hold everything and rounds are short.
func Quick() Options {
	return Options{
		Events: 8_000, Customers: 200, Lots: 400, LotDays: 4_000, YearEvents: 1_200, Lines: 5_000,
		BurnEvents: 50_000, BurnLots: [2]int{400, 4_000},
		Clients: 16, Batch: 500, Senders: 2, Time: 300 * time.Millisecond, Rounds: 2, Seed: 1, Spread: Skewed,
	}
}

// The limits of the sizes: beyond them dates and ids of the prepared rows run out, or a
// slip of the finger would fill a disk.
const (
	maxSize       = 100_000_000
	maxDaysPerLot = 50 // the days before the bench's first, within the lots' term
	maxClients    = 10_000
	maxCustomers  = 1_000_000
)

// Check returns what is wrong with the options, or nil.
func (o Options) Check() error {
	for _, size := range []struct {
		name        string
		value, most int
	}{
		{"events", o.Events, maxSize},
		{"customers", o.Customers, maxCustomers},
		{"lots", o.Lots, maxSize},
		{"lot-days", o.LotDays, maxSize},
		{"year-events", o.YearEvents, maxSize},
		{"lines", o.Lines, maxSize},
		{"clients", o.Clients, maxClients},
		{"batch", o.Batch, books.MaxUsageBatch},
		{"senders", o.Senders, maxClients},
		{"rounds", o.Rounds, maxClients},
		{"burn events", o.BurnEvents, maxSize},
		{"burn lots", o.BurnLots[0], maxSize},
		{"burn lots", o.BurnLots[1], maxSize},
	} {
		if size.value < 1 || size.value > size.most {
			return fmt.Errorf("%s: must be 1 to %d, not %d", size.name, size.most, size.value)
		}
	}
	if o.LotDays < o.Lots || o.LotDays > o.Lots*maxDaysPerLot {
		return fmt.Errorf("lot-days: must be 1 to %d for each of the %d lots, not %d in all", maxDaysPerLot, o.Lots, o.LotDays)
	}
	if err := checkURL(o.URL); err != nil {
		return err
	}
	if o.Time <= 0 {
		return errors.New("seconds: must be more than 0")
	}
	if o.Spread != Skewed && o.Spread != Even {
		return fmt.Errorf("spread: must be %s or %s, not %q", Skewed, Even, o.Spread)
	}
	for _, name := range o.Only {
		if !slices.Contains(Measures(), name) {
			return fmt.Errorf("only: there is no measure %q; there are %s", name, strings.Join(Measures(), ", "))
		}
	}
	return nil
}

// The measures.
const (
	Intake      = "intake"       // batches of NDJSON over HTTP
	Single      = "single"       // one event per GraphQL call
	OneCustomer = "one-customer" // batches, all of one customer
	Balance     = "balance"      // over GraphQL, while intake runs
	Recognise   = "recognise"
	Export      = "export"
	Batches     = "batches" // for general ledgers, in every format
	Burn        = "burn"    // in memory
	Growth      = "growth"  // ten times the data
	Mixed       = "mixed"   // dashboards, usage and a job at once
	Close       = "close"   // of a month: its checklist, and the close itself
	Reports     = "reports"
)

// Measures lists the measures in the order in which they are taken.
func Measures() []string {
	return []string{Burn, Intake, Single, OneCustomer, Balance, Recognise, Export, Batches, Close, Reports, Mixed, Growth}
}

// bench is one run.
type bench struct {
	Options
	program Program
	engine  engine
	report  *Report
}

// Run takes the measures. It returns what was measured also where it fails or is
// stopped halfway. Everything it made in the database is gone when it returns.
func Run(ctx context.Context, program Program, options Options) (report Report, err error) {
	report.Rows = []Row{}
	if err := options.Check(); err != nil {
		return report, err
	}
	engine, err := newEngine(ctx, options.URL)
	if err != nil {
		return report, err
	}
	b := &bench{Options: options, program: program, engine: engine, report: &report}
	defer func() {
		away, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
		defer cancel()
		err = errors.Join(err, engine.close(away))
	}()
	if report.Environment, err = b.environment(ctx); err != nil {
		return report, err
	}
	report.Sizes = sizesOf(options, program.Usage)
	for _, measure := range []struct {
		names []string
		take  func(context.Context) error
	}{
		{[]string{Burn}, b.burn},
		{[]string{Intake, Single, OneCustomer}, b.intake},
		{[]string{Balance}, b.balance},
		{[]string{Recognise}, b.recognise},
		{[]string{Export, Batches}, b.exports},
		{[]string{Close, Reports}, b.month},
		{[]string{Mixed}, b.mixed},
		{[]string{Growth}, b.growth},
	} {
		if !slices.ContainsFunc(measure.names, b.wants) {
			continue
		}
		if err := measure.take(ctx); err != nil {
			return report, fmt.Errorf("measuring %s: %w", measure.names[0], err)
		}
	}
	return report, nil
}

// cleanUpTime bounds the end of a run that was stopped: to drop a schema of a few
// gigabytes takes a second or two.
const cleanUpTime = time.Minute

func (b *bench) wants(measure string) bool {
	return len(b.Only) == 0 || slices.Contains(b.Only, measure)
}

func (b *bench) say(format string, args ...any) {
	if b.Progress != nil {
		b.Progress(fmt.Sprintf(format, args...))
	}
}
