package graph

import (
	"context"
	"strings"
	"time"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
)

func (queryResolver) AuditEvents(ctx context.Context, actor, action, subject *string, kind *books.CallerKind, requestID *string, from, before *time.Time, first int, after *string, reverse bool) (*view.AuditEventConnection, error) {
	filter := books.AuditFilter{Actor: value(actor), Kind: value(kind), RequestID: value(requestID), From: value(from), Before: value(before)}
	filter.ByAction(value(action))
	if subject != nil {
		_, key, err := splitID("subject", *subject)
		if err != nil {
			return nil, err
		}
		filter.Subject = key
	}
	return connect(ctx, requestOf(ctx), paging{first: first, after: after, reverse: reverse}, list[books.AuditEvent]{
		noun: auditNoun,
		key:  func(e *books.AuditEvent) string { return e.ID },
	}, filter, books.Tx.Audit, books.Tx.CountAudit)
}

func (auditEventResolver) ID(_ context.Context, e *books.AuditEvent) (string, error) {
	return auditNoun.id(e.ID), nil
}

func (auditEventResolver) ActorName(_ context.Context, e *books.AuditEvent) (*string, error) {
	return text(e.ActorName), nil
}

func (auditEventResolver) Kind(_ context.Context, e *books.AuditEvent) (*books.CallerKind, error) {
	if e.Kind == "" {
		return nil, nil
	}
	return &e.Kind, nil
}

func (auditEventResolver) Address(_ context.Context, e *books.AuditEvent) (*string, error) {
	return text(e.Address), nil
}

func (auditEventResolver) RequestID(_ context.Context, e *books.AuditEvent) (*string, error) {
	return text(e.RequestID), nil
}

func (auditEventResolver) Reason(_ context.Context, e *books.AuditEvent) (*string, error) {
	return text(e.Reason), nil
}

func (auditEventResolver) Before(_ context.Context, e *books.AuditEvent) (*string, error) {
	return text(e.Before), nil
}

func (auditEventResolver) After(_ context.Context, e *books.AuditEvent) (*string, error) {
	return text(e.After), nil
}

// subjects are what acts are done to, by the first word of the action.
var subjects = map[string]noun{
	"customer": customerNoun, "policy": policyNoun, "estimate": estimateNoun, "pack": packNoun, "meter": meterNoun,
	"purchase": purchaseNoun, "hold": holdNoun, "budget": budgetNoun, "grant": lotNoun, "usage": eventNoun, "job": jobRunNoun, "token": tokenNoun,
	"webhook": webhookNoun, "closeTask": closeTaskNoun,
	"exportTarget": exportTargetNoun, "exportBatch": exportBatchNoun,
	"alertRule": alertRuleNoun, "topUpRule": topUpRuleNoun, "topUp": topUpNoun,
}

// Subject is the row's own key, under the noun of the action.
func (auditEventResolver) Subject(_ context.Context, e *books.AuditEvent) (string, error) {
	of, _, _ := strings.Cut(e.Action, ".")
	if noun, known := subjects[of]; known {
		return noun.id(e.Subject), nil
	}
	return e.Subject, nil
}
