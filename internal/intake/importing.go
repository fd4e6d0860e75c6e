package intake

import (
	"context"
	"iter"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// BatchSize is how many events are recorded in one transaction: enough that its cost is
// spread thin, few enough that other writers wait for fractions of a second.
const BatchSize = 5000

// maxBatchBytes bounds the rows that a batch holds on to, for those that are long.
const maxBatchBytes = 16 << 20

// Recorder records usage: *books.Books does.
type Recorder interface {
	RecordUsage(ctx context.Context, events []books.UsageInput) ([]books.UsageOutcome, error)
	// UsageUnreadable counts an event that could not be read.
	UsageUnreadable(reason *books.Error)
}

// Summary says what became of the events of a file.
type Summary struct {
	Recorded   int64           `json:"recorded"`
	Duplicates int64           `json:"duplicates"` // were recorded before; nothing changed
	Rejected   int64           `json:"rejected"`
	Credits    decimal.Decimal `json:"credits"` // of what was recorded now
}

// Add returns the sum of two summaries.
func (s Summary) Add(other Summary) Summary {
	return Summary{
		Recorded:   s.Recorded + other.Recorded,
		Duplicates: s.Duplicates + other.Duplicates,
		Rejected:   s.Rejected + other.Rejected,
		Credits:    s.Credits.Add(other.Credits),
	}
}

// Rejection is a row that was not taken, as it is kept aside: one line of NDJSON.
type Rejection struct {
	Line    int        `json:"line"`
	ID      string     `json:"id"` // of the event, "" where the row gives none
	Code    books.Code `json:"code"`
	Field   string     `json:"field"`
	Message string     `json:"message"`
	Row     string     `json:"row"` // as it stands in the file
}

// FileError is a file that cannot be read, or not to its end.
type FileError struct {
	Cause error
}

func (e *FileError) Error() string { return e.Cause.Error() }

func (e *FileError) Unwrap() error { return e.Cause }

// Import records the rows in batches and calls reject for each that is not taken, in the
// order of the file within a batch. What was recorded before an error stays recorded,
// and is a duplicate the next time.
// Errors: *FileError, those of RecordUsage, those of reject.
func Import(ctx context.Context, recorder Recorder, rows iter.Seq2[Row, error], reject func(Rejection) error) (Summary, error) {
	batch := batch{recorder: recorder, reject: reject}
	for row, err := range rows {
		if err != nil {
			return batch.summary, firstOf(batch.record(ctx), &FileError{Cause: err})
		}
		batch.rows = append(batch.rows, row)
		batch.size += len(row.Text)
		if len(batch.rows) == BatchSize || batch.size > maxBatchBytes {
			if err := batch.record(ctx); err != nil {
				return batch.summary, err
			}
		}
	}
	err := batch.record(ctx)
	return batch.summary, err
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

type batch struct {
	recorder Recorder
	reject   func(Rejection) error
	rows     []Row
	size     int // bytes of the rows
	summary  Summary
}

// record records what the batch holds and empties it.
func (b *batch) record(ctx context.Context) error {
	events := make([]books.UsageInput, 0, len(b.rows))
	for _, row := range b.rows {
		if row.Err == nil {
			events = append(events, row.Event)
		}
	}
	var outcomes []books.UsageOutcome
	if len(events) > 0 {
		var err error
		if outcomes, err = b.recorder.RecordUsage(ctx, events); err != nil {
			return err
		}
	}
	for _, row := range b.rows {
		refused := row.Err
		if refused != nil {
			b.recorder.UsageUnreadable(refused)
		} else {
			outcome := outcomes[0]
			outcomes = outcomes[1:]
			switch outcome.Status {
			case books.Recorded:
				b.summary.Recorded++
				b.summary.Credits = b.summary.Credits.Add(outcome.Event.Credits.Decimal())
				continue
			case books.Duplicate:
				b.summary.Duplicates++
				continue
			case books.Rejected:
				refused = outcome.Reason
			}
		}
		b.summary.Rejected++
		err := b.reject(Rejection{
			Line: row.Line, ID: row.Event.ID, Code: refused.Code, Field: refused.Field,
			Message: refused.Message, Row: string(row.Text),
		})
		if err != nil {
			return err
		}
	}
	b.rows, b.size = b.rows[:0], 0
	return nil
}
