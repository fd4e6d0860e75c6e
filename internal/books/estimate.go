package books

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Estimate is the expected breakage of a policy from a day on.
type Estimate struct {
	revrec.Estimate
	PolicyID  string
	Reason    string
	CreatedAt time.Time
	Status    EstimateStatus
	// ProposedBy and DecidedBy are actors; "" where one act proposed and approved it.
	ProposedBy string
	DecidedBy  string
	DecidedAt  time.Time // zero while nobody has
	Decision   string    // why it was approved or rejected
	// SupersededBy is the approved estimate that follows, and SupersededOn its day: at the end
	// of it, this one is in force no more. Zero where none follows.
	SupersededBy string
	SupersededOn ledger.Date
}

// EstimateStatus says whether an estimate is in force.
type EstimateStatus string

// The statuses of an estimate.
const (
	EstimateProposed EstimateStatus = "PROPOSED" // waits for another person
	EstimateApproved EstimateStatus = "APPROVED" // in force from its day on
	EstimateRejected EstimateStatus = "REJECTED" // never in force
	// EstimateSuperseded is an approved one that another has followed: it is not written, and
	// depends on the day (StatusOn).
	EstimateSuperseded EstimateStatus = "SUPERSEDED"
)

// Proposal is an estimate that one person proposed, and another decides about. While it is
// not approved it is no estimate: no rule and no older version of this program reads it.
type Proposal struct {
	Estimate
	Proposer Party
}

// NewEstimate asks for a new estimate of a policy's breakage, in force from the end of
// the day From (today where zero). Rate is the share of credits sold.
type NewEstimate struct {
	Policy string          `json:"policy"` // its code
	From   ledger.Date     `json:"from"`
	Rate   decimal.Decimal `json:"rate"`
	Reason string          `json:"reason"`
	// Narrative is for the file: what history it goes by, what was left out, and why. Of a
	// proposal alone.
	Narrative string `json:"narrative,omitempty"`
	// Run computes the estimate from history, of a proposal alone; nil for a judgement.
	Run *EstimateRequest `json:"run,omitempty"`
	// AsComputed takes the rate that comes out for Rate.
	AsComputed bool `json:"asComputed,omitempty"`
}

// EstimateCreate puts a new estimate in force that was approved elsewhere, and marks the
// policy's pools to be measured again from its day. The API has no such act: there one
// person proposes and another approves.
// Errors: NOT_FOUND, INVALID, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) EstimateCreate(ctx context.Context, key string, request NewEstimate) (Estimate, error) {
	return once(ctx, b, act{"estimate.create", key, request}, func(ctx context.Context, tx Tx) (Estimate, string, error) {
		estimate, err := b.newEstimate(ctx, tx, request)
		if err != nil {
			return estimate, "", err
		}
		estimate.Status = EstimateApproved
		before, err := tx.Estimates(ctx, []string{estimate.PolicyID})
		if err != nil {
			return estimate, "", err
		}
		for _, earlier := range before { // the last one is in force on the day
			if earlier.From <= estimate.From {
				was(ctx, earlier)
			}
		}
		return estimate, estimate.Key(), putInForce(ctx, tx, "from", estimate)
	})
}

// Key names an estimate: its policy's id and its own.
func (e Estimate) Key() string { return e.PolicyID + "/" + e.ID }

// newEstimate checks a request for an estimate and makes it.
func (b *Books) newEstimate(ctx context.Context, tx Tx, request NewEstimate) (Estimate, error) {
	policy, err := policyByCode(ctx, tx, request.Policy)
	if err != nil {
		return Estimate{}, err
	}
	estimate := Estimate{
		Estimate: revrec.Estimate{ID: b.newID(), From: request.From, Rate: request.Rate},
		PolicyID: policy.ID, Reason: request.Reason, CreatedAt: b.clock(),
	}
	if estimate.From == 0 {
		estimate.From = b.today()
	}
	return estimate, b.checkEstimate(policy, estimate)
}

// putInForce writes the estimate and marks the policy's pools. What is closed is held after
// the pools, as by those who measure them. Errors: PERIOD_CLOSED.
func putInForce(ctx context.Context, tx Tx, field string, estimate Estimate) error {
	if err := tx.InsertEstimate(ctx, estimate); err != nil {
		return err
	}
	if err := tx.MeasurePoolsFrom(ctx, estimate.PolicyID, estimate.From); err != nil {
		return err
	}
	return checkEstimateOpen(ctx, tx, field, estimate)
}

func (b *Books) checkEstimate(policy Policy, estimate Estimate) error {
	if policy.Breakage.Method != revrec.Proportional {
		return refuse(Invalid, "policy", "%q books breakage by %s: only PROPORTIONAL goes by an estimate", policy.Code, policy.Breakage.Method)
	}
	if err := revrec.CheckShare("rate", estimate.Rate); err != nil {
		return ruleError(err)
	}
	if estimate.Rate.GreaterThanOrEqual(decimal.NewFromInt(1)) {
		return refuse(Invalid, "rate", "must be below 1: where all credits broke there would be no use by which to book it")
	}
	if err := checkText("reason", estimate.Reason, 0, maxNoteLength); err != nil {
		return err
	}
	if estimate.From < ledger.DateOf(earliest, b.zone) {
		return refuse(Invalid, "from", "must not be before 1970, but is %s", estimate.From)
	}
	return nil
}

func checkEstimateOpen(ctx context.Context, tx Tx, field string, estimate Estimate) error {
	closed, err := tx.ClosedThrough(ctx)
	if err == nil && closed != 0 && estimate.From.Period() <= closed {
		err = refuse(PeriodClosed, field, "lies in %s, which is closed: an estimate takes effect in an open period", estimate.From.Period())
	}
	return err
}

// EstimatePropose is EstimateProposeComputed without what was computed.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, HISTORY_TOO_THIN, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) EstimatePropose(ctx context.Context, key string, request NewEstimate) (Estimate, error) {
	proposed, _, err := b.EstimateProposeComputed(ctx, key, request)
	return proposed, err
}

// EstimateProposeComputed proposes an estimate, which changes no figure before another person
// approves it. What is to be computed is computed first, on a snapshot of its own, so that
// nobody waits for it. Errors: NOT_FOUND, INVALID, TOO_LARGE, HISTORY_TOO_THIN (with what was
// computed), PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) EstimateProposeComputed(ctx context.Context, key string, request NewEstimate) (Estimate, *ComputedEstimate, error) {
	act := act{"estimate.propose", key, request}
	computed, err := b.computeProposed(ctx, act, request)
	if err != nil {
		return Estimate{}, computed, err
	}
	proposed, err := once(ctx, b, act, func(ctx context.Context, tx Tx) (Estimate, string, error) {
		request := request
		if request.AsComputed && computed != nil {
			request.Rate = computed.Result.Rate
		}
		estimate, err := b.newEstimate(ctx, tx, request)
		if err != nil {
			return estimate, "", err
		}
		if err := checkNarrative("narrative", request.Narrative); err != nil {
			return estimate, "", err
		}
		if err := checkEstimateOpen(ctx, tx, "from", estimate); err != nil {
			return estimate, "", err
		}
		proposer := partyOf(CallerOf(ctx))
		estimate.Status, estimate.ProposedBy = EstimateProposed, proposer.Actor
		if err := tx.InsertProposal(ctx, Proposal{estimate, proposer}); err != nil {
			return estimate, "", err
		}
		file, evidence := EstimateFile{PolicyID: estimate.PolicyID, EstimateID: estimate.ID, Method: Judgement, Parameters: "{}", Narrative: request.Narrative}, EstimateEvidence{}
		if computed != nil {
			if err := computed.checkChosen(estimate.Rate, estimate.Reason); err != nil {
				return estimate, "", err
			}
			if file, evidence, err = computed.file(estimate, request.Narrative); err != nil {
				return estimate, "", err
			}
		}
		return estimate, estimate.Key(), tx.InsertEstimateFile(ctx, file, evidence)
	})
	return proposed, computed, err
}

// computeProposed computes what is to be proposed, unless that was done under the key before.
func (b *Books) computeProposed(ctx context.Context, act act, request NewEstimate) (computed *ComputedEstimate, err error) {
	if request.Run == nil {
		if request.AsComputed {
			return nil, refuse(Invalid, "rate", "must be given where nothing is computed")
		}
		return nil, nil
	}
	err = b.View(ctx, func(ctx context.Context, tx Tx) error {
		var before Estimate
		done, err := act.answered(ctx, tx, &before)
		if done || err != nil {
			return err
		}
		got, err := b.RunEstimate(ctx, tx, request.Policy, *request.Run)
		computed = &got
		return err
	})
	if err != nil {
		return nil, underRun(err)
	}
	if computed != nil {
		err = computed.RefuseThin()
	}
	return computed, err
}

// underRun puts what is wrong with a run under its name.
func underRun(err error) error {
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Field != "" && refusal.Field != "policy" && refusal.Field != "idempotencyKey" {
		under := *refusal
		under.Field = "run." + refusal.Field
		return &under
	}
	return err
}

// DecideEstimate approves or rejects the estimate of a policy.
type DecideEstimate struct {
	PolicyID string `json:"policyId"`
	ID       string `json:"id"`
	Reason   string `json:"reason"`
	// FileHash is that of the file that the decider looked at (FileHash); "" where they do not say.
	FileHash string `json:"fileHash,omitempty"`
}

// EstimateApprove puts a proposed estimate in force and marks the policy's pools to be
// measured again from its day.
// Errors: NOT_FOUND, ALREADY_DECIDED, FILE_CHANGED, SAME_PERSON, PERIOD_CLOSED, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) EstimateApprove(ctx context.Context, key string, request DecideEstimate) (Estimate, error) {
	return b.decide(ctx, act{"estimate.approve", key, request}, request, func(ctx context.Context, tx Tx, proposal *Proposal) error {
		if err := twoPersons(proposal.Proposer, partyOf(CallerOf(ctx))); err != nil {
			return err
		}
		proposal.Status = EstimateApproved
		return putInForce(ctx, tx, "estimateId", proposal.Estimate)
	})
}

// EstimateReject ends a proposal, also by the person who made it.
// Errors: NOT_FOUND, ALREADY_DECIDED, FILE_CHANGED, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) EstimateReject(ctx context.Context, key string, request DecideEstimate) (Estimate, error) {
	return b.decide(ctx, act{"estimate.reject", key, request}, request, func(_ context.Context, _ Tx, proposal *Proposal) error {
		proposal.Status = EstimateRejected
		return nil
	})
}

// decide runs a decision about a proposal that waits for one.
func (b *Books) decide(ctx context.Context, a act, request DecideEstimate, decision func(context.Context, Tx, *Proposal) error) (Estimate, error) {
	return once(ctx, b, a, func(ctx context.Context, tx Tx) (Estimate, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return Estimate{}, "", err
		}
		proposal, err := lockProposal(ctx, tx, request.PolicyID, request.ID)
		switch {
		case err != nil:
			return Estimate{}, "", err
		case proposal.Status != EstimateProposed:
			return Estimate{}, "", alreadyDecided(proposal)
		}
		if err := checkFileHash(ctx, tx, proposal, request.FileHash); err != nil {
			return Estimate{}, "", err
		}
		was(ctx, proposal.Estimate)
		if err := decision(ctx, tx, &proposal); err != nil {
			return Estimate{}, "", err
		}
		proposal.DecidedBy, proposal.DecidedAt, proposal.Decision = CallerOf(ctx).Actor, b.clock(), request.Reason
		return proposal.Estimate, proposal.Key(), tx.DecideProposal(ctx, proposal.Estimate)
	})
}

func lockProposal(ctx context.Context, tx Tx, policyID, id string) (Proposal, error) {
	proposal, err := tx.LockProposal(ctx, policyID, id)
	if err != nil && CodeOf(err) == NotFound {
		err = refuse(NotFound, "estimateId", "names no estimate that was proposed")
	}
	return proposal, err
}

func alreadyDecided(proposal Proposal) error {
	return refuse(AlreadyDecided, "estimateId", "the estimate is %s already, by %s", proposal.Status, proposal.DecidedBy)
}

// checkFileHash holds what is decided about against what the decider saw, where they say so.
// Errors: FILE_CHANGED.
func checkFileHash(ctx context.Context, tx Tx, proposal Proposal, seen string) error {
	if seen == "" {
		return nil
	}
	is, err := fileHashOf(ctx, tx, proposal.Estimate)
	if err == nil && !strings.EqualFold(is, seen) {
		err = refuse(FileChanged, "fileHash", "is not that of the file as it is now, %s: look at it again", is)
	}
	return err
}

// EstimatesOf returns the estimates of policies, in force or not, in order of policy, day and
// entry. The policies' own first rates are not among them.
func EstimatesOf(tx Tx, ctx context.Context, policyIDs []string) ([]Estimate, error) { //nolint:revive // in the order of the methods of Tx
	approved, err := tx.Estimates(ctx, policyIDs)
	if err != nil {
		return nil, err
	}
	proposals, err := tx.Proposals(ctx, policyIDs)
	if err != nil {
		return nil, err
	}
	all, proposed := make([]Estimate, 0, len(approved)+len(proposals)), map[string]bool{}
	for _, proposal := range proposals {
		proposed[proposal.ID] = true
		all = append(all, proposal.Estimate)
	}
	for _, estimate := range approved {
		if !proposed[estimate.ID] { // one act put it in force
			estimate.Status, estimate.DecidedAt = EstimateApproved, estimate.CreatedAt
			all = append(all, estimate)
		}
	}
	slices.SortFunc(all, func(a, b Estimate) int {
		return cmp.Or(cmp.Compare(a.PolicyID, b.PolicyID), cmp.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID))
	})
	supersede(all)
	return all, nil
}
