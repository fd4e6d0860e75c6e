package graph_test

import (
	"crypto/ed25519"
	"strconv"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// What the API gives of seals is enough to check them elsewhere: each proof holds by the key that the
// API gives, and by no other; and who may not see one gets none.
func TestSeals(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		a.sell("acme")
		a.use("acme", "e1", "12.5") // at 0.08, 1.00
		january := ledger.NewDate(2024, 1, 1).Period()
		a.closes(january)
		a.closes(january + 1)

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
			log, _, _ := strings.Cut(key, "+")
			other, err := books.SealKey{PublicKey: make([]byte, ed25519.PublicKeySize)}.Verifier(log)
			must(t, err)
			if _, err := proof.Check(other); err == nil {
				t.Error("a proof holds by another key")
			}
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
