package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

type auditRow struct {
	bun.BaseModel `bun:"table:audit_events,alias:audit_events"`

	ID        string
	At        instant `bun:"at_us,type:bigint"`
	Actor     string
	ActorName string `bun:",nullzero"`
	Kind      string `bun:",nullzero"`
	Address   string `bun:",nullzero"`
	Action    string
	Subject   string
	Detail    string
	RequestID string `bun:",nullzero"`
	Reason    string `bun:",nullzero"`
	Before    string `bun:",nullzero"`
	After     string `bun:",nullzero"`
}

func (t *tx) AppendAudit(ctx context.Context, events ...books.AuditEvent) error {
	return insert(ctx, t, "writing the audit trail", convert(events, func(e books.AuditEvent) auditRow {
		return auditRow{
			ID: e.ID, At: instantOf(e.At), Actor: e.Actor, ActorName: e.ActorName, Kind: string(e.Kind), Address: e.Address,
			Action: e.Action, Subject: e.Subject, Detail: e.Detail, RequestID: e.RequestID,
			Reason: e.Reason, Before: e.Before, After: e.After,
		}
	}))
}

func (t *tx) Audit(ctx context.Context, filter books.AuditFilter, page books.Page) ([]books.AuditEvent, error) {
	rows, err := list[auditRow](ctx, t, "reading the audit trail", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofAudit(q, filter))
	})
	return convert(rows, func(row auditRow) books.AuditEvent {
		return books.AuditEvent{
			ID: row.ID, At: row.At.time(), Actor: row.Actor, ActorName: row.ActorName, Kind: books.CallerKind(row.Kind), Address: row.Address,
			Action: row.Action, Subject: row.Subject, Detail: row.Detail, RequestID: row.RequestID,
			Reason: row.Reason, Before: row.Before, After: row.After,
		}
	}), err
}

func (t *tx) CountAudit(ctx context.Context, filter books.AuditFilter) (int64, error) {
	return count[auditRow](ctx, t, "counting the audit trail", func(q *bun.SelectQuery) *bun.SelectQuery { return ofAudit(q, filter) })
}

func ofAudit(q *bun.SelectQuery, filter books.AuditFilter) *bun.SelectQuery {
	q = whereEqual(q, "actor", filter.Actor)
	q = whereEqual(q, "action", filter.Action)
	q = whereEqual(q, "subject", filter.Subject)
	q = whereEqual(q, "kind", string(filter.Kind))
	q = whereEqual(q, "request_id", filter.RequestID)
	if prefix := filter.ActionPrefix; prefix != "" {
		q = q.Where("action >= ? AND action < ?", prefix, prefix+lastText)
	}
	if !filter.From.IsZero() {
		q = q.Where("at_us >= ?", instantOf(filter.From))
	}
	if !filter.Before.IsZero() {
		q = q.Where("at_us < ?", instantOf(filter.Before))
	}
	return q
}
