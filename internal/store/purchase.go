package store

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type purchaseRow struct {
	bun.BaseModel `bun:"table:purchases,alias:purchases"`

	CustomerID         string
	ID                 string
	PackID             string `bun:",nullzero"`
	PackVersion        int64  `bun:",nullzero"`
	PolicyID           string
	LotID              string
	Status             string
	Credits            int64
	Bonus              int64
	Currency           string
	PriceMinor         int64
	TaxMinor           int64
	FXRate             number `bun:"fx_rate,type:text"`
	FunctionalCurrency string
	FunctionalMinor    int64
	FunctionalTaxMinor int64
	PurchasedAt        instant `bun:"purchased_at_us,type:bigint"`
	DueOn              date    `bun:",type:text"`
	Cancellable        bool
	DueBooked          bool
	ReceivedMinor      int64
	PaidAt             instant `bun:"paid_at_us,type:bigint"`
	RefundedAt         instant `bun:"refunded_at_us,type:bigint"`
	RefundMinor        int64
	Reference          string  `bun:",nullzero"`
	VoidedAt           instant `bun:"voided_at_us,type:bigint"`
	DisputeStatus      string  `bun:",nullzero"`
	DisputedAt         instant `bun:"disputed_at_us,type:bigint"`
	DisputeMinor       int64
	LostMinor          int64
	BonusLotID         string  `bun:",nullzero"`
	BonusLikelihood    string  `bun:",nullzero"`
	StandAloneMinor    int64   `bun:",nullzero"`
	BonusStandAlone    int64   `bun:"bonus_stand_alone_minor,nullzero"`
	OpeningOn          date    `bun:",type:text"`
	CreatedAt          instant `bun:"created_at_us,type:bigint"`
}

func purchaseRowOf(p books.Purchase) purchaseRow {
	row := purchaseRow{
		CustomerID: p.CustomerID, ID: p.ID, PackID: p.PackID, PackVersion: int64(p.PackVersion), PolicyID: p.PolicyID, LotID: p.LotID,
		Status: string(p.Status), Credits: int64(p.Credits), Bonus: int64(p.Bonus),
		Currency: string(p.Price.Currency), PriceMinor: p.Price.Minor, TaxMinor: p.Tax.Minor, FXRate: number{p.FXRate},
		FunctionalCurrency: string(p.Functional.Currency), FunctionalMinor: p.Functional.Minor, FunctionalTaxMinor: p.FunctionalTax.Minor,
		PurchasedAt: instantOf(p.PurchasedAt), DueOn: date(p.DueOn), Cancellable: p.Cancellable, DueBooked: p.DueBooked, ReceivedMinor: p.InParts.Minor,
		PaidAt: instantOf(p.PaidAt), RefundedAt: instantOf(p.RefundedAt), RefundMinor: p.RefundAmount.Minor,
		Reference: p.Reference, OpeningOn: date(p.OpeningOn), CreatedAt: instantOf(p.CreatedAt), VoidedAt: instantOf(p.VoidedAt),
		DisputeStatus: string(p.Dispute), DisputedAt: instantOf(p.DisputedAt), DisputeMinor: p.DisputeAmount.Minor, LostMinor: p.LostAmount.Minor,
	}
	if p.BonusLotID != "" {
		row.BonusLotID, row.BonusLikelihood = p.BonusLotID, p.BonusLikelihood.String()
		row.StandAloneMinor, row.BonusStandAlone = p.StandAlone.Minor, p.BonusStandAlone.Minor
	}
	if p.Status == books.PurchaseVoided { // see the migration that brought voided_at_us
		row.Status = string(books.PurchaseRefunded)
	}
	return row
}

func (row purchaseRow) purchase() books.Purchase {
	contract := func(minor int64) ledger.Amount { return ledger.Money(minor, ledger.Currency(row.Currency)) }
	functional := func(minor int64) ledger.Amount { return ledger.Money(minor, ledger.Currency(row.FunctionalCurrency)) }
	status := books.PurchaseStatus(row.Status)
	if !row.VoidedAt.time().IsZero() {
		status = books.PurchaseVoided
	}
	version := int(row.PackVersion)
	if row.PackID != "" && version == 0 { // see the migration that brought pack_version
		version = 1
	}
	likelihood, _ := decimal.NewFromString(row.BonusLikelihood) // as it was written; zero where there is none
	return books.Purchase{
		CustomerID: row.CustomerID, ID: row.ID, PackID: row.PackID, PackVersion: version, PolicyID: row.PolicyID, LotID: row.LotID,
		Status: status, Credits: revrec.Credits(row.Credits), Bonus: revrec.Credits(row.Bonus),
		Price: contract(row.PriceMinor), Tax: contract(row.TaxMinor), FXRate: row.FXRate.Decimal,
		Functional: functional(row.FunctionalMinor), FunctionalTax: functional(row.FunctionalTaxMinor),
		PurchasedAt: row.PurchasedAt.time(), DueOn: ledger.Date(row.DueOn), Cancellable: row.Cancellable, DueBooked: row.DueBooked, InParts: contract(row.ReceivedMinor),
		PaidAt: row.PaidAt.time(), RefundedAt: row.RefundedAt.time(), RefundAmount: contract(row.RefundMinor),
		Reference: row.Reference, OpeningOn: ledger.Date(row.OpeningOn), CreatedAt: row.CreatedAt.time(), VoidedAt: row.VoidedAt.time(),
		BonusLotID: row.BonusLotID, BonusLikelihood: likelihood, StandAlone: contract(row.StandAloneMinor), BonusStandAlone: contract(row.BonusStandAlone),
		Dispute: books.DisputeStatus(row.DisputeStatus), DisputedAt: row.DisputedAt.time(), DisputeAmount: contract(row.DisputeMinor), LostAmount: contract(row.LostMinor),
	}
}

func (t *tx) InsertPurchase(ctx context.Context, purchase books.Purchase) error {
	return insert(ctx, t, "keeping a purchase", []purchaseRow{purchaseRowOf(purchase)})
}

// UpdatePurchase writes what becomes of a purchase; what was agreed stays. Errors: NOT_FOUND.
func (t *tx) UpdatePurchase(ctx context.Context, purchase books.Purchase) error {
	row := purchaseRowOf(purchase)
	touched, err := t.exec(ctx, "changing a purchase", `UPDATE purchases SET status = ?, due_on = ?, cancellable = ?, due_booked = ?, received_minor = ?,
		paid_at_us = ?, refunded_at_us = ?, refund_minor = ?, reference = ?, voided_at_us = ?,
		dispute_status = ?, disputed_at_us = ?, dispute_minor = ?, lost_minor = ? WHERE customer_id = ? AND id = ?`,
		row.Status, row.DueOn, row.Cancellable, row.DueBooked, row.ReceivedMinor, row.PaidAt, row.RefundedAt, row.RefundMinor, bun.NullZero(row.Reference), row.VoidedAt,
		bun.NullZero(row.DisputeStatus), row.DisputedAt, row.DisputeMinor, row.LostMinor,
		row.CustomerID, row.ID)
	return wroteOne("purchase", purchase.ID, touched, err)
}

func (t *tx) OpeningReferences(ctx context.Context, references []string) ([]string, error) {
	var taken []string
	for chunk := range slices.Chunk(references, chunkIDs) {
		rows, err := list[purchaseRow](ctx, t, "looking for what was taken over", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("opening_on IS NOT NULL AND reference IN (?)", bun.List(chunk))
		})
		if err != nil {
			return nil, err
		}
		taken = append(taken, convert(rows, func(row purchaseRow) string { return row.Reference })...)
	}
	return taken, nil
}

func (t *tx) LockPurchase(ctx context.Context, id string) (books.Purchase, error) {
	rows, err := query[purchaseRow](ctx, t, "holding a purchase", "SELECT * FROM purchases WHERE id = ?"+t.holding("purchases"), rowID(id))
	if err == nil && len(rows) == 0 {
		err = notFound("purchase", id)
	}
	if err != nil {
		return books.Purchase{}, err
	}
	return rows[0].purchase(), nil
}

func (t *tx) PurchasesByID(ctx context.Context, ids []string) ([]books.Purchase, error) {
	rows, err := byColumn[purchaseRow](ctx, t, "reading purchases", "id", ids)
	return convert(rows, purchaseRow.purchase), err
}

// purchaseOrders go by the indexes purchases_purchased and purchases_price.
var purchaseOrders = orders{
	books.ByPurchasedAt: {expression: "purchased_at_us"},
	books.ByPrice:       {expression: "functional_minor"},
}

func (t *tx) Purchases(ctx context.Context, filter books.PurchaseFilter, page books.Page) ([]books.Purchase, error) {
	place, err := purchaseOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	rows, err := list[purchaseRow](ctx, t, "listing purchases", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(ofPurchases(q, filter))
	})
	return convert(rows, purchaseRow.purchase), err
}

func purchasesBelow(doing string, of []books.PurchaseFilter) below[purchaseRow] {
	keys := keysOf(of)
	keys.byID("customer_id", func(f *books.PurchaseFilter) *string { return &f.CustomerID })
	keys.byID("pack_id", func(f *books.PurchaseFilter) *string { return &f.PackID })
	keys.byID("policy_id", func(f *books.PurchaseFilter) *string { return &f.PolicyID })
	return below[purchaseRow]{doing, keys.keys, keys.where, "rowid", func(q *bun.SelectQuery) *bun.SelectQuery { return ofPurchases(q, keys.shared) }}
}

func (t *tx) PurchasesBelow(ctx context.Context, of []books.PurchaseFilter, page books.Page) ([][]books.Purchase, error) {
	place, err := purchaseOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	return pages(ctx, t, purchasesBelow("listing purchases below many", of), place, ofRows(purchaseRow.purchase))
}

func (t *tx) CountPurchasesBelow(ctx context.Context, of []books.PurchaseFilter) ([]int64, error) {
	return counts(ctx, t, purchasesBelow("counting purchases below many", of))
}

func (t *tx) CountPurchases(ctx context.Context, filter books.PurchaseFilter) (int64, error) {
	return count[purchaseRow](ctx, t, "counting purchases", func(q *bun.SelectQuery) *bun.SelectQuery {
		return ofPurchases(q, filter)
	})
}

func ofPurchases(q *bun.SelectQuery, filter books.PurchaseFilter) *bun.SelectQuery {
	q = whereID(q, "customer_id", filter.CustomerID)
	q = whereID(q, "pack_id", filter.PackID)
	q = whereID(q, "policy_id", filter.PolicyID)
	const status = "CASE WHEN voided_at_us IS NULL THEN status ELSE 'VOIDED' END" // see the migration that brought voided_at_us
	if filter.Status != "" {
		q = q.Where(status+" = ?", string(filter.Status))
	}
	if len(filter.Statuses) > 0 {
		q = q.Where(status+" IN (?)", bun.List(convert(filter.Statuses, func(s books.PurchaseStatus) string { return string(s) })))
	}
	q = whereEqual(q, "currency", string(filter.Currency))
	if filter.Reference != "" { // by the index purchases_reference
		q = q.Where("reference IS NOT NULL AND lower(reference) >= lower(?) AND lower(reference) < lower(?)", filter.Reference, filter.Reference+lastText)
	}
	if filter.PriceFrom != nil {
		q = q.Where("functional_minor >= ?", *filter.PriceFrom)
	}
	if filter.PriceTo != nil {
		q = q.Where("functional_minor <= ?", *filter.PriceTo)
	}
	return whereWithin(q, "purchased_at_us", filter.From, filter.Before)
}

// lastText sorts after every text, by its bytes.
const lastText = "\U0010FFFF"

// whereOneOf narrows a query to rows whose column has one of the values; none do not narrow.
func whereOneOf[V ~string](q *bun.SelectQuery, column string, values []V) *bun.SelectQuery {
	if len(values) == 0 {
		return q
	}
	return q.Where("? IN (?)", bun.Ident(column), bun.List(convert(values, func(v V) string { return string(v) })))
}

// whereWithin narrows a query to instants in [from, before); a zero time is open.
func whereWithin(q *bun.SelectQuery, column string, from, before time.Time) *bun.SelectQuery {
	if !from.IsZero() {
		q = q.Where("? >= ?", bun.Ident(column), instantOf(from))
	}
	if !before.IsZero() {
		q = q.Where("? < ?", bun.Ident(column), instantOf(before))
	}
	return q
}

func (t *tx) DuePurchases(ctx context.Context, through ledger.Date, limit int) ([]books.Purchase, error) {
	rows, err := query[purchaseRow](ctx, t, "reading what has fallen due", duePurchases+t.holding("purchases"), date(through), limit)
	return convert(rows, purchaseRow.purchase), err
}

const duePurchases = `SELECT * FROM purchases
	WHERE status = 'INVOICED' AND NOT due_booked AND due_on IS NOT NULL AND due_on <= ?
	ORDER BY due_on, id LIMIT ?`
