package books_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func hashes(of []tlog.Hash) [][]byte {
	all := make([][]byte, len(of))
	for i := range of {
		all[i] = of[i][:]
	}
	return all
}

// TestSealProofs checks proofs with a program that is not ours, as docs/seals.md shows.
func TestSealProofs(t *testing.T) {
	b, _, now := closing(t)
	done[books.Closing](t)(b.PeriodClose(t.Context(), "close", books.ClosePeriod{Period: january}))
	price := whole(9)
	done[books.Purchased](t)(b.Purchase(t.Context(), "more", books.NewPurchase{Customer: "acme", Credits: whole(1), Price: &price}))
	*now = now.AddDate(0, 1, 0)
	done[books.JobRun](t)(b.RunJob(t.Context(), books.JobAll, books.RunOptions{}))
	done[books.Closing](t)(b.PeriodClose(t.Context(), "february", books.ClosePeriod{Period: february}))

	var entry, consistency books.SealProof
	err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		recognitions, err := tx.Recognitions(ctx, books.RecognitionFilter{Entry: 2}, books.Page{Limit: 1})
		if err != nil {
			return err
		}
		if entry, err = books.SealProofOf(ctx, tx, 2, recognitions[0].ID); err != nil {
			return err
		}
		consistency, err = books.SealConsistency(ctx, tx, 1, 2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from, to int64
		code     books.Code
		says     string
	}{
		{9, 2, books.NotFound, "from: 9 names no seal: there are 2"},
		{1, 3, books.NotFound, "to: 3 names no seal: there are 2"},
		{2, 1, books.Invalid, "from: must not be later than to (1), but is 2"},
	} {
		wants(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
			_, err := books.SealConsistency(ctx, tx, test.from, test.to)
			return err
		}), test.code, test.says)
	}
	root := func(checkpoint string) (size uint64, root []byte) {
		text, signature, _ := strings.Cut(checkpoint, "\n\n— ")
		lines := strings.Split(text, "\n")
		signed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(signature, lines[0]+" ")))
		if err != nil || !ed25519.Verify(sealSigner.PublicKey(), []byte(text+"\n"), signed[4:]) {
			t.Fatalf("the signature does not hold: %v\n%s", err, checkpoint)
		}
		size, _ = strconv.ParseUint(lines[1], 10, 64)
		root, _ = base64.StdEncoding.DecodeString(lines[2])
		return size, root
	}
	size, now1 := root(entry.Checkpoint)
	hasher := rfc6962.DefaultHasher
	if err := proof.VerifyInclusion(hasher, uint64(entry.Entry.Index), size, hasher.HashLeaf(entry.Entry.Form), hashes(entry.Entry.Hashes), now1); err != nil {
		t.Error("the entry:", err)
	}
	sealed, err := ledger.ReadEntryForm(entry.Entry.Form)
	if err != nil || sealed.Number != 2 || sealed.Kind != ledger.UsageEntry || sealed.Lines[0].Amount != ledger.Money(1000, "USD") {
		t.Errorf("the entry is %+v, %v; want the use of ten credits at 1.00", sealed, err)
	}
	if err := proof.VerifyInclusion(hasher, uint64(entry.Recognition.Index), uint64(sealed.Recognitions), hasher.HashLeaf(entry.Recognition.Form), hashes(entry.Recognition.Hashes), sealed.RecognitionsRoot[:]); err != nil {
		t.Error("the recognition:", err)
	}
	before, first := root(consistency.Before)
	after, second := root(consistency.Checkpoint)
	if err := proof.VerifyConsistency(hasher, before, after, hashes(consistency.Hashes), first, second); err != nil {
		t.Error("consistency:", err)
	}

	// What was written is read and holds; with any part changed it does not.
	for _, whole := range []books.SealProof{entry, consistency} {
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		read := done[books.SealProof](t)(books.ReadSealProof(text))
		proved := done[books.Proved](t)(read.Check(read.Key))
		if proved.Entry != nil && (proved.Recognition == nil || proved.Recognition.Amount != ledger.Money(1000, "USD")) {
			t.Errorf("proved %+v", proved)
		}
	}
	for name, spoil := range map[string]func(p *books.SealProof){
		"the form":        func(p *books.SealProof) { p.Entry.Form[20] ^= 1 },
		"the recognition": func(p *books.SealProof) { p.Recognition.Form[20] ^= 1 },
		"the place":       func(p *books.SealProof) { p.Entry.Index = 0 },
		"the checkpoint":  func(p *books.SealProof) { p.Checkpoint = strings.Replace(p.Checkpoint, "2024-01", "2024-03", 1) },
		"a hash":          func(p *books.SealProof) { p.Entry.Hashes[0][0] ^= 1 },
		"everything":      func(p *books.SealProof) { *p = books.SealProof{Key: p.Key, Checkpoint: p.Checkpoint} },
	} {
		text, _ := json.Marshal(entry)
		spoilt := done[books.SealProof](t)(books.ReadSealProof(text))
		spoil(&spoilt)
		if _, err := spoilt.Check(entry.Key); err == nil {
			t.Errorf("%s was changed, and the proof holds", name)
		}
	}
	if _, err := entry.Check(mustVerifier(t, otherKey)); err == nil {
		t.Error("a proof holds by the key of somebody else")
	}
}

var otherKey = ed25519.NewKeyFromSeed([]byte("another key of thirty-two bytes."))

func mustVerifier(t *testing.T, key ed25519.PrivateKey) string {
	t.Helper()
	return done[string](t)(books.SealKey{PublicKey: books.KeySigner(key).PublicKey()}.Verifier("drawdown/other"))
}

// TestSealProofOfPapers proves which paper was approved with an entry by hand, as docs/seals.md shows: by a program that is
// not ours, and by the line of JSON of docs/finance/manual-entries.md, which is written here by hand.
func TestSealProofOfPapers(t *testing.T) {
	b, _, _ := closing(t)
	ann, bob := person(t, "ann"), person(t, "bob")
	m := done[books.ManualEntry](t)(b.ManualEntryPropose(ann, "propose", accrual(january.Last())))
	if _, _, err := b.Attach(ann, books.NewAttachment{FileOf: books.FileOf{ManualID: m.ID}, Name: "contract.txt", MediaType: "text/plain", Content: []byte("the contract")}); err != nil {
		t.Fatal(err)
	}
	line := []byte(fmt.Sprintf(`{"id":"man_%s","kind":"MANUAL","accountingDate":"2024-01-31","reverseOn":"","reverses":"","description":"Refund accrual",`+
		`"reason":"Expected refunds of the outage","controlAccounts":"","lines":[`+
		`{"account":"refunds","amount":"12.34","currency":"USD","functionalAmount":"12.34","functionalCurrency":"USD","customer":"","policy":"","pack":""},`+
		`{"account":"refund_liability","amount":"-12.34","currency":"USD","functionalAmount":"-12.34","functionalCurrency":"USD","customer":"","policy":"","pack":""}],`+
		`"attachments":[{"name":"contract.txt","mediaType":"text/plain","sha256":"%x"}]}`, m.ID, sha256.Sum256([]byte("the contract"))))
	approved := fmt.Sprintf("%x", sha256.Sum256(line))
	decided := done[books.ManualDecision](t)(b.ManualEntryApprove(bob, "approve", books.DecideManual{ID: m.ID, Reason: "seen", SHA256: approved}))
	done[books.Closing](t)(b.PeriodClose(t.Context(), "close", books.ClosePeriod{Period: january}))
	var p books.SealProof
	err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		p, err = books.SealProofOf(ctx, tx, decided.Entry.Number, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Split(p.Checkpoint, "\n")
	size := done[uint64](t)(strconv.ParseUint(text[1], 10, 64))
	root := done[[]byte](t)(base64.StdEncoding.DecodeString(text[2]))
	hasher, form := rfc6962.DefaultHasher, p.Entry.Form
	if err := proof.VerifyInclusion(hasher, uint64(p.Entry.Index), size, hasher.HashLeaf(form), hashes(p.Entry.Hashes), root); err != nil {
		t.Error("the entry:", err)
	}
	if !bytes.Contains(form, []byte(fmt.Sprintf("%x", sha256.Sum256(line)))) {
		t.Errorf("what was approved, %s, is not in %q", approved, form)
	}
	if found := regexp.MustCompile(`[0-9a-f]{64}`).FindAllString(string(form), -1); !slices.Equal(found, []string{approved}) {
		t.Errorf("the form has %q, want %s alone", found, approved)
	}
	proved := done[books.Proved](t)(p.Check(p.Key))
	if proved.Entry.Approved != approved {
		t.Errorf("proved as %+v", proved.Entry)
	}
}
