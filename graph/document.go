package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
)

// document refuses a document that is too long, too deep, or that validation would take
// long for: it compares fields of one name by pairs, and what is unknown with all that is
// known. What else is wrong with a document, validation says. Errors: TOO_LARGE.
func (l limits) document(text string) *gqlerror.Error {
	if err := l.words(text); err != nil {
		return err
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, l.Tokens)
	if err != nil || document == nil {
		return nil //nolint:nilerr // the executor finds it again, and says so
	}
	o := outline{fragments: map[string]*ast.FragmentDefinition{}, sizes: map[string]size{}}
	for _, fragment := range document.Fragments {
		o.fragments[fragment.Name] = fragment
	}
	for _, operation := range document.Operations {
		got := o.of(operation.SelectionSet)
		switch {
		case got.depth > l.Depth:
			return tooMuch("max-depth", int64(l.Depth), int64(got.depth), "the query is %d fields deep: at most %d are answered", got.depth, l.Depth)
		case got.fields > l.Complexity:
			return tooMuch("max-complexity", int64(l.Complexity), int64(got.fields), "the query asks for about %d fields: at most %d are answered; ask for fewer fields", got.fields, l.Complexity)
		}
		if roots := o.roots(operation.SelectionSet, map[string]bool{}); roots > l.RootFields {
			return tooMuch("max-root-fields", int64(l.RootFields), int64(roots), "the operation has %d fields at its root, counting each alias: at most %d are answered; send several requests", roots, l.RootFields)
		}
	}
	for _, fragment := range document.Fragments { // also one that is never spread
		if got := o.fragment(fragment.Name); got.fields > l.Complexity {
			return tooMuch("max-complexity", int64(l.Complexity), int64(got.fields), "a fragment asks for about %d fields: at most %d are answered; ask for fewer fields", got.fields, l.Complexity)
		}
	}
	return o.merges(document)
}

// words bounds the tokens of a document, their number and their length.
func (l limits) words(text string) *gqlerror.Error {
	words, tokens := lexer.New(&ast.Source{Input: text}), 0
	for {
		token, err := words.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			break // what cannot be read, the parser says
		}
		tokens++
		long, allowed := len(token.Value), maxWord
		switch token.Kind {
		case lexer.Name, lexer.Int, lexer.Float:
		case lexer.String, lexer.BlockString:
			allowed = l.Text
		default:
			continue
		}
		if long > allowed {
			return tooLong(allowed, long)
		}
	}
	if tokens > l.Tokens {
		return tooMuch("max-tokens", int64(l.Tokens), int64(tokens), "the document has %d tokens: at most %d are read; send values as variables, or several requests", tokens, l.Tokens)
	}
	return nil
}

// tooLong refuses a string, a name or a number.
func tooLong(allowed, long int) *gqlerror.Error {
	if allowed == maxWord {
		return tooMuch("word", int64(allowed), int64(long), "the request has a name or a number of %d bytes: at most %d are read", long, allowed)
	}
	return tooMuch("max-text", int64(allowed), int64(long), "the request has a string of %d bytes: at most %d are read", long, allowed)
}

// size is how much of a document a selection stands for.
type size struct{ depth, fields int }

// outline measures a document before it is validated: nothing is known of its types, and
// its fragments may be missing, or spread themselves.
type outline struct {
	fragments map[string]*ast.FragmentDefinition
	sizes     map[string]size // of fragments; nothing of those that are being measured
	pairs     int             // that validation compares
}

func (o *outline) of(selection ast.SelectionSet) size {
	var total size
	for _, selected := range selection {
		var part size
		switch selected := selected.(type) {
		case *ast.Field:
			below := o.of(selected.SelectionSet)
			part = size{below.depth + 1, addUpTo(below.fields, 1)}
			if selected.Name == "__schema" || selected.Name == "__type" {
				part.depth = 1 // the schema describes itself at any depth
			}
		case *ast.InlineFragment:
			part = o.of(selected.SelectionSet)
		case *ast.FragmentSpread:
			part = o.fragment(selected.Name)
		}
		total.depth = max(total.depth, part.depth)
		total.fields = addUpTo(total.fields, part.fields)
	}
	return total
}

// fragment measures a fragment once, however often it is spread.
func (o *outline) fragment(name string) size {
	known, measured := o.sizes[name]
	definition := o.fragments[name]
	if measured || definition == nil {
		return known
	}
	o.sizes[name] = size{}
	known = o.of(definition.SelectionSet)
	o.sizes[name] = known
	return known
}

// roots counts the fields of a selection, those of fragments once each.
func (o *outline) roots(selection ast.SelectionSet, spread map[string]bool) int {
	n := 0
	for _, selected := range selection {
		switch selected := selected.(type) {
		case *ast.Field:
			n++
		case *ast.InlineFragment:
			n += o.roots(selected.SelectionSet, spread)
		case *ast.FragmentSpread:
			if fragment := o.fragments[selected.Name]; fragment != nil && !spread[selected.Name] {
				spread[selected.Name] = true
				n += o.roots(fragment.SelectionSet, spread)
			}
		}
	}
	return n
}

// merges refuses a document that selects the same so often that validation, which compares
// every two fields of one name in one place, would take long.
func (o *outline) merges(document *ast.QueryDocument) *gqlerror.Error {
	for _, operation := range document.Operations {
		o.compare([]ast.SelectionSet{operation.SelectionSet}, 0)
	}
	// Validation looks at fragments by themselves too.
	for _, fragment := range document.Fragments {
		o.compare([]ast.SelectionSet{fragment.SelectionSet}, 0)
	}
	if o.pairs > maxPairs {
		return tooMuch("pairs", maxPairs, int64(o.pairs), "the document selects the same fields again and again, in %d pairs: at most %d are compared; select each field once", o.pairs, maxPairs)
	}
	return nil
}

// compare counts the pairs of fields that are one in the answer, and of fragments that
// stand in one place, in selections that are merged.
func (o *outline) compare(merged []ast.SelectionSet, depth int) {
	if o.pairs > maxPairs || depth > maxNesting {
		return
	}
	place := place{outline: o, fields: map[string][]ast.SelectionSet{}, spread: map[string]bool{}}
	for _, selection := range merged {
		place.gather(selection)
	}
	o.pairs = addUpTo(o.pairs, fragmentPair*len(place.spread)*(len(place.spread)-1)/2)
	for _, below := range place.fields {
		o.pairs = addUpTo(o.pairs, len(below)*(len(below)-1)/2)
	}
	for _, below := range place.fields {
		o.compare(below, depth+1)
	}
}

// place is where fields are selected: by name, what is selected below each.
type place struct {
	*outline
	fields map[string][]ast.SelectionSet
	spread map[string]bool
}

func (p *place) gather(selection ast.SelectionSet) {
	for _, selected := range selection {
		p.pairs = addUpTo(p.pairs, 1) // which also ends what goes round in circles
		switch selected := selected.(type) {
		case *ast.Field:
			p.fields[selected.Alias] = append(p.fields[selected.Alias], selected.SelectionSet)
		case *ast.InlineFragment:
			p.gather(selected.SelectionSet)
		case *ast.FragmentSpread:
			if fragment := p.fragments[selected.Name]; fragment != nil && !p.spread[selected.Name] {
				p.spread[selected.Name] = true
				p.gather(fragment.SelectionSet)
			}
		}
	}
}
