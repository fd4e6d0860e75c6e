package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/scenario"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// story is a file of four steps before what a test adds as the fifth and on.
const story = `id: story
policies: { default: { expires: P12M } }
steps:
- { at: 2024-01-10, purchase: { as: pack, customer: acme, credits: 100, price: "10.00" } }
- { at: 2024-01-11T12:00:00, usage: { id: u, customer: acme, credits: 40 } }
- { at: 2024-02-01, run: all }
- expect: { balance: { deferred_revenue: "6.00" } }
`

func play(t *testing.T, src string, open scenario.Opener) *scenario.Result {
	t.Helper()
	file, err := scenario.Parse("story.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	result, err := scenario.Play(t.Context(), file, open)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestPlayShowsWhatDoesNotHold(t *testing.T) {
	tests := []struct{ steps, want string }{
		{`- expect: { balance: { deferred_revenue: "6.01" } }`, "story.yaml:5: deferred_revenue expected 6.01 got 6.00 (balance, line 8)"},
		{`- expect: { balance: { cash: "-10.00" } }`, "story.yaml:5: cash expected -10.00 got 10.00 (balance, line 8)"},
		{`- expect: { balance: { refunds: "1.00" } }`, "story.yaml:5: refunds expected 1.00 got 0.00 (balance, line 8)"},
		{`- expect: { movement: { period: 2024-01, usage_revenue: "4.01" } }`, "story.yaml:5: usage_revenue expected 4.01 got 4.00 (2024-01, line 8)"},
		{`- expect: { movement: { period: 2024-02, usage_revenue: "4.00" } }`, "story.yaml:5: usage_revenue expected 4.00 got 0.00 (2024-02, line 8)"},
		{`- expect: { movement: { period: 2024-01, deferred_revenue: "10.00" } }`, "story.yaml:5: deferred_revenue expected 10.00 got 6.00 (2024-01, line 8)"},
		{`- expect: { credits: { acme: "60.000001" } }`, "story.yaml:5: credits of acme expected 60.000001 got 60 (line 8)"},
		{`- expect: { credits: { nobody: 1 } }`, "story.yaml:5: credits of nobody expected 1 got 0 (line 8)"},
		// Steps that do not end as they must.
		{`- usage: { customer: acme, credits: 61 }`, "story.yaml:5: usage expected success got INSUFFICIENT_CREDITS: credits: 61 credits asked for"},
		{`- { usage: { customer: acme, credits: 61 }, fails: TOO_LATE }`, "story.yaml:5: usage expected refusal TOO_LATE got INSUFFICIENT_CREDITS"},
		{`- { usage: { customer: acme, credits: 60 }, fails: INSUFFICIENT_CREDITS }`, "story.yaml:5: usage expected refusal INSUFFICIENT_CREDITS got success"},
		{`- pay: { purchase: pakc }`, "story.yaml:5: pay expected success got NOT_FOUND: purchase: no purchase called \"pakc\""},
		{`- { at: 2024-02-01T10:00:00, usage: { customer: acme, credits: 1, occurred: 2024-02-01T11:00:00 } }`, "story.yaml:5: usage expected success got INVALID"},
	}
	for _, test := range tests {
		result := play(t, story+test.steps+"\n", open)
		if result.OK || len(result.Failures) != 1 {
			t.Errorf("%s: ok %v with %d failures %v, want one", test.steps, result.OK, len(result.Failures), result.Failures)
			continue
		}
		if got := result.Failures[0].Text(result.File); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s\ngot  %s\nwant %s", test.steps, got, test.want)
		}
	}
}

func TestPlayTakesWhatHolds(t *testing.T) {
	for _, steps := range []string{
		"",
		`- { pay: { purchase: pack }, fails: ALREADY_PAID }`,
		`- usage: { id: u, customer: acme, credits: 40, occurred: 2024-01-11T12:00:00 }` + "\n" + `- expect: { credits: { acme: 60 } }`,
		`- usageVoid: { id: u }` + "\n" + `- expect: { credits: { acme: 100, nobody: 0 } }`,
		`- expect: { movement: { period: 1999-12 } }`,
	} {
		if result := play(t, story+steps+"\n", open); !result.OK {
			t.Errorf("%s: %v", steps, result.Failures)
		}
	}
}

// crooked is a store whose answers are bent after the fact, to see the checks see it.
type crooked struct {
	books.Store
	bend func(books.Tx) books.Tx
}

func (c crooked) View(ctx context.Context, act func(context.Context, books.Tx) error) error {
	return c.Store.View(ctx, func(ctx context.Context, tx books.Tx) error { return act(ctx, c.bend(tx)) })
}

func openCrooked(bend func(books.Tx) books.Tx) scenario.Opener {
	return func(ctx context.Context, options books.Options) (*books.Books, func() error, error) {
		s, err := store.OpenMemory(ctx)
		if err != nil {
			return nil, nil, err
		}
		b, err := books.Open(ctx, crooked{s, bend}, options)
		return b, s.Close, err
	}
}

type bentEntries struct{ books.Tx }

func (b bentEntries) EachEntry(ctx context.Context, from, to ledger.Date, yield func(ledger.Entry) error) error {
	return b.Tx.EachEntry(ctx, from, to, func(entry ledger.Entry) error {
		if entry.Number == 2 {
			entry.Lines[0].Amount.Minor++
			entry.Lines[0].Functional.Minor++
		}
		return yield(entry)
	})
}

type bentNumbers struct{ books.Tx }

func (b bentNumbers) EachEntry(ctx context.Context, from, to ledger.Date, yield func(ledger.Entry) error) error {
	return b.Tx.EachEntry(ctx, from, to, func(entry ledger.Entry) error {
		entry.Number *= 2
		return yield(entry)
	})
}

type bentLots struct {
	books.Tx
	bend func(*revrec.Lot)
}

func (b bentLots) Lots(ctx context.Context, filter books.LotFilter, page books.Page) ([]revrec.Lot, error) {
	lots, err := b.Tx.Lots(ctx, filter, page)
	for i := range lots {
		b.bend(&lots[i])
	}
	return lots, err
}

type bentBalance struct{ books.Tx }

func (b bentBalance) TrialBalance(ctx context.Context, from, to ledger.Period) (ledger.TrialBalance, error) {
	t, err := b.Tx.TrialBalance(ctx, from, to)
	if from != 0 && len(t.Balances) > 0 {
		t.Balances[0].Debits.Minor++
	}
	return t, err
}

type bentFindings struct{ books.Tx }

func (bentFindings) Findings(context.Context, int) ([]books.Finding, error) {
	return []books.Finding{{Check: "lot.drawn", Subject: "7", Kept: "1", Derived: "2"}}, nil
}

type bentCounts struct {
	books.Tx
	calls *int64
}

func (b bentCounts) CountEntries(context.Context, books.EntryFilter) (int64, error) {
	*b.calls++
	return *b.calls, nil
}

func TestEveryExpectChecksTheBookUnasked(t *testing.T) {
	calls := int64(0)
	bentLot := func(bend func(*revrec.Lot)) func(books.Tx) books.Tx {
		return func(tx books.Tx) books.Tx { return bentLots{tx, bend} }
	}
	tests := []struct {
		name string
		bend func(books.Tx) books.Tx
		want string
	}{
		{"an entry", func(tx books.Tx) books.Tx { return bentEntries{tx} }, "story.yaml:4: entry 2 expected debits equal to credits got"},
		{"numbers", func(tx books.Tx) books.Tx { return bentNumbers{tx} }, "story.yaml:4: entry number expected 1 got 2"},
		{"a period", func(tx books.Tx) books.Tx { return bentBalance{tx} }, "story.yaml:4: trial balance expected debits equal to credits got"},
		{"carrying", bentLot(func(l *revrec.Lot) { l.Carrying.Minor++ }), "story.yaml:4: deferred revenue less what its lots carry and pools took early expected 0 got USD"},
		{"drawn", bentLot(func(l *revrec.Lot) { l.Drawn = l.Granted + 1 }), "story.yaml:4: lot of order 1 expected at most 100 credits used or refunded got 100.000001"},
		{"refunded", bentLot(func(l *revrec.Lot) { l.Refunded = l.Granted }), "story.yaml:4: lot of order 1 expected at most 100 credits used or refunded got 140"},
		{"released", bentLot(func(l *revrec.Lot) { l.Released.Minor = 601 }), "story.yaml:4: lot of order 1 expected at most USD 10.00 earned, released or refunded got USD 10.01"},
		{"verify", func(tx books.Tx) books.Tx { return bentFindings{tx} }, "story.yaml:4: verify: lot.drawn of 7 expected 2 got 1"},
		{"a refusal that writes", func(tx books.Tx) books.Tx { return bentCounts{tx, &calls} }, "story.yaml:5: entries expected 1 got 2 (a refused step changes nothing"},
	}
	for _, test := range tests {
		result := play(t, story+"- { pay: { purchase: pack }, fails: ALREADY_PAID }\n", openCrooked(test.bend))
		if len(result.Failures) == 0 || result.OK {
			t.Errorf("%s: nobody saw it", test.name)
			continue
		}
		if got := result.Failures[0].Text(result.File); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestRunFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, src string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good.yaml", story)
	wrong := file("wrong.yaml", strings.Replace(story, `"6.00"`, `"5.99"`, 1))
	bad := file("bad.yaml", story+"- expekt: {}\n")
	none := filepath.Join(dir, "none.yaml")
	broken := func(context.Context, books.Options) (*books.Books, func() error, error) {
		return nil, nil, errors.New("the database is away")
	}
	tests := []struct {
		paths  []string
		open   scenario.Opener
		status int
		want   []string
	}{
		{[]string{good}, open, 0, []string{"ok story\n", "1 ok, 0 not ok\n"}},
		{[]string{good, wrong}, open, 1, []string{"ok story\nnot ok story\n", "wrong.yaml:4: deferred_revenue expected 5.99 got 6.00", "1 ok, 1 not ok\n"}},
		{[]string{bad, good}, open, 2, []string{"not ok " + bad, "bad.yaml:8: step 5: expekt is not a key here", "\nok story\n", "1 ok, 1 not ok\n"}},
		{[]string{wrong, bad}, open, 2, []string{"0 ok, 2 not ok\n"}},
		{[]string{none}, open, 2, []string{"not ok " + none, "none.yaml:1: cannot be read: no such file"}},
		{[]string{dir}, open, 2, []string{"cannot be read"}},
		{[]string{good}, broken, 1, []string{"not ok story", "the database is away"}},
	}
	for _, test := range tests {
		var out, errOut bytes.Buffer
		status := scenario.RunFiles(t.Context(), test.paths, test.open, &out, &errOut, false)
		if status != test.status || errOut.Len() > 0 {
			t.Errorf("%v: status %d, want %d, %s", test.paths, status, test.status, errOut.String())
		}
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%v printed\n%swant %q", test.paths, out.String(), want)
			}
		}

		var answer struct {
			Results []scenario.Result
			OK      int
			NotOK   int
		}
		out.Reset()
		if again := scenario.RunFiles(t.Context(), test.paths, test.open, &out, &errOut, true); again != status {
			t.Errorf("%v: status %d as JSON, %d as text", test.paths, again, status)
		}
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil || len(answer.Results) != len(test.paths) || answer.OK+answer.NotOK != len(test.paths) {
			t.Errorf("%v: JSON %v:\n%s", test.paths, err, out.String())
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAReportThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	var errOut bytes.Buffer
	if status := scenario.RunFiles(t.Context(), nil, open, full{}, &errOut, false); status == 0 || errOut.Len() == 0 {
		t.Errorf("status %d, %q", status, errOut.String())
	}
}
