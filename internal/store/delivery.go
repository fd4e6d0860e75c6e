package store

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

type messageRow struct {
	bun.BaseModel `bun:"table:outbox_messages,alias:outbox_messages"`

	ID   string
	Type string
	At   instant `bun:"at_us,type:bigint"`
	Body string
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:webhook_deliveries,alias:webhook_deliveries"`

	MessageID    string
	WebhookID    string
	Status       string
	Attempts     int64
	CreatedAt    instant `bun:"created_at_us,type:bigint"`
	NextAt       instant `bun:"next_at_us,type:bigint"`
	Claim        string  `bun:",nullzero"`
	FirstAt      instant `bun:"first_at_us,type:bigint"`
	LastAt       instant `bun:"last_at_us,type:bigint"`
	DeliveredAt  instant `bun:"delivered_at_us,type:bigint"`
	ResponseCode int64
	Response     string `bun:",nullzero"`
	Error        string `bun:",nullzero"`
}

func deliveryRowOf(d books.Delivery) deliveryRow {
	return deliveryRow{
		MessageID: d.MessageID, WebhookID: d.WebhookID, Status: string(d.Status), Attempts: int64(d.Attempts),
		CreatedAt: instantOf(d.CreatedAt), NextAt: instantOf(d.NextAt), Claim: d.Claim, FirstAt: instantOf(d.FirstAt),
		LastAt: instantOf(d.LastAt), DeliveredAt: instantOf(d.DeliveredAt), ResponseCode: int64(d.ResponseCode), Response: d.Response, Error: d.Error,
	}
}

// sentRow is a delivery with its message.
type sentRow struct {
	deliveryRow
	Type string
	At   instant `bun:"at_us,type:bigint"`
	Body string
}

func (row sentRow) delivery() books.Delivery {
	return books.Delivery{
		WebhookID: row.WebhookID, MessageID: row.MessageID, Status: books.DeliveryStatus(row.Status), Attempts: int(row.Attempts),
		CreatedAt: row.CreatedAt.time(), NextAt: row.NextAt.time(), Claim: row.Claim, FirstAt: row.FirstAt.time(), LastAt: row.LastAt.time(),
		DeliveredAt: row.DeliveredAt.time(), ResponseCode: int(row.ResponseCode), Response: row.Response, Error: row.Error,
		Message: books.Message{ID: row.MessageID, Type: books.NoticeType(row.Type), At: row.At.time(), Body: row.Body},
	}
}

func (t *tx) InsertMessages(ctx context.Context, messages []books.Message, deliveries []books.Delivery) error {
	err := insert(ctx, t, "keeping what is to be told", convert(messages, func(m books.Message) messageRow {
		return messageRow{ID: m.ID, Type: string(m.Type), At: instantOf(m.At), Body: m.Body}
	}))
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping to whom it is to be told", convert(deliveries, deliveryRowOf))
}

func (t *tx) CountMessages(ctx context.Context, types []books.NoticeType, from, before time.Time) (int64, error) {
	return count[messageRow](ctx, t, "counting messages", func(q *bun.SelectQuery) *bun.SelectQuery {
		return whereWithin(whereOneOf(q, "type", types), "at_us", from, before)
	})
}

// PruneMessages takes the oldest first, deliveries before their messages.
func (t *tx) PruneMessages(ctx context.Context, before time.Time, limit int) (int64, error) {
	const old = "(SELECT id FROM outbox_messages WHERE at_us < ? ORDER BY at_us, id LIMIT ?)"
	if _, err := t.exec(ctx, "forgetting deliveries", "DELETE FROM webhook_deliveries WHERE message_id IN "+old, instantOf(before), limit); err != nil {
		return 0, err
	}
	return t.exec(ctx, "forgetting messages", "DELETE FROM outbox_messages WHERE id IN "+old, instantOf(before), limit)
}

// deliveries are all of them, with their messages.
func (t *tx) deliveries(filter books.DeliveryFilter) *bun.SelectQuery {
	q := t.db.NewSelect().TableExpr("webhook_deliveries AS d").Join("JOIN outbox_messages AS m ON m.id = d.message_id")
	if filter.WebhookID != "" {
		q = q.Where("d.webhook_id = ?", rowID(filter.WebhookID))
	}
	if filter.MessageID != "" {
		q = q.Where("d.message_id = ?", rowID(filter.MessageID))
	}
	if filter.Status != "" {
		q = q.Where("d.status = ?", string(filter.Status))
	}
	if filter.Type != "" {
		q = q.Where("m.type = ?", string(filter.Type))
	}
	return whereWithin(q, "m.at_us", filter.From, filter.Before)
}

const sentColumns = "d.*, m.type, m.at_us, m.body"

// Deliveries goes on after "<message id>/<webhook id>".
func (t *tx) Deliveries(ctx context.Context, filter books.DeliveryFilter, page books.Page) ([]books.Delivery, error) {
	place := seek{terms: []string{"d.message_id", "d.webhook_id"}, reverse: page.Reverse, limit: page.Limit}
	if message, webhook, whole := strings.Cut(page.After, "/"); whole {
		place.after = []any{rowID(message), rowID(webhook)}
	}
	into, rows := scanned[sentRow](t)
	if err := place.on(t.deliveries(filter).ColumnExpr(sentColumns)).Scan(ctx, into); err != nil {
		return nil, t.refused("listing deliveries", err)
	}
	return convert(rows(), sentRow.delivery), nil
}

func (t *tx) CountDeliveries(ctx context.Context, filter books.DeliveryFilter) (int64, error) {
	n, err := t.deliveries(filter).Count(ctx)
	return n, t.refused("counting deliveries", err)
}

const claimDeliveries = `UPDATE webhook_deliveries SET claim = ?0, next_at_us = ?1 WHERE webhook_id = ?2 AND message_id IN
	(SELECT message_id FROM webhook_deliveries WHERE webhook_id = ?2 AND status = 'PENDING' AND next_at_us <= ?3 ORDER BY next_at_us LIMIT ?4`

const claimedDeliveries = "SELECT " + sentColumns + ` FROM webhook_deliveries AS d JOIN outbox_messages AS m ON m.id = d.message_id
	WHERE d.webhook_id = ? AND d.status = 'PENDING' AND d.next_at_us = ? AND d.claim = ? ORDER BY d.message_id`

func (t *tx) ClaimDeliveries(ctx context.Context, webhookID, claim string, now, until time.Time, limit int) ([]books.Delivery, error) {
	touched, err := t.exec(ctx, "claiming deliveries", claimDeliveries+t.skipping+")",
		rowID(claim), instantOf(until), rowID(webhookID), instantOf(now), limit)
	if err != nil || touched == 0 {
		return nil, err
	}
	rows, err := query[sentRow](ctx, t, "reading claimed deliveries", claimedDeliveries, rowID(webhookID), instantOf(until), rowID(claim))
	return convert(rows, sentRow.delivery), err
}

func (t *tx) UpdateDelivery(ctx context.Context, delivery books.Delivery, claim string) (bool, error) {
	row := deliveryRowOf(delivery)
	touched, err := t.exec(ctx, "saying how a delivery stands", `UPDATE webhook_deliveries SET status = ?, attempts = ?, next_at_us = ?, claim = ?,
		first_at_us = ?, last_at_us = ?, delivered_at_us = ?, response_code = ?, response = ?, error = ?
		WHERE message_id = ? AND webhook_id = ? AND claim = ?`,
		row.Status, row.Attempts, row.NextAt, bun.NullZero(row.Claim), row.FirstAt, row.LastAt, row.DeliveredAt, row.ResponseCode,
		bun.NullZero(row.Response), bun.NullZero(row.Error), rowID(row.MessageID), rowID(row.WebhookID), rowID(claim))
	return touched == 1, err
}

// anew has a delivery begin again where it is there already.
const anew = ` ON CONFLICT (message_id, webhook_id) DO UPDATE SET status = EXCLUDED.status, attempts = 0, next_at_us = EXCLUDED.next_at_us,
	claim = NULL, first_at_us = NULL, last_at_us = NULL, delivered_at_us = NULL, response_code = 0, response = NULL, error = NULL`

func (t *tx) ReplayDelivery(ctx context.Context, d books.Delivery) error {
	_, err := t.exec(ctx, "replaying a delivery", `INSERT INTO webhook_deliveries (message_id, webhook_id, status, attempts, created_at_us, next_at_us, response_code)
		VALUES (?, ?, ?, 0, ?, ?, 0)`+anew, rowID(d.MessageID), rowID(d.WebhookID), string(d.Status), instantOf(d.CreatedAt), instantOf(d.NextAt))
	return err
}

func (t *tx) ReplayMessages(ctx context.Context, webhookID string, types []books.NoticeType, from, before, now time.Time) (int64, error) {
	return t.exec(ctx, "replaying messages", `INSERT INTO webhook_deliveries (message_id, webhook_id, status, attempts, created_at_us, next_at_us, response_code)
		SELECT m.id, w.id, ?, 0, m.at_us, ?, 0 FROM outbox_messages AS m JOIN webhooks AS w ON w.id = ?
		WHERE m.at_us >= ? AND m.at_us < ? AND m.type IN (?) ORDER BY m.id`+anew,
		string(books.DeliveryPending), instantOf(now), rowID(webhookID), instantOf(from), instantOf(before),
		bun.List(convert(types, func(kind books.NoticeType) string { return string(kind) })))
}
