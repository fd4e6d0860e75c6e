package graph_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// What the API gives of seals is enough to check them elsewhere: each proof holds by the key that the
// API gives, and by no other; and who may not see one gets none.
func TestSeals(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		ctx := t.Context()
		price, ten := decimal.NewFromInt(100), decimal.NewFromInt(10)
		_, err := a.books.GLAccountsSet(ctx, "gl", books.SampleGLCodes())
		must(t, err)
		_, err = a.books.PolicyCreate(ctx, "p", books.NewPolicy{Code: "plain"})
		must(t, err)
		_, err = a.books.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
		must(t, err)
		_, err = a.books.Purchase(ctx, "b", books.NewPurchase{Customer: "acme", Policy: "plain", Credits: decimal.NewFromInt(1000), Price: &price})
		must(t, err)
		_, err = a.books.RecordUsage(ctx, []books.UsageInput{{ID: "e1", Customer: "acme", Credits: &ten, OccurredAt: a.now}})
		must(t, err)
		january := ledger.NewDate(2024, 1, 1).Period()
		for i, period := range []ledger.Period{january, january + 1} {
			a.now = time.Date(2024, time.Month(2+i), 2, 6, 0, 0, 0, time.UTC)
			_, err = a.books.RunJob(ctx, books.JobAll, books.RunOptions{})
			must(t, err)
			_, err = a.books.PeriodClose(ctx, "close "+period.String(), books.ClosePeriod{Period: period})
			must(t, err)
		}

		seals := a.must(`{ seals { number period fromSize size root checkpoint key } sealPublicKeys { number key by } }`)
		seals.is("seals.0.number", `2`)
		seals.is("seals.1.number", `1`)
		seals.is("seals.1.period", `"2024-01"`)
		seals.is("seals.1.size", `2`) // the purchase, and what was used of it
		seals.is("seals.0.fromSize", `2`)
		seals.is("sealPublicKeys.0.number", `1`)
		key, january2 := seals.text("sealPublicKeys.0.key"), seals.text("seals.1.checkpoint")
		a.must(`{ seal(period: "2024-01") { checkpoint } }`).is("seal.checkpoint", strconv.Quote(january2))
		a.must(`{ seal(period: "2024-03") { checkpoint } }`).is("seal", `null`)

		proved := func(document string) books.Proved {
			t.Helper()
			proof, err := books.ReadSealProof([]byte(document))
			must(t, err)
			got, err := proof.Check(key)
			must(t, err)
			return got
		}
		recognition := a.must(`{ entry(number: 2) { recognitions(first: 1) { nodes { id } } } }`).text("entry.recognitions.nodes.0.id")
		entry := proved(a.must(`{ sealProof(entry: 2, recognition: "` + recognition + `") { document } }`).text("sealProof.document"))
		if entry.Entry == nil || entry.Entry.Number != 2 || entry.Recognition == nil || "rec_"+entry.Recognition.ID != recognition || entry.Recognition.Amount != ledger.Money(100, "USD") || entry.Tree.Size != 2 {
			t.Errorf("proved is %+v", entry)
		}
		both := proved(a.must(`{ sealConsistency(from: 1, to: 2) { document } }`).text("sealConsistency.document"))
		if both.Before == nil || both.Before.Size != 2 {
			t.Errorf("proved is %+v", both)
		}
		for _, refused := range []struct{ query, code string }{
			{`{ sealProof(entry: 99) { document } }`, "NOT_FOUND"},
			{`{ sealConsistency(from: 2, to: 1) { document } }`, "INVALID"},
			{`{ sealConsistency(from: 1, to: 9) { document } }`, "NOT_FOUND"},
		} {
			if got := a.ask(refused.query).code(); got != refused.code {
				t.Errorf("%s: %s, want %s", refused.query, got, refused.code)
			}
		}
		viewer := a.token("view", books.Viewer)
		if got := a.withToken(viewer, `{ sealProof(entry: 2) { document } }`).code(); got != "FORBIDDEN" {
			t.Errorf("a viewer gets a proof: %s", got)
		}
	})
}
