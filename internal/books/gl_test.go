package books_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// TestGLCodes plays what becomes of the code of an account: what is in force on a day, what a
// later one of the same day replaces, and that a closed month keeps what it had.
func TestGLCodes(t *testing.T) {
	now := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)
	b, _ := newBookStore(t, &now)
	ctx := person(t, "ann")
	set := func(key, code string, from ledger.Date) ([]books.GLCode, error) {
		return b.GLAccountsSet(ctx, key, books.SetGLCodes{Accounts: []books.NewGLCode{{Account: ledger.Cash, Code: code, Name: "Cash at bank", From: from}}})
	}
	inForce := func(day ledger.Date) (code string) {
		t.Helper()
		fine(t, b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			codes, err := books.ReadGLChart(ctx, tx)
			cash, _ := codes.On(ledger.Cash, day)
			code = cash.Code
			if _, known := codes.On(ledger.Refunds, day); known || err != nil {
				t.Fatal(codes, err)
			}
			return nil
		}))
		return code
	}
	first := done[[]books.GLCode](t)(set("1", "0001000", 0))
	if first[0].From != ledger.NewDate(1970, 1, 1) || first[0].CreatedBy != "token:ann" {
		t.Fatalf("%+v: want it since the beginning", first)
	}
	if again := done[[]books.GLCode](t)(set("1", "0001000", 0)); again[0].ID != first[0].ID {
		t.Fatalf("asked again: %+v", again)
	}
	done[[]books.GLCode](t)(set("2", "1010", ledger.NewDate(2024, 2, 1)))
	done[[]books.GLCode](t)(set("3", "1020", ledger.NewDate(2024, 2, 1)))
	for day, want := range map[ledger.Date]string{
		ledger.NewDate(1969, 12, 31): "", ledger.NewDate(1970, 1, 1): "0001000", ledger.NewDate(2024, 1, 31): "0001000",
		ledger.NewDate(2024, 2, 1): "1020", ledger.NewDate(2030, 1, 1): "1020",
	} {
		if got := inForce(day); got != want {
			t.Errorf("on %s: %q, want %q", day, got, want)
		}
	}
	done[books.Closing](t)(b.PeriodClose(ctx, "january", books.ClosePeriod{Period: january}))
	_, err := set("4", "1030", ledger.NewDate(2024, 1, 31))
	wants(t, err, books.PeriodClosed, "2024-01, which is closed: a code is in force from a day of an open period, 2024-02-01 or later")
	if last := done[[]books.GLCode](t)(set("5", "1030", 0)); last[0].From != ledger.NewDate(2024, 2, 1) || inForce(ledger.NewDate(2024, 1, 31)) != "0001000" {
		t.Fatalf("%+v", last)
	}
}

// TestGLCodesThatAreNone refuses what is no code, all of a request with it.
func TestGLCodesThatAreNone(t *testing.T) {
	now := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)
	b, _ := newBookStore(t, &now)
	good := books.NewGLCode{Account: ledger.Cash, Code: "1000", Name: "Cash"}
	with := func(change func(*books.NewGLCode)) []books.NewGLCode {
		bad := good
		bad.Account = ledger.Refunds
		change(&bad)
		return []books.NewGLCode{good, bad}
	}
	for says, codes := range map[string][]books.NewGLCode{
		"1 to 100 accounts, not 0":                  nil,
		"1 to 100 accounts, not 101":                make([]books.NewGLCode, 101),
		`an account of the chart, not "till"`:       with(func(c *books.NewGLCode) { c.Account = "till" }),
		"1 to 100 characters, not 0":                with(func(c *books.NewGLCode) { c.Code = "" }),
		"1 to 100 characters, not 101":              with(func(c *books.NewGLCode) { c.Code = strings.Repeat("ä", 101) }),
		"without control characters":                with(func(c *books.NewGLCode) { c.Code = "10\n00" }),
		"not begin or end with a blank, but is \" ": with(func(c *books.NewGLCode) { c.Code = " 1000" }),
		`but is "Cash\u00a0"`:                       with(func(c *books.NewGLCode) { c.Name = "Cash\u00a0" }),
		"another account than 1000 itself":          with(func(c *books.NewGLCode) { c.Parent = "1000" }),
		"not be before 1970":                        with(func(c *books.NewGLCode) { c.From = ledger.NewDate(1969, 12, 31) }),
		"names cash from 1970-01-01 a second time":  with(func(c *books.NewGLCode) { c.Account = ledger.Cash }),
	} {
		_, err := b.GLAccountsSet(t.Context(), "x", books.SetGLCodes{Accounts: codes})
		wants(t, err, books.Invalid, says)
	}
	kept := done[[]books.GLCode](t)(b.GLAccountsSet(t.Context(), "x", books.SetGLCodes{Accounts: []books.NewGLCode{{Account: ledger.Cash, Code: strings.Repeat("ä", 100), Name: "C"}}}))
	if len(kept) != 1 {
		t.Fatalf("%+v", kept)
	}
}

// A month does not close before every account that moved in it has a code from its first day on.
func TestNoCloseWithoutGLCodes(t *testing.T) {
	now := time.Date(2024, 1, 10, 12, 0, 0, 0, time.UTC)
	ctx := t.Context()
	b := newShop(t, &now)
	done[books.Purchased](t)(b.Purchase(ctx, "buy", sale("1000", now)))
	now = time.Date(2024, 2, 5, 12, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	codes := books.SetGLCodes{Accounts: []books.NewGLCode{
		{Account: ledger.Cash, Code: "1000", Name: "Cash"}, {Account: ledger.DeferredRevenue, Code: "2400", Name: "Credits", From: ledger.NewDate(2024, 1, 2)},
	}}
	_, err := b.PeriodClose(ctx, "0", books.ClosePeriod{Period: january})
	wants(t, err, books.CloseChecksFailed, "GL_CODES (give each of cash, deferred_revenue its code in the general ledger from 2024-01-01 on or earlier (glAccountsSet))")
	done[[]books.GLCode](t)(b.GLAccountsSet(ctx, "late", codes))
	check, _ := checkOf(t, b, january, books.CheckGLCodes)
	if check.Passed || len(check.Figures) != 2 || check.Figures[0].Text != "2" || check.Figures[1] != (books.CheckFigure{Name: "without a code", Text: "deferred_revenue"}) {
		t.Fatalf("%+v", check)
	}
	codes.Accounts[1].From = january.First()
	done[[]books.GLCode](t)(b.GLAccountsSet(ctx, "in time", codes))
	done[books.Closing](t)(b.PeriodClose(ctx, "1", books.ClosePeriod{Period: january}))
}
