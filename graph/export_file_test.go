package graph_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
)

// exported is a sealed batch behind a server, with a file of more than a mebibyte, as it is kept
// in more than one piece.
type exported struct {
	*api
	t      *testing.T
	server *httptest.Server
	target string
	batch  string // its id
	path   string // of the file
	link   string
	sha256 string
	bytes  int
}

func newExported(t *testing.T, a *api) *exported {
	t.Helper()
	e := &exported{api: a, t: t, server: httptest.NewServer(a.bare)}
	t.Cleanup(e.server.Close)
	policy, customer, price := strings.Repeat("p", 50), strings.Repeat("c", 200), decimal.NewFromInt(10)
	if _, err := a.books.PolicyCreate(t.Context(), "policy", books.NewPolicy{Code: policy}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.books.CustomerCreate(t.Context(), "customer", books.NewCustomer{ExternalID: customer}); err != nil {
		t.Fatal(err)
	}
	for i := range 950 {
		sale := books.NewPurchase{Customer: customer, Policy: policy, Credits: decimal.NewFromInt(10), Price: &price}
		if _, err := a.books.Purchase(t.Context(), fmt.Sprint("sale ", i), sale); err != nil {
			t.Fatal(err)
		}
	}
	e.target = a.must(`mutation { exportTargetCreate(input: {code: "warehouse", profile: "{\"format\": \"jsonl-lines\"}"}, idempotencyKey: "t") { target { id } userErrors { message } } }`).text("exportTargetCreate.target.id")
	e.batch = e.draft(949)
	if _, found, err := a.books.ExportWrite(t.Context(), ""); !found || err != nil {
		t.Fatal(found, err)
	}
	got := a.must(`query($id: ID!) { exportBatch(id: $id) { files { path link sha256 bytes } } }`, map[string]any{"id": e.batch})
	var file struct {
		ExportBatch struct {
			Files []struct {
				Path, Link, SHA256 string
				Bytes              int
			}
		}
	}
	text, err := json.Marshal(got.Data)
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil || len(file.ExportBatch.Files) != 1 {
		t.Fatal(err, got.Data)
	}
	one := file.ExportBatch.Files[0]
	e.path, e.link, e.sha256, e.bytes = one.Path, one.Link, one.SHA256, one.Bytes
	if e.bytes < books.ExportPieceBytes+1000 {
		t.Fatalf("the file has %d bytes, in one piece", e.bytes)
	}
	return e
}

// draft asks for a batch through an entry.
func (e *exported) draft(through int) string {
	e.t.Helper()
	return e.must(`mutation($target: ID!, $through: Int!, $key: String!) { exportBatchCreate(targetId: $target, input: {through: $through}, idempotencyKey: $key) { batch { id } userErrors { message } } }`,
		map[string]any{"target": e.target, "through": through, "key": fmt.Sprint(through)}).text("exportBatchCreate.batch.id")
}

// given is what the server gave.
type given struct {
	status int
	header http.Header
	body   []byte
	Code   string
	Field  []string
}

// do asks the server as a client does that knows nothing of tests. Headers come in pairs.
func (e *exported) do(method, path, secret string, headers ...string) given {
	e.t.Helper()
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.server.URL+path, http.NoBody)
	if err != nil {
		e.t.Fatal(err)
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := e.server.Client().Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		e.t.Error(err)
	}
	if err != nil {
		e.t.Fatal(err)
	}
	got := given{status: response.StatusCode, header: response.Header, body: body}
	if strings.HasPrefix(got.header.Get("Content-Type"), "application/json;") {
		_ = json.Unmarshal(body, &got)
	}
	return got
}

// TestExportRanges reads a file in parts, as a client does whose line broke, and again only where
// it changed. What it puts together has the hash that the batch says.
func TestExportRanges(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		e := newExported(t, a)
		auditor := newToken(t, a.books, books.NewToken{Name: "aud", Roles: []books.Role{books.Auditor}})
		tag, n := `"`+e.sha256+`"`, e.bytes
		whole := e.do(http.MethodGet, e.path, auditor)
		sum := sha256.Sum256(whole.body)
		if whole.status != http.StatusOK || len(whole.body) != n || hex.EncodeToString(sum[:]) != e.sha256 {
			t.Fatalf("%d, %d bytes of %d", whole.status, len(whole.body), n)
		}
		for name, want := range map[string]string{
			"ETag": tag, "Accept-Ranges": "bytes", "Content-Length": fmt.Sprint(n), "Content-Type": "application/jsonl", "X-Content-Type-Options": "nosniff",
			"Last-Modified": begin.Format(http.TimeFormat), "Cache-Control": "private, no-cache", "Content-Disposition": "attachment; filename=" + e.path[strings.LastIndexByte(e.path, '/')+1:],
		} {
			if got := whole.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if head := e.do(http.MethodHead, e.path, auditor); head.status != http.StatusOK || len(head.body) != 0 || head.header.Get("Content-Length") != fmt.Sprint(n) || head.header.Get("ETag") != tag {
			t.Errorf("HEAD: %d %v", head.status, head.header)
		}

		const edge = books.ExportPieceBytes
		for _, test := range []struct{ from, to int }{{0, 0}, {0, 99}, {edge - 1, edge}, {edge - 500, edge + 500}, {edge, edge}, {n - 1, n - 1}, {1, n - 2}} {
			got := e.do(http.MethodGet, e.path, auditor, "Range", fmt.Sprintf("bytes=%d-%d", test.from, test.to))
			if got.status != http.StatusPartialContent || !bytes.Equal(got.body, whole.body[test.from:test.to+1]) || got.header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", test.from, test.to, n) {
				t.Errorf("%d to %d: %d, %d bytes, %s", test.from, test.to, got.status, len(got.body), got.header.Get("Content-Range"))
			}
		}
		for asked, want := range map[string][]byte{
			fmt.Sprintf("bytes=%d-", n-77):               whole.body[n-77:],
			"bytes=-12":                                  whole.body[n-12:],
			fmt.Sprintf("bytes=%d-%d", n-5, 10*n):        whole.body[n-5:],
			fmt.Sprintf("bytes=%d-%d,0-1", edge-3, edge): nil, // in two parts, below
		} {
			got := e.do(http.MethodGet, e.path, auditor, "Range", asked)
			body := got.body
			if want == nil {
				_, boundary, err := mime.ParseMediaType(got.header.Get("Content-Type"))
				if err != nil {
					t.Fatal(err)
				}
				parts := multipart.NewReader(bytes.NewReader(got.body), boundary["boundary"])
				body, want = nil, append(bytes.Clone(whole.body[edge-3:edge+1]), whole.body[:2]...)
				for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
					text, err := io.ReadAll(part)
					if err != nil {
						t.Error(err)
					}
					body = append(body, text...)
				}
			}
			if got.status != http.StatusPartialContent || !bytes.Equal(body, want) {
				t.Errorf("%s: %d, %q", asked, got.status, body)
			}
		}
		for _, asked := range []string{fmt.Sprintf("bytes=%d-", n), "bytes=9-3", "lines=1-2"} {
			if got := e.do(http.MethodGet, e.path, auditor, "Range", asked); got.status != http.StatusRequestedRangeNotSatisfiable {
				t.Errorf("%s: %d", asked, got.status)
			}
		}

		// A download that breaks off goes on where it was.
		var together []byte
		for len(together) < n {
			to := min(len(together)+n/3, n-1)
			got := e.do(http.MethodGet, e.path, auditor, "Range", fmt.Sprintf("bytes=%d-%d", len(together), to), "If-Range", tag)
			if got.status != http.StatusPartialContent {
				t.Fatal(got.status)
			}
			together = append(together, got.body...)
		}
		if sum := sha256.Sum256(together); hex.EncodeToString(sum[:]) != e.sha256 {
			t.Error("what was put together is another file")
		}

		sealed, another := begin.Format(http.TimeFormat), `"`+strings.Repeat("0", 64)+`"`
		for _, test := range []struct {
			what    string
			headers []string
			status  int
			bytes   int
		}{
			{"the file of the tag", []string{"Range", "bytes=0-9", "If-Range", tag}, 206, 10},
			{"another file", []string{"Range", "bytes=0-9", "If-Range", another}, 200, n},
			{"a weak tag", []string{"Range", "bytes=0-9", "If-Range", "W/" + tag}, 200, n},
			{"of the day", []string{"Range", "bytes=0-9", "If-Range", sealed}, 206, 10},
			{"of another day", []string{"Range", "bytes=0-9", "If-Range", begin.AddDate(0, 0, -1).Format(http.TimeFormat)}, 200, n},
			{"known already", []string{"If-None-Match", tag}, 304, 0},
			{"known otherwise", []string{"If-None-Match", another}, 200, n},
			{"not modified", []string{"If-Modified-Since", sealed}, 304, 0},
			{"only this", []string{"If-Match", tag}, 200, n},
			{"only another", []string{"If-Match", another}, 412, 0},
		} {
			if got := e.do(http.MethodGet, e.path, auditor, test.headers...); got.status != test.status || len(got.body) != test.bytes {
				t.Errorf("%s: %d, %d bytes, want %d, %d", test.what, got.status, len(got.body), test.status, test.bytes)
			}
		}

		e.must(`mutation($id: ID!) { exportBatchVoid(batchId: $id, input: {reason: "the wrong company"}, idempotencyKey: "v") { batch { status } userErrors { message } } }`, map[string]any{"id": e.batch})
		if got := e.do(http.MethodGet, e.path, auditor, "Range", "bytes=0-9", "If-Range", tag); got.status != http.StatusPartialContent || !bytes.Equal(got.body, whole.body[:10]) {
			t.Errorf("of a voided batch: %d", got.status)
		}
	})
}

// TestExportLinks has whoever has a link read its file, from any server of the book, for an hour, and
// nothing else; without a link it takes a role for the whole book.
func TestExportLinks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		e := newExported(t, a)
		token := func(name string, roles ...books.Role) string {
			return newToken(t, a.books, books.NewToken{Name: name, Roles: roles})
		}
		auditor, accountant, operator, viewer := token("aud", books.Auditor), token("acc", books.Accountant), token("op", books.Operator), token("view", books.Viewer)
		one := newToken(t, a.books, books.NewToken{Name: "one", Roles: []books.Role{books.Viewer}, Customer: strings.Repeat("c", 200)})
		draft := e.draft(950)
		link, err := url.Parse(e.link)
		if err != nil || link.Path != e.path {
			t.Fatalf("%s: %v", e.link, err)
		}
		changed := func(path string, change func(url.Values)) string {
			query := link.Query()
			change(query)
			return path + "?" + query.Encode()
		}
		none := func(url.Values) {}
		signature := link.Query().Get("signature")
		for _, test := range []struct {
			what, method, path, secret string
			status                     int
			code, field                string
		}{
			{"a link", http.MethodGet, e.link, "", 200, "", ""},
			{"a link, with a token that may not", http.MethodGet, e.link, viewer, 200, "", ""},
			{"the head of a link", http.MethodHead, e.link, "", 200, "", ""},
			{"another time", http.MethodGet, changed(e.path, func(v url.Values) { v.Set("until", fmt.Sprint(begin.Add(48*time.Hour).Unix())) }), "", 401, "UNAUTHENTICATED", "signature"},
			{"no time", http.MethodGet, changed(e.path, func(v url.Values) { v.Del("until") }), "", 401, "UNAUTHENTICATED", "signature"},
			{"a time that is none", http.MethodGet, changed(e.path, func(v url.Values) { v.Set("until", "tomorrow") }), "", 401, "UNAUTHENTICATED", "signature"},
			{"another signature", http.MethodGet, changed(e.path, func(v url.Values) { v.Set("signature", strings.Repeat("0", 64)) }), "", 401, "UNAUTHENTICATED", "signature"},
			{"a part of it", http.MethodGet, changed(e.path, func(v url.Values) { v.Set("signature", signature[:63]) }), "", 401, "UNAUTHENTICATED", "signature"},
			{"no signature", http.MethodGet, changed(e.path, func(v url.Values) { v.Set("signature", "") }), auditor, 401, "UNAUTHENTICATED", "signature"},
			{"another file", http.MethodGet, changed(strings.TrimSuffix(e.path, "jsonl")+"csv", none), "", 401, "UNAUTHENTICATED", "signature"},
			{"another batch", http.MethodGet, changed(strings.Replace(e.path, e.batch, draft, 1), none), "", 401, "UNAUTHENTICATED", "signature"},
			{"to write", http.MethodPut, e.link, "", 405, "INVALID", ""},
			{"an auditor", http.MethodGet, e.path, auditor, 200, "", ""},
			{"an accountant", http.MethodGet, e.path, accountant, 200, "", ""},
			{"an admin", http.MethodGet, e.path, a.secret, 200, "", ""},
			{"an operator", http.MethodGet, e.path, operator, 403, "FORBIDDEN", ""},
			{"a viewer", http.MethodGet, e.path, viewer, 403, "FORBIDDEN", ""},
			{"a customer", http.MethodGet, e.path, one, 403, "FORBIDDEN", ""},
			{"nobody", http.MethodGet, e.path, "", 401, "UNAUTHENTICATED", ""},
			{"a token of nobody", http.MethodGet, e.path, auth.NewSecret(), 401, "UNAUTHENTICATED", ""},
			{"a file that is not there", http.MethodGet, e.path + "x", auditor, 404, "NOT_FOUND", "name"},
			{"a draft", http.MethodGet, strings.Replace(e.path, e.batch, draft, 1), auditor, 400, "NOT_SEALED", "batchId"},
			{"no batch", http.MethodGet, strings.Replace(e.path, e.batch, "cus_1", 1), auditor, 400, "INVALID", "batch"},
			{"a batch that is not there", http.MethodGet, strings.Replace(e.path, e.batch, e.batch[:len(e.batch)-4]+"dead", 1), auditor, 404, "NOT_FOUND", "batchId"},
		} {
			got := e.do(test.method, test.path, test.secret)
			if got.status != test.status || got.Code != test.code || strings.Join(got.Field, ".") != test.field {
				t.Errorf("%s: %d %s %v, want %d %s %s", test.what, got.status, got.Code, got.Field, test.status, test.code, test.field)
			}
			if got.status != http.StatusOK && len(got.body) > 1000 {
				t.Errorf("%s: %d bytes came with a refusal", test.what, len(got.body))
			}
		}
		for secret, has := range map[string]bool{auditor: true, accountant: true, operator: false, viewer: false} {
			got := a.withToken(secret, `{ exportBatch(id: "`+e.batch+`") { files { link } } }`)
			if linked := !strings.Contains(got.body, `"link":null`); linked != has {
				t.Errorf("a link is given: %v, want %v", linked, has)
			}
		}

		// Another server of the book knows the signature; once the hour is over none does.
		other, err := books.Open(context.WithoutCancel(t.Context()), a.kept, books.Options{Now: func() time.Time { return a.now }})
		if err != nil {
			t.Fatal(err)
		}
		second := *e
		second.server = httptest.NewServer(graph.NewHandler(other, graph.Options{Log: slog.New(slog.DiscardHandler)}))
		defer second.server.Close()
		for _, test := range []struct {
			after  time.Duration
			status int
		}{{59*time.Minute + 59*time.Second, 200}, {time.Hour, 401}, {24 * time.Hour, 401}} {
			a.now = begin.Add(test.after)
			for _, server := range []*exported{e, &second} {
				if got := server.do(http.MethodGet, e.link, "", "Range", "bytes=0-9"); got.status != test.status && (got.status != http.StatusPartialContent || test.status != http.StatusOK) || test.status == 401 && strings.Join(got.Field, ".") != "until" {
					t.Errorf("after %s: %d %s", test.after, got.status, got.body)
				}
			}
		}
	})
}

// TestExportAnswerFile sends the ids of the general ledger as a file: each bad line is named and nothing of
// a bad file is kept; what is good is kept once, and what has no answer yet is named.
func TestExportAnswerFile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		ctx, price := t.Context(), decimal.NewFromInt(10)
		_, err := a.books.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"})
		if err == nil {
			_, err = a.books.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
		}
		for i := range 4 {
			if err == nil {
				_, err = a.books.Purchase(ctx, fmt.Sprint("sale ", i), books.NewPurchase{Customer: "acme", Credits: price, Price: &price})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		e := &exported{api: a, t: t, server: httptest.NewServer(a.bare)}
		defer e.server.Close()
		e.target = a.must(`mutation { exportTargetCreate(input: {code: "w", profile: "{\"format\": \"csv\"}"}, idempotencyKey: "t") { target { id } userErrors { message } } }`).text("exportTargetCreate.target.id")
		e.batch = e.draft(4)
		accountant := newToken(t, a.books, books.NewToken{Name: "acc", Roles: []books.Role{books.Accountant}})
		auditor := newToken(t, a.books, books.NewToken{Name: "aud", Roles: []books.Role{books.Auditor}})
		send := func(secret, content string) given {
			t.Helper()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.server.URL+"/v1/exports/"+e.batch+"/answers", strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+secret)
			r.Header.Set("Content-Type", "text/csv")
			response, err := e.server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			got := given{status: response.StatusCode, header: response.Header, body: body}
			_ = json.Unmarshal(body, &got)
			return got
		}
		const good = "\uFEFFdate,journal,external_id\r\n2024-01-15,JE-000001,A1\r\n2024-01-15,JE-000003,\"A, 3\"\r\n"
		if got := send(accountant, good); got.status != http.StatusBadRequest || got.Code != "NOT_SEALED" {
			t.Errorf("a draft: %d %s", got.status, got.body)
		}
		if _, found, err := a.books.ExportWrite(ctx, ""); !found || err != nil {
			t.Fatal(found, err)
		}
		for _, test := range []struct {
			what, secret, content string
			status                int
			code                  string
			says                  []string
		}{
			{"an auditor", auditor, good, 403, "FORBIDDEN", nil},
			{"nothing", accountant, "", 400, "INVALID", []string{"journal", "external_id"}},
			{"another file", accountant, "a,b\n1,2\n", 400, "INVALID", []string{"journal", "external_id", "a,b"}},
			{"no line", accountant, "journal,external_id\n", 413, "TOO_LARGE", []string{"1 to 10000"}},
			{"bad lines", accountant, "journal,external_id\nJE-000001,A1\nJE-000009,A9\nJE-000002,\n", 400, "INVALID", []string{"line 3:", "JE-000009", "JE-000001 to JE-000004", "line 4:", "externalId"}},
			{"lines of another form", accountant, "journal,external_id\nJE-000001,A1,x\nJE-000002,A2\nJE-000003\n", 400, "INVALID", []string{"line 2:", "line 4:", "3 fields", "1 fields"}},
			{"a quote that does not end", accountant, "journal,external_id\nJE-000001,\"A1\n", 400, "INVALID", []string{"line "}},
			{"two ids for one", accountant, "journal,external_id\nJE-000001,A1\nJE-000001,A2\n", 409, "ALREADY_EXISTS", []string{"line 3:", "A1", "A2"}},
			{"many bad lines", accountant, "journal,external_id\n" + strings.Repeat("x,y\n", 60), 400, "INVALID", []string{"line 51:", "and 10 lines more"}},
			{"too many lines", accountant, "journal,external_id\n" + strings.Repeat("JE-000001,A1\n", 10_001), 413, "TOO_LARGE", []string{"10001"}},
			{"too many bytes", accountant, "journal,external_id\n" + strings.Repeat(" ", books.MaxExportAnswerBytes), 413, "TOO_LARGE", []string{"several files"}},
		} {
			got := send(test.secret, test.content)
			if got.status != test.status || got.Code != test.code {
				t.Errorf("%s: %d %.300s, want %d %s", test.what, got.status, got.body, test.status, test.code)
			}
			for _, text := range test.says {
				if !strings.Contains(strings.ReplaceAll(string(got.body), `\"`, `"`), text) {
					t.Errorf("%s: %q is not said: %.500s", test.what, text, got.body)
				}
			}
		}
		if got := a.must(`query($id: ID!) { exportBatch(id: $id) { answered } }`, map[string]any{"id": e.batch}); fmt.Sprint(got.Data) != "map[exportBatch:map[answered:0]]" {
			t.Errorf("of bad files is kept: %v", got.Data)
		}
		for range 2 { // the same again is the same
			if got := send(accountant, good); got.status != http.StatusOK || !strings.Contains(string(got.body), `"answered":2,"batch":"`+e.batch+`","journals":4,"status":"SEALED","unanswered":["JE-000002","JE-000004"]`) {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
		if got := send(accountant, "external_id,journal\nA9,JE-000001\n"); got.status != http.StatusConflict || !strings.Contains(string(got.body), "line 2:") {
			t.Errorf("another id: %d %s", got.status, got.body)
		}
		if got := send(accountant, "external_id,journal\nA1,JE-000001\nA2,JE-000002\nA4,JE-000004\n"); got.status != http.StatusOK || !strings.Contains(string(got.body), `"status":"ACKNOWLEDGED","unanswered":[]`) {
			t.Errorf("the rest: %d %s", got.status, got.body)
		}
		if got := a.must(`query($id: ID!) { exportAnswers(batch: $id, first: 10) { journal externalId } }`, map[string]any{"id": e.batch}); !strings.Contains(got.body, `{"journal":"JE-000003","externalId":"A, 3"}`) {
			t.Errorf("%s", got.body)
		}
	})
}
