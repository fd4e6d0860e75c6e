package bench

import (
	"context"
	"fmt"
	"io"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger/export"
)

var formatReach = reach{atLeast: 0.2}

// batchProfiles are what targets ask for, besides their format and the codes of the book.
var batchProfiles = map[export.Format]string{
	"quickbooks-online":  `, "dimensions": [{"key": "customer", "column": "Name", "unmapped": "pass"}]`,
	"quickbooks-desktop": `, "dimensions": [{"key": "customer", "column": "NAME", "unmapped": "pass"}]`,
	"oracle-fusion":      `, "options": {"ledger_id": "300000001"}`,
}

// batches writes the journal as a batch for a general ledger in every format, with the codes of
// the book, beside the fastest way in which the database gives the same lines.
func (b *bench) batches(ctx context.Context, book *book, lines int64) error {
	if _, err := book.GLAccountsSet(ctx, "gl codes", books.SampleGLCodes()); err != nil {
		return err
	}
	last, err := book.number(ctx, "SELECT max(number) FROM entries")
	if err != nil {
		return err
	}
	for _, target := range export.Targets() {
		if err := b.batchesIn(ctx, book, target.Format, lines, last); err != nil {
			return fmt.Errorf("%s: %w", target.Format, err)
		}
	}
	b.say("batches: verifying them")
	return book.check(ctx, 0)
}

// batchesIn measures one format. A batch of the first tenth goes to a target of its own, so that
// both begin with the first entry.
func (b *bench) batchesIn(ctx context.Context, book *book, format export.Format, lines, last int64) error {
	tenth, err := book.batchTarget(ctx, format, "-tenth")
	if err != nil {
		return err
	}
	whole, err := book.batchTarget(ctx, format, "")
	if err != nil {
		return err
	}
	var rounds, heap []Round
	var size int64
	for round := range b.Rounds {
		b.say("batches: %s, round %d of %d", format, round+1, b.Rounds)
		if err := book.settle(ctx); err != nil {
			return err
		}
		part, err := book.batchOnce(ctx, tenth, max(last/10, 1))
		if err != nil {
			return err
		}
		ours, err := book.batchOnce(ctx, whole, last)
		if err != nil {
			return err
		}
		limit, err := book.limitOfExport(ctx, lines)
		if err != nil {
			return err
		}
		if ours.lines != lines {
			return fmt.Errorf("the batch has %d lines, and should have %d", ours.lines, lines)
		}
		rounds = append(rounds, Round{perSecond(int(lines), ours.took), perSecond(int(lines), limit.took)})
		heap = append(heap, Round{ours.peak, part.peak})
		size = ours.bytes
	}
	const megabyte = 1 << 20
	what := numbered("batch of %s lines, "+string(format), int(lines))
	b.add(Row{Measure: Batches, What: what, Unit: "lines/s", LimitIs: b.engine.out(), Note: fmt.Sprintf("%d MB", size/megabyte)}, rounds, formatReach)
	b.add(Row{Measure: Batches, What: what + ", peak heap", Unit: "MB", LimitIs: "the peak of a batch of the first tenth"}, heap, flatReach)
	return nil
}

// batchTarget makes a target of a format.
func (b *book) batchTarget(ctx context.Context, format export.Format, suffix string) (books.ExportTarget, error) {
	code := string(format) + suffix
	profile := fmt.Sprintf(`{"format": %q, "accounts": "BOOK"%s}`, format, batchProfiles[format])
	return b.ExportTargetCreate(ctx, code, books.NewExportTarget{Code: code, Profile: profile})
}

// batched is what a batch took.
type batched struct {
	took         time.Duration
	lines, bytes int64
	peak         float64 // megabytes of heap
}

// batchOnce makes a batch of the entries through one, has it written and reads its files, as drawdown export
// batch does, and takes it back, so that the next one has the same entries.
func (b *book) batchOnce(ctx context.Context, target books.ExportTarget, through int64) (got batched, err error) {
	var heap heapPeak
	stop := heap.watch()
	began := time.Now()
	batch, err := b.writeBatch(ctx, target, through)
	for _, file := range batch.Files {
		if err == nil {
			var n int64
			n, err = b.readFile(ctx, batch, file)
			got.bytes += n
		}
	}
	got.took, got.lines = time.Since(began), batch.Lines
	stop()
	got.peak = heap.megabytes()
	if err != nil {
		return got, err
	}
	_, err = b.ExportBatchVoid(ctx, "void "+batch.ID, books.ChangeExportBatch{ID: batch.ID, Reason: "the next round"})
	return got, err
}

func (b *book) writeBatch(ctx context.Context, target books.ExportTarget, through int64) (books.ExportBatch, error) {
	key := fmt.Sprintf("batch of %s, %d", target.Code, time.Now().UnixNano())
	batch, err := b.ExportBatchCreate(ctx, key, books.NewExportBatch{Target: target.ID, Through: through})
	if err != nil {
		return batch, err
	}
	batch, _, err = b.ExportWrite(ctx, batch.ID)
	if err == nil && batch.Status != books.ExportSealed {
		err = fmt.Errorf("the batch is %s: %s", batch.Status, batch.Problem)
	}
	return batch, err
}

// readFile reads a file of a batch, which must have as many bytes as the batch says.
func (b *book) readFile(ctx context.Context, batch books.ExportBatch, file books.ExportFile) (int64, error) {
	n, err := io.Copy(io.Discard, b.ExportOpenFile(ctx, batch, file))
	if err == nil && n != file.Bytes {
		err = fmt.Errorf("%s has %d bytes, and should have %d", file.Name, n, file.Bytes)
	}
	return n, err
}
