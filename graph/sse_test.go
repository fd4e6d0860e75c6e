package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
)

// watched is a book that is looked at as often as may be, behind a server.
type watched struct {
	*api
	address string
	late    atomic.Int64 // how far the clock is from the day on which tests begin
	stop    func()       // as the process does when it ends
}

func newWatched(t *testing.T, options graph.SubscriptionOptions) *watched {
	t.Helper()
	w := &watched{api: newAPI(t)}
	var err error
	w.books, err = books.Open(t.Context(), w.store, books.Options{
		Now: w.clock, Steps: books.Steps{Lots: 1}, Feed: books.FeedOptions{Every: 100 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	background, stop := context.WithCancel(t.Context())
	w.stop = stop
	w.callers = auth.New(w.books, auth.Options{})
	w.serve(graph.Options{Subscriptions: options, Background: background})
	server := httptest.NewServer(w)
	t.Cleanup(func() { stop(); server.Close() })
	w.address = server.URL + "/graphql"
	return w
}

func (w *watched) clock() time.Time { return begin.Add(time.Duration(w.late.Load())) }

// grant gives credits that lapse after a day.
func (w *watched) grant(customer, credits string) {
	w.t.Helper()
	w.must(`mutation($n: String!, $c: Credits!, $k: String!) {
		grantCreate(input: {customer: $n, policy: "annual", credits: $c, reason: PROMO, expiresAfter: "P1D", shortExpiry: "a test"}, idempotencyKey: $k) { lot { id } userErrors { message } }
	}`, map[string]any{"n": customer, "c": credits, "k": customer + credits})
}

// sentEvent is one server-sent event, or what a comment says.
type sentEvent struct {
	name, data, comment, retry string
	result                     struct {
		Data   map[string]any   `json:"data"`
		Errors []map[string]any `json:"errors"`
	}
}

// events reads a stream.
type events struct {
	t        *testing.T
	response *http.Response
	cancel   context.CancelFunc
	lines    *bufio.Reader
}

func subscribe(t *testing.T, address, query string, variables map[string]any) *events {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // what does not come fails the test
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return open(t, r, cancel)
}

func open(t *testing.T, r *http.Request, cancel context.CancelFunc) *events {
	t.Helper()
	r.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != "text/event-stream" {
		text, _ := io.ReadAll(response.Body)
		t.Fatalf("%s %s: %s", response.Status, got, text)
	}
	return &events{t, response, cancel, bufio.NewReader(response.Body)}
}

// raw reads the next event or comment; ok is false at the end of the stream.
func (e *events) raw() (got sentEvent, ok bool) {
	e.t.Helper()
	for some := false; ; {
		line, err := e.lines.ReadString('\n')
		if err != nil {
			return got, false
		}
		field, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		text = strings.TrimPrefix(text, " ")
		switch {
		case line == "\n" && some:
			if got.name == "next" {
				if err := json.Unmarshal([]byte(got.data), &got.result); err != nil {
					e.t.Fatalf("%v: %s", err, got.data)
				}
			}
			return got, true
		case field == "event":
			got.name = text
		case field == "data":
			got.data = text
		case field == "retry":
			got.retry = text
		case field == "":
			got.comment = text
		}
		some = true
	}
}

// next reads the next event that is no comment.
func (e *events) next() sentEvent {
	e.t.Helper()
	for {
		got, ok := e.raw()
		if !ok {
			e.t.Fatal("the stream ended")
		}
		if got.name != "" {
			return got
		}
	}
}

// credits reads the next balance: "acme 100".
func (e *events) credits() string {
	e.t.Helper()
	got := e.next()
	balance, ok := got.result.Data["balanceChanged"].(map[string]any)
	if !ok {
		e.t.Fatalf("%s: %s", got.name, got.data)
	}
	customer, _ := balance["customer"].(map[string]any)
	return fmt.Sprint(customer["externalId"], " ", balance["credits"])
}

// firstEvent subscribes, and leaves when the first event has come.
func (a *api) firstEvent(r *http.Request) answered {
	a.t.Helper()
	ctx, leave := context.WithTimeout(r.Context(), time.Minute)
	defer leave()
	r.Header.Set("Accept", "text/event-stream")
	out := &leaving{httptest.NewRecorder(), leave}
	a.ServeHTTP(out, r.WithContext(ctx))
	got := answered{t: a.t, Status: out.Code, Header: out.Header(), body: out.Body.String()}
	text := got.body
	if _, event, found := strings.Cut(text, "event: next\ndata: "); found {
		text, _, _ = strings.Cut(event, "\n")
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		a.t.Fatalf("%v: %s", err, got.body)
	}
	return got
}

// leaving is a caller who leaves when the first event has come.
type leaving struct {
	*httptest.ResponseRecorder
	leave func()
}

func (l *leaving) Write(part []byte) (int, error) {
	if strings.HasPrefix(string(part), "event: next") {
		defer l.leave()
	}
	return l.ResponseRecorder.Write(part)
}

const balances = `subscription($of: [String!]!) { balanceChanged(customers: $of) { customer { externalId } credits at lots { granted policy { code } } } }`

// A balance is told at once, and then whenever it changes, to those alone who watch it;
// time itself changes it too.
func TestBalanceChanged(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{})
	for _, name := range []string{"acme", "other"} {
		w.sell(name)
	}
	stream := subscribe(t, w.address, balances, map[string]any{"of": []string{"acme"}})
	for _, header := range [][2]string{{"X-Accel-Buffering", "no"}, {"Cache-Control", "no-store, no-transform"}} {
		if got := stream.response.Header.Get(header[0]); got != header[1] {
			t.Errorf("%s is %q, want %q", header[0], got, header[1])
		}
	}
	told := []string{stream.credits()}
	then := func(act func()) {
		act()
		told = append(told, stream.credits())
	}
	w.use("other", "u1", "1")
	then(func() { w.use("acme", "u2", "12.5") })
	then(func() {
		w.must(`mutation { usageVoid(event: {customer: "acme", id: "u2"}, idempotencyKey: "v") { event { id } userErrors { message } } }`)
	})
	then(func() { w.grant("acme", "0.000001") })
	then(func() { w.late.Add(int64(24 * time.Hour)) })
	then(func() {
		w.must(`mutation { purchaseCreate(input: {customer: "acme", pack: "growth", credits: "1000"}, idempotencyKey: "more") { purchase { id } userErrors { message } } }`)
	})
	if got, want := fmt.Sprint(told), "[acme 10000 acme 9987.5 acme 10000 acme 10000.000001 acme 10000 acme 11000]"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

// One subscription watches many customers, and each of them is told.
func TestBalancesChanged(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{})
	w.sell("c0")
	names := []string{"c0", "c1", "c2"}
	for _, name := range names[1:] {
		w.must(`mutation($n: String!) { customerCreate(input: {externalId: $n}, idempotencyKey: $n) { userErrors { message } } }`, map[string]any{"n": name})
	}
	stream := subscribe(t, w.address, balances, map[string]any{"of": names})
	first := []string{stream.credits(), stream.credits(), stream.credits()}
	slices.Sort(first)
	w.grant("c2", "7")
	if got, want := fmt.Sprint(first, " ", stream.credits()), "[c0 10000 c1 0 c2 0] c2 7"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

// Runs are told as they go; the subscription to one ends with it.
func TestJobRunsChanged(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{})
	w.sell("acme")
	w.use("acme", "u1", "10")
	w.late.Add(int64(24 * time.Hour))
	all := subscribe(t, w.address, `subscription { jobRunChanged { id job status lots recognitions entries through } }`, nil)
	journal := subscribe(t, w.address, `subscription { entriesPosted { count first { number } last { number kind } } }`, nil)
	if got := journal.next().data; !strings.Contains(got, `{"count":0,"first":null,"last":{"number":1,"kind":"PURCHASE"}}`) {
		t.Error("the journal begins with", got)
	}
	// Each step of the run waits until it was told.
	steps, told := make(chan books.JobResult), make(chan string)
	go func() {
		_, err := w.books.RunJob(t.Context(), books.JobRecognise, books.RunOptions{Progress: func(so books.JobResult) {
			steps <- so
			<-told
		}})
		if err != nil {
			t.Error(err)
		}
		close(steps)
	}()
	var one *events
	var before books.JobResult
	for so := range steps {
		if so == before {
			told <- ""
			continue
		}
		before = so
		var run map[string]any
		want := fmt.Sprintf("RUNNING %d %d %d", so.Lots, so.Recognitions, so.Entries)
		for came := ""; came != want; { // that it began may have been told alone
			run, _ = all.next().result.Data["jobRunChanged"].(map[string]any)
			came = fmt.Sprint(run["status"], " ", run["lots"], " ", run["recognitions"], " ", run["entries"])
		}
		if one == nil {
			one = subscribe(t, w.address, `subscription($id: ID!) { jobRunProgress(id: $id) { status entries lastEntry { number } } }`, map[string]any{"id": run["id"]})
			if got := one.next().data; !strings.Contains(got, `{"status":"RUNNING","entries":0,"lastEntry":null}`) {
				t.Error("the run begins with", got)
			}
		}
		told <- ""
	}
	// That it is still at work may be told once more, after its last step.
	ending := func(stream *events) string {
		got := stream.next().data
		for strings.Contains(got, `"RUNNING"`) {
			got = stream.next().data
		}
		return got
	}
	if got := ending(one); !strings.Contains(got, `{"status":"SUCCEEDED","entries":1,"lastEntry":{"number":2}}`) {
		t.Error("the run ends with", got)
	}
	if got := one.next(); got.name != "complete" {
		t.Errorf("after the end of the run came %s %s", got.name, got.data)
	}
	if got := journal.next().data; !strings.Contains(got, `{"count":1,"first":{"number":2},"last":{"number":2,"kind":"USAGE"}}`) {
		t.Error("the journal goes on with", got)
	}
	if got := ending(all); !strings.Contains(got, `"SUCCEEDED","lots":1,"recognitions":1,"entries":1,"through":"2024-01-15"`) {
		t.Error("told at the end:", got)
	}
}

// What cannot be run is told in the stream; what is no stream is refused.
func TestSubscriptionsRefused(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{})
	w.sell("acme")
	many := make([]string, 101)
	for _, test := range []struct {
		query     string
		variables map[string]any
		says      string
	}{
		{balances, map[string]any{"of": []string{"acme", "nobody"}}, `there is no customer \"nobody\"`},
		{balances, map[string]any{"of": []string{}}, `"code":"INVALID","field":["customers"]`},
		{balances, map[string]any{"of": many}, `must name 1 to 100 customers, not 101`},
		{`subscription { jobRunProgress(id: "run_0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c") { status } }`, nil, `"code":"NOT_FOUND"`},
		{`subscription { jobRunProgress(id: "lot_1") { status } }`, nil, `must be an id that begins with run_`},
		{`subscription { a: entriesPosted { count } b: entriesPosted { count } }`, nil, `"errors"`},
		{`subscription { nothing }`, nil, `Cannot query field`},
		{`subscription {`, nil, `"code":"INVALID"`},
		{`{ book { timeZone } }`, nil, `{"data":{"book":{"timeZone":"UTC"}}}`},
	} {
		stream := subscribe(t, w.address, test.query, test.variables)
		if got := stream.next(); got.name != "next" || !strings.Contains(got.data, test.says) {
			t.Errorf("%s\n%s: %s, want %s", test.query, got.name, got.data, test.says)
		}
		if got := stream.next(); got.name != "complete" {
			t.Errorf("%s\nthen %s: %s", test.query, got.name, got.data)
		}
	}
	if got := w.ask(`subscription { entriesPosted { count } }`); got.Status != http.StatusNotAcceptable || !strings.Contains(got.body, "text/event-stream") {
		t.Error("as JSON:", got.Status, got.body)
	}
}

// GET streams, as browsers ask for it; so does a client that takes JSON as well. None
// writes by GET.
func TestSubscriptionByGet(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{})
	get := func(query string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.address+"?query="+url.QueryEscape(query), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	stream := open(t, get(`subscription { entriesPosted { count } }`), func() {})
	if got := stream.next(); got.data != `{"data":{"entriesPosted":{"count":0}}}` {
		t.Error(got.data)
	}
	r := get(`mutation { customerCreate(input: {externalId: "a"}, idempotencyKey: "a") { customer { id } } }`)
	r.Header.Set("Accept", "text/event-stream")
	if got := w.send(r); got.Status != http.StatusMethodNotAllowed {
		t.Error("a mutation by GET:", got.Status, got.body)
	}
	r = get(`{ book { timeZone } }`)
	r.Header.Set("Accept", "application/json, text/event-stream")
	if got := w.send(r); got.Status != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
		t.Error("a query of a client that takes both:", got.Status, got.Header)
	}
	r = get(`subscription { entriesPosted { count } }`)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream;q=0")
	if got := w.send(r); got.Status != http.StatusNotAcceptable {
		t.Error("a subscription of a client that takes no events:", got.Status, got.body)
	}
}

// What a caller, and all together, may have open is bounded; who ends one may begin another.
func TestSubscriptionsAreBounded(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{Max: 2, MaxPerCaller: 2})
	begin := func() *events { return subscribe(t, w.address, `subscription { entriesPosted { count } }`, nil) }
	first, second := begin(), begin()
	first.next()
	second.next()
	third := begin()
	if got := third.next(); !strings.Contains(got.data, "2 subscriptions of this caller are open") || third.next().name != "complete" {
		t.Error(got.data)
	}
	first.cancel()
	for try := 0; ; try++ {
		if got := begin().next(); strings.Contains(got.data, `"count":0`) {
			break
		} else if try == 100 {
			t.Fatal(got.data)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Streams that have nothing to tell are kept alive; the old are told to come back, and so
// are all when the server stops: without complete, after which no client would.
func TestStreamsEnd(t *testing.T) {
	ended := func(stream *events) {
		t.Helper()
		var last sentEvent
		for got, more := stream.raw(); more; got, more = stream.raw() {
			last = got
		}
		if last.name != "" || last.retry == "" || !strings.Contains(last.comment, "subscribe again") {
			t.Errorf("the stream ended with %+v", last)
		}
	}
	w := newWatched(t, graph.SubscriptionOptions{Heartbeat: 10 * time.Millisecond, Life: 300 * time.Millisecond})
	old := subscribe(t, w.address, `subscription { entriesPosted { count } }`, nil)
	old.next()
	if got, _ := old.raw(); got.name+got.data+got.comment != "" {
		t.Errorf("%+v is no heartbeat", got)
	}
	ended(old)
	w = newWatched(t, graph.SubscriptionOptions{})
	stopped := subscribe(t, w.address, `subscription { entriesPosted { count } }`, nil)
	stopped.next()
	w.stop()
	ended(stopped)
}

// Nothing that happens after a token was revoked is told to whoever holds it, however seldom
// the stream is written to otherwise.
func TestNoEventAfterItsToken(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{Heartbeat: time.Hour})
	w.sell("acme")
	secret := newToken(t, w.books, books.NewToken{Name: "dashboard", Roles: []books.Role{books.Viewer}})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.address+"?query="+url.QueryEscape(`subscription{balanceChanged(customers:["acme"]){credits}}`), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	stream := open(t, r, func() {})
	if got := stream.next(); !strings.Contains(got.data, `"credits":"10000"`) {
		t.Fatal(got.data)
	}
	id := w.must(`{ tokens(search: "dashboard") { nodes { id } } }`).text("tokens.nodes.0.id")
	w.must(`mutation($id: ID!) { tokenRevoke(tokenId: $id, idempotencyKey: "r") { userErrors { message } } }`, map[string]any{"id": id})
	w.use("acme", "later", "1")
	if got := stream.next(); !strings.Contains(got.data, `"code":"UNAUTHENTICATED"`) || strings.Contains(got.data, "9999") {
		t.Error("told", got.data)
	}
}

// A caller whose token is revoked sees no more, and is told so.
func TestStreamEndsWithItsToken(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{Heartbeat: 20 * time.Millisecond})
	secret := newToken(t, w.books, books.NewToken{Name: "dashboard", Roles: []books.Role{books.Viewer}})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.address+"?query="+url.QueryEscape("subscription{entriesPosted{count}}"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	stream := open(t, r, func() {})
	if got := stream.next(); !strings.Contains(got.data, `"count":0`) {
		t.Fatal(got.data)
	}
	id := w.must(`{ tokens(search: "dashboard") { nodes { id } } }`).text("tokens.nodes.0.id")
	w.must(`mutation($id: ID!) { tokenRevoke(tokenId: $id, idempotencyKey: "r") { userErrors { message } } }`, map[string]any{"id": id})
	if got := stream.next(); !strings.Contains(got.data, `"code":"UNAUTHENTICATED"`) || !strings.Contains(got.data, "revoked") {
		t.Error("told", got.data)
	}
	if got := stream.next(); got.name != "complete" {
		t.Error("then", got.name, got.data)
	}
}

// Callers that vanish leave nothing behind.
func TestSubscribersVanish(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{})
	w.sell("acme")
	before := runtime.NumGoroutine()
	for range 3 {
		var streams []*events
		for range 30 {
			streams = append(streams, subscribe(t, w.address, balances, map[string]any{"of": []string{"acme"}}))
		}
		for i, stream := range streams {
			if i%2 == 0 { // the others go before they were told anything
				stream.credits()
			}
			stream.cancel()
			_ = stream.response.Body.Close()
		}
	}
	http.DefaultClient.CloseIdleConnections()
	for try := 0; runtime.NumGoroutine() > before; try++ {
		if try == 200 {
			var stacks [1 << 20]byte
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks[:], true)])
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// One who takes nothing is cut off and holds up nobody. The connection is a pipe, which
// holds nothing.
func TestSlowReaderIsCutOff(t *testing.T) {
	w := newWatched(t, graph.SubscriptionOptions{Heartbeat: 10 * time.Millisecond, Patience: 100 * time.Millisecond})
	ours, theirs := net.Pipe()
	listener := &pipeListener{make(chan net.Conn, 1), make(chan struct{})}
	listener.conns <- ours
	served := make(chan error, 1)
	server := &http.Server{Handler: w, ReadHeaderTimeout: time.Minute}
	go func() { served <- server.Serve(listener) }()
	_, err := theirs.Write([]byte("GET /graphql?query=" + url.QueryEscape("subscription{entriesPosted{count}}") + " HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	other := subscribe(t, w.address, `subscription { entriesPosted { count } }`, nil)
	other.next()
	// Nothing is read: in the end the server has closed the pipe.
	time.Sleep(300 * time.Millisecond)
	if _, err := io.Copy(io.Discard, theirs); err != nil {
		t.Error("the connection is not closed:", err)
	}
	w.sell("acme")
	if got := other.next(); !strings.Contains(got.data, `"count":1`) {
		t.Error("another was told", got.data)
	}
	_ = server.Close()
	<-served
}

// pipeListener accepts the connections that it is given.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.IPAddr{} }
