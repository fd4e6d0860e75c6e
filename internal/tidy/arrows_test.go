package tidy

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport says of each room of the house which others its code may import,
// besides itself. Tests may import any: they stand outside the house.
var mayImport = map[string][]string{
	"ledger":             {},
	"ledger/export":      {"ledger"},
	"revrec":             {"ledger"},
	"revrec/estimate":    {"ledger", "revrec"},
	"internal/forecast":  {},
	"internal/books":     {"ledger", "ledger/export", "revrec", "revrec/estimate", "internal/forecast"},
	"internal/store":     {"ledger", "revrec", "revrec/estimate", "internal/books"},
	"internal/reports":   {"ledger", "ledger/export", "revrec", "internal/books"},
	"internal/evidence":  {"ledger", "ledger/export", "revrec", "internal/books", "internal/reports"},
	"internal/auth":      {"internal/books"},
	"internal/telemetry": {"internal/books"},
	"internal/webhook":   {"internal/books"},
	// Where exported files go: it knows files, and nothing of the book.
	"internal/destination": {},
	"internal/intake":      {"ledger", "revrec", "internal/books"},
	"internal/scenario":    {"ledger", "ledger/export", "revrec", "revrec/estimate", "internal/books"},
	"internal/demo":        {"ledger", "ledger/export", "revrec", "revrec/estimate", "internal/books"},
	"internal/bench":       {"ledger", "ledger/export", "revrec", "internal/books"},
	"graph":                {"ledger", "revrec", "revrec/estimate", "internal/forecast", "internal/books", "internal/auth", "internal/intake", "internal/reports", "internal/evidence"},
	"jobs":                 {"ledger", "revrec", "revrec/estimate", "internal/books", "internal/destination"},
	"web":                  {},
	"cmd": {
		"ledger", "ledger/export", "revrec", "revrec/estimate", "internal/books", "internal/store",
		"internal/auth", "internal/intake", "internal/demo", "internal/bench", "internal/scenario", "internal/telemetry", "internal/webhook", "internal/destination", "internal/reports", "internal/evidence", "graph", "jobs", "web",
	},
	// A client as others write one: a module of its own that knows the API alone.
	"examples/go":   {},
	"internal/tidy": {},
	// It writes docs/api by asking a server, so it puts rooms together as cmd does.
	"internal/apidocs": {"internal/books", "internal/auth", "internal/store", "internal/demo", "graph"},
}

// homes says in which rooms a library is used, so that it can be replaced there.
var homes = []struct {
	library string
	rooms   []string
	inTests bool // true where tests of other rooms do without it too
}{
	{"github.com/99designs/gqlgen", []string{"graph"}, true},
	{"golang.org/x/mod", []string{"ledger", "internal/books", "internal/store"}, true},
	{"github.com/uptrace/bun", []string{"internal/store"}, true},
	{"github.com/robfig/cron", []string{"jobs"}, true},
	{"github.com/prometheus", []string{"internal/telemetry"}, true},
	{"go.opentelemetry.io", []string{"internal/telemetry"}, true},
	{"github.com/standard-webhooks/standard-webhooks", []string{"internal/webhook"}, true},
	{"github.com/minio/minio-go", []string{"internal/destination"}, false},
	{"github.com/coreos/go-oidc", []string{"internal/auth"}, true},
	{"modernc.org/sqlite", []string{"internal/store"}, false},
	{"github.com/jackc/pgx", []string{"internal/store", "internal/bench"}, false},
	{"github.com/parquet-go/parquet-go", []string{"ledger/export"}, true},
	{"github.com/hashicorp/golang-lru", []string{"graph"}, true},
	{"github.com/klauspost/compress", []string{"graph", "internal/store", "ledger/export"}, true},
	{"github.com/rs/cors", []string{"graph"}, true},
	{"golang.org/x/time", []string{"graph"}, true},
	{"github.com/KimMachineGun/automemlimit", []string{"cmd"}, true},
	{"github.com/spf13/cobra", []string{"cmd"}, false},
	{"github.com/spf13/pflag", []string{"cmd"}, false},
	{"github.com/agnivade/levenshtein", []string{"cmd"}, false},
	{"github.com/schollz/progressbar", []string{"cmd"}, false},
	{"github.com/jedib0t/go-pretty", []string{"cmd"}, false},
}

// purelyRules are the rooms an auditor can read alone.
var purelyRules = []string{"ledger", "ledger/export", "revrec", "revrec/estimate"}

// statistics is the one room of rules that computes in floating point, and draws by chance
// from a seed that it is given: estimates, which are approved before anything is booked.
const statistics = "revrec/estimate"

// worldly are packages through which a rule would learn more than it was told.
var worldly = []string{
	"context", "crypto/rand", "database/sql", "log", "math/rand", "net", "os", "plugin", "runtime", "sync", "syscall", "testing", "unsafe",
}

// worldlyCalls are what package time, which has values that rules need, knows of
// the world.
var worldlyCalls = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local", "LoadLocation",
}

// room returns the longest entry of mayImport that holds the directory, or "".
func room(dir string) string {
	for ; dir != "."; dir = path.Dir(dir) {
		if _, known := mayImport[dir]; known {
			return dir
		}
	}
	return ""
}

// within reports whether the import path is the package or lies below it.
func within(imported, of string) bool {
	return imported == of || strings.HasPrefix(imported, of+"/")
}

// badImports returns an instruction for each import that points the wrong way.
func badImports(s source) []string {
	var wrong []string
	from := room(s.dir)
	if from == "" {
		return []string{"package " + s.dir + " is in no room of the house. Move it into one, or add its room to mayImport in internal/tidy with what it may import, and to docs/architecture.md"}
	}
	for _, spec := range s.file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the compiler says so
		}
		if inside, ours := strings.CutPrefix(imported, "drawdown/"); ours && !s.test {
			to := room(inside)
			switch {
			case within(inside, "internal/store/storetest") && s.dir != "internal/store/storetest":
				wrong = append(wrong, "imports storetest, which is for tests")
			case to != from && !slices.Contains(mayImport[from], to):
				wrong = append(wrong, from+" may not import "+inside+". Arrows point ledger → revrec → internal/books → graph, jobs, internal/scenario → cmd: move what is needed down, or declare an interface here and let cmd pass it in")
			}
		}
		for _, home := range homes {
			if within(imported, home.library) && !slices.Contains(home.rooms, from) && (!s.test || home.inTests) {
				wrong = append(wrong, "imports "+imported+", which is used in "+strings.Join(home.rooms, ", ")+" alone. Call that room instead")
			}
		}
		if slices.Contains(purelyRules, from) && !s.test && slices.ContainsFunc(worldly, func(p string) bool { return within(imported, p) }) &&
			(from != statistics || imported != "math/rand/v2") {
			wrong = append(wrong, "imports "+imported+". Rules take values and return values: let the caller in internal/books pass in what is needed from there")
		}
	}
	return wrong
}

func TestImportsFollowTheArrows(t *testing.T) {
	homeless := map[string]bool{}
	for _, s := range sources(t, tree(t)) {
		if room(s.dir) == "" && homeless[s.dir] {
			continue // said once
		}
		homeless[s.dir] = room(s.dir) == ""
		for _, wrong := range badImports(s) {
			t.Errorf("%s: %s", s.name, wrong)
		}
	}
}

func TestArrowsAreSeen(t *testing.T) {
	tests := []struct {
		file, imports string
		wrong         int
	}{
		{"revrec/draw.go", "drawdown/ledger", 0},
		{"ledger/amount.go", "drawdown/revrec", 1},
		{"ledger/amount.go", "drawdown/ledger/export", 1},
		{"ledger/amount.go", "time", 0},
		{"ledger/amount.go", "os/exec", 1},
		{"ledger/amount.go", "net/http", 1},
		{"ledger/amount.go", "github.com/shopspring/decimal", 0},
		{"revrec/draw.go", "math/rand/v2", 1},
		{"revrec/draw_test.go", "os", 0},
		{"internal/books/usage.go", "drawdown/internal/store", 1},
		{"internal/books/usage_test.go", "drawdown/internal/store", 0},
		{"internal/books/usage.go", "drawdown/graph/scalar", 1},
		{"internal/books/usage.go", "context", 0},
		{"internal/store/storetest/suite.go", "drawdown/internal/books", 0},
		{"internal/store/lots.go", "drawdown/internal/store/storetest", 1},
		{"graph/lots.go", "drawdown/graph/scalar", 0},
		{"graph/lots.go", "drawdown/internal/store", 1},
		{"graph/lots.go", "drawdown/jobs", 1},
		{"graph/lots.go", "github.com/99designs/gqlgen/graphql", 0},
		{"cmd/drawdown/serve.go", "github.com/99designs/gqlgen/graphql", 1},
		{"cmd/drawdown/serve_test.go", "github.com/uptrace/bun", 1},
		{"cmd/drawdown/serve_test.go", "modernc.org/sqlite", 0},
		{"cmd/drawdown/serve.go", "drawdown/internal/store", 0},
		{"jobs/cron.go", "github.com/robfig/cron/v3", 0},
		{"graph/cron.go", "github.com/robfig/cron/v3", 1},
		{"util/strings.go", "strings", 1},
	}
	for _, test := range tests {
		got := badImports(parse(t, test.file, "package p\nimport _ "+strconv.Quote(test.imports)))
		if len(got) != test.wrong {
			t.Errorf("%s importing %s: %d complaints %q, want %d", test.file, test.imports, len(got), got, test.wrong)
		}
	}
}
