package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

const papersPage = "../../docs/finance/manual-entries.md"

// The commands of the page find the papers, the line of JSON and the seal of an entry by hand, as they
// stand there; a paper that is another one is named.
func TestPapersByThePage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	page, err := os.ReadFile(papersPage)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## Papers and the seal\n")
	var blocks []block
	for _, of := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		blocks = append(blocks, block{papersPage, "sh", of[1]})
	}
	if !found || len(blocks) != 3 {
		t.Fatalf("%s has %d commands on papers and the seal, want the line, the papers and the proof", papersPage, len(blocks))
	}

	dir := t.TempDir()
	db, keyFile := "sqlite:"+filepath.Join(dir, "book.db"), filepath.Join(dir, "seal.key")
	_, err = makeSealKey(keyFile)
	must(err)
	must(makeBook(t.Context(), db, ""))
	papers := map[string]string{"memo.txt": "what was promised", "contract.pdf": "the contract"}
	approved, err := bookWithPapers(t.Context(), db, papers)
	must(err)
	must(sealBook(t.Context(), db, []string{keyFile}))
	r := startServing(t, "serve", "--db", db, "--addr", "127.0.0.1:0")
	known := regexp.MustCompile(`drawdown/[^"]+`).FindString(r.query(t, `{ sealPublicKeys { key } }`))

	w := walk{dir: t.TempDir(), program: builtProgram(t), replace: []string{
		"entry=7", "entry=3", "http://127.0.0.1:8080", r.url, "\ndrawdown ", "\n\"$DRAWDOWN\" ", "export proof", "export proof --db " + db,
		"drawdown/01941f29-…+1a2b3c4d+AUt2…", known,
	}}
	t.Setenv("TOKEN", r.secret)
	for name, content := range papers {
		must(os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600))
	}
	said := w.run(t, blocks)
	if want := "contract.pdf: OK\nmemo.txt: OK\n" + approved + "  -"; said[1] != want {
		t.Errorf("the papers and the line:\n%s\nwant\n%s", said[1], want)
	}
	if !strings.HasPrefix(said[2], approved+"\n3.proof holds.\n") || !strings.Contains(said[2], "approved with its papers: SHA-256 "+approved) || strings.Contains(said[2], "anybody could have made") {
		t.Errorf("what is sealed:\n%s\nwant %s", said[2], approved)
	}
	must(os.WriteFile(filepath.Join(w.dir, "contract.pdf"), []byte("another contract"), 0o600))
	checks := strings.Replace(blocks[1].text, "sha256sum -c", "{ sha256sum -c", 1)
	checks = strings.Replace(checks, "--ignore-missing", "--ignore-missing || true; }", 1)
	if said := w.run(t, []block{blocks[0], {papersPage, "sh", checks}}); !strings.Contains(said[1], "contract.pdf: FAILED\nmemo.txt: OK\n") {
		t.Errorf("of another paper is said\n%s", said[1])
	}
}

// bookWithPapers books an entry by hand with papers in January, with all that such an entry can say, and
// returns the SHA-256 with which it was approved.
func bookWithPapers(ctx context.Context, url string, papers map[string]string) (sum string, err error) {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	now := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	book, err := books.Open(ctx, db, books.Options{Now: func() time.Time { return now }})
	if err != nil {
		return "", err
	}
	ann := books.WithCaller(ctx, books.Caller{Actor: "token:ann", Persons: []string{"ann"}})
	bob := books.WithCaller(ctx, books.Caller{Actor: "token:bob", Persons: []string{"bob"}})
	amount, functional := decimal.RequireFromString("1234.5"), decimal.RequireFromString("1337")
	entry, err := book.ManualEntryPropose(ann, "propose", books.NewManualEntry{
		AccountingDate: ledger.NewDate(2025, 1, 9), ReverseOn: ledger.NewDate(2025, 2, 1), Description: `Über "credits" \ <2025> & more`,
		Reason: "Outage of <mail>\u2028then & there", ControlAccounts: "the lots follow in February",
		Lines: []books.NewManualLine{
			{Account: ledger.Refunds, Amount: amount, Currency: "EUR", Functional: &functional, Customer: "acme", Policy: "default"},
			{Account: ledger.DeferredRevenue, Credit: true, Amount: amount, Currency: "EUR", Functional: &functional},
		},
	})
	if err != nil {
		return "", err
	}
	var attached []books.Attachment
	for name, content := range papers {
		paper, _, err := book.Attach(ann, books.NewAttachment{FileOf: books.FileOf{ManualID: entry.ID}, Name: name, MediaType: "text/plain; charset=utf-8", Content: []byte(content)})
		if err != nil {
			return "", err
		}
		if hash := sha256.Sum256([]byte(content)); !bytes.Equal(hash[:], paper.Hash) {
			return "", fmt.Errorf("%s is kept under %x", name, paper.Hash)
		}
		attached = append(attached, paper)
	}
	if sum, err = entry.SHA256(attached); err != nil {
		return "", err
	}
	_, err = book.ManualEntryApprove(bob, "approve", books.DecideManual{ID: entry.ID, Reason: "seen", SHA256: sum})
	return sum, err
}
