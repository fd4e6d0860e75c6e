package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

const changesInto = `SELECT c.*, o.currency, o.functional_currency FROM lots AS l CROSS JOIN lots AS o CROSS JOIN lot_changes AS c
	WHERE l.customer_id = ? AND l.origin_lot_id IS NOT NULL AND o.id = l.origin_lot_id
	AND c.customer_id = o.customer_id AND c.lot_id = o.id AND c.to_lot_id = l.id`

func (t *tx) ChangesInto(ctx context.Context, customerID string) (map[string]revrec.Change, error) {
	rows, err := query[changeOfLotRow](ctx, t, "reading the changes that made lots", changesInto, rowID(customerID))
	into := make(map[string]revrec.Change, len(rows))
	for _, row := range rows {
		into[row.ToLotID] = row.change()
	}
	return into, err
}

type statementUseRow struct {
	LotID   string
	Day     date
	MeterID string
	EventID string
	Events  int64
	Credits int64
}

// The lots lead, as in the chart of a customer's use: draws are read by the index draws_lot.
const statementUses = `SELECT d.lot_id, d.day, e.meter_id, ? AS event_id, ? AS events, ? AS credits
	FROM lots AS l CROSS JOIN draws AS d CROSS JOIN usage_events AS e
	WHERE l.customer_id = ? AND d.customer_id = l.customer_id AND d.lot_id = l.id AND d.day >= ? AND d.day <= ?
	AND e.customer_id = d.customer_id AND e.id = d.event_id AND e.recorded_at_us <= ? ? LIMIT ?`

func (t *tx) StatementUses(ctx context.Context, s books.StatementSpan, each bool, limit int) ([]books.StatementUse, error) {
	event, events, credits := "NULL", "count(*)", "CAST(sum(d.credits) AS BIGINT)"
	order := "GROUP BY d.lot_id, d.day, e.meter_id, d.credits > 0 ORDER BY d.day, d.lot_id, e.meter_id, d.credits > 0"
	if each {
		event, events, credits, order = "d.event_id", "1", "d.credits", "ORDER BY d.day, d.event_id, d.lot_id"
	}
	rows, err := query[statementUseRow](ctx, t, "adding up the use of a statement", statementUses,
		bun.Safe(event), bun.Safe(events), bun.Safe(credits), rowID(s.CustomerID), date(s.From), date(s.To), instantOf(s.AsOf), bun.Safe(order), limit)
	return convert(rows, func(row statementUseRow) books.StatementUse {
		return books.StatementUse{
			LotID: row.LotID, Day: ledger.Date(row.Day), MeterID: row.MeterID, EventID: row.EventID, Events: row.Events, Credits: revrec.Credits(row.Credits),
		}
	}), err
}

const drawnSince = `SELECT d.lot_id, CAST(sum(d.credits) AS BIGINT) AS credits
	FROM usage_events AS e CROSS JOIN draws AS d
	WHERE e.customer_id = ? AND e.recorded_at_us > ? AND d.customer_id = e.customer_id AND d.event_id = e.id AND d.day < ? GROUP BY d.lot_id`

// DrawnSince reads the customer's events, which lie together, and the draws of those that came
// since: no index follows when events were recorded.
func (t *tx) DrawnSince(ctx context.Context, customerID string, before ledger.Date, since time.Time) (map[string]revrec.Credits, error) {
	rows, err := query[statementUseRow](ctx, t, "adding up what was drawn since", drawnSince, rowID(customerID), instantOf(since), date(before))
	drawn := make(map[string]revrec.Credits, len(rows))
	for _, row := range rows {
		drawn[row.LotID] = revrec.Credits(row.Credits)
	}
	return drawn, err
}

type statementBookingRow struct {
	LotID             string
	Kind              string
	Day               string
	Minor, Functional int64
}

const statementBookings = `SELECT lot_id, kind, day, CAST(sum(amount_minor) AS BIGINT) AS minor, CAST(sum(functional_minor) AS BIGINT) AS functional
	FROM (SELECT r.lot_id, r.kind, CASE WHEN r.accounting_date < ?1 THEN '' ELSE r.accounting_date END AS day, r.amount_minor, r.functional_minor
		FROM recognitions AS r CROSS JOIN batches AS b
		WHERE b.id = r.batch_id AND r.customer_id = ?0 AND r.lot_id IS NOT NULL AND r.accounting_date <= ?2 AND b.posted_at_us <= ?3) AS booked
	GROUP BY lot_id, kind, day ORDER BY day, lot_id, kind`

func (t *tx) StatementBookings(ctx context.Context, s books.StatementSpan) ([]books.StatementBooking, error) {
	rows, err := query[statementBookingRow](ctx, t, "adding up the recognitions of a statement", statementBookings,
		rowID(s.CustomerID), date(s.From), date(s.To), instantOf(s.AsOf))
	if err != nil {
		return nil, err
	}
	bookings := make([]books.StatementBooking, len(rows))
	for i, row := range rows {
		bookings[i] = books.StatementBooking{LotID: row.LotID, Kind: revrec.Kind(row.Kind), Minor: row.Minor, Functional: row.Functional}
		if row.Day != "" {
			if bookings[i].Day, err = ledger.ParseDate(row.Day); err != nil {
				return nil, t.refused("reading a day of a statement", err)
			}
		}
	}
	return bookings, nil
}

type statementEntryRow struct {
	Number             int64
	Kind               string
	Day                date
	PurchaseID         string
	Currency           string
	FunctionalCurrency string
	Minor, Functional  int64
	Cash               int64
}

const statementEntries = `SELECT e.number, e.kind, e.accounting_date AS day, p.id AS purchase_id, p.currency, p.functional_currency,
		CAST(coalesce(sum(CASE WHEN l.account = ?2 THEN -l.amount_minor END), 0) AS BIGINT) AS minor,
		CAST(coalesce(sum(CASE WHEN l.account = ?2 THEN -l.functional_minor END), 0) AS BIGINT) AS functional,
		CAST(coalesce(sum(CASE WHEN l.account = ?3 THEN l.amount_minor END), 0) AS BIGINT) AS cash
	FROM purchases AS p CROSS JOIN entries AS e CROSS JOIN lines AS l
	WHERE p.customer_id = ?0 AND e.reference = CAST(p.id AS TEXT) AND e.accounting_date <= ?1 AND l.entry_number = e.number
		AND e.number <= ?4
	GROUP BY e.number, e.kind, e.accounting_date, p.id, p.currency, p.functional_currency ORDER BY e.number`

func (t *tx) StatementEntries(ctx context.Context, s books.StatementSpan) ([]books.StatementEntry, error) {
	rows, err := query[statementEntryRow](ctx, t, "adding up the entries of a statement", statementEntries,
		rowID(s.CustomerID), date(s.To), string(ledger.DeferredRevenue), string(ledger.Cash), postedThrough(s.AsOf))
	return convert(rows, func(row statementEntryRow) books.StatementEntry {
		currency := ledger.Currency(row.Currency)
		return books.StatementEntry{
			Number: row.Number, Kind: ledger.EntryKind(row.Kind), Day: ledger.Date(row.Day), PurchaseID: row.PurchaseID,
			Amount: ledger.Money(row.Minor, currency), Functional: ledger.Money(row.Functional, ledger.Currency(row.FunctionalCurrency)),
			Cash: ledger.Money(row.Cash, currency),
		}
	}), err
}
