package books

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Webhook is an endpoint of somebody else that is told what happens.
type Webhook struct {
	ID          string
	URL         string
	Description string
	Events      []NoticeType // what it asks for, in their order; all where empty
	// Secret signs what is sent, whsec_ and base64. It is shown once, and kept as it is, for
	// a hash cannot sign.
	Secret string `json:"-"`
	// Fingerprint tells secrets apart without showing any: see [FingerprintOf].
	Fingerprint string
	// PreviousSecret signs too until PreviousUntil; "" and zero where none does.
	PreviousSecret string `json:"-"`
	PreviousUntil  time.Time
	CreatedBy      string // the actor
	CreatedAt      time.Time
	DisabledAt     time.Time // zero while it is in force
	DisabledReason string
	FailingSince   time.Time // the first attempt that failed since one got through; zero for none
}

// Wants reports whether the endpoint asks for messages of the type.
func (w Webhook) Wants(kind NoticeType) bool {
	return kind != NoticeTest && (len(w.Events) == 0 || slices.Contains(w.Events, kind))
}

// Secrets are those that sign at the instant, the newest first.
func (w Webhook) Secrets(at time.Time) []string {
	if w.PreviousSecret != "" && at.Before(w.PreviousUntil) {
		return []string{w.Secret, w.PreviousSecret}
	}
	return []string{w.Secret}
}

// FingerprintOf is the first twelve hexadecimal digits of the SHA-256 of a secret: who has
// the secret can tell whether it is the one, and nobody can get at it.
func FingerprintOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:6])
}

// WebhookOptions say which endpoints may be told.
type WebhookOptions struct {
	Insecure bool // also http, which can be read on the way: for trials
}

// WebhookFilter narrows a list of endpoints.
type WebhookFilter struct {
	Enabled *bool
}

// Limits of endpoints, each with its reason.
const (
	// MaxWebhooks bounds the endpoints of a book, those that are disabled included: each act
	// looks at all of them. Who has more readers puts a queue behind one.
	MaxWebhooks = 100
	// secretOverlap is how long the secret before signs too: a day to roll out a new one.
	secretOverlap = 24 * time.Hour
	maxURLLength  = 2000
	// SecretPrefix begins every secret of an endpoint.
	SecretPrefix = "whsec_"
)

// NewWebhook asks for an endpoint.
type NewWebhook struct {
	URL         string       `json:"url"`
	Description string       `json:"description"`
	Events      []NoticeType `json:"events"` // all where empty
	// Secret is no part of the request: the same request has another one each time.
	Secret string `json:"-"`
}

// WebhookCreate makes an endpoint that is told from now on. made is false where the key was
// answered before: then the secret of the request is not the endpoint's.
// Errors: INVALID, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) WebhookCreate(ctx context.Context, key string, request NewWebhook) (webhook Webhook, made bool, err error) {
	webhook, err = once(ctx, b, act{"webhook.create", key, request}, func(ctx context.Context, tx Tx) (Webhook, string, error) {
		webhook := Webhook{
			ID: b.newID(), URL: request.URL, Description: request.Description, Secret: request.Secret,
			Fingerprint: FingerprintOf(request.Secret), CreatedBy: CallerOf(ctx).Actor, CreatedAt: b.clock(),
		}
		var err error
		if webhook.Events, err = b.checkWebhook(request.URL, request.Description, request.Events); err != nil {
			return webhook, "", err
		}
		if err := checkSecret(request.Secret); err != nil {
			return webhook, "", err
		}
		n, err := tx.CountWebhooks(ctx, WebhookFilter{})
		if err == nil && n >= MaxWebhooks {
			err = refuse(TooLarge, "", "there are %d endpoints, the most that a book has: update one that is not used any more", n)
		}
		if err != nil {
			return webhook, "", err
		}
		return webhook, webhook.ID, tx.InsertWebhook(ctx, webhook)
	})
	return webhook, err == nil && webhook.Fingerprint == FingerprintOf(request.Secret), err
}

// checkWebhook checks what an endpoint is to be, and puts its events in their order.
func (b *Books) checkWebhook(address, description string, events []NoticeType) ([]NoticeType, error) {
	if err := checkURL(address, b.webhooks.Insecure); err != nil {
		return nil, err
	}
	if err := checkText("description", description, 0, maxTextLength); err != nil {
		return nil, err
	}
	var ordered []NoticeType
	for _, known := range NoticeTypes() {
		if slices.Contains(events, known) {
			ordered = append(ordered, known)
		}
	}
	for _, event := range events {
		if !slices.Contains(ordered, event) {
			return nil, refuse(Invalid, "events", "%q is nothing that an endpoint can ask for", clip(string(event)))
		}
	}
	return ordered, nil
}

// checkURL refuses what is no address to send to. Whether it leads to a private network is
// seen when it is sent to: a name can lead elsewhere tomorrow.
func checkURL(address string, insecure bool) error {
	if err := checkText("url", address, 1, maxURLLength); err != nil {
		return err
	}
	parsed, err := url.Parse(address)
	switch {
	case err != nil || parsed.Hostname() == "" || (parsed.Scheme != "https" && parsed.Scheme != "http"):
		return refuse(Invalid, "url", "must be an address such as https://example.com/hooks, not %q", clip(address))
	case parsed.Scheme == "http" && !insecure:
		return refuse(Invalid, "url", "must begin with https://: what is told would be read on the way (a server for trials allows http with --webhook-insecure)")
	case parsed.User != nil:
		return refuse(Invalid, "url", "must hold no user or password: the signature says who sends")
	case parsed.Fragment != "":
		return refuse(Invalid, "url", "must hold no #: it would not be sent")
	}
	return nil
}

func checkSecret(secret string) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, SecretPrefix))
	if err != nil || !strings.HasPrefix(secret, SecretPrefix) || len(key) < 24 || len(key) > 64 {
		return refuse(Invalid, "secret", "must be %s and the base64 of 24 to 64 bytes", SecretPrefix)
	}
	return nil
}

// WebhookChange asks for another form of an endpoint. Nil fields stay as they are.
type WebhookChange struct {
	ID          string       `json:"id"`
	URL         *string      `json:"url"`
	Description *string      `json:"description"`
	Events      []NoticeType `json:"events"` // nil as they are; empty all
	// Enabled puts an endpoint in force that was disabled. What waited for it is sent, and
	// what came meanwhile can be replayed.
	Enabled *bool `json:"enabled"`
}

// WebhookUpdate changes an endpoint.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) WebhookUpdate(ctx context.Context, key string, request WebhookChange) (Webhook, error) {
	return b.changeWebhook(ctx, act{"webhook.update", key, request}, request.ID, func(webhook *Webhook) (err error) {
		if request.URL != nil {
			webhook.URL = *request.URL
		}
		if request.Description != nil {
			webhook.Description = *request.Description
		}
		if request.Events != nil {
			webhook.Events = request.Events
		}
		if request.Enabled != nil && !*request.Enabled {
			return refuse(Invalid, "enabled", "can only become true here: webhookDisable takes an endpoint out of force, with a reason")
		}
		if request.Enabled != nil {
			webhook.DisabledAt, webhook.DisabledReason, webhook.FailingSince = time.Time{}, "", time.Time{}
		}
		webhook.Events, err = b.checkWebhook(webhook.URL, webhook.Description, webhook.Events)
		return err
	})
}

// DisableWebhook asks that an endpoint is told nothing any more.
type DisableWebhook struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// WebhookDisable takes an endpoint out of force: what waits for it waits on. One that is
// disabled stays as it is. Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) WebhookDisable(ctx context.Context, key string, request DisableWebhook) (Webhook, error) {
	return b.changeWebhook(ctx, act{"webhook.disable", key, request}, request.ID, func(webhook *Webhook) error {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil || !webhook.DisabledAt.IsZero() {
			return err
		}
		webhook.DisabledAt, webhook.DisabledReason = b.clock(), request.Reason
		return nil
	})
}

// RotateSecret asks for a new secret of an endpoint.
type RotateSecret struct {
	ID     string `json:"id"`
	Secret string `json:"-"` // no part of the request: another one each time
}

// WebhookRotateSecret gives an endpoint a new secret. The one before signs too for a day, so
// that the reader can change over. made is false where the key was answered before: then the
// secret of the request is not the endpoint's.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) WebhookRotateSecret(ctx context.Context, key string, request RotateSecret) (webhook Webhook, made bool, err error) {
	webhook, err = b.changeWebhook(ctx, act{"webhook.rotate", key, request}, request.ID, func(webhook *Webhook) error {
		webhook.PreviousSecret, webhook.PreviousUntil = webhook.Secret, b.clock().Add(secretOverlap)
		webhook.Secret, webhook.Fingerprint = request.Secret, FingerprintOf(request.Secret)
		return checkSecret(request.Secret)
	})
	return webhook, err == nil && webhook.Fingerprint == FingerprintOf(request.Secret), err
}

// changeWebhook holds an endpoint, changes it and writes it.
func (b *Books) changeWebhook(ctx context.Context, a act, id string, change func(*Webhook) error) (Webhook, error) {
	return once(ctx, b, a, func(ctx context.Context, tx Tx) (Webhook, string, error) {
		webhook, err := lockWebhook(ctx, tx, id)
		if err != nil {
			return webhook, "", err
		}
		was(ctx, webhook)
		if err := change(&webhook); err != nil {
			return webhook, "", err
		}
		return webhook, webhook.ID, tx.UpdateWebhook(ctx, webhook)
	})
}

func lockWebhook(ctx context.Context, tx Tx, id string) (Webhook, error) {
	webhook, err := tx.LockWebhook(ctx, id)
	if err != nil && CodeOf(err) == NotFound {
		err = refuse(NotFound, "webhookId", "names no endpoint")
	}
	return webhook, err
}
