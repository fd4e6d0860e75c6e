package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// What one server commits, another tells.
func TestFollowAcrossServers(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		ctx, here, there := t.Context(), t.books[0], t.books[1]
		_, err := here.PolicyCreate(ctx, "p", books.NewPolicy{Code: books.DefaultPolicy})
		if err != nil {
			t.Fatal(err)
		}
		customer := done[books.Customer](t.T)(here.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"}))
		grant := func(key string, credits int64) {
			_, err := here.Grant(ctx, key, books.NewGrant{Customer: "acme", Credits: decimal.NewFromInt(credits), Reason: books.Promo})
			if err != nil {
				t.Error(err)
			}
		}
		feed := done[*books.Feed[books.Balance]](t.T)(there.FollowBalances(ctx, customer.ID))
		defer feed.Close()
		// told waits for a balance of so many credits, past those on the way to it.
		told := func(credits string) {
			t.Helper()
			within, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			for {
				balance, more, err := feed.Next(within)
				if err != nil || !more {
					t.Fatalf("no balance of %s was told: %v", credits, err)
				}
				if balance.Credits.String() == credits {
					return
				}
			}
		}
		told("0")
		grant("one", 100)
		told("100")

		for i, credits := range []int64{1, 9} {
			outcomes, err := here.RecordUsage(ctx, []books.UsageInput{{ID: fmt.Sprint("use ", i), Customer: "acme", Credits: creditsOf(credits)}})
			if err != nil || outcomes[0].Status != books.Recorded {
				t.Fatal(outcomes, err)
			}
			told([]string{"99", "90"}[i])
		}
		t.check()
	})
}

func creditsOf(n int64) *decimal.Decimal {
	credits := decimal.NewFromInt(n)
	return &credits
}

// A run on one server is followed on another, to its end.
func TestFollowARunAcrossServers(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		feed := done[*books.Feed[books.JobRun]](t.T)(t.books[1].FollowRuns(t.Context(), books.JobAll))
		defer feed.Close()
		run, err := t.books[0].RunJob(t.Context(), books.JobAll, books.RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		within, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for {
			got, _, err := feed.Next(within)
			if err != nil {
				t.Fatal(err)
			}
			if got.ID == run.ID && got.Status == books.JobSucceeded {
				break
			}
		}
		t.check()
	})
}
