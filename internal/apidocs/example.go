package apidocs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"go.yaml.in/yaml/v3"
)

// examplesDir holds areas.yml and, for each area, the examples of its root fields.
const examplesDir = "docs/api/examples"

// Area is a part of the API that has a page of its own.
type Area struct {
	Name  string `yaml:"name"` // of its directory and page
	Title string `yaml:"title"`
	Says  string `yaml:"says"`
}

// Example is one operation with its variables, as it stands in
//
//	docs/api/examples/AREA/FIELD.graphql       the operation, what it shows in # lines above
//	docs/api/examples/AREA/FIELD.json          its variables, where it has any
//	docs/api/examples/AREA/FIELD-more.graphql  another one of the same root field
//
// A line `# $id: { … }` above the operation says by which query the variable is found; it
// has one leaf. An example whose name ends in -refused shows a refusal.
type Example struct {
	Area, Name string
	Field      string // the root field that it is an example of
	Says       string
	Document   string // without the lines above it
	Variables  json.RawMessage
	Lookups    []Lookup
	Operation  *ast.OperationDefinition
}

// Lookup finds the value of a variable.
type Lookup struct {
	Variable string `json:"variable"`
	Query    string `json:"query"`
}

// File is the path of the operation within the repository.
func (e Example) File() string { return path.Join(examplesDir, e.Area, e.Name+".graphql") }

// Refused reports whether the example shows a refusal.
func (e Example) Refused() bool { return strings.HasSuffix(e.Name, "-refused") }

// ReadExamples reads areas and examples, and holds each against the schema. The examples
// of an area stand in the order of their root fields in the schema.
func ReadExamples(tree fs.FS, schema *ast.Schema) ([]Area, []Example, error) {
	text, err := fs.ReadFile(tree, path.Join(examplesDir, "areas.yml"))
	if err != nil {
		return nil, nil, err
	}
	var areas []Area
	if err := yaml.Unmarshal(text, &areas); err != nil {
		return nil, nil, err
	}
	var all []Example
	var wrong []error
	for _, area := range areas {
		files, err := fs.Glob(tree, path.Join(examplesDir, area.Name, "*.graphql"))
		if err != nil {
			return nil, nil, err
		}
		for _, file := range files {
			example, err := readExample(tree, schema, area.Name, file)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", file, err))
			}
			all = append(all, example)
		}
	}
	if err := errors.Join(append(wrong, unknownFiles(tree, areas), missing(schema, all))...); err != nil {
		return nil, nil, err
	}
	order := map[string]int{}
	for i, field := range rootFields(schema) {
		order[field.Name] = i
	}
	slices.SortFunc(all, func(a, b Example) int {
		return cmp.Or(order[a.Field]-order[b.Field], strings.Compare(a.Name, b.Name))
	})
	return areas, all, nil
}

var lookupLine = regexp.MustCompile(`^\$(\w+): (\{.*\})$`)

func readExample(tree fs.FS, schema *ast.Schema, area, file string) (Example, error) {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return Example{}, err
	}
	e := Example{Area: area, Name: strings.TrimSuffix(path.Base(file), ".graphql")}
	e.Field, _, _ = strings.Cut(e.Name, "-")
	var says []string
	rest := string(text)
	for strings.HasPrefix(rest, "#") {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSpace(strings.TrimPrefix(line, "#"))
		if found := lookupLine.FindStringSubmatch(line); found != nil {
			e.Lookups = append(e.Lookups, Lookup{found[1], found[2]})
			continue
		}
		says = append(says, line)
	}
	e.Says, e.Document = strings.Join(says, " "), strings.TrimSpace(rest)+"\n"
	if e.Says == "" {
		return e, errors.New("say above the operation, in lines that begin with #, what it shows")
	}
	e.Variables, err = fs.ReadFile(tree, strings.TrimSuffix(file, ".graphql")+".json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return e, err
	}
	if len(e.Variables) > 0 && !json.Valid(e.Variables) {
		return e, errors.New("its variables are no JSON")
	}
	err = e.check(schema)
	return e, err
}

// check holds the operation against the schema.
func (e *Example) check(schema *ast.Schema) error {
	for _, lookup := range e.Lookups {
		if _, err := validated(schema, lookup.Query); err != nil {
			return fmt.Errorf("$%s: %w", lookup.Variable, err)
		}
	}
	document, err := validated(schema, e.Document)
	if err != nil {
		return err
	}
	if len(document.Operations) != 1 || document.Operations[0].Name == "" {
		return errors.New("an example is one operation, with a name")
	}
	e.Operation = document.Operations[0]
	for _, selection := range e.Operation.SelectionSet {
		if field, ok := selection.(*ast.Field); ok && field.Name == e.Field {
			return nil
		}
	}
	return fmt.Errorf("it is named for the root field %q and does not ask for it", e.Field)
}

// validated parses and validates a document.
func validated(schema *ast.Schema, text string) (*ast.QueryDocument, error) {
	document, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return nil, err
	}
	if wrong := validator.ValidateWithRules(schema, document, rules.NewDefaultRules()); len(wrong) > 0 {
		return nil, wrong
	}
	return document, nil
}

// missing says which root fields lack an example.
func missing(schema *ast.Schema, all []Example) error {
	var wrong []error
	for _, field := range rootFields(schema) {
		if !slices.ContainsFunc(all, func(e Example) bool { return e.Name == field.Name }) {
			wrong = append(wrong, fmt.Errorf("%s %s has no example: write one to %s/AREA/%s.graphql (its variables to %[2]s.json), "+
				"where AREA is the area of %[3]s/areas.yml to which it belongs, and run `make generate`", field.kind, field.Name, examplesDir, field.Name))
		}
	}
	for i, e := range all {
		if slices.ContainsFunc(all[:i], func(other Example) bool {
			return other.Name == e.Name || other.Field == e.Field && other.Area != e.Area
		}) {
			wrong = append(wrong, fmt.Errorf("%s: the root field %s has an example in another area too: it belongs to one", e.File(), e.Field))
		}
	}
	return errors.Join(wrong...)
}

// unknownFiles says what stands among the examples and is none.
func unknownFiles(tree fs.FS, areas []Area) error {
	var wrong []error
	err := fs.WalkDir(tree, examplesDir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == path.Join(examplesDir, "areas.yml") {
			return err
		}
		area := path.Base(path.Dir(name))
		known := slices.ContainsFunc(areas, func(a Area) bool { return a.Name == area })
		switch ext := path.Ext(name); {
		case !known:
			wrong = append(wrong, fmt.Errorf("%s: %s/areas.yml has no area %q", name, examplesDir, area))
		case ext == ".json":
			if _, err := fs.Stat(tree, strings.TrimSuffix(name, ext)+".graphql"); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: are variables of no operation", name))
			}
		case ext != ".graphql":
			wrong = append(wrong, fmt.Errorf("%s: is neither an operation (.graphql) nor variables (.json)", name))
		}
		return nil
	})
	return errors.Join(append(wrong, err)...)
}
