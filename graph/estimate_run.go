package graph

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec/estimate"
)

// estimateSources are what the methods and the rule are taken from.
var estimateSources = []string{
	"ASC 606-10-55-46 to 55-49, 606-10-32-11; IFRS 15 B44 to B47: breakage and its constraint",
	"Mack, Distribution-free calculation of the standard error of chain ladder reserve estimates, ASTIN Bulletin 23 (1993)",
	"Bornhuetter and Ferguson, The actuary and IBNR, PCAS 59 (1972); Bühlmann, Cape Cod (1983)",
	"Kaplan and Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958); Aalen and Johansen (1978)",
	"Efron, Bootstrap methods, Annals of Statistics 7 (1979): customers drawn anew, credits of one customer together",
}

func (r queryResolver) EstimateRun(ctx context.Context, policy string, run gen.EstimateRunInput) (*gen.EstimateRun, error) {
	request, err := runOf(run)
	if err != nil {
		return nil, err
	}
	var c books.ComputedEstimate
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		c, err = r.books.RunEstimate(ctx, tx, policy, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	refusals, fault := userErrors(c.RefuseThin())
	shown := &gen.EstimateRun{DataAsOf: c.ReadAt, DataHash: hex.EncodeToString(c.DataHash()), Through: c.Through, Findings: findingsOf(&c), UserErrors: refusals}
	if c.Evidence != nil {
		shown.Evidence = evidenceOf(c.Result, c.Evidence)
	}
	return shown, fault
}

// runOf reads what is asked for. A null takes the default, which is the zero of the rules: so
// a zero that is given is refused here. Errors: INVALID.
func runOf(run gen.EstimateRunInput) (books.EstimateRequest, error) {
	for field, zero := range map[string]bool{
		"percentile": run.Percentile != nil && run.Percentile.IsZero(), "confidence": run.Confidence != nil && run.Confidence.IsZero(),
		"replications": isZero(run.Replications), "matureAge": isZero(run.MatureAge),
	} {
		if zero {
			return books.EstimateRequest{}, &books.Error{Code: books.Invalid, Field: "run." + field, Message: "must be above 0; leave it out for its default"}
		}
	}
	if run.Seed != nil && *run.Seed < 0 {
		return books.EstimateRequest{}, &books.Error{Code: books.Invalid, Field: "run.seed", Message: "must not be below 0"}
	}
	p := estimate.Parameters{
		Method: estimate.Method(value(run.Method)), Percentile: value(run.Percentile), Confidence: value(run.Confidence), Replications: value(run.Replications),
		Seed: uint64(value(run.Seed)), MatureAge: value(run.MatureAge),
	}
	if run.Prior != nil {
		p.Prior = decimal.NewNullDecimal(*run.Prior)
	}
	if g := run.Gate; g != nil {
		for field, zero := range map[string]bool{
			"completeCohorts": isZero(g.CompleteCohorts), "customers": isZero(g.Customers), "effectiveCustomers": isZero(g.EffectiveCustomers), "sold": isZero(g.Sold),
			"largestShare": g.LargestShare != nil && g.LargestShare.IsZero(),
		} {
			if zero {
				return books.EstimateRequest{}, &books.Error{Code: books.Invalid, Field: "run.gate." + field, Message: "must be above 0; leave it out for its default"}
			}
		}
		p.Gate = estimate.Gate{
			CompleteCohorts: value(g.CompleteCohorts), Customers: value(g.Customers), EffectiveCustomers: value(g.EffectiveCustomers),
			Sold: int64(value(g.Sold)), LargestShare: value(g.LargestShare),
		}
	}
	return books.EstimateRequest{Currency: value(run.Currency), Segment: value(run.Segment), Through: value(run.Through), Parameters: p}, nil
}

func isZero(n *int) bool { return n != nil && *n == 0 }

// findingsOf are the findings of what was computed; none where nothing was.
func findingsOf(c *books.ComputedEstimate) []estimate.Finding {
	if c == nil || c.Result.Findings == nil {
		return []estimate.Finding{}
	}
	return c.Result.Findings
}

// evidenceOf shows a result and the bytes that it was written as.
func evidenceOf(r estimate.Result, canonical []byte) *gen.EstimateEvidence {
	p := r.Parameters
	shown := &gen.EstimateEvidence{
		Version: r.Version, Through: r.Through, ExpiryAge: r.ExpiryAge, DataHash: r.HistoryHash,
		Parameters: &gen.EstimateParameters{
			Method: books.EstimateMethod(p.Method), Percentile: p.Percentile, Confidence: p.Confidence, Replications: p.Replications, Seed: int(p.Seed),
			Prior: optionalDecimal(p.Prior), CompleteCohorts: p.Gate.CompleteCohorts, Customers: p.Gate.Customers, EffectiveCustomers: p.Gate.EffectiveCustomers,
			Sold: int(p.Gate.Sold), LargestShare: p.Gate.LargestShare,
		},
		Triangle: make([]gen.EstimateCohort, len(r.Cohorts)), Factors: some(r.Factors), Curve: some(r.Curve), Prior: optionalDecimal(r.Prior),
		Point: r.Point, StandardError: r.StandardError, Low: r.Low, High: r.High, Constrained: r.Constrained, Rate: r.Rate,
		BackTests: some(r.BackTests), Findings: some(r.Findings),
		Explanation: &gen.EstimateExplanation{Steps: some(r.Steps), Sources: estimateSources},
		Hash:        hex.EncodeToString(books.ComputedEstimate{Evidence: canonical}.EvidenceHash()), Canonical: string(canonical),
	}
	if p.MatureAge != 0 {
		shown.Parameters.MatureAge = &p.MatureAge
	}
	for i, c := range r.Cohorts {
		shown.Triangle[i] = gen.EstimateCohort{
			Cohort: c.Cohort, Age: c.Age, Complete: c.Complete, Customers: c.Customers, Sold: c.Sold, Refunded: c.Refunded, Cells: some(c.Used),
			RefundsToCome: c.RefundsToCome, Ultimate: c.Ultimate, StandardError: c.StandardError, Breakage: c.Breakage,
		}
		if method := books.EstimateMethod(c.Method); method != "" {
			shown.Triangle[i].Method = &method
		}
	}
	return shown
}

// some is the list, or an empty one.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func optionalDecimal(d decimal.NullDecimal) *decimal.Decimal {
	if !d.Valid {
		return nil
	}
	return &d.Decimal
}

// computedFile is the file of an estimate that was computed; nil of a judgement.
func computedFile(ctx context.Context, e *books.Estimate) (*books.EstimateFile, error) {
	file, err := fileOf(ctx, e)
	if file == nil || file.Method == books.Judgement {
		return nil, err
	}
	return file, nil
}

func (estimateResolver) ComputedRate(ctx context.Context, e *books.Estimate) (*decimal.Decimal, error) {
	file, err := computedFile(ctx, e)
	if file == nil {
		return nil, err
	}
	return optionalDecimal(file.ComputedRate), nil
}

func (estimateResolver) Through(ctx context.Context, e *books.Estimate) (*ledger.Period, error) {
	file, err := computedFile(ctx, e)
	if file == nil {
		return nil, err
	}
	through := file.Through.Period()
	return &through, nil
}

func (estimateResolver) DataAsOf(ctx context.Context, e *books.Estimate) (*time.Time, error) {
	file, err := computedFile(ctx, e)
	if file == nil {
		return nil, err
	}
	return &file.ReadAt, nil
}

func (estimateResolver) DataHash(ctx context.Context, e *books.Estimate) (*string, error) {
	file, err := computedFile(ctx, e)
	if file == nil {
		return nil, err
	}
	return text(hex.EncodeToString(file.DataHash)), nil
}

func (estimateResolver) EvidenceHash(ctx context.Context, e *books.Estimate) (*string, error) {
	file, err := computedFile(ctx, e)
	if file == nil {
		return nil, err
	}
	return text(hex.EncodeToString(file.EvidenceHash)), nil
}

func (estimateResolver) Evidence(ctx context.Context, e *books.Estimate) (*gen.EstimateEvidence, error) {
	file, err := computedFile(ctx, e)
	if file == nil {
		return nil, err
	}
	var kept books.EstimateEvidence
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		kept, err = tx.EstimateEvidence(ctx, e.PolicyID, e.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	result, err := estimate.Read(kept.Evidence)
	if err != nil {
		return nil, err
	}
	return evidenceOf(result, kept.Evidence), nil
}

func (r estimateResolver) Reproduction(ctx context.Context, e *books.Estimate) (*gen.EstimateReproduction, error) {
	file, err := computedFile(ctx, e)
	if file == nil {
		return nil, err
	}
	var again books.Reproduction
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		again, err = r.books.ReproduceEstimate(ctx, tx, e.PolicyID, e.ID)
		return err
	})
	return &gen.EstimateReproduction{Reproduced: again.Kept, SameFromBook: again.Book, Differences: some(again.Differences)}, err
}
