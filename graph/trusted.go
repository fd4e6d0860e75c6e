package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
)

// maxTrustedFile bounds a file of trusted documents: a manifest of thousands.
const maxTrustedFile = 32 << 20

// Trusted are the documents that a server runs where it runs no other. Each has a name: the
// SHA-256 of its text, what a manifest calls it, or the name of its file.
type Trusted struct{ texts map[string]string }

// Len is how many documents there are.
func (t *Trusted) Len() int {
	distinct := map[string]bool{}
	for _, text := range t.texts {
		distinct[text] = true
	}
	return len(distinct)
}

// ReadTrusted reads the documents of a directory: files *.graphql of a document each, and
// manifests *.json of documents by their hash or name, as GraphQL Code Generator writes
// them for persisted documents. Every fault of every file is in the error.
func ReadTrusted(dir fs.FS, within Limits) (*Trusted, error) {
	t := &Trusted{texts: map[string]string{}}
	reading := trustedReading{Trusted: t, limits: limits{Limits: within.withDefaults()}, schema: gen.NewExecutableSchema(gen.Config{}).Schema(), from: map[string]string{}}
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			reading.fault("%w", err)
		case name != "." && strings.HasPrefix(entry.Name(), "."): // what belongs to a mount, or an editor
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir():
			reading.file(dir, name)
		}
		return nil
	})
	if err != nil {
		reading.fault("%w", err)
	}
	if len(t.texts) == 0 && len(reading.faults) == 0 {
		reading.fault("there is no file *.graphql and no manifest *.json with a document")
	}
	return t, errors.Join(reading.faults...)
}

type trustedReading struct {
	*Trusted
	limits limits
	schema *ast.Schema
	from   map[string]string // the file that a name came from
	faults []error
}

func (r *trustedReading) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(format, args...))
}

func (r *trustedReading) file(dir fs.FS, name string) {
	extension := path.Ext(name)
	if extension != ".graphql" && extension != ".json" {
		return
	}
	file, err := dir.Open(name)
	if err != nil {
		r.fault("%w", err)
		return
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxTrustedFile+1))
	switch {
	case err != nil:
		r.fault("%s: %w", name, err)
	case len(text) > maxTrustedFile:
		r.fault("%s: has more than %d bytes", name, maxTrustedFile)
	case extension == ".graphql":
		r.document(name, strings.TrimSuffix(path.Base(name), extension), string(text))
	default:
		r.manifest(name, text)
	}
}

func (r *trustedReading) manifest(name string, text []byte) {
	var byName map[string]string
	if err := json.Unmarshal(text, &byName); err != nil {
		r.fault(`%s: is not a manifest {"hash": "document"}: %w`, name, err)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(byName)) {
		at, document := name+": "+key, byName[key]
		switch {
		case len(key) > maxDocumentID || key == "":
			r.fault("%s: a name must have 1 to %d bytes", at, maxDocumentID)
		case isHash(key) && hashOf(document) != key:
			r.fault("%s: is not the SHA-256 of its document, which is %s", at, hashOf(document))
		default:
			r.document(at, strings.TrimPrefix(key, hashPrefix), document)
		}
	}
}

// document takes a document in, under its name and its hash.
func (r *trustedReading) document(at, name, text string) {
	for _, fault := range r.check(text) {
		where := ""
		if len(fault.Locations) > 0 {
			where = fmt.Sprintf(":%d:%d", fault.Locations[0].Line, fault.Locations[0].Column)
		}
		r.fault("%s%s: %s", at, where, fault.Message)
	}
	for _, name := range []string{name, hashOf(text)} {
		if other, taken := r.texts[name]; taken && other != text {
			r.fault("%s: %s has another document of that name: rename one", at, r.from[name])
			continue
		}
		r.texts[name], r.from[name] = text, at
	}
	r.texts[hashOf(strings.TrimSpace(text))] = text
}

// check holds a document to the schema and to the limits that need no variables.
func (r *trustedReading) check(text string) gqlerror.List {
	document, err := parser.ParseQuery(&ast.Source{Input: text})
	var unreadable *gqlerror.Error
	switch {
	case errors.As(err, &unreadable):
		return gqlerror.List{unreadable}
	case len(document.Operations) == 0:
		return gqlerrors(gqlerror.Errorf("holds no operation"))
	}
	if refused := r.limits.document(text); refused != nil {
		return gqlerrors(refused)
	}
	return validator.ValidateWithRules(r.schema, document, rules.NewDefaultRules())
}

// find puts the text of a trusted document into the request, by its name or by the text
// itself. Errors: DOCUMENT_NOT_TRUSTED.
func (t *Trusted) find(params *graphql.RawParams, named string) *refused {
	if named == "" {
		named = hashOf(strings.TrimSpace(params.Query))
	}
	text, trusted := t.texts[named]
	if !trusted || (params.Query != "" && strings.TrimSpace(params.Query) != strings.TrimSpace(text)) {
		return refuse(http.StatusForbidden, books.DocumentNotTrusted, "this server runs trusted documents alone, and this is none of them: send documentId, or the exact text, of one that is in its directory")
	}
	params.Query = text
	return nil
}
