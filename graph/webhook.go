package graph

import (
	"context"
	"strings"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/auth"
	"drawdown/internal/books"
)

func (queryResolver) Webhooks(ctx context.Context, enabled *bool, first int, after *string, reverse bool) (*view.WebhookConnection, error) {
	return connect(ctx, requestOf(ctx), paging{first: first, after: after, reverse: reverse}, list[books.Webhook]{
		noun: webhookNoun, key: func(w *books.Webhook) string { return w.ID },
	}, books.WebhookFilter{Enabled: enabled}, books.Tx.Webhooks, books.Tx.CountWebhooks)
}

func (queryResolver) WebhookDeliveries(ctx context.Context, webhook *string, status *books.DeliveryStatus, event *books.NoticeType, from, before *time.Time, first int, after *string, reverse bool) (*view.WebhookDeliveryConnection, error) {
	q := requestOf(ctx)
	filter := books.DeliveryFilter{Status: value(status), Type: value(event), From: value(from), Before: value(before)}
	if webhook != nil {
		var err error
		if filter.WebhookID, err = webhookNoun.key("webhook", *webhook); err != nil {
			return nil, err
		}
	}
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.Delivery]{
		noun: deliveryNoun, key: (*books.Delivery).Key,
		checkKey: func(key string) bool { return strings.Count(key, "/") == 1 },
		saw: func(rows []books.Delivery) {
			for i := range rows {
				q.webhooks.expect(rows[i].WebhookID)
			}
		},
	}, filter, books.Tx.Deliveries, books.Tx.CountDeliveries)
}

func (r mutationResolver) WebhookCreate(ctx context.Context, input gen.WebhookCreateInput, idempotencyKey string) (*gen.WebhookCreatePayload, error) {
	secret := auth.NewWebhookSecret()
	webhook, made, err := r.books.WebhookCreate(ctx, idempotencyKey, books.NewWebhook{
		URL: input.URL, Description: value(input.Description), Events: once(input.Events), Secret: secret,
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.WebhookCreatePayload{UserErrors: refusals}, fault
	}
	payload := &gen.WebhookCreatePayload{Webhook: &webhook, UserErrors: refusals}
	if made {
		payload.Secret = &secret
	}
	return payload, nil
}

func (r mutationResolver) WebhookUpdate(ctx context.Context, webhookID string, input gen.WebhookUpdateInput, idempotencyKey string) (*gen.WebhookUpdatePayload, error) {
	key, err := webhookNoun.key("webhookId", webhookID)
	if err != nil {
		return &gen.WebhookUpdatePayload{UserErrors: invalidID(err)}, nil
	}
	change := books.WebhookChange{ID: key, URL: input.URL, Description: input.Description, Enabled: input.Enabled}
	if input.Events != nil {
		change.Events = append([]books.NoticeType{}, once(input.Events)...)
	}
	webhook, err := r.books.WebhookUpdate(ctx, idempotencyKey, change)
	refusals, fault := userErrors(err, "webhookId")
	if err != nil {
		return &gen.WebhookUpdatePayload{UserErrors: refusals}, fault
	}
	return &gen.WebhookUpdatePayload{Webhook: &webhook, UserErrors: refusals}, nil
}

func (r mutationResolver) WebhookDisable(ctx context.Context, webhookID string, input gen.WebhookDisableInput, idempotencyKey string) (*gen.WebhookDisablePayload, error) {
	key, err := webhookNoun.key("webhookId", webhookID)
	if err != nil {
		return &gen.WebhookDisablePayload{UserErrors: invalidID(err)}, nil
	}
	webhook, err := r.books.WebhookDisable(ctx, idempotencyKey, books.DisableWebhook{ID: key, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "webhookId")
	if err != nil {
		return &gen.WebhookDisablePayload{UserErrors: refusals}, fault
	}
	return &gen.WebhookDisablePayload{Webhook: &webhook, UserErrors: refusals}, nil
}

func (r mutationResolver) WebhookRotateSecret(ctx context.Context, webhookID, idempotencyKey string) (*gen.WebhookRotateSecretPayload, error) {
	key, err := webhookNoun.key("webhookId", webhookID)
	if err != nil {
		return &gen.WebhookRotateSecretPayload{UserErrors: invalidID(err)}, nil
	}
	secret := auth.NewWebhookSecret()
	webhook, made, err := r.books.WebhookRotateSecret(ctx, idempotencyKey, books.RotateSecret{ID: key, Secret: secret})
	refusals, fault := userErrors(err, "webhookId")
	if err != nil {
		return &gen.WebhookRotateSecretPayload{UserErrors: refusals}, fault
	}
	payload := &gen.WebhookRotateSecretPayload{Webhook: &webhook, UserErrors: refusals}
	if made {
		payload.Secret = &secret
	}
	return payload, nil
}

func (r mutationResolver) WebhookTest(ctx context.Context, webhookID, idempotencyKey string) (*gen.WebhookTestPayload, error) {
	key, err := webhookNoun.key("webhookId", webhookID)
	if err != nil {
		return &gen.WebhookTestPayload{UserErrors: invalidID(err)}, nil
	}
	delivery, err := r.books.WebhookTest(ctx, idempotencyKey, books.TestWebhook{ID: key})
	refusals, fault := userErrors(err, "webhookId")
	if err != nil {
		return &gen.WebhookTestPayload{UserErrors: refusals}, fault
	}
	return &gen.WebhookTestPayload{Delivery: &delivery, UserErrors: refusals}, nil
}

func (r mutationResolver) WebhookReplay(ctx context.Context, webhookID string, input gen.WebhookReplayInput, idempotencyKey string) (*gen.WebhookReplayPayload, error) {
	key, err := webhookNoun.key("webhookId", webhookID)
	replay := books.Replay{ID: key, From: value(input.From), Before: value(input.Before)}
	if err == nil && input.DeliveryID != nil {
		replay.DeliveryID, err = deliveryNoun.key("input.deliveryId", *input.DeliveryID)
	}
	if err != nil {
		return &gen.WebhookReplayPayload{UserErrors: invalidID(err)}, nil
	}
	replayed, err := r.books.WebhookReplay(ctx, idempotencyKey, replay)
	refusals, fault := userErrors(err, "webhookId")
	return &gen.WebhookReplayPayload{Deliveries: int(replayed.Deliveries), UserErrors: refusals}, fault
}

func (webhookResolver) ID(_ context.Context, w *books.Webhook) (string, error) {
	return webhookNoun.id(w.ID), nil
}

func (webhookResolver) Description(_ context.Context, w *books.Webhook) (*string, error) {
	return text(w.Description), nil
}

func (webhookResolver) Enabled(_ context.Context, w *books.Webhook) (bool, error) {
	return w.DisabledAt.IsZero(), nil
}

func (webhookResolver) DisabledReason(_ context.Context, w *books.Webhook) (*string, error) {
	return text(w.DisabledReason), nil
}

func (webhookDeliveryResolver) ID(_ context.Context, d *books.Delivery) (string, error) {
	return deliveryNoun.id(d.Key()), nil
}

func (webhookDeliveryResolver) Webhook(ctx context.Context, d *books.Delivery) (*books.Webhook, error) {
	return found(pointer(ctx, requestOf(ctx).webhooks, d.WebhookID))
}

func (webhookDeliveryResolver) MessageID(_ context.Context, d *books.Delivery) (string, error) {
	return "msg_" + d.MessageID, nil
}

func (webhookDeliveryResolver) Event(_ context.Context, d *books.Delivery) (books.NoticeType, error) {
	return d.Message.Type, nil
}

func (webhookDeliveryResolver) OccurredAt(_ context.Context, d *books.Delivery) (*time.Time, error) {
	return &d.Message.At, nil
}

func (webhookDeliveryResolver) Payload(_ context.Context, d *books.Delivery) (string, error) {
	return d.Message.Body, nil
}

func (webhookDeliveryResolver) ResponseCode(_ context.Context, d *books.Delivery) (*int, error) {
	if d.ResponseCode == 0 {
		return nil, nil
	}
	return &d.ResponseCode, nil
}

func (webhookDeliveryResolver) Response(_ context.Context, d *books.Delivery) (*string, error) {
	return text(d.Response), nil
}

func (webhookDeliveryResolver) Error(_ context.Context, d *books.Delivery) (*string, error) {
	return text(d.Error), nil
}
