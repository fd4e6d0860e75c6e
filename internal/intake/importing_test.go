package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// fakeBook records every event once and refuses those of the customer "nobody".
type fakeBook struct {
	seen    map[string]bool
	batches []int
	err     error
	// unreadable counts events that could not be read.
	unreadable int
}

func (f *fakeBook) UsageUnreadable(*books.Error) { f.unreadable++ }

func (f *fakeBook) RecordUsage(_ context.Context, events []books.UsageInput) ([]books.UsageOutcome, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.batches = append(f.batches, len(events))
	outcomes := make([]books.UsageOutcome, len(events))
	for i, e := range events {
		outcomes[i] = books.UsageOutcome{Source: e.Source, ID: e.ID, Status: books.Recorded}
		switch {
		case e.Customer == "nobody":
			outcomes[i].Status = books.Rejected
			outcomes[i].Reason = &books.Error{Code: books.NotFound, Field: "customer", Message: `there is no customer "nobody"`}
		case f.seen[e.ID]:
			outcomes[i].Status = books.Duplicate
		default:
			credits, _ := revrec.CreditsOf(*e.Credits)
			outcomes[i].Event = &books.UsageEvent{Credits: credits}
		}
		f.seen[e.ID] = true
	}
	return outcomes, nil
}

func TestImport(t *testing.T) {
	var file strings.Builder
	file.WriteString("id,customer,credits,occurredAt\n")
	for i := range 2*BatchSize + 10 {
		customer := "acme"
		if i == 7 {
			customer = "nobody"
		}
		fmt.Fprintf(&file, "%d,%s,0.5,2025-01-01\n", i, customer)
	}
	file.WriteString("x,acme,1,never\n")
	book := &fakeBook{seen: map[string]bool{}}
	var rejected []Rejection
	run := func() Summary {
		rejected = nil
		summary, err := Import(t.Context(), book, Read(strings.NewReader(file.String()), Options{Source: "s"}), func(r Rejection) error {
			rejected = append(rejected, r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return summary
	}
	first := run()
	if first.Recorded != 10_009 || first.Duplicates != 0 || first.Rejected != 2 || first.Credits.String() != "5004.5" {
		t.Errorf("first %+v", first)
	}
	if book.unreadable != 1 {
		t.Errorf("%d rows counted as unreadable, want that without a time", book.unreadable)
	}
	if fmt.Sprint(book.batches) != "[5000 5000 10]" {
		t.Errorf("batches of %v", book.batches)
	}
	want := []Rejection{
		{Line: 9, ID: "7", Code: books.NotFound, Field: "customer", Message: `there is no customer "nobody"`, Row: "7,nobody,0.5,2025-01-01"},
		{Line: 10_012, ID: "x", Code: books.Invalid, Field: "occurredAt", Message: `must be a time such as 2025-01-31T15:04:05Z, or 2025-01-31 15:04:05.25 in the book's zone, not "never" in column "occurredAt"`, Row: "x,acme,1,never"},
	}
	if len(rejected) != 2 || rejected[0] != want[0] || rejected[1] != want[1] {
		t.Errorf("rejected %+v", rejected)
	}
	if again := run(); again.Recorded != 0 || again.Duplicates != 10_009 || again.Rejected != 2 || !again.Credits.IsZero() {
		t.Errorf("again %+v", again)
	}
}

// What stands before the fault of a file is recorded; what the book refuses as a whole
// is not taken for a fault of the file.
func TestImportEndsEarly(t *testing.T) {
	const head = `{"specversion":"1.0","type":"t","source":"s","subject":"acme","time":"2025-01-01T00:00:00Z"`
	book := &fakeBook{seen: map[string]bool{}}
	none := func(Rejection) error { return nil }
	summary, err := Import(t.Context(), book, Read(strings.NewReader("["+head+`,"id":"1","data":{"credits":1}},`), Options{}), none)
	var file *FileError
	if !errors.As(err, &file) || summary.Recorded != 1 {
		t.Errorf("%+v, %v", summary, err)
	}
	book.err = &books.Error{Code: books.Unavailable, Message: "busy"}
	_, err = Import(t.Context(), book, Read(strings.NewReader(head+`,"id":"1","data":{"credits":1}}`), Options{}), none)
	if errors.As(err, &file) || books.CodeOf(err) != books.Unavailable {
		t.Errorf("%v", err)
	}
}
