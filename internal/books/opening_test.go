package books_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/revrec"
)

var cutOver = ledger.NewDate(2026, 7, 1)

// openingBook is a book on 1 July 2026 with the policies "plain" and "pooled".
func openingBook(t *testing.T, s books.Store, now *time.Time) *books.Books {
	t.Helper()
	b, err := books.Open(t.Context(), s, books.Options{Functional: "USD", Now: func() time.Time { return *now }})
	fine(t, err)
	pooled := books.NewPolicy{Code: "pooled"}
	pooled.Breakage.Method, pooled.Breakage.Rate, pooled.Breakage.Pool = revrec.Proportional, decimal.New(1, -1), revrec.PoolByPolicy
	for _, policy := range []books.NewPolicy{{Code: "plain"}, pooled} {
		_, err := b.PolicyCreate(t.Context(), policy.Code, policy)
		fine(t, err)
	}
	return b
}

func openLot(line int, customer, reference, policy string, credits, deferred int64) books.OpeningLot {
	return books.OpeningLot{
		Line: line, Customer: customer, Reference: reference, Policy: policy, Credits: decimal.NewFromInt(credits), Deferred: decimal.NewFromInt(deferred),
		PurchasedOn: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Expires: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
	}
}

func threeLots() books.Opening {
	rate := decimal.New(11, -1)
	euros := openLot(4, "bob", "L3", "plain", 10, 10)
	euros.Currency, euros.FXRate = "EUR", &rate
	return books.Opening{
		AsOf: cutOver, Lots: []books.OpeningLot{openLot(2, "ann", "L1", "plain", 60, 45), openLot(3, "ann", "L2", "pooled", 40, 20), euros},
		ControlCredits: decimal.NewFromInt(110), ControlDeferred: decimal.NewFromInt(76), // 45 + 20 + 10 × 1.10
	}
}

// TestImportOpening holds what is booked, the statement, the roll-forward, the checks of a
// close, and that the same import again changes nothing.
func TestImportOpening(t *testing.T) {
	for name, open := range openingEngines {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
			s := open(t)
			b := openingBook(t, s, &now)
			wanted, err := b.CheckOpening(t.Context(), threeLots())
			fine(t, err)
			if n := entriesOf(t, b); len(n) != 0 {
				t.Fatalf("a check wrote %+v", n)
			}
			for range 2 {
				got, err := b.ImportOpening(t.Context(), "key", threeLots())
				fine(t, err)
				if fmt.Sprint(got) != fmt.Sprint(wanted) || got.Customers != 2 || got.Lots != 3 {
					t.Fatalf("got %+v, a check said %+v", got, wanted)
				}
			}
			entries := entriesOf(t, b)
			if len(entries) != 2 {
				t.Fatalf("%d entries, want one a currency", len(entries))
			}
			euro, dollar := entries[0], entries[1]
			if euro.AccountingDate != cutOver || euro.Lines[0].Account != ledger.OpeningBalances || euro.Lines[0].Amount.Minor != 1000 || euro.Lines[0].Functional.Minor != 1100 {
				t.Errorf("euros: %+v", euro)
			}
			if len(dollar.Lines) != 3 || dollar.Lines[0].Amount.Minor != 6500 || dollar.Lines[1].Amount.Minor != -4500 || dollar.Lines[2].Amount.Minor != -2000 {
				t.Errorf("dollars: %+v", dollar)
			}
			now = now.AddDate(0, 0, 9)
			thirty := decimal.NewFromInt(30)
			outcomes, err := b.RecordUsage(t.Context(), []books.UsageInput{{ID: "u", Customer: "ann", Credits: &thirty, OccurredAt: now}})
			fine(t, err)
			if outcomes[0].Status != books.Recorded {
				t.Fatalf("%+v", outcomes[0])
			}
			now = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
			_, err = b.RunJob(t.Context(), books.JobAll, books.RunOptions{})
			fine(t, err)
			checkOpeningReports(t, b)
			findings, err := b.Verify(t.Context())
			fine(t, err)
			for _, finding := range findings {
				t.Errorf("verify: %+v", finding)
			}
		})
	}
}

var openingEngines = map[string]func(*testing.T) books.Store{
	"sqlite": func(t *testing.T) books.Store {
		s, err := store.OpenMemory(t.Context())
		fine(t, err)
		t.Cleanup(func() { fine(t, s.Close()) })
		return s
	},
	"postgres": func(t *testing.T) books.Store {
		s, err := store.Open(t.Context(), pgtest.Database(t), store.Options{})
		fine(t, err)
		t.Cleanup(func() { fine(t, s.Close()) })
		err = s.Migrate(t.Context())
		fine(t, err)
		return s
	},
}

func checkOpeningReports(t *testing.T, b *books.Books) {
	t.Helper()
	var forward books.RollForward
	fine(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		forward, err = b.RollForward(ctx, tx, books.RollForwardRequest{From: cutOver, To: cutOver + 30, By: books.ByPolicy})
		return err
	}))
	var over int64
	for _, group := range forward.Groups {
		for _, movement := range group.Movements {
			if movement.Column == books.TakenOver {
				over += movement.Functional.Minor
			}
		}
	}
	if over != 7600 {
		t.Errorf("the roll-forward has %d taken over, want 7600", over)
	}
	fine(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		customers, err := tx.CustomersByExternalID(ctx, []string{"ann"})
		if err != nil {
			return err
		}
		statement, err := b.StatementOf(ctx, tx, books.StatementRequest{CustomerID: customers[0].ID, From: cutOver, To: cutOver + 30, Detail: books.ByDay})
		if err != nil {
			return err
		}
		var credits revrec.Credits
		var minor int64
		for _, line := range statement.Lines {
			if line.Kind == books.OpeningLine {
				credits, minor = credits+line.Credits, minor+line.Amount.Minor
			}
		}
		if credits != 100*revrec.One || minor != 6500 || statement.Closing.Credits != 70*revrec.One {
			t.Errorf("statement: %+v", statement)
		}
		list, err := b.CloseChecklist(ctx, tx, cutOver.Period())
		for _, check := range list.Checks {
			if !check.Passed && check.Code != books.CheckGLCodes { // nobody gave it any
				t.Errorf("close: %+v", check)
			}
		}
		return err
	}))
}

func entriesOf(t *testing.T, b *books.Books) (entries []ledger.Entry) {
	t.Helper()
	fine(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error {
			entries = append(entries, e)
			return nil
		})
	}))
	return entries
}

// TestImportOpeningRefusals has every refusal leave nothing behind.
func TestImportOpeningRefusals(t *testing.T) {
	now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	s, err := store.OpenMemory(t.Context())
	fine(t, err)
	t.Cleanup(func() { fine(t, s.Close()) })
	b := openingBook(t, s, &now)
	four := 4
	for name, test := range map[string]struct {
		code   books.Code
		field  string
		change func(*books.Opening)
	}{
		"credits":        {books.ControlMismatch, "controlCredits", func(o *books.Opening) { o.ControlCredits = decimal.NewFromInt(111) }},
		"deferred":       {books.ControlMismatch, "controlDeferred", func(o *books.Opening) { o.ControlDeferred = decimal.New(7601, -2) }},
		"lots":           {books.ControlMismatch, "controlLots", func(o *books.Opening) { o.ControlLots = &four }},
		"none":           {books.Invalid, "lots", func(o *books.Opening) { o.Lots = nil }},
		"tomorrow":       {books.Invalid, "asOf", func(o *books.Opening) { o.AsOf++ }},
		"twice":          {books.Invalid, "reference", func(o *books.Opening) { o.Lots[1].Reference = "L1" }},
		"policy":         {books.NotFound, "policy", func(o *books.Opening) { o.Lots[2].Policy = "none" }},
		"no credits":     {books.Invalid, "credits", func(o *books.Opening) { o.Lots[2].Credits = decimal.Zero }},
		"negative":       {books.Invalid, "deferred", func(o *books.Opening) { o.Lots[2].Deferred = decimal.NewFromInt(-1) }},
		"no rate":        {books.Invalid, "fx_rate", func(o *books.Opening) { o.Lots[2].FXRate = nil }},
		"currency":       {books.Invalid, "currency", func(o *books.Opening) { o.Lots[2].Currency = "XXQ" }},
		"lapsed":         {books.Invalid, "expires", func(o *books.Opening) { o.Lots[2].Expires = cutOver.Start(time.UTC) }},
		"bought after":   {books.Invalid, "purchased_on", func(o *books.Opening) { o.Lots[2].PurchasedOn = cutOver.Start(time.UTC) }},
		"nobody":         {books.Invalid, "customer", func(o *books.Opening) { o.Lots[2].Customer = "" }},
		"starts too far": {books.Invalid, "starts", func(o *books.Opening) { o.Lots[2].Starts = now.AddDate(11, 0, 0) }},
	} {
		opening := threeLots()
		test.change(&opening)
		_, err := b.ImportOpening(t.Context(), "key", opening)
		var refusal *books.Error
		if !errors.As(err, &refusal) || refusal.Code != test.code || refusal.Field != test.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	nothingTakenOver(t, b)
	_, err = b.ImportOpening(t.Context(), "key", threeLots()) // a refusal burns no key
	fine(t, err)
	again := threeLots()
	_, err = b.ImportOpening(t.Context(), "another key", again)
	var bad *books.OpeningRowsError
	if !errors.As(err, &bad) || bad.Count != 3 || bad.Rows[0].Code != books.AlreadyExists || bad.Rows[0].Line != 2 {
		t.Errorf("references that were taken over before: %v", err)
	}
	again.Lots[0].Reference = "L9"
	if _, err = b.ImportOpening(t.Context(), "key", again); books.CodeOf(err) != books.IdempotencyConflict {
		t.Errorf("the key with another file: %v", err)
	}
	if n := len(entriesOf(t, b)); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
}

func nothingTakenOver(t *testing.T, b *books.Books) {
	t.Helper()
	fine(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		lots, err := tx.Lots(ctx, books.LotFilter{}, books.Page{})
		if err != nil {
			return err
		}
		customers, err := tx.CustomersByExternalID(ctx, []string{"ann", "bob"})
		if len(lots)+len(customers) > 0 {
			t.Errorf("refusals left %d lots and %d customers", len(lots), len(customers))
		}
		return err
	}))
	if n := len(entriesOf(t, b)); n > 0 {
		t.Errorf("refusals left %d entries", n)
	}
}

// BenchmarkImportOpening takes over 20,000 lots of 5,000 customers, in a file.
func BenchmarkImportOpening(b *testing.B) {
	for b.Loop() {
		now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
		s, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "book.db"), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		book, err := books.Open(b.Context(), s, books.Options{Functional: "USD", Now: func() time.Time { return now }})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := book.PolicyCreate(b.Context(), "plain", books.NewPolicy{Code: "plain"}); err != nil {
			b.Fatal(err)
		}
		const lots = 20_000
		opening := books.Opening{AsOf: cutOver, ControlCredits: decimal.NewFromInt(60 * lots), ControlDeferred: decimal.NewFromInt(45 * lots)}
		for i := range lots {
			opening.Lots = append(opening.Lots, openLot(i+2, fmt.Sprintf("c%d", i%5000), fmt.Sprintf("L%d", i), "plain", 60, 45))
		}
		started := time.Now()
		if _, err := book.ImportOpening(b.Context(), "key", opening); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(started).Seconds(), "s/import")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
