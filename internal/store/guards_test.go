package store_test

import (
	"fmt"
	"strings"
	"testing"

	"drawdown/internal/store"
)

// TestGuards tries, behind the program's back, to add to what is closed and to change what was proposed.
func TestGuards(t *testing.T) {
	test := func(t *testing.T, s *store.Store) {
		defer s.Close()
		if err := playBook(s); err != nil {
			t.Fatal(err)
		}
		try := func(statement, refused string) {
			t.Helper()
			_, err := s.Writer().DB.ExecContext(t.Context(), statement)
			if refused == "" && err != nil || refused != "" && (err == nil || !strings.Contains(err.Error(), refused)) {
				t.Errorf("%s: got %v, want %q", statement, err, refused)
			}
		}
		line := "INSERT INTO lines (entry_number, line, account, currency, amount_minor, functional_currency, functional_minor) VALUES (%s, %d, 'cash', 'USD', 1, 'USD', 1)"
		entry := "INSERT INTO entries (number, kind, accounting_date, occurred_on, posted_at_us, description) SELECT (SELECT max(number) FROM entries) + 1, kind, accounting_date, occurred_on, posted_at_us, description FROM entries WHERE number = 1"
		try(fmt.Sprintf(line, "1", 90), "")
		try(entry, "")
		try("INSERT INTO closed_through (one, day) VALUES (1, '2024-01-31')", "")
		const closed = "the period is closed: book under a day of an open one"
		try(entry, closed)
		try(fmt.Sprintf(line, "1", 91), closed)
		try(fmt.Sprintf(line, "(SELECT max(number) FROM entries WHERE accounting_date > '2024-01-31')", 91), "")

		const id = "01980000-0000-7000-8000-000000000001"
		of := " WHERE id = '" + id + "'"
		try("INSERT INTO period_reopens (id, period, reason, status, proposer, created_at_us) VALUES ('"+id+"', '2024-01', 'a file was found', 'PROPOSED', '{}', 1)", "")
		for _, change := range []string{"reason = 'routine'", "proposer = 'p'", "period = '2024-02'", "created_at_us = 2", "decided_by = 'bob'"} {
			try("UPDATE period_reopens SET "+change+of, "decided once")
		}
		try("UPDATE period_reopens SET status = 'REJECTED', decided_by = 'bob', decided_at_us = 2"+of, "")
		try("UPDATE period_reopens SET status = 'APPROVED'"+of, "decided once")
		try("UPDATE period_reopens SET decided_by = 'carol'"+of, "decided once")
		try("DELETE FROM period_reopens", "what was proposed stays")
	}
	t.Run("SQLite", func(t *testing.T) { test(t, openMemory(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, openPostgres(t)) })
}
