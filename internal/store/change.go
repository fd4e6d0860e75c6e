package store

import (
	"cmp"
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// changeRow is a change of a lot; its amounts are in the currencies of the lot.
type changeRow struct {
	bun.BaseModel `bun:"table:lot_changes,alias:lot_changes"`

	CustomerID      string
	LotID           string
	ID              string
	Kind            string
	At              instant `bun:"at_us,type:bigint"`
	Day             date    `bun:",type:text"`
	Credits         int64
	AmountMinor     int64
	FunctionalMinor int64
	ToLotID         string  `bun:",nullzero"`
	Reason          string  `bun:",nullzero"`
	WasExpiresAt    instant `bun:"was_expires_at_us,type:bigint"`
	WasLapsesOn     date    `bun:",type:text"`
	WrittenAt       instant `bun:"written_at_us,type:bigint"`
}

func changeRowOf(c revrec.Change) changeRow {
	return changeRow{
		CustomerID: c.CustomerID, LotID: c.LotID, ID: c.ID, Kind: string(c.Kind), At: instantOf(c.At), Day: date(c.Day),
		Credits: int64(c.Credits), AmountMinor: c.Amount.Minor, FunctionalMinor: c.Functional.Minor, ToLotID: c.ToLotID, Reason: c.Reason,
		WasExpiresAt: instantOf(c.WasExpiresAt), WasLapsesOn: date(c.WasLapsesOn), WrittenAt: instantOf(c.WrittenAt),
	}
}

// changeOfLotRow is a change with the currencies of its lot.
type changeOfLotRow struct {
	changeRow
	Currency           string
	FunctionalCurrency string
}

func (row changeOfLotRow) change() revrec.Change {
	return revrec.Change{
		CustomerID: row.CustomerID, LotID: row.LotID, ID: row.ID, Kind: revrec.ChangeKind(row.Kind),
		At: row.At.time(), Day: ledger.Date(row.Day), Credits: revrec.Credits(row.Credits),
		Amount:     ledger.Money(row.AmountMinor, ledger.Currency(row.Currency)),
		Functional: ledger.Money(row.FunctionalMinor, ledger.Currency(row.FunctionalCurrency)),
		ToLotID:    row.ToLotID, Reason: row.Reason, WasLapsesOn: ledger.Date(row.WasLapsesOn),
		WasExpiresAt: row.WasExpiresAt.time(), WrittenAt: row.WrittenAt.time(),
	}
}

func (t *tx) InsertLotChanges(ctx context.Context, changes []revrec.Change) error {
	return insert(ctx, t, "keeping changes of lots", convert(changes, changeRowOf))
}

const changesOfLots = `WITH ? SELECT c.*, l.currency, l.functional_currency FROM key
	CROSS JOIN lot_changes AS c JOIN lots AS l ON l.customer_id = c.customer_id AND l.id = c.lot_id
	WHERE c.customer_id = key.customer_id AND c.lot_id = key.lot_id ORDER BY c.customer_id, c.lot_id, c.id`

func (t *tx) LotChanges(ctx context.Context, keys []books.LotKey) (map[string][]revrec.Change, error) {
	rows, err := inChunks(inKeyOrder(keys), func(chunk []lotKeyRow) ([]changeOfLotRow, error) {
		return query[changeOfLotRow](ctx, t, "reading changes of lots", changesOfLots, t.table("key", &chunk))
	})
	changes := map[string][]revrec.Change{}
	for _, row := range rows {
		changes[row.LotID] = append(changes[row.LotID], row.change())
	}
	return changes, err
}

const changesBetween = `SELECT c.*, l.currency, l.functional_currency FROM lot_changes AS c JOIN lots AS l ON l.customer_id = c.customer_id AND l.id = c.lot_id
	WHERE c.day >= ? AND c.day <= ? AND c.id > ? ORDER BY c.id LIMIT ?`

func (t *tx) LotChangesBetween(ctx context.Context, from, to ledger.Date, page books.Page) ([]revrec.Change, error) {
	rows, err := query[changeOfLotRow](ctx, t, "listing changes of lots", changesBetween, date(from), date(to), rowID(cmp.Or(page.After, firstID)), page.Limit)
	return convert(rows, changeOfLotRow.change), err
}
