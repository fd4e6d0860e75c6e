package books

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"drawdown/ledger"
)

// ActivityRequest asks for the lines of one account under the accounting dates From through
// To, as it stood at an instant: of entries posted by then.
type ActivityRequest struct {
	Account  ledger.Role
	Currency ledger.Currency // all where ""
	From, To ledger.Date
	AsOf     time.Time // now where zero
	First    int       // at most so many lines
	After    string    // the key of the line after which to go on; "" is the beginning
}

// AccountActivity is what happened on an account, line by line.
type AccountActivity struct {
	ActivityRequest
	PostedThrough int64
	// Balances are those of the whole span, by currency, read from running balances apart
	// from the lines.
	Balances []ActivityBalance
	Lines    []ActivityLine // in order of accounting date, entry and line
	More     bool           // whether lines follow behind these
}

// ActivityBalance is what an account held in a currency before and after a span, debit positive.
type ActivityBalance struct {
	Currency                             ledger.Currency
	Opening, Closing                     ledger.Amount
	FunctionalOpening, FunctionalClosing ledger.Amount
}

// ActivityPlace is the place of a line in the order of accounting date, entry and line.
type ActivityPlace struct {
	Day          ledger.Date // the accounting date
	Number, Line int64
}

// ActivityLine is a line of an entry with what the account holds, in its currency, after it.
// Amounts are debit positive.
type ActivityLine struct {
	Place                      ActivityPlace
	OccurredOn                 ledger.Date
	PostedAt                   time.Time
	Kind                       ledger.EntryKind
	Reference, Description     string
	Reverses                   int64 // the number of the entry that it takes back; 0 for none
	Amount, Functional         ledger.Amount
	Dimensions                 ledger.Dimensions
	Balance, FunctionalBalance ledger.Amount
}

// Key names a line for the page after it.
func (l *ActivityLine) Key() string {
	return fmt.Sprintf("%s/%d/%d", l.Place.Day, l.Place.Number, l.Place.Line)
}

// ActivityFilter narrows the lines of an account: behind After, of entries up to the number
// Through.
type ActivityFilter struct {
	Account  ledger.Role
	Currency ledger.Currency
	From, To ledger.Date
	Through  int64
	After    ActivityPlace // the zero place is in front of all
	Limit    int
}

// MaxActivityLines bounds the lines of one page.
const MaxActivityLines = 1000

// AccountActivity lists a page of the lines of an account with its running balance. The opening,
// the lines and the closing foot to the trial balance. Errors: INVALID, TOO_LARGE.
func (b *Books) AccountActivity(ctx context.Context, tx Tx, request ActivityRequest) (report AccountActivity, err error) {
	if err := b.checkSpan(request.From, request.To, &request.AsOf); err != nil {
		return report, err
	}
	if _, known := ledger.AccountOf(request.Account); !known {
		return report, refuse(Invalid, "account", "must be an account of the chart, such as %s, not %q", ledger.DeferredRevenue, request.Account)
	}
	if err := checkCurrency("currency", request.Currency); err != nil {
		return report, err
	}
	if request.First < 1 || request.First > MaxActivityLines {
		return report, refuse(Invalid, "first", "must be 1 to %d, but is %d", MaxActivityLines, request.First)
	}
	report.ActivityRequest = request
	if report.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return report, err
	}
	filter := ActivityFilter{
		Account: request.Account, Currency: request.Currency, From: request.From, To: request.To, Through: report.PostedThrough, Limit: request.First + 1,
	}
	if request.After != "" {
		if filter.After, err = activityPlace(request.After); err != nil {
			return report, err
		}
		if filter.After.Day < request.From || filter.After.Day > request.To {
			return report, refuse(Invalid, "after", "must be a cursor of the same question")
		}
	}
	if report.Lines, err = tx.AccountLines(ctx, filter); err != nil {
		return report, err
	}
	if report.More = len(report.Lines) > request.First; report.More {
		report.Lines = report.Lines[:request.First]
	}
	if err := report.balances(ctx, tx, b.book.Functional); err != nil {
		return report, err
	}
	err = report.run(ctx, tx, filter.After, b.book.Functional)
	return report, err
}

func activityPlace(key string) (place ActivityPlace, err error) {
	parts := strings.Split(key, "/")
	if len(parts) == 3 {
		place.Day, err = ledger.ParseDate(parts[0])
		for i, to := range []*int64{&place.Number, &place.Line} {
			if err == nil {
				*to, err = strconv.ParseInt(parts[i+1], 10, 64)
			}
		}
		if err == nil && place.Number > 0 && place.Line > 0 {
			return place, nil
		}
	}
	return place, refuse(Invalid, "after", "must be a cursor of this list")
}

// before returns what the account held in front of a place, by currency.
func (a *AccountActivity) before(ctx context.Context, tx Tx, at ActivityPlace) ([]ledger.Balance, error) {
	held, err := tx.AccountBefore(ctx, a.Account, at, a.PostedThrough)
	return slices.DeleteFunc(held, func(b ledger.Balance) bool { return a.Currency != "" && b.Currency != a.Currency }), err
}

// balances reads what the account held before the span and after it. Currencies in which it had
// and has nothing, without a line on this page, are left out.
func (a *AccountActivity) balances(ctx context.Context, tx Tx, functional ledger.Currency) error {
	opening, err := a.before(ctx, tx, ActivityPlace{Day: a.From})
	if err != nil {
		return err
	}
	closing, err := a.before(ctx, tx, ActivityPlace{a.To, math.MaxInt64, math.MaxInt64})
	if err != nil {
		return err
	}
	for _, after := range closing { // every currency of the one is one of the other
		of := ActivityBalance{
			Currency: after.Currency, Opening: ledger.Money(0, after.Currency), FunctionalOpening: ledger.Money(0, functional),
			Closing: after.Opening, FunctionalClosing: after.FunctionalOpening,
		}
		for _, before := range opening {
			if before.Currency == after.Currency {
				of.Opening, of.FunctionalOpening = before.Opening, before.FunctionalOpening
			}
		}
		moved := slices.ContainsFunc(a.Lines, func(line ActivityLine) bool { return line.Amount.Currency == of.Currency })
		if moved || !of.Opening.IsZero() || !of.FunctionalOpening.IsZero() || !of.Closing.IsZero() || !of.FunctionalClosing.IsZero() {
			a.Balances = append(a.Balances, of)
		}
	}
	return nil
}

// run adds up what the account holds after each line.
func (a *AccountActivity) run(ctx context.Context, tx Tx, after ActivityPlace, functional ledger.Currency) error {
	holds := map[ledger.Currency]ledger.Balance{}
	if after.Day == 0 {
		for _, of := range a.Balances {
			holds[of.Currency] = ledger.Balance{Opening: of.Opening, FunctionalOpening: of.FunctionalOpening}
		}
	} else {
		held, err := a.before(ctx, tx, after)
		if err != nil {
			return err
		}
		for _, of := range held {
			holds[of.Currency] = of
		}
	}
	for i := range a.Lines {
		line := &a.Lines[i]
		of, met := holds[line.Amount.Currency]
		if !met {
			of = ledger.Balance{Opening: ledger.Money(0, line.Amount.Currency), FunctionalOpening: ledger.Money(0, functional)}
		}
		of.Opening, of.FunctionalOpening = of.Opening.Add(line.Amount), of.FunctionalOpening.Add(line.Functional)
		line.Balance, line.FunctionalBalance = of.Opening, of.FunctionalOpening
		holds[line.Amount.Currency] = of
	}
	return nil
}
