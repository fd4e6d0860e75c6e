package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
)

// PeriodStatus says whether a period takes entries.
type PeriodStatus string

// The statuses of a period.
const (
	PeriodIsOpen PeriodStatus = "OPEN" // what happened in it is booked in it
	// PeriodIsClosing is an open period whose last day has ended: it still takes what happened in
	// it, until it is closed. It follows from the clock, and no row says it.
	PeriodIsClosing PeriodStatus = "CLOSING"
	PeriodIsClosed  PeriodStatus = "CLOSED" // its figures never change; what comes late goes to the oldest open one
)

// maxPeriods bounds a list of periods: a hundred years of months.
const maxPeriods = 1200

// Period is a calendar month in the book's time zone, as it stands.
type Period struct {
	Period   ledger.Period
	Status   PeriodStatus
	ClosedAt time.Time // zero while open
}

// FirstDay returns the first day of the period.
func (p Period) FirstDay() ledger.Date { return p.Period.First() }

// LastDay returns the last day of the period.
func (p Period) LastDay() ledger.Date { return p.Period.Last() }

// ClosingAct says what a row of the closings records.
type ClosingAct string

// The acts that a closing records.
const (
	Closed   ClosingAct = "CLOSED"
	Reopened ClosingAct = "REOPENED"
)

// Closing records that a period was closed or reopened. It never changes: a period that is
// closed again has another.
type Closing struct {
	ID        string
	Period    ledger.Period
	Act       ClosingAct
	At        time.Time
	Actor     string
	ActorName string // what people call the actor; "" where nobody said
	Reason    string // why it was reopened
	ReopenID  string // the proposal by which it was reopened
	// Entries counts the entries of the period then, LastEntry is the number of the book's
	// last one.
	Entries, LastEntry int64
	Checks             []CloseCheck // what the checklist said; none of a reopening
}

// PeriodTotal is what a period holds by now.
type PeriodTotal struct {
	Period      ledger.Period
	Entries     int64
	OutOfPeriod int64 // entries of what happened in an earlier month
	// FunctionalDebits and FunctionalCredits are gross, in minor units of the book's currency.
	FunctionalDebits, FunctionalCredits int64
}

type periodTx interface {
	// ClosedThrough returns the last closed period, zero where none is. Within Update it
	// holds what is closed, with others, until the transaction ends: nobody closes or
	// reopens a period before what this one books is there. It is taken after customers
	// and before the counter of entries.
	ClosedThrough(ctx context.Context) (ledger.Period, error)
	// HoldPeriods holds what is closed alone, and waits for all who book to end.
	HoldPeriods(ctx context.Context) error
	// SetClosedThrough says which period is the last closed one, zero for none.
	SetClosedThrough(ctx context.Context, through ledger.Period) error
	// PeriodsClosed returns the periods that were ever closed, in order.
	PeriodsClosed(ctx context.Context) ([]Period, error)
	SavePeriod(ctx context.Context, period Period) error
	// Beginning returns the first day under which anything is booked, and the instant of the
	// first purchase that was made here; zero where there is none.
	Beginning(ctx context.Context) (booked ledger.Date, purchased time.Time, err error)
	// InsertClosing keeps a closing with the trial balance of its period.
	InsertClosing(ctx context.Context, closing Closing, balances []ledger.Balance) error
	// Closings returns the closings of the periods, by period and in order.
	Closings(ctx context.Context, periods []ledger.Period) ([]Closing, error)
	// ClosingBalances returns the trial balance that a closing kept, in no order.
	ClosingBalances(ctx context.Context, closingID string) ([]ledger.Balance, error)
	// PeriodTotals returns what the periods hold, from running sums but for the count of
	// entries; those without any are left out.
	PeriodTotals(ctx context.Context, periods []ledger.Period) ([]PeriodTotal, error)

	// LateUsageOpen counts the lots that lapsed after an instant and through another, have
	// credits left and still accept use after now, and returns until when the last of them does.
	LateUsageOpen(ctx context.Context, after, through, now time.Time) (lots int64, until time.Time, err error)
	// CountUnposted counts the recognitions of the open batch under a day by through.
	CountUnposted(ctx context.Context, through ledger.Date) (int64, error)
	// ProposalsBy returns the estimates that wait for a decision and would be in force from a
	// day by through.
	ProposalsBy(ctx context.Context, through ledger.Date) ([]Proposal, error)
	// PeriodLines adds up the lines of the entries of a period and its running balances, by
	// account and currency.
	PeriodLines(ctx context.Context, period ledger.Period) ([]LinesAndBalance, error)
	// PurchasesBooked adds up the purchases made in [from, before) whose liability is booked,
	// and what their entries booked for them, per currency.
	PurchasesBooked(ctx context.Context, from, before time.Time) ([]PurchasesBooked, error)
	// OpeningsBooked does so for what was taken over at cut-overs of the days, by currency:
	// Entries counts those that took it over.
	OpeningsBooked(ctx context.Context, from, to ledger.Date) ([]PurchasesBooked, error)
	// UsageAccounted adds up the use of the days [from, to], which are the instants [start, end),
	// in events, draws, lot-days and recognitions. Of events it reads those whose id is not below fromID.
	UsageAccounted(ctx context.Context, from, to ledger.Date, start, end time.Time, fromID string) (UsageAccounted, error)

	InsertReopening(ctx context.Context, reopening Reopening) error
	// LockReopening returns the reopening and holds it until the transaction ends.
	// Errors: NOT_FOUND.
	LockReopening(ctx context.Context, id string) (Reopening, error)
	// DecideReopening writes status and decision. Errors: NOT_FOUND.
	DecideReopening(ctx context.Context, decided Reopening) error
	// Reopenings returns those that were proposed for the periods, by period and in order.
	Reopenings(ctx context.Context, periods []ledger.Period) ([]Reopening, error)

	// InsertCloseTask refuses a name that is taken. Errors: ALREADY_EXISTS.
	InsertCloseTask(ctx context.Context, task CloseTask) error
	// EndCloseTask says which period is the last of a task. Errors: NOT_FOUND.
	EndCloseTask(ctx context.Context, id string, last ledger.Period) error
	// CloseTasks returns all tasks, in order.
	CloseTasks(ctx context.Context) ([]CloseTask, error)
	InsertCloseTaskMark(ctx context.Context, mark CloseTaskMark) error
	// CloseTaskMarks returns what was ticked of the period, in order.
	CloseTaskMarks(ctx context.Context, period ledger.Period) ([]CloseTaskMark, error)
}

// LinesAndBalance holds the lines of a period against its running balance, for an account
// in a currency: gross, in minor units of it and of the book's own.
type LinesAndBalance struct {
	Account                             ledger.Role
	Currency                            ledger.Currency
	Debits, Credits                     int64 // of the lines
	FunctionalDebits, FunctionalCredits int64
	// The same as the running balance has it.
	KeptDebits, KeptCredits                     int64
	KeptFunctionalDebits, KeptFunctionalCredits int64
}

// PurchasesBooked holds purchases against the entries that book them.
type PurchasesBooked struct {
	Currency                ledger.Currency
	Purchases, Entries      int64 // entries by which a liability appeared
	Price, Deferred         int64 // minor units
	Functional, DeferredOwn int64 // the same in the book's own currency
}

// UsageAccounted is the use of some days, counted four times.
type UsageAccounted struct {
	Events, Undrawn int64 // events, and those whose draws do not add up to them
	Draws           int64
	// Credits of the events, of their draws, of the lots' days and of what is booked.
	OfEvents, OfDraws, OfLotDays, Booked int64 // in millionths
}

// PeriodFilter narrows a list of periods.
type PeriodFilter struct {
	Status PeriodStatus
	Period ledger.Period
}

// Periods returns a page of the periods of the book, from its first to this month, in order,
// those that were never closed too. Page.After is a period. Errors: INVALID, FORBIDDEN.
func (b *Books) Periods(tx Tx, ctx context.Context, filter PeriodFilter, page Page) ([]Period, error) { //nolint:revive // in the order of the methods of Tx
	periods, err := b.allPeriods(ctx, tx)
	if err != nil {
		return nil, err
	}
	after := ledger.Period(0)
	if page.After != "" {
		if after, err = ledger.ParsePeriod(page.After); err != nil {
			return nil, refuse(Invalid, "after", "is no cursor of this list")
		}
	}
	if page.Reverse {
		slices.Reverse(periods)
	}
	periods = slices.DeleteFunc(periods, func(p Period) bool {
		behind := after != 0 && (p.Period <= after && !page.Reverse || p.Period >= after && page.Reverse)
		return behind || !filter.keeps(p)
	})
	if page.Limit > 0 && len(periods) > page.Limit {
		periods = periods[:page.Limit]
	}
	return periods, nil
}

// CountPeriods counts the periods that Periods lists.
func (b *Books) CountPeriods(tx Tx, ctx context.Context, filter PeriodFilter) (int64, error) { //nolint:revive // as Periods
	periods, err := b.Periods(tx, ctx, filter, Page{})
	return int64(len(periods)), err
}

func (f PeriodFilter) keeps(p Period) bool {
	return (f.Status == "" || p.Status == f.Status) && (f.Period == 0 || p.Period == f.Period)
}

func (b *Books) allPeriods(ctx context.Context, tx Tx) ([]Period, error) {
	known, err := tx.PeriodsClosed(ctx)
	if err != nil {
		return nil, err
	}
	first, _, err := firstPeriod(ctx, tx, b.zone)
	if err != nil {
		return nil, err
	}
	if first == 0 {
		first = ledger.DateOf(b.book.CreatedAt, b.zone).Period()
	}
	last := max(b.today().Period(), first)
	if len(known) > 0 {
		if first > known[0].Period || known[0].Status == PeriodIsClosed { // what is older by its date came later
			first = known[0].Period
		}
		last = max(last, known[len(known)-1].Period)
	}
	first = max(first, last-maxPeriods)
	periods := make([]Period, 0, last-first+1)
	for period := first; period <= last; period++ {
		at, found := slices.BinarySearchFunc(known, period, func(p Period, period ledger.Period) int { return int(p.Period - period) })
		p := Period{Period: period, Status: PeriodIsOpen}
		if found {
			p = known[at]
		}
		p.Status = b.periodStatus(p.Period, p.Status)
		periods = append(periods, p)
	}
	return periods, nil
}

// periodStatus is how a period stands now, where a row says that it is open.
func (b *Books) periodStatus(period ledger.Period, status PeriodStatus) PeriodStatus {
	if status == PeriodIsOpen && period.Last() < b.today() {
		return PeriodIsClosing
	}
	return status
}

// firstPeriod returns the period of the first entry or purchase of the book; known is false,
// and it is zero, where there is none.
func firstPeriod(ctx context.Context, tx Tx, zone *time.Location) (first ledger.Period, known bool, err error) {
	booked, purchased, err := tx.Beginning(ctx)
	if err != nil {
		return 0, false, err
	}
	if booked != 0 {
		first = booked.Period()
	}
	if !purchased.IsZero() {
		if bought := ledger.DateOf(purchased, zone).Period(); first == 0 || bought < first {
			first = bought
		}
	}
	return first, first != 0, nil
}
