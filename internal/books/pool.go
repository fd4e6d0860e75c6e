package books

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// poolDays gathers what lots bring into pools, so that a pool is written once however
// many lots share it.
type poolDays map[poolName]*pooled

// poolName is what names a pool: its policy, its key within the policy, its currency.
type poolName struct {
	policyID, key string
	currency      ledger.Currency
}

type pooled struct {
	pool revrec.Pool
	days []revrec.PoolDay
}

// maxUnmerged bounds the days that wait to be added up within a pool.
const maxUnmerged = 4096

// gather adds days to the pool of a lot whose breakage is estimated.
func (p poolDays) gather(policy Policy, lot *revrec.Lot, functional ledger.Currency, days []revrec.PoolDay) {
	if policy.Breakage.Method != revrec.Proportional || lot.Kind != revrec.PurchaseLot || len(days) == 0 {
		return
	}
	name := poolName{policy.ID, revrec.PoolKey(policy.Breakage.Pool, *lot), lot.Price.Currency}
	of := p[name]
	if of == nil {
		of = &pooled{pool: revrec.Pool{PolicyID: policy.ID, By: policy.Breakage.Pool, Key: name.key, Jurisdiction: lot.Jurisdiction, Currency: name.currency, Functional: functional}}
		p[name] = of
	}
	if of.days = append(of.days, days...); len(of.days) > maxUnmerged {
		of.days = revrec.MergePoolDays(of.days)
	}
}

// add writes what was gathered.
func (p poolDays) add(ctx context.Context, tx Tx, b *Books) error {
	if len(p) == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(p), func(x, y poolName) int {
		return cmp.Or(cmp.Compare(x.policyID, y.policyID), cmp.Compare(x.key, y.key), cmp.Compare(x.currency, y.currency))
	})
	pools := make([]revrec.Pool, len(names))
	for i, name := range names {
		pools[i] = p[name].pool
		pools[i].ID = b.newID()
	}
	pools, err := tx.EnsurePools(ctx, pools)
	if err != nil {
		return err
	}
	days := make(map[string][]revrec.PoolDay, len(names))
	for i, name := range names {
		days[pools[i].ID] = p[name].days
	}
	return tx.AddPoolDays(ctx, b.clock(), days)
}

// addToPool adds days to the pool of one lot.
func (b *Books) addToPool(ctx context.Context, tx Tx, policy Policy, lot revrec.Lot, days []revrec.PoolDay) error {
	pools := poolDays{}
	pools.gather(policy, &lot, b.book.Functional, days)
	return pools.add(ctx, tx, b)
}
