package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestKilledAtRandom kills the program at random points while it imports and while it
// books, and starts it again. In the end everything is there once: verify finds nothing,
// and the journal is that of a run nobody disturbed, by day, account and amount.
func TestKilledAtRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute, and the race detector sees nothing in a process that is killed")
	}
	const kills, rounds = 24, 40
	dir := t.TempDir()
	calm, wild := filepath.Join(dir, "calm.db"), filepath.Join(dir, "wild.db")
	makeCrashBook(t, "sqlite:"+calm)
	makeCrashBook(t, "sqlite:"+wild)
	files := writeUsage(t, dir, rounds)
	importing := func(path string, files ...string) []string {
		return append([]string{"import", "usage", "--db", "sqlite:" + path}, files...)
	}
	booking := func(path string) []string { return []string{"job", "run", "all", "--db", "sqlite:" + path} }

	began := time.Now()
	ran(t, importing(calm, files...)...)
	ran(t, booking(calm)...)
	t.Logf("undisturbed: %s", time.Since(began).Round(time.Millisecond))

	// Each round has work of its own: a file that is new, then what it left to book.
	seed := uint64(time.Now().UnixNano())
	k := killer{t: t, binary: builtProgram(t), chance: rand.New(rand.NewPCG(seed, 0)), longest: map[string]time.Duration{}}
	for round := 0; round < rounds && k.killed < kills; round++ {
		k.run("import", importing(wild, files[round])...)
		if k.run("job", booking(wild)...) {
			// The lease of the run that was killed would hold for seconds; that it ends,
			// the last run of all waits for.
			must(execSQL(wild, "UPDATE leases SET until_us = 0"))
		}
	}
	t.Logf("seed %d: %d runs killed, %d ended before that", seed, k.killed, k.ended)
	if k.killed < kills {
		t.Errorf("only %d runs were killed, want %d", k.killed, kills)
	}

	// Started again and left alone, it does the rest, once.
	ran(t, importing(wild, files...)...)
	if got := ran(t, importing(wild, files...)...); !strings.Contains(got, "all: 0 recorded (0 credits)") {
		t.Errorf("something was not there yet: %s", got)
	}
	ran(t, booking(wild)...)
	for _, path := range []string{calm, wild} {
		if got := ran(t, "verify", "--db", "sqlite:"+path); !strings.Contains(got, "nothing differs") {
			t.Error(got)
		}
	}
	if want, got := postings(t, "sqlite:"+calm), postings(t, "sqlite:"+wild); len(want) < 100 || !maps.Equal(want, got) {
		t.Errorf("the journals differ:\nundisturbed %v\nkilled      %v", want, got)
	}
}

// killer starts the program and kills it.
type killer struct {
	t             *testing.T
	binary        string
	chance        *rand.Rand
	longest       map[string]time.Duration // what a run that ended took, by what it did
	killed, ended int
}

// run starts the program and kills it at a random point of what such a run takes; the
// first of its kind is left alone, to see how long that is.
func (k *killer) run(kind string, args ...string) (killed bool) {
	k.t.Helper()
	c := exec.Command(k.binary, args...)
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	began := time.Now()
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	if longest := k.longest[kind]; longest > 0 {
		time.Sleep(time.Duration(k.chance.Int64N(int64(longest))))
		_ = c.Process.Kill() // SIGKILL
	}
	err := c.Wait()
	switch {
	case err == nil:
		k.ended++
		k.longest[kind] = max(k.longest[kind], time.Since(began))
	case c.ProcessState.ExitCode() == -1:
		k.killed++
		return true
	default:
		k.t.Fatalf("drawdown %v: %v\n%s", args, err, &said)
	}
	return false
}

const crashCustomers = 60

// makeCrashBook sells 1,000 credits for 99.99, which lapse after two months, to each of
// many customers on 1 November 2023.
func makeCrashBook(t *testing.T, url string) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	sold := time.Date(2023, 11, 1, 9, 0, 0, 0, time.UTC)
	book, err := books.Open(ctx, db, books.Options{Now: func() time.Time { return sold }})
	if err != nil {
		t.Fatal(err)
	}
	term, price := ledger.Duration{Months: 2}, decimal.RequireFromString("99.99")
	_, err = book.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: revrec.Policy{
		Expires: &term, LateUsage: ledger.Duration{Months: 1000},
		Breakage: revrec.Breakage{Method: revrec.Proportional, Rate: decimal.RequireFromString("0.1")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range crashCustomers {
		name := fmt.Sprintf("c%d", i)
		if _, err := book.CustomerCreate(ctx, name, books.NewCustomer{ExternalID: name}); err != nil {
			t.Fatal(err)
		}
		if _, err := book.Purchase(ctx, name+"p", books.NewPurchase{Customer: name, Credits: decimal.NewFromInt(1000), Price: &price}); err != nil {
			t.Fatal(err)
		}
	}
}

// writeUsage writes files of 1,000 events each, of sixty days, for all customers. In all
// they use about a third of what was sold.
func writeUsage(t *testing.T, dir string, files int) []string {
	t.Helper()
	chance := rand.New(rand.NewPCG(1, 1))
	start := time.Date(2023, 11, 2, 0, 0, 0, 0, time.UTC)
	paths := make([]string, files)
	for n := range paths {
		var file strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&file, "{\"id\":\"%d\",\"customer\":\"c%d\",\"credits\":0.%03d,\"occurredAt\":%q}\n",
				i, chance.IntN(crashCustomers), 1+chance.IntN(999), start.Add(time.Duration(chance.IntN(59*24*3600))*time.Second).Format(time.RFC3339))
		}
		paths[n] = filepath.Join(dir, fmt.Sprintf("usage-%d.ndjson", n))
		if err := os.WriteFile(paths[n], []byte(file.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// postings sums the journal by day, kind, account and currency: what does not depend on
// how entries were gathered.
func postings(t *testing.T, url string) map[string]int64 {
	t.Helper()
	sums := map[string]int64{}
	lookInto(t, url, func(ctx context.Context, _ *books.Books, tx books.Tx) {
		err := tx.EachEntry(ctx, 0, 0, func(entry ledger.Entry) error {
			for _, line := range entry.Lines {
				sums[fmt.Sprint(entry.AccountingDate, " ", entry.Kind, " ", line.Account, " ", line.Amount.Currency)] += line.Amount.Minor
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	maps.DeleteFunc(sums, func(_ string, minor int64) bool { return minor == 0 })
	return sums
}
