package graph

import (
	"context"
	"strings"
	"time"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
)

func (queryResolver) AuditEvents(ctx context.Context, actor, action, subject *string, from, before *time.Time, first int, after *string, reverse bool) (*view.AuditEventConnection, error) {
	filter := books.AuditFilter{Actor: value(actor), Action: value(action), From: value(from), Before: value(before)}
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

// subjects are what acts are done to, by the first word of the action.
var subjects = map[string]noun{
	"customer": customerNoun, "policy": policyNoun, "estimate": estimateNoun, "pack": packNoun, "meter": meterNoun,
	"purchase": purchaseNoun, "hold": holdNoun, "budget": budgetNoun, "grant": lotNoun, "usage": eventNoun, "job": jobRunNoun, "token": tokenNoun,
	"webhook": webhookNoun, "closeTask": closeTaskNoun,
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
