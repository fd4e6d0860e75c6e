package tidy

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

const (
	financeDir   = "docs/finance"
	financeIndex = financeDir + "/README.md"
	examplesDir  = "docs/api/examples"
)

// noBusiness are the areas of the API whose mutations are nothing that a finance person does
// to credits, customers or months, and why.
var noBusiness = map[string]string{
	"jobs":     "jobs run by themselves; docs/close.md says when to run them by hand",
	"webhooks": "set up by whoever writes the receiver: docs/webhooks.md",
	"exports":  "entries on their way to a general ledger: docs/export.md",
	"access":   "set up by whoever runs the server: docs/access.md",
}

// notOnAPage are business mutations without a page for finance people, and why.
var notOnAPage = map[string]string{
	"customerCreate": "books nothing: the company's own systems make customers as they sign up",
}

// financePages returns the pages for finance people by name: those of the directory, and
// those beside it that its index lists.
func financePages(t testing.TB, fsys fs.FS) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, name := range listed(read(t, fsys, financeIndex)) {
		if _, err := fs.Stat(fsys, name); err == nil {
			pages[name] = read(t, fsys, name)
		}
	}
	for _, name := range files(t, fsys, withSuffix(".md")) {
		if path.Dir(name) == financeDir && name != financeIndex {
			pages[name] = read(t, fsys, name)
		}
	}
	return pages
}

// row is a line of a table of the index: what happens, and its page.
var row = regexp.MustCompile(`(?m)^\| [^|]+ \| \[[^\]]+\]\(([^)#]+)\) \|$`)

// listed returns the files that the index lists, as often as it does.
func listed(index string) (names []string) {
	for _, match := range row.FindAllStringSubmatch(index, -1) {
		names = append(names, path.Join(financeDir, match[1]))
	}
	return names
}

// badIndex returns an instruction for each page that the index of finance pages lacks or has
// twice.
func badIndex(t testing.TB, fsys fs.FS) (wrong []string) {
	t.Helper()
	index := listed(read(t, fsys, financeIndex))
	for name := range financePages(t, fsys) {
		switch n := count(index, name); {
		case n == 0:
			wrong = append(wrong, fmt.Sprintf("%s lacks %s: add a line under the heading that fits", financeIndex, name))
		case n > 1:
			wrong = append(wrong, fmt.Sprintf("%s lists %s %d times: keep the line where a reader looks for it", financeIndex, name, n))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func count(names []string, name string) (n int) {
	for _, other := range names {
		if other == name {
			n++
		}
	}
	return n
}

// withoutPage returns an instruction for each business mutation that no page for finance
// people names.
func withoutPage(t testing.TB, fsys fs.FS) (wrong []string) {
	t.Helper()
	pages, areas := financePages(t, fsys), areasOf(t, fsys)
	for _, mutation := range mutations(t, read(t, fsys, schemaFile)) {
		area, why := areas[mutation], notOnAPage[mutation]
		named := slices.ContainsFunc(slices.Collect(maps.Values(pages)), func(page string) bool { return names(page, mutation) })
		switch {
		case area == "":
			wrong = append(wrong, fmt.Sprintf("%s has no example in %s", mutation, examplesDir))
		case noBusiness[area] != "":
		case named && why != "":
			wrong = append(wrong, fmt.Sprintf("%s is on a page, and on the list of those that are not", mutation))
		case !named && why == "":
			wrong = append(wrong, fmt.Sprintf("no page of %s names %s: say on the page that fits when to use it, with a link to ../api/%s.md#mutation-%s", financeDir, mutation, area, strings.ToLower(mutation)))
		}
	}
	return wrong
}

// names reports whether a page names a mutation, by a link or in backticks.
func names(page, mutation string) bool {
	return strings.Contains(page, "`"+mutation+"`") || strings.Contains(page, ".md#mutation-"+strings.ToLower(mutation)+")")
}

// areasOf returns the area of each root field, by its examples.
func areasOf(t testing.TB, fsys fs.FS) map[string]string {
	t.Helper()
	areas := map[string]string{}
	for _, name := range files(t, fsys, withSuffix(".graphql")) {
		if path.Dir(path.Dir(name)) == examplesDir {
			field, _, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".graphql"), "-")
			areas[field] = path.Base(path.Dir(name))
		}
	}
	return areas
}

func mutations(t testing.TB, schema string) (fields []string) {
	t.Helper()
	document, err := parser.ParseSchema(&ast.Source{Name: schemaFile, Input: schema})
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range append(document.Definitions, document.Extensions...) {
		if definition.Name == "Mutation" {
			for _, field := range definition.Fields {
				fields = append(fields, field.Name)
			}
		}
	}
	return fields
}

func TestFinancePagesAreListed(t *testing.T) {
	fsys := tree(t)
	if pages := financePages(t, fsys); len(pages) < 25 {
		t.Fatalf("%d pages are read wrongly", len(pages))
	}
	for _, wrong := range badIndex(t, fsys) {
		t.Error(wrong)
	}
	index, at := read(t, fsys, financeIndex), 0
	for _, heading := range []string{"Selling", "Using", "Running low", "Ending", "Month end and reports"} {
		next := strings.Index(index[at:], "\n## "+heading+"\n")
		if next < 0 {
			t.Errorf("%s has no heading %q where it belongs", financeIndex, heading)
			continue
		}
		at += next
	}
}

func TestBusinessMutationsAreOnAFinancePage(t *testing.T) {
	for _, wrong := range withoutPage(t, tree(t)) {
		t.Error(wrong)
	}
}

func TestMissingFinancePagesAreSeen(t *testing.T) {
	const sell = "| It is sold | [Sale](sale.md) |\n"
	for _, test := range []struct {
		name, index, page, schema string
		lists, pages              int
	}{
		{"good", sell, "[`sell`](../api/a.md#mutation-sell)", "type Mutation { sell: Int }", 0, 0},
		{"in backticks", sell, "Use `sell`.", "type Mutation { sell: Int }", 0, 0},
		{"not listed", "", "`sell`", "type Mutation { sell: Int }", 1, 0},
		{"twice", sell + sell, "`sell`", "type Mutation { sell: Int }", 1, 0},
		{"not named", sell, "`sellers` sell", "type Mutation { sell: Int }", 0, 1},
		{"without example", sell, "`buy`", "type Mutation { buy: Int }", 0, 1},
		{"no business", sell, "", "type Mutation { run: Int }", 0, 0},
	} {
		fsys := fstest.MapFS{}
		for name, text := range map[string]string{
			financeIndex: test.index, financeDir + "/sale.md": test.page, schemaFile: test.schema,
			examplesDir + "/a/sell-twice.graphql": "", examplesDir + "/jobs/run.graphql": "",
		} {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := badIndex(t, fsys); len(got) != test.lists {
			t.Errorf("%s: the index: %q, want %d", test.name, got, test.lists)
		}
		if got := withoutPage(t, fsys); len(got) != test.pages {
			t.Errorf("%s: the pages: %q, want %d", test.name, got, test.pages)
		}
	}
}
