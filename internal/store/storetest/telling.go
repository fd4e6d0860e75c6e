package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
)

func aWebhook() books.Webhook {
	const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" //nolint:gosec // of a test
	return books.Webhook{
		ID: newID(), URL: "https://example.com/hooks?it's=a", Secret: secret, Fingerprint: books.FingerprintOf(secret),
		CreatedBy: "token:ann", CreatedAt: noon,
	}
}

func webhooks(t *testing.T, s *suite) {
	all, some := aWebhook(), aWebhook()
	some.Description, some.Events = "O'Neil's", []books.NoticeType{books.NoticePurchasePaid, books.NoticeLotLapsed}
	some.DisabledAt, some.DisabledReason, some.FailingSince = noon.Add(time.Hour), "it's gone", noon
	some.PreviousSecret, some.PreviousUntil = "whsec_old", noon.Add(24*time.Hour)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertWebhook(ctx, all))
		must(t, tx.InsertWebhook(ctx, some))
		same(t, all)(tx.LockWebhook(ctx, all.ID))
	})
	for _, id := range []string{newID(), "none"} {
		refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { _, err := tx.LockWebhook(ctx, id); return err }), books.NotFound)
	}
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.UpdateWebhook(ctx, aWebhook()) }), books.NotFound)
	yes, no := true, false
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Webhook{all, some})(tx.Webhooks(ctx, books.WebhookFilter{}, books.Page{}))
		same(t, []books.Webhook{some})(tx.Webhooks(ctx, books.WebhookFilter{}, books.Page{Limit: 1, Reverse: true}))
		same(t, []books.Webhook{all})(tx.Webhooks(ctx, books.WebhookFilter{Enabled: &yes}, books.Page{}))
		same(t, []books.Webhook{some})(tx.Webhooks(ctx, books.WebhookFilter{Enabled: &no}, books.Page{}))
		same(t, []books.Webhook{some})(tx.WebhooksByID(ctx, []string{some.ID, newID()}))
		same(t, int64(1))(tx.CountWebhooks(ctx, books.WebhookFilter{Enabled: &no}))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.WebhookFails(ctx, all.ID, noon))
		must(t, tx.WebhookFails(ctx, all.ID, noon.Add(time.Hour))) // the first stays
		must(t, tx.WebhookWorks(ctx, some.ID))
	})
	all.FailingSince, some.FailingSince = noon, time.Time{}
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Webhook{all, some})(tx.Webhooks(ctx, books.WebhookFilter{}, books.Page{}))
	})
	all.URL, all.Events, all.Secret = "https://example.org", []books.NoticeType{books.NoticeJobFinished}, "whsec_x"
	all.Fingerprint, all.FailingSince = books.FingerprintOf("whsec_x"), time.Time{}
	s.update(func(ctx context.Context, tx books.Tx) { must(t, tx.UpdateWebhook(ctx, all)) })
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Webhook{all})(tx.WebhooksByID(ctx, []string{all.ID}))
	})
}

// toldOf is a message with a delivery to each endpoint.
func toldOf(kind books.NoticeType, at time.Time, to ...books.Webhook) (books.Message, []books.Delivery) {
	message := books.Message{ID: newID(), Type: kind, At: at, Body: `{"type":"` + string(kind) + `","data":{"customer":"O'Neil é"}}`}
	var deliveries []books.Delivery
	for _, webhook := range to {
		deliveries = append(deliveries, books.Delivery{
			WebhookID: webhook.ID, MessageID: message.ID, Status: books.DeliveryPending, CreatedAt: at, NextAt: at, Message: message,
		})
	}
	return message, deliveries
}

func deliveries(t *testing.T, s *suite) {
	a, b, off := aWebhook(), aWebhook(), aWebhook()
	off.DisabledAt = noon
	first, ofFirst := toldOf(books.NoticePurchasePaid, noon, a, b)
	second, ofSecond := toldOf(books.NoticeLotLapsed, noon.Add(time.Hour), a, off)
	third, _ := toldOf(books.NoticePurchasePaid, noon.Add(2*time.Hour))
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, webhook := range []books.Webhook{a, b, off} {
			must(t, tx.InsertWebhook(ctx, webhook))
		}
		must(t, tx.InsertMessages(ctx, nil, nil))
		must(t, tx.InsertMessages(ctx, []books.Message{first, second, third}, append(ofFirst, ofSecond...)))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, append(ofFirst, ofSecond...))(tx.Deliveries(ctx, books.DeliveryFilter{}, books.Page{}))
		same(t, []books.Delivery{ofFirst[1], ofSecond[0]})(tx.Deliveries(ctx, books.DeliveryFilter{}, books.Page{After: ofFirst[0].Key(), Limit: 2}))
		same(t, []books.Delivery{ofFirst[0]})(tx.Deliveries(ctx, books.DeliveryFilter{}, books.Page{After: ofFirst[1].Key(), Reverse: true}))
		same(t, []books.Delivery{ofFirst[0], ofSecond[0]})(tx.Deliveries(ctx, books.DeliveryFilter{WebhookID: a.ID}, books.Page{}))
		same(t, ofFirst)(tx.Deliveries(ctx, books.DeliveryFilter{MessageID: first.ID}, books.Page{}))
		same(t, ofSecond)(tx.Deliveries(ctx, books.DeliveryFilter{Type: books.NoticeLotLapsed, Status: books.DeliveryPending}, books.Page{}))
		same(t, ofFirst)(tx.Deliveries(ctx, books.DeliveryFilter{Before: second.At}, books.Page{}))
		same(t, []books.Delivery{})(tx.Deliveries(ctx, books.DeliveryFilter{Status: books.DeliveryFailed, WebhookID: "none"}, books.Page{}))
		same(t, int64(2))(tx.CountDeliveries(ctx, books.DeliveryFilter{WebhookID: a.ID}))
		same(t, int64(2))(tx.CountMessages(ctx, []books.NoticeType{books.NoticePurchasePaid}, noon, noon.Add(3*time.Hour)))
		same(t, int64(1))(tx.CountMessages(ctx, books.NoticeTypes(), noon, second.At))
		same(t, []books.Webhook{a, b})(tx.DueWebhooks(ctx, noon))
		same(t, books.OutboxStatus{Pending: 3, Disabled: 1, OldestAt: noon})(tx.OutboxStatus(ctx))
	})
	claim, until := newID(), noon.Add(time.Minute)
	claimed := ofFirst[0]
	claimed.Claim, claimed.NextAt = claim, until
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Delivery{claimed})(tx.ClaimDeliveries(ctx, a.ID, claim, noon, until, 5))
		same(t, []books.Delivery(nil))(tx.ClaimDeliveries(ctx, a.ID, newID(), noon, until, 5)) // one is taken, the other not due
	})
	s.view(func(ctx context.Context, tx books.Tx) { same(t, []books.Webhook{b})(tx.DueWebhooks(ctx, noon)) })
	failed := claimed
	failed.Status, failed.Claim, failed.NextAt, failed.Attempts = books.DeliveryFailed, "", time.Time{}, 10
	failed.FirstAt, failed.LastAt, failed.ResponseCode, failed.Response, failed.Error = noon, until, 503, "it's <down>\n", "answered 503"
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, false)(tx.UpdateDelivery(ctx, failed, newID()))
		same(t, true)(tx.UpdateDelivery(ctx, failed, claim))
		same(t, false)(tx.UpdateDelivery(ctx, failed, claim)) // it is under no claim any more
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Delivery{failed})(tx.Deliveries(ctx, books.DeliveryFilter{Status: books.DeliveryFailed}, books.Page{}))
	})
	again := ofFirst[0]
	again.NextAt = noon.Add(5 * time.Hour)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.ReplayDelivery(ctx, again))
		same(t, []books.Delivery{again})(tx.Deliveries(ctx, books.DeliveryFilter{MessageID: first.ID, WebhookID: a.ID}, books.Page{}))
		same(t, int64(2))(tx.ReplayMessages(ctx, b.ID, []books.NoticeType{books.NoticePurchasePaid}, noon, noon.Add(3*time.Hour), again.NextAt))
		same(t, int64(2))(tx.CountDeliveries(ctx, books.DeliveryFilter{WebhookID: b.ID}))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, int64(1))(tx.PruneMessages(ctx, third.At, 1))
		same(t, int64(1))(tx.PruneMessages(ctx, third.At, 5))
		same(t, int64(0))(tx.PruneMessages(ctx, third.At, 5))
		same(t, int64(1))(tx.CountDeliveries(ctx, books.DeliveryFilter{}))
	})
}

// Two that claim at the same time get no delivery twice, and together all of them.
func claimsAtOnce(t *testing.T, s *suite) {
	webhook := aWebhook()
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertWebhook(ctx, webhook))
		for range 20 {
			message, to := toldOf(books.NoticePurchasePaid, noon, webhook)
			must(t, tx.InsertMessages(ctx, []books.Message{message}, to))
		}
	})
	const servers = 4
	got := make(chan []books.Delivery, servers)
	for range servers {
		go func() {
			var claimed []books.Delivery
			_ = s.tryUpdate(func(ctx context.Context, tx books.Tx) (err error) {
				claimed, err = tx.ClaimDeliveries(ctx, webhook.ID, newID(), noon, noon.Add(time.Minute), 5)
				return err
			})
			got <- claimed
		}()
	}
	seen := map[string]bool{}
	for range servers {
		for _, delivery := range <-got {
			if seen[delivery.Key()] {
				t.Errorf("%s was claimed twice", delivery.Key())
			}
			seen[delivery.Key()] = true
		}
	}
	for range servers { // what was skipped, held by another at that moment, is there still
		s.update(func(ctx context.Context, tx books.Tx) {
			claimed, err := tx.ClaimDeliveries(ctx, webhook.ID, newID(), noon, noon.Add(time.Minute), 5)
			must(t, err)
			for _, delivery := range claimed {
				if seen[delivery.Key()] {
					t.Errorf("%s was claimed twice", delivery.Key())
				}
				seen[delivery.Key()] = true
			}
		})
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 were claimed", len(seen))
	}
}
