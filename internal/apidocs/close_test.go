package apidocs

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/internal/store"
)

// TestCloseByThePage has somebody close two months who knows nothing but docs/close.md: the
// operations of the page, in its order, on a book that nobody has prepared.
func TestCloseByThePage(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/close.md")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, block := range regexp.MustCompile("(?s)```graphql\n(.*?)\n```").FindAllStringSubmatch(string(page), -1) {
		steps = append(steps, block[1])
	}
	if len(steps) != 5 {
		t.Fatalf("the page has %d operations, want the codes, the jobs, the checklist, the close and the reopening", len(steps))
	}
	codes, jobs, checklist, closes, reopens := steps[0], steps[1], steps[2], steps[3], steps[4]

	kept, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	key, err := books.NewKeySigner()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 1, 10, 12, 0, 0, 0, time.UTC)
	book, err := books.Open(t.Context(), kept, books.Options{Now: func() time.Time { return now }, Signer: key})
	if err != nil {
		t.Fatal(err)
	}
	secret := auth.NewSecret()
	if _, err := book.FirstToken(books.WithCaller(t.Context(), books.Caller{Actor: "cli:alice", Kind: books.ByCommand}), auth.Hash(secret)); err != nil {
		t.Fatal(err)
	}
	s := server{graph.NewHandler(book, graph.Options{Log: slog.New(slog.DiscardHandler), Background: t.Context()}), secret}
	do := func(document string) map[string]json.RawMessage {
		t.Helper()
		answered, err := s.answer(t.Context(), Example{Document: document})
		if err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		var answer struct{ Data map[string]json.RawMessage }
		if err := json.Unmarshal([]byte(answered.Answer), &answer); err != nil {
			t.Fatal(err)
		}
		return answer.Data
	}
	read := func(data json.RawMessage, into any) {
		t.Helper()
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	january := strings.NewReplacer("2025-02", "2025-01", "2025-03", "2025-02")

	price, ten := decimal.NewFromInt(1000), decimal.NewFromInt(10)
	if _, err := book.PolicyCreate(t.Context(), "default", books.NewPolicy{Code: "default"}); err != nil {
		t.Fatal(err)
	}
	if _, err := book.CustomerCreate(t.Context(), "acme", books.NewCustomer{ExternalID: "acme"}); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Purchase(t.Context(), "buys", books.NewPurchase{Customer: "acme", Credits: decimal.NewFromInt(10_000), Price: &price}); err != nil {
		t.Fatal(err)
	}
	use := func(id string) {
		t.Helper()
		if _, err := book.RecordUsage(t.Context(), []books.UsageInput{{ID: id, Customer: "acme", Credits: &ten, OccurredAt: now}}); err != nil {
			t.Fatal(err)
		}
	}
	use("e1")

	var list struct {
		Ready  bool
		Checks []struct {
			Code, ToDo string
			Passed     bool
		}
	}
	failing := func() (codes []string) {
		for _, check := range list.Checks {
			if !check.Passed {
				codes = append(codes, check.Code)
				if check.ToDo == "" {
					t.Errorf("%s does not say what to do", check.Code)
				}
			}
		}
		return codes
	}
	now = time.Date(2025, 2, 4, 9, 0, 0, 0, time.UTC)
	read(do(january.Replace(checklist))["closeChecklist"], &list)
	if got := strings.Join(failing(), " "); list.Ready || got != "BOOKED USAGE GL_CODES" {
		t.Errorf("before anything is done fails %q", got)
	}
	for month, named := range []*strings.Replacer{january, strings.NewReplacer()} {
		if month == 0 {
			do(codes)
		}
		do(named.Replace(jobs))
		read(do(named.Replace(checklist))["closeChecklist"], &list)
		if !list.Ready {
			t.Fatalf("month %d is not ready: %v", month, failing())
		}
		var closed struct{ Closing *struct{ EntryCount int } }
		read(do(named.Replace(closes))["periodClose"], &closed)
		if closed.Closing == nil || closed.Closing.EntryCount < 1 {
			t.Fatalf("month %d is not closed", month)
		}
		use(fmt.Sprint("after month ", month))
		now = now.AddDate(0, 1, 0)
	}
	var proposed struct{ Reopening *struct{ ID string } }
	read(do(reopens)["periodReopenPropose"], &proposed)
	if proposed.Reopening == nil {
		t.Error("nobody can propose to open February again")
	}
}
