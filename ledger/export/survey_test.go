package export

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// TestSurveyInto writes every format while it looks, alone and summed, and holds it against what an export writes:
// the same files, and the same said of them.
func TestSurveyInto(t *testing.T) {
	for _, target := range Targets() {
		for _, summed := range []bool{false, true} {
			p := mapped(t, target.Format)
			for _, option := range target.Options {
				if option.Required && option.Default == "" {
					p.Options[option.Name] = "1"
				}
			}
			if column := map[Format]string{QuickBooksOnline: "Name", QuickBooksDesktop: "NAME"}[target.Format]; column != "" {
				p.Dimensions = []DimensionRule{{Key: "customer", Column: column, Unmapped: PassOn}}
			}
			if summed {
				p.Summary.Dimensions = nil
				if len(p.Dimensions) > 0 {
					p.Summary.Dimensions = []string{"customer"}
				}
				p.Mode, p.Limits = Summed, Limits{}
			}
			if err := p.Validate(); err != nil {
				if !summed { // some never are
					t.Error(target.Format, err)
				}
				continue
			}
			entries := canonical(book())
			for i := range entries {
				for j := range entries[i].Lines {
					entries[i].Lines[j].Dimensions.Customer = "acme" // fits everywhere
				}
			}
			want := newInMemory()
			x, err := Open(p, want)
			if err == nil {
				err = x.Run(in, each(entries))
			}
			if err != nil {
				t.Fatal(target.Format, err)
			}
			got := newInMemory()
			survey, err := SurveyInto(p, got)
			readings := 0
			if err == nil {
				err = survey.Run(in, func(do func(Entry) error) error {
					readings++
					return each(entries)(do)
				})
			}
			if err != nil || got.open != 0 {
				t.Fatal(target.Format, got.open, err)
			}
			if (readings == 2) != survey.ReadsTwice() || readings > 2 {
				t.Errorf("%s: read %d times", target.Format, readings)
			}
			if !slices.Equal(got.names, want.names) || !reflect.DeepEqual(got.texts(), want.texts()) {
				t.Errorf("%s, summed %v: other files", target.Format, summed)
			}
			if summed {
				holdJournals(t, target.Format, survey)
			} else if len(survey.Journals()) != 0 {
				t.Errorf("%s: %d journals of a summary", target.Format, len(survey.Journals()))
			}
			if !reflect.DeepEqual(survey.Manifest(), x.Manifest()) {
				t.Errorf("%s, summed %v: %+v\nwant %+v", target.Format, summed, survey.Manifest(), x.Manifest())
			}
		}
	}
}

// holdJournals holds what the journals of a summary debit against what the manifest says of the files.
func holdJournals(t *testing.T, format Format, survey *Survey) {
	t.Helper()
	debits, written := map[ledger.Currency]decimal.Decimal{}, map[ledger.Currency]decimal.Decimal{}
	for _, journal := range survey.Journals() {
		for _, debit := range journal.Debits {
			debits[debit.Currency] = debits[debit.Currency].Add(debit.Decimal())
		}
	}
	for _, file := range survey.Manifest().Files {
		for _, total := range file.Totals {
			written[total.Currency] = written[total.Currency].Add(decimal.RequireFromString(total.Debit))
		}
	}
	if int64(len(survey.Journals())) != survey.Manifest().Written.Entries || len(debits) == 0 || len(debits) != len(written) {
		t.Errorf("%s: %d journals of %d, %v of %v", format, len(survey.Journals()), survey.Manifest().Written.Entries, debits, written)
	}
	for currency, debit := range debits {
		if !debit.Equal(written[currency]) {
			t.Errorf("%s: journals debit %s %s, files %s", format, debit, currency, written[currency])
		}
	}
}

func (m *inMemory) texts() map[string]string {
	texts := map[string]string{}
	for name, file := range maps.All(m.files) {
		texts[name] = file.String()
	}
	return texts
}

// TestSurveyIntoRefuses finds all that is in the way after the first, and writes nothing more from there on.
func TestSurveyIntoRefuses(t *testing.T) {
	for _, format := range []Format{NetSuite, ADS} {
		p := mapped(t, format)
		p.Accounts = slices.DeleteFunc(p.Accounts, func(r AccountRule) bool { return r.Role == ledger.DeferredRevenue || r.Role == ledger.TaxPayable })
		files := newInMemory()
		survey, err := SurveyInto(p, files)
		if err != nil {
			t.Fatal(err)
		}
		var refused RefusedError
		readings := 0
		err = survey.Run(in, func(do func(Entry) error) error {
			readings++
			return each(canonical(book()))(do)
		})
		if !errors.As(err, &refused) || len(refused.Refusals) != 2 || refused.Refusals[0].Value != "deferred_revenue" || refused.Refusals[1].Value != "tax_payable" {
			t.Errorf("%s: %v", format, err)
		}
		rest := 0
		for _, text := range files.texts() {
			rest += len(text)
		}
		if readings != 1 || rest != 0 || files.open != 0 { // the first entry is refused, and nothing was flushed before
			t.Errorf("%s: read %d times, %d bytes, %d files open", format, readings, rest, files.open)
		}
	}
}

// TestSurveyInTurn refuses an entry that comes again.
func TestSurveyInTurn(t *testing.T) {
	survey, err := NewSurvey(mapped(t, NetSuite))
	if err != nil {
		t.Fatal(err)
	}
	entries := canonical(book())
	if err := errors.Join(survey.Begin(in), survey.Entry(entries[0])); err != nil {
		t.Fatal(err)
	}
	if err := survey.Entry(entries[0]); err == nil {
		t.Error("an entry was taken twice")
	}
}
