package main

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A server that is told to stop says so to balancers, and goes on to answer until they
// have turned away.
func TestDrain(t *testing.T) {
	path := t.TempDir() + "/a.db"
	r := startServing(t, "serve", "--addr", "0.0.0.0:0", "--allow-remote", "--db", "sqlite:"+path, "--no-jobs", "--drain", "3s",
		"--metrics-addr", "127.0.0.1:0", "--debug-addr", "127.0.0.1:0", "--verify-every", "10ms")
	said := regexp.MustCompile(`msg="serving /\S+" address=(\S+)`).FindAllStringSubmatch(r.stderr.String(), -1)
	if len(said) != 2 {
		t.Fatalf("no addresses of metrics and profiles: %s", r.stderr)
	}
	status := func(url string) (int, string) {
		t.Helper()
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	metrics, profiles := "http://"+said[0][1], "http://"+said[1][1]
	verified := regexp.MustCompile(`(?m)^drawdown_verify_timestamp_seconds [1-9]`)
	for code, text := status(metrics + "/metrics"); !verified.MatchString(text); code, text = status(metrics + "/metrics") {
		if code != http.StatusOK || !strings.Contains(text, "drawdown_build_info{") {
			t.Fatalf("metrics: %d %.100s", code, text)
		}
	}
	if code, text := status(profiles + "/debug/pprof/"); code != http.StatusOK || !strings.Contains(text, "goroutine") {
		t.Errorf("profiles: %d %.100s", code, text)
	}
	if code, text := status(r.url + "/readyz"); code != http.StatusOK {
		t.Fatalf("readyz: %d %s", code, text)
	}
	const mark = "SELECT * FROM bun_migrations ORDER BY id DESC LIMIT 1"
	if err := errors.Join(execSQL(path, "CREATE TABLE kept AS "+mark), execSQL(path, "DELETE FROM bun_migrations WHERE id IN (SELECT id FROM kept)")); err != nil {
		t.Fatal(err)
	}
	if code, text := status(r.url + "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "lacks 1 migrations") {
		t.Errorf("readyz without a migration: %d %s", code, text)
	}
	if err := execSQL(path, "INSERT INTO bun_migrations SELECT * FROM kept"); err != nil {
		t.Fatal(err)
	}
	if code, text := status(r.url + "/readyz"); code != http.StatusOK {
		t.Errorf("readyz with it: %d %s", code, text)
	}
	ended := make(chan int, 1)
	go func() { ended <- r.stop() }()
	var code int
	var text string
	for code != http.StatusServiceUnavailable { // an error, where it stopped without a word, ends the test
		code, text = status(r.url + "/readyz")
	}
	if !strings.Contains(text, "stopping") {
		t.Errorf("readyz: %s", text)
	}
	if got := r.query(t, `{ book { timeZone } }`); !strings.Contains(got, "UTC") {
		t.Errorf("while it stops: %s", got)
	}
	if code := <-ended; code != success {
		t.Errorf("ended with %d: %s", code, r.stderr)
	}
}
