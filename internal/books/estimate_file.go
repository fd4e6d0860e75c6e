package books

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// EstimateMethod says how the rate of an estimate came about.
type EstimateMethod string

// Judgement is a rate that somebody sets by hand; the other methods are those of package
// estimate, which computes.
const Judgement EstimateMethod = "JUDGEMENT"

// MaxEstimateData bounds what is kept of the data of an estimate, and of its evidence, unpacked:
// some half a million rows of the history, each of a customer and a month.
const MaxEstimateData = 64 << 20

// maxNarrative bounds what a proposer tells: five pages. What is longer is attached.
const maxNarrative = 10_000

// EstimateFile is what an estimate rests on, as it was proposed: it does not change. An
// estimate of before there were files, or that was approved elsewhere, has none.
type EstimateFile struct {
	PolicyID, EstimateID string
	Method               EstimateMethod
	// Parameters are those of the method as JSON, with the defaults that were taken; "{}" of a
	// judgement.
	Parameters string
	// Of a computed estimate: Through is the last day whose use is in the data, ReadAt when it was
	// read, ComputedRate what the method came to; the hashes are SHA-256 of the data and of the
	// evidence. All zero of a judgement.
	Through      ledger.Date
	ReadAt       time.Time
	ComputedRate decimal.NullDecimal
	Narrative    string
	DataHash     []byte
	EvidenceHash []byte
}

// EstimateEvidence is what was computed, and from what: both as they were written then.
type EstimateEvidence struct {
	PolicyID, EstimateID string
	Data, Evidence       []byte
}

// checkNarrative is checkText for what has lines.
func checkNarrative(field, text string) error {
	if n := utf8.RuneCountInString(text); n > maxNarrative {
		return refuse(Invalid, field, "must have at most %d characters, not %d: attach what is longer", maxNarrative, n)
	}
	other := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, other) {
		return refuse(Invalid, field, "must be text without control characters other than line ends and tabs")
	}
	return nil
}

// supersede says of each approved estimate, in order of policy, day and entry, by which it is
// followed: it is in force until the end of that one's day.
func supersede(estimates []Estimate) {
	next := map[string]*Estimate{}
	for i := len(estimates) - 1; i >= 0; i-- {
		e := &estimates[i]
		if e.Status != EstimateApproved {
			continue
		}
		if after := next[e.PolicyID]; after != nil {
			e.SupersededBy, e.SupersededOn = after.ID, after.From
		}
		next[e.PolicyID] = e
	}
}

// StatusOn is the status at the end of a day, as the book knows it now: an approved estimate
// is superseded once a later one is in force.
func (e Estimate) StatusOn(day ledger.Date) EstimateStatus {
	if e.Status == EstimateApproved && e.SupersededBy != "" && e.SupersededOn <= day {
		return EstimateSuperseded
	}
	return e.Status
}

// EstimateFilter narrows a list of estimates. Zero fields keep all.
type EstimateFilter struct {
	PolicyID string
	Status   EstimateStatus // on the day On
	On       ledger.Date
}

// maxListedEstimates bounds what one list sorts: a hundred policies, each estimated every
// month for eight years.
const maxListedEstimates = 10_000

// EstimatePage returns a page of the estimates of all policies, or of one, in order of entry;
// page.After is one's Key. Errors: TOO_LARGE.
func EstimatePage(tx Tx, ctx context.Context, filter EstimateFilter, page Page) ([]Estimate, error) { //nolint:revive // in the order of the methods of Tx
	all, err := listEstimates(ctx, tx, filter)
	if page.Reverse {
		slices.Reverse(all)
	}
	if page.After != "" {
		after := entryPlace(page.After)
		all = slices.DeleteFunc(all, func(e Estimate) bool {
			order := cmp.Compare(entryPlace(e.Key()), after)
			return order == 0 || (order < 0) != page.Reverse
		})
	}
	if page.Limit > 0 {
		all = all[:min(len(all), page.Limit)]
	}
	return all, err
}

// entryPlace is where an estimate stands in the order of entry: by its own id, which comes second
// in its key.
func entryPlace(key string) string {
	policyID, id, _ := strings.Cut(key, "/")
	return id + "/" + policyID
}

// CountEstimates counts the estimates that the filter keeps. Errors: TOO_LARGE.
func CountEstimates(tx Tx, ctx context.Context, filter EstimateFilter) (int64, error) { //nolint:revive // in the order of the methods of Tx
	all, err := listEstimates(ctx, tx, filter)
	return int64(len(all)), err
}

func listEstimates(ctx context.Context, tx Tx, filter EstimateFilter) ([]Estimate, error) {
	ids := []string{filter.PolicyID}
	if filter.PolicyID == "" {
		policies, err := tx.Policies(ctx, CatalogFilter{}, Page{})
		if err != nil {
			return nil, err
		}
		ids = ids[:0]
		for _, policy := range policies {
			ids = append(ids, policy.ID)
		}
	}
	all, err := EstimatesOf(tx, ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(all) > maxListedEstimates {
		return nil, refuse(TooLarge, "policy", "must be named: there are more than %d estimates", maxListedEstimates)
	}
	if filter.Status != "" {
		all = slices.DeleteFunc(all, func(e Estimate) bool { return e.StatusOn(filter.On) != filter.Status })
	}
	slices.SortFunc(all, func(a, b Estimate) int { return cmp.Compare(entryPlace(a.Key()), entryPlace(b.Key())) })
	return all, nil
}

func fileHashOf(ctx context.Context, tx Tx, e Estimate) (string, error) {
	files, err := tx.EstimateFiles(ctx, []string{e.PolicyID})
	if err != nil {
		return "", err
	}
	attachments, err := tx.Attachments(ctx, []string{e.PolicyID})
	if err != nil {
		return "", err
	}
	var file *EstimateFile
	for i := range files {
		if files[i].EstimateID == e.ID {
			file = &files[i]
		}
	}
	return FileHash(e, file, slices.DeleteFunc(attachments, func(a Attachment) bool { return a.EstimateID != e.ID })), nil
}

// FileHash is the SHA-256, in hexadecimal, of all that an approver is to have seen: the
// estimate, its file and its attachments. While an estimate is proposed, another attachment
// changes it.
func FileHash(e Estimate, file *EstimateFile, attachments []Attachment) string {
	type attached struct {
		Name      string `json:"name"`
		MediaType string `json:"mediaType"`
		SHA256    string `json:"sha256"`
	}
	said := struct {
		Policy       string         `json:"policy"`
		Estimate     string         `json:"estimate"`
		From         string         `json:"from"`
		Rate         string         `json:"rate"`
		Reason       string         `json:"reason"`
		Proposer     string         `json:"proposer"`
		Method       EstimateMethod `json:"method"`
		Parameters   string         `json:"parameters"`
		Narrative    string         `json:"narrative"`
		DataHash     string         `json:"dataHash"`
		EvidenceHash string         `json:"evidenceHash"`
		Attachments  []attached     `json:"attachments"`
	}{Policy: e.PolicyID, Estimate: e.ID, From: e.From.String(), Rate: e.Rate.String(), Reason: e.Reason, Proposer: e.ProposedBy, Method: Judgement, Attachments: []attached{}}
	if file != nil {
		said.Method, said.Parameters, said.Narrative = file.Method, file.Parameters, file.Narrative
		said.DataHash, said.EvidenceHash = hex.EncodeToString(file.DataHash), hex.EncodeToString(file.EvidenceHash)
	}
	for _, a := range slices.SortedFunc(slices.Values(attachments), func(a, b Attachment) int { return cmp.Compare(a.Name, b.Name) }) {
		said.Attachments = append(said.Attachments, attached{a.Name, a.MediaType, hex.EncodeToString(a.Hash)})
	}
	text, err := json.Marshal(said)
	if err != nil { // strings alone
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
