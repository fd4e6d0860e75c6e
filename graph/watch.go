package graph

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"drawdown/internal/books"
)

// Watch is told of requests and operations, for figures and traces. Its methods are called
// by many at once.
type Watch interface {
	// RequestBegun returns the context of all that the request causes. The route is one of
	// those that the server has, or "other".
	RequestBegun(ctx context.Context, r *http.Request, route string) context.Context
	RequestEnded(ctx context.Context, r Request)
	// OperationBegun returns the context of the operation. The name is what its author
	// wrote: anything, unless the operation is trusted.
	OperationBegun(ctx context.Context, o Operation) context.Context
	// OperationEnded is told the code of each error at the top of the answer, and what it
	// took. One that could not be executed has no kind, and was not begun.
	OperationEnded(ctx context.Context, o Operation, codes []books.Code, took time.Duration)
	// RootField is told of each field of Query, Mutation and Subscription that is resolved.
	RootField(kind, field string)
}

// Request is an HTTP request that has been answered. Like Operation it is an unnamed type,
// so that who is told need not know this package.
type Request = struct {
	Method, Route string
	Status        int
	Bytes         int64 // of the answer's body, as it was sent
	Took          time.Duration
}

// Operation is a GraphQL operation.
type Operation = struct {
	Kind    string // query, mutation or subscription
	Name    string // "" where it has none
	Trusted bool   // its name is one of those that were given to the server
}

// noWatch is told and does nothing.
type noWatch struct{}

func (noWatch) RequestBegun(ctx context.Context, _ *http.Request, _ string) context.Context {
	return ctx
}
func (noWatch) RequestEnded(context.Context, Request) {}
func (noWatch) OperationBegun(ctx context.Context, _ Operation) context.Context {
	return ctx
}
func (noWatch) OperationEnded(context.Context, Operation, []books.Code, time.Duration) {}
func (noWatch) RootField(string, string)                                               {}

// noted is what is learned of a request on its way, for the line in the log.
type noted struct {
	actor     string
	operation Operation
}

type notedKey struct{}

// notedOf returns what is noted of the request, which is thrown away outside of one.
func notedOf(ctx context.Context) *noted {
	if n, _ := ctx.Value(notedKey{}).(*noted); n != nil {
		return n
	}
	return &noted{}
}

// watched tells the watch of every request, and the log.
type watched struct {
	watch Watch
	log   *slog.Logger
	slow  time.Duration
	mux   *http.ServeMux
}

// around wraps the handler in which everything of a request happens. A panic goes on.
func (o watched) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		note := &noted{}
		route := o.routeOf(r)
		ctx := o.watch.RequestBegun(context.WithValue(r.Context(), notedKey{}, note), r, route)
		counted := &countingWriter{ResponseWriter: w, status: http.StatusInternalServerError}
		defer func() {
			ended := Request{Method: r.Method, Route: route, Status: counted.status, Bytes: counted.bytes, Took: time.Since(began)}
			o.watch.RequestEnded(ctx, ended)
			o.write(ctx, r, ended, note, counted.isStream())
		}()
		next.ServeHTTP(counted, r.WithContext(ctx))
		if !counted.begun { // net/http answers so where nothing is written
			counted.status = http.StatusOK
		}
	})
}

// routeOf names the route of a request as the server has it, so that there are as many
// names as routes, whatever is asked for.
func (o watched) routeOf(r *http.Request) string {
	_, pattern := o.mux.Handler(r)
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" || (pattern == "/" && r.URL.Path != "/") {
		return "other"
	}
	return pattern
}

// probed are the routes that machines ask every few seconds.
var probed = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// write logs the request: what was asked and what came of it, nothing of what was said in
// it, nor a path that we do not have, for what stands in that is anybody's guess. One that took long is a warning, unless it is a stream, which takes as long as its
// sender.
func (o watched) write(ctx context.Context, r *http.Request, ended Request, note *noted, stream bool) {
	level, message := slog.LevelInfo, "request"
	switch {
	case o.slow > 0 && ended.Took >= o.slow && !stream && ended.Route != "/v1/usage":
		level, message = slog.LevelWarn, "slow request"
	case probed[ended.Route] && ended.Status < http.StatusBadRequest:
		level = slog.LevelDebug
	}
	if !o.log.Enabled(ctx, level) {
		return
	}
	line := append(make([]slog.Attr, 0, 9),
		slog.String("method", clip(r.Method)), slog.String("path", ended.Route), slog.Int("status", ended.Status),
		slog.Int64("bytes", ended.Bytes), slog.Float64("ms", float64(ended.Took.Microseconds())/1000))
	if note.actor != "" {
		line = append(line, slog.String("actor", note.actor))
	}
	if note.operation.Kind != "" {
		line = append(line, slog.String("operation", note.operation.Kind))
	}
	if note.operation.Name != "" {
		line = append(line, slog.String("name", clip(note.operation.Name)))
	}
	o.log.LogAttrs(ctx, level, message, line...)
}

// countingWriter remembers what was answered.
type countingWriter struct {
	http.ResponseWriter

	begun  bool
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *countingWriter) WriteHeader(status int) {
	if !c.begun && status >= http.StatusOK { // others come before the answer
		c.begun, c.status = true, status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *countingWriter) Write(p []byte) (int, error) {
	if !c.begun {
		c.begun, c.status = true, http.StatusOK
	}
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom lets files go the short way.
func (c *countingWriter) ReadFrom(from io.Reader) (int64, error) {
	if !c.begun {
		c.begun, c.status = true, http.StatusOK
	}
	n, err := io.Copy(c.ResponseWriter, from)
	c.bytes += n
	return n, err
}

// Flush sends what is written.
func (c *countingWriter) Flush() { _ = http.NewResponseController(c.ResponseWriter).Flush() }

func (c *countingWriter) isStream() bool {
	return strings.HasPrefix(c.Header().Get("Content-Type"), "text/event-stream")
}
