package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"drawdown/internal/books"
)

// Limits of an attempt, each with its reason.
const (
	attemptTime = 15 * time.Second // the scheme proposes 15 to 30: who needs longer takes it and works later
	dialTime    = 10 * time.Second
	maxAnswer   = 4 << 10 // bytes that are read: some hundred characters are kept
)

// sender makes one attempt after the other.
type sender struct {
	client   *http.Client
	insecure bool
	now      func() time.Time
}

func newSender(o Options) sender {
	transport := &http.Transport{
		// No proxy of the environment: it would dial where this does not look.
		Proxy:       nil,
		DialContext: dialer(o.Private).DialContext, TLSHandshakeTimeout: dialTime, ForceAttemptHTTP2: true,
		MaxConnsPerHost: 2 * perEndpoint, MaxIdleConns: books.MaxWebhooks, IdleConnTimeout: time.Minute,
		DisableCompression: true, MaxResponseHeaderBytes: 16 << 10, TLSClientConfig: o.TLS.Clone(),
	}
	return sender{insecure: o.Insecure, now: time.Now, client: &http.Client{
		Transport: transport, Timeout: o.Timeout,
		// Where an endpoint moves to, its owner says here; not its old address.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// attempt sends a delivery and says what came of it, and how long the endpoint asks to wait.
func (s sender) attempt(ctx context.Context, to books.Webhook, delivery books.Delivery, userAgent string) (tried books.Tried, asked time.Duration) {
	tried.Delivery = delivery
	request, err := s.request(ctx, to, delivery)
	if err != nil {
		tried.Error = err.Error()
		return tried, 0
	}
	request.Header.Set("User-Agent", userAgent)
	answer, err := s.client.Do(request)
	if err != nil {
		tried.Error = reason(err)
		return tried, 0
	}
	defer func() { _ = answer.Body.Close() }()                      // it was read as far as it matters
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1)) // the status counts, however the text ends
	tried.Code, tried.Response = answer.StatusCode, string(text)
	tried.OK = answer.StatusCode >= 200 && answer.StatusCode < 300
	tried.Gone = answer.StatusCode == http.StatusGone
	if !tried.OK {
		tried.Error = "answered " + answer.Status
	}
	return tried, retryAfter(answer, s.now())
}

// request is the delivery, signed by every secret that is in force.
func (s sender) request(ctx context.Context, to books.Webhook, delivery books.Delivery) (*http.Request, error) {
	if strings.HasPrefix(to.URL, "http://") && !s.insecure {
		return nil, errors.New("http is not sent to: what is told would be read on the way (--webhook-insecure allows it)")
	}
	at, id, body := s.now(), "msg_"+delivery.MessageID, []byte(delivery.Message.Body)
	var signatures []string
	for _, secret := range to.Secrets(at) {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return nil, errors.New("the secret of the endpoint signs nothing: rotate it")
		}
		signature, err := signer.Sign(id, at, body)
		if err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
		signatures = append(signatures, signature)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, strings.NewReader(delivery.Message.Body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(standardwebhooks.HeaderWebhookID, id)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return request, nil
}

// reason says why no answer came, without the address, which whoever reads it knows.
func reason(err error) string {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "no answer in time"
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
