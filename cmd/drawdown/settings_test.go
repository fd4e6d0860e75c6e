package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func settingsProgram(environment map[string]string) (*program, *cobra.Command) {
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, env: func(name string) string { return environment[name] }}
	root := p.rootCommand()
	return p, root
}

// TestEverySettingHasItsNames holds that no two settings that differ share a variable, that
// no key of the file is both a section and a setting, and that what is named like a secret
// is one.
func TestEverySettingHasItsNames(t *testing.T) {
	p, root := settingsProgram(nil)
	flags := map[string]string{}
	for _, s := range p.settings {
		if other, taken := flags[s.variable()]; taken && other != s.flag.Name {
			t.Errorf("--%s and --%s are both %s. Rename one", s.flag.Name, other, s.variable())
		}
		flags[s.variable()] = s.flag.Name
		if subcommand(s.command, s.flag.Name) != nil {
			t.Errorf("%s is a setting and a section. Rename one", s.key())
		}
		if regexp.MustCompile(`(?:^|-)(?:password|secret|passphrase)$`).MatchString(s.flag.Name) && p.marks[s.flag].shown == nil {
			t.Errorf("%s is named like a secret. Mark it with p.secret", s.key())
		}
	}
	if len(p.settings) < 30 || flags["DRAWDOWN_DB"] != "db" || flags["DRAWDOWN_DB_FILE"] != "db-file" {
		t.Errorf("settings: %v", flags)
	}
	if c := subcommand(root, "serve"); c == nil || keyOf(c, "addr") != "serve.addr" {
		t.Error("serve has no section")
	}
}

// Flags are held to each other by p.together, which looks wherever they were given and ends as bad
// usage. Cobra looks at the command line alone, in words of its own, once the command has begun.
func TestFlagsAreHeldTogetherByUs(t *testing.T) {
	p, _ := settingsProgram(nil)
	for _, s := range p.settings {
		for annotation := range s.flag.Annotations {
			if strings.HasPrefix(annotation, "cobra_annotation_") && annotation != cobra.BashCompFilenameExt {
				t.Errorf("--%s of %q has %s: use p.together", s.flag.Name, s.command.CommandPath(), annotation)
			}
		}
	}
}

// A flag that a command declares is a setting by that alone, of whatever type it is.
func TestADeclaredFlagIsASetting(t *testing.T) {
	file := t.TempDir() + "/drawdown.yaml"
	if err := os.WriteFile(file, []byte("try:\n  names: [a, \"b,c\"]\n  count: 7\n  token-file: "+file+".token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".token", []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, root := settingsProgram(map[string]string{"DRAWDOWN_CONFIG": file, "DRAWDOWN_WORDS": "x, y", "DRAWDOWN_LINES": "A=1,2\nB=3", "DRAWDOWN_RATIO": "0.5"})
	var names, words, lines []string
	var count uint64
	var ratio float64
	var token string
	c := &cobra.Command{Use: "try", RunE: func(*cobra.Command, []string) error { return nil }}
	flags := c.Flags()
	flags.StringArrayVar(&names, "names", []string{"default"}, "")
	flags.StringSliceVar(&words, "words", nil, "")
	flags.StringArrayVar(&lines, "lines", nil, "")
	flags.Uint64Var(&count, "count", 1, "")
	flags.Float64Var(&ratio, "ratio", 1, "")
	flags.StringVar(&token, "token", "", "")
	p.secret(flags, "token", func(string) string { return "xxxxx" })
	p.settings = append(p.settings, p.settingsOf(c)...)
	p.settle(c)
	root.AddCommand(c)
	root.SetArgs([]string{"try", "--ratio", "0.25"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%q %q %q %d %g %s", names, words, lines, count, ratio, token)
	if want := `["a" "b,c"] ["x" "y"] ["A=1,2" "B=3"] 7 0.25 s3cret`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for flag, want := range map[string]bool{"names": true, "token": true, "ratio": true, "db": false} {
		if got := p.given(c)(flag); got != want {
			t.Errorf("%s is given: %v", flag, got)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "all is said")
	}))
	defer server.Close()
	for _, test := range []struct {
		status, code int
		says         string
	}{{http.StatusOK, success, "all is said"}, {http.StatusServiceUnavailable, problems, "503 Service Unavailable all is said"}} {
		status = test.status
		var said strings.Builder
		p := program{stdin: strings.NewReader(""), stdout: &said, stderr: &said, env: func(string) string { return "" }}
		if code := p.run(t.Context(), []string{"healthcheck", "--url", server.URL}); code != test.code || !strings.Contains(said.String(), test.says) {
			t.Errorf("%d: %d %s", test.status, code, said.String())
		}
	}
}

const configurationDoc = "../../docs/configuration.md"

// TestConfigurationIsDocumented holds docs/configuration.md to the flags of the program.
// UPDATE_DOCS=1 writes its tables again.
func TestConfigurationIsDocumented(t *testing.T) {
	text, err := os.ReadFile(configurationDoc)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- settings: written by UPDATE_DOCS=1 go test ./cmd/drawdown -run TestConfigurationIsDocumented -->\n", "<!-- end of settings -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatalf("%s does not say where its tables are", configurationDoc)
	}
	p, _ := settingsProgram(nil)
	whole := before + begin + p.settingTables() + end + after
	if whole == string(text) {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("%s differs from the flags of the program: run UPDATE_DOCS=1 go test ./cmd/drawdown -run TestConfigurationIsDocumented", configurationDoc)
	}
	if err := os.WriteFile(configurationDoc, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
}

// settingTables is a table of settings for each section, in Markdown.
func (p *program) settingTables() string {
	var text strings.Builder
	section := "none yet"
	for _, s := range p.settings {
		if name := strings.Join(sectionOf(s.command), "."); name != section {
			section = name
			if name == "" {
				text.WriteString("\n### Every command\n")
			} else {
				text.WriteString("\n### " + s.command.CommandPath() + "\n")
			}
			text.WriteString("\n| flag | variable | key | default | values | meaning |\n| --- | --- | --- | --- | --- | --- |\n")
		}
		placeholder, meaning := pflag.UnquoteUsage(s.flag)
		values := p.marks[s.flag].bound
		for _, other := range []string{kindOf(s.flag), placeholder} {
			if values == "" {
				values = other
			}
		}
		if values == "string" {
			values = "text"
		}
		if _, list := s.flag.Value.(pflag.SliceValue); list {
			values = "a list of " + strings.TrimSuffix(values, "s") + "s"
		}
		if p.marks[s.flag].shown != nil {
			values += "; a secret"
		}
		initial := s.flag.DefValue
		if initial != "" && initial != "[]" {
			initial = "`" + initial + "`"
		} else {
			initial = ""
		}
		cells := []string{"`--" + s.flag.Name + "`", "`" + s.variable() + "`", "`" + s.key() + "`", initial, values, meaning}
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "|", "\\|")
		}
		text.WriteString(strings.TrimRight(strings.ReplaceAll("| "+strings.Join(cells, " | ")+" |", "|  |", "| |"), " ") + "\n")
	}
	return text.String() + "\n"
}
