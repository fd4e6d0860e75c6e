package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"drawdown/ledger/export"
)

var (
	exportReach = reach{atLeast: 0.5}
	flatReach   = reach{atMost: 1.5}
)

// exports makes a book with a journal and writes that, and batches of it.
func (b *bench) exports(ctx context.Context) (err error) {
	b.say("export: making %d lines", b.Lines)
	book, err := b.newBook(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.close(context.WithoutCancel(ctx))) }()
	for left := max(b.Lines/invoiceLines, 1); left > 0; left -= b.Customers {
		if err := book.invoice(ctx, min(left, b.Customers)); err != nil {
			return err
		}
	}
	if err := errors.Join(book.refresh(ctx), book.settle(ctx)); err != nil {
		return err
	}
	lines, err := book.number(ctx, "SELECT count(*) FROM lines")
	if err == nil && b.wants(Export) {
		err = b.export(ctx, book, lines)
	}
	if err == nil && b.wants(Batches) {
		err = b.batches(ctx, book, lines)
	}
	return err
}

// export writes the journal in every format that needs no profile, beside the fastest way in which the
// database gives the same lines, as CSV.
func (b *bench) export(ctx context.Context, book *book, lines int64) error {
	entries, err := book.number(ctx, "SELECT count(*) FROM entries")
	if err != nil {
		return err
	}
	for _, format := range export.Formats() {
		if err := b.exportIn(ctx, book, format, textLines(format, entries, lines)); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
	}
	b.say("export: verifying %d lines", lines)
	return book.check(ctx, 0)
}

// exportIn measures one format.
func (b *bench) exportIn(ctx context.Context, book *book, format export.Format, written lineCount) error {
	var rounds, heap []Round
	var size int64
	for round := range b.Rounds {
		b.say("export: %s, round %d of %d", format, round+1, b.Rounds)
		ours, err := exportOnce(written, func(w io.Writer) error { return b.program.Export(ctx, book.Books, format, w) })
		if err != nil {
			return err
		}
		limit, err := book.limitOfExport(ctx, written.journal)
		if err != nil {
			return err
		}
		rounds = append(rounds, Round{perSecond(int(written.journal), ours.took), perSecond(int(written.journal), limit.took)})
		heap = append(heap, Round{ours.peak, ours.early})
		size = ours.bytes
	}
	const megabyte = 1 << 20
	what := numbered("export of %s lines, "+string(format), int(written.journal))
	b.add(Row{Measure: Export, What: what, Unit: "lines/s", LimitIs: b.engine.out(), Note: fmt.Sprintf("%d MB", size/megabyte)}, rounds, exportReach)
	if written.least > 0 { // where a tenth is cannot be told from what is packed
		b.add(Row{Measure: Export, What: what + ", peak heap", Unit: "MB", LimitIs: "the peak while the first tenth was written"}, heap, flatReach)
	}
	return nil
}

// lineCount is how many lines of the journal an export has, and how many lines of text, at least and at most,
// where it is text.
type lineCount struct{ journal, least, most int64 }

// textLines is how many lines of text the entries have in a format. Those of the plain-text ledgers have
// a heading, a line for each entry and one for each of its lines at least.
func textLines(format export.Format, entries, lines int64) lineCount {
	switch format {
	case export.CSV:
		return lineCount{lines, lines + 1, lines + 1}
	case export.JSONL:
		return lineCount{lines, entries, entries}
	case export.JSONLines:
		return lineCount{lines, lines, lines}
	case export.Hledger, export.Ledger, export.Beancount:
		return lineCount{lines, lines + entries, math.MaxInt64}
	default:
		return lineCount{lines, 0, math.MaxInt64}
	}
}

// limitOfExport has the database give the lines of the journal as CSV.
func (b *book) limitOfExport(ctx context.Context, lines int64) (exported, error) {
	limit, err := exportOnce(textLines(export.CSV, 0, lines), func(w io.Writer) error { return b.csv(ctx, selectLines, w) })
	if err != nil {
		return limit, fmt.Errorf("the limit: %w", err)
	}
	return limit, nil
}

// selectLines is the lines of the journal, with the columns of the product's CSV. Amounts
// stay whole numbers of minor units, which is less work than the product does.
const selectLines = `SELECT e.number AS entry, l.line, e.accounting_date, e.occurred_on, e.kind, l.account,
	CASE WHEN l.amount_minor >= 0 THEN l.amount_minor END AS debit, CASE WHEN l.amount_minor < 0 THEN -l.amount_minor END AS credit,
	l.amount_minor AS amount, l.currency,
	CASE WHEN l.functional_minor >= 0 THEN l.functional_minor END AS functional_debit,
	CASE WHEN l.functional_minor < 0 THEN -l.functional_minor END AS functional_credit,
	l.functional_minor AS functional_amount, l.functional_currency, l.customer, l.policy, l.pack, e.reference, e.description
	FROM entries AS e JOIN lines AS l ON l.entry_number = e.number ORDER BY e.number, l.line`

// exported is what an export took.
type exported struct {
	took        time.Duration
	bytes       int64
	peak, early float64 // megabytes of heap, in all and while the first tenth was written
}

// exportOnce runs an export to a writer that counts, and holds the count of lines, where it is text, to what it should be.
func exportOnce(want lineCount, write func(io.Writer) error) (got exported, err error) {
	var heap heapPeak
	stop := heap.watch()
	sink := &sink{tenth: want.least / 10, atTenth: func() {
		heap.look()
		got.early = heap.megabytes()
	}}
	began := time.Now()
	err = write(sink)
	got.took = time.Since(began)
	stop()
	got.bytes, got.peak = sink.bytes, heap.megabytes()
	if err == nil && (sink.lines < want.least || sink.lines > want.most) {
		err = fmt.Errorf("wrote %d lines, and should have written %d to %d", sink.lines, want.least, want.most)
	}
	return got, err
}

// sink counts what is written to it.
type sink struct {
	bytes, lines int64
	tenth        int64
	atTenth      func() // called once when a tenth of the lines is written
}

func (s *sink) Write(p []byte) (int, error) {
	s.bytes += int64(len(p))
	s.lines += int64(bytes.Count(p, []byte{'\n'}))
	if s.atTenth != nil && s.lines > s.tenth {
		s.atTenth()
		s.atTenth = nil
	}
	return len(p), nil
}
