package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeWalkThrough pastes the commands of the README's walk-through, line by line, at
// a server on a new book, and holds what the README says they answer.
func TestReadmeWalkThrough(t *testing.T) { onEngines(t, walkThrough) }

func walkThrough(t *testing.T, db string) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, walk, found := strings.Cut(string(readme), "## Walk through it")
	if !found {
		t.Fatal("the README has no walk-through")
	}
	walk, _, _ = strings.Cut(walk, "\n## ")
	if !strings.Contains(walk, "drawdown serve --db sqlite:walk.db --explorer") {
		t.Fatal("the walk-through starts its server otherwise than this test does")
	}
	served := startServing(t, "serve", "--db", db, "--explorer", "--addr", "127.0.0.1:0")
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(walk, -1) {
		script.WriteString(block[1])
	}
	commands := strings.NewReplacer(
		"http://127.0.0.1:8080", served.url,
		"go run ./cmd/drawdown", `"$DRAWDOWN"`,
		"sqlite:walk.db", "'"+db+"'",
	).Replace(script.String())
	bash := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", commands)
	bash.Env = append(os.Environ(), "DRAWDOWN="+builtProgram(t))
	answers, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, answers)
	}
	for _, want := range []string{
		`"price":{"amount":"800.00","currency":"USD"}`, // 10,000 credits by the pack's tier
		`"status":"RECORDED"`, `"status":"DUPLICATE"`,
		`"balance":{"credits":"7500"`,
		`"recognitions":1,"entries":1`,
		`"amount":{"amount":"200.00","currency":"USD"}`,
		"liabilities:deferred revenue  USD 200.00",
		"nothing differs",
	} {
		if !strings.Contains(string(answers), want) {
			t.Errorf("the walk-through does not answer %s\n%s", want, answers)
		}
	}
	if strings.Contains(string(answers), `"errors"`) || strings.Contains(string(answers), `"code"`) && strings.Contains(string(answers), `"message":"`) {
		t.Errorf("the walk-through meets an error\n%s", answers)
	}
}

// builtProgram builds the program once for the test.
func builtProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "drawdown")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
