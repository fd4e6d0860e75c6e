package store

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type notRecordedRow struct {
	bun.BaseModel `bun:"table:usage_not_recorded,alias:usage_not_recorded"`

	ID     string  `bun:",nullzero"`
	At     instant `bun:"at_us,type:bigint"`
	Day    date    `bun:",type:text"`
	Status string
	Code   string `bun:",nullzero"`
	Events int64
}

func (t *tx) InsertNotRecorded(ctx context.Context, rows []books.NotRecorded) error {
	if t.readOnly {
		return errReadOnly
	}
	kept := convert(rows, func(n books.NotRecorded) notRecordedRow {
		return notRecordedRow{ID: n.ID, At: instantOf(n.At), Day: date(n.Day), Status: string(n.Status), Code: string(n.Code), Events: n.Events}
	})
	for chunk := range slices.Chunk(kept, chunkRows) {
		if _, err := t.db.NewInsert().Model(&chunk).On("CONFLICT (id) DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
			return t.refused("counting usage that was not recorded", err)
		}
	}
	return nil
}

func (t *tx) NotRecorded(ctx context.Context, from, to ledger.Date, asOf time.Time) ([]books.NotRecorded, error) {
	rows, err := query[notRecordedRow](ctx, t, "adding up usage that was not recorded", `SELECT day, status, coalesce(code, '') AS code, CAST(sum(events) AS BIGINT) AS events
		FROM usage_not_recorded WHERE day >= ? AND day <= ? AND at_us <= ? GROUP BY day, status, code ORDER BY 1, 2, 3`, date(from), date(to), instantOf(asOf))
	return convert(rows, func(row notRecordedRow) books.NotRecorded {
		return books.NotRecorded{Day: ledger.Date(row.Day), Status: books.OutcomeStatus(row.Status), Code: books.Code(row.Code), Events: row.Events}
	}), err
}
