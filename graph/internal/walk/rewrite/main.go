// Command rewrite has the code that gqlgen wrote go through rows by package walk. It knows
// the few shapes in which gqlgen writes a field, and fails where it finds none of one: then
// gqlgen writes otherwise, and this is to be looked at.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rewrite exec.go")
		os.Exit(2)
	}
	if err := rewriteFile(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "rewrite:", err)
		os.Exit(1)
	}
}

func rewriteFile(name string) error {
	given, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	written, err := rewrite(given)
	if err != nil {
		return err
	}
	return os.WriteFile(name, written, 0o644) //nolint:gosec // a source file, as gqlgen writes it
}

// declaration is a function of the file.
type declaration struct {
	name       string
	start, end int
	text       string
}

// rewrite returns the code that does the same by package walk.
func rewrite(given []byte) ([]byte, error) {
	declarations, err := functions(given)
	if err != nil {
		return nil, err
	}
	f := newFile(declarations)
	for _, d := range declarations {
		f.find(d)
	}
	f.findFlat()
	var out bytes.Buffer
	at := 0
	for _, d := range declarations {
		out.Write(given[at:d.start])
		out.WriteString(f.write(d))
		at = d.end
	}
	out.Write(given[at:])
	text := strings.Replace(out.String(), `"drawdown/graph/internal/view"`, `"drawdown/graph/internal/view"`+"\n\t"+`"drawdown/graph/internal/walk"`, 1)
	for _, shape := range []string{"leaf", "flat object", "object", "list", "field of a flat object"} {
		if f.count[shape] == 0 {
			return nil, fmt.Errorf("no %s found: does gqlgen write it otherwise now?", shape)
		}
	}
	for _, left := range []string{"MarshalSliceConcurrently(", ".ResolveConcurrently("} {
		if strings.Contains(text, left) {
			return nil, fmt.Errorf("%s is left: does gqlgen write it otherwise now?", left)
		}
	}
	return format.Source([]byte(text))
}

func functions(given []byte) ([]declaration, error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "exec.go", given, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []declaration
	for _, d := range parsed.Decls {
		if function, ok := d.(*ast.FuncDecl); ok {
			start, end := files.Position(function.Pos()).Offset, files.Position(function.End()).Offset
			found = append(found, declaration{function.Name.Name, start, end, string(given[start:end])})
		}
	}
	return found, nil
}

// The shapes.
var (
	resolvesField = regexp.MustCompile(`(?s)^func \(ec \*executionContext\) _(\w+?)_(\w+)\(ctx context\.Context, field graphql\.CollectedField, obj ([^)]+)\) \(ret graphql\.Marshaler\) \{\n\treturn graphql\.ResolveField\(\n` +
		`.*\n\t\t\treturn (obj\.\w+(?:\.\w+)*(?:\(\))?), nil\n\t\t\},\n\t\tnil,\n\t\tfunc\(ctx context\.Context, selections ast\.SelectionSet, v ([^)]+)\) graphql\.Marshaler \{\n\t\t\treturn ec\.([^(]+)\(ctx, selections, v\)\n\t\t\},\n\t\ttrue,\n\t\t(?:true|false),\n\t\)\n\}$`)
	marshalsLeaf = regexp.MustCompile(`(?s)^func .*?, v ([^)]+)\) graphql\.Marshaler \{\n` +
		`(?:\tif v == nil \{\n.*?\n\t\}\n)?\t_ = sel\n(?:\t_ = ctx\n)?\tres := ([^\n]+)\n(?:\tif res == graphql\.Null \{\n\t\tgraphql\.AddInvalidNullFromMarshaler[^\n]+\n\t\}\n)?\treturn [^\n]+\n\}$`)
	marshalsObject  = regexp.MustCompile(`(?s)^func .*?, v ([^)]+)\) graphql\.Marshaler \{\n(?:\tif v == nil \{\n[^}]*\n\t\}\n)?\treturn ec\._(\w+)\(ctx, sel, (&?v)\)\n\}$`)
	marshalsID      = regexp.MustCompile(`^scalar\.MarshalID\((.*)\)$`)
	resolvesObject  = regexp.MustCompile(`^func \(ec \*executionContext\) _(\w+)\(ctx context\.Context, sel ast\.SelectionSet, obj ([^)]+)\) graphql\.Marshaler \{\n\tfields := graphql\.CollectFields\(ec\.OperationContext, sel, (\w+)\)\n`)
	caseOfField     = regexp.MustCompile(`\t\tcase "(\w+)":\n\t\t\tout\.Values\[i\] = ec\.(_\w+)\(ctx, field, obj\)\n`)
	anyCase         = regexp.MustCompile(`\t\tcase "(\w+)":\n`)
	concurrentField = regexp.MustCompile(`out\.ResolveConcurrently\(ec\.OperationContext, &deferred, i,\s+true, (true|false),\s+func\(ctx context\.Context\) graphql\.Marshaler \{\s+return (ec\._\w+\(ctx, field, obj\))\s+\}\)`)
	deferredGroup   = regexp.MustCompile(`\tdeferred := graphql\.[^\n]+\n`)
	deferredEnd     = regexp.MustCompile(`(?s)\tif n := len\(deferred\.Defers\); n > 0 \{\n.*?\n\t\}\n\n`)
	concurrentList  = regexp.MustCompile(`graphql\.MarshalSliceConcurrently\(ctx, len\(v\), \d+, false, `)
)

// leaf is a field that is read from its row and needs nothing else.
type leaf struct {
	function string // that returns its value
	required bool
	text     string
}

// file is what is known of the file.
type file struct {
	byName map[string]declaration
	leaves map[string]leaf       // by the function that resolves the field
	flat   map[string]flatObject // by the type of the schema
	count  map[string]int
}

// flatObject has leaves alone.
type flatObject struct{ text string }

func newFile(declarations []declaration) *file {
	f := &file{map[string]declaration{}, map[string]leaf{}, map[string]flatObject{}, map[string]int{}}
	for _, d := range declarations {
		f.byName[d.name] = d
	}
	return f
}

// find remembers a leaf.
func (f *file) find(d declaration) {
	field := resolvesField.FindStringSubmatch(d.text)
	if len(field) == 0 || strings.HasPrefix(field[1], "_") {
		return
	}
	object, name, receiver, value, valueType, marshaler := field[1], field[2], field[3], field[4], field[5], field[6]
	marshal := marshalsLeaf.FindStringSubmatch(f.byName[marshaler].text)
	if marshal == nil || f.takesArguments(d) {
		return
	}
	expression, required := marshal[2], strings.HasPrefix(marshaler, "marshalN")
	if id := marshalsID.FindStringSubmatch(expression); id != nil {
		expression = fmt.Sprintf("scalar.MarshalIDOf(%q, %q, %s)", object, name, id[1])
	}
	l := leaf{function: "leaf_" + object + "_" + name, required: required}
	var b strings.Builder
	fmt.Fprintf(&b, "func %s(obj %s) graphql.Marshaler {\n\tv := %s\n", l.function, receiver, value)
	if strings.HasPrefix(valueType, "*") {
		b.WriteString("\tif v == nil {\n\t\treturn graphql.Null\n\t}\n")
	}
	fmt.Fprintf(&b, "\treturn %s\n}", expression)
	l.text = b.String()
	f.leaves[d.name] = l
	f.count["leaf"]++
}

func (f *file) takesArguments(d declaration) bool {
	return strings.Contains(f.byName["fieldContext"+d.name].text, "Args")
}

// findFlat remembers the objects that have leaves alone.
func (f *file) findFlat() {
	for _, d := range f.byName {
		object := resolvesObject.FindStringSubmatch(d.text)
		if object == nil || strings.Contains(d.text, "innerCtx") {
			continue
		}
		cases := caseOfField.FindAllStringSubmatch(d.text, -1)
		if len(cases) == 0 || len(cases)+1 != len(anyCase.FindAllString(d.text, -1)) {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "// plain_%s returns nil where a required field is null, which needs to say where it is.\n", object[1])
		fmt.Fprintf(&b, "func (ec *executionContext) plain_%s(sel ast.SelectionSet, obj %s) graphql.Marshaler {\n", object[1], object[2])
		fmt.Fprintf(&b, "\tfields := graphql.CollectFields(ec.OperationContext, sel, %s)\n\tout := walk.NewObject(fields)\n\tfor i := range fields {\n\t\tswitch fields[i].Name {\n", object[3])
		fmt.Fprintf(&b, "\t\tcase \"__typename\":\n\t\t\tout.Values[i] = graphql.MarshalString(%q)\n", object[1])
		flat := true
		for _, c := range cases {
			l, known := f.leaves[c[2]]
			flat = flat && known
			fmt.Fprintf(&b, "\t\tcase %q:\n\t\t\tout.Values[i] = %s(obj)\n", c[1], l.function)
			if l.required {
				b.WriteString("\t\t\tif out.Values[i] == graphql.Null {\n\t\t\t\treturn nil\n\t\t\t}\n")
			}
		}
		b.WriteString("\t\tdefault:\n\t\t\treturn nil\n\t\t}\n\t}\n\treturn out\n}")
		if flat {
			f.flat[object[1]] = flatObject{b.String()}
			f.count["flat object"]++
		}
	}
}

// write returns what is to stand in the place of a function.
func (f *file) write(d declaration) string {
	text := concurrentList.ReplaceAllString(d.text, "walk.Slice(ctx, len(v), ")
	if text != d.text {
		f.count["list"]++
	}
	if l, known := f.leaves[d.name]; known {
		return f.writeLeaf(text, l)
	}
	if field := resolvesField.FindStringSubmatch(text); field != nil && !f.takesArguments(d) {
		return f.writeField(text, field)
	}
	if object := resolvesObject.FindStringSubmatch(text); object != nil && !strings.Contains(text, "innerCtx") {
		return f.writeObject(text, object[1])
	}
	return text
}

// beginning is the first line of a function.
func beginning(text string) (first, rest string) {
	first, rest, _ = strings.Cut(text, "\n")
	return first + "\n", rest
}

func (*file) writeLeaf(text string, l leaf) string {
	first, rest := beginning(text)
	if !l.required {
		return first + "\treturn " + l.function + "(obj)\n}\n\n" + l.text
	}
	return first + "\tif plain := " + l.function + "(obj); plain != graphql.Null {\n\t\treturn plain\n\t}\n" + rest + "\n\n" + l.text
}

// writeField has a field that is a flat object in its row do without a context.
func (f *file) writeField(text string, field []string) string {
	marshal := marshalsObject.FindStringSubmatch(f.byName[field[6]].text)
	if marshal == nil {
		return text
	}
	if _, flat := f.flat[marshal[2]]; !flat {
		return text
	}
	f.count["field of a flat object"]++
	first, rest := beginning(text)
	if marshal[3] == "&v" {
		first += "\tv := " + field[4] + "\n\tif plain := ec.plain_" + marshal[2] + "(field.Selections, &v); plain != nil {\n\t\treturn plain\n\t}\n"
	} else {
		first += "\tif v := " + field[4] + "; v != nil {\n\t\tif plain := ec.plain_" + marshal[2] + "(field.Selections, v); plain != nil {\n\t\t\treturn plain\n\t\t}\n\t}\n"
	}
	return first + rest
}

func (f *file) writeObject(text, name string) string {
	f.count["object"]++
	text = strings.Replace(text, "graphql.NewFieldSet(fields)", "walk.NewObject(fields)", 1)
	text = deferredGroup.ReplaceAllString(text, "")
	text = deferredEnd.ReplaceAllString(text, "")
	text = strings.Replace(text, "\tout.Dispatch(ctx)\n", "", 1)
	text = strings.ReplaceAll(text, "atomic.AddUint32(&out.Invalids, 1)", "out.Invalids++")
	text = concurrentField.ReplaceAllStringFunc(text, func(field string) string {
		parts := concurrentField.FindStringSubmatch(field)
		null := "graphql.RequiredNull"
		if parts[1] == "true" {
			null = "graphql.Null"
		}
		return "out.Values[i] = " + parts[2] + "\n\t\t\tif out.Values[i] == " + null + " {\n\t\t\t\tout.Invalids++\n\t\t\t}"
	})
	if flat, known := f.flat[name]; known {
		text += "\n\n" + flat.text
	}
	return text
}
