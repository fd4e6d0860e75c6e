package apidocs

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

const root = "../.."

// What stands in docs/api and in the explorer is what the examples answer today.
func TestPagesAreFresh(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes a minute to make the demo's year; make check looks too")
	}
	kept, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	checkPages(t, kept)
}

// PostgreSQL answers every example to the byte as SQLite does.
func TestExamplesOnPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo on PostgreSQL")
	}
	kept, err := store.Open(t.Context(), pgtest.URL(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if err := kept.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkPages(t, kept)
}

func checkPages(t *testing.T, kept books.Store) {
	t.Helper()
	files, err := Files(t.Context(), os.DirFS(root), kept)
	if err != nil {
		t.Fatalf("%v\nRun `make generate` when it is mended", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		there, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Errorf("%v: run `make generate` and commit what it writes", err)
			continue
		}
		if files[name] != string(there) {
			t.Errorf("%s is stale: run `make generate` and commit it (- there, + now)\n%s", name, cmp.Diff(strings.Split(string(there), "\n"), strings.Split(files[name], "\n")))
		}
	}
}

// edited is the part of the tree that pages are made of, with files changed.
func edited(t *testing.T, change func(fstest.MapFS)) fs.FS {
	t.Helper()
	tree := fstest.MapFS{}
	for _, from := range []string{schemaFile, examplesDir} {
		err := fs.WalkDir(os.DirFS(root), from, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(filepath.Join(root, name))
			tree[name] = &fstest.MapFile{Data: text}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change(tree)
	return tree
}

func addToSchema(text string) func(fstest.MapFS) {
	return func(tree fstest.MapFS) {
		tree[schemaFile].Data = append(tree[schemaFile].Data, text...)
	}
}

// What an author of the schema or of an example may forget, and what he is told.
func TestForgottenThingsAreSeen(t *testing.T) {
	file := func(name, text string) func(fstest.MapFS) {
		return func(tree fstest.MapFS) { tree[examplesDir+"/"+name] = &fstest.MapFile{Data: []byte(text)} }
	}
	for _, test := range []struct {
		name, says string
		change     func(fstest.MapFS)
	}{
		{
			"a root field without an example", "query weather has no example: write one to docs/api/examples/AREA/weather.graphql",
			addToSchema("\nextend type Query { weather: String }\n"),
		},
		{
			"a mutation without one", "mutation rain has no example",
			addToSchema("\nextend type Mutation { rain: String }\n"),
		},
		{"a field that is gone", `Cannot query field "weather" on type "Customer"`, file("customers/customer-x.graphql", "# x\nquery X { customer(id: 1) { weather } }\n")},
		{"no words", "say above the operation", file("customers/customer-x.graphql", "query X { customer(id: 1) { id } }\n")},
		{"no name", "one operation, with a name", file("customers/customer-x.graphql", "# x\n{ customer(id: 1) { id } }\n")},
		{"two operations", "one operation, with a name", file("customers/customer-x.graphql", "# x\nquery X { customer(id: 1) { id } }\nquery Y { customer(id: 1) { id } }\n")},
		{"another field", "named for the root field", file("customers/customer-x.graphql", "# x\nquery X { book { now } }\n")},
		{"a lookup of nothing", "$id: ", file("customers/customer-x.graphql", "# x\n# $id: { weather }\nquery X($id: ID!) { customer(id: $id) { id } }\n")},
		{"broken variables", "no JSON", file("customers/customer.json", "{")},
		{"an unknown area", `no area "weather"`, file("weather/rain.graphql", "# x\nquery X { book { now } }\n")},
		{"an area twice", "in another area too", file("lots/customer-x.graphql", "# x\nquery X { customer(id: 1) { id } }\n")},
		{"variables of nothing", "are variables of no operation", file("customers/rain.json", "{}")},
		{"a stray file", "is neither an operation", file("customers/rain.txt", "{}")},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := edited(t, test.change)
			schema, err := ReadSchema(tree)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = ReadExamples(tree, schema)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v does not say %q", err, test.says)
			}
		})
	}
}

// An example must do what it shows, and a mutation must say how it is refused.
func TestExamplesThatDoOtherwiseAreSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo twice")
	}
	for _, test := range []struct {
		name, says string
		change     func(fstest.MapFS)
	}{
		{"refused", "refused is true, and it should be false", func(tree fstest.MapFS) {
			tree[examplesDir+"/customers/customerCreate.json"].Data = []byte(`{"input": {"externalId": "larkspur-labs"}, "key": "x"}`)
		}},
		{"done", "refused is false, and it should be true", func(tree fstest.MapFS) {
			tree[examplesDir+"/customers/customerCreate-refused.json"].Data = []byte(`{"input": {"externalId": "new"}, "key": "y"}`)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := edited(t, test.change)
			schema, err := ReadSchema(tree)
			if err != nil {
				t.Fatal(err)
			}
			_, examples, err := ReadExamples(tree, schema)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := store.OpenMemory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer kept.Close()
			if _, err := Answer(t.Context(), kept, examples); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v does not say %q", err, test.says)
			}
		})
	}
	tree := edited(t, addToSchema("\nextend type Mutation { rain: String }\n"))
	schema, err := ReadSchema(tree)
	if err != nil {
		t.Fatal(err)
	}
	rain := slices.DeleteFunc(rootFields(schema), func(field rootField) bool { return field.Name != "rain" })
	if _, err := errorsOf(os.DirFS(root), rain); err == nil || !strings.Contains(err.Error(), "no function Rain in internal/books or internal/auth says") {
		t.Errorf("a mutation without a use case: %v", err)
	}
}

// JSON is written in its own order, with what fits on a line on one line.
func TestPretty(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{"b":1,"a":[1.50,"<x>",null,true]}`, `{"b": 1, "a": [1.50, "<x>", null, true]}`},
		{`{}`, `{}`},
		{
			`{"name":"` + strings.Repeat("x", 60) + `","other":["` + strings.Repeat("y", 60) + `",{"z":1}]}`,
			"{\n  \"name\": \"" + strings.Repeat("x", 60) + "\",\n  \"other\": [\"" + strings.Repeat("y", 60) + "\", {\"z\": 1}]\n}",
		},
	} {
		got, err := pretty([]byte(test.in))
		if err != nil || got != test.want {
			t.Errorf("%s is written\n%s\n%v", test.in, got, err)
		}
	}
	if _, err := pretty([]byte(`{} {}`)); err == nil {
		t.Error("two values are taken for one")
	}
}
