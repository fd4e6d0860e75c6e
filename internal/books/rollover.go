package books

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"drawdown/revrec"
)

// lockLots holds the lots, to act on what is left of them: so those that came to their
// expiry roll over before, and the lots in which their share lives on come back beside
// them. What becomes of a lot then depends on what happened, not on when a job ran.
func (b *Books) lockLots(ctx context.Context, tx Tx, keys []LotKey) (lots, rolled []*revrec.Lot, err error) {
	if lots, err = tx.LockLots(ctx, keys); err != nil {
		return nil, nil, err
	}
	rolled, err = b.roll(ctx, tx, lots, b.clock())
	return lots, rolled, err
}

// lockOpenLots does the same for the lots on which the customers' use can draw at an instant.
func (b *Books) lockOpenLots(ctx context.Context, tx Tx, customerIDs []string, at time.Time) (lots, rolled []*revrec.Lot, err error) {
	if lots, err = tx.LockOpenLots(ctx, customerIDs, at); err != nil {
		return nil, nil, err
	}
	rolled, err = b.roll(ctx, tx, lots, at)
	return lots, rolled, err
}

// roll lets those of the lots roll over that have come to their expiry, writes them, and
// returns the new ones. Where there is none, it asks nothing of the store.
func (b *Books) roll(ctx context.Context, tx Tx, lots []*revrec.Lot, at time.Time) ([]*revrec.Lot, error) {
	due := dueToRoll(lots, at)
	if len(due) == 0 {
		return nil, nil
	}
	rolled, err := b.rollOver(ctx, tx, due)
	if err != nil {
		return nil, err
	}
	pools := poolDays{}
	var changes []revrec.Change
	var days []LotDay
	var children []*revrec.Lot
	for i, lot := range due {
		change, child := rolled[i].change, rolled[i].child
		if change.Credits == 0 {
			continue
		}
		lookAgain(lot, rolled[i].policy.Breakage)
		if !lot.Waits(change.Day) { // no use changed: the day of the change is as good as booked
			lot.BookedThrough = max(lot.BookedThrough, change.Day)
		}
		pools.gather(rolled[i].policy, &child, b.book.Functional, revrec.PoolDaysOf(child, nil))
		change.ID, change.WrittenAt, child.CreatedAt = b.newID(), at, at
		changes, children = append(changes, change), append(children, &child)
		days = append(days, LotDay{CustomerID: lot.CustomerID, LotID: lot.ID, Day: change.Day})
	}
	if err := tx.UpdateLots(ctx, due); err != nil || len(children) == 0 {
		return nil, err
	}
	if err := tx.AddLotDays(ctx, days); err != nil {
		return nil, err
	}
	if err := tx.InsertLotChanges(ctx, changes); err != nil {
		return nil, err
	}
	if err := pools.add(ctx, tx, b); err != nil {
		return nil, err
	}
	if err := tx.InsertLots(ctx, children); err != nil {
		return nil, err
	}
	// Whoever looks first tells, once: what is refused then takes its message back too.
	return children, b.tell(ctx, tx, rolloverNotices(children)...)
}

func dueToRoll(lots []*revrec.Lot, at time.Time) (due []*revrec.Lot) {
	for _, lot := range lots {
		if lot.DueToRoll(at) {
			due = append(due, lot)
		}
	}
	return due
}

// withRolled adds to lots that were read those in which a share of them lives on at an instant, where they have
// come to their expiry and nobody had to hold them since.
func (b *Books) withRolled(ctx context.Context, tx Tx, lots []revrec.Lot, at time.Time) ([]revrec.Lot, error) {
	due := dueToRoll(pointersTo(lots), at)
	if len(due) == 0 {
		return lots, nil
	}
	rolled, err := b.rollOver(ctx, tx, due)
	for _, of := range rolled {
		lots = append(lots, of.child)
	}
	return lots, err
}

// asRolled shows lots that were read as they are at an instant, and keeps those that can be used.
func (b *Books) asRolled(ctx context.Context, tx Tx, lots []revrec.Lot, at time.Time) ([]revrec.Lot, error) {
	with, err := b.withRolled(ctx, tx, lots, at)
	if len(with) == len(lots) {
		return lots, err
	}
	return slices.DeleteFunc(with, func(lot revrec.Lot) bool { return lot.Spendable(at) == 0 }), err
}

// rolling is what became of a lot as it rolled over.
type rolling struct {
	policy Policy
	change revrec.Change
	child  revrec.Lot
}

// rollOver lets lots roll over, and writes nothing.
func (b *Books) rollOver(ctx context.Context, tx Tx, lots []*revrec.Lot) ([]rolling, error) {
	ids, remote := make([]string, len(lots)), []LotKey(nil)
	for i, lot := range lots {
		ids[i] = lot.PolicyID
	}
	policies, err := b.policies.of(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	for _, lot := range lots {
		if policies[lot.PolicyID].Breakage.Method == revrec.Remote {
			remote = append(remote, LotKey{lot.CustomerID, lot.ID})
		}
	}
	days := map[string][]revrec.LotDay{}
	if len(remote) > 0 {
		drawn, err := tx.LotDays(ctx, remote)
		if err != nil {
			return nil, err
		}
		for _, day := range drawn {
			days[day.LotID] = append(days[day.LotID], revrec.LotDay{Day: day.Day, Drawn: day.Drawn})
		}
	}
	rolled := make([]rolling, len(lots))
	for i, lot := range lots {
		policy := policies[lot.PolicyID]
		if policy.Rollover == nil {
			return nil, refuse(Internal, "", "lot %s is to roll over and policy %q has no rollover", lot.ID, policy.Code)
		}
		change, child := lot.RollOver(policy.Policy, days[lot.ID], b.zone)
		child.ID = rolledID(lot)
		change.ToLotID = child.ID
		rolled[i] = rolling{policy, change, child}
	}
	return rolled, nil
}

// rolledID is the id of the lot in which the share of a lot lives on: a UUIDv7 of the
// instant of expiry, whose random part follows from the lot's id. So whoever reads a balance
// sees it by the id under which it will be kept.
func rolledID(lot *revrec.Lot) string {
	sum := sha256.Sum256([]byte("rollover " + lot.ID))
	id := uuid.UUID(sum[:16])
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(lot.ExpiresAt.UnixMilli())<<16)
	copy(id[:6], at[:6])
	id[6] = id[6]&0x0f | 0x70 // version 7
	id[8] = id[8]&0x3f | 0x80 // of RFC 9562
	return id.String()
}
