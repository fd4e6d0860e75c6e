package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type lotRow struct {
	bun.BaseModel `bun:"table:lots,alias:lots"`

	CustomerID         string
	ID                 string
	PurchaseID         string `bun:",nullzero"`
	PolicyID           string
	Kind               string
	Reason             string `bun:",nullzero"`
	BurnOrder          int64
	Granted            int64
	Currency           string // of the price; of the rate, for overage
	PriceMinor         int64
	FunctionalCurrency string
	FunctionalMinor    int64
	RatePrice          string  `bun:",nullzero"`
	RateCurrency       string  `bun:",nullzero"`
	PurchasedOn        date    `bun:",type:text"`
	StartsAt           instant `bun:"starts_at_us,type:bigint"`
	OriginLotID        string  `bun:",nullzero"`
	PoolLotID          string  `bun:",nullzero"`
	CohortID           string  `bun:",nullzero"` // written as the lot is kept, or filed later
	BoughtBy           string  `bun:",nullzero"`
	HeldUntil          instant `bun:"held_until_us,type:bigint"` // written by holds alone
	Jurisdiction       string  `bun:",nullzero"`
	CreatedAt          instant `bun:"created_at_us,type:bigint"`
	lotState
}

// lotState is what can change of a lot.
type lotState struct {
	ExpiresAt               instant `bun:"expires_at_us,type:bigint"`
	AcceptsUntil            instant `bun:"accepts_until_us,type:bigint"`        // none while the lot is to roll over
	RolledAcceptsUntil      instant `bun:"rolled_accepts_until_us,type:bigint"` // and this then: of a lot that is open until it has
	LapsesOn                date    `bun:",type:text"`
	Priority                int64
	LiabilityOn             date   `bun:",type:text"`
	LiabilitySteps          string `bun:",nullzero"` // []revrec.Step
	SteppedMinor            int64  // what they add up to, for SQL
	SteppedFunctionalMinor  int64
	Drawn                   int64
	Refunded                int64 // all that was taken out, by a refund or a change
	RefundedOn              date  `bun:",type:text"`
	RefundedMinor           int64
	RefundedFunctionalMinor int64
	Removed                 int64
	RemovedMinor            int64
	RemovedFunctionalMinor  int64
	PoolLeftOn              date `bun:",type:text"`
	Blocked                 bool
	lotBooked
}

// lotBooked is what booking changes of a lot.
type lotBooked struct {
	Lapsed                    int64
	RecognisedMinor           int64
	RecognisedFunctionalMinor int64
	ReleasedMinor             int64
	ReleasedFunctionalMinor   int64
	CarryingMinor             int64
	CarryingFunctionalMinor   int64
	BookedThrough             date `bun:",type:text"`
	BookedCredits             int64
	PendingFrom               date `bun:",type:text"`
	LapseDue                  date `bun:",type:text"`
	RemoteDue                 date `bun:",type:text"`
}

func lotStateOf(l *revrec.Lot) lotState {
	accepts, rolled := instantOf(l.AcceptsUntil), instantOf(time.Time{})
	if l.Rolls {
		accepts, rolled = rolled, accepts
	}
	stepped, steppedFunctional := l.Stepped()
	return lotState{
		LiabilitySteps: stepsText(l.Steps), SteppedMinor: stepped, SteppedFunctionalMinor: steppedFunctional,
		ExpiresAt: instantOf(l.ExpiresAt), AcceptsUntil: accepts, RolledAcceptsUntil: rolled, LapsesOn: date(l.LapsesOn),
		Priority: int64(l.Priority), LiabilityOn: date(l.LiabilityOn),
		Drawn: int64(l.Drawn), Refunded: int64(l.Out()), RefundedOn: date(l.RefundedOn),
		RefundedMinor: l.RefundedAmount.Minor, RefundedFunctionalMinor: l.RefundedFunctional.Minor,
		Removed: int64(l.Removed), RemovedMinor: l.RemovedAmount.Minor, RemovedFunctionalMinor: l.RemovedFunctional.Minor,
		PoolLeftOn: date(l.PoolLeftOn), Blocked: l.Blocked,
		lotBooked: lotBookedOf(l),
	}
}

func lotBookedOf(l *revrec.Lot) lotBooked {
	return lotBooked{
		Lapsed:          int64(l.Lapsed),
		RecognisedMinor: l.Recognised.Minor, RecognisedFunctionalMinor: l.RecognisedFunctional.Minor,
		ReleasedMinor: l.Released.Minor, ReleasedFunctionalMinor: l.ReleasedFunctional.Minor,
		CarryingMinor: l.Carrying.Minor, CarryingFunctionalMinor: l.CarryingFunctional.Minor,
		BookedThrough: date(l.BookedThrough), BookedCredits: int64(l.BookedCredits),
		PendingFrom: date(l.PendingFrom), LapseDue: date(l.LapseDue), RemoteDue: date(l.RemoteDue),
	}
}

func lotRowOf(l *revrec.Lot) lotRow {
	row := lotRow{
		CustomerID: l.CustomerID, ID: l.ID, PurchaseID: l.PurchaseID, PolicyID: l.PolicyID, Kind: string(l.Kind), Reason: l.Reason,
		Granted: int64(l.Granted), Currency: string(l.Price.Currency), PriceMinor: l.Price.Minor,
		FunctionalCurrency: string(l.Functional.Currency), FunctionalMinor: l.Functional.Minor,
		RatePrice: l.Rate.Price, RateCurrency: string(l.Rate.Currency),
		PurchasedOn: date(l.PurchasedOn), StartsAt: instantOf(l.StartsAt),
		OriginLotID: l.OriginID, PoolLotID: l.PoolLotID, CohortID: l.CohortID, BoughtBy: l.BoughtBy, HeldUntil: instantOf(l.HeldUntil), Jurisdiction: l.Jurisdiction, CreatedAt: instantOf(l.CreatedAt), lotState: lotStateOf(l),
	}
	if l.Kind == revrec.OverageLot {
		row.Currency, row.FunctionalCurrency = row.RateCurrency, row.RateCurrency
	}
	return row
}

func (row lotRow) lot() revrec.Lot {
	accepts, rolled := row.AcceptsUntil.time(), row.RolledAcceptsUntil.time()
	rolls := !rolled.IsZero()
	if rolls {
		accepts = rolled
	}
	contract := func(minor int64) ledger.Amount { return ledger.Money(minor, ledger.Currency(row.Currency)) }
	functional := func(minor int64) ledger.Amount { return ledger.Money(minor, ledger.Currency(row.FunctionalCurrency)) }
	return revrec.Lot{
		ID: row.ID, CustomerID: row.CustomerID, PurchaseID: row.PurchaseID, PolicyID: row.PolicyID,
		Kind: revrec.LotKind(row.Kind), Reason: row.Reason, Order: row.BurnOrder, Granted: revrec.Credits(row.Granted),
		Price: contract(row.PriceMinor), Functional: functional(row.FunctionalMinor),
		Rate:        revrec.Rate{Price: row.RatePrice, Currency: ledger.Currency(row.RateCurrency)},
		PurchasedOn: ledger.Date(row.PurchasedOn), StartsAt: row.StartsAt.time(),
		ExpiresAt: row.ExpiresAt.time(), AcceptsUntil: accepts, LapsesOn: ledger.Date(row.LapsesOn), Rolls: rolls,
		Priority: int(row.Priority), LiabilityOn: ledger.Date(row.LiabilityOn), Steps: stepsOf(row.LiabilitySteps),
		Drawn: revrec.Credits(row.Drawn), Lapsed: revrec.Credits(row.Lapsed), Refunded: revrec.Credits(row.Refunded - row.Removed),
		RefundedOn: ledger.Date(row.RefundedOn), RefundedAmount: contract(row.RefundedMinor), RefundedFunctional: functional(row.RefundedFunctionalMinor),
		Removed: revrec.Credits(row.Removed), RemovedAmount: contract(row.RemovedMinor), RemovedFunctional: functional(row.RemovedFunctionalMinor),
		Jurisdiction: row.Jurisdiction, CreatedAt: row.CreatedAt.time(), HeldUntil: row.HeldUntil.time(), OriginID: row.OriginLotID, PoolLotID: row.PoolLotID, CohortID: row.CohortID, BoughtBy: row.BoughtBy, PoolLeftOn: ledger.Date(row.PoolLeftOn), Blocked: row.Blocked,
		Recognised: contract(row.RecognisedMinor), RecognisedFunctional: functional(row.RecognisedFunctionalMinor),
		Released: contract(row.ReleasedMinor), ReleasedFunctional: functional(row.ReleasedFunctionalMinor),
		Carrying: contract(row.CarryingMinor), CarryingFunctional: functional(row.CarryingFunctionalMinor),
		BookedThrough: ledger.Date(row.BookedThrough), BookedCredits: revrec.Credits(row.BookedCredits),
		PendingFrom: ledger.Date(row.PendingFrom), LapseDue: ledger.Date(row.LapseDue), RemoteDue: ledger.Date(row.RemoteDue),
	}
}

// stepsText writes steps, of which hardly any lot has some.
func stepsText(steps []revrec.Step) string {
	if len(steps) == 0 {
		return ""
	}
	text, err := json.Marshal(steps)
	if err != nil {
		panic(err) // days and numbers
	}
	return string(text)
}

// stepsOf reads what stepsText wrote. Where somebody else wrote it there are none, and verify
// finds that.
func stepsOf(text string) (steps []revrec.Step) {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &steps); err != nil {
		return nil
	}
	return steps
}

func lotPointer(row lotRow) *revrec.Lot {
	lot := row.lot()
	return &lot
}

func (t *tx) InsertLot(ctx context.Context, lot revrec.Lot) error {
	return t.InsertLots(ctx, []*revrec.Lot{&lot})
}

func (t *tx) InsertLots(ctx context.Context, lots []*revrec.Lot) error {
	if t.readOnly {
		return errReadOnly
	}
	order, err := t.next(ctx, "lot", len(lots))
	if err != nil {
		return err
	}
	for i, lot := range lots {
		lot.Order = order + int64(i)
	}
	return insert(ctx, t, "keeping lots", convert(lots, func(lot *revrec.Lot) lotRow {
		row := lotRowOf(lot)
		row.BurnOrder = lot.Order
		return row
	}))
}

// lotStateRow is a lot's key and state, for an update in bulk.
type lotStateRow struct {
	CustomerID string `bun:",type:uuid"`
	ID         string `bun:",type:uuid"`
	lotState
}

var updateLots = updateOf(`expires_at_us accepts_until_us rolled_accepts_until_us lapses_on priority liability_on liability_steps stepped_minor stepped_functional_minor drawn lapsed refunded refunded_on
	refunded_minor refunded_functional_minor removed removed_minor removed_functional_minor pool_left_on blocked recognised_minor recognised_functional_minor released_minor
	released_functional_minor carrying_minor carrying_functional_minor booked_through booked_credits pending_from lapse_due remote_due`)

// updateOf sets the columns of lots to those of the table new.
func updateOf(names string) string {
	columns := strings.Fields(names)
	for i, column := range columns {
		columns[i] = column + " = new." + column
	}
	return "WITH ? UPDATE lots SET " + strings.Join(columns, ", ") + " FROM new WHERE lots.customer_id = new.customer_id AND lots.id = new.id"
}

// UpdateLots writes the state of the lots. Errors: NOT_FOUND where one does not exist.
func (t *tx) UpdateLots(ctx context.Context, lots []*revrec.Lot) error {
	return updateIn(ctx, t, updateLots, lots, func(l *revrec.Lot) lotStateRow {
		return lotStateRow{CustomerID: l.CustomerID, ID: l.ID, lotState: lotStateOf(l)}
	})
}

// updateIn writes lots by a statement that takes their rows as the table new.
func updateIn[R any](ctx context.Context, t *tx, statement string, lots []*revrec.Lot, row func(*revrec.Lot) R) error {
	for chunk := range slices.Chunk(lots, chunkRows) {
		rows := convert(chunk, row)
		touched, err := t.exec(ctx, "changing lots", statement, t.table("new", &rows))
		if err := wroteLots(len(rows), touched, err); err != nil {
			return err
		}
	}
	return nil
}

// wroteLots turns an update that found fewer lots than it was given into NOT_FOUND.
func wroteLots(given int, touched int64, err error) error {
	if err == nil && touched != int64(given) {
		return notFound("lot", "among those to change")
	}
	return err
}

// bookedLotRow is a lot's key and what booking changes of it.
type bookedLotRow struct {
	CustomerID string `bun:",type:uuid"`
	ID         string `bun:",type:uuid"`
	lotBooked
}

var updateBooked = updateOf(`lapsed recognised_minor recognised_functional_minor released_minor released_functional_minor
	carrying_minor carrying_functional_minor booked_through booked_credits pending_from lapse_due remote_due`)

// UpdateBooked writes what booking changes of the lots. Errors: NOT_FOUND where one does
// not exist.
func (t *tx) UpdateBooked(ctx context.Context, lots []*revrec.Lot) error {
	return updateIn(ctx, t, updateBooked, lots, func(l *revrec.Lot) bookedLotRow {
		return bookedLotRow{CustomerID: l.CustomerID, ID: l.ID, lotBooked: lotBookedOf(l)}
	})
}

// drawnRow is a lot's key and what use changes of it.
type drawnRow struct {
	CustomerID  string `bun:",type:uuid"`
	ID          string `bun:",type:uuid"`
	Drawn       int64
	Lapsed      int64
	LapseDue    date `bun:",type:text"`
	RemoteDue   date `bun:",type:text"`
	PendingFrom date `bun:",type:text"`
}

var updateDrawn = updateOf("drawn lapsed lapse_due remote_due pending_from")

// UpdateDrawn writes what use changes of the lots. Errors: NOT_FOUND where one does not exist.
func (t *tx) UpdateDrawn(ctx context.Context, lots []*revrec.Lot) error {
	if t.bulk {
		touched, err := t.postgresUpdateDrawn(ctx, lots)
		return wroteLots(len(lots), touched, err)
	}
	return updateIn(ctx, t, updateDrawn, lots, func(l *revrec.Lot) drawnRow {
		return drawnRow{
			CustomerID: l.CustomerID, ID: l.ID, Drawn: int64(l.Drawn), Lapsed: int64(l.Lapsed),
			LapseDue: date(l.LapseDue), RemoteDue: date(l.RemoteDue), PendingFrom: date(l.PendingFrom),
		}
	})
}

func (t *tx) LotsByID(ctx context.Context, ids []string) ([]revrec.Lot, error) {
	rows, err := byColumn[lotRow](ctx, t, "reading lots", "id", ids)
	return convert(rows, lotRow.lot), err
}

// lotKeyRow is a books.LotKey in a table of a WITH clause.
type lotKeyRow struct {
	CustomerID string `bun:",type:uuid"`
	LotID      string `bun:",type:uuid"`
}

// inKeyOrder sorts keys and drops repeats: every transaction that locks lots does so in
// this one order, so that no two wait for each other.
func inKeyOrder(keys []books.LotKey) []lotKeyRow {
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, books.LotKey.Compare)
	return convert(slices.Compact(sorted), func(k books.LotKey) lotKeyRow { return lotKeyRow(k) })
}

// CROSS JOIN here and below: SQLite keeps the order of the tables then, so that it looks
// up each key and never reads all lots.
const lockLots = `WITH ? SELECT lots.* FROM key CROSS JOIN lots
	WHERE lots.customer_id = key.customer_id AND lots.id = key.lot_id ORDER BY lots.customer_id, lots.id`

func (t *tx) LockLots(ctx context.Context, keys []books.LotKey) ([]*revrec.Lot, error) {
	if t.bulk {
		sorted := inKeyOrder(keys)
		rows, err := t.postgresLots(ctx, postgresLockLots,
			binaryIDs(sorted, func(k lotKeyRow) string { return k.CustomerID }), binaryIDs(sorted, func(k lotKeyRow) string { return k.LotID }))
		return convert(rows, lotPointer), err
	}
	rows, err := inChunks(inKeyOrder(keys), func(chunk []lotKeyRow) ([]lotRow, error) {
		return query[lotRow](ctx, t, "holding lots", lockLots+t.holding("lots"), t.table("key", &chunk))
	})
	return convert(rows, lotPointer), err
}

// The conditions below repeat those of the index lots_open word by word, or it would not
// be used; also granted > drawn + refunded stands this way round, for SQLite turns a
// comparison so that its column comes first. 9223372036854775807 stands for never.
func (e *engine) lockOpenLots() string {
	return `SELECT * FROM lots WHERE customer_id IN (?)
		AND coalesce(accepts_until_us, 9223372036854775807) > ? AND ` + e.isOpen + `
		ORDER BY customer_id, id`
}

func (e *engine) openLots() string {
	return `SELECT * FROM lots WHERE customer_id IN (?0)
		AND coalesce(accepts_until_us, 9223372036854775807) > ?1 AND ` + e.isOpen + `
		AND kind <> 'OVERAGE' AND NOT blocked AND starts_at_us <= ?1
		AND (coalesce(expires_at_us, 9223372036854775807) > ?1 OR rolled_accepts_until_us IS NOT NULL)
		ORDER BY id`
}

func (t *tx) LockOpenLots(ctx context.Context, customerIDs []string, at time.Time) ([]*revrec.Lot, error) {
	sorted := slices.Compact(slices.Sorted(slices.Values(customerIDs)))
	if t.bulk {
		rows, err := t.postgresLots(ctx, postgresLockOpenLots, binaryIDs(sorted, func(id string) string { return id }), at.UnixMicro())
		return convert(rows, lotPointer), err
	}
	rows, err := inChunks(sorted, func(chunk []string) ([]lotRow, error) {
		return query[lotRow](ctx, t, "holding open lots", t.lockOpenLots()+t.holding("lots"), bun.List(chunk), instantOf(at))
	})
	return convert(rows, lotPointer), err
}

func (t *tx) OpenLots(ctx context.Context, customerIDs []string, at time.Time) ([]revrec.Lot, error) {
	rows, err := inChunks(customerIDs, func(chunk []string) ([]lotRow, error) {
		return query[lotRow](ctx, t, "reading open lots", t.openLots(), bun.List(convert(chunk, rowIDOf)), instantOf(at))
	})
	return convert(rows, lotRow.lot), err
}

// lotOrders: that of expiry goes by the index lots_expiry. What is unused and what is
// carried changes with every use and booking, and no index follows it: lots are ordered so
// within a customer, who has few.
var lotOrders = orders{
	books.ByExpiry:   {expression: "coalesce(expires_at_us, 9223372036854775807)"},
	books.ByUnused:   {expression: "CASE WHEN kind = 'OVERAGE' THEN 0 ELSE granted - drawn - refunded END"},
	books.ByCarrying: {expression: "carrying_functional_minor"},
}

func (t *tx) Lots(ctx context.Context, filter books.LotFilter, page books.Page) ([]revrec.Lot, error) {
	place, err := lotOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	rows, err := list[lotRow](ctx, t, "listing lots", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(t.ofLots(q, filter))
	})
	return convert(rows, lotRow.lot), err
}

func (t *tx) lotsBelow(doing string, of []books.LotFilter) below[lotRow] {
	keys := keysOf(of)
	keys.byID("customer_id", func(f *books.LotFilter) *string { return &f.CustomerID })
	keys.byID("policy_id", func(f *books.LotFilter) *string { return &f.PolicyID })
	keys.byID("cohort_id", func(f *books.LotFilter) *string { return &f.CohortID })
	if of[0].CustomerID != "" { // by the customer's lots, which are few
		keys.byID("purchase_id", func(f *books.LotFilter) *string { return &f.PurchaseID })
	}
	return below[lotRow]{doing, keys.keys, keys.where, "rowid", func(q *bun.SelectQuery) *bun.SelectQuery { return t.ofLots(q, keys.shared) }}
}

func (t *tx) LotsBelow(ctx context.Context, of []books.LotFilter, page books.Page) ([][]revrec.Lot, error) {
	place, err := lotOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	return pages(ctx, t, t.lotsBelow("listing lots below many", of), place, ofRows(lotRow.lot))
}

func (t *tx) CountLotsBelow(ctx context.Context, of []books.LotFilter) ([]int64, error) {
	return counts(ctx, t, t.lotsBelow("counting lots below many", of))
}

func (t *tx) CountLots(ctx context.Context, filter books.LotFilter) (int64, error) {
	return count[lotRow](ctx, t, "counting lots", func(q *bun.SelectQuery) *bun.SelectQuery { return t.ofLots(q, filter) })
}

func (e *engine) ofLots(q *bun.SelectQuery, filter books.LotFilter) *bun.SelectQuery {
	q = whereID(q, "customer_id", filter.CustomerID)
	q = whereID(q, "policy_id", filter.PolicyID)
	q = whereID(q, "cohort_id", filter.CohortID)
	q = whereEqual(q, "kind", string(filter.Kind))
	q = whereOneOf(q, "kind", filter.Kinds)
	q = whereEqual(q, "currency", string(filter.Currency))
	if filter.HasUnused != nil {
		q = q.Where("(kind <> 'OVERAGE' AND granted > drawn + refunded) = ?", *filter.HasUnused)
	}
	if filter.PurchaseID != "" { // through the purchase's customer: a customer has few lots
		q = q.Where("customer_id = (SELECT p.customer_id FROM purchases AS p WHERE p.id = ?0) AND purchase_id = ?0", rowID(filter.PurchaseID))
	}
	if !filter.OpenAt.IsZero() {
		at := instantOf(filter.OpenAt)
		q = q.Where("coalesce(accepts_until_us, 9223372036854775807) > ?", at).
			Where(e.isOpen).
			Where("kind <> 'OVERAGE' AND NOT blocked AND starts_at_us <= ?0 AND coalesce(expires_at_us, 9223372036854775807) > ?0", at)
	}
	if !filter.ExpiresFrom.IsZero() || !filter.ExpiresBefore.IsZero() {
		q = q.Where("expires_at_us IS NOT NULL").Where(e.hasUnused)
		q = whereWithin(q, "expires_at_us", filter.ExpiresFrom, filter.ExpiresBefore)
	}
	if filter.PurchasedFrom != 0 {
		q = q.Where("purchased_on >= ?", date(filter.PurchasedFrom))
	}
	if filter.PurchasedTo != 0 {
		q = q.Where("purchased_on <= ?", date(filter.PurchasedTo))
	}
	return q
}

type deferredRow struct {
	CustomerID         string
	Currency           string
	FunctionalCurrency string
	Lots               int64
	Unused             int64
	Carrying           int64
	Functional         int64
}

func (t *tx) CountDeferred(ctx context.Context, filter books.DeferredFilter) (int64, error) {
	n, err := t.db.NewSelect().TableExpr("(?) AS deferred", t.deferred(filter).ColumnExpr("1")).Count(ctx)
	return n, t.refused("counting deferred revenue by customer", err)
}

// deferred groups the lots that carry something by customer and currency.
func (t *tx) deferred(filter books.DeferredFilter) *bun.SelectQuery {
	q := whereEqual(whereID(t.db.NewSelect().TableExpr("lots").Where(t.carries), "customer_id", filter.CustomerID), "currency", string(filter.Currency))
	return q.GroupExpr("customer_id, currency, functional_currency").
		Having("sum(carrying_minor) <> 0 OR sum(carrying_functional_minor) <> 0")
}

// deferredOrders add up all that is carried before the first row.
var deferredOrders = orders{books.ByCarrying: {expression: "functional"}}

// DeferredByCustomer goes on after "<customer id>/<currency>".
func (t *tx) DeferredByCustomer(ctx context.Context, filter books.DeferredFilter, page books.Page) ([]books.Deferred, error) {
	rows := []deferredRow{}
	natural := seek{terms: []string{"customer_id", "currency"}, reverse: page.Reverse, limit: page.Limit}
	if customer, currency, whole := strings.Cut(page.After, "/"); whole {
		natural.after = []any{rowID(customer), currency}
	}
	place, err := deferredOrders.by(page, natural)
	if err != nil {
		return nil, err
	}
	q := t.deferred(filter).ColumnExpr("customer_id, currency, functional_currency, count(*) AS lots, CAST(sum(granted - drawn - refunded) AS BIGINT) AS unused").
		ColumnExpr("CAST(sum(carrying_minor) AS BIGINT) AS carrying, CAST(sum(carrying_functional_minor) AS BIGINT) AS functional")
	if page.By != "" {
		q = t.db.NewSelect().TableExpr("(?) AS deferred", q).ColumnExpr("*")
	}
	q = place.on(q)
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, t.refused("adding up deferred revenue by customer", err)
	}
	return convert(rows, func(row deferredRow) books.Deferred {
		return books.Deferred{
			CustomerID: row.CustomerID, Currency: ledger.Currency(row.Currency), Lots: row.Lots, Unused: revrec.Credits(row.Unused),
			Carrying:   ledger.Money(row.Carrying, ledger.Currency(row.Currency)),
			Functional: ledger.Money(row.Functional, ledger.Currency(row.FunctionalCurrency)),
		}
	}), nil
}
