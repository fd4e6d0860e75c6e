package graph

import (
	"context"
	"slices"
	"strings"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
)

func (policyResolver) Estimates(ctx context.Context, p *books.Policy, status *books.EstimateStatus) ([]books.Estimate, error) {
	estimates, _, err := requestOf(ctx).estimates.load(ctx, p.ID)
	if status != nil { // the rows are those of the loader: they are not narrowed in place
		estimates = slices.DeleteFunc(slices.Clone(estimates), func(e books.Estimate) bool { return e.Status != *status })
	}
	return estimates, err
}

func (r mutationResolver) EstimatePropose(ctx context.Context, input gen.EstimateProposeInput, idempotencyKey string) (*gen.EstimateProposePayload, error) {
	estimate, err := r.books.EstimatePropose(ctx, idempotencyKey, books.NewEstimate{
		Policy: input.Policy, From: value(input.From), Rate: input.Rate, Reason: value(input.Reason),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.EstimateProposePayload{UserErrors: refusals}, fault
	}
	return &gen.EstimateProposePayload{Estimate: &estimate, UserErrors: refusals}, nil
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
	policyID, id, _ := strings.Cut(key, "/")
	return books.DecideEstimate{PolicyID: policyID, ID: id, Reason: value(input.Reason)}, err
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
