package books

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"drawdown/ledger"
)

// OutOfPeriodRequest asks for what is booked under accounting dates From through To and happened in an
// earlier month, as it stood at an instant: of entries posted by then.
type OutOfPeriodRequest struct {
	From, To ledger.Date
	AsOf     time.Time // now where zero
}

// OutOfPeriod is what is booked under another month than it happened in. Rows are in order of the
// month booked, the month in which it happened, kind and currency; totals in order of currency.
type OutOfPeriod struct {
	OutOfPeriodRequest
	PostedThrough int64
	EntryCount    int64 // an entry in two currencies is in two rows
	Rows, Totals  []OutOfPeriodRow
}

// OutOfPeriodRow is what entries of one kind in one currency moved from one month to another.
type OutOfPeriodRow struct {
	HappenedIn, BookedIn ledger.Period // zero in totals
	Kind                 ledger.EntryKind
	Currency             ledger.Currency
	EntryCount           int64 // with a line in the currency
	RecognitionCount     int64 // that the entries sum
	Debits               BreakageAmount
	Revenue              BreakageAmount // contra-revenue taken off
	DeferredRevenue      BreakageAmount // credit positive
}

// OutOfPeriodPart is a row as the store adds it up.
type OutOfPeriodPart struct {
	HappenedIn, BookedIn ledger.Period
	Kind                 ledger.EntryKind
	Currency             ledger.Currency
	Entries              int64
	Recognitions         int64
	Debits, Revenue      int64
	Deferred             int64
	FunctionalDebits     int64
	FunctionalRevenue    int64
	FunctionalDeferred   int64
}

// ControlTotal is what all of it moved in revenue, in the book's currency.
func (r *OutOfPeriod) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, row := range r.Totals {
		total = total.Add(row.Revenue.Functional)
	}
	return total
}

func (b *Books) outOfPeriod(ctx context.Context, tx Tx, request *OutOfPeriodRequest) (MovementSpan, error) {
	if err := b.checkSpan(request.From, request.To, &request.AsOf); err != nil {
		return MovementSpan{}, err
	}
	posted, err := tx.PostedThrough(ctx, request.AsOf)
	return MovementSpan{request.From, request.To, posted, request.AsOf}, err
}

// OutOfPeriod adds up what is booked under another month than it happened in: by both months, kind and
// currency. Errors: INVALID, TOO_LARGE.
func (b *Books) OutOfPeriod(ctx context.Context, tx Tx, request OutOfPeriodRequest) (OutOfPeriod, error) {
	span, err := b.outOfPeriod(ctx, tx, &request)
	if err != nil {
		return OutOfPeriod{}, err
	}
	report := OutOfPeriod{OutOfPeriodRequest: request, PostedThrough: span.Through}
	parts, count, err := tx.OutOfPeriod(ctx, span)
	if err != nil {
		return OutOfPeriod{}, err
	}
	report.EntryCount = count
	totals := map[ledger.Currency]*OutOfPeriodRow{}
	for _, p := range parts {
		row := OutOfPeriodRow{HappenedIn: p.HappenedIn, BookedIn: p.BookedIn, Kind: p.Kind, Currency: p.Currency}
		total := totals[p.Currency]
		if total == nil {
			total = &OutOfPeriodRow{Currency: p.Currency}
			totals[p.Currency] = total
		}
		for _, of := range []*OutOfPeriodRow{&row, total} {
			of.EntryCount, of.RecognitionCount = of.EntryCount+p.Entries, of.RecognitionCount+p.Recognitions
			of.Debits = of.Debits.add(b.money(p.Debits, p.FunctionalDebits, p.Currency))
			of.Revenue = of.Revenue.add(b.money(p.Revenue, p.FunctionalRevenue, p.Currency))
			of.DeferredRevenue = of.DeferredRevenue.add(b.money(p.Deferred, p.FunctionalDeferred, p.Currency))
		}
		report.Rows = append(report.Rows, row)
	}
	for _, total := range totals {
		report.Totals = append(report.Totals, *total)
	}
	slices.SortFunc(report.Totals, func(x, y OutOfPeriodRow) int { return cmp.Compare(x.Currency, y.Currency) })
	return report, nil
}

func (b *Books) money(minor, functional int64, currency ledger.Currency) BreakageAmount {
	return BreakageAmount{Amount: ledger.Money(minor, currency), Functional: ledger.Money(functional, b.book.Functional)}
}

// outOfPeriodPage is how many entries are read at once.
const outOfPeriodPage = 500

// EachOutOfPeriod yields the entries that OutOfPeriod adds up, in order of number. Errors: those of
// OutOfPeriod, and of yield.
func (b *Books) EachOutOfPeriod(ctx context.Context, tx Tx, request OutOfPeriodRequest, yield func(*ledger.Entry) error) error {
	span, err := b.outOfPeriod(ctx, tx, &request)
	if err != nil {
		return err
	}
	yes, page := true, Page{Limit: outOfPeriodPage}
	for {
		entries, err := tx.Entries(ctx, EntryFilter{From: span.From, To: span.To, OutOfPeriod: &yes}, page)
		if err != nil {
			return err
		}
		for i := range entries {
			if entries[i].Number > span.Through {
				return nil // as all that follow
			}
			if err := yield(&entries[i]); err != nil {
				return err
			}
		}
		if len(entries) < outOfPeriodPage {
			return nil
		}
		page.After = strconv.FormatInt(entries[len(entries)-1].Number, 10)
	}
}
