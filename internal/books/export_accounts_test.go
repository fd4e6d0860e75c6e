package books_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// TestAccountsOfTheBook exports to a target without accounts of its own: first the batch waits with
// the list of accounts that have no code, then each line has the code that was in force on its accounting date.
func TestAccountsOfTheBook(t *testing.T) {
	for _, accounts := range []string{``, `, "accounts": []`, `, "accounts": "BOOK"`} {
		onEachEngine(t, func(t *testing.T, s *store.Store) {
			ctx := t.Context()
			e := newExporting(t, s, `{"format": "netsuite"`+accounts+`}`)
			today := ledger.DateOf(time.Now(), time.UTC)
			changes := today - 3
			sell := func(ago int) {
				e.sold++
				price := decimal.NewFromInt(10)
				sale := books.NewPurchase{Customer: "acme", Credits: decimal.NewFromInt(10), Price: &price, PurchasedAt: time.Now().AddDate(0, 0, -ago)}
				done[books.Purchased](t)(e.Purchase(ctx, fmt.Sprint("on a day ", e.sold), sale))
			}
			for _, ago := range []int{9, 4, 3, 0} {
				sell(ago)
			}
			batch := e.write(e.batch("one").ID)
			for _, account := range []ledger.Role{ledger.Cash, ledger.DeferredRevenue} {
				if !strings.Contains(batch.Problem, string(account)) {
					t.Errorf("%s is not in the list: %s", account, batch.Problem)
				}
			}
			if batch.Status != books.ExportDraft || strings.Count(batch.Problem, export.UnmappedAccount) != 2 {
				t.Fatalf("%+v", batch)
			}
			set := func(key string, codes ...books.NewGLCode) {
				done[[]books.GLCode](t)(e.GLAccountsSet(ctx, key, books.SetGLCodes{Accounts: codes}))
			}
			set("cash", books.NewGLCode{Account: ledger.Cash, Code: "0100", Name: "Bank"})
			if batch = e.write(""); batch.Status != books.ExportDraft || strings.Contains(batch.Problem, string(ledger.Cash)+`"`) || strings.Count(batch.Problem, export.UnmappedAccount) != 1 {
				t.Fatalf("with a code for cash: %s", batch.Problem)
			}
			set("deferred",
				books.NewGLCode{Account: ledger.DeferredRevenue, Code: "9999", Name: "a slip"},
				books.NewGLCode{Account: ledger.DeferredRevenue, Code: "2410", Name: "Contract liabilities", From: changes})
			set("corrected", books.NewGLCode{Account: ledger.DeferredRevenue, Code: "2400", Name: "Deferred revenue"}) // of the same day: this one counts
			if batch = e.write(""); batch.Status != books.ExportSealed || batch.Version != 1 {
				t.Fatalf("%+v", batch)
			}
			rows := done[[][]string](t)(csv.NewReader(strings.NewReader(e.text(batch, batch.Files[0].Name))).ReadAll())
			place := map[string]int{}
			for i, name := range rows[0] {
				place[name] = i
			}
			var got []string
			for _, row := range rows[1:] {
				if row[place["Journal Entry - Line: Credit"]] != "" {
					got = append(got, row[place["Journal Entry - Line: Account"]])
				} else if code := row[place["Journal Entry - Line: Account"]]; code != "0100" {
					t.Errorf("debited is %q", code)
				}
			}
			if is, want := strings.Join(got, " "), "2400 2400 2410 2410"; is != want {
				t.Errorf("credited are %s, want %s", is, want)
			}
			for _, code := range []string{`"0100"`, `"2400"`, `"2410"`} {
				if !strings.Contains(batch.Manifest, code) {
					t.Errorf("%s is not in the manifest", code)
				}
			}
			if strings.Contains(batch.Manifest, "9999") {
				t.Error("a code that never counted is in the manifest")
			}
			sell(2)
			if batch = e.write(e.batch("two").ID); batch.Status != books.ExportSealed { // with openings, of accounts with days
				t.Errorf("%+v", batch)
			}
			e.verified()
		})
	}
}

// TestCodesThatATargetCannotTake lists every code of the book that is longer than an account of the target.
func TestCodesThatATargetCannotTake(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		e := newExporting(t, s, `{"format": "business-central"}`)
		long := books.SampleGLCodes()
		for i := range long.Accounts[:2] {
			long.Accounts[i].Code += " of the company abroad"
		}
		done[[]books.GLCode](t)(e.GLAccountsSet(t.Context(), "codes", long))
		e.sell(1)
		batch := e.write(e.batch("one").ID)
		if batch.Status != books.ExportDraft || strings.Count(batch.Problem, "\n") != 1 || !strings.Contains(batch.Problem, "cash") || !strings.Contains(batch.Problem, "accounts_receivable") {
			t.Fatalf("%+v", batch)
		}
		done[[]books.GLCode](t)(e.GLAccountsSet(t.Context(), "shorter", books.SampleGLCodes()))
		if batch = e.write(""); batch.Status != books.ExportSealed {
			t.Errorf("%+v", batch)
		}
	})
}
