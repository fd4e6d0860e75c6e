package books_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// withAccounts is the default profile of a format in JSON, with an account for every role but
// those left out.
func withAccounts(t *testing.T, format export.Format, change func(*export.Profile), without ...ledger.Role) string {
	t.Helper()
	p := done[export.Profile](t)(export.DefaultProfile(format))
	for i, account := range ledger.Accounts() {
		if len(without) == 0 || account.Role != without[0] {
			p.Accounts = append(p.Accounts, export.AccountRule{Role: account.Role, Code: fmt.Sprint(1000 + i), Name: account.Name})
		}
	}
	if change != nil {
		change(&p)
	}
	return string(done[[]byte](t)(p.JSON()))
}

// exporting is a book that sells and has a target.
type exporting struct {
	*books.Books
	t      *testing.T
	sold   int
	target books.ExportTarget
}

func newExporting(t *testing.T, s *store.Store, profile string) *exporting {
	t.Helper()
	e := &exporting{t: t, Books: done[*books.Books](t)(books.Open(t.Context(), s, books.Options{Destinations: []string{"archive"}}))}
	done[books.Policy](t)(e.PolicyCreate(t.Context(), "policy", books.NewPolicy{Code: "default"}))
	done[books.Customer](t)(e.CustomerCreate(t.Context(), "customer", books.NewCustomer{ExternalID: "acme"}))
	e.target = done[books.ExportTarget](t)(e.ExportTargetCreate(t.Context(), "target", books.NewExportTarget{Code: "erp", Profile: profile}))
	return e
}

// sell posts an entry for each sale.
func (e *exporting) sell(n int) {
	e.t.Helper()
	for range n {
		e.sold++
		price := decimal.New(int64(1000+e.sold), -2)
		done[books.Purchased](e.t)(e.Purchase(e.t.Context(), fmt.Sprint("sale ", e.sold), books.NewPurchase{Customer: "acme", Credits: decimal.NewFromInt(10), Price: &price}))
	}
}

func (e *exporting) batch(key string) books.ExportBatch {
	e.t.Helper()
	return done[books.ExportBatch](e.t)(e.ExportBatchCreate(e.t.Context(), key, books.NewExportBatch{Target: e.target.ID}))
}

func (e *exporting) write(id string) books.ExportBatch {
	e.t.Helper()
	batch, found, err := e.ExportWrite(e.t.Context(), id)
	if err != nil || !found {
		e.t.Fatal(found, err)
	}
	return batch
}

// text reads a file of a batch.
func (e *exporting) text(batch books.ExportBatch, name string) string {
	e.t.Helper()
	f := done[*books.ExportedFile](e.t)(e.ExportOpen(e.t.Context(), batch.ID, name))
	return string(done[[]byte](e.t)(io.ReadAll(f)))
}

func (e *exporting) verified() {
	e.t.Helper()
	for _, finding := range done[[]books.Finding](e.t)(e.Verify(e.t.Context())) {
		e.t.Errorf("%+v", finding)
	}
}

// TestEachEntryOnce exports, sells on, exports again, voids and replaces: in the files that count,
// read by another reader, every entry stands once, and they add up to the trial balance.
func TestEachEntryOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := newExporting(t, s, withAccounts(t, export.NetSuite, nil))
		_, err := e.ExportBatchCreate(ctx, "too early", books.NewExportBatch{Target: e.target.ID})
		refusedAs(t, err, books.NothingToExport)
		e.sell(5)
		first := e.batch("one")
		if again := e.batch("one"); again.ID != first.ID {
			t.Error("the same request made another batch")
		}
		_, err = e.ExportOpen(ctx, first.ID, "x")
		refusedAs(t, err, books.NotSealed)
		e.sell(2) // after its range was fixed
		first = e.write(first.ID)
		if first.Status != books.ExportSealed || first.Entries != 5 || first.Lines != 10 || len(first.Files) != 1 {
			t.Fatalf("sealed %+v", first)
		}
		_, found, err := e.ExportWrite(ctx, "")
		if found || err != nil {
			t.Error("a sealed batch was written again", err)
		}
		second := e.write(e.batch("two").ID)
		if second.FromEntry != 6 || second.ToEntry != 7 || second.Number != 2 {
			t.Errorf("second %+v", second)
		}
		done[books.ExportBatch](t)(e.ExportBatchVoid(ctx, "void", books.ChangeExportBatch{ID: first.ID, Reason: "wrong subsidiary"}))
		_, err = e.ExportBatchVoid(ctx, "void again", books.ChangeExportBatch{ID: first.ID, Reason: "again"})
		refusedAs(t, err, books.AlreadyVoided)
		e.sell(1)
		third := e.write(e.batch("three").ID)
		if third.FromEntry != 1 || third.ToEntry != 5 || third.Number != 3 || third.Replaces != first.ID {
			t.Errorf("the replacement %+v", third)
		}
		fourth := e.write(e.batch("four").ID)
		if fourth.FromEntry != 8 || fourth.ToEntry != 8 {
			t.Errorf("after the replacement %+v", fourth)
		}
		seen, debits := map[string]int{}, decimal.Zero
		for _, batch := range []books.ExportBatch{second, third, fourth} {
			rows := done[[][]string](t)(csv.NewReader(strings.NewReader(e.text(batch, batch.Files[0].Name))).ReadAll())
			place := map[string]int{}
			for i, name := range rows[0] {
				place[name] = i
			}
			for _, row := range rows[1:] {
				if debit := row[place["Journal Entry - Line: Debit"]]; debit != "" {
					seen[row[place["External ID"]]]++
					debits = debits.Add(decimal.RequireFromString(debit))
				}
			}
		}
		for number := range 8 {
			if code := export.EntryCode(int64(number + 1)); seen[code] != 1 {
				t.Errorf("%s is exported %d times", code, seen[code])
			}
		}
		if want := decimal.New(8*1000+36, -2); !debits.Equal(want) || len(seen) != 8 {
			t.Errorf("%s debited in %d entries, want %s in 8", debits, len(seen), want)
		}
		// The voided one stays as it was, byte by byte.
		sum := sha256.Sum256([]byte(e.text(first, first.Files[0].Name)))
		if hex.EncodeToString(sum[:]) != hex.EncodeToString(first.Files[0].Hash) || !strings.Contains(first.Manifest, hex.EncodeToString(sum[:])) {
			t.Error("the file of the voided batch is another one")
		}
		e.verified()
	})
}

func refusedAs(t *testing.T, err error, code books.Code) {
	t.Helper()
	if err == nil || books.CodeOf(err) != code {
		t.Errorf("%v, want %s", err, code)
	}
}

// TestWhatIsNotMapped has a batch wait with the whole list of what has no account, until the
// target has one.
func TestWhatIsNotMapped(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := newExporting(t, s, withAccounts(t, export.NetSuite, nil, ledger.DeferredRevenue))
		e.sell(3)
		batch := e.write(e.batch("one").ID)
		if batch.Status != books.ExportDraft || !strings.Contains(batch.Problem, "deferred_revenue") || !strings.Contains(batch.Problem, export.UnmappedAccount) {
			t.Fatalf("%+v", batch)
		}
		if _, found, err := e.ExportWrite(ctx, ""); found || err != nil {
			t.Error("it was written again as it stood", err)
		}
		if pieces := e.pieces(batch.ID); pieces != 0 || batch.Progress != 0 || len(batch.Files) != 0 {
			t.Errorf("%d pieces are left of what cannot be written: %+v", pieces, batch)
		}
		profile := withAccounts(t, export.NetSuite, nil)
		done[books.ExportTarget](t)(e.ExportTargetUpdate(ctx, "mapped", books.ReviseExportTarget{ID: e.target.ID, Profile: &profile, Reason: "the chart has it now"}))
		if batch = e.write(""); batch.Status != books.ExportSealed || batch.Version != 2 {
			t.Errorf("%+v", batch)
		}
		_, err := e.ExportTargetUpdate(ctx, "bad", books.ReviseExportTarget{ID: e.target.ID, Profile: new(string)})
		refusedAs(t, err, books.Invalid)
		elsewhere := "elsewhere"
		_, err = e.ExportTargetUpdate(ctx, "nowhere", books.ReviseExportTarget{ID: e.target.ID, Destination: &elsewhere})
		refusedAs(t, err, books.Invalid)
		over := true
		done[books.ExportTarget](t)(e.ExportTargetUpdate(ctx, "over", books.ReviseExportTarget{ID: e.target.ID, Ended: &over}))
		e.sell(1)
		_, err = e.ExportBatchCreate(ctx, "late", books.NewExportBatch{Target: e.target.ID})
		refusedAs(t, err, books.TargetEnded)
		e.verified()
	})
}

// pieces counts the small files of a batch that are kept.
func (e *exporting) pieces(id string) (n int) {
	e.t.Helper()
	for {
		err := e.View(e.t.Context(), func(ctx context.Context, tx books.Tx) error {
			_, err := tx.ExportPiece(ctx, id, n+1, 0)
			return err
		})
		if books.CodeOf(err) == books.NotFound {
			return n
		}
		if err != nil {
			e.t.Fatal(err)
		}
		n++
	}
}

// TestRefusedInTheEnd has the last entry refused, when pieces of those before are kept: they are taken away, and
// the batch is written whole once its target takes the entry.
func TestRefusedInTheEnd(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := newExporting(t, s, withAccounts(t, export.NetSuite, func(p *export.Profile) { p.Limits.Rows = 4 }, ledger.TaxPayable))
		e.sell(20)
		price := decimal.NewFromInt(3)
		tax := decimal.NewFromInt(1)
		done[books.Purchased](t)(e.Purchase(ctx, "with tax", books.NewPurchase{Customer: "acme", Credits: decimal.NewFromInt(10), Price: &price, Tax: tax}))
		draft := e.batch("one")
		batch := e.write(draft.ID)
		if batch.Status != books.ExportDraft || !strings.Contains(batch.Problem, "tax_payable") || e.pieces(batch.ID) != 0 {
			t.Fatalf("%d pieces, %+v", e.pieces(batch.ID), batch)
		}
		profile := withAccounts(t, export.NetSuite, func(p *export.Profile) { p.Limits.Rows = 4 })
		done[books.ExportTarget](t)(e.ExportTargetUpdate(ctx, "mapped", books.ReviseExportTarget{ID: e.target.ID, Profile: &profile, Reason: "the chart has it now"}))
		if batch = e.write(""); batch.Status != books.ExportSealed || batch.Entries != batch.ToEntry || e.pieces(batch.ID) != len(batch.Files) {
			t.Errorf("%d pieces, %+v", e.pieces(batch.ID), batch)
		}
		e.verified()
	})
}

// dying is a store whose n-th write fails, as if the process died there.
type dying struct {
	books.Store
	left int
}

var errDied = errors.New("died")

func (d *dying) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	d.left--
	if d.left < 0 {
		return errDied
	}
	return d.Store.Update(ctx, act)
}

// TestADeadWriter has writers die at each of their writes: the next one, once the claim is over,
// begins anew, and what is sealed is the same bytes as if none had died.
func TestADeadWriter(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), time.Now()
		e := newExporting(t, s, withAccounts(t, export.NetSuite, func(p *export.Profile) { p.Limits.Rows = 7 })) // several files
		e.sell(40)
		draft := e.batch("one")
		for left := range 3 {
			d := &dying{s, 1} // Open writes once
			dead := done[*books.Books](t)(books.Open(ctx, d, books.Options{Now: func() time.Time { return now }}))
			d.left = left + 1
			if _, _, err := dead.ExportWrite(ctx, ""); !errors.Is(err, errDied) {
				t.Fatalf("after %d writes: %v", left+1, err)
			}
			alive := done[*books.Books](t)(books.Open(ctx, s, books.Options{Now: func() time.Time { return now }}))
			if _, found, err := alive.ExportWrite(ctx, ""); found || err != nil {
				t.Error("the draft of a writer that may live was taken", err)
			}
			now = now.Add(2 * time.Minute)
		}
		alive := done[*books.Books](t)(books.Open(ctx, s, books.Options{Now: func() time.Time { return now }}))
		batch, found, err := alive.ExportWrite(ctx, "")
		if err != nil || !found || batch.ID != draft.ID || batch.Status != books.ExportSealed || batch.Entries != 40 {
			t.Fatalf("%+v %v %v", batch, found, err)
		}
		e.verified()
		other := done[books.ExportTarget](t)(e.ExportTargetCreate(ctx, "other", books.NewExportTarget{Code: "other", Profile: e.target.Latest().Profile}))
		same := done[books.ExportBatch](t)(e.ExportBatchCreate(ctx, "same", books.NewExportBatch{Target: other.ID}))
		same = e.write(same.ID)
		if hex.EncodeToString(same.Files[0].Hash) != hex.EncodeToString(batch.Files[0].Hash) {
			t.Error("the same entries under the same profile are other bytes")
		}
	})
}

// TestExportsAtOnce makes and writes batches from many sides at the same time: none shares an
// entry with another, and none is written twice.
func TestExportsAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := newExporting(t, s, withAccounts(t, export.NetSuite, nil))
		e.sell(3)
		var working sync.WaitGroup
		var mu sync.Mutex
		wrote := map[string]int{}
		for worker := range 4 {
			working.Go(func() {
				for n := range 4 {
					_, err := e.ExportBatchCreate(ctx, fmt.Sprint(worker, " ", n), books.NewExportBatch{Target: e.target.ID, Through: int64(1 + (worker+n)%3)})
					if err != nil && books.CodeOf(err) != books.NothingToExport {
						t.Error(err)
					}
					batch, found, err := e.ExportWrite(ctx, "")
					if err != nil {
						t.Error(err)
					}
					if found {
						mu.Lock()
						wrote[batch.ID]++
						mu.Unlock()
					}
				}
			})
		}
		working.Wait()
		for id, times := range wrote {
			if times != 1 {
				t.Errorf("%s was written %d times", id, times)
			}
		}
		e.verified()
	})
}

// TestAnswers takes the ids that the general ledger gave.
func TestAnswers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := newExporting(t, s, withAccounts(t, export.NetSuite, func(p *export.Profile) { p.Prefix = "DD-" }))
		e.sell(3)
		batch := e.write(e.batch("one").ID)
		answer := func(key string, journals ...string) (books.ExportBatch, error) {
			request := books.AnswerExportBatch{ID: batch.ID}
			for _, journal := range journals {
				ours, theirs, _ := strings.Cut(journal, "=")
				request.Journals = append(request.Journals, books.JournalOfTarget{Journal: ours, ExternalID: theirs})
			}
			return e.ExportBatchAcknowledge(ctx, key, request)
		}
		for _, wrong := range []string{"JE-000001=1", "DD-JE-000004=1", "DD-JE-1=1", "DD-JE-000001="} {
			_, err := answer("wrong "+wrong, "DD-JE-000001=11", wrong)
			refusedAs(t, err, books.Invalid)
		}
		got := done[books.ExportBatch](t)(answer("some", "DD-JE-000001=11", "DD-JE-000003=13"))
		if got.Answers != 2 || got.Status != books.ExportSealed {
			t.Errorf("%+v", got)
		}
		_, err := answer("other", "DD-JE-000002=12", "DD-JE-000001=99")
		refusedAs(t, err, books.AlreadyExists)
		got = done[books.ExportBatch](t)(answer("rest", "DD-JE-000001=11", "DD-JE-000002=12"))
		if got.Answers != 3 || got.Status != books.ExportAcknowledged || got.AcknowledgedAt.IsZero() {
			t.Errorf("%+v", got)
		}
		e.verified()
	})
}

// TestAnswersWithAmounts holds what a general ledger debited against the entries, line by line, and other bytes
// under the same name against what was answered before.
func TestAnswersWithAmounts(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		e := newExporting(t, s, withAccounts(t, export.NetSuite, nil))
		e.sell(3) // what each debits is read of the file that went out
		batch := e.write(e.batch("one").ID)
		debits := map[string]decimal.Decimal{}
		rows, err := csv.NewReader(strings.NewReader(e.text(batch, batch.Files[0].Name))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		id, debit := slices.Index(rows[0], "External ID"), slices.Index(rows[0], "Journal Entry - Line: Debit")
		if id < 0 || debit < 0 {
			t.Fatalf("the columns are %q", rows[0])
		}
		for _, row := range rows[1:] {
			if row[debit] != "" {
				debits[row[id]] = debits[row[id]].Add(decimal.RequireFromString(row[debit]))
			}
		}
		if len(debits) != 3 {
			t.Fatalf("the journals are %v", debits)
		}
		first, second, third := debits["JE-000001"].StringFixed(2), debits["JE-000002"].StringFixed(2), debits["JE-000003"].StringFixed(2)
		answer := func(lines ...string) (books.ExportAnswered, error) {
			return e.ExportBatchAnswers(ctx, batch.ID, []byte("external_id,journal,amount,currency\n"+strings.Join(lines, "\n")+"\n"))
		}
		cent := debits["JE-000002"].Add(decimal.New(1, -2)).StringFixed(2)
		for _, wrong := range []struct{ line, says string }{
			{"12,JE-000002," + cent + ",", "line 3: amount is " + cent + " USD in the general ledger, and entry 2 debits USD " + second},
			{"12,JE-000002," + second + ",EUR", `line 3: currency must be one of the entry, USD, not "EUR"`},
			{"12,JE-000002,1e2,", "line 3: amount must be what the journal debits"},
			{"12,JE-000002,-" + second + ",", "line 3: amount must be what the journal debits"},
			{"12,JE-000009," + second + ",", "line 3: journal"},
		} {
			_, err := answer("11,JE-000001,"+first+",", wrong.line)
			refusedAs(t, err, books.Invalid)
			if !strings.Contains(err.Error(), wrong.says) {
				t.Errorf("%s: %v, want %s", wrong.line, err, wrong.says)
			}
		}
		got := done[books.ExportAnswered](t)(answer("11,JE-000001,"+first+",USD", "12,JE-000002,,"))
		if got.Batch.Answers != 2 { // nothing of the files that were refused counted
			t.Errorf("%d answers", got.Batch.Answers)
		}
		if got = done[books.ExportAnswered](t)(answer("11,JE-000001,"+first+",USD", "12,JE-000002,,")); got.Batch.Answers != 2 {
			t.Errorf("the same bytes made %d answers", got.Batch.Answers)
		}
		_, err = answer("13,JE-000003,"+third+",", "99,JE-000001,"+first+",")
		refusedAs(t, err, books.AlreadyExists)
		if err == nil || !strings.Contains(err.Error(), `line 3: externalId JE-000001 is "11" in the general ledger already, not "99"`) {
			t.Error(err)
		}
		got = done[books.ExportAnswered](t)(answer("13,JE-000003,"+strings.TrimSuffix(third, "0")+",", "11,JE-000001,"+first+","))
		if got.Batch.Answers != 3 || got.Batch.Status != books.ExportAcknowledged {
			t.Errorf("%+v", got.Batch)
		}
		e.verified()
	})
}

// sellInEUR posts an entry of EUR 20.00 at 1.1, which is USD 22.00.
func (e *exporting) sellInEUR() {
	e.t.Helper()
	price, rate := decimal.NewFromInt(20), decimal.New(11, -1)
	done[books.Purchased](e.t)(e.Purchase(e.t.Context(), "in euros", books.NewPurchase{Customer: "acme", Credits: decimal.NewFromInt(10), Price: &price, Currency: "EUR", FXRate: &rate}))
}

// answers has journals answered for: name=id amount currency.
func (e *exporting) answers(batch books.ExportBatch, journals ...string) (books.ExportBatch, error) {
	request := books.AnswerExportBatch{ID: batch.ID}
	for _, journal := range journals {
		ours, rest, _ := strings.Cut(journal, "=")
		parts := append(strings.Split(rest, " "), "", "")
		request.Journals = append(request.Journals, books.JournalOfTarget{Journal: ours, ExternalID: parts[0], Amount: parts[1], Currency: ledger.Currency(parts[2])})
	}
	return e.ExportBatchAcknowledge(e.t.Context(), "answer "+batch.ID+strings.Join(journals, ";"), request)
}

// differs expects a refusal of a field that says something.
func differs(t *testing.T, err error, field, says string) {
	t.Helper()
	refusal := (*books.Error)(nil)
	if !errors.As(err, &refusal) || refusal.Code != books.Invalid || refusal.Field != field || !strings.Contains(refusal.Message, says) {
		t.Errorf("%v, want %s %s", err, field, says)
	}
}

// TestAmountsOfAnswers holds amounts that are answered without a file against the entries: 10.01 and 10.02 in USD, and
// EUR 20.00 at 1.1.
func TestAmountsOfAnswers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		e := newExporting(t, s, withAccounts(t, export.NetSuite, nil))
		e.sell(2)
		e.sellInEUR()
		inBook := done[books.ExportTarget](t)(e.ExportTargetCreate(t.Context(), "in book", books.NewExportTarget{
			Code: "book", Profile: withAccounts(t, export.NetSuite, func(p *export.Profile) { p.Currency = export.InFunctional }),
		}))
		for _, target := range []string{e.target.ID, inBook.ID} {
			batch := e.write(done[books.ExportBatch](t)(e.ExportBatchCreate(t.Context(), target, books.NewExportBatch{Target: target})).ID)
			for _, wrong := range []struct{ journal, field, says string }{
				{"JE-000002=12 10.03", "journals.1.amount", "is 10.03 USD in the general ledger, and entry 2 debits USD 10.02"},
				{"JE-000002=12 10.02 EUR", "journals.1.currency", `must be one of the entry, USD, not "EUR"`},
				{"JE-000002=12 -10.02", "journals.1.amount", "must be what the journal debits"},
				{"JE-000003=13 22.00 EUR", "journals.1.amount", "entry 3 debits EUR 20.00"},
				{"JE-000003=13 20 USD", "journals.1.amount", "entry 3 debits USD 22.00"},
				{"JE-000003=13 20 JPY", "journals.1.currency", `must be one of the entry, EUR or USD, not "JPY"`},
				{"JE-000004=14 1", "journals.1.journal", "is no journal of the batch"},
			} {
				_, err := e.answers(batch, "JE-000001=11 10.01", wrong.journal)
				differs(t, err, wrong.field, wrong.says)
			}
			told, other := "20", "22"
			if target == inBook.ID {
				told, other = other, told
			}
			_, err := e.answers(batch, "JE-000003=13 "+other) // the currency is the one in which the target is told
			differs(t, err, "journals.0.amount", "entry 3 debits")
			got := done[books.ExportBatch](t)(e.answers(batch, "JE-000001=11 10.010 USD", "JE-000002=12", "JE-000003=13 "+told))
			if got.Answers != 3 || got.Status != books.ExportAcknowledged {
				t.Errorf("%+v", got)
			}
			got = done[books.ExportBatch](t)(e.answers(batch, "JE-000003=13 20.00 EUR", "JE-000003=13 22 USD"))
			if got.Answers != 3 {
				t.Errorf("the same again made %d answers", got.Answers)
			}
			e.verified()
		}
	})
}

// forgetting is a store of before what journals of a summary debit was kept.
type forgetting struct{ books.Store }

func (f forgetting) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	return f.Store.Update(ctx, func(ctx context.Context, tx books.Tx) error { return act(ctx, forgetful{tx}) })
}

type forgetful struct{ books.Tx }

func (forgetful) InsertExportJournals(context.Context, []books.ExportJournal) error { return nil }

// TestAmountsOfSummaries holds what a general ledger debited in the journals of a summary against the sums: 10.01, 10.02 and
// 10.03 in USD are 30.06, and EUR 20.00 at 1.1 has a journal of its own. A summary written in the currency of the book has
// 30.06 and 22.00 in USD. In a file and without one.
func TestAmountsOfSummaries(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		summed := func(change func(*export.Profile)) string {
			return withAccounts(t, export.NetSuite, func(p *export.Profile) {
				p.Mode, p.Prefix = export.Summed, "DD-"
				change(p)
			})
		}
		e := newExporting(t, s, summed(func(*export.Profile) {}))
		e.sell(3)
		e.sellInEUR()
		batch := e.write(e.batch("one").ID)
		for _, wrong := range []struct{ journal, field, says string }{
			{"DD-SJ1-1=1 30.05", "journals.0.amount", "is 30.05 USD in the general ledger, and journal DD-SJ1-1 debits USD 30.06"},
			{"DD-SJ1-1=1 30.06 EUR", "journals.0.currency", `must be one of the journal, USD, not "EUR"`},
			{"DD-SJ1-2=2 22", "journals.0.amount", "journal DD-SJ1-2 debits EUR 20.00"},
			{"DD-SJ1-2=2 20 USD", "journals.0.amount", "journal DD-SJ1-2 debits USD 22.00"},
			{"DD-SJ1-3=2 20", "journals.0.journal", "is no journal of the batch"},
		} {
			_, err := e.answers(batch, wrong.journal)
			differs(t, err, wrong.field, wrong.says)
		}
		_, err := e.ExportBatchAnswers(ctx, batch.ID, []byte("journal,external_id,amount\nDD-SJ1-1,1,30.06\nDD-SJ1-2,2,20.01\n"))
		differs(t, err, "file", "line 3: amount is 20.01 EUR in the general ledger, and journal DD-SJ1-2 debits EUR 20.00")
		answered := done[books.ExportAnswered](t)(e.ExportBatchAnswers(ctx, batch.ID, []byte("journal,external_id,amount\nDD-SJ1-1,1,30.06\n")))
		if answered.Batch.Answers != 1 {
			t.Errorf("%+v", answered)
		}
		got := done[books.ExportBatch](t)(e.answers(batch, "DD-SJ1-1=1 30.06 USD", "DD-SJ1-2=2 22.00 USD", "DD-SJ1-2=2 20"))
		if got.Status != books.ExportAcknowledged {
			t.Errorf("%+v", got)
		}
		target := done[books.ExportTarget](t)(e.ExportTargetCreate(ctx, "target in book", books.NewExportTarget{Code: "book", Profile: summed(func(p *export.Profile) { p.Currency = export.InFunctional })}))
		inBook := e.write(done[books.ExportBatch](t)(e.ExportBatchCreate(ctx, "in book", books.NewExportBatch{Target: target.ID})).ID)
		got = done[books.ExportBatch](t)(e.answers(inBook, "DD-SJ1-1=1 30.06", "DD-SJ1-2=2 22"))
		if got.Status != books.ExportAcknowledged {
			t.Errorf("%+v", got)
		}
		before := done[*books.Books](t)(books.Open(ctx, forgetting{s}, books.Options{}))
		target = done[books.ExportTarget](t)(e.ExportTargetCreate(ctx, "target before", books.NewExportTarget{Code: "before", Profile: summed(func(*export.Profile) {})}))
		old := done[books.ExportBatch](t)(e.ExportBatchCreate(ctx, "before", books.NewExportBatch{Target: target.ID}))
		old, _, err = before.ExportWrite(ctx, old.ID)
		if err != nil || old.Status != books.ExportSealed {
			t.Fatal(old, err)
		}
		_, err = e.answers(old, "DD-SJ1-2=2", "DD-SJ1-1=1 30.06")
		differs(t, err, "journals.1.amount", "cannot be held against the journal")
		if got = done[books.ExportBatch](t)(e.answers(old, "DD-SJ1-2=2", "DD-SJ1-1=1")); got.Status != books.ExportAcknowledged {
			t.Errorf("%+v", got)
		}
		e.verified()
	})
}

// TestExportSchedules has batches made by the clock and by closings, once each.
func TestExportSchedules(t *testing.T) {
	now := time.Date(2024, 1, 10, 12, 0, 0, 0, time.UTC)
	b := newShop(t, &now)
	target := done[books.ExportTarget](t)(b.ExportTargetCreate(t.Context(), "t", books.NewExportTarget{
		Code: "erp", Schedule: books.ExportDaily, Profile: withAccounts(t, export.NetSuite, nil),
	}))
	due := func(want int) {
		t.Helper()
		if made := done[int](t)(b.ExportsDue(t.Context())); made != want {
			t.Errorf("%s: %d batches made, want %d", now, made, want)
		}
	}
	due(0)
	done[books.Purchased](t)(b.Purchase(t.Context(), "a", sale("1000", now)))
	due(1)
	done[books.Purchased](t)(b.Purchase(t.Context(), "b", sale("1000", now)))
	due(0) // of this day there is one
	now = now.AddDate(0, 0, 1)
	due(1)
	due(0)
	byHand := books.ExportByHand
	done[books.ExportTarget](t)(b.ExportTargetUpdate(t.Context(), "u", books.ReviseExportTarget{ID: target.ID, Schedule: &byHand}))
	done[books.Purchased](t)(b.Purchase(t.Context(), "c", sale("1000", now)))
	now = now.AddDate(0, 0, 1)
	due(0)
	afterClose := books.ExportAfterClose
	done[books.ExportTarget](t)(b.ExportTargetUpdate(t.Context(), "v", books.ReviseExportTarget{ID: target.ID, Schedule: &afterClose}))
	due(0)
}

// TestEveryFormatIsABatch writes a batch for a target of each format, and another one after it,
// which begins with what the accounts stood at.
func TestEveryFormatIsABatch(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		e := newExporting(t, s, withAccounts(t, export.NetSuite, nil))
		e.sell(3)
		for _, target := range export.Targets() {
			profile := withAccounts(t, target.Format, func(p *export.Profile) {
				for _, option := range target.Options {
					if option.Required && p.Options[option.Name] == "" {
						p.Options[option.Name] = "1"
					}
				}
			})
			made := done[books.ExportTarget](t)(e.ExportTargetCreate(t.Context(), "format "+string(target.Format), books.NewExportTarget{Code: string(target.Format), Profile: profile}))
			for _, through := range []int64{2, 3} {
				batch := done[books.ExportBatch](t)(e.ExportBatchCreate(t.Context(), fmt.Sprint(target.Format, through), books.NewExportBatch{Target: made.ID, Through: through}))
				batch = e.write(batch.ID)
				if batch.Status != books.ExportSealed || len(batch.Files) == 0 {
					t.Errorf("%s: %+v", target.Format, batch)
				}
				first := e.text(batch, batch.Files[0].Name)
				if target.Format == export.Beancount && strings.Contains(first, " open ") != (through == 2) {
					t.Errorf("the batch through %d opens accounts, or does not: %s", through, first)
				}
				if strings.Contains(batch.Manifest, `"from": ""`) || strings.Contains(batch.Manifest, `"to": ""`) {
					t.Errorf("%s: the manifest says no dates", target.Format)
				}
			}
		}
		e.verified()
	})
}
