package graph_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
)

// api is a book behind its API, on a day of the test's choosing.
type api struct {
	t     *testing.T
	books *books.Books
	store *counting
	kept  *store.Store
	now   time.Time
	logs  bytes.Buffer
	// bare is the API as others meet it; Handler adds the token of an admin to requests
	// that bear none.
	bare    http.Handler
	secret  string
	callers *auth.Callers
	http.Handler
}

// begin is the day on which tests begin, unless they say otherwise.
var begin = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

func newAPI(t *testing.T) *api {
	t.Helper()
	kept, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return newAPIOn(t, kept, nil)
}

// onEachEngine runs a test against a book in memory and one on a server, where ids are the same.
func onEachEngine(t *testing.T, test func(t *testing.T, a *api)) {
	t.Run("sqlite", func(t *testing.T) {
		kept, err := store.OpenMemory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		test(t, newAPIOn(t, kept, counted()))
	})
	t.Run("postgres", func(t *testing.T) {
		kept, err := store.Open(t.Context(), pgtest.URL(t), store.Options{Writers: 4, Readers: 4})
		if err != nil {
			t.Fatal(err)
		}
		if err := kept.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, newAPIOn(t, kept, counted()))
	})
}

// counted gives ids that are the same each time.
func counted() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("01900000-0000-7000-8000-%012x", n.Add(1)) }
}

func newAPIOn(t *testing.T, kept *store.Store, newID func() string) *api {
	t.Helper()
	ctx := t.Context()
	t.Cleanup(func() { _ = kept.Close() })
	var err error
	a := &api{t: t, now: begin, store: &counting{Store: kept}, kept: kept}
	a.books, err = books.Open(ctx, a.store, books.Options{Now: func() time.Time { return a.now }, NewID: newID, Signer: books.KeySigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))})
	if err != nil {
		t.Fatal(err)
	}
	a.callers = auth.New(a.books, auth.Options{})
	a.secret = newToken(t, a.books, books.NewToken{Name: "test-admin", Roles: []books.Role{books.Admin}})
	a.serve(graph.Options{Explorer: true})
	a.must(`{ __typename }`) // from here on the token is known, and costs no look-up
	a.store.calls.Store(0)
	return a
}

// serve puts the book behind an API with the options.
func (a *api) serve(options graph.Options) {
	options.Callers = a.callers
	if options.Log == nil {
		options.Log = slog.New(slog.NewTextHandler(&a.logs, nil))
	}
	a.bare = graph.NewHandler(a.books, options)
	a.Handler = authorised(a.bare, a.secret)
}

// newToken makes a token and returns its secret.
func newToken(t testing.TB, b *books.Books, token books.NewToken) string {
	t.Helper()
	secret := auth.NewSecret()
	token.Hash = auth.Hash(secret)
	if _, made, err := b.TokenCreate(t.Context(), "token "+token.Name, token); err != nil || !made {
		t.Fatal(made, err)
	}
	return secret
}

// authorised adds the secret to requests that bear none.
func authorised(next http.Handler, secret string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		next.ServeHTTP(w, r)
	})
}

// answered is what came back.
type answered struct {
	t      *testing.T
	Status int
	Header http.Header
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
	Data map[string]any `json:"data"`
	body string
}

// send sends a request as it is.
func (a *api) send(r *http.Request) answered {
	a.t.Helper()
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, r)
	got := answered{t: a.t, Status: recorder.Code, Header: recorder.Header(), body: recorder.Body.String()}
	if strings.Contains(recorder.Header().Get("Content-Type"), "json") {
		decoder := json.NewDecoder(strings.NewReader(got.body))
		decoder.UseNumber()
		if err := decoder.Decode(&got); err != nil {
			a.t.Fatalf("the answer is not JSON: %v\n%s", err, got.body)
		}
	}
	return got
}

// ask sends a document with its variables, whatever comes back.
func (a *api) ask(query string, variables ...map[string]any) answered {
	a.t.Helper()
	request := map[string]any{"query": query}
	if len(variables) > 0 {
		request["variables"] = variables[0]
	}
	body, err := json.Marshal(request)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.send(post(bytes.NewReader(body)))
}

func post(body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", body)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// must sends what has to succeed, with no userErrors in any payload.
func (a *api) must(query string, variables ...map[string]any) answered {
	a.t.Helper()
	got := a.ask(query, variables...)
	if got.Status != http.StatusOK || len(got.Errors) > 0 {
		a.t.Fatalf("%s\n%d %s\n%s", query, got.Status, got.body, a.logs.String())
	}
	for name, payload := range got.Data {
		if fields, ok := payload.(map[string]any); ok {
			if refused, _ := fields["userErrors"].([]any); len(refused) > 0 {
				a.t.Fatalf("%s is refused: %v", name, refused)
			}
		}
	}
	return got
}

// at walks down the data: at("customers.nodes.0.name").
func (got answered) at(path string) any {
	got.t.Helper()
	var here any = got.Data
	for name := range strings.SplitSeq(path, ".") {
		switch node := here.(type) {
		case map[string]any:
			value, ok := node[name]
			if !ok {
				got.t.Fatalf("there is no %q of %s in %s", name, path, got.body)
			}
			here = value
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(node) {
				got.t.Fatalf("there is no %q of %s in %s", name, path, got.body)
			}
			here = node[i]
		default:
			got.t.Fatalf("there is no %q of %s in %s", name, path, got.body)
		}
	}
	return here
}

func (got answered) text(path string) string {
	got.t.Helper()
	s, ok := got.at(path).(string)
	if !ok {
		got.t.Fatalf("%s is %v, not a string", path, got.at(path))
	}
	return s
}

// is compares what stands at the path, written as JSON.
func (got answered) is(path, want string) {
	got.t.Helper()
	value, err := json.Marshal(got.at(path))
	if err != nil {
		got.t.Fatal(err)
	}
	if string(value) != want {
		got.t.Errorf("%s is %s, not %s", path, value, want)
	}
}

// sell makes a customer, a policy, a pack, a meter and a purchase of 10,000 credits for
// 800.00, and returns the purchase's id.
func (a *api) sell(customer string) string {
	a.t.Helper()
	a.must(`mutation($customer: String!) {
		policyCreate(input: {code: "annual", name: "Annual", expires: "P12M"}, idempotencyKey: "policy") { userErrors { message } }
		packCreate(input: {code: "growth", policy: "annual", tiers: [{credits: "1000", price: "100.00"}, {credits: "10000", price: "800.00"}]}, idempotencyKey: "pack") { userErrors { message } }
		meterCreate(input: {code: "tokens", unit: "token", credits: "1", per: "1000"}, idempotencyKey: "meter") { userErrors { message } }
		customerCreate(input: {externalId: $customer}, idempotencyKey: $customer) { userErrors { message } }
	}`, map[string]any{"customer": customer})
	got := a.must(`mutation($customer: String!, $key: String!) {
		purchaseCreate(input: {customer: $customer, pack: "growth", credits: "10000", reference: "INV-1"}, idempotencyKey: $key) {
			purchase { id } userErrors { message }
		}
	}`, map[string]any{"customer": customer, "key": "buy " + customer})
	return got.text("purchaseCreate.purchase.id")
}

// use records an event of so many credits.
func (a *api) use(customer, id, credits string) {
	a.t.Helper()
	got := a.must(`mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) { recorded outcomes { status error { message } } } }`,
		map[string]any{"events": []map[string]any{{"customer": customer, "id": id, "credits": credits}}})
	got.is("usageRecord.recorded", "1")
}

// run runs all jobs, on the next day.
func (a *api) run() {
	a.t.Helper()
	a.now = a.now.AddDate(0, 0, 1)
	got := a.must(`mutation { jobRun(job: ALL, idempotencyKey: "run") { run { status error } userErrors { code message } } }`)
	got.is("jobRun.run.status", `"SUCCEEDED"`)
}

// quoted writes text as a JSON string.
func quoted(text string) string {
	written, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(written)
}

// closes gives accounts their codes, runs the jobs on the second day of the month after, and closes
// the month. The clock stays there.
func (a *api) closes(period ledger.Period) {
	a.t.Helper()
	ctx := a.t.Context()
	_, err := a.books.GLAccountsSet(ctx, "gl", books.SampleGLCodes())
	must(a.t, err)
	a.now = (period + 1).First().Start(time.UTC).AddDate(0, 0, 1).Add(6 * time.Hour)
	_, err = a.books.RunJob(ctx, books.JobAll, books.RunOptions{})
	must(a.t, err)
	_, err = a.books.PeriodClose(ctx, "close "+period.String(), books.ClosePeriod{Period: period})
	must(a.t, err)
}
