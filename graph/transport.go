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
	"strconv"
	"strings"
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
	executor  *executor.Executor
}

func (t transport) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	accepted, ok := negotiate(r.Header.Values("Accept"))
	if !ok {
		answer(w, accepted, http.StatusNotAcceptable, refusal(books.Invalid, "the answer is %s or %s: accept one of them", mediaGraphQL, mediaJSON))
		return
	}
	params, named, refused := t.paramsOf(w, r)
	if refused == nil {
		refused = t.documents.find(r.Context(), params, named)
	}
	if refused != nil {
		answer(w, accepted, refused.status, response{Errors: gqlerrors(refused.err)})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.limits.Time)
	defer cancel()
	ctx = graphql.StartOperationTrace(ctx)

	operation, errs := t.executor.CreateOperationContext(ctx, params)
	if errs != nil {
		answer(w, accepted, accepted.requestError(errs), response{Errors: t.presented(ctx, errs)})
		return
	}
	t.documents.keep(ctx, params.Query, named)
	if r.Method == http.MethodGet && operation.Operation.Operation != ast.Query {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, accepted, http.StatusMethodNotAllowed, refusal(books.Invalid, "GET reads alone: send a mutation by POST"))
		return
	}
	respond, ctx := t.executor.DispatchOperation(ctx, operation)
	got := respond(ctx)
	if got == nil { // the deadline passed before anything was resolved
		answer(w, accepted, http.StatusServiceUnavailable, response{Errors: gqlerrors(t.faults.present(ctx, ctx.Err()))})
		return
	}
	executed := response{Errors: got.Errors, Data: got.Data, Extensions: got.Extensions}
	status := http.StatusOK
	if len(got.Data) == 0 { // nothing ran: the snapshot could not be had
		status = http.StatusServiceUnavailable
	}
	answer(w, accepted, status, executed)
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
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

func refusal(code books.Code, format string, args ...any) response {
	return response{Errors: gqlerrors(refuseRequest(code, format, args...))}
}

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
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)                 // a reader of JSON is no browser: nosniff
	if err := encoder.Encode(body); err != nil { // Data is not JSON: a scalar of ours wrote something else
		status = http.StatusInternalServerError
		written.Reset()
		written.WriteString(`{"errors":[{"message":"a fault of ours","extensions":{"code":"INTERNAL"}}]}` + "\n")
	}
	w.Header().Set("Content-Type", accepted.media+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(written.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(written.Bytes())
}

// refused is why a request could not be read.
type refused struct {
	status int
	err    *gqlerror.Error
}

func refuse(status int, code books.Code, format string, args ...any) *refused {
	return &refused{status, refuseRequest(code, format, args...)}
}

// howToAsk ends every message about a body.
const howToAsk = `send {"query": "...", "variables": {...}} as application/json`

// paramsOf reads a request, and by which name or hash it asks for its document. Errors:
// INVALID, TOO_LARGE; none repeats the body.
func (t transport) paramsOf(w http.ResponseWriter, r *http.Request) (params *graphql.RawParams, named string, refused *refused) {
	switch r.Method {
	case http.MethodPost:
		return t.fromBody(w, r)
	case http.MethodGet:
		return t.fromURL(r.URL.Query())
	}
	w.Header().Set("Allow", "GET, POST")
	return nil, "", refuse(http.StatusMethodNotAllowed, books.Invalid, "use GET or POST: %s", howToAsk)
}

func (t transport) fromURL(values url.Values) (params *graphql.RawParams, named string, refused *refused) {
	asked := asked{Query: quotedJSON(values, "query"), OperationName: quotedJSON(values, "operationName"), DocumentID: quotedJSON(values, "documentId")}
	for name, into := range map[string]*json.RawMessage{"variables": &asked.Variables, "extensions": &asked.Extensions} {
		if values.Get(name) != "" {
			*into = json.RawMessage(values.Get(name))
		}
	}
	return asked.params(t.limits)
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

func (t transport) fromBody(w http.ResponseWriter, r *http.Request) (params *graphql.RawParams, named string, refused *refused) {
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaJSON {
		return nil, "", refuse(http.StatusUnsupportedMediaType, books.Invalid, "the content type must be application/json: %s", howToAsk)
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, "", refuse(http.StatusUnsupportedMediaType, books.Invalid, "the charset must be utf-8")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, "", refuse(http.StatusUnsupportedMediaType, books.Invalid, "the body must not be compressed")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.limits.Body))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, "", t.bodyTooLarge(r)
	case err != nil:
		return nil, "", refuse(http.StatusBadRequest, books.Invalid, "the body ended early: send it again")
	}
	if !utf8.Valid(body) {
		return nil, "", refuse(http.StatusBadRequest, books.Invalid, "the body is not UTF-8: send JSON in that encoding")
	}
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) > 0 && first[0] == '[' {
		return nil, "", refuse(http.StatusBadRequest, books.Invalid, "the body is a JSON array, and operations are sent one a request: put several fields into one operation, or send several requests")
	}
	var asked asked
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, "", refuse(http.StatusBadRequest, books.Invalid, "the body is not a GraphQL request in JSON%s: %s", where(err), howToAsk)
	}
	return asked.params(t.limits)
}

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
