package graph_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"drawdown/graph"
)

// The client of npm package graphql-sse reads our streams: the first state and the next, the
// end, and a refusal; and where it is sent away, it comes back by itself.
func TestGraphQLSSEClient(t *testing.T) {
	const script, module = "../tools/node/subscribe.mjs", "../tools/node/node_modules/graphql-sse/package.json"
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(module)
	}
	if err != nil {
		missing := "node or npm package graphql-sse is not there: subscriptions were NOT tried with a real client. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	w := newWatched(t, graph.SubscriptionOptions{Life: 6 * time.Second})
	w.sell("acme")
	w.use("acme", "u0", "1")
	w.late.Add(int64(24 * time.Hour))
	run := w.must(`mutation { jobRun(job: ALL, idempotencyKey: "run") { run { id } } }`).text("jobRun.run.id")
	subscribe := func(query, variables string, results int) *lines {
		return runNode(t, node, script, w.address, w.secret, query, variables, fmt.Sprint(results))
	}

	// The second subscription of this client is a new stream, which begins with the state.
	stream := subscribe(balances, `{"of": ["acme"]}`, 3)
	stream.want(`"credits":"9999"`)
	w.use("acme", "u1", "9")
	stream.want(`"credits":"9990"`)
	stream.want("again") // it was told to come back
	stream.want(`"credits":"9990"`)
	stream.want("enough")

	stream = subscribe(`subscription($id: ID!) { jobRunProgress(id: $id) { status } }`, `{"id": "`+run+`"}`, 9)
	stream.want(`{"data":{"jobRunProgress":{"status":"SUCCEEDED"}}}`)
	stream.want("complete")

	stream = subscribe(balances, `{"of": ["nobody"]}`, 9)
	stream.want(`"code":"NOT_FOUND"`)
	stream.want("complete")
}

// A server that stops ends its streams at once, and the client goes on at the next server.
func TestClientGoesOnAtAnotherServer(t *testing.T) {
	first, second := newWatched(t, graph.SubscriptionOptions{}), newWatched(t, graph.SubscriptionOptions{})
	node, err := exec.LookPath("node")
	if _, missing := os.Stat("../tools/node/node_modules/graphql-sse/package.json"); err != nil || missing != nil {
		t.Skip("node or npm package graphql-sse is not there: see TestGraphQLSSEClient")
	}
	var now atomic.Pointer[watched]
	now.Store(first)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Authorization") // each book has a token of its own
		now.Load().ServeHTTP(w, r)
	}))
	defer front.Close()
	second.sell("acme")
	stream := runNode(t, node, "../tools/node/subscribe.mjs", front.URL+"/graphql", "", `subscription { entriesPosted { count last { number } } }`, `{}`, "2")
	stream.want(`{"count":0,"last":null}`)
	now.Store(second)
	first.stop()
	stream.want("again")
	stream.want(`{"count":0,"last":{"number":1}}`)
	stream.want("enough")
}

// lines are what a program prints.
type lines struct {
	t    *testing.T
	read *bufio.Scanner
}

func runNode(t *testing.T, node string, args ...string) *lines {
	t.Helper()
	command := exec.CommandContext(t.Context(), node, args...)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	return &lines{t, bufio.NewScanner(out)}
}

// want reads a line that holds the text.
func (l *lines) want(text string) {
	l.t.Helper()
	if !l.read.Scan() || !strings.Contains(l.read.Text(), text) {
		l.t.Fatalf("the client printed %q, want %q", l.read.Text(), text)
	}
}
