package graph_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"drawdown/graph"
)

// An answer to a query by GET has a tag, by which a caller that has it already gets none
// again, until a figure changes.
func TestTags(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	get := func(query, known string) answered {
		r := httptest.NewRequest(http.MethodGet, "/graphql?query="+url.QueryEscape(query), http.NoBody)
		if known != "" {
			r.Header.Set("If-None-Match", known)
		}
		return a.send(r)
	}
	const balance = `{ customer(externalId: "acme") { balance { credits } } }`
	first := get(balance, "")
	tag := first.Header.Get("Etag")
	if !strings.HasPrefix(tag, `W/"`) || first.Header.Get("Cache-Control") != "private, max-age=0, must-revalidate" || !strings.Contains(strings.Join(first.Header.Values("Vary"), ","), "Authorization") {
		t.Errorf("%v", first.Header)
	}
	for _, known := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
		if got := get(balance, known); got.Status != http.StatusNotModified || got.body != "" || got.Header.Get("Etag") != tag {
			t.Errorf("%s: %d %v %s", known, got.Status, got.Header, got.body)
		}
	}
	a.use("acme", "evt-1", "1")
	if got := get(balance, tag); got.Status != http.StatusOK || got.Header.Get("Etag") == tag {
		t.Errorf("%d %v %s", got.Status, got.Header, got.body)
	}
	for name, got := range map[string]answered{
		"an error":  get(`{ node(id: "42") { id } }`, "*"),
		"a refusal": get(`{ nothing }`, "*"),
		"a POST":    a.ask(balance),
	} {
		if got.Status == http.StatusNotModified || got.Header.Get("Etag") != "" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", name, got.Status, got.Header)
		}
	}
}

// Long answers are packed as the caller takes them, and are the same unpacked; short ones
// are not.
func TestCompression(t *testing.T) {
	a := newAPI(t)
	server := httptest.NewServer(a)
	defer server.Close()
	ask := func(encoding, query string) (*http.Response, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/graphql?query="+url.QueryEscape(query), http.NoBody)
		r.Header.Set("Accept-Encoding", encoding)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var body io.Reader = answer.Body
		switch answer.Header.Get("Content-Encoding") {
		case "gzip":
			body, err = gzip.NewReader(body)
		case "zstd":
			body, err = zstd.NewReader(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(text)
	}
	const long, short = "{ __schema { types { name description } } }", "{ book { timeZone } }"
	_, want := ask("identity", long)
	for _, encoding := range []string{"gzip", "zstd", "gzip, zstd"} {
		answer, got := ask(encoding, long)
		if packed := answer.Header.Get("Content-Encoding"); packed == "" || !strings.Contains(encoding, packed) || got != want || !strings.Contains(strings.Join(answer.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%s: %v, %d bytes instead of %d", encoding, answer.Header, len(got), len(want))
		}
	}
	if answer, _ := ask("gzip", short); answer.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v", answer.Header)
	}
}

// Pages of listed origins may ask, after a preflight; those of others may not.
func TestOrigins(t *testing.T) {
	a := newAPI(t)
	const ours, others = "https://dashboard.example.com", "https://evil.example"
	a.serve(graph.Options{Origins: []string{ours}})
	preflight := func(origin string) http.Header {
		r := httptest.NewRequest(http.MethodOptions, "/graphql", http.NoBody)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
		return a.send(r).Header
	}
	if got := preflight(ours); got.Get("Access-Control-Allow-Origin") != ours || got.Get("Access-Control-Allow-Headers") == "" || got.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(strings.Join(got.Values("Vary"), ","), "Origin") {
		t.Errorf("%v", got)
	}
	for _, origin := range []string{others, "null", "https://dashboard.example.com.evil.example", "http://dashboard.example.com"} {
		if got := preflight(origin); got.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", origin, got)
		}
	}
	for origin, want := range map[string]int{ours: http.StatusOK, others: http.StatusForbidden} {
		r := post(strings.NewReader(zone))
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		got := a.send(r)
		if got.Status != want || (got.Header.Get("Access-Control-Allow-Origin") == origin) != (want == http.StatusOK) {
			t.Errorf("%s: %d %v %s", origin, got.Status, got.Header, got.body)
		}
		if want == http.StatusForbidden && got.Errors[0].Extensions["code"] != "INVALID" {
			t.Errorf("%s", got.body)
		}
	}
	for _, origin := range []string{"", "*", "null", "dashboard.example.com", "https://dashboard.example.com/", "https://u@dashboard.example.com", "https://dashboard.example.com?x", "ftp://x"} {
		if graph.CheckOrigin(origin) == nil {
			t.Errorf("%q is an origin", origin)
		}
	}
}

// Every answer bears what keeps a browser from making more of it.
func TestHeaders(t *testing.T) {
	a := newAPI(t)
	for _, path := range []string{"/", "/graphql?query=%7B__typename%7D", "/healthz", "/nothing"} {
		got := a.send(httptest.NewRequest(http.MethodGet, path, http.NoBody))
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=()",
		} {
			if !strings.HasPrefix(got.Header.Get(header), want) {
				t.Errorf("%s: %s is %q", path, header, got.Header.Get(header))
			}
		}
		if got.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s speaks of TLS without it", path)
		}
	}
}

// A connection that was refused half-way is closed or goes on in step: no answer belongs to
// another request.
func TestRequestsOnOneConnection(t *testing.T) {
	a := newAPI(t)
	server := httptest.NewServer(a)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for _, test := range []struct {
		request string
		status  int
	}{
		{"PUT /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 405},
		{"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", 415},
		{"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n" + zone, 200},
	} {
		if _, err := io.WriteString(conn, test.request); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		if answer.StatusCode != test.status {
			t.Errorf("%s: %d, want %d", test.request, answer.StatusCode, test.status)
		}
	}
}
