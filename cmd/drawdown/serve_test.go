package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"drawdown/internal/store/pgtest"
)

// output gathers what a running program says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// running is a program that serves, with the secret of an admin.
type running struct {
	url, secret    string
	stdout, stderr *output
	stop           func() (code int)
}

// shownSecret is the form of a secret as scanners look for it.
var shownSecret = regexp.MustCompile(`dd_[0-9A-Za-z]{49}`)

var servedURL = regexp.MustCompile(`url=(https?://\S+)`)

// start runs the program until it serves.
func startServing(t *testing.T, args ...string) running {
	t.Helper()
	r := running{stdout: &output{}, stderr: &output{}}
	p := program{stdin: strings.NewReader(""), stdout: r.stdout, stderr: r.stderr, env: func(string) string { return "" }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- p.run(ctx, args) }()
	r.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { r.stop() })
	// Five minutes are no measure of speed: they only end a test that would hang.
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found := servedURL.FindStringSubmatch(r.stderr.String()); found != nil {
			r.url = found[1]
			r.secret = shownSecret.FindString(r.stderr.String() + r.stdout.String())
			return r
		}
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("ended with %d: %s", code, r.stderr)
		default:
		}
	}
	t.Fatalf("does not serve: %s", r.stderr)
	return r
}

// query asks the API and returns its data.
func (r running) query(t *testing.T, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	answer := r.post(t, "/graphql", "application/json", string(body))
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"errors"`)) {
		t.Fatalf("%s: %v %s\n%s", answer.Status, err, text, query)
	}
	return strings.TrimSpace(string(text))
}

// post sends a body with the secret.
func (r running) post(t *testing.T, path, contentType, body string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Authorization", "Bearer "+r.secret)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// onEngines runs a test on a new database of each engine.
func onEngines(t *testing.T, test func(t *testing.T, db string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "new.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.URL(t)) })
}

func TestServe(t *testing.T) { onEngines(t, testServe) }

func testServe(t *testing.T, db string) {
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", db, "--currency", "EUR", "--timezone", "Europe/Berlin", "--explorer")
	if got := r.query(t, `{ book { functionalCurrency timeZone } }`); got != `{"data":{"book":{"functionalCurrency":"EUR","timeZone":"Europe/Berlin"}}}` {
		t.Errorf("book: %s", got)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok", "/": "<"} {
		answer, err := http.Get(r.url + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s %.100s", path, answer.Status, text)
		}
	}
	for deadline := time.Now().Add(5 * time.Minute); !strings.Contains(r.stderr.String(), "trigger=START"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the jobs did not run at the start: %s", r.stderr)
		}
	}
	if code := r.stop(); code != success {
		t.Errorf("ended with %d: %s", code, r.stderr)
	}
	log := r.stderr.String()
	if !strings.Contains(log, "only this machine can reach it") || !strings.Contains(log, "stopping") || strings.Contains(log, "level=ERROR") {
		t.Errorf("log: %s", log)
	}

	if strings.Count(log, r.secret) != 1 || strings.Contains(log, "level=INFO msg=\"\\n") {
		t.Errorf("the first token is not shown once: %s", log)
	}

	// The second time the book is there, with its currency and its token.
	again := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", db, "--no-jobs", "--allow-remote")
	if again.secret != "" {
		t.Error("a second token was shown")
	}
	again.secret = r.secret
	if got := again.query(t, `{ book { functionalCurrency } }`); !strings.Contains(got, "EUR") {
		t.Errorf("book: %s", got)
	}
	again.stop()
	if log := again.stderr.String(); strings.Contains(log, "trigger=START") {
		t.Errorf("jobs ran: %s", log)
	}
}

// The demo takes the next port where its own is taken, and every query that it prints
// answers.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes a minute to make a year; internal/demo makes it under it already")
	}
	onEngines(t, testDemo)
}

func testDemo(t *testing.T, db string) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	began := time.Now()
	r := startServing(t, "demo", "--addr", busy.Addr().String(), "--db", db)
	took := time.Since(began)
	t.Logf("serves after %s", took.Round(time.Millisecond))
	said := r.stdout.String()
	if !strings.Contains(said, busy.Addr().String()+" is taken; this is the next free port.") || !strings.Contains(said, "Open "+r.url+"/#token="+r.secret) {
		t.Errorf("said: %s", said)
	}
	for _, e := range examples {
		if !strings.Contains(said, e.query) {
			t.Errorf("does not print: %s", e.query)
		}
		answer := r.query(t, e.query)
		if strings.Contains(answer, `"nodes":[]`) || strings.Contains(answer, "null}") {
			t.Errorf("%s\nanswers nothing: %s", e.query, answer)
		}
	}
	larkspur := r.query(t, examples[0].query)
	for _, want := range []string{`"balance":{"credits":"15000"}`, `"drawn":"35000"`, `"recognised":{"amount":"2800.00"}`, `"carrying":{"amount":"1200.00"}`} {
		if !strings.Contains(larkspur, want) {
			t.Errorf("no %s in %s", want, larkspur)
		}
	}
	if got := r.query(t, `{ customers(first: 1) { totalCount } }`); !strings.Contains(got, fmt.Sprintf(`"totalCount":%d`, 33)) {
		t.Errorf("the help says thirty-three customers, the book %s", got)
	}
	if code := r.stop(); code != success {
		t.Errorf("ended with %d: %s", code, r.stderr)
	}
	if code, said := ended(t, "verify", "--db", db); code != success {
		t.Error(said)
	}
	if code, said := ended(t, "demo", "--build-only", "--db", db); code != usage || !strings.Contains(said, "--db: holds a book already: the demo takes an empty database") {
		t.Errorf("a second demo on the same database: %d %s", code, said)
	}
}

// An import that is stopped says so in a sentence, with an exit code of its own.
func TestStoppedImport(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/book.db"
	makeCrashBook(t, "sqlite:"+path)
	files := writeUsage(t, dir, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr output
	p := program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: &stderr, env: func(string) string { return "" }}
	code := p.run(ctx, append([]string{"import", "usage", "--db", "sqlite:" + path}, files...))
	if code != interrupted || !strings.HasPrefix(stderr.String(), "drawdown: stopped") {
		t.Errorf("%d: %s", code, stderr.String())
	}
}
