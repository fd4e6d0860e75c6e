package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// introspectionShare is how many fields about the schema count as one about the book: they
// are answered from memory. The whole schema, as explorers and generators ask for it, counts
// some thousands.
const introspectionShare = 10

// introspection measures what is asked of the schema. Its lists have no first, and a short
// document that asks for all of them under many names would be answered in hundreds of
// megabytes.
func (m measure) introspection(field *ast.Field) int {
	all := introspected{schema: m.schema, fragments: map[introspectedSpread]int{}}
	all.count()
	return all.of(field.SelectionSet, false)/introspectionShare + 1
}

// introspected measures what is selected of the schema: of all types together, lists are as
// long as they are on the average; of one type, as long as the longest.
type introspected struct {
	schema    *ast.Schema
	fragments map[introspectedSpread]int

	types, directives                 int
	fields, arguments, values, others lengths
}

type introspectedSpread struct {
	fragment string
	ofAll    bool
}

// lengths are those of lists, all together: their number, their sum and the longest.
type lengths struct{ lists, sum, longest int }

func (l *lengths) add(length int) {
	l.lists++
	l.sum += length
	l.longest = max(l.longest, length)
}

// of is the average, rounded up, or the longest.
func (l *lengths) of(all bool) int {
	if !all || l.lists == 0 {
		return l.longest
	}
	return (l.sum + l.lists - 1) / l.lists
}

func (i *introspected) count() {
	i.types, i.directives = len(i.schema.Types), len(i.schema.Directives)
	for _, definition := range i.schema.Types {
		i.fields.add(len(definition.Fields))
		i.values.add(len(definition.EnumValues))
		i.others.add(max(len(definition.Interfaces), len(i.schema.PossibleTypes[definition.Name])))
		for _, field := range definition.Fields {
			i.arguments.add(len(field.Arguments))
		}
	}
	for _, directive := range i.schema.Directives {
		i.arguments.add(len(directive.Arguments))
	}
}

// of measures a selection, of all types or of one.
func (i *introspected) of(selection ast.SelectionSet, ofAll bool) int {
	total := 0
	for _, selected := range selection {
		switch selected := selected.(type) {
		case *ast.Field:
			total = addUpTo(total, i.field(selected, ofAll))
		case *ast.InlineFragment:
			total = addUpTo(total, i.of(selected.SelectionSet, ofAll))
		case *ast.FragmentSpread:
			total = addUpTo(total, i.fragment(selected.Definition, ofAll))
		}
	}
	return total
}

func (i *introspected) fragment(definition *ast.FragmentDefinition, ofAll bool) int {
	if definition == nil {
		return 0
	}
	key := introspectedSpread{definition.Name, ofAll}
	known, measured := i.fragments[key]
	if !measured {
		known = i.of(definition.SelectionSet, ofAll)
		i.fragments[key] = known
	}
	return known
}

func (i *introspected) field(field *ast.Field, ofAll bool) int {
	times, below := 1, false
	switch field.Name {
	case "types":
		times, below = i.types, true
	case "directives":
		times, below = i.directives, true
	case "fields", "inputFields":
		times, below = i.fields.of(ofAll), ofAll
	case "args":
		times, below = i.arguments.of(ofAll), ofAll
	case "enumValues":
		times, below = i.values.of(ofAll), ofAll
	case "interfaces", "possibleTypes":
		times = i.others.of(ofAll)
	}
	return addUpTo(1, timesUpTo(times, i.of(field.SelectionSet, below)))
}
