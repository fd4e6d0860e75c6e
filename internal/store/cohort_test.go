package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

// cohortFigures is all that is kept of cohorts, but for their ids.
func cohortFigures(t *testing.T, s *store.Store) string {
	t.Helper()
	var rows []string
	err := s.Writer().NewRaw(`SELECT c.policy_id || ' ' || c.month || ' ' || c.pack_id || ' ' || c.currency || ' ' || c.segment || ' ' || c.opened || ' ' || c.sold
			|| ' ' || coalesce(m.month || ' ' || m.used || ' ' || m.lapsed || ' ' || m.refunded || ' ' || m.other, '')
		FROM cohorts AS c LEFT JOIN cohort_months AS m ON m.cohort_id = c.id AND (m.used <> 0 OR m.lapsed <> 0 OR m.refunded <> 0 OR m.other <> 0)
		UNION ALL SELECT l.id || ' ' || c.policy_id || ' ' || c.month || ' ' || coalesce(l.bought_by, '') FROM lots AS l JOIN cohorts AS c ON c.id = l.cohort_id
		ORDER BY 1`).Scan(t.Context(), &rows)
	if err != nil || len(rows) == 0 {
		t.Fatal(len(rows), "rows", err)
	}
	return strings.Join(rows, "\n")
}

// TestLotsAreFiled takes the lots of a book out of their cohorts, as if it came from before
// there were any: the next run of the jobs makes of them what acts and jobs had made step by step.
func TestLotsAreFiled(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	if err := playBook(s); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	job := func(key string) {
		p := &player{ctx: ctx}
		p.at("2025-06-01")
		p.open(s)
		if p.fault != nil {
			t.Fatal(p.fault)
		}
		if _, err := p.b.RunJob(ctx, books.JobAll, books.RunOptions{Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	job("before")
	before := cohortFigures(t, s)
	disarm(t, s)
	for _, statement := range []string{"UPDATE lots SET cohort_id = NULL, bought_by = NULL", "DELETE FROM cohort_months", "DELETE FROM cohort_moves", "DELETE FROM cohorts"} {
		run(ctx, t, s, statement)
	}
	job("after")
	if diff := cmp.Diff(before, cohortFigures(t, s)); diff != "" {
		t.Errorf("filed anew, cohorts differ (- before, + after):\n%s", diff)
	}
	err := s.View(ctx, func(ctx context.Context, tx books.Tx) error {
		known, err := tx.MovesKnownFrom(ctx)
		if want := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC); known.Before(want) || known.After(want.AddDate(0, 0, 1)) {
			t.Errorf("what was filed says when it came: known from %s, not from the day of filing", known)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, finding := range findingsOf(t, s) {
		if strings.HasPrefix(finding.Check, "cohort.") {
			t.Errorf("finding: %+v", finding)
		}
	}
}
