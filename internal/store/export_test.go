package store

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
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

// The queries whose plans are tested, by what they serve.
var Queries = map[string]string{
	"OpenLots": sqliteEngine.openLots(), "LockOpenLots": sqliteEngine.lockOpenLots(), "LockLots": lockLots, "UpdateLots": updateLots, "UpdateBooked": updateBooked,
	"PendingLots": pendingLots, "LapsingLots": lapsingLots, "RemoteLots": remoteLots, "DuePurchases": duePurchases,
	"LotDays": lotDays, "LotDaysWithin": lotDaysWithin, "LotDaysAfter": lotDaysAfter, "DrawnBefore": drawnBefore,
	"EventsByKey": eventsByKey, "DrawsOfEvents": drawsOfEvents, "UnmeasuredPools": unmeasuredPools, "PoolsByKey": poolsByKey, "PoolDaysSince": poolDaysSince, "EarlierMeasures": earlierMeasures,
	"BookedOfLots": strings.Replace(bookedOfLots, "span.to_day?", "span.to_day"+ofKinds, 1), "BookedOfPools": bookedOfPools, "SumBatch": sumBatch, "CountBatch": countBatch, "EntryOfRecognition": entryOfRecognition,
}
