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
		e := newExporting(t, s, withAccounts(t, export.NetSuite, nil))
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
			}
		}
		e.verified()
	})
}
