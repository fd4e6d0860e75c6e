package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type glCodeRow struct {
	bun.BaseModel `bun:"table:gl_codes,alias:gl_codes"`

	ID          string
	Account     string
	Code        string
	Name        string
	Subtype     string  `bun:",nullzero"`
	Parent      string  `bun:",nullzero"`
	InForceFrom date    `bun:",type:text"`
	Reason      string  `bun:",nullzero"`
	CreatedAt   instant `bun:"created_at_us,type:bigint"`
	CreatedBy   string
}

func (t *tx) InsertGLCodes(ctx context.Context, codes []books.GLCode) error {
	return insert(ctx, t, "keeping codes of the general ledger", convert(codes, func(c books.GLCode) glCodeRow {
		return glCodeRow{
			ID: c.ID, Account: string(c.Account), Code: c.Code, Name: c.Name, Subtype: c.Subtype, Parent: c.Parent,
			InForceFrom: date(c.From), Reason: c.Reason, CreatedAt: instantOf(c.CreatedAt), CreatedBy: c.CreatedBy,
		}
	}))
}

func (t *tx) GLCodes(ctx context.Context) ([]books.GLCode, error) {
	rows, err := list[glCodeRow](ctx, t, "reading codes of the general ledger", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Order("account", "in_force_from", "id")
	})
	return convert(rows, func(row glCodeRow) books.GLCode {
		return books.GLCode{
			ID: row.ID, Account: ledger.Role(row.Account), Code: row.Code, Name: row.Name, Subtype: row.Subtype, Parent: row.Parent,
			From: ledger.Date(row.InForceFrom), Reason: row.Reason, CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy,
		}
	}), err
}
