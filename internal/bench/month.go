package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// The month that is closed and reported on is that of the epoch; the year before it belongs to
// one customer who used much.
const (
	monthDays    = 30 // of March, before its last
	yearName     = "customer-year"
	yearLots     = 12
	yearDays     = 364
	otherPack    = "credits-team"
	otherPolicy  = "team"
	otherMeter   = "tokens_out"
	yearSpan     = yearDays * 24 * time.Hour
	firstOfYear  = "2025-04-01"
	firstOfMonth = "2026-03-01"
	lastOfMonth  = "2026-03-31"
)

var (
	monthBegan = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	monthEnded = time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	yearBegan  = time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)
)

// monthRun is the book of a month, booked to its end, and what has been sent to it.
type monthRun struct {
	*bench
	*history
}

// month makes a book of a month, and times its close and the reports on it. Lots of two packs
// under two policies are sold on the first day and used up by two meters.
func (b *bench) month(ctx context.Context) (err error) {
	customers := min(b.Customers, max(b.Lots/2, 1)) // each buys of both packs
	generations, days := b.Lots/customers, min(b.LotDays/b.Lots, monthDays)
	b.say("month: making %d lots", customers*generations)
	book, err := b.newBook(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.close(context.WithoutCancel(ctx))) }()
	if err := book.moreCatalogue(ctx); err != nil {
		return err
	}
	h, err := b.newHistoryOf(ctx, book, customers, generations, days, sale{at: monthBegan}, packCode, otherPack)
	if err != nil {
		return err
	}
	h.meters = []string{meter, otherMeter}
	m := &monthRun{b, h}
	if err := m.fill(ctx); err != nil {
		return err
	}
	if b.wants(Reports) {
		if err := m.reports(ctx); err != nil {
			return err
		}
	}
	if b.wants(Close) {
		if err := m.closes(ctx); err != nil {
			return err
		}
	}
	b.say("month: verifying %d lot-days", h.lotDays())
	return book.check(ctx, h.sent)
}

func (b *book) moreCatalogue(ctx context.Context) error {
	year := ledger.Duration{Months: 12}
	_, err := b.PolicyCreate(ctx, "other policy", books.NewPolicy{Code: otherPolicy, Policy: revrec.Policy{Expires: &year}})
	if err != nil {
		return err
	}
	_, err = b.PackCreate(ctx, "other pack", books.NewPack{Code: otherPack, Policy: otherPolicy, Tiers: []books.NewTier{
		{Credits: decimal.NewFromInt(1), Price: decimal.New(8, -2)},
	}})
	if err != nil {
		return err
	}
	_, err = b.MeterCreate(ctx, "other meter", books.NewMeter{Code: otherMeter, Credits: decimal.NewFromInt(1), Per: decimal.NewFromInt(1_000)})
	return err
}

// fill has the customers use their lots up, one of them through a year, and books it. All have
// other lots, which are not used and will lapse.
func (m *monthRun) fill(ctx context.Context) error {
	m.say("month: using up %d lot-days", m.lotDays())
	if err := m.use(ctx, 0, m.customers); err != nil {
		return err
	}
	m.say("month: using %d events of one customer in a year", m.YearEvents)
	if err := m.useYear(ctx); err != nil {
		return err
	}
	if err := m.book.customers(ctx, m.customers); err != nil {
		return err
	}
	m.say("month: booking %d lot-days", m.lotDays())
	m.clock.leap(monthEnded)
	if _, err := m.RunJob(ctx, books.JobAll, books.RunOptions{Trigger: books.ByHand}); err != nil {
		return err
	}
	return errors.Join(m.refresh(ctx), m.settle(ctx))
}

// useYear has one customer buy a lot a month, and use each up by as many events before the next
// one is bought.
func (m *monthRun) useYear(ctx context.Context) error {
	if _, err := m.CustomerCreate(ctx, "year", books.NewCustomer{ExternalID: yearName}); err != nil {
		return err
	}
	ofLot := max(m.YearEvents/yearLots, 1)
	apart := (yearSpan/yearLots - time.Hour) / time.Duration(ofLot)
	for lot := range yearLots {
		began := yearBegan.Add(yearSpan * time.Duration(lot) / yearLots)
		_, err := m.Purchase(ctx, fmt.Sprint("year ", lot), books.NewPurchase{
			Customer: yearName, Pack: packCode, Credits: decimal.NewFromInt(int64(ofLot) * creditsADay), PurchasedAt: began,
		})
		if err != nil {
			return err
		}
		inputs := make([]books.UsageInput, 0, min(ofLot, books.MaxUsageBatch))
		for i := range ofLot {
			at := began.Add(time.Minute + apart*time.Duration(i)).Truncate(time.Microsecond)
			inputs = append(inputs, m.events.useOf(yearName, []string{meter, otherMeter}[i%2], creditsADay, at))
			if len(inputs) == cap(inputs) || i == ofLot-1 {
				if err := m.record(ctx, inputs); err != nil {
					return err
				}
				m.sent += len(inputs)
				inputs = inputs[:0]
			}
		}
	}
	return nil
}

// monthRows reads what a close has to look at, each row once: what the month brought, and what
// every lot carries.
const monthRows = `SELECT
	(SELECT count(*) + sum(credits) FROM usage_events WHERE occurred_at_us >= %[1]d AND occurred_at_us < %[2]d),
	(SELECT count(*) + sum(credits) FROM draws WHERE day >= '%[3]s' AND day <= '%[4]s'),
	(SELECT count(*) + sum(drawn) FROM lot_days WHERE day >= '%[3]s' AND day <= '%[4]s'),
	(SELECT count(*) + sum(credits) + sum(amount_minor) FROM recognitions WHERE accounting_date >= '%[3]s' AND accounting_date <= '%[4]s'),
	(SELECT count(*) + sum(l.amount_minor) FROM entries AS e JOIN lines AS l ON l.entry_number = e.number WHERE e.accounting_date >= '%[3]s' AND e.accounting_date <= '%[4]s'),
	(SELECT count(*) + sum(price_minor) FROM purchases WHERE purchased_at_us >= %[1]d AND purchased_at_us < %[2]d),
	(SELECT count(*) + sum(carrying_minor) FROM lots)`

var (
	checklistReach = reach{atMost: 5}
	closeReach     = reach{atMost: 10, unit: "s"}
	verifyReach    = reach{atMost: 1}
)

const (
	askChecklist = `{"query":"{closeChecklist(period:\"2026-03\"){ready checks{code passed toDo figures{name text}}}}"}`
	askClose     = `{"query":"mutation($k:String!){periodClose(period:\"2026-03\",idempotencyKey:$k){closing{checks{code passed}} userErrors{message}}}","variables":{"k":"%s"}}`
)

// closes times the checklist of the month, and its close, which is taken back by two persons
// before the next.
func (m *monthRun) closes(ctx context.Context) (err error) {
	m.say("close: closing the months before")
	if _, err := m.GLAccountsSet(ctx, "gl codes", books.SampleGLCodes()); err != nil {
		return err
	}
	for period := ledger.DateOf(yearBegan, m.Zone()).Period(); period < ledger.DateOf(monthBegan, m.Zone()).Period(); period++ {
		if _, err := m.PeriodClose(ctx, "close "+period.String(), books.ClosePeriod{Period: period}); err != nil {
			return err
		}
	}
	c, err := m.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	rows := fmt.Sprintf(monthRows, monthBegan.UnixMicro(), monthBegan.AddDate(0, 1, 0).UnixMicro(), firstOfMonth, lastOfMonth)
	var checklists, closings, verifications []Round
	var sealing []Round               // the first close, which alone makes leaves
	for round := range m.Rounds + 1 { // the first warms caches and is not counted
		m.say("close: round %d of %d", round, m.Rounds)
		checklist, err := timed(func() error { return m.askFor(c, askChecklist, `{"data":{"closeChecklist":{"ready":true,`) })
		if err != nil {
			return err
		}
		limit, err := timed(func() error { return m.readsOne(ctx, rows) })
		if err != nil {
			return err
		}
		closing, err := timed(func() error {
			return m.askFor(c, fmt.Sprintf(askClose, fmt.Sprint("close ", round)), `{"data":{"periodClose":{"closing":{"checks":[{`)
		})
		if err != nil {
			return err
		}
		if err := m.reopen(ctx, round); err != nil {
			return err
		}
		verification, reading, err := m.verifies(ctx)
		if err != nil {
			return err
		}
		if round == 0 {
			sealing = []Round{{closing.Seconds(), limit.Seconds()}}
		} else {
			verifications = append(verifications, Round{verification.Seconds(), reading.Seconds()})
			checklists = append(checklists, Round{checklist.Seconds(), limit.Seconds()})
			closings = append(closings, Round{closing.Seconds(), limit.Seconds()})
		}
	}
	of := numbered(" of a month of %s lot-days of %s lots", m.lotDays(), m.customers*m.generations)
	const limit = "one SELECT that sums the rows of the month, each table once"
	m.add(Row{Measure: Close, What: "the checklist" + of, Unit: "s", LimitIs: limit}, checklists, checklistReach)
	m.add(Row{Measure: Close, What: "the close" + of, Unit: "s", LimitIs: limit}, closings, closeReach)
	m.add(Row{Measure: Close, What: "the first close" + of + ", which seals it", Unit: "s", LimitIs: limit}, sealing, closeReach)
	m.add(Row{Measure: Close, What: "verifying all seals", Unit: "s", LimitIs: "reading what they seal: recognitions in order of id, lines of entries, hashes"}, verifications, verifyReach)
	return nil
}

// sealedRows are read by whoever hashes what is sealed again, in the order in which it is hashed.
var sealedRows = []string{
	`SELECT id, customer_id, lot_id, pool_id, policy_id, kind, day, accounting_date, credits, amount_minor, currency, functional_minor, functional_currency,
		unclaimed_minor, unclaimed_functional_minor, batch_id, inputs FROM recognitions ORDER BY batch_id, accounting_date, day, kind, currency, policy_id, id`,
	"SELECT e.*, l.* FROM entries AS e JOIN lines AS l ON l.entry_number = e.number ORDER BY e.number, l.line",
	"SELECT * FROM seal_leaves ORDER BY leaf_index",
	"SELECT * FROM seal_hashes ORDER BY position",
}

// verifies times how long all seals take to be verified, and to be read.
func (m *monthRun) verifies(ctx context.Context) (verification, reading time.Duration, err error) {
	verification, err = timed(func() error {
		findings, err := m.VerifySeals(ctx)
		if err == nil && len(findings) > 0 {
			err = fmt.Errorf("the seals do not hold: %v", findings[0])
		}
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	reading, err = timed(func() error {
		for _, query := range sealedRows {
			if err := m.readsOne(ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
	return verification, reading, err
}

// reopen takes the close of the month back, as two persons do.
func (m *monthRun) reopen(ctx context.Context, round int) error {
	one, other := books.WithCaller(ctx, books.Caller{Actor: "one"}), books.WithCaller(ctx, books.Caller{Actor: "other"})
	proposed, err := m.PeriodReopenPropose(one, fmt.Sprint("propose ", round), books.ReopenPeriod{Period: ledger.DateOf(monthBegan, m.Zone()).Period(), Reason: "the next round"})
	if err != nil {
		return err
	}
	_, err = m.PeriodReopenApprove(other, fmt.Sprint("approve ", round), books.DecideReopening{ID: proposed.ID})
	return err
}

func timed(act func() error) (time.Duration, error) {
	began := time.Now()
	err := act()
	return time.Since(began), err
}

// askFor sends one request and holds the answer to what it should hold.
func (*monthRun) askFor(c *caller, body, want string) error {
	answer, err := c.ask([]byte(body))
	if err != nil {
		return err
	}
	return mustHold(answer, want)
}

// readsOne runs a query that must give something.
func (m *monthRun) readsOne(ctx context.Context, query string) error {
	n, err := readAll(ctx, m.reader, query)
	if err == nil && n == 0 {
		err = errors.New("gives no row")
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, query)
	}
	return err
}

// report is one that is timed: what is asked, what the answer must hold, and the plain SQL that
// reads the same rows.
type report struct {
	what, ask, want string
	plain           string
	limitIs         string
	reach           reach
}

var reportReach = reach{atMost: 5}

// graphQL is a request of a query without variables.
func graphQL(query string) string {
	return `{"query":"{` + strings.ReplaceAll(query, `"`, `\"`) + `}"}`
}

// lapseUntil is a day by which all lots have lapsed.
const lapseUntil = "2027-04-30"

func (m *monthRun) all() []report {
	year := "(SELECT id FROM customers WHERE external_id = '" + yearName + "')"
	usual := "(SELECT id FROM customers WHERE external_id = '" + customerName(0) + "')"
	deferred := func(more string) string {
		return "SELECT e.kind, l.policy, sum(l.amount_minor) FROM entries AS e JOIN lines AS l ON l.entry_number = e.number WHERE l.account = 'deferred_revenue' AND e.accounting_date " + more + " GROUP BY e.kind, l.policy"
	}
	const moved = `{rows{policy opening{amount} movements{column amount{amount} entryCount} closing{amount}} checks{closing{amount} ledger{amount} lots{amount} difference{amount}}}`
	span := func(from, to, more string) string {
		return `deferredRevenueRollForward(from:"` + from + `",to:"` + to + `"` + more + `)` + moved
	}
	byMonth := ""
	for month := range yearLots {
		first := yearBegan.AddDate(0, month, 0)
		byMonth += fmt.Sprintf("m%d:", month) + span(first.Format(time.DateOnly), first.AddDate(0, 1, -1).Format(time.DateOnly), "")
	}
	margin := func(by string) string {
		return `marginOverTime(from:"` + firstOfMonth + `",to:"` + lastOfMonth + `",groupBy:` + by + `){series{key total{revenue{amount} cost{amount}} points{revenue{amount} cost{amount}}}}`
	}
	usesOfMonth := `SELECT count(*), sum(w.credits), count(e.meter_id), count(l.purchase_id) FROM draws AS w
		JOIN usage_events AS e ON e.customer_id = w.customer_id AND e.id = w.event_id JOIN lots AS l ON l.customer_id = w.customer_id AND l.id = w.lot_id
		WHERE w.day >= '` + firstOfMonth + `' AND w.day <= '` + lastOfMonth + `'`
	return []report{
		{
			what:    numbered("the statement of a customer with %s events, a year", m.YearEvents),
			ask:     graphQL(`statement(customer:"` + yearName + `",from:"` + firstOfYear + `",to:"` + lastOfMonth + `"){opening{credits} closing{credits deferred{amount{amount}}} lines(first:200){nodes{day kind credits amount{amount} balance} pageInfo{hasNextPage}}}`),
			want:    `{"data":{"statement":{"opening":{`,
			plain:   `SELECT w.lot_id, w.day, e.meter_id, count(*), sum(w.credits) FROM draws AS w JOIN usage_events AS e ON e.customer_id = w.customer_id AND e.id = w.event_id WHERE w.customer_id = ` + year + ` GROUP BY w.lot_id, w.day, e.meter_id`,
			limitIs: "one SELECT that sums the draws by lot, day and meter", reach: reportReach,
		},
		{
			what: "the roll-forward of the month", ask: graphQL(span(firstOfMonth, lastOfMonth, "")), want: `"difference":{"amount":"0.00"}`,
			plain:   deferred(">= '" + firstOfMonth + "'"),
			limitIs: "one SELECT that sums the lines of the account in the month", reach: reportReach,
		},
		{
			what: "the roll-forward of the month, by policy", ask: graphQL(span(firstOfMonth, lastOfMonth, ",groupBy:POLICY")), want: `{"rows":[{"policy":"` + books.DefaultPolicy + `"`,
			plain:   deferred(">= '" + firstOfMonth + "'"),
			limitIs: "one SELECT that sums the lines of the account in the month", reach: reportReach,
		},
		{
			what: "the roll-forwards of twelve months", ask: graphQL(byMonth), want: `"difference":{"amount":"0.00"}`,
			plain:   deferred(">= '" + firstOfYear + "'"),
			limitIs: "one SELECT that sums the lines of the account in the year", reach: reach{atMost: 12},
		},
		{
			what: "the margin of the month, by pack", ask: graphQL(margin("PACK")), want: `{"data":{"marginOverTime":{"series":[{`, plain: usesOfMonth,
			limitIs: "one SELECT that sums the draws of the month, with events and lots", reach: reportReach,
		},
		{
			what: "the margin of the month, by meter", ask: graphQL(margin("METER")), want: `{"data":{"marginOverTime":{"series":[{`, plain: usesOfMonth,
			limitIs: "one SELECT that sums the draws of the month, with events and lots", reach: reportReach,
		},
		{
			what: "the trial balance of the month", ask: graphQL(`trialBalance(from:"2026-03",to:"2026-03"){rows{account{role} opening{amount} debits{amount} credits{amount} closing{amount}}}`),
			want: `{"data":{"trialBalance":{"rows":[{`, plain: "SELECT * FROM account_periods", limitIs: "one SELECT of the running balances", reach: reach{atMost: 10},
		},
		{
			what: "the cut-off of the month", ask: graphQL(`cutOff(period:"2026-03"){rowCount lags{lag eventCount credits}}`), want: `{"data":{"cutOff":{"rowCount":`, plain: usesOfMonth,
			limitIs: "one SELECT that sums the draws of the month, with events and lots", reach: reach{atMost: 15},
		},
		{
			what: "what is out of period in the year", ask: graphQL(`outOfPeriod(from:"` + firstOfYear + `",to:"` + lastOfMonth + `"){entryCount rowCount}`), want: `{"data":{"outOfPeriod":{"entryCount":`,
			plain: "SELECT count(*), sum(l.amount_minor) FROM entries AS e JOIN lines AS l ON l.entry_number = e.number WHERE e.accounting_date >= '" + firstOfYear + "'", limitIs: "one SELECT that sums the lines of the year", reach: reportReach,
		},
		{
			what: "what expires, 200 rows", ask: graphQL(`expiring(to:"` + lapseUntil + `",first:200){nodes{customer{externalId} day lots credits carrying{amount}} pageInfo{hasNextPage}}`),
			want: `{"data":{"expiring":{"nodes":[{`, limitIs: "one SELECT that sums the unused lots that lapse by day and customer",
			plain: "SELECT lapses_on, customer_id, count(*), sum(granted - drawn - refunded), sum(carrying_minor) FROM lots WHERE lapses_on <= '" + lapseUntil + "' AND granted > drawn + refunded GROUP BY lapses_on, customer_id ORDER BY lapses_on, customer_id LIMIT 200", reach: reportReach,
		},
		{
			what: "what expires, by month", ask: graphQL(`expiringMonths(to:"` + lapseUntil + `"){month customers lots credits carrying{amount}}`),
			want: `{"data":{"expiringMonths":[{`, limitIs: "one SELECT that sums the unused lots that lapse by day and customer",
			plain: "SELECT lapses_on, customer_id, count(*), sum(granted - drawn - refunded), sum(carrying_minor) FROM lots WHERE lapses_on <= '" + lapseUntil + "' AND granted > drawn + refunded GROUP BY lapses_on, customer_id ORDER BY lapses_on, customer_id", reach: reportReach,
		},
		{
			what: "what expires, by month, as of before it was booked", ask: graphQL(`expiringMonths(to:"` + lapseUntil + `",asOf:"` + monthEnded.Format(time.RFC3339) + `"){month customers lots credits carrying{amount}}`),
			want: `{"data":{"expiringMonths":[{`, limitIs: "one SELECT that sums the draws, with events, by lot",
			plain: "SELECT w.lot_id, sum(w.credits), max(e.recorded_at_us) FROM draws AS w JOIN usage_events AS e ON e.customer_id = w.customer_id AND e.id = w.event_id GROUP BY w.lot_id", reach: reportReach,
		},
		{
			what: "when a customer runs out", ask: graphQL(`runOut(customer:"` + customerName(0) + `"){day dailyUse reason}`), want: `{"data":{"runOut":{`,
			plain: "SELECT l.id, d.day, d.drawn FROM lots AS l JOIN lot_days AS d ON d.customer_id = l.customer_id AND d.lot_id = l.id WHERE l.customer_id = " + usual + " AND d.day >= '" + firstOfMonth + "'", limitIs: "one SELECT of the days of the customer's lots",
			reach: reach{atMost: 20},
		},
	}
}

// reports times each report beside plain SQL that reads the same rows, in turns.
func (m *monthRun) reports(ctx context.Context) (err error) {
	c, err := m.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, r := range m.all() {
		m.say("reports: %s", r.what)
		var rounds []Round
		for round := range m.Rounds + 1 { // the first warms caches and is not counted
			ours, limit, err := m.reportOnce(ctx, c, r)
			if err != nil {
				return fmt.Errorf("%s: %w", r.what, err)
			}
			if round > 0 {
				rounds = append(rounds, Round{milliseconds(ours), milliseconds(limit)})
			}
		}
		m.add(Row{Measure: Reports, What: r.what, Unit: "ms", LimitIs: r.limitIs}, rounds, r.reach)
	}
	return nil
}

// mostReadings bounds how often a report is read in a round.
const mostReadings = 20

// reportOnce reads a report and its limit in turns until a round is over, and returns the median
// of each.
func (m *monthRun) reportOnce(ctx context.Context, c *caller, r report) (ours, limit time.Duration, err error) {
	var asked, plain []time.Duration
	end := time.Now().Add(m.Time / 2)
	for first := true; first || len(asked) < mostReadings && time.Now().Before(end); first = false {
		took, err := timed(func() error { return m.askFor(c, r.ask, r.want) })
		if err != nil {
			return 0, 0, err
		}
		asked = append(asked, took)
		if took, err = timed(func() error { return m.readsOne(ctx, r.plain) }); err != nil {
			return 0, 0, err
		}
		plain = append(plain, took)
	}
	return percentile(asked, 50), percentile(plain, 50), nil
}
