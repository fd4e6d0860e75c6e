package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

// TestPapersAreSealed changes papers of a sealed entry, and the hashes beside them so that they agree: verify, and verify of
// seals alone, name the entry and the paper. Where the trail is changed too they name the entry, for its seal says what was approved;
// and where that is changed as well, the seal says that the entry is not what it was.
func TestPapersAreSealed(t *testing.T) {
	onBoth(t, playSealed, func(t *testing.T, s *store.Store, past ...string) {
		for _, f := range findingsOf(t, s) {
			if f.Check != "database.appendOnly" && f.Check != "database.closed" { // onBoth took the guards down
				t.Fatal(f)
			}
		}
		rows := texts(t, s.Writer().DB, "SELECT CAST(e.number AS TEXT), CAST(m.id AS TEXT), e.approved_sha256 FROM entries AS e JOIN manual_entries AS m ON m.entry_number = e.number", 3)
		number, id, approved := rows[0][0], rows[0][1], rows[0][2]
		line := fmt.Sprintf(`{"id":"man_%s","kind":"MANUAL","accountingDate":"2024-01-31","reverseOn":"","reverses":"","description":"rent","reason":"a <contract> & more","controlAccounts":"",`+
			`"lines":[{"account":"refunds","amount":"12.50","currency":"USD","functionalAmount":"12.50","functionalCurrency":"USD","customer":"","policy":"","pack":""},`+
			`{"account":"refund_liability","amount":"-12.50","currency":"USD","functionalAmount":"-12.50","functionalCurrency":"USD","customer":"","policy":"","pack":""}],`+
			`"attachments":[{"name":"contract.txt","mediaType":"text/plain","sha256":"%x"},{"name":"letter.txt","mediaType":"text/plain","sha256":"%x"}]}`,
			id, sha256.Sum256([]byte("contract.txt")), sha256.Sum256([]byte("letter.txt")))
		if want := fmt.Sprintf("%x", sha256.Sum256([]byte(line))); approved != want {
			t.Fatalf("approved as %s, want %s, of %s", approved, want, line)
		}
		err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
			var of int64
			_, _ = fmt.Sscan(number, &of)
			forms, err := tx.SealedEntryForm(ctx, of, "")
			if err != nil {
				return err
			}
			if read, err := ledger.ReadEntryForm(forms.Entry); err != nil || read.Approved != approved || forms.Entry[1] != ledger.ApprovedVersion {
				t.Errorf("the form says %q, %v", read.Approved, err)
			}
			leaf, err := tx.SealLeafOf(ctx, of)
			if leaf.Version != ledger.ApprovedVersion {
				t.Errorf("the leaf is %+v", leaf)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}

		other := sha256.Sum256([]byte("Contract.txt"))
		literal := "x'" + hex.EncodeToString(other[:]) + "'"
		content := "x'" + hex.EncodeToString([]byte("Contract.txt")) + "'"
		if s.Engine() != "sqlite" {
			literal, content = strings.Replace(literal, "x'", `'\x`, 1), strings.Replace(content, "x'", `'\x`, 1)
		}
		subject := "entry " + number + ", man_" + id
		was := fmt.Sprintf("%x", sha256.Sum256([]byte("contract.txt")))
		for _, step := range []struct {
			what, plant string
			want        books.Finding
		}{
			{
				"a paper and its hash", "UPDATE manual_attachments SET content = " + content + ", hash = " + literal + " WHERE name = 'contract.txt'",
				books.Finding{Check: "manual.paper", Subject: subject + ", paper contract.txt", Kept: fmt.Sprintf("%x", other), Derived: was},
			},
			{
				"and the trail", fmt.Sprintf("UPDATE audit_events SET detail = replace(detail, '%s', '%x') WHERE action = 'manual.attach'", was, other),
				books.Finding{Check: "manual.approved", Subject: subject, Kept: approved},
			},
			{
				"and what was approved", "UPDATE entries SET approved_sha256 = '" + strings.Repeat("0", 64) + "' WHERE number = " + number,
				books.Finding{Check: "seal.entry", Subject: "entry " + number},
			},
			{"as if it had not been kept", "UPDATE entries SET approved_sha256 = NULL WHERE number = " + number, books.Finding{Check: "seal.entry", Subject: "entry " + number}},
		} {
			if s.Engine() == "sqlite" && strings.Contains(step.plant, "audit_events") {
				if _, err := s.Writer().DB.ExecContext(t.Context(), "DROP TRIGGER audit_events_no_update"); err != nil {
					t.Fatal(err)
				}
			}
			changed(t, s, append(append([]string{}, past...), step.plant)...)
			var sealed []books.Finding
			err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
				sealed, err = tx.SealFindings(ctx, 10)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range [][]books.Finding{findingsOf(t, s), sealed} {
				seen := false
				for _, f := range found {
					seen = seen || f.Check == step.want.Check && f.Subject == step.want.Subject && (step.want.Kept == "" || f.Kept == step.want.Kept) && (step.want.Derived == "" || f.Derived == step.want.Derived)
				}
				if !seen {
					t.Errorf("%s: found %+v, want %+v", step.what, found, step.want)
				}
			}
		}
	})
}

// TestSealedBefore opens a book that was sealed before papers were, with an entry that has two. Its roots, its leaves and its
// checkpoints stay as they are, verify finds nothing, and the next months are sealed on.
func TestSealedBefore(t *testing.T) {
	s := oldBook(t, "testdata/sealed-20270117.db.gz")
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	roots := []string{
		"e029057d88a02afc6c2269be0e4790b52a28ff8db3a7a988bada20c86112397b", "52d676f6d5a5d1d55fd3750b2723c02160eda1cd55a367c897010ea26463b9a0",
		"4c9494590f47f9eef8b3dd40eb3ca5ccc50652ee41ba5ed351bc26a10dd977e6", "4c9494590f47f9eef8b3dd40eb3ca5ccc50652ee41ba5ed351bc26a10dd977e6",
	}
	p := &player{ctx: books.WithCaller(t.Context(), books.Caller{Actor: "token:ann", Name: "Ann", Kind: books.ByToken})}
	p.keys = 1000
	p.at("2024-04-20")
	p.open(s)
	if found := findingsOf(t, s); len(found) != 0 {
		t.Errorf("before: %+v", found)
	}
	p.withPapers("later", "memo.txt")
	p.at("2024-05-02")
	p.run()
	_, err := p.b.PeriodClose(p.ctx, p.key(), books.ClosePeriod{Period: ledger.NewDate(2024, 4, 1).Period()})
	p.check(err)
	if p.fault != nil {
		t.Fatal(p.fault)
	}
	for i, row := range texts(t, s.Writer().DB, "SELECT lower(hex(root)) FROM seals ORDER BY number", 1) {
		if i < len(roots) && row[0] != roots[i] {
			t.Errorf("seal %d has the root %s, had %s", i+1, row[0], roots[i])
		}
	}
	versions := texts(t, s.Writer().DB, "SELECT CAST(l.version AS TEXT) || ' ' || coalesce(e.approved_sha256 <> '', 0) FROM seal_leaves AS l JOIN entries AS e ON e.number = l.entry_number WHERE e.kind = 'MANUAL' ORDER BY e.number", 1)
	if got := fmt.Sprint(versions); got != "[[1 0] [2 1]]" {
		t.Errorf("versions of the leaves of entries by hand: %s", got)
	}
	if found := findingsOf(t, s); len(found) != 0 {
		t.Errorf("after: %+v", found)
	}
}
