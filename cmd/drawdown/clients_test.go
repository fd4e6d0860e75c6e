package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const examplesDir = "../../examples"

// What both clients print. 1,000 credits of the demo's pack cost 100.00. 4,808 tokens in are
// 4.808 credits, 250 tokens out are 250 × 5 ÷ 1,000 = 1.25, a thousand events of 0.01 are 10:
// 1,000 − 4.808 − 1.25 − 10 = 983.942.
var clientSays = regexp.MustCompile(`^sold 1000 credits for 100\.00 USD
refused req-3: INSUFFICIENT_CREDITS
metered: (2 recorded, 0|0 recorded, 2) duplicates, 1 refused
sent again: 0 recorded, 2 duplicates
streamed: 1000 of 1000 are recorded
balance: 983\.942 credits in 1 lot
journal: (\d+) entries on \d+ pages, debits equal credits
journal from where it ended: 0 entries more
$`)

// The clients of examples/ run against a server as a developer runs them, twice: the second
// time nothing happens again.
func TestClients(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo, and builds both clients")
	}
	dependsOn(t, examplesDir)
	r := startServing(t, "demo", "--addr", "127.0.0.1:0", "--db", "sqlite:"+filepath.Join(t.TempDir(), "demo.db"))
	for _, client := range []struct {
		name  string
		build func(t *testing.T) []string
	}{{"typescript", builtTypeScript}, {"go", builtGo}} {
		t.Run(client.name, func(t *testing.T) {
			command := client.build(t)
			var entries []string
			for range 2 {
				run := exec.CommandContext(t.Context(), command[0], command[1:]...)
				run.Env = append(os.Environ(), "DRAWDOWN_URL="+r.url+"/", "DRAWDOWN_TOKEN="+r.secret)
				said, err := run.CombinedOutput()
				found := clientSays.FindSubmatch(said)
				if err != nil || found == nil {
					t.Fatalf("%v\n%s", err, said)
				}
				entries = append(entries, string(found[2]))
			}
			last := r.query(t, `{ entries(first: 1, reverse: true) { nodes { number } } }`)
			if entries[0] != entries[1] || !strings.Contains(last, `"number":`+entries[1]+"}") {
				t.Errorf("it pulled %s entries, then %s; the last is %s", entries[0], entries[1], last)
			}
		})
	}
}

// builtTypeScript compiles the client with all checks of the compiler on.
func builtTypeScript(t *testing.T) []string {
	t.Helper()
	dir := filepath.Join(examplesDir, "typescript")
	compiler, err := filepath.Abs(filepath.Join(dir, "node_modules/.bin/tsc"))
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(compiler)
	}
	if err != nil {
		missing := "node or the npm packages of examples/typescript are not there: the client in TypeScript was NOT run. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "package.json"), []byte(`{"type": "module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), node, compiler, "--project", dir, "--outDir", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return []string{node, filepath.Join(out, "main.js")}
}

func builtGo(t *testing.T) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client")
	for _, args := range [][]string{{"vet", "./..."}, {"build", "-o", path, "."}} {
		command := exec.CommandContext(t.Context(), "go", args...)
		command.Dir = filepath.Join(examplesDir, "go")
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args, err, said)
		}
	}
	return []string{path}
}
