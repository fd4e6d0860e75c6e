package books

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// maxEstimateWork bounds an estimate that somebody waits for: rows of the history, each a
// customer's purchases of a month, times how often customers are drawn anew. So many take
// some ten seconds of one core where credits live for a year, well within the time of a request.
const maxEstimateWork = 200_000_000

// EstimateRequest asks for breakage from the history of a policy.
type EstimateRequest struct {
	// Currency and Segment keep what was sold in it, and to such customers; all where "".
	Currency ledger.Currency `json:"currency,omitempty"`
	Segment  string          `json:"segment,omitempty"`
	// Through is the last month whose use is looked at: the last closed one where zero, or the
	// last that has ended where none is closed.
	Through    ledger.Period       `json:"through,omitempty"`
	Parameters estimate.Parameters `json:"parameters"`
}

// MarshalJSON writes the request as its hash has it: its month as a month.
func (r EstimateRequest) MarshalJSON() ([]byte, error) {
	type plain EstimateRequest
	through := ""
	if r.Through != 0 {
		through = r.Through.String()
	}
	return json.Marshal(struct {
		plain

		Through string `json:"through,omitempty"`
	}{plain(r), through})
}

// ComputedEstimate is an estimate as it came out, with all that it takes to have it come out
// again.
type ComputedEstimate struct {
	PolicyID string
	EstimateRequest
	ReadAt   time.Time
	Data     []byte // estimate.History.Canonical
	Evidence []byte // estimate.Result.Canonical; nil where there is too little history
	Result   estimate.Result
	// Thin are the findings that block, where there is too little history.
	Thin []estimate.Finding
}

// DataHash is the SHA-256 of the data.
func (c ComputedEstimate) DataHash() []byte { return sumOf(c.Data) }

// EvidenceHash is the SHA-256 of the evidence.
func (c ComputedEstimate) EvidenceHash() []byte { return sumOf(c.Evidence) }

func sumOf(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// RunEstimate computes an estimate of a policy, by its code, on a snapshot; it writes nothing.
// Where there is too little history, Thin says why, and that is no error.
// Errors: NOT_FOUND, INVALID, TOO_LARGE.
func (b *Books) RunEstimate(ctx context.Context, tx Tx, policyCode string, request EstimateRequest) (ComputedEstimate, error) {
	policy, err := policyByCode(ctx, tx, policyCode)
	if err != nil {
		return ComputedEstimate{}, err
	}
	return b.computeEstimate(ctx, tx, policy, request)
}

func (b *Books) computeEstimate(ctx context.Context, tx Tx, policy Policy, request EstimateRequest) (ComputedEstimate, error) {
	c := ComputedEstimate{PolicyID: policy.ID, EstimateRequest: request, ReadAt: b.clock()}
	var err error
	if c.Through, err = b.estimateThrough(ctx, tx, request.Through); err != nil {
		return c, err
	}
	expiry, lapses := policy.ExpiryAge()
	if !lapses {
		return c, refuse(Invalid, "policy", "%q has no expiry: there is no age at which all of a cohort has lapsed", policy.Code)
	}
	history := estimate.History{Through: c.Through, ExpiryAge: expiry}
	size := 0
	err = tx.CohortRecords(ctx, CohortFilter{PolicyID: policy.ID, Currency: c.Currency, Segment: c.Segment, To: c.Through}, c.Through, func(r estimate.Record) error {
		if size += r.CanonicalSize(); size > MaxEstimateData-1024 {
			return refuse(TooLarge, "policy", "has more history than the %d MiB that an estimate keeps: name a currency or a segment", MaxEstimateData>>20)
		}
		history.Records = append(history.Records, r)
		return nil
	})
	if err != nil {
		return c, err
	}
	c.Data = history.Canonical()
	err = c.compute(history)
	return c, err
}

// compute runs the method on a history.
func (c *ComputedEstimate) compute(history estimate.History) error {
	if work := int64(len(history.Records)) * int64(max(c.Parameters.Replications, estimate.MinReplications)); work > maxEstimateWork {
		return refuse(TooLarge, "replications", "are too many for %d rows of history: at most %d, or name a currency or a segment",
			len(history.Records), maxEstimateWork/max(len(history.Records), 1))
	}
	result, err := estimate.Run(history, c.Parameters)
	c.Result = result
	var thin *estimate.ThinError
	var invalid *estimate.InvalidError
	switch {
	case errors.As(err, &thin):
		c.Thin = thin.Findings
		return nil
	case errors.As(err, &invalid):
		return refuse(Invalid, invalid.Field, "%s", invalid.Message)
	case errors.Is(err, estimate.ErrTooManyCredits):
		return refuse(TooLarge, "policy", "has sold %s", err)
	case err != nil:
		return err
	}
	c.Evidence = result.Canonical()
	return nil
}

// estimateThrough is the month through which history is looked at: it has ended, and its use
// is booked. Errors: INVALID.
func (b *Books) estimateThrough(ctx context.Context, tx Tx, asked ledger.Period) (ledger.Period, error) {
	through, ended := asked, b.today().Period()-1
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return 0, err
	}
	if through == 0 {
		if through = closed; through == 0 {
			through = ended
		}
	}
	if through < ledger.DateOf(earliest, b.zone).Period() || through > ended {
		return 0, refuse(Invalid, "through", "must be a month that has ended, %s at the latest, not %s", ended, through)
	}
	booked, err := b.checkBooked(ctx, tx, through)
	if err == nil && booked.ToDo != "" {
		err = refuse(Invalid, "through", "is a month that is not booked yet: %s", booked.ToDo)
	}
	return through, err
}

// RefuseThin says that there is too little history. Errors: HISTORY_TOO_THIN.
func (c ComputedEstimate) RefuseThin() error {
	if len(c.Thin) == 0 && c.Evidence != nil {
		return nil
	}
	return &Error{Code: HistoryTooThin, Field: "run", Message: "finds " + (&estimate.ThinError{Findings: c.Thin}).Error() + ": book breakage at expiry meanwhile"}
}

// fileParameters are the parameters of a file, as they are kept.
type fileParameters struct {
	Currency ledger.Currency     `json:"currency,omitempty"`
	Segment  string              `json:"segment,omitempty"`
	Asked    estimate.Parameters `json:"asked"`
}

// file is the file of a computed estimate.
func (c ComputedEstimate) file(e Estimate, narrative string) (EstimateFile, EstimateEvidence, error) {
	parameters, err := json.Marshal(fileParameters{c.Currency, c.Segment, c.Parameters})
	file := EstimateFile{
		PolicyID: e.PolicyID, EstimateID: e.ID, Method: EstimateMethod(c.Result.Parameters.Method), Parameters: string(parameters),
		Through: c.Through.Last(), ReadAt: c.ReadAt, ComputedRate: decimal.NewNullDecimal(c.Result.Rate), Narrative: narrative,
		DataHash: c.DataHash(), EvidenceHash: c.EvidenceHash(),
	}
	return file, EstimateEvidence{PolicyID: e.PolicyID, EstimateID: e.ID, Data: c.Data, Evidence: c.Evidence}, err
}

// checkChosen holds the rate that a proposer chose against what came out: lower is more
// cautious and theirs to choose; higher, up to the point estimate, takes a reason, for the
// constraint of 606-10-32-11 is given up in part; above it nothing speaks for it. Errors: INVALID.
func (c ComputedEstimate) checkChosen(rate decimal.Decimal, reason string) error {
	switch {
	case rate.LessThanOrEqual(c.Result.Rate):
		return nil
	case rate.GreaterThan(c.Result.Point):
		return refuse(Invalid, "rate", "must be at most the point estimate %s, not %s: what came out is %s", c.Result.Point, rate, c.Result.Rate)
	case strings.TrimSpace(reason) == "":
		return refuse(Invalid, "reason", "must say why the rate %s is above what came out, %s", rate, c.Result.Rate)
	}
	return nil
}

// Reproduction says whether an estimate comes out again.
type Reproduction struct {
	// Kept says that the kept data give the kept evidence, byte by byte; Book that the book as
	// it is now does: not where facts came late.
	Kept, Book  bool
	Differences []string // what differs, for people
}

// ReproduceEstimate computes an estimate again, from the data that were kept and from the
// book. Errors: NOT_FOUND where it was not computed, or has no file.
func (b *Books) ReproduceEstimate(ctx context.Context, tx Tx, policyID, estimateID string) (Reproduction, error) {
	files, err := tx.EstimateFiles(ctx, []string{policyID})
	if err != nil {
		return Reproduction{}, err
	}
	for _, file := range files {
		if file.EstimateID == estimateID && file.Method != Judgement {
			return b.reproduce(ctx, tx, file)
		}
	}
	return Reproduction{}, refuse(NotFound, "", "the estimate was not computed")
}

func (b *Books) reproduce(ctx context.Context, tx Tx, file EstimateFile) (Reproduction, error) {
	kept, err := tx.EstimateEvidence(ctx, file.PolicyID, file.EstimateID)
	if err != nil {
		return Reproduction{}, err
	}
	again, differences := reproduceKept(file, kept)
	r := Reproduction{Kept: len(differences) == 0, Differences: differences}
	policies, err := tx.PoliciesByID(ctx, []string{file.PolicyID})
	if err != nil || len(policies) == 0 {
		return r, err
	}
	now, err := b.computeEstimate(ctx, tx, policies[0], again.EstimateRequest)
	switch {
	case err != nil && CodeOf(err) != Internal && CodeOf(err) != Unavailable:
		r.Differences = append(r.Differences, "the book: "+err.Error())
	case err != nil:
		return r, err
	case bytes.Equal(now.Data, kept.Data) && bytes.Equal(now.Evidence, kept.Evidence):
		r.Book = true
	default:
		r.Differences = append(r.Differences, differFrom(kept, now)...)
	}
	return r, nil
}

// reproduceKept computes an estimate again from what was kept of it, and says what differs.
func reproduceKept(file EstimateFile, kept EstimateEvidence) (ComputedEstimate, []string) {
	var parameters fileParameters
	again := ComputedEstimate{PolicyID: file.PolicyID}
	if err := json.Unmarshal([]byte(file.Parameters), &parameters); err != nil {
		return again, []string{"the parameters cannot be read: " + err.Error()}
	}
	again.EstimateRequest = EstimateRequest{parameters.Currency, parameters.Segment, file.Through.Period(), parameters.Asked}
	history, err := estimate.ReadHistory(kept.Data)
	if err != nil {
		return again, []string{"the data: " + err.Error()}
	}
	again.Data = kept.Data
	if err := again.compute(history); err != nil {
		return again, []string{"the data: " + err.Error()}
	}
	if !bytes.Equal(again.Evidence, kept.Evidence) {
		return again, append([]string{"the kept data give other evidence"}, differFrom(kept, again)...)
	}
	return again, nil
}

// differFrom says what differs between what was kept and what came out.
func differFrom(kept EstimateEvidence, now ComputedEstimate) (differences []string) {
	before, err := estimate.ReadHistory(kept.Data)
	after, err2 := estimate.ReadHistory(now.Data)
	if err == nil && err2 == nil && !bytes.Equal(kept.Data, now.Data) {
		differences = append(differences, fmt.Sprintf("data: %s, and now %s", sumOfHistory(before), sumOfHistory(after)))
	}
	was, err := estimate.Read(kept.Evidence)
	switch {
	case err != nil:
		return append(differences, "evidence: "+err.Error())
	case now.Evidence == nil:
		return append(differences, "there is too little history now")
	case was.Version != now.Result.Version:
		differences = append(differences, fmt.Sprintf("version of the method: %d, and now %d", was.Version, now.Result.Version))
	}
	for _, figure := range []struct {
		name    string
		was, is decimal.Decimal
	}{
		{"point", was.Point, now.Result.Point},
		{"standardError", was.StandardError, now.Result.StandardError},
		{"low", was.Low, now.Result.Low},
		{"high", was.High, now.Result.High},
		{"constrained", was.Constrained, now.Result.Constrained},
		{"rate", was.Rate, now.Result.Rate},
	} {
		if !figure.was.Equal(figure.is) {
			differences = append(differences, fmt.Sprintf("%s: %s, and now %s", figure.name, figure.was, figure.is))
		}
	}
	if len(differences) == 0 {
		differences = append(differences, "the evidence differs in figures beside the rate")
	}
	return differences
}

func sumOfHistory(h estimate.History) string {
	var sold, used, refunded revrec.Credits
	for _, r := range h.Records {
		sold += r.Sold
		for _, c := range r.Used {
			used += c
		}
		for _, c := range r.Refunded {
			refunded += c
		}
	}
	return fmt.Sprintf("%d rows with %s sold, %s used, %s refunded", len(h.Records), sold, used, refunded)
}

// maxReproduced bounds how many estimates verify computes again, the newest first: five years
// of the quarters of five policies, some seconds each at most.
const maxReproduced = 100

// newestComputed keeps the files of computed estimates, the newest first.
func newestComputed(files []EstimateFile) []EstimateFile {
	files = slices.DeleteFunc(files, func(f EstimateFile) bool { return f.Method == Judgement })
	slices.SortFunc(files, func(a, b EstimateFile) int { return cmp.Compare(b.EstimateID, a.EstimateID) })
	return files[:min(len(files), maxReproduced)]
}

// reproduceAll computes estimates again from what was kept of them.
func reproduceAll(ctx context.Context, tx Tx) (findings []Finding, err error) {
	policies, err := tx.Policies(ctx, CatalogFilter{}, Page{})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(policies))
	for i, policy := range policies {
		ids[i] = policy.ID
	}
	files, err := tx.EstimateFiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, file := range newestComputed(files) {
		subject := "est_" + file.PolicyID + "/" + file.EstimateID
		kept, err := tx.EstimateEvidence(ctx, file.PolicyID, file.EstimateID)
		switch {
		case err != nil && (ctx.Err() != nil || CodeOf(err) != Internal):
			return nil, err
		case err != nil: // what was packed is damaged
			findings = append(findings, Finding{Check: "estimate.reproduced", Subject: subject, Kept: err.Error(), Derived: "the data and the evidence"})
			continue
		}
		if was, err := estimate.Read(kept.Evidence); err == nil && was.Version != estimate.Version {
			continue // another version of the method gives another figure, and says so
		}
		if _, differences := reproduceKept(file, kept); len(differences) > 0 {
			findings = append(findings, Finding{
				Check: "estimate.reproduced", Subject: subject, Kept: fmt.Sprintf("%x", file.EvidenceHash), Derived: strings.Join(differences, "; "),
			})
		}
	}
	return findings, nil
}
