package books

import (
	"context"
	"strings"
	"time"
)

// TestWebhook asks for a message that says nothing, to one endpoint.
type TestWebhook struct {
	ID string `json:"id"`
}

// WebhookTest sends one endpoint a message of the type webhook.test, by the way that all go.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) WebhookTest(ctx context.Context, key string, request TestWebhook) (Delivery, error) {
	return once(ctx, b, act{"webhook.test", key, request}, func(ctx context.Context, tx Tx) (Delivery, string, error) {
		webhook, err := webhookInForce(ctx, tx, request.ID)
		if err != nil {
			return Delivery{}, "", err
		}
		message, err := b.messageOf(ctx, tx, notice{NoticeTest, nil, func(map[string]string) map[string]any {
			return map[string]any{"webhookId": "whk_" + webhook.ID}
		}})
		if err != nil {
			return Delivery{}, "", err
		}
		delivery := newDelivery(webhook.ID, message)
		return delivery, webhook.ID, tx.InsertMessages(ctx, []Message{message}, []Delivery{delivery})
	})
}

// webhookInForce finds an endpoint to send to. Errors: NOT_FOUND, INVALID.
func webhookInForce(ctx context.Context, tx Tx, id string) (Webhook, error) {
	found, err := tx.WebhooksByID(ctx, []string{id})
	switch {
	case err != nil:
		return Webhook{}, err
	case len(found) == 0:
		return Webhook{}, refuse(NotFound, "webhookId", "names no endpoint")
	case !found[0].DisabledAt.IsZero():
		return Webhook{}, refuse(Invalid, "webhookId", "names an endpoint that is disabled (%s): enable it first", found[0].DisabledReason)
	}
	return found[0], nil
}

// Replay asks to send again what an endpoint was told or missed: one delivery, or all
// messages of some time that it asks for.
type Replay struct {
	ID         string    `json:"id"`
	DeliveryID string    `json:"deliveryId"` // [Delivery.Key]; "" for all of [From, Before)
	From       time.Time `json:"from"`
	Before     time.Time `json:"before"` // now where zero
}

// maxReplay bounds one replay: beyond it the reader is better off with a list.
const maxReplay = 10_000

// Replayed says what is sent again.
type Replayed struct {
	Deliveries int64
}

// WebhookReplay sends again, under the same ids: whoever took one before knows it.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) WebhookReplay(ctx context.Context, key string, request Replay) (Replayed, error) {
	return once(ctx, b, act{"webhook.replay", key, request}, func(ctx context.Context, tx Tx) (Replayed, string, error) {
		webhook, err := webhookInForce(ctx, tx, request.ID)
		if err != nil {
			return Replayed{}, "", err
		}
		if request.DeliveryID != "" {
			return b.replayOne(ctx, tx, webhook, request)
		}
		return b.replayAll(ctx, tx, webhook, request)
	})
}

func (b *Books) replayOne(ctx context.Context, tx Tx, webhook Webhook, request Replay) (Replayed, string, error) {
	if !request.From.IsZero() || !request.Before.IsZero() {
		return Replayed{}, "", refuse(Invalid, "from", "goes without deliveryId: give a delivery, or a time")
	}
	messageID, webhookID, _ := strings.Cut(request.DeliveryID, "/")
	found, err := tx.Deliveries(ctx, DeliveryFilter{WebhookID: webhookID, MessageID: messageID}, Page{Limit: 1})
	if err == nil && (len(found) == 0 || messageID == "" || webhookID != webhook.ID) {
		err = refuse(NotFound, "deliveryId", "names no delivery of the endpoint: messages are kept for %d days", int(KeepMessages.Hours()/24))
	}
	if err != nil {
		return Replayed{}, "", err
	}
	delivery := newDelivery(webhook.ID, found[0].Message)
	delivery.NextAt = b.clock()
	return Replayed{1}, webhook.ID, tx.ReplayDelivery(ctx, delivery)
}

func (b *Books) replayAll(ctx context.Context, tx Tx, webhook Webhook, request Replay) (Replayed, string, error) {
	if request.From.IsZero() {
		return Replayed{}, "", refuse(Invalid, "from", "is missing: give a delivery, or a time from which on all is sent again")
	}
	now := b.clock()
	if request.Before.IsZero() {
		request.Before = now
	}
	if !request.From.Before(request.Before) {
		return Replayed{}, "", refuse(Invalid, "before", "must be after from")
	}
	events := webhook.Events
	if len(events) == 0 {
		events = NoticeTypes()
	}
	n, err := tx.CountMessages(ctx, events, request.From, request.Before)
	if err == nil && n > maxReplay {
		err = refuse(TooLarge, "from", "there are %d messages of that time, and one replay sends %d: replay it in parts", n, maxReplay)
	}
	if err != nil {
		return Replayed{}, "", err
	}
	n, err = tx.ReplayMessages(ctx, webhook.ID, events, request.From, request.Before, now)
	return Replayed{n}, webhook.ID, err
}
