package store

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// Writer is the pool that writes, for tests that look past the interface.
func (s *Store) Writer() *bun.DB { return s.writer }

// Act runs a statement of any kind in a transaction.
func Act(ctx context.Context, t books.Tx, statement string) (int64, error) {
	result, err := t.(*tx).db.Tx.ExecContext(ctx, statement)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// HashAtMost lowers, until undone, how many recognitions of a batch are hashed as they lie.
func HashAtMost(rows int64) (undo func()) {
	was := mostHashed
	mostHashed = rows
	return func() { mostHashed = was }
}

// Refused is what a transaction says of an error of PostgreSQL.
func Refused(err error) error { return postgresEngine.refused("testing", err) }

// PostgresQueries are the hot paths of PostgreSQL, with stand-ins for what bun fills in.
var PostgresQueries = map[string]string{
	"EventsByKey": postgresEventsByKey, "LockOpenLots": postgresLockOpenLots, "LockLots": postgresLockLots, "AddLotDays": postgresAddLotDays,
	"UpdateDrawn": postgresUpdateDrawn, "CustomersByExternalID": postgresCustomersByExternalID,
	"OpenLots": filled(postgresEngine.openLots()), "Queue PendingLots": filled(pendingLots), "Queue LapsingLots": filled(lapsingLots),
	"Queue RemoteLots": filled(remoteLots), "Queue DuePurchases": filled(duePurchases), "Queue UnmeasuredPools": filled(unmeasuredPools),
	"LotDaysWithin": filled(lotDaysWithin), "LotDaysAfter": filled(lotDaysAfter), "DrawnBefore": filled(drawnBefore), "LotDays": filled(lotDays),
	"BookedOfLots": filled(strings.Replace(bookedOfLots, "span.to_day?", "span.to_day", 1)), "SumBatch": filled(sumBatch), "UpdateLots": filled(updateLots),
	"PoolsByKey": filled(poolsByKey), "PoolDaysSince": filled(poolDaysSince), "EarlierMeasures": filled(earlierMeasures),
	"DrawsOfEvents": filled(drawsOfEvents),
}

// filled puts values for the arguments of a query, and a table for that of a WITH clause.
func filled(query string) string {
	const id = "'00000000-0000-7000-8000-00000000dead'"
	columns := map[string]string{
		"customer_id": id + "::uuid", "lot_id": id + "::uuid", "id": id + "::uuid", "pool_id": id + "::uuid", "policy_id": id + "::uuid", "blocked": "false",
	}
	if rest, with := strings.CutPrefix(query, "WITH ? "); with {
		table := regexp.MustCompile(`(?:FROM|UPDATE \w+ SET[^?]*? FROM) (key|span|new|since)\b`).FindStringSubmatch(rest)
		name := table[1]
		seen, names, values := map[string]bool{}, []string{}, []string{}
		for _, match := range regexp.MustCompile(name+`\.(\w+)`).FindAllStringSubmatch(rest, -1) {
			column := match[1]
			if seen[column] {
				continue
			}
			seen[column] = true
			value, known := columns[column]
			switch {
			case known:
			case strings.HasSuffix(column, "_us"), strings.HasSuffix(column, "_minor"), column == "priority", column == "drawn", column == "lapsed", column == "refunded", column == "removed", column == "booked_credits":
				value = "1::bigint"
			default:
				value = "'2024-01-01'"
			}
			names, values = append(names, column), append(values, value)
		}
		query = "WITH " + name + " (" + strings.Join(names, ", ") + ") AS (VALUES (" + strings.Join(values, ", ") + ")) " + rest
	}
	query = regexp.MustCompile(`(customer_id|\bid|batch_id) (=|IN) (\?\d?|\(\?\d?\))`).ReplaceAllString(query, "$1 = "+id)
	query = regexp.MustCompile(`(\(customer_id, id\) >) \(\?\d?, \?\d?\)`).ReplaceAllString(query, "$1 ("+id+", "+id+")")
	query = regexp.MustCompile(`LIMIT \?`).ReplaceAllString(query, "LIMIT 1")
	query = regexp.MustCompile(`((?:day|date|_on|_from|_due) (?:=|<=|>=|<|>)) \?`).ReplaceAllString(query, "$1 '2024-01-01'")
	query = regexp.MustCompile(`((?:kind|currency) =) \?`).ReplaceAllString(query, "$1 'x'")
	return regexp.MustCompile(`\?\d?`).ReplaceAllString(query, "1")
}

// Image returns a copy of a database in memory.
func (s *Store) Image(ctx context.Context) (image []byte, err error) {
	err = s.raw(ctx, func(c serializer) error { image, err = c.Serialize(); return err })
	return image, err
}

// OpenImage opens a database in memory from a copy.
func OpenImage(ctx context.Context, image []byte) (*Store, error) {
	s, err := openMemory()
	if err != nil {
		return nil, err
	}
	err = s.raw(ctx, func(c serializer) error { return c.Deserialize(image) })
	return s, err
}

// CheckNames lists the checks of Findings that compare by query.
func CheckNames() []string {
	var names []string
	for _, comparison := range comparisons {
		for _, pair := range comparison.pairs {
			names = append(names, pair.check)
		}
	}
	return names
}

// AppendOnly are the tables that only grow.
var AppendOnly = appendOnly

// The queries whose plans are tested, by what they serve.
var Queries = map[string]string{
	"OpenLots": sqliteEngine.openLots(), "LockOpenLots": sqliteEngine.lockOpenLots(), "LockLots": lockLots, "UpdateLots": updateLots, "UpdateBooked": updateBooked,
	"PendingLots": pendingLots, "LapsingLots": lapsingLots, "RemoteLots": remoteLots, "DuePurchases": duePurchases,
	"LotChanges": changesOfLots, "LotDays": lotDays, "LotDaysWithin": lotDaysWithin, "LotDaysAfter": lotDaysAfter, "DrawnBefore": drawnBefore,
	"EventsByKey": eventsByKey, "DrawsOfEvents": drawsOfEvents, "UnmeasuredPools": unmeasuredPools, "PoolsByKey": poolsByKey, "PoolDaysSince": poolDaysSince, "EarlierMeasures": earlierMeasures,
	"BookedOfLots": strings.Replace(bookedOfLots, "span.to_day?", "span.to_day"+ofKinds, 1), "BookedOfPools": bookedOfPools, "SumBatch": sumBatch, "CountBatch": countBatch,
	"BalancesLater": balancesLater, "AccountBefore": accountBefore, "RevenueBalances": revenueBalances, "DeferredBefore": deferredBefore, "DeferredAfter": deferredAfter,
}

// UsageStatements are the ways in which SQLite reads the use of a month.
var UsageStatements = map[string]string{"wide": wideUsage, "narrow": narrowUsage, "plain": plainUsage}

// UsageBy accounts for use in one of those ways.
func UsageBy(ctx context.Context, t books.Tx, statement string, from, to ledger.Date, start, end time.Time, fromID string) (books.UsageAccounted, error) {
	return t.(*tx).usageBy(ctx, statement, from, to, start, end, fromID)
}

// UsageIsWide says whether the use of days from one on is read with all rows.
func UsageIsWide(ctx context.Context, t books.Tx, from ledger.Date) (bool, error) {
	statement, err := t.(*tx).usageFrom(ctx, from)
	return statement == wideUsage, err
}
