package webhook

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// told is a request as an endpoint got it.
type told struct {
	id, signatures, body string
	verified             error
}

// endpoint is somebody who is told.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	got    []told
	answer func(n int, w http.ResponseWriter) // of the nth request, from 1; 204 where nil
}

func newEndpoint(t *testing.T, secret string, answer func(n int, w http.ResponseWriter)) *endpoint {
	t.Helper()
	e := &endpoint{answer: answer}
	e.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err == nil {
			err = verifier.Verify(body, r.Header)
		}
		e.mu.Lock()
		e.got = append(e.got, told{r.Header.Get("webhook-id"), r.Header.Get("webhook-signature"), string(body), err})
		n := len(e.got)
		e.mu.Unlock()
		if answer != nil {
			answer(n, w)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) all() []told {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]told(nil), e.got...)
}

// server is a book, and a dispatcher that trusts the endpoints of the test.
type server struct {
	*testing.T
	book    *books.Books
	store   books.Store
	now     *time.Time
	options Options
}

func newServer(t *testing.T, url string, endpoints ...*endpoint) *server {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{})
	if err == nil {
		err = db.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := &server{T: t, store: db, now: &now}
	s.book = s.open(db)
	roots := x509.NewCertPool()
	for _, e := range endpoints {
		roots.AddCert(e.Certificate())
	}
	client := endpoints[0].Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.RootCAs = roots
	s.options = Options{Private: true, TLS: client, Random: func(below time.Duration) time.Duration { return below / 2 }}
	return s
}

func (s *server) open(db books.Store) *books.Books {
	s.Helper()
	book, err := books.Open(s.Context(), db, books.Options{Now: func() time.Time { return *s.now }, Webhooks: books.WebhookOptions{Insecure: true}})
	if err != nil {
		s.Fatal(err)
	}
	return book
}

func sqlite(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "a.db") }

func (s *server) dispatcher(book Book) *Dispatcher {
	return New(book, slog.New(slog.DiscardHandler), s.options)
}

func (s *server) send() { s.dispatcher(s.book).Send(s.Context()) }

func (s *server) listen(e *endpoint, events ...books.NoticeType) books.Webhook {
	s.Helper()
	webhook, _, err := s.book.WebhookCreate(s.Context(), "hook"+e.URL, books.NewWebhook{URL: e.URL, Events: events, Secret: secret})
	if err != nil {
		s.Fatal(err)
	}
	return webhook
}

// customer makes a customer, and grant one notice of them.
func (s *server) customer() {
	s.Helper()
	if _, err := s.book.CustomerCreate(s.Context(), "c", books.NewCustomer{ExternalID: "acme"}); err != nil {
		s.Fatal(err)
	}
	if _, err := s.book.PolicyCreate(s.Context(), "p", books.NewPolicy{Code: "default"}); err != nil {
		s.Fatal(err)
	}
}

func (s *server) grant(key string) {
	s.Helper()
	if _, err := s.book.Grant(s.Context(), key, books.NewGrant{Customer: "acme", Credits: decimal.NewFromInt(5), Reason: books.Promo, NeverExpires: true}); err != nil {
		s.Fatal(err)
	}
}

func (s *server) deliveries() (found []books.Delivery) {
	s.Helper()
	err := s.book.View(s.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		found, err = tx.Deliveries(ctx, books.DeliveryFilter{}, books.Page{})
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return found
}

// The example that Standard Webhooks publishes.
func TestPublishedExample(t *testing.T) {
	s := sender{now: func() time.Time { return time.Unix(1614265330, 0) }}
	request, err := s.request(t.Context(), books.Webhook{URL: "https://example.com", Secret: secret}, books.Delivery{
		MessageID: "p5jXN8AQM9LWM0D4loKWxJek", Message: books.Message{Body: `{"test": 2432232314}`},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "content-type": "application/json",
	}
	for name, value := range want {
		if got := request.Header.Get(name); got != value {
			t.Errorf("%s is %q, not %q", name, got, value)
		}
	}
}

// An act is told once, signed, and the same act again is not told again.
func TestTell(t *testing.T) {
	e := newEndpoint(t, secret, nil)
	s := newServer(t, sqlite(t), e)
	s.customer()
	s.grant("before anybody listens")
	s.listen(e)
	s.grant("g")
	s.grant("g")
	s.send()
	s.send()
	got := e.all()
	if len(got) != 1 || got[0].verified != nil {
		t.Fatalf("told %+v", got)
	}
	var message struct {
		Type      string
		Timestamp time.Time
		Data      map[string]any
	}
	if err := json.Unmarshal([]byte(got[0].body), &message); err != nil {
		t.Fatal(err)
	}
	if message.Type != "grant.created" || !message.Timestamp.Equal(*s.now) || message.Data["customer"] != "acme" || message.Data["granted"] != "5" || message.Data["expiresAt"] != nil {
		t.Errorf("told %+v", message)
	}
	if d := s.deliveries(); len(d) != 1 || d[0].Status != books.DeliveryDelivered || d[0].ResponseCode != 204 || d[0].Attempts != 1 || "msg_"+d[0].MessageID != got[0].id {
		t.Errorf("deliveries are %+v", d)
	}
}

// Only what is asked for is told.
func TestEvents(t *testing.T) {
	e := newEndpoint(t, secret, nil)
	s := newServer(t, sqlite(t), e)
	s.customer()
	s.listen(e, books.NoticePurchasePaid)
	s.grant("g")
	s.send()
	if got := e.all(); len(got) != 0 || len(s.deliveries()) != 0 {
		t.Errorf("told %+v", got)
	}
}

// A delivery is tried ten times over three days, waiting as the table says, and then an
// endpoint that took nothing meanwhile is disabled.
func TestRetries(t *testing.T) {
	e := newEndpoint(t, secret, func(_ int, w http.ResponseWriter) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, strings.Repeat("é", 600)+"\x00")
	})
	s := newServer(t, sqlite(t), e)
	s.customer()
	webhook := s.listen(e)
	s.grant("g")
	for n, wait := range waits {
		s.send()
		s.send() // not before its time
		d := s.deliveries()[0]
		if d.Attempts != n+1 || d.Status != books.DeliveryPending || d.NextAt.Sub(*s.now).Round(time.Second) != wait || d.ResponseCode != 503 || d.Error != "answered 503 Service Unavailable" || d.Response != strings.Repeat("é", 500) {
			t.Fatalf("after %d attempts: %+v", n+1, d)
		}
		*s.now = d.NextAt
	}
	s.send()
	if d := s.deliveries()[0]; d.Attempts != 10 || d.Status != books.DeliveryFailed || !d.NextAt.IsZero() || len(e.all()) != 10 {
		t.Fatalf("in the end: %+v", d)
	}
	ids := map[string]bool{}
	for _, got := range e.all() {
		ids[got.id] = true
	}
	if len(ids) != 1 {
		t.Errorf("sent under %v", ids)
	}
	found := one(t, s.book, webhook.ID)
	if found.DisabledAt.IsZero() || found.DisabledReason != "it took nothing since 2026-03-01T12:00:00Z" {
		t.Errorf("the endpoint is %+v", found)
	}
	enabled := true
	s.grant("meanwhile")
	if _, err := s.book.WebhookUpdate(t.Context(), "on", books.WebhookChange{ID: webhook.ID, Enabled: &enabled}); err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	e.got = nil
	e.mu.Unlock()
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	*s.now = s.now.Add(time.Second)
	if n, err := s.book.WebhookReplay(t.Context(), "r", books.Replay{ID: webhook.ID, From: from}); err != nil || n.Deliveries != 2 {
		t.Fatal(n, err) // the one that failed, and the one that nobody was sent
	}
	s.send()
	if got := e.all(); len(got) != 2 || !ids[got[0].id] && !ids[got[1].id] {
		t.Errorf("replayed %+v", got)
	}
}

// An endpoint that has too much to do is left alone for as long as it asks, up to a day; how
// often it is tried does not change.
func TestRetryAfter(t *testing.T) {
	steps := []struct {
		code  int
		asks  string
		after time.Duration
	}{
		{http.StatusTooManyRequests, "100", 105 * time.Second}, // not after 5 s; chance is in the middle: a twentieth more
		{http.StatusServiceUnavailable, "10", 5 * time.Minute},
		{http.StatusServiceUnavailable, "99999999999999999999999", 24*time.Hour + 72*time.Minute},
		{http.StatusTooManyRequests, "31536000", 24*time.Hour + 72*time.Minute}, // a year
		{http.StatusInternalServerError, "86400", 5 * time.Hour},                // it does not say so with this status
		{http.StatusServiceUnavailable, "soon", 10 * time.Hour},
		{http.StatusServiceUnavailable, "-5", 14 * time.Hour},
		{http.StatusServiceUnavailable, "Sun, 06 Nov 1994 08:49:37 GMT", 20 * time.Hour}, // long over
		{http.StatusServiceUnavailable, "86400", 24 * time.Hour},
	}
	e := newEndpoint(t, secret, func(n int, w http.ResponseWriter) {
		if n <= len(steps) {
			w.Header().Set("Retry-After", steps[n-1].asks)
			w.WriteHeader(steps[n-1].code)
		}
	})
	s := newServer(t, sqlite(t), e)
	s.customer()
	s.listen(e)
	s.grant("g")
	for n, step := range steps {
		s.send()
		d := s.deliveries()[0]
		if wait := d.NextAt.Sub(*s.now).Round(time.Second); d.Attempts != n+1 || wait != step.after {
			t.Fatalf("attempt %d: waits for %s after %d and Retry-After: %s, want %s", d.Attempts, wait, step.code, step.asks, step.after)
		}
		*s.now = d.NextAt
	}
	s.send()
	if d := s.deliveries()[0]; d.Attempts != 10 || d.Status != books.DeliveryDelivered {
		t.Fatalf("in the end: %+v", d)
	}
}

// A date says when, by RFC 9110; the wait is up to a tenth longer than what was asked for.
func TestRetryAfterADate(t *testing.T) {
	answer := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"Fri, 31 Dec 1999 23:59:59 GMT"}}}
	now := time.Date(1999, 12, 31, 23, 29, 59, 0, time.UTC)
	if asked := retryAfter(answer, now); asked != 30*time.Minute {
		t.Errorf("half an hour before, it asks for %s", asked)
	}
	if asked := retryAfter(answer, now.AddDate(0, -1, 0)); asked != 24*time.Hour {
		t.Errorf("a month before, it asks for %s", asked)
	}
	most := func(below time.Duration) time.Duration { return below - 1 }
	if wait, more := retryIn(2, time.Hour, most); wait != 66*time.Minute || !more {
		t.Errorf("an hour asked for is a wait of %s, %t", wait, more)
	}
	if wait, more := retryIn(4, time.Hour, most); wait != 132*time.Minute || !more {
		t.Errorf("an hour asked for where two are due is a wait of %s, %t", wait, more)
	}
	if _, more := retryIn(10, time.Hour, most); more {
		t.Error("an eleventh attempt is made of an endpoint that asks for time")
	}
}

func one(t *testing.T, book *books.Books, id string) (found books.Webhook) {
	t.Helper()
	err := book.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		all, err := tx.WebhooksByID(ctx, []string{id})
		if err == nil {
			found = all[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// dying is a process that ends between sending and saying so.
type dying struct{ Book }

func (dying) DeliveryTried(context.Context, books.Tried) error { return errors.New("the power failed") }

// What was sent and not recorded is sent again, under the same id, once the claim is over.
func TestCrashAfterSending(t *testing.T) {
	e := newEndpoint(t, secret, nil)
	s := newServer(t, sqlite(t), e)
	s.customer()
	s.listen(e)
	s.grant("g")
	s.dispatcher(dying{s.book}).Send(t.Context())
	s.send() // the claim holds
	if n := len(e.all()); n != 1 {
		t.Fatalf("sent %d times while the claim holds", n)
	}
	*s.now = s.now.Add(books.ClaimTime)
	s.send()
	got := e.all()
	if len(got) != 2 || got[0].id != got[1].id || got[1].verified != nil || got[0].body != got[1].body {
		t.Errorf("sent %+v", got)
	}
	if d := s.deliveries()[0]; d.Status != books.DeliveryDelivered {
		t.Errorf("it is %+v", d)
	}
}

// Several servers at once send each message once, while no claim is over.
func TestServersAtOnce(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{"sqlite": sqlite, "postgres": func(t *testing.T) string { return pgtest.URL(t) }} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, secret, func(_ int, w http.ResponseWriter) {
				time.Sleep(5 * time.Millisecond)
				w.WriteHeader(http.StatusOK)
			})
			s := newServer(t, url(t), e)
			s.customer()
			s.listen(e)
			const messages = 60
			for i := range messages {
				s.grant(fmt.Sprint(i))
			}
			var servers sync.WaitGroup
			for range 3 {
				servers.Go(func() { s.dispatcher(s.book).Send(t.Context()) })
			}
			servers.Wait()
			s.send() // those that were passed over as another held them
			ids := map[string]int{}
			for _, got := range e.all() {
				ids[got.id]++
			}
			if len(ids) != messages || len(e.all()) != messages {
				t.Errorf("%d messages were sent %d times, of %d", len(ids), len(e.all()), messages)
			}
		})
	}
}

// An endpoint that hangs holds up no other.
func TestSlowEndpoint(t *testing.T) {
	hang := make(chan struct{})
	slow := newEndpoint(t, secret, func(int, http.ResponseWriter) { <-hang })
	quick := newEndpoint(t, secret, nil)
	s := newServer(t, sqlite(t), slow, quick)
	s.customer()
	s.listen(slow)
	s.listen(quick)
	for i := range 20 {
		s.grant(fmt.Sprint(i))
	}
	sent := make(chan struct{})
	go func() { defer close(sent); s.send() }()
	for wait := time.Now().Add(10 * time.Second); len(quick.all()) < 20 && time.Now().Before(wait); {
		time.Sleep(5 * time.Millisecond)
	}
	if n := len(slow.all()); n != perEndpoint || len(quick.all()) != 20 {
		t.Errorf("%d at the slow one, %d at the quick one", n, len(quick.all()))
	}
	close(hang)
	<-sent
}

// To stop is to let attempts end and to give the rest back at once.
func TestStop(t *testing.T) {
	hang, begun := make(chan struct{}), make(chan struct{}, 20)
	e := newEndpoint(t, secret, func(_ int, w http.ResponseWriter) { begun <- struct{}{}; <-hang; w.WriteHeader(http.StatusOK) })
	s := newServer(t, sqlite(t), e)
	s.customer()
	s.listen(e)
	for i := range 10 {
		s.grant(fmt.Sprint(i))
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.dispatcher(s.book).Run(ctx) }()
	for range perEndpoint {
		<-begun
	}
	stop()
	close(hang)
	<-ended
	delivered, due := 0, 0
	for _, d := range s.deliveries() {
		switch {
		case d.Status == books.DeliveryDelivered:
			delivered++
		case d.Claim == "" && !d.NextAt.After(*s.now):
			due++
		}
	}
	if delivered != perEndpoint || due != 10-perEndpoint {
		t.Errorf("%d were delivered, %d given back", delivered, due)
	}
}

// After a rotation the reader can verify with either secret for a day, then with the new one.
func TestRotate(t *testing.T) {
	const fresh = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	webhook := books.Webhook{URL: "https://example.com", Secret: fresh, PreviousSecret: secret, PreviousUntil: time.Now().Add(time.Minute)}
	for _, test := range []struct {
		at   time.Time
		with map[string]bool
	}{
		{time.Now(), map[string]bool{fresh: true, secret: true}},
		{time.Now().Add(2 * time.Minute), map[string]bool{fresh: true, secret: false}},
	} {
		s := sender{now: func() time.Time { return test.at }}
		request, err := s.request(t.Context(), webhook, books.Delivery{MessageID: "x", Message: books.Message{Body: "{}"}})
		if err != nil {
			t.Fatal(err)
		}
		for with, verifies := range test.with {
			verifier, _ := standardwebhooks.NewWebhook(with)
			if err := verifier.Verify([]byte("{}"), request.Header); (err == nil) != verifies {
				t.Errorf("at %s with %s: %v", test.at, with, err)
			}
		}
	}
}

// What an endpoint may not do to us.
func TestRefusals(t *testing.T) {
	elsewhere := newEndpoint(t, secret, nil)
	for name, test := range map[string]struct {
		answer func(int, http.ResponseWriter)
		change func(*Options)
		error  string
		status books.DeliveryStatus
	}{
		"a redirect": {func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, nil, "answered 307 Temporary Redirect", books.DeliveryPending},
		"gone":              {func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusGone) }, nil, "answered 410 Gone", books.DeliveryFailed},
		"silence":           {func(int, http.ResponseWriter) { time.Sleep(300 * time.Millisecond) }, func(o *Options) { o.Timeout = 50 * time.Millisecond }, "no answer in time", books.DeliveryPending},
		"a private address": {nil, func(o *Options) { o.Private = false }, "127.0.0.1 is no address of the Internet (--webhook-private allows it)", books.DeliveryPending},
		"an unknown signer": {nil, func(o *Options) { o.TLS = nil }, "x509: certificate signed by unknown authority", books.DeliveryPending},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, secret, test.answer)
			s := newServer(t, sqlite(t), e, elsewhere)
			if test.change != nil {
				test.change(&s.options)
			}
			s.customer()
			webhook := s.listen(e)
			s.grant("g")
			s.send()
			if d := s.deliveries()[0]; d.Error != test.error || d.Status != test.status {
				t.Errorf("%s: %q, not %q", d.Status, d.Error, test.error)
			}
			if found := one(t, s.book, webhook.ID); found.DisabledAt.IsZero() == (test.status == books.DeliveryFailed) {
				t.Errorf("the endpoint is %+v", found)
			}
		})
	}
	if n := len(elsewhere.all()); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
	plain := sender{now: time.Now}
	if _, err := plain.request(t.Context(), books.Webhook{URL: "http://example.com", Secret: secret}, books.Delivery{}); err == nil {
		t.Error("http is sent to")
	}
}

func TestPublicAddresses(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8": true, "93.184.216.34": true, "2606:4700::1111": true,
		"127.0.0.1": false, "127.9.9.9": false, "10.0.0.1": false, "172.16.5.4": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.1.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false, "fe80::1%eth0": false,
		"fd00::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false, "ff02::1": false,
		"198.18.0.1": false, "2001:db8::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != public {
			t.Errorf("%s is public: %t", address, got)
		}
	}
}
