package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// The hot paths of intake on PostgreSQL. Keys and sums travel as arrays, which are parsed
// once and not planned each time, and rows are read without reflection: that is most of
// what intake costs besides the rows themselves.

const (
	postgresEventsByKey = `SELECT e.customer_id, e.id, e.source, e.event_id, e.meter_id, e.quantity, e.credits, e.occurred_at_us, e.recorded_at_us, e.void_of, e.rate_card, e.dimensions
		FROM unnest($1::uuid[], $2::text[], $3::text[]) AS key (customer_id, source, event_id)
		JOIN usage_events AS e ON e.customer_id = key.customer_id AND e.source = key.source AND e.event_id = key.event_id`
	postgresLotColumns = `SELECT customer_id, id, purchase_id, policy_id, kind, reason, burn_order, granted, currency, price_minor,
		functional_currency, functional_minor, rate_price, rate_currency, purchased_on, starts_at_us, expires_at_us, accepts_until_us, rolled_accepts_until_us,
		lapses_on, priority, liability_on, liability_steps, stepped_minor, stepped_functional_minor, drawn, lapsed, refunded, refunded_on, refunded_minor, refunded_functional_minor,
		removed, removed_minor, removed_functional_minor, origin_lot_id, pool_lot_id, pool_left_on, blocked,
		recognised_minor, recognised_functional_minor, released_minor, released_functional_minor, carrying_minor,
		carrying_functional_minor, booked_through, booked_credits, lapse_due, remote_due, pending_from,
		held_until_us, cohort_id, bought_by, jurisdiction, created_at_us FROM lots `
	postgresLockOpenLots = postgresLotColumns + `WHERE customer_id = ANY ($1::uuid[])
		AND coalesce(accepts_until_us, 9223372036854775807) > $2 AND open ORDER BY customer_id, id FOR NO KEY UPDATE`
	postgresLockLots = postgresLotColumns + `JOIN unnest($1::uuid[], $2::uuid[]) AS key (of_customer, lot_id)
		ON customer_id = of_customer AND id = lot_id ORDER BY customer_id, id FOR NO KEY UPDATE OF lots`
	postgresAddLotDays = `INSERT INTO lot_days (customer_id, lot_id, day, drawn)
		SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
		ON CONFLICT (customer_id, lot_id, day) DO UPDATE SET drawn = lot_days.drawn + EXCLUDED.drawn`
	postgresUpdateDrawn = `UPDATE lots SET drawn = new.drawn, lapsed = new.lapsed, lapse_due = new.lapse_due, remote_due = new.remote_due, pending_from = new.pending_from
		FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[])
			AS new (customer_id, lot_id, drawn, lapsed, lapse_due, remote_due, pending_from)
		WHERE lots.customer_id = new.customer_id AND lots.id = new.lot_id`
	postgresCustomersByExternalID = `SELECT id, external_id, name, policy_id, created_at_us, budgeted, segment, jurisdiction FROM customers WHERE external_id = ANY ($1::text[])`
)

func (t *tx) onServerExec(ctx context.Context, doing, statement string, args ...any) (touched int64, err error) {
	if t.readOnly {
		return 0, errReadOnly
	}
	err = t.watched(ctx, statement, func(ctx context.Context) error {
		return t.onServer(func(conn *pgx.Conn) error {
			tag, err := conn.Exec(ctx, statement, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
			touched = tag.RowsAffected()
			return err
		})
	})
	return touched, t.refused(doing, err)
}

// binaryIDs returns ids as the bytes that PostgreSQL compares. One that is none becomes
// the one that no row has.
func binaryIDs[T any](rows []T, of func(T) string) [][16]byte {
	ids := make([][16]byte, len(rows))
	for i, row := range rows {
		parsed, err := uuid.Parse(of(row))
		if err != nil {
			parsed = uuid.Max
		}
		ids[i] = parsed
	}
	return ids
}

func column[T, V any](rows []T, of func(T) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = of(row)
	}
	return values
}

// dayText is a day as an array holds it, NULL for none.
func dayText(d ledger.Date) pgtype.Text { return pgtype.Text{String: d.String(), Valid: d != 0} }

func (t *tx) postgresEventsByKey(ctx context.Context, keys []eventKeyRow) ([]eventRow, error) {
	var found []eventRow
	var row eventRow
	targets := []any{
		idTo{&row.CustomerID},
		idTo{&row.ID},
		&row.Source, &row.EventID,
		idTo{&row.MeterID},
		textTo{&row.Quantity},
		&row.Credits,
		&row.OccurredAt, &row.RecordedAt,
		idTo{&row.VoidOf},
		numberTo{&row.RateCard},
		textTo{&row.Dimensions},
	}
	err := t.scan(ctx, "looking up events", postgresEventsByKey, []any{
		binaryIDs(keys, func(k eventKeyRow) string { return k.CustomerID }),
		column(keys, func(k eventKeyRow) string { return k.Source }),
		column(keys, func(k eventKeyRow) string { return k.EventID }),
	}, targets, func() { found = append(found, row) })
	return found, err
}

func (t *tx) postgresLots(ctx context.Context, statement string, args ...any) ([]lotRow, error) {
	var found []lotRow
	var row lotRow
	targets := []any{ // in the order of postgresLotColumns
		idTo{&row.CustomerID},
		idTo{&row.ID},
		idTo{&row.PurchaseID},
		idTo{&row.PolicyID},
		&row.Kind,
		textTo{&row.Reason},
		&row.BurnOrder,
		&row.Granted, &row.Currency, &row.PriceMinor, &row.FunctionalCurrency, &row.FunctionalMinor,
		textTo{&row.RatePrice},
		textTo{&row.RateCurrency},
		&row.PurchasedOn, &row.StartsAt, &row.ExpiresAt, &row.AcceptsUntil, &row.RolledAcceptsUntil, &row.LapsesOn, &row.Priority, &row.LiabilityOn,
		textTo{&row.LiabilitySteps},
		&row.SteppedMinor, &row.SteppedFunctionalMinor, &row.Drawn,
		&row.Lapsed, &row.Refunded, &row.RefundedOn, &row.RefundedMinor, &row.RefundedFunctionalMinor,
		&row.Removed, &row.RemovedMinor, &row.RemovedFunctionalMinor,
		idTo{&row.OriginLotID},
		idTo{&row.PoolLotID},
		&row.PoolLeftOn, &row.Blocked,
		&row.RecognisedMinor, &row.RecognisedFunctionalMinor, &row.ReleasedMinor, &row.ReleasedFunctionalMinor, &row.CarryingMinor,
		&row.CarryingFunctionalMinor, &row.BookedThrough, &row.BookedCredits, &row.LapseDue, &row.RemoteDue, &row.PendingFrom,
		&row.HeldUntil,
		idTo{&row.CohortID},
		idTo{&row.BoughtBy},
		textTo{&row.Jurisdiction},
		&row.CreatedAt,
	}
	err := t.scan(ctx, "holding lots", statement, args, targets, func() { found = append(found, row) })
	return found, err
}

func (t *tx) postgresAddLotDays(ctx context.Context, days []books.LotDay) error {
	_, err := t.onServerExec(ctx, "adding to lot-days", postgresAddLotDays,
		binaryIDs(days, func(d books.LotDay) string { return d.CustomerID }),
		binaryIDs(days, func(d books.LotDay) string { return d.LotID }),
		column(days, func(d books.LotDay) string { return d.Day.String() }),
		column(days, func(d books.LotDay) int64 { return int64(d.Drawn) }))
	return err
}

func (t *tx) postgresUpdateDrawn(ctx context.Context, lots []*revrec.Lot) (touched int64, err error) {
	return t.onServerExec(ctx, "changing lots", postgresUpdateDrawn,
		binaryIDs(lots, func(l *revrec.Lot) string { return l.CustomerID }),
		binaryIDs(lots, func(l *revrec.Lot) string { return l.ID }),
		column(lots, func(l *revrec.Lot) int64 { return int64(l.Drawn) }),
		column(lots, func(l *revrec.Lot) int64 { return int64(l.Lapsed) }),
		column(lots, func(l *revrec.Lot) pgtype.Text { return dayText(l.LapseDue) }),
		column(lots, func(l *revrec.Lot) pgtype.Text { return dayText(l.RemoteDue) }),
		column(lots, func(l *revrec.Lot) pgtype.Text { return dayText(l.PendingFrom) }))
}

func (t *tx) postgresCustomers(ctx context.Context, externalIDs []string) ([]customerRow, error) {
	var found []customerRow
	var row customerRow
	targets := []any{idTo{&row.ID}, &row.ExternalID, &row.Name, idTo{&row.PolicyID}, &row.CreatedAt, &row.Budgeted, textTo{&row.Segment}, textTo{&row.Jurisdiction}}
	err := t.scan(ctx, "reading customers", postgresCustomersByExternalID, []any{externalIDs}, targets, func() { found = append(found, row) })
	return found, err
}
