package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
)

// hold keeps requests at work until release is called; at returns when so many are.
func (a *api) hold() (at func(n int), release func()) {
	hold, held := make(chan struct{}), make(chan struct{}, 100)
	a.store.hold, a.store.held = hold, held
	return func(n int) {
			for range n {
				<-held
			}
		}, func() {
			close(hold)
		}
}

const zone = `{"query":"{ book { timeZone } }"}`

func (got answered) overloaded() bool {
	return got.Status == http.StatusServiceUnavailable && len(got.Errors) == 1 && got.Errors[0].Extensions["code"] == "OVERLOADED" && got.Header.Get("Retry-After") == "1"
}

// More requests than there are places for are told to come back, after a short wait; health
// is answered all the same. What was at work is answered.
func TestPlaces(t *testing.T) {
	a := newAPI(t)
	a.serve(graph.Options{Limits: graph.Limits{Requests: 2, Wait: 20 * time.Millisecond}})
	var secrets []string
	for i := range 3 {
		secrets = append(secrets, newToken(t, a.books, books.NewToken{Name: fmt.Sprint("caller-", i), Roles: []books.Role{books.Viewer}}))
	}
	from := func(caller int) answered {
		r := post(strings.NewReader(zone))
		r.Header.Set("Authorization", "Bearer "+secrets[caller])
		return a.send(r)
	}
	for caller := range secrets {
		from(caller) // from here on the token is known, and costs no look-up
	}
	at, release := a.hold()
	var working sync.WaitGroup
	for caller := range 2 {
		working.Go(func() {
			if got := from(caller); got.Status != http.StatusOK || got.body != `{"data":{"book":{"timeZone":"UTC"}}}`+"\n" {
				t.Errorf("%d %s", got.Status, got.body)
			}
		})
	}
	at(2)
	if got := from(1); !got.overloaded() || !strings.Contains(got.body, "1 requests of this caller are at work") {
		t.Errorf("%d %v %s", got.Status, got.Header, got.body)
	}
	if got := from(2); !got.overloaded() || !strings.Contains(got.body, "2 requests are at work") {
		t.Errorf("%d %v %s", got.Status, got.Header, got.body)
	}
	if got := a.send(httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody)); got.Status != http.StatusOK {
		t.Errorf("healthz is %d", got.Status)
	}
	release()
	working.Wait()
	if got := a.send(post(strings.NewReader(zone))); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.body)
	}
}

// Four of the heaviest requests run at the same time; a fifth waits, and is told to come
// back. It holds a place no longer than that.
func TestWeight(t *testing.T) {
	a := newAPI(t)
	a.serve(graph.Options{Limits: graph.Limits{Complexity: 9, Queries: 9, Wait: 20 * time.Millisecond}})
	at, release := a.hold()
	var working sync.WaitGroup
	const heavy = `{"query":"{ customers(first: 7) { nodes { id } } }"}` // 9 fields
	for range 4 {
		working.Go(func() {
			if got := a.send(post(strings.NewReader(heavy))); got.Status != http.StatusOK {
				t.Errorf("%d %s", got.Status, got.body)
			}
		})
	}
	at(4)
	if got := a.send(post(strings.NewReader(heavy))); !got.overloaded() || !strings.Contains(got.body, "ask for 36 fields and this one for about 9 more") {
		t.Errorf("%d %s", got.Status, got.body)
	}
	release()
	working.Wait()
	if got := a.send(post(strings.NewReader(heavy))); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.body)
	}
}

// Of one caller a few queries are at work at the same time; another's are answered beside
// them.
func TestQueriesOfACaller(t *testing.T) {
	a := newAPI(t)
	a.serve(graph.Options{Limits: graph.Limits{Queries: 1, Wait: 20 * time.Millisecond}})
	other := newToken(t, a.books, books.NewToken{Name: "other", Roles: []books.Role{books.Viewer}})
	others := func() answered {
		r := post(strings.NewReader(zone))
		r.Header.Set("Authorization", "Bearer "+other)
		return a.send(r)
	}
	others() // from here on the token is known, and costs no look-up
	at, release := a.hold()
	var working sync.WaitGroup
	working.Go(func() { a.send(post(strings.NewReader(zone))) })
	at(1)
	if got := a.send(post(strings.NewReader(zone))); !got.overloaded() || !strings.Contains(got.body, "1 queries of this caller") {
		t.Errorf("%d %s", got.Status, got.body)
	}
	working.Go(func() {
		if got := others(); got.Status != http.StatusOK {
			t.Errorf("%d %s", got.Status, got.body)
		}
	})
	at(1)
	release()
	working.Wait()
}

// A caller who asks for more than its share is told when to come back, on both endpoints;
// others are not.
func TestRate(t *testing.T) {
	a := newAPI(t)
	a.serve(graph.Options{Limits: graph.Limits{Rate: 1, Burst: 30}})
	one, other := a.token("one", books.Operator), a.token("other", books.Operator)
	from := func(r *http.Request, secret string) answered {
		r.Header.Set("Authorization", "Bearer "+secret)
		return a.send(r)
	}
	// Each counts ten, and its two fields.
	for range 2 {
		if got := from(post(strings.NewReader(zone)), one); got.Status != http.StatusOK {
			t.Fatalf("%d %s", got.Status, got.body)
		}
	}
	got := from(post(strings.NewReader(zone)), one)
	if got.Status != http.StatusTooManyRequests || got.Errors[0].Extensions["code"] != "RATE_LIMITED" || got.Header.Get("Retry-After") != "4" || !strings.Contains(got.body, `"retryAfter":4`) {
		t.Errorf("%d %v %s", got.Status, got.Header, got.body)
	}
	usage := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/v1/usage", strings.NewReader(""))
		r.Header.Set("Content-Type", "application/x-ndjson")
		return r
	}
	if got := from(usage(), one); got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") != "4" || !strings.Contains(got.body, `"stopped":{"code":"RATE_LIMITED"`) {
		t.Errorf("%d %v %s", got.Status, got.Header, got.body)
	}
	if got := from(post(strings.NewReader(zone)), other); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.body)
	}
	// Who is nobody is known by their address. A site of IPv6 is one.
	for i, test := range []struct {
		address string
		status  int
	}{
		{"192.0.2.2:1000", 401},
		{"192.0.2.2:1001", 401},
		{"192.0.2.2:1002", 401},
		{"192.0.2.2:1003", 429},
		{"[2001:db8:0:1::1]:1000", 401},
		{"[2001:db8:0:1::2]:1000", 401},
		{"[2001:db8:0:1:ffff::3]:1000", 401},
		{"[2001:db8:0:1:ffff::4]:1000", 429},
	} {
		r := post(strings.NewReader(zone))
		r.RemoteAddr = test.address
		r.Header.Set("Authorization", "Bearer "+auth.NewSecret())
		if got := a.send(r); got.Status != test.status || (got.Header.Get("Retry-After") != "") != (got.Status == http.StatusTooManyRequests) {
			t.Errorf("%d. %s: %d %s", i, test.address, got.Status, got.body)
		}
	}
}

// What costs more than the burst takes all of it, and is answered.
func TestRateOfOneLargeRequest(t *testing.T) {
	a := newAPI(t)
	a.serve(graph.Options{Limits: graph.Limits{Rate: 1_000_000, Burst: 20}})
	got := a.send(post(strings.NewReader(`{"query":"{ customers(first: 200) { nodes { id name } } }"}`)))
	if got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.body)
	}
}
