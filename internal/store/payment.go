package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type paymentRow struct {
	bun.BaseModel `bun:"table:payments,alias:payments"`

	CustomerID             string
	PurchaseID             string
	ID                     string
	PaidAt                 instant `bun:"paid_at_us,type:bigint"`
	Currency               string
	AmountMinor            int64
	FunctionalCurrency     string
	FunctionalMinor        int64
	SettledFunctionalMinor int64
	FXRate                 number  `bun:"fx_rate,type:text"`
	CreatedAt              instant `bun:"created_at_us,type:bigint"`
	Ahead                  bool
}

func paymentRowOf(r books.Receipt) paymentRow {
	return paymentRow{
		CustomerID: r.CustomerID, PurchaseID: r.PurchaseID, ID: r.ID, PaidAt: instantOf(r.PaidAt),
		Currency: string(r.Amount.Currency), AmountMinor: r.Amount.Minor,
		FunctionalCurrency: string(r.Functional.Currency), FunctionalMinor: r.Functional.Minor, SettledFunctionalMinor: r.Settled.Minor,
		FXRate: number{r.FXRate}, CreatedAt: instantOf(r.CreatedAt), Ahead: r.Ahead,
	}
}

func (row paymentRow) receipt() books.Receipt {
	functional := func(minor int64) ledger.Amount { return ledger.Money(minor, ledger.Currency(row.FunctionalCurrency)) }
	return books.Receipt{
		CustomerID: row.CustomerID, PurchaseID: row.PurchaseID, ID: row.ID, PaidAt: row.PaidAt.time(),
		Amount:     ledger.Money(row.AmountMinor, ledger.Currency(row.Currency)),
		Functional: functional(row.FunctionalMinor), Settled: functional(row.SettledFunctionalMinor),
		FXRate: row.FXRate.Decimal, CreatedAt: row.CreatedAt.time(), Ahead: row.Ahead,
	}
}

func (t *tx) InsertPayment(ctx context.Context, receipt books.Receipt) error {
	return insert(ctx, t, "keeping a payment", []paymentRow{paymentRowOf(receipt)})
}

func (t *tx) PaymentsOf(ctx context.Context, purchaseIDs []string) ([]books.Receipt, error) {
	rows, err := byColumn[paymentRow](ctx, t, "reading payments", "purchase_id", purchaseIDs)
	slices.SortFunc(rows, func(x, y paymentRow) int { return cmp.Compare(x.ID, y.ID) })
	return convert(rows, paymentRow.receipt), err
}

func (t *tx) PaymentsBetween(ctx context.Context, from, before time.Time, page books.Page) ([]books.Receipt, error) {
	rows, err := list[paymentRow](ctx, t, "listing payments", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(whereWithin(q, "paid_at_us", from, before))
	})
	return convert(rows, paymentRow.receipt), err
}
