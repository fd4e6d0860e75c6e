package estimate

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Canonical is the result as JSON: the same bytes for the same result on every machine, fit to
// be kept, hashed and read again by [Read]. Keys are in the order of the fields, there is no
// white space, months are "2024-03", credits are decimals of credits, shares have six decimals
// and rates four, all in strings.
func (r Result) Canonical() []byte {
	form := resultForm{
		Version: r.Version, HistoryHash: r.HistoryHash, Through: r.Through.String(), ExpiryAge: r.ExpiryAge,
		Parameters: parametersForm{
			Method: r.Parameters.Method, Percentile: share(r.Parameters.Percentile), Confidence: share(r.Parameters.Confidence),
			Replications: r.Parameters.Replications, Seed: r.Parameters.Seed, MatureAge: r.Parameters.MatureAge, Prior: optional(r.Parameters.Prior),
			CompleteCohorts: r.Parameters.Gate.CompleteCohorts, Customers: r.Parameters.Gate.Customers,
			EffectiveCustomers: r.Parameters.Gate.EffectiveCustomers, Sold: r.Parameters.Gate.Sold, LargestShare: share(r.Parameters.Gate.LargestShare),
		},
		Cohorts: []cohortForm{}, UseStandardError: r.UseStandardError.String(), Factors: []factorForm{}, Curve: []pointForm{}, Prior: optional(r.Prior),
		Point: share(r.Point), StandardError: share(r.StandardError), Low: share(r.Low), High: share(r.High),
		Constrained: share(r.Constrained), Rate: r.Rate.StringFixed(ratePlaces),
		BackTests: []backTestForm{}, Findings: []findingForm{}, Steps: []stepForm{},
	}
	for _, c := range r.Cohorts {
		used := make([]string, len(c.Used))
		for age, u := range c.Used {
			used[age] = u.String()
		}
		form.Cohorts = append(form.Cohorts, cohortForm{
			c.Cohort.String(), c.Age, c.Complete, c.Customers, c.Sold.String(), c.Refunded.String(), used,
			c.RefundsToCome.String(), c.Ultimate.String(), c.StandardError.String(), share(c.Breakage), c.Method,
		})
	}
	for _, f := range r.Factors {
		form.Factors = append(form.Factors, factorForm{f.From, share(f.Factor), share(f.Sigma2), f.Cohorts, f.Volume.String()})
	}
	for _, p := range r.Curve {
		form.Curve = append(form.Curve, pointForm{p.Age, share(p.Used), share(p.StandardError), share(p.Refunded)})
	}
	for _, b := range r.BackTests {
		form.BackTests = append(form.BackTests, backTestForm{b.Through.String(), share(b.Point), share(b.Actual)})
	}
	for _, f := range r.Findings {
		form.Findings = append(form.Findings, findingForm{f.Check, f.Severity, share(f.Figure), share(f.Threshold)})
	}
	for _, s := range r.Steps {
		form.Steps = append(form.Steps, stepForm(s))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(form); err != nil {
		panic("estimate: " + err.Error()) // strings, numbers and lists of them: it cannot fail
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Read reads a result that [Result.Canonical] wrote. Errors: text that it did not write.
func Read(canonical []byte) (Result, error) {
	var form resultForm
	decoder := json.NewDecoder(bytes.NewReader(canonical))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&form); err != nil {
		return Result{}, fmt.Errorf("not an estimate: %w", err)
	}
	var in reader
	r := Result{
		Version: form.Version, HistoryHash: form.HistoryHash, Through: in.month(form.Through), ExpiryAge: form.ExpiryAge,
		Parameters: Parameters{
			Method: form.Parameters.Method, Percentile: in.decimal(form.Parameters.Percentile), Confidence: in.decimal(form.Parameters.Confidence),
			Replications: form.Parameters.Replications, Seed: form.Parameters.Seed, MatureAge: form.Parameters.MatureAge, Prior: in.optional(form.Parameters.Prior),
			Gate: Gate{
				CompleteCohorts: form.Parameters.CompleteCohorts, Customers: form.Parameters.Customers,
				EffectiveCustomers: form.Parameters.EffectiveCustomers, Sold: form.Parameters.Sold, LargestShare: in.decimal(form.Parameters.LargestShare),
			},
		},
		UseStandardError: in.credits(form.UseStandardError), Prior: in.optional(form.Prior), Point: in.decimal(form.Point), StandardError: in.decimal(form.StandardError),
		Low: in.decimal(form.Low), High: in.decimal(form.High), Constrained: in.decimal(form.Constrained), Rate: in.decimal(form.Rate),
	}
	for _, c := range form.Cohorts {
		used := make([]revrec.Credits, len(c.Used))
		for age, u := range c.Used {
			used[age] = in.credits(u)
		}
		r.Cohorts = append(r.Cohorts, Cohort{
			Cohort: in.month(c.Cohort), Age: c.Age, Complete: c.Complete, Customers: c.Customers, Sold: in.credits(c.Sold), Refunded: in.credits(c.Refunded),
			Used: used, RefundsToCome: in.credits(c.RefundsToCome), Ultimate: in.credits(c.Ultimate), StandardError: in.credits(c.StandardError),
			Breakage: in.decimal(c.Breakage), Method: c.Method,
		})
	}
	for _, f := range form.Factors {
		r.Factors = append(r.Factors, Factor{f.From, in.decimal(f.Factor), in.decimal(f.Sigma2), f.Cohorts, in.credits(f.Volume)})
	}
	for _, p := range form.Curve {
		r.Curve = append(r.Curve, CurvePoint{p.Age, in.decimal(p.Used), in.decimal(p.StandardError), in.decimal(p.Refunded)})
	}
	for _, b := range form.BackTests {
		r.BackTests = append(r.BackTests, BackTest{in.month(b.Through), in.decimal(b.Point), in.decimal(b.Actual)})
	}
	for _, f := range form.Findings {
		r.Findings = append(r.Findings, Finding{f.Check, f.Severity, in.decimal(f.Figure), in.decimal(f.Threshold)})
	}
	for _, s := range form.Steps {
		r.Steps = append(r.Steps, Step(s))
	}
	if in.err != nil {
		return Result{}, fmt.Errorf("not an estimate: %w", in.err)
	}
	return r, nil
}

// reader keeps the first error.
type reader struct{ err error }

func (in *reader) keep(err error) {
	if in.err == nil {
		in.err = err
	}
}

func (in *reader) month(text string) ledger.Period {
	month, err := ledger.ParsePeriod(text)
	in.keep(err)
	return month
}

func (in *reader) decimal(text string) decimal.Decimal {
	d, err := ledger.ParseDecimal(text)
	in.keep(err)
	return d
}

func (in *reader) optional(text *string) decimal.NullDecimal {
	if text == nil {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(in.decimal(*text))
}

// credits reads sums, which may be more than revrec.ParseCredits takes for one lot.
func (in *reader) credits(text string) revrec.Credits {
	d := in.decimal(text).Shift(6)
	if !d.IsInteger() || !d.BigInt().IsInt64() {
		in.keep(ErrTooManyCredits)
		return 0
	}
	return revrec.Credits(d.IntPart())
}

func share(d decimal.Decimal) string { return d.StringFixed(sharePlaces) }

func optional(d decimal.NullDecimal) *string {
	if !d.Valid {
		return nil
	}
	text := share(d.Decimal)
	return &text
}

// The forms are results as JSON has them.
type (
	resultForm struct {
		Version          int            `json:"version"`
		HistoryHash      string         `json:"historyHash"`
		Through          string         `json:"through"`
		ExpiryAge        int            `json:"expiryAge"`
		Parameters       parametersForm `json:"parameters"`
		Cohorts          []cohortForm   `json:"cohorts"`
		UseStandardError string         `json:"useStandardError"`
		Factors          []factorForm   `json:"factors"`
		Curve            []pointForm    `json:"curve"`
		Prior            *string        `json:"prior"`
		Point            string         `json:"point"`
		StandardError    string         `json:"standardError"`
		Low              string         `json:"low"`
		High             string         `json:"high"`
		Constrained      string         `json:"constrained"`
		Rate             string         `json:"rate"`
		BackTests        []backTestForm `json:"backTests"`
		Findings         []findingForm  `json:"findings"`
		Steps            []stepForm     `json:"steps"`
	}
	parametersForm struct {
		Method             Method  `json:"method"`
		Percentile         string  `json:"percentile"`
		Confidence         string  `json:"confidence"`
		Replications       int     `json:"replications"`
		Seed               uint64  `json:"seed,string"`
		MatureAge          int     `json:"matureAge"`
		Prior              *string `json:"prior"`
		CompleteCohorts    int     `json:"completeCohorts"`
		Customers          int     `json:"customers"`
		EffectiveCustomers int     `json:"effectiveCustomers"`
		Sold               int64   `json:"sold,string"`
		LargestShare       string  `json:"largestShare"`
	}
	cohortForm struct {
		Cohort        string   `json:"cohort"`
		Age           int      `json:"age"`
		Complete      bool     `json:"complete"`
		Customers     int      `json:"customers"`
		Sold          string   `json:"sold"`
		Refunded      string   `json:"refunded"`
		Used          []string `json:"used"`
		RefundsToCome string   `json:"refundsToCome"`
		Ultimate      string   `json:"ultimate"`
		StandardError string   `json:"standardError"`
		Breakage      string   `json:"breakage"`
		Method        Method   `json:"method"`
	}
	factorForm struct {
		From    int    `json:"from"`
		Factor  string `json:"factor"`
		Sigma2  string `json:"sigma2"`
		Cohorts int    `json:"cohorts"`
		Volume  string `json:"volume"`
	}
	pointForm struct {
		Age           int    `json:"age"`
		Used          string `json:"used"`
		StandardError string `json:"standardError"`
		Refunded      string `json:"refunded"`
	}
	backTestForm struct {
		Through string `json:"through"`
		Point   string `json:"point"`
		Actual  string `json:"actual"`
	}
	findingForm struct {
		Check     Check    `json:"check"`
		Severity  Severity `json:"severity"`
		Figure    string   `json:"figure"`
		Threshold string   `json:"threshold"`
	}
	stepForm struct {
		Name    string `json:"name"`
		Formula string `json:"formula"`
		Figure  string `json:"figure"`
	}
)
