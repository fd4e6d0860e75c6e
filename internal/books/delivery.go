package books

import (
	"context"
	"strings"
	"time"
)

// DeliveryStatus says how a delivery stands.
type DeliveryStatus string

// The statuses of a delivery.
const (
	DeliveryPending   DeliveryStatus = "PENDING"   // to be sent, at once or again
	DeliveryDelivered DeliveryStatus = "DELIVERED" // taken by the endpoint
	DeliveryFailed    DeliveryStatus = "FAILED"    // not taken in all of its attempts
)

// Delivery is a message on its way to one endpoint.
type Delivery struct {
	WebhookID, MessageID string
	Status               DeliveryStatus
	Attempts             int // that ended, since it was first to be sent or last replayed
	CreatedAt            time.Time
	NextAt               time.Time // when it is sent next, at the earliest; zero unless pending
	FirstAt, LastAt      time.Time // of the attempts; zero before
	DeliveredAt          time.Time // zero unless delivered
	// ResponseCode is the HTTP status of the last answer, 0 where none came; Response is how
	// its text begins; Error is why the attempt failed, "" where it did not.
	ResponseCode    int
	Response, Error string
	// Claim names the lease under which somebody sends it now; "" for nobody.
	Claim string
	// Message is what is told.
	Message Message
}

// Key names the delivery.
func (d *Delivery) Key() string { return d.MessageID + "/" + d.WebhookID }

// maxResponse is how much of an answer is kept: enough to see what was wrong.
const maxResponse = 500

func newDelivery(webhookID string, message Message) Delivery {
	return Delivery{WebhookID: webhookID, MessageID: message.ID, Status: DeliveryPending, CreatedAt: message.At, NextAt: message.At, Message: message}
}

// DeliveryFilter narrows a list of deliveries.
type DeliveryFilter struct {
	WebhookID, MessageID string
	Status               DeliveryStatus
	Type                 NoticeType
	From, Before         time.Time // of messages of [From, Before)
}

// ClaimTime is how long who claimed deliveries may take to send them: a few times of what
// all of them take that time out. Whoever dies meanwhile holds them up by no more.
const ClaimTime = 2 * time.Minute

// KeepMessages is how long messages are kept, and can be replayed.
const KeepMessages = 30 * 24 * time.Hour

// DueWebhooks returns the endpoints in force to which something is to be sent now.
func (b *Books) DueWebhooks(ctx context.Context) (due []Webhook, err error) {
	err = b.store.View(ctx, func(ctx context.Context, tx Tx) error {
		due, err = tx.DueWebhooks(ctx, b.clock())
		return err
	})
	return due, err
}

// ClaimDeliveries takes up to limit deliveries of an endpoint in force that are to be sent
// now: nobody else gets them before ClaimTime is over. Their order is not promised.
func (b *Books) ClaimDeliveries(ctx context.Context, webhookID string, limit int) (webhook Webhook, claimed []Delivery, err error) {
	err = b.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		found, err := tx.WebhooksByID(ctx, []string{webhookID})
		if err != nil || len(found) == 0 || !found[0].DisabledAt.IsZero() {
			return err
		}
		now := b.clock()
		webhook = found[0]
		claimed, err = tx.ClaimDeliveries(ctx, webhookID, b.newID(), now, now.Add(ClaimTime), limit)
		return err
	})
	return webhook, claimed, err
}

// ReleaseDelivery gives back a claimed delivery that was not sent.
func (b *Books) ReleaseDelivery(ctx context.Context, delivery Delivery) error {
	return b.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		released := delivery
		released.NextAt, released.Claim = b.clock(), ""
		_, err := tx.UpdateDelivery(ctx, released, delivery.Claim)
		return err
	})
}

// Tried is what came of an attempt to send a delivery.
type Tried struct {
	Delivery Delivery // as it was claimed
	OK       bool     // the endpoint took it
	Code     int      // the HTTP status; 0 where no answer came
	Response string   // the answer's text, or its beginning
	Error    string   // why it failed
	RetryIn  time.Duration
	GiveUp   bool // it is not tried again
	Gone     bool // the endpoint said that it is no more: 410
}

// DeliveryTried records an attempt. An endpoint that lets a delivery run out of its attempts
// and took nothing since its first one, or says that it is gone, is disabled.
func (b *Books) DeliveryTried(ctx context.Context, tried Tried) error {
	return b.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		now := b.clock()
		d := tried.after(now)
		switch {
		case tried.OK:
			if err := tx.WebhookWorks(ctx, d.WebhookID); err != nil {
				return err
			}
		default:
			if err := tx.WebhookFails(ctx, d.WebhookID, now); err != nil {
				return err
			}
		}
		held, err := tx.UpdateDelivery(ctx, d, tried.Delivery.Claim)
		if err != nil || !held || d.Status != DeliveryFailed {
			return err
		}
		return b.disableFailing(ctx, tx, d, tried.Gone)
	})
}

// after is the delivery after the attempt.
func (t Tried) after(now time.Time) Delivery {
	d := t.Delivery
	d.Claim, d.Attempts, d.LastAt = "", d.Attempts+1, now
	if d.FirstAt.IsZero() {
		d.FirstAt = now
	}
	d.ResponseCode, d.Response, d.Error = t.Code, readable(t.Response), readable(t.Error)
	switch {
	case t.OK:
		d.Status, d.DeliveredAt, d.NextAt = DeliveryDelivered, now, time.Time{}
	case t.GiveUp || t.Gone:
		d.Status, d.NextAt = DeliveryFailed, time.Time{}
	default:
		d.NextAt = now.Add(t.RetryIn)
	}
	return d
}

// readable keeps the beginning of somebody else's text, without what no database takes.
func readable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == '\ufeff' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	n := 0
	for at := range text {
		if n == maxResponse {
			return text[:at]
		}
		n++
	}
	return text
}

// disableFailing takes an endpoint out of force that is gone, or took nothing since the
// first attempt of a delivery that failed.
func (b *Books) disableFailing(ctx context.Context, tx Tx, failed Delivery, gone bool) error {
	webhook, err := tx.LockWebhook(ctx, failed.WebhookID)
	if err != nil || !webhook.DisabledAt.IsZero() {
		return err
	}
	before := &trail{webhook}
	switch {
	case gone:
		webhook.DisabledReason = "it answered 410 Gone"
	case !webhook.FailingSince.IsZero() && !webhook.FailingSince.After(failed.FirstAt):
		webhook.DisabledReason = "it took nothing since " + webhook.FailingSince.Format(time.RFC3339)
	default:
		return nil
	}
	webhook.DisabledAt = b.clock()
	if err := tx.UpdateWebhook(ctx, webhook); err != nil {
		return err
	}
	return b.audit(ctx, tx, "webhook.disable", webhook.ID, `{"reason":"`+webhook.DisabledReason+`"}`, before, webhook)
}

// PruneMessages forgets messages that are older than KeepMessages, with their deliveries,
// some at a time, and returns how many.
func (b *Books) PruneMessages(ctx context.Context) (pruned int64, err error) {
	const part = 1000
	before := b.clock().Add(-KeepMessages)
	for {
		var n int64
		err = b.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = tx.PruneMessages(ctx, before, part)
			return err
		})
		if pruned += n; err != nil || n < part {
			return pruned, err
		}
	}
}
