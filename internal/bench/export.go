package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
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

// export writes the journal as CSV, beside the fastest way in which the database gives
// the same lines and columns.
func (b *bench) export(ctx context.Context, book *book, lines int64) error {
	var rounds, heap []Round
	var size int64
	for round := range b.Rounds {
		b.say("export: round %d of %d", round+1, b.Rounds)
		ours, err := exportOnce(lines, func(w io.Writer) error { return b.program.Export(ctx, book.Books, w) })
		if err != nil {
			return err
		}
		limit, err := exportOnce(lines, func(w io.Writer) error { return book.csv(ctx, selectLines, w) })
		if err != nil {
			return fmt.Errorf("the limit: %w", err)
		}
		rounds = append(rounds, Round{perSecond(int(lines), ours.took), perSecond(int(lines), limit.took)})
		heap = append(heap, Round{ours.peak, ours.early})
		size = ours.bytes
	}
	b.say("export: verifying %d lines", lines)
	if err := book.check(ctx, 0); err != nil {
		return err
	}
	const megabyte = 1 << 20
	what := numbered("export of %s lines to CSV", int(lines))
	b.add(Row{
		Measure: Export, What: what, Unit: "lines/s", LimitIs: b.engine.out(), Note: fmt.Sprintf("%d MB", size/megabyte),
	}, rounds, exportReach)
	b.add(Row{Measure: Export, What: what + ", peak heap", Unit: "MB", LimitIs: "the peak while the first tenth was written"}, heap, flatReach)
	return nil
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

// exportOnce runs an export to a writer that counts, and holds the count to the lines.
func exportOnce(lines int64, write func(io.Writer) error) (got exported, err error) {
	var heap heapPeak
	stop := heap.watch()
	sink := &sink{tenth: lines / 10, atTenth: func() {
		heap.look()
		got.early = heap.megabytes()
	}}
	began := time.Now()
	err = write(sink)
	got.took = time.Since(began)
	stop()
	got.bytes, got.peak = sink.bytes, heap.megabytes()
	if err == nil && sink.lines != lines+1 { // and a heading
		err = fmt.Errorf("wrote %d lines, and should have written %d and a heading", sink.lines, lines)
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
