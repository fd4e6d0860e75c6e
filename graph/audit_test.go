package graph_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The audits of npm graphql-http pass, the optional ones included.
func TestHTTPAudit(t *testing.T) {
	const script, module = "../tools/node/audit-http.mjs", "../tools/node/node_modules/graphql-http/package.json"
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(module)
	}
	if err != nil {
		missing := "node or npm package graphql-http is not there: GraphQL over HTTP was NOT audited. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	a := newAPI(t)
	server := httptest.NewServer(a.bare)
	defer server.Close()
	audits := exec.CommandContext(t.Context(), node, script, server.URL+"/graphql")
	audits.Env = append(os.Environ(), "TOKEN="+a.secret)
	out, err := audits.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 1 {
		t.Errorf("audits that did not pass:\n%s", out)
	}
	t.Log(lines[len(lines)-1])
}
