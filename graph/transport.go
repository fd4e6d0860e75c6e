package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/internal/books"
)

// transport is GraphQL over HTTP, as the specification of that name has it: a request
// that cannot be executed is 4xx without data in application/graphql-response+json, and
// 200 in application/json where it was well-formed. gqlgen's own transports answer
// otherwise and repeat a bad body in the error.
type transport struct {
	faults    presenter
	limits    Limits
	documents documents
	shedding  *shedding
	rates     *rates
	executor  *executor.Executor
	watch     Watch

	access        access
	subscriptions *subscriptions
	// background ends subscriptions.
	background context.Context //nolint:containedctx // it is the process's, not a request's
}

func (t transport) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	accepted, ok := negotiate(r.Header.Values("Accept"))
	takesEvents := acceptsEvents(r.Header.Values("Accept"))
	if !ok && !takesEvents {
		t.refuse(r.Context(), w, accepted, refuse(http.StatusNotAcceptable, books.Invalid, "the answer is %s, %s or %s: accept one of them", mediaGraphQL, mediaJSON, mediaEvents))
		return
	}
	if refused := t.rates.take(r.Context(), r.RemoteAddr, requestCost); refused != nil {
		t.refuse(r.Context(), w, accepted, refused)
		return
	}
	if r.ContentLength != 0 { // also of a body that is not read, which the server reads to its end
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // a recorder of tests has none
	}
	asked, forget, refused := t.read(w, r)
	defer forget()
	if refused != nil {
		t.refuse(r.Context(), w, accepted, refused)
		return
	}
	if takesEvents && t.byEvents(w, r, ok, asked) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.limits.Time)
	defer cancel()
	status, executed, refused := t.execute(ctx, w, r, accepted, asked)
	if refused == nil && !t.shedding.answers.take(executed.extra()) {
		refused = overloaded("answers that are read slowly fill the memory: send this again in a second, or ask for less")
	}
	if refused != nil {
		t.refuse(r.Context(), w, accepted, refused)
		return
	}
	defer t.shedding.answers.give(executed.extra())
	if r.Method != http.MethodGet || status != http.StatusOK || len(executed.Errors) > 0 {
		answer(w, accepted, status, executed)
		return
	}
	status, text := encoded(status, executed)
	if unchanged(w, r, text) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	write(w, accepted, status, text)
}

// execute runs the operation of a request in one of the places of those at work, which is
// free again before the answer is read.
func (t transport) execute(ctx context.Context, w http.ResponseWriter, r *http.Request, accepted negotiated, asked asked) (status int, executed response, refused *refused) {
	caller := bucketOf(ctx, r.RemoteAddr)
	leave, refused := t.shedding.enter(ctx, caller)
	defer leave()
	if refused != nil {
		return 0, response{}, refused
	}
	pause, refused := t.shedding.compute(ctx, caller)
	defer pause()
	if refused != nil {
		return 0, response{}, refused
	}
	params, named, refused := asked.params(t.limits)
	if refused == nil {
		refused = t.documents.find(ctx, params, named)
	}
	if refused != nil {
		return 0, response{}, refused
	}
	ctx = graphql.StartOperationTrace(ctx)
	operation, errs := t.executor.CreateOperationContext(ctx, params)
	if errs != nil {
		presented := t.presented(ctx, errs)
		t.watch.OperationEnded(ctx, Operation{}, codesOf(presented), 0)
		return accepted.requestError(errs), response{Errors: presented}, nil
	}
	t.documents.keep(ctx, params.Query, named)
	if operation.Operation.Operation == ast.Subscription {
		return 0, response{}, refuse(http.StatusNotAcceptable, books.Invalid, "a subscription is answered by events: accept %s", mediaEvents)
	}
	if r.Method == http.MethodGet && operation.Operation.Operation != ast.Query {
		w.Header().Set("Allow", http.MethodPost)
		return 0, response{}, refuse(http.StatusMethodNotAllowed, books.Invalid, "GET reads alone: send a mutation by POST")
	}
	if refused := t.rates.take(ctx, r.RemoteAddr, costOf(operation)); refused != nil {
		return 0, response{}, refused
	}
	lighten, refused := t.shedding.weigh(ctx, costOf(operation))
	defer lighten()
	if refused != nil {
		return 0, response{}, refused
	}
	if operation.Operation.Operation != ast.Query {
		pause()
	}
	respond, ctx := t.executor.DispatchOperation(ctx, operation)
	got := respond(ctx)
	if got == nil { // the deadline passed before anything was resolved
		return http.StatusServiceUnavailable, response{Errors: gqlerrors(t.faults.present(ctx, ctx.Err()))}, nil
	}
	executed = response{Errors: got.Errors, Data: got.Data, Extensions: got.Extensions}
	if len(got.Data) == 0 { // nothing ran: the snapshot could not be had
		return http.StatusServiceUnavailable, executed, nil
	}
	return http.StatusOK, executed, nil
}

// refuse answers what was not executed.
func (t transport) refuse(ctx context.Context, w http.ResponseWriter, accepted negotiated, refused *refused) {
	t.watch.OperationEnded(ctx, Operation{}, codesOf(gqlerrors(refused.err)), 0)
	refuseWith(w, accepted, refused)
}

func (t transport) presented(ctx context.Context, errs gqlerror.List) gqlerror.List {
	shown := make(gqlerror.List, 0, min(len(errs), maxErrors))
	for _, err := range errs[:min(len(errs), maxErrors)] {
		shown = append(shown, t.faults.present(ctx, err))
	}
	return shown
}

// response is the answer in the order in which a person reads it. An answer to a request
// that was not executed has no data at all, not null.
type response struct {
	Errors     gqlerror.List
	Data       json.RawMessage
	Extensions map[string]any
}

// extra is how many bytes of the answer count against what may lie in memory.
func (r response) extra() int64 { return max(int64(len(r.Data))-freeBytes, 0) }

func gqlerrors(err *gqlerror.Error) gqlerror.List { return gqlerror.List{err} }

// The media types of an answer.
const (
	mediaGraphQL = "application/graphql-response+json"
	mediaJSON    = "application/json"
)

// negotiated is the media type that the caller accepts.
type negotiated struct{ media string }

// requestError is the status of a request that cannot be executed.
func (n negotiated) requestError(errs gqlerror.List) int {
	switch {
	case n.media == mediaJSON: // its readers take any other status for a failure on the way
		return http.StatusOK
	case codeOfRequest(errs[0]) == books.TooLarge:
		return http.StatusUnprocessableEntity
	case codeOfRequest(errs[0]) == books.Forbidden:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// negotiate picks the media type of a GraphQL answer; plain JSON where the caller does
// not say, as the audits have it, for such callers are older than the other type.
func negotiate(accept []string) (negotiated, bool) {
	media, ok := prefer(accept, mediaJSON, mediaGraphQL)
	return negotiated{media}, ok
}

// prefer picks of two media types the one that the caller likes better; the usual one
// where it does not say.
func prefer(accept []string, usual, other string) (media string, ok bool) {
	best, liking := usual, 0.0
	asked := strings.Join(accept, ",")
	if strings.TrimSpace(asked) == "" {
		return best, true
	}
	for part := range strings.SplitSeq(asked, ",") {
		media, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		quality := 1.0
		if q, err := strconv.ParseFloat(parameters["q"], 64); err == nil {
			quality = q
		}
		switch media {
		case other:
		case usual, "application/*", "*/*":
			media = usual
		default:
			continue
		}
		if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		if quality > liking {
			best, liking = media, quality
		}
	}
	return best, liking > 0
}

func answer(w http.ResponseWriter, accepted negotiated, status int, body response) {
	status, text := encoded(status, body)
	write(w, accepted, status, text)
}

// encoded writes an answer as JSON. The data is written as it is: it was made of JSON by
// package walk and the scalars, which their tests hold, and a page of it has a megabyte.
func encoded(status int, body response) (int, []byte) {
	var written bytes.Buffer
	written.Grow(len(body.Data) + envelopeBytes)
	written.WriteByte('{')
	part := func(name string, value any) error {
		if written.Len() > 1 {
			written.WriteByte(',')
		}
		written.WriteString(`"` + name + `":`)
		if data, made := value.(json.RawMessage); made {
			written.Write(data)
			return nil
		}
		encoder := json.NewEncoder(&written)
		encoder.SetEscapeHTML(false) // a reader of JSON is no browser: nosniff
		err := encoder.Encode(value)
		if err == nil {
			written.Truncate(written.Len() - 1) // its newline
		}
		return err
	}
	var err error
	if len(body.Errors) > 0 {
		err = part("errors", body.Errors)
	}
	if len(body.Data) > 0 {
		err = errors.Join(err, part("data", body.Data))
	}
	if len(body.Extensions) > 0 {
		err = errors.Join(err, part("extensions", body.Extensions))
	}
	if err != nil {
		return http.StatusInternalServerError, []byte(`{"errors":[{"message":"a fault of ours","extensions":{"code":"INTERNAL"}}]}` + "\n")
	}
	written.WriteString("}\n")
	return status, written.Bytes()
}

// envelopeBytes are about what an answer has besides its data.
const envelopeBytes = 256

func write(w http.ResponseWriter, accepted negotiated, status int, text []byte) {
	w.Header().Set("Content-Type", accepted.media+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime(len(text)))) // a recorder of tests has none
	w.WriteHeader(status)
	_, _ = w.Write(text) //nolint:gosec // JSON, said to be that and not to be taken for anything else
}

// answerTime is how long a caller may take to read an answer.
func answerTime(length int) time.Duration {
	return readTime + time.Duration(length)*time.Second/slowestReader
}

// refused is why a request is not answered.
type refused struct {
	status int
	err    *gqlerror.Error
}

func refuse(status int, code books.Code, format string, args ...any) *refused {
	return &refused{status, refuseRequest(code, format, args...)}
}

// howToAsk ends every message about a body.
const howToAsk = `send {"query": "...", "variables": {...}} as application/json`

// refuseWith answers with a refusal, and says when to come back where that helps.
func refuseWith(w http.ResponseWriter, accepted negotiated, refused *refused) {
	if after, later := refused.err.Extensions["retryAfter"].(int); later {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	answer(w, accepted, refused.status, response{Errors: gqlerrors(refused.err)})
}

// read reads a request; forget tells that it is no longer in memory. Errors: INVALID,
// TOO_LARGE, OVERLOADED; none repeats the body.
func (t transport) read(w http.ResponseWriter, r *http.Request) (asked asked, forget func(), refused *refused) {
	switch r.Method {
	case http.MethodPost:
		body := &countedBody{budget: &t.shedding.bodies}
		asked, refused = t.fromBody(w, r, body)
		return asked, body.forget, refused
	case http.MethodGet:
		return fromURL(r.URL.Query()), func() {}, nil
	}
	w.Header().Set("Allow", "GET, POST")
	return asked, func() {}, refuse(http.StatusMethodNotAllowed, books.Invalid, "use GET or POST: %s", howToAsk)
}

func fromURL(values url.Values) asked {
	asked := asked{Query: quotedJSON(values, "query"), OperationName: quotedJSON(values, "operationName"), DocumentID: quotedJSON(values, "documentId")}
	for name, into := range map[string]*json.RawMessage{"variables": &asked.Variables, "extensions": &asked.Extensions} {
		if values.Get(name) != "" {
			*into = json.RawMessage(values.Get(name))
		}
	}
	return asked
}

func quotedJSON(values url.Values, name string) json.RawMessage {
	if !values.Has(name) {
		return nil
	}
	quoted, err := json.Marshal(values.Get(name))
	if err != nil {
		return json.RawMessage("0") // which is refused as no string
	}
	return quoted
}

func (t transport) fromBody(w http.ResponseWriter, r *http.Request, counted *countedBody) (asked asked, refused *refused) {
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaJSON {
		return asked, refuse(http.StatusUnsupportedMediaType, books.Invalid, "the content type must be application/json: %s", howToAsk)
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return asked, refuse(http.StatusUnsupportedMediaType, books.Invalid, "the charset must be utf-8")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return asked, refuse(http.StatusUnsupportedMediaType, books.Invalid, "the body must not be compressed")
	}
	if r.ContentLength > t.limits.Body {
		return asked, t.bodyTooLarge(r)
	}
	counted.from = http.MaxBytesReader(w, r.Body, t.limits.Body)
	body, err := io.ReadAll(counted)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return asked, t.bodyTooLarge(r)
	case errors.Is(err, errBodies):
		return asked, overloaded("requests that are sent slowly fill the memory: send this again in a second")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return asked, refuse(http.StatusRequestTimeout, books.Invalid, "the body did not come within %s: send it again", bodyTime)
	case err != nil:
		return asked, refuse(http.StatusBadRequest, books.Invalid, "the body ended early: send it again")
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the server listens for the connection's end
	if !utf8.Valid(body) {
		return asked, refuse(http.StatusBadRequest, books.Invalid, "the body is not UTF-8: send JSON in that encoding")
	}
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		return asked, refuse(http.StatusBadRequest, books.Invalid, "the body is a JSON array, and operations are sent one a request: put several fields into one operation, or send several requests")
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return asked, refuse(http.StatusBadRequest, books.Invalid, "the body is not a GraphQL request in JSON%s: %s", where(err), howToAsk)
	}
	return asked, nil
}

// countedBody counts the bytes of a body that lie in memory.
type countedBody struct {
	from           io.Reader
	budget         *budget
	bytes, counted int64
}

var errBodies = errors.New("bodies fill the memory")

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.bytes += int64(n)
	if more := b.bytes - freeBytes - b.counted; more > 0 {
		if !b.budget.take(more) {
			return n, errBodies
		}
		b.counted += more
	}
	return n, err
}

func (b *countedBody) forget() { b.budget.give(b.counted) }

// bodyTooLarge refuses a body; how long it is, its sender may have said.
func (t transport) bodyTooLarge(r *http.Request) *refused {
	asked := max(r.ContentLength, t.limits.Body+1)
	err := tooMuch("max-body", t.limits.Body, asked, "the body has more than %d bytes: send several requests, usage in smaller batches", t.limits.Body)
	return &refused{http.StatusRequestEntityTooLarge, err}
}

// where says at which byte a body stops being JSON, and what kind of value stands where
// an object is needed, without repeating any of it.
func where(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf(" (byte %d)", syntax.Offset)
	case errors.As(err, &kind):
		name, _, _ := strings.Cut(kind.Value, " ") // "number 5" repeats the number
		return fmt.Sprintf(" (it is a JSON %s, not an object)", name)
	}
	return ""
}

// asked is a request as it was sent, each part of which may be of the wrong kind.
type asked struct {
	Query         json.RawMessage `json:"query"`
	DocumentID    json.RawMessage `json:"documentId"`
	OperationName json.RawMessage `json:"operationName"`
	Variables     json.RawMessage `json:"variables"`
	Extensions    json.RawMessage `json:"extensions"`
}

func (a asked) params(limits Limits) (*graphql.RawParams, string, *refused) {
	params, documentID := &graphql.RawParams{}, ""
	invalid := func(format string, args ...any) (*graphql.RawParams, string, *refused) {
		return nil, "", refuse(http.StatusBadRequest, books.Invalid, format, args...)
	}
	if err := read(a.Query, &params.Query); err != nil {
		return invalid(noQuery, howToAsk)
	}
	if err := read(a.DocumentID, &documentID); err != nil {
		return invalid("documentId must be a string or null")
	}
	if err := read(a.OperationName, &params.OperationName); err != nil {
		return invalid("operationName must be a string or null")
	}
	if err := limits.variables(a.Variables); err != nil {
		return nil, "", &refused{http.StatusUnprocessableEntity, err}
	}
	if err := read(a.Variables, &params.Variables); err != nil {
		return invalid("variables must be a JSON object or null")
	}
	if err := limits.variables(a.Extensions); err != nil {
		return nil, "", &refused{http.StatusUnprocessableEntity, err}
	}
	if err := read(a.Extensions, &params.Extensions); err != nil {
		return invalid("extensions must be a JSON object or null")
	}
	named, refused := persistedOf(documentID, params.Extensions)
	if refused == nil && params.Query == "" && named == "" {
		return invalid(noQuery, howToAsk)
	}
	return params, named, refused
}

const noQuery = "query must be a string that holds a GraphQL document: %s"

// read decodes a part of a request; numbers stay as they were written, for a float has
// forgotten cents.
func read(part json.RawMessage, into any) error {
	if len(part) == 0 {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(part)))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// queryCache keeps parsed documents that are short.
type queryCache struct{ *lru.LRU[*ast.QueryDocument] }

func newQueryCache() queryCache { return queryCache{lru.New[*ast.QueryDocument](cachedQueries)} }

func (c queryCache) Add(ctx context.Context, query string, document *ast.QueryDocument) {
	if len(query) <= maxCachedQuery {
		c.LRU.Add(ctx, query, document)
	}
}
