package apidocs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// generated stands above every page.
const generated = "<!-- Written by `make generate` from schema.graphqls and docs/api/examples. Change those. -->\n\n"

// reference is all that the pages are made of.
type reference struct {
	schema   *ast.Schema
	areas    []Area
	answered []Answered
	of       map[string]string   // area by name of type or root field
	errors   map[string][]string // codes by mutation
}

// page writes the page of an area.
func (r reference) page(area Area) string {
	p := &printer{schema: r.schema, of: r.of, area: area.Name}
	p.line("%s# %s\n\n%s\n", generated, area.Title, area.Says)
	p.line("All areas, and what holds for every operation: [the reference](README.md).")
	for _, kind := range []struct{ name, title string }{{"query", "Queries"}, {"mutation", "Mutations"}, {"subscription", "Subscriptions"}} {
		titled := false
		for _, field := range rootFields(r.schema) {
			if field.kind != kind.name || r.of[field.Name] != area.Name {
				continue
			}
			if !titled {
				p.line("\n## %s", kind.title)
				titled = true
			}
			r.operation(p, field)
		}
	}
	for _, kind := range []struct {
		title string
		kinds []ast.DefinitionKind
	}{
		{"Types", []ast.DefinitionKind{ast.Object, ast.Interface, ast.Union}},
		{"Inputs", []ast.DefinitionKind{ast.InputObject}},
		{"Enums", []ast.DefinitionKind{ast.Enum}},
		{"Scalars", []ast.DefinitionKind{ast.Scalar}},
	} {
		titled := false
		for _, definition := range ownTypes(r.schema) {
			if r.of[definition.Name] != area.Name || !slices.Contains(kind.kinds, definition.Kind) {
				continue
			}
			if !titled {
				p.line("\n## %s", kind.title)
				titled = true
			}
			r.definition(p, definition)
		}
	}
	return p.String()
}

// operation writes a root field: what it does, takes, needs, answers, and its examples.
func (r reference) operation(p *printer, field rootField) {
	p.line("\n### %s %s\n\n%s\n", field.kind, field.Name, strings.TrimSpace(field.Description))
	p.deprecated(field.Directives)
	p.line("- answers %s", p.typed(field.Type))
	p.line("- needs the role %s", p.role(field.role()))
	if codes := r.errors[field.Name]; len(codes) > 0 {
		linked := make([]string, len(codes))
		for i, code := range codes {
			linked[i] = "`" + code + "`"
		}
		p.line("- may be refused with %s: [what they mean](%s)", strings.Join(linked, ", "), p.to("ErrorCode"))
	}
	if len(field.Arguments) > 0 {
		p.line("\n| argument | type | |\n| --- | --- | --- |")
		for _, argument := range field.Arguments {
			p.line("| `%s` | %s | %s |", argument.Name, p.withDefault(argument.Type, argument.DefaultValue), oneLine(argument.Description))
		}
	}
	for _, a := range r.answered {
		if a.Field != field.Name {
			continue
		}
		p.line("\n**Example.** %s", a.Says)
		for _, lookup := range a.Lookups {
			p.line("`$%s` is what `%s` finds.", lookup.Variable, lookup.Query)
		}
		p.line("\n```graphql\n%s```", a.Document)
		if a.Variables != "" {
			p.line("\nVariables:\n\n```json\n%s\n```", a.Variables)
		}
		p.line("\nAnswer:\n\n```json\n%s\n```", a.Answer)
	}
}

// definition writes a type.
func (r reference) definition(p *printer, d *ast.Definition) {
	p.line("\n### %s %s\n\n%s", kindOf(d), d.Name, strings.TrimSpace(d.Description))
	if len(d.Interfaces) > 0 {
		p.line("\nIs a %s.", p.names(d.Interfaces))
	}
	if d.Kind == ast.Interface || d.Kind == ast.Union {
		var members []string
		for _, member := range r.schema.PossibleTypes[d.Name] {
			members = append(members, member.Name)
		}
		slices.Sort(members)
		p.line("\nIt is one of %s.", p.names(members))
	}
	switch {
	case d.Kind == ast.Enum:
		p.line("\n| value | |\n| --- | --- |")
		for _, value := range d.EnumValues {
			p.line("| `%s` | %s%s |", value.Name, oneLine(value.Description), going(value.Directives))
		}
	case len(d.Fields) > 0:
		p.line("\n| field | type | |\n| --- | --- | --- |")
		for _, field := range d.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			p.line("| `%s` | %s | %s |", field.Name, p.withDefault(field.Type, field.DefaultValue), oneLine(field.Description)+p.arguments(field)+going(field.Directives))
		}
	}
}

func kindOf(d *ast.Definition) string {
	switch d.Kind {
	case ast.Object:
		return "type"
	case ast.InputObject:
		return "input"
	case ast.Interface, ast.Union, ast.Enum, ast.Scalar:
		return strings.ToLower(string(d.Kind))
	}
	return ""
}

// anchorOf is where a type's heading stands on its page.
func anchorOf(d *ast.Definition) string { return kindOf(d) + "-" + strings.ToLower(d.Name) }

// anchor is where a root field's heading stands on its page.
func (f rootField) anchor() string { return f.kind + "-" + strings.ToLower(f.Name) }

// index writes the entry page.
func (r reference) index(intro string) string {
	p := &printer{schema: r.schema, of: r.of}
	p.WriteString(intro + belowWritten)
	for _, area := range r.areas {
		p.line("\n## [%s](%s.md)\n\n%s", area.Title, area.Name, area.Says)
		titled := false
		for _, field := range rootFields(r.schema) {
			if r.of[field.Name] != area.Name {
				continue
			}
			if !titled {
				p.line("\n| operation | role | |\n| --- | --- | --- |")
				titled = true
			}
			p.line("| [%s `%s`](%s.md#%s) | `%s` | %s%s |", field.kind, field.Name, area.Name, field.anchor(), field.role(),
				sentence(field.Description), going(field.Directives))
		}
	}
	p.line("\n## All types\n")
	var all []string
	for _, definition := range ownTypes(r.schema) {
		all = append(all, definition.Name)
	}
	slices.Sort(all)
	p.line("%s", p.names(all))
	return p.String()
}

// names links types, one after the other.
func (p *printer) names(types []string) string {
	linked := make([]string, len(types))
	for i, name := range types {
		linked[i] = p.link(name, name)
	}
	return strings.Join(linked, ", ")
}

// paging are the arguments by which every list is paged: said once, on the entry page.
var paging = []string{"first", "after", "reverse"}

// arguments writes those of a field of a type, in its cell.
func (p *printer) arguments(field *ast.FieldDefinition) string {
	var text strings.Builder
	for _, argument := range field.Arguments {
		if slices.Contains(paging, argument.Name) {
			continue
		}
		fmt.Fprintf(&text, "<br>`%s` %s: %s", argument.Name, p.withDefault(argument.Type, argument.DefaultValue), oneLine(argument.Description))
	}
	if field.Arguments.ForName(paging[0]) != nil {
		fmt.Fprintf(&text, "<br>A page: [`first`, `after`, `reverse`](README.md#pages).")
	}
	return text.String()
}
