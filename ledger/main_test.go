package ledger_test

import (
	"flag"
	"os"
	"testing"

	_ "time/tzdata" // zones are part of what is tested, not of the machine
)

// TestMain has every property checked ten thousand times: cheap here, and enough
// to meet the edges of 64 bits. -short and an explicit -rapid.checks are obeyed.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked && !testing.Short() {
		if err := flag.Set("rapid.checks", "10000"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// mustPanic fails the test where act returns.
func mustPanic(t testing.TB, what string, act func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: want a panic, got a result", what)
		}
	}()
	act()
}
