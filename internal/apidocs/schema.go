package apidocs

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// schemaFile is the contract.
const schemaFile = "schema.graphqls"

// ReadSchema reads the schema.
func ReadSchema(tree fs.FS) (*ast.Schema, error) {
	text, err := fs.ReadFile(tree, schemaFile)
	if err != nil {
		return nil, err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: schemaFile, Input: string(text)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", schemaFile, err)
	}
	return schema, nil
}

// rootField is a field of Query, Mutation or Subscription.
type rootField struct {
	*ast.FieldDefinition
	kind string // query, mutation, subscription
}

// rootFields lists queries, then mutations, then subscriptions, in the order of the schema.
func rootFields(schema *ast.Schema) []rootField {
	var all []rootField
	for _, root := range []struct {
		kind string
		*ast.Definition
	}{{"query", schema.Query}, {"mutation", schema.Mutation}, {"subscription", schema.Subscription}} {
		if root.Definition == nil {
			continue
		}
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				all = append(all, rootField{field, root.kind})
			}
		}
	}
	return all
}

// role returns what @requires asks for, or "".
func (f rootField) role() string {
	directive := f.Directives.ForName("requires")
	if directive == nil || directive.Arguments.ForName("role") == nil {
		return ""
	}
	return directive.Arguments.ForName("role").Value.Raw
}

// ownTypes lists the types of the schema that are neither roots nor built in, in its order.
func ownTypes(schema *ast.Schema) []*ast.Definition {
	var all []*ast.Definition
	for _, definition := range schema.Types {
		if !definition.BuiltIn && !slices.Contains([]*ast.Definition{schema.Query, schema.Mutation, schema.Subscription}, definition) {
			all = append(all, definition)
		}
	}
	slices.SortFunc(all, func(a, b *ast.Definition) int { return a.Position.Start - b.Position.Start })
	return all
}

// generalArea takes what belongs to no area alone.
const generalArea = "general"

// areasOf says to which area each type belongs: to that of the first root field that
// answers with it; an enum to that of the first type with a field of it; else to that of
// the types and root fields which mention it, where it is one; else to the general one.
func areasOf(schema *ast.Schema, examples []Example) map[string]string {
	of := map[string]string{}
	for _, e := range examples {
		of[e.Field] = e.Area // root fields begin in lower case, types in upper case
	}
	types := ownTypes(schema)
	for _, field := range rootFields(schema) {
		name := field.Type.Name()
		if known := schema.Types[name]; known.Kind != ast.Object || of[name] != "" {
			continue
		}
		of[name] = of[field.Name]
		if base, is := strings.CutSuffix(name, "Connection"); is {
			for _, part := range []string{base, base + "Edge"} {
				if schema.Types[part] != nil && of[part] == "" {
					of[part] = of[field.Name]
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, definition := range types {
			if of[definition.Name] != "" {
				continue
			}
			if area := holderOf(types, of, definition); area != "" {
				of[definition.Name], changed = area, true
				continue
			}
			if area, whole := mentioned(schema, of, definition.Name); whole {
				of[definition.Name], changed = area, true
			}
		}
	}
	for _, definition := range types {
		if of[definition.Name] == "" {
			of[definition.Name] = generalArea
		}
	}
	return of
}

// holderOf returns the area of the first type with a field of an enum, once it is known.
func holderOf(types []*ast.Definition, of map[string]string, enum *ast.Definition) string {
	if enum.Kind != ast.Enum {
		return ""
	}
	for _, definition := range types {
		for _, field := range definition.Fields {
			if definition.Kind == ast.Object && field.Type.Name() == enum.Name {
				return of[definition.Name]
			}
		}
	}
	return ""
}

// mentioned returns the area of all that mentions a type; whole is false while that of one
// is not known.
func mentioned(schema *ast.Schema, of map[string]string, name string) (area string, whole bool) {
	areas := map[string]bool{}
	see := func(by string) { areas[of[by]] = true }
	mentions := func(by string, field *ast.FieldDefinition) {
		if field.Type.Name() == name {
			see(by)
		}
		for _, argument := range field.Arguments {
			if argument.Type.Name() == name {
				see(by)
			}
		}
	}
	for _, field := range rootFields(schema) {
		mentions(field.Name, field.FieldDefinition)
	}
	for _, definition := range ownTypes(schema) {
		if definition.Name == name {
			continue
		}
		for _, field := range definition.Fields {
			mentions(definition.Name, field)
		}
	}
	if areas[""] {
		return "", false
	}
	if len(areas) != 1 {
		return generalArea, true
	}
	for area := range areas {
		return area, true
	}
	return "", false
}
