package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// reconciliations holds what is kept of each reconciliation against its lines: how it stands, how
// many differ, and the hash of what does.
func (f *findings) reconciliations(ctx context.Context) error {
	last := firstID
	for {
		rows, err := list[reconciliationRow](ctx, f.tx, "reading a reconciliation", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("id > ?", rowID(last)).Order("id").Limit(1) // one at a time: each may be long
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		last = rows[0].ID
		kept := fmt.Sprintf("%s %d %s", rows[0].Status, rows[0].Differing, rows[0].Found)
		r, err := rows[0].reconciliation()
		if err != nil {
			f.add("reconciliation", "rcl_"+last, kept, "lines that can be read")
			continue
		}
		if derived := fmt.Sprintf("%s %d %s", r.Status(), r.Differences(), r.FoundHash()); kept != derived {
			f.add("reconciliation", "rcl_"+last, kept, derived)
		}
	}
}
