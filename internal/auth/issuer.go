package auth

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// issuerTime is what an issuer may take to answer: who calls waits for it.
	issuerTime = 5 * time.Second
	// keysTime is how long the answer of an issuer is held: so long a new key may go
	// unnoticed, and so seldom do tokens with made-up keys have the issuer asked.
	keysTime = 10 * time.Second
	// failureTime is how long it is taken for away after it did not answer.
	failureTime = time.Second
	// maxIssuerAnswer bounds what is read of an issuer: keys are some kilobytes.
	maxIssuerAnswer = 1 << 20
	// maxIssuerURLs bounds what is held: an issuer has two addresses, its configuration's and
	// its keys'.
	maxIssuerURLs = 10
)

// held asks an issuer, and holds its answers for a while.
type held struct {
	next http.RoundTripper
	now  func() time.Time

	mu      sync.Mutex
	answers map[string]answered
}

type answered struct {
	response *http.Response // without its body
	body     []byte
	err      error
	until    time.Time
}

func newHeld(next http.RoundTripper) *held {
	if next == nil {
		next = http.DefaultTransport
	}
	return &held{next: next, now: time.Now, answers: map[string]answered{}}
}

// RoundTrip answers from what is held, or asks. One asks at a time.
func (h *held) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	url := r.URL.String()
	known, exists := h.answers[url]
	if !exists || !h.now().Before(known.until) {
		known = h.ask(r)
		if len(h.answers) >= maxIssuerURLs {
			clear(h.answers)
		}
		h.answers[url] = known
	}
	if known.err != nil {
		return nil, known.err
	}
	response := *known.response
	response.Body, response.Request = io.NopCloser(bytes.NewReader(known.body)), r
	return &response, nil
}

func (h *held) ask(r *http.Request) answered {
	response, err := h.next.RoundTrip(r)
	if err != nil {
		return answered{err: err, until: h.now().Add(failureTime)}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxIssuerAnswer+1))
	if err == nil && len(body) > maxIssuerAnswer {
		err = fmt.Errorf("%s answers more than %d bytes", r.URL, maxIssuerAnswer)
	}
	until := keysTime
	if err != nil || response.StatusCode != http.StatusOK {
		until = failureTime
	}
	return answered{response: response, body: body, err: err, until: h.now().Add(until)}
}
