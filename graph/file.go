package graph

import (
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/internal/books"
)

// fileServer is what the endpoints beside GraphQL that take or give files have in common: papers, the
// files of exports, reports and the audit trail.
type fileServer struct {
	books  *books.Books
	faults presenter
	memory *memory
	rates  *rates
}

// onlyReads refuses what is no GET, nor a HEAD, and reports whether it was one.
func onlyReads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	denyFile(w, r, http.StatusMethodNotAllowed, refuseRequest(books.Invalid, "use GET to read"))
	return false
}

// saved says what a file is, and that whoever opens it saves it.
func saved(w http.ResponseWriter, name, mediaType string) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// tagged says by which hash the content of a file is known again.
func tagged(w http.ResponseWriter, hash []byte) {
	w.Header().Set("ETag", `"`+hex.EncodeToString(hash)+`"`)
}

// noPage keeps a file that somebody else wrote from being shown as a page of this server.
func noPage(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
}

// queryOnce returns the query of a request, each name once. Errors: INVALID.
func queryOnce(r *http.Request) (map[string]string, error) {
	given := map[string]string{}
	for name, values := range r.URL.Query() {
		if len(values) != 1 {
			return nil, &books.Error{Code: books.Invalid, Field: name, Message: "is given more than once"}
		}
		given[name] = values[0]
	}
	return given, nil
}

// turnAway refuses a request where memory is nearly full, or where its caller has asked more
// than its share.
func (s fileServer) turnAway(r *http.Request) error {
	refused := outOfMemory()
	if !s.memory.full() {
		refused = s.rates.take(r.Context(), r.RemoteAddr, requestCost)
	}
	if refused == nil {
		return nil
	}
	after, _ := refused.err.Extensions["retryAfter"].(int)
	return &books.Error{Code: codeOfRequest(refused.err), Message: refused.err.Message, RetryAfter: time.Duration(after) * time.Second}
}

// refuse answers with what is wrong, as JSON.
func (s fileServer) refuse(w http.ResponseWriter, r *http.Request, err error) {
	shown := s.faults.present(r.Context(), err)
	if after, told := shown.Extensions["retryAfter"].(int); told {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	denyFile(w, r, statusOf(books.CodeOf(err)), shown)
}

// statusOf is the HTTP status of a refusal.
func statusOf(code books.Code) int {
	switch code {
	case books.NotFound:
		return http.StatusNotFound
	case books.AlreadyExists, books.AlreadyDecided, books.FileChanged, books.PeriodOpen:
		return http.StatusConflict
	case books.AttachmentTooLarge, books.TooLarge:
		return http.StatusRequestEntityTooLarge
	case books.Unauthenticated:
		return http.StatusUnauthorized
	case books.Forbidden:
		return http.StatusForbidden
	case books.RateLimited, books.Overloaded:
		return http.StatusTooManyRequests
	case books.Unavailable, books.NoSealKey, books.SealFailed:
		return http.StatusServiceUnavailable
	case books.Internal:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// denyFile answers a refusal as JSON.
func denyFile(w http.ResponseWriter, _ *http.Request, status int, err *gqlerror.Error) {
	said := map[string]any{"code": codeOfRequest(err), "message": err.Message}
	for _, name := range []string{"field", "correlationId", "retryAfter"} {
		if value, told := err.Extensions[name]; told {
			said[name] = value
		}
	}
	w.Header().Set("Connection", "close") // what is left of the body is not worth a connection
	sayJSON(w, status, said)
}

func sayJSON(w http.ResponseWriter, status int, said any) {
	text, err := json.Marshal(said)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"code":"INTERNAL","message":"a fault of ours"}`)
	}
	w.Header().Set("Content-Type", mediaJSON+"; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
