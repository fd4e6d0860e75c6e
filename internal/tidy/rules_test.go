package tidy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// worldlyUses returns an instruction for each use of package time that asks the
// machine.
func worldlyUses(s source) []string {
	name := ""
	for _, spec := range s.file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil && imported == "time" {
			name = "time"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	if name == "" {
		return nil
	}
	var wrong []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := selector.X.(*ast.Ident); ok && x.Name == name && slices.Contains(worldlyCalls, selector.Sel.Name) {
			wrong = append(wrong, fmt.Sprintf("%s:%d: time.%s asks the machine. Take the instant or the zone as an argument; internal/books has the clock", s.name, s.line(n.Pos()), selector.Sel.Name))
		}
		return true
	})
	return wrong
}

func TestRulesHaveNoClock(t *testing.T) {
	for _, s := range sources(t, tree(t)) {
		if slices.Contains(purelyRules, room(s.dir)) && !s.test {
			for _, wrong := range worldlyUses(s) {
				t.Error(wrong)
			}
		}
	}
}

func TestClocksAreSeen(t *testing.T) {
	tests := []struct {
		body  string
		wrong int
	}{
		{`import "time"; var x = time.Now()`, 1},
		{`import clock "time"; var x = clock.Since(t)`, 1},
		{`import "time"; var x = time.Date(2024, 1, 1, 0, 0, 0, 0, time.Local)`, 1},
		{`import "time"; var x = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).After(t)`, 0},
		{`var x = time.Now()`, 0}, // another thing called time
	}
	for _, test := range tests {
		if got := worldlyUses(parse(t, "p.go", "package p\n"+test.body)); len(got) != test.wrong {
			t.Errorf("%s: %q, want %d complaints", test.body, got, test.wrong)
		}
	}
}

// floats returns the lines on which the package computes in floating point: a type,
// a literal, a constant or the result of a call, named or inferred.
func floats(fset *token.FileSet, syntax []*ast.File, info *types.Info) []string {
	found := map[string]bool{}
	report := func(n ast.Node, what string) {
		at := fset.Position(n.Pos())
		found[fmt.Sprintf("%s:%d: %s", filepath.ToSlash(at.Filename), at.Line, what)] = true
	}
	for _, file := range syntax {
		ast.Inspect(file, func(n ast.Node) bool {
			expr, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.FLOAT {
				report(n, "the literal "+literal.Value)
				return true
			}
			of := info.TypeOf(expr)
			switch {
			case of == nil:
			case isFloat(of):
				report(n, types.ExprString(expr)+" is a "+of.String())
			case of.String() == "math/big.Float" || of.String() == "*math/big.Float":
				report(n, types.ExprString(expr)+" is a big.Float")
			}
			return true
		})
	}
	lines := make([]string, 0, len(found))
	for line := range found {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// isFloat sees through names, slices, maps, pointers and the results of functions.
func isFloat(of types.Type) bool {
	switch of := of.Underlying().(type) {
	case *types.Basic:
		return of.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Slice:
		return isFloat(of.Elem())
	case *types.Array:
		return isFloat(of.Elem())
	case *types.Map:
		return isFloat(of.Key()) || isFloat(of.Elem())
	case *types.Signature:
		for v := range of.Results().Variables() {
			if isFloat(v.Type()) {
				return true
			}
		}
	}
	return false
}

func TestRulesHaveNoFloats(t *testing.T) {
	const instruction = "Money and credits are whole numbers: multiply with ledger.MulDiv, take ratios as decimal.Decimal"
	lookup := exportData(t)
	for _, dir := range purelyRules {
		if dir == statistics {
			continue
		}
		fset := token.NewFileSet()
		names, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var syntax []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			syntax = append(syntax, file)
		}
		if len(syntax) == 0 {
			continue
		}
		info, err := check(fset, "drawdown/"+dir, syntax, lookup)
		if err != nil {
			t.Errorf("%s does not compile: %v", dir, err)
			continue
		}
		for _, line := range floats(fset, syntax, info) {
			t.Errorf("%s. %s", strings.TrimPrefix(line, "../../"), instruction)
		}
	}
}

func TestFloatsAreSeen(t *testing.T) {
	lookup := exportData(t)
	tests := []struct {
		body  string
		wrong int
	}{
		{`var x float64`, 1},
		{`type Ratio float32`, 1},
		{`type rates []float64`, 1},
		{`var x = 1.5`, 1},
		{`const half = 1 / 2.0`, 1},
		{`const million int64 = 1e6`, 1}, // written 1_000_000
		{`import "math"; var x = math.Pi`, 1},
		{`import "math"; var x = int64(math.Sqrt(4))`, 1},
		{`import "math"; var x = int64(math.MaxInt64)`, 0},
		{`import "github.com/shopspring/decimal"; var x = decimal.NewFromInt(1).InexactFloat64()`, 1},
		{`import "github.com/shopspring/decimal"; var x, _ = decimal.NewFromInt(1).Float64()`, 1},
		{`import "github.com/shopspring/decimal"; var x = decimal.NewFromInt(1).Mul(decimal.New(5, -1))`, 0},
		{`var x = 3 / 2`, 0},
	}
	for _, test := range tests {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "p.go", "package p\n"+test.body, 0)
		if err != nil {
			t.Fatal(err)
		}
		syntax := []*ast.File{file}
		info, err := check(fset, "p", syntax, lookup)
		if err != nil {
			t.Fatal(err)
		}
		got := floats(fset, syntax, info)
		if (len(got) > 0) != (test.wrong > 0) {
			t.Errorf("%s: %q, want %d", test.body, got, test.wrong)
		}
	}
}

func check(fset *token.FileSet, path string, syntax []*ast.File, lookup importer.Lookup) (*types.Info, error) {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", lookup)}
	_, err := config.Check(path, fset, syntax, info)
	return info, err
}

// exportData has the go command compile what the rules import, and returns where
// the compiler wrote its types.
func exportData(t testing.TB) importer.Lookup {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "./ledger/...", "./revrec/...", "math", "github.com/shopspring/decimal")
	list.Dir = "../.."
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	exports := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var row struct{ ImportPath, Export string }
		if err := decoder.Decode(&row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[row.ImportPath] = row.Export
	}
	return func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no types of %s", path)
		}
		return os.Open(exports[path])
	}
}
