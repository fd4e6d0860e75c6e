package apidocs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/internal/demo"
)

// Answered is an example with what a server answered.
type Answered struct {
	Example
	Variables string // as they were sent, "" where there are none
	Answer    string
}

// Answer sends the examples in their order to a server on the demo's book, which it makes
// in the empty store, and returns what came back. An example that does not do what it
// shows is an error.
func Answer(ctx context.Context, store books.Store, examples []Example) ([]Answered, error) {
	s, err := newServer(ctx, store)
	if err != nil {
		return nil, err
	}
	var all []Answered
	var wrong []error
	for _, e := range examples {
		answered, err := s.answer(ctx, e)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", e.File(), err))
		}
		all = append(all, answered)
	}
	return all, errors.Join(wrong...)
}

// server answers requests in the process, all of them by an admin.
type server struct {
	http.Handler
	secret string
}

// newServer serves the demo's book with its clock standing.
func newServer(ctx context.Context, store books.Store) (server, error) {
	made, err := demo.BuildStanding(ctx, store)
	if err != nil {
		return server{}, err
	}
	secret := auth.NewSecret()
	operator := books.Caller{Actor: "cli:alice", Kind: books.ByCommand}
	if _, err := made.Books.FirstToken(books.WithCaller(ctx, operator), auth.Hash(secret)); err != nil {
		return server{}, err
	}
	return server{graph.NewHandler(made.Books, graph.Options{Log: slog.New(slog.DiscardHandler), Background: ctx}), secret}, nil
}

// secrets are another each time; a page shows one that is none.
var (
	secrets        = regexp.MustCompile(`dd_[0-9A-Za-z]{49}`)
	webhookSecrets = regexp.MustCompile(`whsec_[0-9A-Za-z+/]{43}=`)
)

const (
	shownSecret        = "dd_0000000000000000000000000000000000000000000000000"
	shownWebhookSecret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

// masked is an answer with secrets that are the same each time.
func masked(answer []byte) []byte {
	return webhookSecrets.ReplaceAll(secrets.ReplaceAll(answer, []byte(shownSecret)), []byte(shownWebhookSecret))
}

func (s server) answer(ctx context.Context, e Example) (Answered, error) {
	variables, err := s.variables(ctx, e)
	if err != nil {
		return Answered{}, err
	}
	raw, err := s.send(ctx, e.Document, variables)
	if err != nil {
		return Answered{}, err
	}
	var answer struct {
		Errors json.RawMessage            `json:"errors"`
		Data   map[string]json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return Answered{}, fmt.Errorf("the answer is no JSON: %w: %s", err, raw)
	}
	if refused := answer.Errors != nil || hasUserErrors(answer.Data); refused != e.Refused() {
		return Answered{}, fmt.Errorf("refused is %t, and it should be %t: %s", refused, e.Refused(), raw)
	}
	shown := Answered{Example: e}
	if len(variables) > 0 {
		if shown.Variables, err = pretty(variables); err != nil {
			return shown, err
		}
	}
	shown.Answer, err = pretty(raw)
	return shown, err
}

func hasUserErrors(data map[string]json.RawMessage) bool {
	for _, payload := range data {
		var refused struct {
			UserErrors []json.RawMessage `json:"userErrors"`
			Rejected   int               `json:"rejected"`
		}
		if err := json.Unmarshal(payload, &refused); err == nil && (len(refused.UserErrors) > 0 || refused.Rejected > 0) {
			return true
		}
	}
	return false
}

// variables returns the variables of the example, with those found that are looked up.
func (s server) variables(ctx context.Context, e Example) ([]byte, error) {
	if len(e.Lookups) == 0 {
		return e.Variables, nil
	}
	found := map[string]any{}
	var names []string // in order, as the example gives them
	if len(e.Variables) > 0 {
		if err := json.Unmarshal(e.Variables, &found); err != nil {
			return nil, err
		}
		read, err := readValue(json.NewDecoder(bytes.NewReader(e.Variables)))
		if err != nil {
			return nil, err
		}
		names = read.names
	}
	for i, lookup := range e.Lookups {
		raw, err := s.send(ctx, lookup.Query, nil)
		if err != nil {
			return nil, err
		}
		var answer struct {
			Data any `json:"data"`
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			return nil, err
		}
		leaf, err := soleLeaf(answer.Data)
		if err != nil {
			return nil, fmt.Errorf("$%s: %w: %s", lookup.Variable, err, raw)
		}
		found[lookup.Variable] = leaf
		if !slices.Contains(names, lookup.Variable) {
			names = slices.Insert(names, i, lookup.Variable) // what is acted on comes first
		}
	}
	var out bytes.Buffer
	for i, name := range names {
		value, err := json.Marshal(found[name])
		if err != nil {
			return nil, err
		}
		out.WriteString([]string{"{", ", "}[min(i, 1)])
		fmt.Fprintf(&out, "%q: %s", name, value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// soleLeaf walks down to the one value that an answer holds.
func soleLeaf(node any) (any, error) {
	switch node := node.(type) {
	case map[string]any:
		if len(node) == 1 {
			for _, part := range node {
				return soleLeaf(part)
			}
		}
	case []any:
		if len(node) == 1 {
			return soleLeaf(node[0])
		}
	case string:
		return node, nil
	}
	return nil, errors.New("does not find one value")
}

func (s server) send(ctx context.Context, query string, variables json.RawMessage) ([]byte, error) {
	body, err := json.Marshal(struct {
		Query     string          `json:"query"`
		Variables json.RawMessage `json:"variables,omitempty"`
	}{query, variables})
	if err != nil {
		return nil, err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.secret)
	if isSubscription.MatchString(query) {
		return s.firstEvent(r)
	}
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, r)
	return masked(recorder.Body.Bytes()), nil
}

// isSubscription finds the operation below the comments of an example.
var isSubscription = regexp.MustCompile(`(?m)^subscription\b`)

// firstEvent subscribes and leaves when the first event has come, which it returns.
func (s server) firstEvent(r *http.Request) ([]byte, error) {
	ctx, leave := context.WithCancel(r.Context())
	defer leave()
	r.Header.Set("Accept", "text/event-stream")
	out := &eventRecorder{ResponseRecorder: httptest.NewRecorder(), came: leave}
	s.ServeHTTP(out, r.WithContext(ctx))
	_, event, found := strings.Cut(out.Body.String(), "event: next\ndata: ")
	if !found {
		return nil, fmt.Errorf("no event came: %s", out.Body)
	}
	data, _, _ := strings.Cut(event, "\n")
	return []byte(data), nil
}

// eventRecorder records a stream until its first event has come.
type eventRecorder struct {
	*httptest.ResponseRecorder
	came func()
}

func (e *eventRecorder) Write(part []byte) (int, error) {
	if strings.HasPrefix(string(part), "event: next") {
		defer e.came()
	}
	return e.ResponseRecorder.Write(part)
}
