package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The walk of docs/recipes, in its order.
var recipes = []string{"README.md", "sell-a-pack.md", "meter-tokens.md", "balance-page.md", "pull-the-journal.md"}

const recipesDir = "../../docs/recipes"

// block is a piece of code of a recipe.
type block struct {
	file, language, text string
}

func blocksOf(t *testing.T, file string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(recipesDir, file))
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	fenced := regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$") //nolint:gocritic // a ^ in the middle is meant: (?m) has it match at each line
	for _, found := range fenced.FindAllStringSubmatch(string(text), -1) {
		all = append(all, block{file, found[1], found[2]})
	}
	return all
}

// The commands of the recipes answer what stands below them, and the balance page shows in
// a browser what the customer has.
func TestRecipes(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo and builds the program")
	}
	dependsOn(t, recipesDir)
	pages := httptest.NewServer(http.FileServer(http.Dir(recipesDir)))
	defer pages.Close()
	book := "sqlite:" + filepath.Join(t.TempDir(), "play.db")
	w := walk{dir: t.TempDir(), program: builtProgram(t), replace: []string{"sqlite:play.db", book, "\ndrawdown ", "\n\"$DRAWDOWN\" ", "$(drawdown ", "$(\"$DRAWDOWN\" "}}

	var all []block
	for _, file := range recipes {
		all = append(all, blocksOf(t, file)...)
	}
	// The page about the API streams usage of the same customer.
	manners := blocksOf(t, "../api.md")
	streaming := slices.IndexFunc(manners, func(b block) bool { return b.language == "sh" && strings.Contains(b.text, "/v1/usage") })
	if streaming < 0 {
		t.Fatal("docs/api.md does not stream usage")
	}
	all = append(all, manners[streaming:streaming+2]...)
	serving := "drawdown serve --db sqlite:play.db --explorer --cors-origin http://127.0.0.1:9000"
	begin := slices.IndexFunc(all, func(b block) bool { return b.language == "console" && strings.Contains(b.text, serving) })
	if begin != 1 || all[0].language != "sh" {
		t.Fatalf("the recipes do not begin with a book, then `%s`", serving)
	}
	w.run(t, all[:1])
	r := startServing(t, "serve", "--db", book, "--explorer", "--addr", "127.0.0.1:0", "--cors-origin", pages.URL)
	w.replace = append(w.replace, "http://127.0.0.1:8080", r.url)

	var commands []block
	answers := map[int]string{} // by command
	for i, b := range all[begin:] {
		switch b.language {
		case "sh":
			commands = append(commands, b)
		case "json":
			if all[begin+i-1].language != "sh" {
				t.Errorf("%s: an answer without its command: %s", b.file, b.text)
			}
			answers[len(commands)-1] = b.text
		}
	}
	if len(commands) < 10 || len(answers) < 10 {
		t.Fatalf("only %d commands with %d answers were found", len(commands), len(answers))
	}
	said := w.run(t, commands)
	for i, command := range commands {
		if want := answers[i]; !sameAnswer(t, want, said[i]) {
			t.Errorf("%s:\n%sanswers\n%s\nand not\n%s", command.file, command.text, said[i], want)
		}
	}

	var shown struct {
		Name, Credits, State string
		Lots                 []string
	}
	inBrowser(t, "balance", pages.URL+"/balance.html#"+url.Values{"api": {r.url + "/"}, "token": {w.variable("portal")}}.Encode(), &shown)
	// 971.442 by the recipes, less 4.808 and 2.5.
	if shown.Name != "Acme Inc" || shown.Credits != "964.134" || len(shown.Lots) != 1 ||
		!strings.HasPrefix(shown.Lots[0], "964.134 of 1,000, until ") || !strings.HasPrefix(shown.State, "as of ") {
		t.Errorf("the balance page shows %+v", shown)
	}
}

// walk is a shell that goes on from block to block.
type walk struct {
	dir, program string
	replace      []string
}

// run pastes the blocks into one shell that knows what earlier ones knew, and returns what
// each says.
func (w walk) run(t *testing.T, blocks []block) []string {
	t.Helper()
	const mark = "@@ end of a block @@"
	var script strings.Builder
	script.WriteString("[[ ! -e known ]] || . ./known\n")
	for _, b := range blocks {
		// The first line needs what is before it to be told as a command of its own.
		text := strings.NewReplacer(w.replace...).Replace("\n" + b.text)
		fmt.Fprintf(&script, "%s\necho '%s'\n", text, mark)
	}
	script.WriteString("declare -p TOKEN portal 2>/dev/null >known || true\n")
	bash := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", script.String())
	bash.Dir = w.dir
	bash.Env = append(os.Environ(), "DRAWDOWN="+w.program)
	var stderr bytes.Buffer
	bash.Stderr = &stderr
	out, err := bash.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, &stderr)
	}
	said := strings.Split(string(out), mark+"\n")
	for i := range said {
		said[i] = strings.TrimSpace(said[i])
	}
	return said[:len(said)-1]
}

// variable returns what a variable of the shell holds.
func (w walk) variable(name string) string {
	known, err := os.ReadFile(filepath.Join(w.dir, "known"))
	if err != nil {
		return ""
	}
	found := regexp.MustCompile(name + `="(.*)"`).FindSubmatch(known)
	if found == nil {
		return ""
	}
	return string(found[1])
}

// sameAnswer compares JSON values, one after the other, whatever their spaces; … stands
// for anything within a string.
func sameAnswer(t *testing.T, want, got string) bool {
	t.Helper()
	pattern := strings.ReplaceAll(regexp.QuoteMeta(compact(t, want)), "…", `(?:[^"\\]|\\.)*`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(compact(t, got))
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	for decoder := json.NewDecoder(strings.NewReader(text)); decoder.More(); {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			t.Errorf("no JSON: %v\n%s", err, text)
			return text
		}
		var one bytes.Buffer
		if err := json.Compact(&one, raw); err != nil {
			t.Fatal(err)
		}
		out.WriteString(one.String() + "\n")
	}
	return out.String()
}

// Code in the recipes is cut out of what is run: the clients and the balance page.
func TestRecipesQuoteWhatRuns(t *testing.T) {
	sources := map[string]string{}
	for language, dir := range map[string]string{"ts": "../../examples/typescript/src", "go": "../../examples/go", "html": recipesDir} {
		err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(name) != "."+language {
				return err
			}
			text, err := os.ReadFile(name)
			sources[language] += string(text) + "\n"
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	quoted := 0
	for _, file := range recipes {
		for _, b := range blocksOf(t, file) {
			source, known := sources[b.language]
			switch {
			case known:
				quoted++
				if !strings.Contains(source, b.text) {
					t.Errorf("%s quotes what nothing runs; quote the file as it is:\n%s", file, b.text)
				}
			case b.language != "sh" && b.language != "json" && b.language != "console":
				t.Errorf("%s has code in %s, which nothing runs", file, b.language)
			}
		}
	}
	if quoted < 8 {
		t.Errorf("only %d quotations were found", quoted)
	}
}
