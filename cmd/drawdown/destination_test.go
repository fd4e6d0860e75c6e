package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Each destination is held to what one may be by itself, wherever they are given, and the one that is
// wrong is named.
func TestExportDestinationsAreSettings(t *testing.T) {
	const flag, variable, first, second = "--export-destination", "DRAWDOWN_EXPORT_DESTINATION", "archive=file:///var/exports", "cloud=s3://bucket/drawdown"
	for _, test := range []struct {
		name      string
		args      []string
		variable  string
		file      string
		want      string // among what config check or serve says
		faultless bool
	}{
		{name: "a variable", variable: first, want: first, faultless: true},
		{name: "a variable with two", variable: first + "\n" + second, want: first + "," + second, faultless: true},
		{name: "a variable with a wrong one", variable: first + "\nclouds", want: variable + `: "clouds" is not NAME=WHERE`},
		{name: "a file", file: "[" + first + "]", want: first, faultless: true},
		{name: "a file with two", file: "[" + first + ", " + second + "]", want: first + "," + second, faultless: true},
		{name: "a file with a wrong one", file: "[" + first + ", cloud=bucket]", want: `drawdown.yaml:2 serve.export-destination: cloud: begins with file:// or s3://, not "bucket"`},
		{name: "a flag with a wrong one", args: []string{flag, first, flag, "cloud=bucket"}, want: flag + `: cloud: begins with file:// or s3://, not "bucket"`},
		{name: "two of a name", args: []string{flag, first, flag, first}, want: flag + ": two destinations are called archive"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"config", "check", "serve"}
			if test.args != nil {
				args = append([]string{"serve", "--addr", "127.0.0.1:0", "--db", "sqlite:" + filepath.Join(dir, "new.db")}, test.args...)
			}
			if test.file != "" {
				path := filepath.Join(dir, "drawdown.yaml")
				if err := os.WriteFile(path, []byte("serve:\n  export-destination: "+test.file+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--config", path)
			}
			var said output
			p := program{stdin: strings.NewReader(""), stdout: &said, stderr: &said, env: func(name string) string {
				return map[string]string{variable: test.variable}[name]
			}}
			code := p.run(t.Context(), args)
			if !strings.Contains(said.String(), test.want) || (code == success) != test.faultless || !test.faultless && code != usage {
				t.Errorf("ends with %d, and does not say %q:\n%s", code, test.want, said.String())
			}
		})
	}
}

// A server puts the batches of a target into a directory that is named on its command line, beside another.
func TestServeDelivers(t *testing.T) {
	archive, other := t.TempDir(), t.TempDir()
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", "sqlite:"+filepath.Join(t.TempDir(), "new.db"),
		"--export-destination", "archive=file://"+archive, "--export-destination", "other=file://"+other)
	got := r.query(t, `mutation {
		policyCreate(input: {code: "default"}, idempotencyKey: "p") { userErrors { message } }
		customerCreate(input: {externalId: "acme"}, idempotencyKey: "c") { userErrors { message } }
		purchaseCreate(input: {customer: "acme", policy: "default", credits: "10", price: "100"}, idempotencyKey: "b") { userErrors { message } }
		exportTargetCreate(input: {code: "files", profile: "{\"format\": \"csv\"}", schedule: BY_HAND, destination: "archive"}, idempotencyKey: "t") { target { id } userErrors { message } }
	}`)
	target := regexp.MustCompile(`"xtg_[^"]*"`).FindString(got)
	if target == "" || strings.Contains(got, `"message"`) {
		t.Fatal(got)
	}
	r.query(t, fmt.Sprintf(`mutation { exportBatchCreate(targetId: %s, input: {}, idempotencyKey: "x") { batch { id } userErrors { message } } }`, target))
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		got = r.query(t, `{ exportBatches { nodes { status deliveredTo } } }`)
		if strings.Contains(got, "DELIVERED") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s\n%s", got, r.stderr)
		}
	}
	within := filepath.Join(archive, "files", "000001")
	if !strings.Contains(got, within) {
		t.Errorf("%s is not where it went: %s", within, got)
	}
	files, err := filepath.Glob(filepath.Join(within, "*"))
	if err != nil || len(files) != 2 || filepath.Base(files[1]) != "manifest.json" {
		t.Errorf("%v is there: %v", files, err)
	}
	if left, err := os.ReadDir(other); err != nil || len(left) > 0 {
		t.Errorf("%v is elsewhere: %v", left, err)
	}
}
