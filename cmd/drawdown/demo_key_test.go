package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServeClosesTheDemo makes the book of the demo, serves it and closes its next month, with nothing said of a
// key; and without the key, is told how to give it.
func TestServeClosesTheDemo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.db")
	db := "sqlite:" + path
	if said := ran(t, "demo", "--build-only", "--db", db); !strings.Contains(said, path+".seal-key") {
		t.Errorf("the demo does not say where its key is: %s", said)
	}
	closes := func(name, wants string) {
		t.Helper()
		server := newServed(t, builtProgram(t), db, strings.TrimSpace(ran(t, "token", "create", name, "--role", "accountant", "--db", db)))
		defer server.end()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // until its jobs have booked what waits
			answer, err := server.ask(`mutation { periodClose(period: "2025-02", idempotencyKey: "february") { period { status } userErrors { code message } } }`)
			if err == nil && strings.Contains(answer, wants) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s %v, want %s; the server said %s", answer, err, wants, server.said)
			}
		}
	}
	key, err := os.ReadFile(path + ".seal-key")
	must(err)
	must(os.Remove(path + ".seal-key"))
	closes("without", "start it with --seal-key FILE, the key of the seals so far; drawdown seal-key create makes one")
	must(os.WriteFile(path+".seal-key", key, 0o600))
	closes("with", `"status":"CLOSED"`)
	if got := ran(t, "verify", "--db", db); !strings.Contains(got, "nothing differs") {
		t.Error(got)
	}
}
