package store

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

type webhookRow struct {
	bun.BaseModel `bun:"table:webhooks,alias:webhooks"`

	ID             string
	URL            string
	Description    string `bun:",nullzero"`
	Events         string // by commas; "" for all
	Secret         string
	PreviousSecret string  `bun:",nullzero"`
	PreviousUntil  instant `bun:"previous_until_us,type:bigint"`
	CreatedBy      string
	CreatedAt      instant `bun:"created_at_us,type:bigint"`
	DisabledAt     instant `bun:"disabled_at_us,type:bigint"`
	DisabledReason string  `bun:",nullzero"`
	FailingSince   instant `bun:"failing_since_us,type:bigint"`
}

func webhookRowOf(w books.Webhook) webhookRow {
	return webhookRow{
		ID: w.ID, URL: w.URL, Description: w.Description, Events: joined(w.Events),
		Secret: w.Secret, PreviousSecret: w.PreviousSecret, PreviousUntil: instantOf(w.PreviousUntil),
		CreatedBy: w.CreatedBy, CreatedAt: instantOf(w.CreatedAt), DisabledAt: instantOf(w.DisabledAt),
		DisabledReason: w.DisabledReason, FailingSince: instantOf(w.FailingSince),
	}
}

func joined[T ~string](words []T) string {
	return strings.Join(convert(words, func(word T) string { return string(word) }), ",")
}

func (row webhookRow) webhook() books.Webhook {
	w := books.Webhook{
		ID: row.ID, URL: row.URL, Description: row.Description, Secret: row.Secret, Fingerprint: books.FingerprintOf(row.Secret),
		PreviousSecret: row.PreviousSecret, PreviousUntil: row.PreviousUntil.time(), CreatedBy: row.CreatedBy,
		CreatedAt: row.CreatedAt.time(), DisabledAt: row.DisabledAt.time(), DisabledReason: row.DisabledReason, FailingSince: row.FailingSince.time(),
	}
	if row.Events != "" {
		w.Events = convert(strings.Split(row.Events, ","), func(event string) books.NoticeType { return books.NoticeType(event) })
	}
	return w
}

func (t *tx) InsertWebhook(ctx context.Context, webhook books.Webhook) error {
	return insert(ctx, t, "keeping an endpoint", []webhookRow{webhookRowOf(webhook)})
}

func (t *tx) UpdateWebhook(ctx context.Context, webhook books.Webhook) error {
	row := webhookRowOf(webhook)
	touched, err := t.exec(ctx, "changing an endpoint", `UPDATE webhooks SET url = ?, description = ?, events = ?, secret = ?,
		previous_secret = ?, previous_until_us = ?, disabled_at_us = ?, disabled_reason = ?, failing_since_us = ? WHERE id = ?`,
		row.URL, bun.NullZero(row.Description), row.Events, row.Secret, bun.NullZero(row.PreviousSecret), row.PreviousUntil,
		row.DisabledAt, bun.NullZero(row.DisabledReason), row.FailingSince, rowID(row.ID))
	return wroteOne("endpoint", webhook.ID, touched, err)
}

func (t *tx) LockWebhook(ctx context.Context, id string) (books.Webhook, error) {
	rows, err := query[webhookRow](ctx, t, "holding an endpoint", "SELECT * FROM webhooks WHERE id = ?"+t.holding("webhooks"), rowID(id))
	if err == nil && len(rows) == 0 {
		err = notFound("endpoint", id)
	}
	if err != nil {
		return books.Webhook{}, err
	}
	return rows[0].webhook(), nil
}

func (t *tx) WebhooksByID(ctx context.Context, ids []string) ([]books.Webhook, error) {
	rows, err := byColumn[webhookRow](ctx, t, "reading endpoints", "id", ids)
	return convert(rows, webhookRow.webhook), err
}

func (t *tx) Webhooks(ctx context.Context, filter books.WebhookFilter, page books.Page) ([]books.Webhook, error) {
	rows, err := list[webhookRow](ctx, t, "listing endpoints", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofWebhooks(q, filter))
	})
	return convert(rows, webhookRow.webhook), err
}

func (t *tx) CountWebhooks(ctx context.Context, filter books.WebhookFilter) (int64, error) {
	return count[webhookRow](ctx, t, "counting endpoints", func(q *bun.SelectQuery) *bun.SelectQuery { return ofWebhooks(q, filter) })
}

func ofWebhooks(q *bun.SelectQuery, filter books.WebhookFilter) *bun.SelectQuery {
	if filter.Enabled != nil {
		q = q.Where("(disabled_at_us IS NULL) = ?", *filter.Enabled)
	}
	return q
}

// WebhookFails touches the row where it has to: attempts to one endpoint do not wait for
// each other.
func (t *tx) WebhookFails(ctx context.Context, id string, at time.Time) error {
	_, err := t.exec(ctx, "saying that an endpoint fails",
		"UPDATE webhooks SET failing_since_us = ? WHERE id = ? AND failing_since_us IS NULL", instantOf(at), rowID(id))
	return err
}

func (t *tx) WebhookWorks(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "saying that an endpoint works",
		"UPDATE webhooks SET failing_since_us = NULL WHERE id = ? AND failing_since_us IS NOT NULL", rowID(id))
	return err
}

const dueWebhooks = `SELECT * FROM webhooks WHERE disabled_at_us IS NULL AND EXISTS (SELECT 1 FROM webhook_deliveries AS d
	WHERE d.webhook_id = webhooks.id AND d.status = 'PENDING' AND d.next_at_us <= ?) ORDER BY id`

func (t *tx) DueWebhooks(ctx context.Context, now time.Time) ([]books.Webhook, error) {
	rows, err := query[webhookRow](ctx, t, "reading endpoints to send to", dueWebhooks, instantOf(now))
	return convert(rows, webhookRow.webhook), err
}

const outboxStatus = `SELECT (SELECT count(*) FROM webhooks WHERE disabled_at_us IS NOT NULL) AS disabled, count(*) AS pending,
	min(d.created_at_us) AS oldest FROM webhook_deliveries AS d JOIN webhooks AS w ON w.id = d.webhook_id
	WHERE d.status = 'PENDING' AND w.disabled_at_us IS NULL`

type outboxRow struct {
	Disabled, Pending int64
	Oldest            instant
}

func (t *tx) OutboxStatus(ctx context.Context) (books.OutboxStatus, error) {
	rows, err := query[outboxRow](ctx, t, "adding up what is to be sent", outboxStatus)
	if err != nil || len(rows) == 0 {
		return books.OutboxStatus{}, err
	}
	return books.OutboxStatus{Pending: rows[0].Pending, Disabled: rows[0].Disabled, OldestAt: rows[0].Oldest.time()}, nil
}
