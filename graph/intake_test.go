package graph_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph"
	"drawdown/internal/books"
	"drawdown/internal/store"
)

const (
	ndjson = "application/x-ndjson"
	batch  = "application/cloudevents-batch+json"
	single = "application/cloudevents+json"
)

// intakeAPI is a book behind a real server, whose writes a test may hold up or have fail.
type intakeAPI struct {
	*api
	url    string
	writes atomic.Int64
	update func() error // before each transaction that writes
	mu     sync.Mutex
	stop   context.CancelFunc // of the process
}

type hooked struct {
	books.Store
	from *intakeAPI
}

func (h hooked) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	h.from.writes.Add(1)
	h.from.mu.Lock()
	hook := h.from.update
	h.from.mu.Unlock()
	if hook != nil {
		if err := hook(); err != nil {
			return err
		}
	}
	return h.Store.Update(ctx, act)
}

func (a *intakeAPI) before(hook func() error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.update = hook
}

func newIntake(t testing.TB, options graph.IntakeOptions, usage books.UsageOptions) *intakeAPI {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	kept, err := store.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	inner, _ := t.(*testing.T)
	a := &intakeAPI{api: &api{t: inner, now: begin}, stop: stop}
	a.books, err = books.Open(ctx, hooked{kept, a}, books.Options{Now: func() time.Time { return begin }, Usage: usage})
	if err != nil {
		t.Fatal(err)
	}
	var logs syncBuffer
	a.Handler = authorised(graph.NewHandler(a.books, graph.Options{
		Log: slog.New(slog.NewTextHandler(&logs, nil)), Intake: options, Background: ctx,
	}), newToken(t, a.books, books.NewToken{Name: "test-operator", Roles: []books.Role{books.Operator}}))
	server := httptest.NewServer(a.Handler)
	t.Cleanup(server.Close)
	a.url = server.URL + "/v1/usage"
	price, credits := decimal.NewFromInt(100), decimal.NewFromInt(1_000_000)
	for _, err := range []error{
		errOf(a.books.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"})),
		errOf(a.books.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})),
		errOf(a.books.MeterCreate(ctx, "m", books.NewMeter{Code: "tokens", Unit: "token", Credits: decimal.NewFromInt(1), Per: decimal.NewFromInt(1000)})),
		errOf(a.books.Purchase(ctx, "b", books.NewPurchase{Customer: "acme", Credits: credits, Price: &price, PurchasedAt: begin.AddDate(0, -1, 0)})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a.writes.Store(0)
	return a
}

func errOf[A any](_ A, err error) error { return err }

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// told is an answer of the endpoint, of either shape.
type told struct {
	Status     int
	RetryAfter string
	Outcomes   []struct {
		Line, Index                              int
		Status, Source, ID, Code, Field, Message string
	}
	Recorded, Duplicates, Rejected int
	Stopped                        *struct {
		Code, Message           string
		Line, Index, RetryAfter int
		CorrelationID           string
	}
	body string
}

func read(t testing.TB, answer *http.Response) told {
	t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("the answer breaks off: %v", err)
	}
	got := told{Status: answer.StatusCode, RetryAfter: answer.Header.Get("Retry-After"), body: string(text)}
	media, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	if media != ndjson {
		if media != "application/json" || json.Unmarshal(text, &got) != nil {
			t.Fatalf("%s is not what was asked for: %s", media, text)
		}
		return got
	}
	lines := strings.Split(strings.TrimSuffix(got.body, "\n"), "\n")
	last := len(lines) - 1
	wrapped := `{"outcomes":[` + strings.Join(lines[:last], ",") + `],` + strings.TrimPrefix(lines[last], "{")
	if err := json.Unmarshal([]byte(wrapped), &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return got
}

// post sends a body; accept and query may be empty.
func (a *intakeAPI) post(t testing.TB, query, contentType, accept string, body io.Reader, headers ...string) told {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+query, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, answer)
}

// short is what became of each event, in the order of the answer.
func (got told) short() string {
	var text []string
	for _, o := range got.Outcomes {
		text = append(text, strings.TrimSpace(fmt.Sprintf("%d/%d %s/%s %s %s %s", o.Line, o.Index, o.Source, o.ID, o.Status, o.Code, o.Field)))
	}
	sums := fmt.Sprintf("%d %d %d", got.Recorded, got.Duplicates, got.Rejected)
	if got.Stopped != nil {
		sums += fmt.Sprintf(" %s from %d/%d", got.Stopped.Code, got.Stopped.Line, got.Stopped.Index)
	}
	return strings.Join(append(text, sums), "; ")
}

func event(id string) string {
	return fmt.Sprintf(`{"id":%q,"customer":"acme","credits":1}`, id) + "\n"
}

func zipped(text string) io.Reader {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return &packed
}

// Every event of every form has its outcome, in either shape of the answer.
func TestIntake(t *testing.T) {
	const head = `"specversion":"1.0","type":"llm","source":"/gw","subject":"acme"`
	own := event("1") + "\n" + `{"id":"2","customer":"acme","meter":"tokens","quantity":4808,"source":"gw","occurredAt":"2024-01-15T10:00:00Z"}
{"id":"3","customer":"nobody","credits":"1"}
not an event
` + event("1") + `{"id":"4","customer":"acme","credits":1.0000001}
{` + head + `,"id":"5","data":{"credits":1}}`
	for _, test := range []struct {
		name, query, contentType, accept, body, want string
	}{
		{
			"own lines", "", ndjson, ndjson, own,
			"1/0 api/1 RECORDED; 3/1 gw/2 RECORDED; 4/2 api/3 REJECTED NOT_FOUND customer; 5/3 / REJECTED INVALID; 6/4 api/1 DUPLICATE; 7/5 api/4 REJECTED INVALID credits; 8/6 /gw/5 RECORDED; 3 1 3",
		},
		{
			"again, in JSON", "", ndjson + "; charset=utf-8", "", own,
			"4/2 api/3 REJECTED NOT_FOUND customer; 5/3 / REJECTED INVALID; 7/5 api/4 REJECTED INVALID credits; 0 4 3",
		},
		{"all in JSON", "?outcomes=all", ndjson, "*/*", event("1") + event("6"), "1/0 api/1 DUPLICATE; 2/1 api/6 RECORDED; 1 1 0"},
		{"rejected lines", "?outcomes=rejected", ndjson, ndjson, event("1") + "{}\n", "2/1 api/ REJECTED INVALID id; 0 1 1"},
		{
			"a batch", "", batch, ndjson,
			`[{` + head + `,"id":"a","data":{"usage":[{"meter":"tokens","quantity":1},{"meter":"none","quantity":1}]}},{` + head + "},\n5]",
			"1/0 /gw/a:tokens RECORDED; 1/0 /gw/a:none REJECTED NOT_FOUND meter; 1/1 /gw/ REJECTED INVALID id; 2/2 / REJECTED INVALID; 1 0 3",
		},
		{"a batch that breaks off", "", batch, ndjson, `[{` + head + `,"id":"b","data":{"credits":1}},` + "\n{", "1/0 /gw/b RECORDED; 1 0 0 INVALID from 2/1"},
		{"one", "", single, ndjson, "{" + head + ",\n" + `"id":"c","data":{"meter":"tokens","quantity":"2"}}`, "1/0 /gw/c RECORDED; 1 0 0"},
		{"nothing", "", ndjson, "", "", "0 0 0"},
		{"a line that is too long", "", ndjson, ndjson, event("7") + strings.Repeat("x", 2<<20) + "\n" + event("8"), "1/0 api/7 RECORDED; 2/1 / REJECTED TOO_LARGE; 3/2 api/8 RECORDED; 2 0 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, packed := range []bool{false, true} {
				a := intakeFor(t, test.name)
				var body io.Reader = strings.NewReader(test.body)
				encoding := ""
				if packed {
					body, encoding = zipped(test.body), "gzip"
				}
				got := a.post(t, test.query, test.contentType, test.accept, body, "Content-Encoding", encoding)
				if got.short() != test.want || got.Status != http.StatusOK {
					t.Errorf("%d %s\ngot  %s\nwant %s", got.Status, got.body, got.short(), test.want)
				}
			}
		})
	}
}

// intakeFor makes a book in which what a case sends a second time is there already.
func intakeFor(t *testing.T, name string) *intakeAPI {
	t.Helper()
	a := newIntake(t, graph.IntakeOptions{}, books.UsageOptions{})
	switch name {
	case "again, in JSON":
		a.post(t, "", ndjson, "", strings.NewReader(event("1")+`{"id":"2","customer":"acme","meter":"tokens","quantity":4808,"source":"gw"}
{"id":"5","source":"/gw","customer":"acme","credits":1}`))
	case "all in JSON", "rejected lines":
		a.post(t, "", ndjson, "", strings.NewReader(event("1")))
	}
	return a
}

// What is wrong with the request as a whole is told before its body is read.
func TestIntakeRefusals(t *testing.T) {
	a := newIntake(t, graph.IntakeOptions{MaxBody: 1000}, books.UsageOptions{})
	for _, test := range []struct {
		name, query, contentType, accept, encoding string
		status                                     int
		code                                       string
	}{
		{"another type", "", "application/json", "", "", 415, "INVALID"},
		{"no type", "", "", "", "", 415, "INVALID"},
		{"another charset", "", ndjson + "; charset=latin1", "", "", 415, "INVALID"},
		{"another encoding", "", ndjson, "", "br", 415, "INVALID"},
		{"another answer", "", ndjson, "text/html", "", 406, "INVALID"},
		{"another shape", "?outcomes=some", ndjson, "", "", 400, "INVALID"},
		{"no gzip", "", ndjson, "", "gzip", 400, "INVALID"},
	} {
		got := a.post(t, test.query, test.contentType, test.accept, strings.NewReader(event("1")), "Content-Encoding", test.encoding)
		if got.Status != test.status || got.Stopped == nil || got.Stopped.Code != test.code || got.Stopped.Line != 1 || got.Stopped.Index != 0 {
			t.Errorf("%s: %d %s", test.name, got.Status, got.body)
		}
	}
	if got := a.post(t, "", ndjson, "", strings.NewReader(strings.Repeat(" ", 1001))); got.Status != http.StatusRequestEntityTooLarge || got.Stopped.Code != "TOO_LARGE" {
		t.Errorf("too long: %d %s", got.Status, got.body)
	}
	answer, err := http.Get(a.url)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, answer); got.Status != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != http.MethodPost {
		t.Errorf("GET: %d %s", got.Status, got.body)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/usage", strings.NewReader(event("1")))
	r.Header.Set("Content-Type", ndjson)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, r)
	if recorder.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", recorder.Code)
	}
	if n := a.writes.Load(); n != 0 {
		t.Errorf("%d transactions", n)
	}
}

// A limit that is met on the way ends the request there; what came before is recorded.
func TestIntakeLimits(t *testing.T) {
	a := newIntake(t, graph.IntakeOptions{MaxBody: 100_000, MaxEvents: 1000}, books.UsageOptions{})
	var few, many strings.Builder
	for i := range 10 {
		few.WriteString(event(fmt.Sprint("few", i)))
	}
	for i := range 1001 {
		many.WriteString(event(fmt.Sprint("many", i)))
	}
	type endless struct{ io.Reader } // whose length nobody knows
	got := a.post(t, "", ndjson, "", endless{io.MultiReader(strings.NewReader(few.String()), strings.NewReader(strings.Repeat(" ", 200_000)))})
	if got.short() != "10 0 0 TOO_LARGE from 11/10" {
		t.Errorf("a long body: %d %s", got.Status, got.body)
	}
	bomb := zipped(few.String() + strings.Repeat(" ", 50_000_000))
	if got := a.post(t, "", ndjson, "", bomb, "Content-Encoding", "gzip"); got.short() != "0 10 0 TOO_LARGE from 11/10" {
		t.Errorf("a long body, packed: %d %s", got.Status, got.body)
	}
	// What is packed as long as a body may be is not too long.
	if got := a.post(t, "", ndjson, "", zipped(few.String()+strings.Repeat(" ", 100_000-few.Len())), "Content-Encoding", "gzip"); got.short() != "0 10 0" {
		t.Errorf("a body of the full length: %d %s", got.Status, got.body)
	}
	if got := a.post(t, "", ndjson, "", strings.NewReader(many.String())); got.short() != "1000 0 0 TOO_LARGE from 1001/1000" {
		t.Errorf("many events: %d %s", got.Status, got.body)
	}
	cut, err := io.ReadAll(zipped(many.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := a.post(t, "", ndjson, "", bytes.NewReader(cut[:len(cut)/2]), "Content-Encoding", "gzip"); got.Stopped == nil || got.Stopped.Code != "INVALID" || got.Recorded+got.Rejected != 0 {
		t.Errorf("half a body: %d %s", got.Status, got.body)
	}
}

// Thousands of events go through in a few transactions, and are answered in order.
func TestIntakeStreams(t *testing.T) {
	events := 12_345
	if testing.Short() {
		events = 5_432 // a group and a bit
	}
	a := newIntake(t, graph.IntakeOptions{}, books.UsageOptions{})
	var body strings.Builder
	for i := range events {
		body.WriteString(event(fmt.Sprint(i)))
	}
	got := a.post(t, "", ndjson, ndjson, strings.NewReader(body.String()))
	if got.Recorded != events || len(got.Outcomes) != events || got.Stopped != nil {
		t.Fatalf("%d of %d: %+v", got.Recorded, len(got.Outcomes), got.Stopped)
	}
	for i, o := range got.Outcomes {
		if o.Line != i+1 || o.Index != i || o.ID != fmt.Sprint(i) {
			t.Fatalf("at %d stands %+v", i, o)
		}
	}
	if n := a.writes.Load(); n > 20 {
		t.Errorf("%d transactions", n)
	}
}

// A sender who pauses is answered for what it has sent so far.
func TestIntakeAnswersWhileItReads(t *testing.T) {
	a := newIntake(t, graph.IntakeOptions{MaxRequests: 1}, books.UsageOptions{})
	sender, answers := a.converse(t)
	for i := range 3 {
		sender.send(event(fmt.Sprint(i)))
		if line := answers(); !strings.Contains(line, fmt.Sprintf(`"id":"%d"`, i)) {
			t.Errorf("answered %s", line)
		}
	}
	// The one place is taken.
	if got := a.post(t, "", ndjson, "", strings.NewReader(event("x"))); got.Status != http.StatusTooManyRequests || got.RetryAfter == "" || got.Stopped.RetryAfter == 0 {
		t.Errorf("%d %s", got.Status, got.body)
	}
	_ = sender.Close()
	if line := answers(); line != `{"recorded":3,"duplicates":0,"rejected":0}` {
		t.Errorf("at the end: %s", line)
	}
	for range 100 { // the place is given back after the answer
		if got := a.post(t, "", ndjson, "", strings.NewReader(event("x"))); got.Status == http.StatusOK {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the place is not given back")
}

// A server that stops answers for what it has, and says where to go on.
func TestIntakeStopping(t *testing.T) {
	a := newIntake(t, graph.IntakeOptions{}, books.UsageOptions{})
	sender, answers := a.converse(t)
	sender.send(event("1"))
	answers()
	a.stop()
	if line := answers(); !strings.Contains(line, `"recorded":1`) || !strings.Contains(line, `"stopped":{"code":"UNAVAILABLE"`) || !strings.Contains(line, `"line":2,"index":1`) {
		t.Errorf("at the end: %s", line)
	}
}

type sender struct{ *io.PipeWriter }

func (s sender) send(text string) { _, _ = io.WriteString(s, text) }

// converse begins a request whose body the test writes and whose answer it reads by line.
func (a *intakeAPI) converse(t *testing.T) (sender, func() string) {
	t.Helper()
	body, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", ndjson)
	r.Header.Set("Accept", ndjson)
	answered := make(chan *http.Response, 1)
	go func() {
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			answer = &http.Response{Body: http.NoBody}
		}
		answered <- answer
	}()
	var lines *bufio.Scanner
	return sender{writer}, func() string {
		if lines == nil {
			answer := <-answered
			t.Cleanup(func() { answer.Body.Close() })
			lines = bufio.NewScanner(answer.Body)
		}
		if !lines.Scan() {
			t.Errorf("the answer breaks off: %v", lines.Err())
		}
		return lines.Text()
	}
}

// Where too much waits, a sender is told at once when to come back; then it is served.
func TestIntakeOverload(t *testing.T) {
	a := newIntake(t, graph.IntakeOptions{}, books.UsageOptions{MaxQueued: 2})
	begun, held := make(chan struct{}), make(chan struct{})
	a.before(func() error {
		begun <- struct{}{}
		<-held
		return nil
	})
	var working sync.WaitGroup
	record := func(id string) {
		working.Go(func() {
			if got := a.post(t, "", ndjson, "", strings.NewReader(event(id))); got.Recorded != 1 {
				t.Errorf("%d %s", got.Status, got.body)
			}
		})
	}
	record("first")
	<-begun
	queued := must(a.books.QueueUsage(t.Context(), []books.UsageInput{{ID: "a", Customer: "acme"}, {ID: "b", Customer: "acme"}}))
	got := a.post(t, "", ndjson, ndjson, strings.NewReader(event("late")))
	if got.Status != http.StatusTooManyRequests || got.RetryAfter != "1" || got.short() != "0 0 0 OVERLOADED from 1/0" {
		t.Errorf("%d %s", got.Status, got.body)
	}
	// GraphQL says the same in its own way.
	asked := a.ask(`mutation { usageRecord(events: [{id: "late", customer: "acme", credits: "1"}]) { recorded } }`)
	if len(asked.Errors) != 1 || asked.Errors[0].Extensions["code"] != "OVERLOADED" || fmt.Sprint(asked.Errors[0].Extensions["retryAfter"]) != "1" {
		t.Errorf("%s", asked.body)
	}
	a.before(nil)
	close(held)
	working.Wait()
	if _, err := queued.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	record("late")
	working.Wait()
}

// A sender who is under way when too much waits is kept waiting for a while.
func TestIntakeBackPressure(t *testing.T) {
	a := newIntake(t, graph.IntakeOptions{}, books.UsageOptions{MaxQueued: 1})
	sender, answers := a.converse(t)
	sender.send(event("1"))
	answers()
	begun, held := make(chan struct{}, 100), make(chan struct{})
	a.before(func() error {
		begun <- struct{}{}
		<-held
		return nil
	})
	must(a.books.QueueUsage(t.Context(), []books.UsageInput{{ID: "a", Customer: "acme"}}))
	<-begun
	must(a.books.QueueUsage(t.Context(), []books.UsageInput{{ID: "b", Customer: "acme"}}))
	sender.send(event("2"))
	time.Sleep(100 * time.Millisecond) // it is refused meanwhile, which nobody sees
	close(held)
	if line := answers(); !strings.Contains(line, `"id":"2"`) || !strings.Contains(line, "RECORDED") {
		t.Errorf("answered %s", line)
	}
}

func must[A any](answer A, err error) A {
	if err != nil {
		panic(err)
	}
	return answer
}

// A fault on the way ends the request where it was met, without saying what it is.
func TestIntakeFaults(t *testing.T) {
	const inside = "table usage_events is on fire"
	for _, test := range []struct {
		name   string
		fail   func() error
		status int
		code   string
	}{
		{"away", func() error {
			return &books.Error{Code: books.Unavailable, Message: "the database cannot be used now", Cause: errors.New(inside)}
		}, 503, "UNAVAILABLE"},
		{"error", func() error { return errors.New(inside) }, 500, "INTERNAL"},
		{"panic", func() error { panic(inside) }, 500, "INTERNAL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newIntake(t, graph.IntakeOptions{}, books.UsageOptions{})
			a.before(test.fail)
			got := a.post(t, "", ndjson, "", strings.NewReader(event("1")), "X-Request-Id", "trace-1")
			if got.Status != test.status || got.short() != "0 0 0 "+test.code+" from 1/0" || strings.Contains(got.body, inside) {
				t.Errorf("%d %s", got.Status, got.body)
			}
			if test.code == "INTERNAL" && (got.Stopped.CorrelationID != "trace-1" || !strings.Contains(got.Stopped.Message, "trace-1")) {
				t.Errorf("no id in %s", got.body)
			}
			a.before(nil)
			sender, answers := a.converse(t)
			sender.send(event("1"))
			if line := answers(); !strings.Contains(line, "RECORDED") {
				t.Errorf("at first: %s", line)
			}
			a.before(test.fail)
			sender.send(event("2"))
			if line := answers(); !strings.Contains(line, `"recorded":1`) || !strings.Contains(line, `"stopped":{"code":"`+test.code) || !strings.Contains(line, `"line":2,"index":1`) {
				t.Errorf("on the way: %s", line)
			}
		})
	}
}

// FuzzIntake sends whatever there is. It is answered in JSON, each event is counted, and
// nothing is a fault of ours.
func FuzzIntake(f *testing.F) {
	f.Add(event("1")+event("1")+"{", uint8(0), false)
	f.Add(`[{"specversion":"1.0","id":"1"}`, uint8(1), false)
	f.Add(`{"specversion":"1.0","type":"t","source":"s","subject":"acme","id":"1","data":{"credits":1}}`, uint8(2), true)
	a := newIntake(f, graph.IntakeOptions{MaxBody: 1 << 20, MaxEvents: 100}, books.UsageOptions{})
	f.Fuzz(func(t *testing.T, body string, form uint8, packed bool) {
		var sent io.Reader = strings.NewReader(body)
		encoding := ""
		if packed {
			encoding = "gzip"
			if form&4 == 0 {
				sent = zipped(body)
			}
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/usage?outcomes=all", sent)
		r.Header.Set("Content-Type", []string{ndjson, batch, single}[form%3])
		r.Header.Set("Content-Encoding", encoding)
		if form&8 == 0 {
			r.Header.Set("Accept", ndjson)
		}
		recorder := httptest.NewRecorder()
		a.ServeHTTP(recorder, r)
		got := read(t, recorder.Result())
		if len(got.Outcomes) != got.Recorded+got.Duplicates+got.Rejected {
			t.Fatalf("%d outcomes: %s", len(got.Outcomes), got.body)
		}
		switch got.Status {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("%d %s", got.Status, got.body)
		}
		if got.Status != http.StatusOK && (got.Stopped == nil || len(got.Outcomes) > 0) {
			t.Fatalf("%d %s", got.Status, got.body)
		}
	})
}

// A name that no database takes is nobody's, and the events beside it are recorded.
func TestNamesThatEndInTheMiddle(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	r := httptest.NewRequest(http.MethodPost, "/v1/usage", strings.NewReader(`{"id":"1","customer":"ac\u0000me","credits":1}
{"id":"2","customer":"acme","meter":"tok\u0000ens","quantity":1}
{"id":"3","customer":"acme","credits":1}`))
	r.Header.Set("Content-Type", "application/x-ndjson")
	got := a.send(r)
	for _, want := range []string{`"id":"1","code":"NOT_FOUND","field":"customer"`, `"id":"2","code":"NOT_FOUND","field":"meter"`, `"recorded":1,"duplicates":0,"rejected":2}`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%s, want %s", got.body, want)
		}
	}
}
