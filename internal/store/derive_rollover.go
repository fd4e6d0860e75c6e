package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// rolledLots holds what rolled over against the lot in which it lives on: the credits and
// amounts of both are compared for every change.
var rolledLots = comparison{
	subject: "c.lot_id",
	from: `lot_changes AS c JOIN lots AS l ON l.customer_id = c.customer_id AND l.id = c.lot_id
		LEFT JOIN lots AS k ON k.customer_id = c.customer_id AND k.id = c.to_lot_id WHERE c.kind = 'ROLLED_OVER'`,
	pairs: []pair{
		{"rollover.at", "c.at_us || ' ' || c.day", "l.expires_at_us || ' ' || l.lapses_on"},
		{"rollover.lot", "c.lot_id || ' ' || c.at_us", "k.origin_lot_id || ' ' || k.starts_at_us"},
		{"rollover.pool", "coalesce(l.pool_lot_id, l.id) || ' ' || l.purchased_on || ' ' || l.policy_id", "k.pool_lot_id || ' ' || k.purchased_on || ' ' || k.policy_id"},
	},
}

// lotsToRoll holds what is to roll over against its policy, and that it has not.
var lotsToRoll = comparison{
	subject: "l.id",
	from: `lots AS l LEFT JOIN policies AS p ON p.id = l.policy_id AND p.rollover_share IS NOT NULL
		LEFT JOIN lot_changes AS c ON c.customer_id = l.customer_id AND c.lot_id = l.id AND c.kind = 'ROLLED_OVER'
		WHERE l.rolled_accepts_until_us IS NOT NULL`,
	pairs: []pair{{"rollover.due", "l.id", "CASE WHEN p.id IS NOT NULL AND l.kind <> 'OVERAGE' AND c.id IS NULL AND l.expires_at_us IS NOT NULL THEN l.id END"}},
}

// aside is how far apart the clocks of two servers may stand: what was recorded within it of
// an expiry may have come before or after what rolled over then.
const aside = time.Minute

// drawnByExpiry is what the events had drawn from lots that were recorded ahead of their expiry;
// and of what was recorded too near to it to tell, what was drawn and what was given back.
const drawnByExpiry = `WITH ?0 SELECT l.id AS lot_id,
		CAST(coalesce(sum(CASE WHEN e.recorded_at_us < l.expires_at_us - ?1 THEN d.credits ELSE 0 END), 0) AS BIGINT) AS drawn,
		CAST(coalesce(sum(CASE WHEN e.recorded_at_us >= l.expires_at_us - ?1 AND d.credits > 0 THEN d.credits ELSE 0 END), 0) AS BIGINT) AS perhaps,
		CAST(coalesce(sum(CASE WHEN e.recorded_at_us >= l.expires_at_us - ?1 AND d.credits < 0 THEN d.credits ELSE 0 END), 0) AS BIGINT) AS given_back
	FROM key CROSS JOIN lots AS l JOIN draws AS d ON d.customer_id = l.customer_id AND d.lot_id = l.id
		JOIN usage_events AS e ON e.customer_id = d.customer_id AND e.id = d.event_id AND e.recorded_at_us < l.expires_at_us + ?1
	WHERE l.customer_id = key.customer_id AND l.id = key.lot_id GROUP BY l.id`

// rolledBefore finds those of the lots that came out of a rollover, moved on or not.
const rolledBefore = `WITH RECURSIVE ?0, line (lot_id, origin_id, kind) AS (
		SELECT k.id, p.id, c.kind FROM key CROSS JOIN lots AS k JOIN lots AS p ON p.id = k.origin_lot_id
			JOIN lot_changes AS c ON c.customer_id = p.customer_id AND c.lot_id = p.id AND c.to_lot_id = k.id
			WHERE k.customer_id = key.customer_id AND k.id = key.lot_id
		UNION ALL SELECT line.lot_id, p.id, c.kind FROM line JOIN lots AS k ON k.id = line.origin_id JOIN lots AS p ON p.id = k.origin_lot_id
			JOIN lot_changes AS c ON c.customer_id = p.customer_id AND c.lot_id = p.id AND c.to_lot_id = k.id
			WHERE line.kind = 'TRANSFERRED')
	SELECT lot_id FROM line WHERE kind = 'ROLLED_OVER'`

type drawnByExpiryRow struct {
	LotID                     string
	Drawn, Perhaps, GivenBack int64
}

// rolledOver derives what of lots must have rolled over from what had been drawn and taken
// out of them by their expiry. Where no policy rolls credits over, it asks nothing.
func (f *findings) rolledOver(ctx context.Context, lots []revrec.Lot, policies map[string]books.Policy, changes map[string][]revrec.Change) error {
	lots = slices.DeleteFunc(slices.Clone(lots), func(lot revrec.Lot) bool {
		return policies[lot.PolicyID].Rollover == nil || lot.Rolls || lot.ExpiresAt.IsZero() || lot.Kind == revrec.OverageLot
	})
	if len(lots) == 0 {
		return nil
	}
	keys := convert(lots, func(lot revrec.Lot) lotKeyRow { return lotKeyRow{lot.CustomerID, lot.ID} })
	before, err := query[struct{ LotID string }](ctx, f.tx, "reading what had rolled over before", rolledBefore, f.tx.table("key", &keys))
	if err != nil {
		return err
	}
	drawn, err := query[drawnByExpiryRow](ctx, f.tx, "adding up what was drawn by expiry", drawnByExpiry, f.tx.table("key", &keys), aside.Microseconds())
	if err != nil {
		return err
	}
	sums := make(map[string]drawnByExpiryRow, len(drawn))
	for _, row := range drawn {
		sums[row.LotID] = row
	}
	for _, lot := range lots {
		if !slices.ContainsFunc(before, func(row struct{ LotID string }) bool { return row.LotID == lot.ID }) {
			f.rolledLot(lot, *policies[lot.PolicyID].Rollover, changes[lot.ID], sums[lot.ID])
		}
	}
	return nil
}

func (f *findings) rolledLot(lot revrec.Lot, rollover revrec.Rollover, changes []revrec.Change, drawn drawnByExpiryRow) {
	var rolled revrec.Credits
	most := lot.Granted - lot.Refunded - revrec.Credits(drawn.Drawn)
	least := most - revrec.Credits(drawn.Perhaps)
	most -= revrec.Credits(drawn.GivenBack)
	for _, change := range changes {
		switch {
		case change.Kind == revrec.RolledOver:
			rolled += change.Credits
		case change.At.Before(lot.ExpiresAt.Add(-aside)):
			most, least = most-change.Credits, least-change.Credits
		case change.At.Before(lot.ExpiresAt.Add(aside)):
			least -= change.Credits
		}
	}
	most, least = rollover.Of(max(most, 0)), rollover.Of(max(least, 0))
	if rolled < least || rolled > most {
		derived := most.String()
		if least < most {
			derived = fmt.Sprintf("%s to %s", least, most)
		}
		f.add("rollover.credits", lot.ID, rolled.String(), derived)
	}
}
