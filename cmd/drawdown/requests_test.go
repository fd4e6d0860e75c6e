package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A limit is what the flag says, and a figure that cannot be meant is refused.
func TestRequestFlags(t *testing.T) {
	for flag, want := range map[string]string{
		"--max-depth=0": "must be 1 to", "--max-time=1ms": "must be 1s to 1h0m0s", "--max-body=0": "must be 1 to 1048576", "--max-tokens=many": "--max-tokens",
	} {
		if code, said := ended(t, "serve", "--db", "sqlite:"+t.TempDir()+"/book.db", flag); code != usage || !strings.Contains(said, want) {
			t.Errorf("%s: %d %s", flag, code, said)
		}
	}
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", "sqlite:"+t.TempDir()+"/new.db", "--no-jobs", "--max-depth", "2", "--max-body", "1")
	for body, want := range map[string]string{
		`{"query":"{ customers { nodes { id } } }"}`:                         `{"allowed":2,"asked":3,"name":"max-depth"}`,
		`{"query":"{ book { timeZone } }` + strings.Repeat(" ", 1024) + `"}`: `"allowed":1024,`,
		`{"query":"{ book { timeZone } }"}`:                                  `{"data":{"book":{"timeZone":"UTC"}}}`,
	} {
		if got := r.sent(t, body); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// sent sends a request as it is and returns the answer, whatever it is.
func (r running) sent(t *testing.T, body string) string {
	t.Helper()
	answer := r.post(t, "/graphql", "application/json", body)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The faults of trusted documents are told before anything is opened, all at once.
func TestTrustedDocuments(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("zone.graphql", "{ book { timeZone } }\n")
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", "sqlite:"+t.TempDir()+"/new.db", "--no-jobs", "--trusted-documents", dir)
	if got := r.sent(t, `{"documentId":"zone"}`); !strings.Contains(got, `"UTC"`) {
		t.Error(got)
	}
	if got := r.sent(t, `{"query":"{ book { functionalCurrency } }"}`); !strings.Contains(got, "DOCUMENT_NOT_TRUSTED") {
		t.Error(got)
	}
	write("wrong.graphql", "{ nothing }")
	write("cut.graphql", "{ book")
	t.Setenv("DRAWDOWN_TRUSTED_DOCUMENTS", dir)
	for _, args := range [][]string{{"config", "check"}, {"serve", "--db", "sqlite:" + dir + "/no.db"}} {
		code, said := endedWith(t, os.Getenv, args...)
		if code != usage || !strings.Contains(said, `wrong.graphql:1:3: Cannot query field "nothing"`) || !strings.Contains(said, "cut.graphql:1:") {
			t.Errorf("%s: %d %s", args[0], code, said)
		}
	}
	if _, err := os.Stat(dir + "/no.db"); err == nil {
		t.Error("a database was made")
	}
}
