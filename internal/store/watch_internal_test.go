package store

import (
	"strings"
	"testing"
)

// What a statement is about is read from its text, and never a value of it.
func TestStatementOf(t *testing.T) {
	for _, test := range []struct{ text, kind, table string }{
		{`SELECT "lots"."id", count(*) FROM "lots" WHERE id = 'x'`, "SELECT", "lots"},
		{"select * from lots", "SELECT", "lots"},
		{`INSERT INTO "usage_events" ("id") VALUES ('INTO secret')`, "INSERT", "usage_events"},
		{"UPDATE lots SET drawn = 5 WHERE name = 'it''s (FROM'", "UPDATE", "lots"},
		{"DELETE FROM leases WHERE name = 'a'", "DELETE", "leases"},
		{`WITH key (customer_id, lot_id) AS (VALUES ('it''s ) SELECT', ')'), ('FROM secret', 'x')) SELECT d.* FROM key CROSS JOIN lot_days AS d`, "SELECT", "lot_days"},
		{`WITH "new" (id, day) AS (VALUES ('a', '2024-01-01')) UPDATE pools SET measure_from = new.day FROM new`, "UPDATE", "pools"},
		{`COPY "draws" ("id") FROM STDIN`, "COPY", "draws"},
		{"BEGIN", "BEGIN", ""},
		{"SELECT pg_advisory_xact_lock(hashtextextended('FROM ' || 'x', 0))", "SELECT", ""},
		{"SELECT 'FROM secret'", "SELECT", ""},
		{"SET lock_timeout = 0", "OTHER", ""},
		{"", "OTHER", ""},
		{"WITH key AS (VALUES ('unended", "OTHER", ""},
	} {
		if kind, table := statementOf(test.text); kind != test.kind || table != test.table {
			t.Errorf("%s: %s %s, want %s %s", test.text, kind, table, test.kind, test.table)
		}
	}
}

func BenchmarkStatementOf(b *testing.B) {
	long := "WITH key (customer_id, lot_id) AS (VALUES " + strings.Repeat("('0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c', '0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c'), ", 1000) + "('a', 'b')) SELECT d.* FROM key CROSS JOIN lot_days AS d"
	b.Run("short", func(b *testing.B) {
		for b.Loop() {
			statementOf(`SELECT "lots"."id" FROM "lots" WHERE id = 'x'`)
		}
	})
	b.Run("thousand keys", func(b *testing.B) {
		for b.Loop() {
			statementOf(long)
		}
	})
}
