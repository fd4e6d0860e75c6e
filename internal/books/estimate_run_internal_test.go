package books

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// What was kept of an estimate gives the same bytes again; whatever of it is changed is said.
func TestKeptEstimateComesOutAgain(t *testing.T) {
	history := estimate.History{Through: ledger.NewDate(2024, 8, 1).Period(), ExpiryAge: 2}
	for customer := range 40 {
		for age := range 8 {
			used := make([]revrec.Credits, min(age, 2)+1)
			for i := range used {
				used[i] = revrec.Credits((customer*7+age*3+i)%30) * 1_000_000
			}
			history.Records = append(history.Records, estimate.Record{
				Customer: fmt.Sprint(customer), Cohort: history.Through - ledger.Period(age), Sold: 100_000_000, Used: used,
			})
		}
	}
	c := ComputedEstimate{PolicyID: "p", EstimateRequest: EstimateRequest{Through: history.Through, Parameters: estimate.Parameters{Replications: 200, Seed: 7}}, Data: history.Canonical()}
	if err := c.compute(history); err != nil || len(c.Thin) > 0 {
		t.Fatal(err, c.Thin)
	}
	file, kept, err := c.file(Estimate{PolicyID: "p"}, "")
	if err != nil {
		t.Fatal(err)
	}
	other := func(change func(*estimate.History)) []byte {
		h, err := estimate.ReadHistory(kept.Data)
		if err != nil {
			t.Fatal(err)
		}
		change(&h)
		return h.Canonical()
	}
	seeded, err := json.Marshal(fileParameters{Asked: estimate.Parameters{Replications: 200, Seed: 8}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*EstimateFile, *EstimateEvidence)
		says   string
	}{
		{"nothing", func(*EstimateFile, *EstimateEvidence) {}, ""},
		{"seed", func(f *EstimateFile, _ *EstimateEvidence) { f.Parameters = string(seeded) }, "other evidence"},
		{"parameters", func(f *EstimateFile, _ *EstimateEvidence) { f.Parameters = "{" }, "cannot be read"},
		{"data", func(_ *EstimateFile, e *EstimateEvidence) {
			e.Data = other(func(h *estimate.History) { h.Records[0].Used = []revrec.Credits{99_000_000} })
		}, "other evidence"},
		{"cut", func(_ *EstimateFile, e *EstimateEvidence) { e.Data = e.Data[:len(e.Data)-1] }, "not a history"},
		{"little data", func(_ *EstimateFile, e *EstimateEvidence) {
			e.Data = other(func(h *estimate.History) { h.Records = h.Records[:8] })
		}, "too little history"},
		{"evidence", func(_ *EstimateFile, e *EstimateEvidence) {
			e.Evidence = []byte(strings.Replace(string(e.Evidence), `"rate":"`, `"rate":"0`, 1))
		}, "other evidence"},
	} {
		file, kept := file, kept
		test.change(&file, &kept)
		_, differences := reproduceKept(file, kept)
		if said := strings.Join(differences, "; "); (test.says == "") != (said == "") || !strings.Contains(said, test.says) {
			t.Errorf("%s: %q, want %q", test.name, said, test.says)
		}
	}
}
