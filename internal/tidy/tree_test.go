package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tree is the repository, as every test here reads it.
func tree(t testing.TB) fs.FS {
	t.Helper()
	const root = "../.."
	if _, err := os.Stat(root + "/go.mod"); err != nil {
		t.Fatalf("the repository is not where this test looks for it: %v", err)
	}
	return os.DirFS(root)
}

// notOurs are directories that were downloaded, built or are input to tests.
var notOurs = []string{".git", ".bin", "bin", "node_modules", "testdata", "dist"}

// files lists the repository's own files for which want is true, in order.
func files(t testing.TB, fsys fs.FS, want func(name string) bool) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notOurs, entry.Name()):
			return fs.SkipDir
		case entry.Type().IsRegular() && want(name):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func withSuffix(suffixes ...string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
}

func read(t testing.TB, fsys fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// source is one Go file.
type source struct {
	name, dir string
	test      bool
	generated bool
	file      *ast.File
	fset      *token.FileSet
}

func (s source) line(pos token.Pos) int { return s.fset.Position(pos).Line }

// sources parses every Go file of the repository, generated ones included.
func sources(t testing.TB, fsys fs.FS) []source {
	t.Helper()
	var all []source
	for _, name := range files(t, fsys, withSuffix(".go")) {
		all = append(all, parse(t, name, read(t, fsys, name)))
	}
	return all
}

func parse(t testing.TB, name, text string) source {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%s does not parse: %v", name, err)
	}
	return source{
		name: name, dir: path.Dir(name), file: file, fset: fset,
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(file),
	}
}

// banner is a comment line made of a rule: // ------, # ====, -- ####.
var banner = map[string]*regexp.Regexp{
	".go":       regexp.MustCompile(`^\s*// ?([-=*#~_/])[-=*#~_/]{3,}`),
	".graphqls": regexp.MustCompile(`^\s*# ?([-=*#~_])[-=*#~_]{3,}`),
	".yml":      regexp.MustCompile(`^\s*# ?([-=*#~_])[-=*#~_]{3,}`),
	".sh":       regexp.MustCompile(`^\s*# ?([-=*#~_])[-=*#~_]{3,}`),
	".sql":      regexp.MustCompile(`^\s*-- ?([-=*#~_])[-=*#~_]{3,}`),
	"Makefile":  regexp.MustCompile(`^# ?([-=*#~_])[-=*#~_]{3,}`),
}

// banners returns the numbers of the lines that are banners.
func banners(name, text string) []int {
	pattern := banner[path.Ext(name)]
	if path.Base(name) == "Makefile" {
		pattern = banner["Makefile"]
	}
	var lines []int
	for i, line := range strings.Split(text, "\n") {
		if pattern != nil && pattern.MatchString(line) {
			lines = append(lines, i+1)
		}
	}
	return lines
}

func TestNoBanners(t *testing.T) {
	fsys := tree(t)
	for _, name := range files(t, fsys, func(name string) bool {
		return banner[path.Ext(name)] != nil || path.Base(name) == "Makefile"
	}) {
		text := read(t, fsys, name)
		if strings.Contains(text, "// Code generated ") {
			continue
		}
		for _, line := range banners(name, text) {
			t.Errorf("%s:%d: a banner. A part of a file that needs a heading is a file of its own, or a doc comment", name, line)
		}
	}
}

func TestBannersAreSeen(t *testing.T) {
	tests := []struct {
		name, text string
		want       int
	}{
		{"a.go", "// ------ lots ------", 1},
		{"a.go", "//////////////", 1},
		{"a.go", "\t// ====", 1},
		{"a.go", "// a rule: ----", 0},
		{"a.go", "//\t---- | ----", 0}, // a table in a doc comment
		{"a.sql", "-- ####", 1},
		{"Makefile", "# ----", 1},
		{"a.md", "#### heading", 0},
	}
	for _, test := range tests {
		if got := len(banners(test.name, test.text)); got != test.want {
			t.Errorf("%s: %q holds %d banners, want %d", test.name, test.text, got, test.want)
		}
	}
}
