package main

import (
	"io"
	"strings"
	"testing"
)

func TestUsageFlags(t *testing.T) {
	for _, bad := range []string{"--usage-batch=0", "--usage-wait=-1ms", "--usage-lanes=0", "--usage-queue=0", "--usage-body=0", "--usage-requests=0"} {
		var stderr output
		p := program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: &stderr, env: func(string) string { return "" }}
		flag, _, _ := strings.Cut(bad, "=")
		if code := p.run(t.Context(), []string{"serve", "--db", "sqlite:" + t.TempDir() + "/book.db", bad}); code != usage || !strings.Contains(stderr.String(), flag+": must be at least") {
			t.Errorf("%s: %d %s", bad, code, stderr.String())
		}
	}
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", "sqlite:"+t.TempDir()+"/new.db", "--no-jobs",
		"--usage-batch", "100", "--usage-wait", "0", "--usage-lanes", "1", "--usage-queue", "100", "--usage-body", "1", "--usage-requests", "1")
	for body, want := range map[string]string{
		`{"id":"1","customer":"acme","credits":1}`: `"code":"NOT_FOUND","field":"customer"`,
		strings.Repeat(" ", 1<<20+1):               `"stopped":{"code":"TOO_LARGE"`,
	} {
		answer := r.post(t, "/v1/usage", "application/x-ndjson", body)
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v %s", answer.Status, err, text)
		}
	}
}
