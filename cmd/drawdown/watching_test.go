package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A server that is told to stop says so to balancers, and goes on to answer until they
// have turned away.
func TestDrain(t *testing.T) {
	r := startServing(t, "serve", "--addr", "0.0.0.0:0", "--allow-remote", "--db", "sqlite:"+t.TempDir()+"/a.db", "--no-jobs", "--drain", "3s",
		"--metrics-addr", "127.0.0.1:0")
	said := regexp.MustCompile(`msg="serving /metrics" address=(\S+)`).FindStringSubmatch(r.stderr.String())
	if said == nil {
		t.Fatalf("no address of the metrics: %s", r.stderr)
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
	if code, text := status("http://" + said[1] + "/metrics"); code != http.StatusOK || !strings.Contains(text, "drawdown_build_info{") {
		t.Errorf("metrics: %d %.100s", code, text)
	}
	if code, text := status(r.url + "/readyz"); code != http.StatusOK {
		t.Fatalf("readyz: %d %s", code, text)
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
