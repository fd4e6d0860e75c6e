package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKilledServerLosesAMinuteOfCounts kills a server (SIGKILL) after it wrote how many events it did not record, and
// counted some more: what was written is there, once, and the next one counts on. The rest, which is less than a
// minute old, is lost. That it is never more, TestKilledServersLoseAMinuteOfCounts of internal/books holds with a clock of its own.
func TestKilledServerLosesAMinuteOfCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.db")
	db := "sqlite:" + path
	makeCrashBook(t, db)
	server := newServed(t, builtProgram(t), db, strings.TrimSpace(ran(t, "token", "create", "clients", "--role", "operator,accountant", "--db", db)))
	send := func(times int) {
		t.Helper()
		for range times {
			answer, err := server.ask(`mutation { usageRecord(events: [{id: "e", customer: "nobody", credits: "1"}]) { outcomes { status } } }`)
			if err != nil || !strings.Contains(answer, "REJECTED") {
				t.Fatal(answer, err)
			}
		}
	}
	counted := func() (events int64) {
		t.Helper()
		kept, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
		must(err)
		defer kept.Close()
		must(kept.QueryRowContext(t.Context(), "SELECT coalesce(sum(events), 0) FROM usage_not_recorded").Scan(&events))
		return events
	}
	runs := 0
	write := func() { // a run of jobs writes the counts, before it looks whether another one runs
		t.Helper()
		runs++
		answer, err := server.ask(fmt.Sprintf(`mutation { jobRun(job: EXPIRE, idempotencyKey: "run-%d") { run { status } userErrors { code message } } }`, runs))
		if err != nil || !strings.Contains(answer, "SUCCEEDED") && !strings.Contains(answer, "JOB_RUNNING") {
			t.Fatal(answer, err)
		}
	}
	before := int64(0)
	for range 3 {
		send(5)
		write()
		if got := counted(); got != before+5 {
			t.Fatalf("%d events are counted, want %d", got, before+5)
		}
		before += 5
		send(3)
		server.kill()
		if got := counted(); got < before || got > before+3 {
			t.Errorf("%d events are counted after it was killed, want %d, and at most the 3 of its last minute more", got, before)
		}
		before = counted()
		for _, err := server.ask("{ book { timeZone } }"); err != nil; _, err = server.ask("{ book { timeZone } }") {
			time.Sleep(20 * time.Millisecond) // until it serves again
		}
	}
	send(2)
	server.end()
	if got := counted(); got != before+2 {
		t.Errorf("%d events are counted after it was stopped, want %d", got, before+2)
	}
}
