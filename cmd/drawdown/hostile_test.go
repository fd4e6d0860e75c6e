package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

const (
	// hostileMemory is the limit that the server is given, in megabytes, and hostileMost
	// what it may take all in all, as docs/limits.md says: the limit is of the heap's side,
	// and pages of SQLite and of the program come on top.
	hostileMemory = 256
	hostileMost   = hostileMemory * 3 / 2
	// hostileTime is how long it is asked everything that is bad for it.
	hostileTime = 10 * time.Second
	// hostileConnections hang on without asking anything whole.
	hostileConnections = 1000
)

// TestHostileRequests asks a server, in a process of its own with little memory, everything
// that is known to bring servers down, by many at once. It stays up and within its memory, and what
// others ask meanwhile is answered, and right. How much slower is logged as a ratio, for
// docs/limits.md.
func TestHostileRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	path := filepath.Join(t.TempDir(), "book.db")
	makeHostileBook(t, "sqlite:"+path)
	token := func(name string) string {
		return strings.TrimSpace(ran(t, "token", "create", name, "--role", "operator", "--db", "sqlite:"+path))
	}
	mine, theirs := token("dashboard"), token("hostile")
	server := startProcess(t, "serve", "--addr", "127.0.0.1:0", "--db", "sqlite:"+path, "--no-jobs", "--memory-limit", strconv.Itoa(hostileMemory))

	calm := server.askNormally(t, mine, hostileTime/4)
	t.Logf("alone: %s", calm)
	bodies, bomb := hostileBodies(), gzipBomb()
	ctx, cancel := context.WithTimeout(t.Context(), hostileTime)
	defer cancel()
	var hostile sync.WaitGroup
	counts := server.attack(ctx, t, &hostile, theirs, bodies, bomb)
	besides := server.askNormally(t, mine, hostileTime)
	hostile.Wait()
	t.Logf("beside: %s, median %.1f, 99th of a hundred %.1f times as long", besides, ratio(besides.at(50), calm.at(50)), ratio(besides.at(99), calm.at(99)))
	for _, name := range slices.Sorted(counts.names()) {
		t.Logf("%-28s %s", name, counts.of(name))
		if counts.of(name) == "" {
			t.Errorf("%s: no request was answered", name)
		}
	}
	if besides.answered < besides.asked*9/10 {
		t.Errorf("of %d requests of others %d were answered", besides.asked, besides.answered)
	}
	peak := server.peakMegabytes(t)
	t.Logf("memory: %d MB at most, with a limit of %d", peak, hostileMemory)
	if peak > hostileMost {
		t.Errorf("took %d MB, more than %d", peak, hostileMost)
	}
	if after := server.askNormally(t, mine, time.Second); after.answered != after.asked {
		t.Errorf("afterwards %d of %d requests were answered", after.answered, after.asked)
	}
	if log := server.log.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "panic") {
		t.Errorf("log: %.2000s", log)
	}
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// makeHostileBook makes a book in which the costliest queries find what they ask for: a
// customer with a hundred lots and two hundred events.
func makeHostileBook(t *testing.T, name string) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, name, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	book, err := books.Open(ctx, db, books.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := setUp(ctx, book, "10000", "800"); err != nil {
		t.Fatal(err)
	}
	price := decimal.NewFromInt(10)
	for i := range 100 {
		if _, err := book.Purchase(ctx, fmt.Sprint("more ", i), books.NewPurchase{Customer: "acme", Credits: decimal.NewFromInt(100), Price: &price, Reference: fmt.Sprint("INV-", i)}); err != nil {
			t.Fatal(err)
		}
	}
	events := make([]books.UsageInput, 200)
	one := decimal.NewFromInt(1)
	for i := range events {
		events[i] = books.UsageInput{Source: "test", ID: fmt.Sprint(i), Customer: "acme", Credits: &one}
	}
	if _, err := book.RecordUsage(ctx, events); err != nil {
		t.Fatal(err)
	}
}

// process is a server in a process of its own.
type process struct {
	url, address string
	log          *output
	command      *exec.Cmd
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{log: &output{}, command: exec.Command(builtProgram(t), args...)}
	p.command.Stderr = p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.command.Wait() }()
	t.Cleanup(func() {
		_ = p.command.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v: %.2000s", err, p.log)
		}
	})
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found := servedURL.FindStringSubmatch(p.log.String()); found != nil {
			p.url, p.address = found[1], strings.TrimPrefix(found[1], "http://")
			return p
		}
	}
	t.Fatalf("does not serve: %s", p.log)
	return nil
}

// peakMegabytes is the most memory that the process had, as the kernel counts it.
func (p *process) peakMegabytes(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		t.Skip("the kernel does not say what a process takes")
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	kilobytes, err := strconv.Atoi(string(bytes.Fields(rest)[0]))
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}

// latencies are of requests that somebody asks who means no harm.
type latencies struct {
	took            []time.Duration // in order
	asked, answered int
}

func (l latencies) at(percent int) time.Duration {
	return l.took[min(len(l.took)*percent/100, len(l.took)-1)]
}

func (l latencies) String() string {
	return fmt.Sprintf("%d of %d answered, median %s, 99 of 100 within %s", l.answered, l.asked,
		l.at(50).Round(10*time.Microsecond), l.at(99).Round(10*time.Microsecond))
}

// askNormally asks for a balance, again and again, and holds each answer to what is right.
func (p *process) askNormally(t *testing.T, secret string, during time.Duration) latencies {
	t.Helper()
	const query = `{"query":"{ customer(externalId: \"zeta\") { balance { credits } purchases { nodes { price { amount } } } } }"}`
	const want = `{"data":{"customer":{"balance":{"credits":"10000"},"purchases":{"nodes":[{"price":{"amount":"800.00"}}]}}}}`
	client := &http.Client{Timeout: time.Minute}
	var l latencies
	for end := time.Now().Add(during); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		began := time.Now()
		l.asked++
		answer, err := p.send(t.Context(), client, secret, "/graphql", "application/json", "", query)
		if err != nil {
			t.Errorf("a request of somebody else: %v", err)
			continue
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		switch {
		case err != nil:
			t.Errorf("a request of somebody else: %v", err)
		case answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
		case strings.TrimSpace(string(text)) != want:
			t.Errorf("a request of somebody else is answered %s %s", answer.Status, text)
		default:
			l.answered++
			l.took = append(l.took, time.Since(began))
		}
	}
	slices.Sort(l.took)
	if len(l.took) == 0 {
		t.Fatal("nothing was answered")
	}
	return l
}

// hostileBodies are bodies of GraphQL requests, each bad in its own way.
func hostileBodies() map[string]string {
	document := func(text string) string {
		body, _ := json.Marshal(map[string]string{"query": text})
		return string(body)
	}
	withVariables := func(variables string) string {
		return `{"query":"query($v: String) { customers(search: $v) { nodes { id } } }","variables":{"v":` + variables + `}}`
	}
	var aliases, cycle, bomb, events strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&aliases, "a%d: customers(first: 1) { totalCount } ", i)
	}
	for i := range 300 {
		fmt.Fprintf(&cycle, "fragment f%d on Book { timeZone ...f%d } ", i, (i+1)%300)
		fmt.Fprintf(&bomb, "fragment f%d on Book { ...f%d ...f%d } ", i, i+1, i+1)
	}
	for i := range 10_000 {
		fmt.Fprintf(&events, `{"id":"h%d","customer":"nobody","credits":"1"},`, i)
	}
	const events200 = `usageEvents(customer: "acme", first: 200) { nodes { customer { lots(first: 100) { nodes { id granted } } } } }`
	return map[string]string{
		"deep":                      document(strings.Repeat("{ lots { nodes { customer ", 300) + strings.Repeat("} } }", 300)),
		"wide":                      document("{ book { " + strings.Repeat("timeZone ", 9_000) + "} }"),
		"aliased a thousand times":  document("{ " + aliases.String() + "}"),
		"as costly as is allowed":   document("{ " + events200 + " }"),
		"more costly":               document("{ " + events200 + strings.ReplaceAll(events200, "usageEvents", "b: usageEvents") + " }"),
		"fragments in circles":      document("{ book { ...f0 } } " + cycle.String()),
		"a fragment bomb":           document("{ book { ...f0 } } " + bomb.String() + "fragment f300 on Book { timeZone }"),
		"thousands of directives":   document("{ book { timeZone " + strings.Repeat("@skip(if: false) ", 1_300) + "} }"),
		"a huge string":             document(`{ customers(search: "` + strings.Repeat("x", 10<<20) + `") { nodes { id } } }`),
		"a string of the body":      document(`{ customers(search: "` + strings.Repeat("x", 1<<20-200) + `") { nodes { id } } }`),
		"a number of digits":        document("{ customers(first: " + strings.Repeat("9", 100_000) + ") { nodes { id } } }"),
		"a decimal of digits":       withVariables(strings.Repeat("9", 100_000)),
		"an exponent":               withVariables("1e999999999"),
		"variables nested":          withVariables(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)),
		"a huge list":               withVariables("[" + strings.Repeat("1,", 400_000) + "1]"),
		"the schema, by many names": document("{ " + strings.Repeat("a: __schema { types { fields { args { type { name } } } } } ", 400) + "}"),
		"the schema, in itself":     document("{ __schema { types { " + strings.Repeat("fields { type { ", 100) + "name" + strings.Repeat("} }", 100) + "} } }"),
		"invalid UTF-8":             "{\"query\":\"{ book { timeZone } }\xff\xfe\"}",
		"a body of ten megabytes":   strings.Repeat(" ", 10<<20),
		"a batch":                   "[" + strings.TrimSuffix(strings.Repeat(document("{ book { timeZone } }")+",", 5_000), ",") + "]",
		"a full batch of usage":     `{"query":"mutation($e: [UsageEventInput!]!) { usageRecord(events: $e) { recorded outcomes { error { message } } } }","variables":{"e":[` + strings.TrimSuffix(events.String(), ",") + `]}}`,
		"unknown hashes":            `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + strings.Repeat("0", 64) + `"}}}`,
	}
}

// tally counts the answers to each kind of request by their status.
type tally struct {
	mu sync.Mutex
	by map[string]map[string]int
}

func (c *tally) add(name, status string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[name] == nil {
		c.by[name] = map[string]int{}
	}
	if status != "" {
		c.by[name][status]++
	}
}

func (c *tally) of(name string) string {
	var parts []string
	for status, n := range c.by[name] {
		parts = append(parts, fmt.Sprintf("%s: %d", status, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func (c *tally) names() func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range c.by {
			if !yield(name) {
				return
			}
		}
	}
}

// send posts a body.
func (p *process) send(ctx context.Context, client *http.Client, secret, path, contentType, encoding, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", contentType)
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	return client.Do(r)
}

// hostileClient comes from an address of its own, so that its share is not that of others.
func hostileClient() *http.Client {
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	return &http.Client{Transport: &http.Transport{DialContext: from.DialContext, MaxIdleConnsPerHost: 4}, Timeout: time.Minute}
}

// attack asks everything at once until the context ends.
func (p *process) attack(ctx context.Context, t *testing.T, working *sync.WaitGroup, secret string, bodies map[string]string, bomb string) *tally {
	counts := &tally{by: map[string]map[string]int{}}
	client := hostileClient()
	repeat := func(name, secret, path, contentType, encoding, body string) {
		counts.add(name, "")
		working.Go(func() {
			for ctx.Err() == nil {
				answer, err := p.send(ctx, client, secret, path, contentType, encoding, body)
				if err != nil { // cut short, as a body that is too long is, or the end
					continue
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				counts.add(name, strconv.Itoa(answer.StatusCode))
			}
		})
	}
	for name, body := range bodies {
		repeat(name, secret, "/graphql", "application/json", "", body)
		repeat(name, secret, "/graphql", "application/json", "", body)
	}
	repeat("nobody's", "dd_nobody", "/graphql", "application/json", "", bodies["as costly as is allowed"])
	repeat("a bomb of gzip", secret, "/v1/usage", "application/x-ndjson", "gzip", bomb)
	repeat("a bomb of gzip as GraphQL", secret, "/graphql", "application/json", "gzip", bomb)
	repeat("lines without an end", secret, "/v1/usage", "application/x-ndjson", "", strings.Repeat("x", 8<<20))
	var hanging atomic.Int64
	for i := range hostileConnections {
		working.Go(func() { p.hang(ctx, secret, i, &hanging) })
	}
	for hanging.Load() < hostileConnections && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%d connections hang", hanging.Load())
	return counts
}

// gzipBomb is a hundred megabytes, more than a stream of usage may have.
func gzipBomb() string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.CopyN(w, zeros{}, 100<<20)
	_ = w.Close()
	return packed.String()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// hang holds a connection: one in three sends a header a byte at a time, one a body, one
// asks for the longest answer there is and reads a byte a second.
func (p *process) hang(ctx context.Context, secret string, i int, hanging *atomic.Int64) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3)}}
	conn, err := dialer.DialContext(ctx, "tcp", p.address)
	if err != nil {
		return
	}
	defer conn.Close()
	hanging.Add(1)
	begin := []string{
		"POST /graphql HTTP/1.1\r\nHost: x\r\nX-",
		"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{\"query\":\"" + strings.Repeat("#", 100_000),
		"GET /graphql?query=" + url.QueryEscape(`{ __schema { types { name description fields { name description args { name description } } } } }`) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\n\r\n",
	}[i%3]
	if _, err := io.WriteString(conn, begin); err != nil {
		return
	}
	one := make([]byte, 1)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		if i%3 == 2 {
			_, err = conn.Read(one)
		} else {
			_, err = io.WriteString(conn, "x")
		}
		if err != nil {
			return
		}
	}
}
