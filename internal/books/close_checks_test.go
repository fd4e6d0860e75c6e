package books_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"drawdown/internal/books"
)

// Every check has its figures, of a book in which nothing happened too.
func TestChecksHaveFigures(t *testing.T) {
	now := time.Date(2024, 2, 5, 0, 0, 0, 0, time.UTC)
	b := newBook(t, &now)
	var list books.Checklist
	fine(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		list, err = b.CloseChecklist(ctx, tx, january)
		return err
	}))
	figures := map[books.CheckCode][]string{}
	for _, check := range list.Checks {
		for _, figure := range check.Figures {
			figures[check.Code] = append(figures[check.Code], figure.Name+" "+figure.Text)
		}
	}
	want := map[books.CheckCode][]string{
		books.CheckOver:      {"lastDay 2024-01-31", "today 2024-02-05"},
		books.CheckEarlier:   {"closedThrough none", "next 2024-01"},
		books.CheckLateUsage: {"lots 0"},
		books.CheckBooked:    {"waiting 0"},
		books.CheckPosted:    {"unposted 0"},
		books.CheckOpening:   {"accounts 0"},
		books.CheckBalanced:  {"debits 0.00 USD", "credits 0.00 USD"},
		books.CheckDeferred:  {"ledger 0.00 USD", "lots 0.00 USD"},
		books.CheckPurchases: {"purchases in USD 0", "entries in USD 0", "price 0.00 USD", "deferred 0.00 USD"},
		books.CheckUsage:     {"events 0", "draws 0", "credits of events 0", "credits of draws 0", "credits of days 0", "credits booked 0"},
		books.CheckGLCodes:   {"accounts 0"},
		books.CheckEstimates: {"proposals 0"},
		books.CheckManual:    {"proposals 0"},
		books.CheckTasks:     {"tasks 0"},
	}
	if diff := cmp.Diff(want, figures); diff != "" {
		t.Error(diff)
	}
}
