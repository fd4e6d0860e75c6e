package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The pack of the demo's closed month is the same bytes on both engines, and the commands of its README hold
// in the directory that tar makes of it.
func TestExportPack(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo and builds the program")
	}
	key := filepath.Join(t.TempDir(), "seal.key")
	if said, code := runProgram(t, "seal-key", "create", "--out", key); code != 0 {
		t.Fatal(said)
	}
	var first []byte
	built := builtProgram(t)
	onEngines(t, func(t *testing.T, db string) {
		if said, code := runProgram(t, "demo", "--db", db, "--build-only"); code != 0 {
			t.Fatal(said)
		}
		dir := t.TempDir()
		out := filepath.Join(dir, "evidence.tar")
		if said, code := runProgram(t, "export", "pack", "--db", db, "--period", "2025-02", "--seal-key", key, "--out", out); code == 0 || !strings.Contains(said, "2025-02 is not closed") {
			t.Errorf("an open month ends with %d: %s", code, said)
		}
		if path := keyBesideFile(db); path != "" { // the demo's own
			must(os.Remove(path))
		}
		if said, code := runProgram(t, "export", "pack", "--db", db, "--period", "2025-01", "--out", out); code == 0 || !strings.Contains(said, "--seal-key") {
			t.Errorf("without a key it ends with %d: %s", code, said)
		}
		said, code := runProgram(t, "export", "pack", "--db", db, "--period", "2025-01", "--seal-key", key, "--out", out)
		if code != 0 || !strings.Contains(said, "gl/journal_lines.csv: ") {
			t.Fatalf("ends with %d: %s", code, said)
		}
		if left, err := filepath.Glob(filepath.Join(dir, ".pack-*")); err != nil || len(left) > 0 {
			t.Errorf("%v is left behind: %v", left, err)
		}
		archive, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = archive
		}
		if !bytes.Equal(first, archive) {
			t.Error("the pack of another engine has other bytes")
		}
		followReadme(t, built, dir, out)
	})
}

// followReadme unpacks an archive and runs the commands of its README.
func followReadme(t *testing.T, built, dir, archive string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "tar", "xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	unpacked := filepath.Join(dir, "evidence-2025-01")
	text, err := os.ReadFile(filepath.Join(unpacked, "00_README.md"))
	if err != nil {
		t.Fatal(err)
	}
	fenced := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$") //nolint:gocritic // a ^ in the middle is meant: (?m) has it match at each line
	commands := fenced.FindAllStringSubmatch(string(text), -1)
	if len(commands) < 5 {
		t.Fatalf("%d commands:\n%s", len(commands), text)
	}
	for _, command := range commands {
		bash := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", `drawdown() { "$DRAWDOWN" "$@"; }`+"\n"+command[1])
		bash.Dir = unpacked
		bash.Env = append(os.Environ(), "DRAWDOWN="+built, "TMPDIR="+t.TempDir())
		if out, err := bash.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command[1], err, out)
		}
	}
}

// runProgram runs the program and returns what it says to people, and its exit code.
func runProgram(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var stderr output
	p := program{stdin: strings.NewReader(""), stdout: &output{}, stderr: &stderr, env: func(string) string { return "" }}
	code := p.run(t.Context(), args)
	return stderr.String(), code
}
