package tidy

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

const schemaFile = "schema.graphqls"

// undescribed returns an instruction for each type, field, argument, enum value and
// directive of the schema that has no description.
func undescribed(t testing.TB, text string) []string {
	t.Helper()
	document, err := parser.ParseSchema(&ast.Source{Name: schemaFile, Input: text})
	if err != nil {
		t.Fatalf("%s does not parse: %v", schemaFile, err)
	}
	var wrong []string
	need := func(description, what string, at *ast.Position) {
		if strings.TrimSpace(description) == "" {
			line := 0
			if at != nil {
				line = at.Line
			}
			wrong = append(wrong, fmt.Sprintf("%s:%d: %s has no description. Say above it, in \"quotes\", what it is, its unit and its range", schemaFile, line, what))
		}
	}
	for _, directive := range document.Directives {
		need(directive.Description, "directive @"+directive.Name, directive.Position)
		for _, argument := range directive.Arguments {
			need(argument.Description, "@"+directive.Name+"("+argument.Name+":)", argument.Position)
		}
	}
	for _, definition := range document.Definitions {
		need(definition.Description, strings.ToLower(string(definition.Kind))+" "+definition.Name, definition.Position)
	}
	for _, definition := range append(document.Definitions, document.Extensions...) {
		for _, field := range definition.Fields {
			name := definition.Name + "." + field.Name
			need(field.Description, name, field.Position)
			for _, argument := range field.Arguments {
				need(argument.Description, name+"("+argument.Name+":)", argument.Position)
			}
		}
		for _, value := range definition.EnumValues {
			need(value.Description, definition.Name+"."+value.Name, value.Position)
		}
	}
	return wrong
}

func TestSchemaIsDescribed(t *testing.T) {
	fsys := tree(t)
	if _, err := fs.Stat(fsys, schemaFile); errors.Is(err, fs.ErrNotExist) {
		if _, err := fs.Stat(fsys, "gqlgen.yml"); err == nil {
			t.Fatalf("gqlgen.yml is there and %s is not", schemaFile)
		}
		t.Skipf("%s is not written yet", schemaFile)
	}
	for _, wrong := range undescribed(t, read(t, fsys, schemaFile)) {
		t.Error(wrong)
	}
}

func TestMissingDescriptionsAreSeen(t *testing.T) {
	tests := []struct {
		schema string
		wrong  int
	}{
		{`"A lot." type Lot { "Credits left." remaining("On a day." on: Int): Int }`, 0},
		{`type Lot { "Credits left." remaining: Int }`, 1},
		{`"A lot." type Lot { remaining: Int }`, 1},
		{`"A lot." type Lot { "Credits left." remaining(on: Int): Int }`, 1},
		{`"A kind." enum Kind { "By use." USAGE BREAKAGE }`, 1},
		{`"A new lot." input NewLot { credits: Int }`, 1},
		{`scalar Date`, 1},
		{`"A cost." directive @cost(of: Int) on FIELD_DEFINITION`, 1},
		{`"A lot." type Lot { "Its id." id: ID } extend type Lot { remaining: Int }`, 1},
		{`"One or other." union Either = A | B`, 0},
		{`"  " scalar Date`, 1},
	}
	for _, test := range tests {
		if got := undescribed(t, test.schema); len(got) != test.wrong {
			t.Errorf("%s: %q, want %d complaints", test.schema, got, test.wrong)
		}
	}
}
