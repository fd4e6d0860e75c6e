package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type disputeRow struct {
	bun.BaseModel `bun:"table:disputes,alias:disputes"`

	CustomerID  string
	PurchaseID  string
	At          instant `bun:"at_us,type:bigint"`
	Status      string
	AmountMinor int64
	Currency    string `bun:",scanonly"`
}

func (t *tx) InsertDispute(ctx context.Context, d books.BookedDispute) error {
	return insert(ctx, t, "keeping what was booked of a chargeback", []disputeRow{{
		CustomerID: d.CustomerID, PurchaseID: d.PurchaseID, At: instantOf(d.At), Status: string(d.Status), AmountMinor: d.Amount.Minor,
	}})
}

func (t *tx) DisputesOf(ctx context.Context, purchaseIDs []string) ([]books.BookedDispute, error) {
	rows, err := inChunks(purchaseIDs, func(chunk []string) ([]disputeRow, error) {
		return query[disputeRow](ctx, t, "reading what was booked of chargebacks", `SELECT d.customer_id, d.purchase_id, d.at_us, d.status, d.amount_minor, p.currency
			FROM disputes AS d JOIN purchases AS p ON p.customer_id = d.customer_id AND p.id = d.purchase_id
			WHERE d.purchase_id IN (?) ORDER BY d.number`, bun.List(convert(chunk, rowIDOf)))
	})
	return convert(rows, func(row disputeRow) books.BookedDispute {
		return books.BookedDispute{
			CustomerID: row.CustomerID, PurchaseID: row.PurchaseID, At: row.At.time(), Status: books.DisputeStatus(row.Status),
			Amount: ledger.Money(row.AmountMinor, ledger.Currency(row.Currency)),
		}
	}), err
}
