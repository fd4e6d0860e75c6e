package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a server started with is in the trail, passwords masked; the trail as a file says how
// many events it has, and its hash stands beside it.
func TestExportAudit(t *testing.T) { onEngines(t, testExportAudit) }

func testExportAudit(t *testing.T, db string) {
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", db, "--no-jobs")
	r.stop()
	startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", db, "--no-jobs").stop() // the same again
	startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", db, "--no-jobs", "--oidc-issuer", "https://id.example.com",
		"--oidc-audience", "drawdown", "--oidc-roles", "finance=accountant").stop()
	out := filepath.Join(t.TempDir(), "audit.jsonl")
	var stderr output
	p := program{stdin: strings.NewReader(""), stdout: &output{}, stderr: &stderr, env: func(string) string { return "" }}
	if code := p.run(t.Context(), []string{"export", "audit", "--db", db, "--format", "jsonl", "--out", out}); code != 0 {
		t.Fatalf("ended with %d: %s", code, &stderr)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"action":"settings.start"`); n != 2 {
		t.Errorf("%d starts with other settings, not 2:\n%s", n, text)
	}
	if !strings.Contains(string(text), `{\"changed\":[\"oidc-audience\",\"oidc-issuer\",\"oidc-roles\"]}`) || !strings.Contains(string(text), `finance=accountant`) {
		t.Errorf("the trail does not say what changed:\n%s", text)
	}
	if !strings.HasSuffix(string(text), `{"record":"end","rowCount":3,"controlTotals":[]}`+"\n") { // and the first token
		t.Errorf("the end: %s", text)
	}
	if password := "pw@"; strings.Contains(db, password) && strings.Contains(string(text), password) {
		t.Error("the password of the database is in the trail")
	}
	sum := sha256.Sum256(text)
	beside, err := os.ReadFile(out + ".sha256")
	if want := hex.EncodeToString(sum[:]) + "  audit.jsonl\n"; err != nil || string(beside) != want {
		t.Errorf("%s is not %s: %v", beside, want, err)
	}
	if !strings.Contains(stderr.String(), "3 events, SHA-256 "+hex.EncodeToString(sum[:])) {
		t.Errorf("says %s", &stderr)
	}
}
