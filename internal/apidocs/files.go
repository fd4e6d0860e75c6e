package apidocs

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"drawdown/internal/books"
)

// Where what is written stands.
const (
	pagesDir     = "docs/api"
	indexFile    = pagesDir + "/README.md"
	explorerFile = "graph/explorer/examples.js"
)

// belowWritten is the line of the entry page below which it is written; what is above it is
// written by hand.
const belowWritten = "<!-- What follows is written by `make generate`. -->\n"

// Files returns all that is written from the tree, by path, running the examples on a book
// in the empty store.
func Files(ctx context.Context, tree fs.FS, store books.Store) (map[string]string, error) {
	schema, err := ReadSchema(tree)
	if err != nil {
		return nil, err
	}
	areas, examples, err := ReadExamples(tree, schema)
	if err != nil {
		return nil, err
	}
	var mutations []rootField
	for _, field := range rootFields(schema) {
		if field.kind == "mutation" {
			mutations = append(mutations, field)
		}
	}
	codes, err := errorsOf(tree, mutations)
	if err != nil {
		return nil, err
	}
	answered, err := Answer(ctx, store, examples)
	if err != nil {
		return nil, err
	}
	r := reference{schema: schema, areas: areas, answered: answered, of: areasOf(schema, examples), errors: codes}
	page, err := fs.ReadFile(tree, indexFile)
	if err != nil {
		return nil, err
	}
	intro, _, marked := strings.Cut(string(page), belowWritten)
	if !marked {
		return nil, fmt.Errorf("%s lacks the line %q, below which it is written", indexFile, belowWritten)
	}
	files := map[string]string{indexFile: r.index(intro)}
	for _, area := range areas {
		files[path.Join(pagesDir, area.Name+".md")] = r.page(area)
	}
	files[explorerFile], err = r.explorer()
	return files, err
}

// offered is an example as the explorer offers it.
type offered struct {
	Name      string          `json:"name"`
	Says      string          `json:"says"`
	Query     string          `json:"query"`
	Variables json.RawMessage `json:"variables,omitempty"`
	Lookups   []Lookup        `json:"lookups,omitempty"`
}

// explorer writes the examples for the explorer, by area.
func (r reference) explorer() (string, error) {
	type shelf struct {
		Title    string    `json:"title"`
		Examples []offered `json:"examples"`
	}
	var shelves []shelf
	for _, area := range r.areas {
		s := shelf{Title: area.Title}
		for _, a := range r.answered {
			if a.Area == area.Name {
				s.Examples = append(s.Examples, offered{a.Name, a.Says, a.Document, a.Example.Variables, a.Lookups})
			}
		}
		if len(s.Examples) > 0 {
			shelves = append(shelves, s)
		}
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(shelves); err != nil {
		return "", err
	}
	return fmt.Sprintf("// Written by `make generate` from docs/api/examples. Change those.\nconst shelves = %s;\n", strings.TrimSpace(text.String())), nil
}
