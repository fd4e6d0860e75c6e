package books

import (
	"context"
	"strconv"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// ExceptionKind says what an exception is.
type ExceptionKind string

// The kinds of exception, in the order of a report.
const (
	BookedOutOfPeriod   ExceptionKind = "OUT_OF_PERIOD"
	StaleEstimate       ExceptionKind = "STALE_ESTIMATE"
	UseAboveExpectation ExceptionKind = "USE_ABOVE_EXPECTATION"
	ManualOnControl     ExceptionKind = "MANUAL_ON_CONTROL_ACCOUNT"
	MonthReopened       ExceptionKind = "MONTH_REOPENED"
	UsageRejected       ExceptionKind = "USAGE_REJECTED"
	UsageDuplicate      ExceptionKind = "USAGE_DUPLICATE"
)

var exceptionKinds = []ExceptionKind{BookedOutOfPeriod, StaleEstimate, UseAboveExpectation, ManualOnControl, MonthReopened, UsageRejected, UsageDuplicate}

// ExceptionsRequest asks for what was booked under the days From through To, and was found and done on
// them, as it stood at an instant.
type ExceptionsRequest struct {
	From, To ledger.Date
	AsOf     time.Time // now where zero
}

// Exceptions is what somebody should look at, by kind.
type Exceptions struct {
	ExceptionsRequest
	PostedThrough int64
	Rows          []Exception
	Counts        []ExceptionCount // of all kinds
}

// ExceptionCount is how many exceptions of one kind there are.
type ExceptionCount struct {
	Kind  ExceptionKind
	Count int64
}

// Exception is one thing to look at. What the fields hold goes by its kind.
type Exception struct {
	Kind    ExceptionKind
	On      ledger.Date    // zero for what is booked out of period
	Period  ledger.Period  // that it is about
	Subject string         // month booked, code of the policy, number of the entry; "" for a month
	Reason  string         // kind of entry, what the review found, the account, why it was reopened, the code of a rejection
	Count   int64          // entries, months of purchase, lines, events
	Credits revrec.Credits // used above what was expected
	Amount  BreakageAmount // revenue of what is out of period; of a line, debit positive
	Money   bool           // there is an amount
}

// exceptionPage is how many rows are read at once.
const exceptionPage = 500

// Exceptions lists what is booked out of period, estimates that reviews found stale or exceeded, lines that
// people wrote on accounts that the sub-ledger derives, months that were opened again, and usage that was
// sent on the days and not recorded. Errors: INVALID, TOO_LARGE.
func (b *Books) Exceptions(ctx context.Context, tx Tx, request ExceptionsRequest) (Exceptions, error) {
	late, err := b.OutOfPeriod(ctx, tx, OutOfPeriodRequest(request))
	if err != nil {
		return Exceptions{}, err
	}
	w := exceptionsWork{books: b, tx: tx, Exceptions: Exceptions{ExceptionsRequest: ExceptionsRequest(late.OutOfPeriodRequest), PostedThrough: late.PostedThrough}}
	for _, row := range late.Rows {
		w.Rows = append(w.Rows, Exception{
			Kind: BookedOutOfPeriod, Period: row.HappenedIn, Subject: row.BookedIn.String(), Reason: string(row.Kind), Count: row.EntryCount, Amount: row.Revenue, Money: true,
		})
	}
	for _, read := range []func(context.Context) error{w.reviews, w.manual, w.reopened, w.notRecorded} {
		if err := read(ctx); err != nil {
			return Exceptions{}, err
		}
	}
	for _, kind := range exceptionKinds {
		of := ExceptionCount{Kind: kind}
		for i := range w.Rows {
			if w.Rows[i].Kind == kind {
				of.Count++
			}
		}
		w.Counts = append(w.Counts, of)
	}
	return w.Exceptions, nil
}

type exceptionsWork struct {
	Exceptions
	books *Books
	tx    Tx
}

// within reports whether an instant is on one of the days, and not after the one that is asked of.
func (w *exceptionsWork) within(at time.Time) (ledger.Date, bool) {
	day := ledger.DateOf(at, w.books.zone)
	return day, day >= w.From && day <= w.To && !at.After(w.AsOf)
}

func (w *exceptionsWork) reviews(ctx context.Context) error {
	stale := true
	var found, above []Exception
	for page := (Page{Limit: exceptionPage}); ; {
		some, err := w.tx.EstimateReviews(ctx, ReviewFilter{Stale: &stale, By: w.AsOf}, page)
		if err != nil {
			return err
		}
		for i := range some {
			r := &some[i]
			day, in := w.within(r.At)
			if !in {
				continue
			}
			policy, err := policyByID(ctx, w.tx, r.PolicyID)
			if err != nil {
				return err
			}
			for _, of := range r.Findings {
				e := Exception{Kind: StaleEstimate, On: day, Period: r.Month, Subject: policy.Code, Reason: string(of.Reason)}
				if of.Reason == UseBeyond {
					e.Kind, e.Count, e.Credits = UseAboveExpectation, int64(r.BeyondCohorts), r.Beyond
					above = append(above, e)
					continue
				}
				found = append(found, e)
			}
		}
		if len(some) < exceptionPage {
			w.Rows = append(append(w.Rows, found...), above...)
			return nil
		}
		page.After = some[len(some)-1].ID
	}
}

func (w *exceptionsWork) manual(ctx context.Context) error {
	control := map[ledger.Role]bool{}
	for _, account := range ledger.Accounts() {
		control[account.Role] = account.Control
	}
	filter := EntryFilter{From: w.From, To: w.To, Kinds: []ledger.EntryKind{ledger.ManualEntry, ledger.ManualReversalEntry}}
	for page := (Page{Limit: exceptionPage}); ; {
		entries, err := w.tx.Entries(ctx, filter, page)
		if err != nil {
			return err
		}
		for i := range entries {
			e := &entries[i]
			if e.Number > w.PostedThrough {
				return nil // as all that follow
			}
			for _, line := range e.Lines {
				if control[line.Account] {
					w.Rows = append(w.Rows, Exception{
						Kind: ManualOnControl, On: e.AccountingDate, Period: e.AccountingDate.Period(), Subject: strconv.FormatInt(e.Number, 10),
						Reason: string(line.Account), Count: 1, Amount: BreakageAmount{line.Amount, line.Functional}, Money: true,
					})
				}
			}
		}
		if len(entries) < exceptionPage {
			return nil
		}
		page.After = strconv.FormatInt(entries[len(entries)-1].Number, 10)
	}
}

func (w *exceptionsWork) reopened(ctx context.Context) error {
	closings, err := ClosingsBy(ctx, w.tx, w.AsOf)
	for i := range closings {
		if day, in := w.within(closings[i].At); in && closings[i].Act == Reopened {
			w.Rows = append(w.Rows, Exception{Kind: MonthReopened, On: day, Period: closings[i].Period, Reason: closings[i].Reason, Count: 1})
		}
	}
	return err
}

func (w *exceptionsWork) notRecorded(ctx context.Context) error {
	sums, err := w.tx.NotRecorded(ctx, w.From, w.To, w.AsOf)
	for _, kind := range []struct {
		status OutcomeStatus
		kind   ExceptionKind
	}{{Rejected, UsageRejected}, {Duplicate, UsageDuplicate}} {
		for _, sum := range sums {
			if sum.Status == kind.status {
				w.Rows = append(w.Rows, Exception{Kind: kind.kind, On: sum.Day, Period: sum.Day.Period(), Reason: string(sum.Code), Count: sum.Events})
			}
		}
	}
	return err
}
