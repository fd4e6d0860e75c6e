package store

import (
	"context"
	"fmt"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// oldestWaiting reads the head of each queue. That of use is in the order of its lots, not
// of its days, for a day changes with every first use: so all of its index is read, which
// holds the lots that were used since they were last booked.
const oldestWaiting = `SELECT
	(SELECT min(due_on) FROM purchases WHERE status = 'INVOICED' AND NOT due_booked AND due_on IS NOT NULL),
	(SELECT min(pending_from) FROM lots WHERE pending_from IS NOT NULL),
	(SELECT min(lapse_due) FROM lots WHERE lapse_due IS NOT NULL),
	(SELECT min(remote_due) FROM lots WHERE remote_due IS NOT NULL),
	(SELECT min(measure_from) FROM pools WHERE measure_from IS NOT NULL),
	(SELECT min(reverse_due) FROM manual_entries WHERE reverse_due IS NOT NULL)`

func (t *tx) OldestWaiting(ctx context.Context, through ledger.Date) (books.Waiting, error) {
	var due, usage, lapse, remote, pools, reversals date
	var waiting books.Waiting
	by := func(day date) ledger.Date {
		if ledger.Date(day) > through {
			return 0
		}
		return ledger.Date(day)
	}
	err := t.each(ctx, "reading what waits to be booked", oldestWaiting, nil, []any{&due, &usage, &lapse, &remote, &pools, &reversals}, func() {
		waiting = books.Waiting{Due: by(due), Usage: by(usage), Lapse: by(lapse), Remote: by(remote), Pools: by(pools), Reversals: by(reversals)}
	})
	return waiting, err
}

// reconciliation holds the running sums of the account against lots and pools, as the comparison
// deferredRevenue of verify holds its lines.
func (e *engine) reconciliation() string {
	return `SELECT currency, CAST(sum(kept) AS BIGINT), CAST(sum(derived) AS BIGINT), CAST(sum(functional) AS BIGINT), CAST(sum(derived_functional) AS BIGINT),
		CAST(sum(manual) AS BIGINT), CAST(sum(manual_functional) AS BIGINT)
	FROM (SELECT currency, sum(credit_minor - debit_minor) AS kept, 0 AS derived, sum(functional_credit_minor - functional_debit_minor) AS functional, 0 AS derived_functional, 0 AS manual, 0 AS manual_functional
			FROM account_periods WHERE account = 'deferred_revenue' GROUP BY currency
		UNION ALL SELECT currency, 0, sum(carrying_minor), 0, sum(carrying_functional_minor), 0, 0 FROM lots WHERE ` + e.carries + ` GROUP BY currency
		UNION ALL SELECT currency, 0, -sum(amount_minor), 0, -sum(functional_minor), 0, 0 FROM recognitions WHERE pool_id IS NOT NULL GROUP BY currency
		UNION ALL SELECT r.currency, 0, ` + fmt.Sprintf(outOfDeferred, "r.amount_minor") + `, 0, ` + fmt.Sprintf(outOfDeferred, "r.functional_minor") + `, 0, 0
			FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id WHERE b.posted_at_us IS NULL
		UNION ALL SELECT l.currency, 0, 0, 0, 0, -l.amount_minor, -l.functional_minor FROM ` + manualLines + ` AND l.account = 'deferred_revenue'
	) AS moved GROUP BY currency ORDER BY currency`
}

func (t *tx) ReconcileDeferred(ctx context.Context) (all []books.DeferredRevenue, err error) {
	var row books.DeferredRevenue
	targets := []any{&row.Currency, &row.Ledger, &row.Lots, &row.FunctionalLedger, &row.FunctionalLots, &row.Manual, &row.FunctionalManual}
	err = t.each(ctx, "reconciling deferred revenue", t.reconciliation(), nil, targets, func() { all = append(all, row) })
	return all, err
}
