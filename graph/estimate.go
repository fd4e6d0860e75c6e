package graph

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r policyResolver) Estimates(ctx context.Context, p *books.Policy, status *books.EstimateStatus) ([]books.Estimate, error) {
	estimates, _, err := requestOf(ctx).estimates.load(ctx, p.ID)
	if status != nil { // the rows are those of the loader: they are not narrowed in place
		today := r.books.Yesterday() + 1
		estimates = slices.DeleteFunc(slices.Clone(estimates), func(e books.Estimate) bool { return e.StatusOn(today) != *status })
	}
	return estimates, err
}

func (queryResolver) Estimate(ctx context.Context, id string) (*books.Estimate, error) {
	key, err := estimateNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return requestOf(ctx).estimate(ctx, key)
}

func (r queryResolver) Estimates(ctx context.Context, policy *string, status *books.EstimateStatus, on *ledger.Date, first int, after *string, reverse bool) (*view.EstimateConnection, error) {
	f := newFilters(ctx)
	filter := books.EstimateFilter{PolicyID: f.policy(ctx, policy), Status: value(status), On: r.dayOf(on)}
	if f.err != nil || !f.known {
		return none[books.Estimate](first, f.err)
	}
	q := requestOf(ctx)
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.Estimate]{
		noun: estimateNoun, key: func(e *books.Estimate) string { return e.Key() }, saw: q.sawEstimates,
	}, filter, books.EstimatePage, books.CountEstimates)
}

// dayOf is the day that is asked for, or today.
func (r *resolver) dayOf(on *ledger.Date) ledger.Date {
	if on != nil {
		return *on
	}
	return r.books.Yesterday() + 1
}

func (r estimateResolver) Status(_ context.Context, e *books.Estimate, on *ledger.Date) (books.EstimateStatus, error) {
	return e.StatusOn(r.dayOf(on)), nil
}

// fileOf is the file of an estimate; nil where it has none.
func fileOf(ctx context.Context, e *books.Estimate) (*books.EstimateFile, error) {
	files, _, err := requestOf(ctx).estimateFiles.load(ctx, e.PolicyID)
	at := slices.IndexFunc(files, func(f books.EstimateFile) bool { return f.EstimateID == e.ID })
	if err != nil || at < 0 {
		return nil, err
	}
	return &files[at], nil
}

func (estimateResolver) Method(ctx context.Context, e *books.Estimate) (books.EstimateMethod, error) {
	file, err := fileOf(ctx, e)
	if file == nil {
		return books.Judgement, err
	}
	return file.Method, nil
}

func (estimateResolver) Narrative(ctx context.Context, e *books.Estimate) (*string, error) {
	file, err := fileOf(ctx, e)
	if file == nil {
		return nil, err
	}
	return text(file.Narrative), nil
}

func (estimateResolver) Attachments(ctx context.Context, e *books.Estimate) ([]books.Attachment, error) {
	attachments, _, err := requestOf(ctx).attachments.load(ctx, e.PolicyID)
	return slices.DeleteFunc(slices.Clone(attachments), func(a books.Attachment) bool { return a.EstimateID != e.ID }), err
}

func (r estimateResolver) FileHash(ctx context.Context, e *books.Estimate) (string, error) {
	file, err := fileOf(ctx, e)
	if err != nil {
		return "", err
	}
	attachments, err := r.Attachments(ctx, e)
	return books.FileHash(*e, file, attachments), err
}

func (estimateResolver) SupersededBy(ctx context.Context, e *books.Estimate) (*books.Estimate, error) {
	if e.SupersededBy == "" {
		return nil, nil
	}
	return requestOf(ctx).estimate(ctx, e.PolicyID+"/"+e.SupersededBy)
}

func (estimateResolver) SupersededOn(_ context.Context, e *books.Estimate) (*ledger.Date, error) {
	if e.SupersededBy == "" {
		return nil, nil
	}
	return &e.SupersededOn, nil
}

func (attachmentResolver) Sha256(_ context.Context, a *books.Attachment) (string, error) {
	return hex.EncodeToString(a.Hash), nil
}

func (attachmentResolver) Path(_ context.Context, a *books.Attachment) (string, error) {
	return attachmentPath(a), nil
}

func (r mutationResolver) EstimatePropose(ctx context.Context, input gen.EstimateProposeInput, idempotencyKey string) (*gen.EstimateProposePayload, error) {
	request := books.NewEstimate{
		Policy: input.Policy, From: value(input.From), Rate: value(input.Rate), AsComputed: input.Rate == nil, Reason: value(input.Reason), Narrative: value(input.Narrative),
	}
	if input.Run != nil {
		run, err := runOf(*input.Run)
		if err != nil {
			refusals, fault := userErrors(err)
			return &gen.EstimateProposePayload{Findings: findingsOf(nil), UserErrors: refusals}, fault
		}
		request.Run = &run
	}
	proposed, computed, err := r.books.EstimateProposeComputed(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err)
	payload := &gen.EstimateProposePayload{Findings: findingsOf(computed), UserErrors: refusals}
	if err == nil {
		payload.Estimate = &proposed
	}
	return payload, fault
}

func (r mutationResolver) EstimateApprove(ctx context.Context, estimateID string, input gen.EstimateDecideInput, idempotencyKey string) (*gen.EstimateApprovePayload, error) {
	request, err := decisionOf(estimateID, input)
	if err != nil {
		return &gen.EstimateApprovePayload{UserErrors: invalidID(err)}, nil
	}
	estimate, err := r.books.EstimateApprove(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err, "estimateId")
	if err != nil {
		return &gen.EstimateApprovePayload{UserErrors: refusals}, fault
	}
	return &gen.EstimateApprovePayload{Estimate: &estimate, UserErrors: refusals}, nil
}

func (r mutationResolver) EstimateReject(ctx context.Context, estimateID string, input gen.EstimateDecideInput, idempotencyKey string) (*gen.EstimateRejectPayload, error) {
	request, err := decisionOf(estimateID, input)
	if err != nil {
		return &gen.EstimateRejectPayload{UserErrors: invalidID(err)}, nil
	}
	estimate, err := r.books.EstimateReject(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err, "estimateId")
	if err != nil {
		return &gen.EstimateRejectPayload{UserErrors: refusals}, fault
	}
	return &gen.EstimateRejectPayload{Estimate: &estimate, UserErrors: refusals}, nil
}

func decisionOf(estimateID string, input gen.EstimateDecideInput) (books.DecideEstimate, error) {
	key, err := estimateNoun.key("estimateId", estimateID)
	request := decisionKey(key)
	request.Reason, request.FileHash = value(input.Reason), value(input.FileHash)
	return request, err
}

// decisionKey names the estimate that a key names.
func decisionKey(key string) books.DecideEstimate {
	policyID, id, _ := strings.Cut(key, "/")
	return books.DecideEstimate{PolicyID: policyID, ID: id}
}

// The id of an estimate holds its policy's, by which the book finds it.
func (estimateResolver) ID(_ context.Context, e *books.Estimate) (string, error) {
	return estimateNoun.id(e.Key()), nil
}

// estimate finds an estimate by the key in its id.
func (q *request) estimate(ctx context.Context, key string) (*books.Estimate, error) {
	policyID, id, _ := strings.Cut(key, "/")
	estimates, _, err := q.estimates.load(ctx, policyID)
	for i := range estimates {
		if estimates[i].ID == id {
			return &estimates[i], nil
		}
	}
	return nil, err
}

func (estimateResolver) Policy(ctx context.Context, e *books.Estimate) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, e.PolicyID))
}

func (estimateResolver) Reason(_ context.Context, e *books.Estimate) (*string, error) {
	return text(e.Reason), nil
}

func (estimateResolver) ProposedBy(_ context.Context, e *books.Estimate) (*string, error) {
	return text(e.ProposedBy), nil
}

func (estimateResolver) DecidedBy(_ context.Context, e *books.Estimate) (*string, error) {
	return text(e.DecidedBy), nil
}

func (estimateResolver) Decision(_ context.Context, e *books.Estimate) (*string, error) {
	return text(e.Decision), nil
}
