package apidocs

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// releasedFile is the schema that queries out there were written for.
const releasedFile = "docs/api/released/schema.graphqls"

// documents are all operations that we tell others to send.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{examplesDir, "examples", "docs/recipes"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.Name() == "node_modules":
				return fs.SkipDir
			case filepath.Ext(name) == ".graphql":
				all = append(all, name)
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return all
}

// compatible compares a schema with the released one, by graphql-js.
func compatible(t *testing.T, released, schema string, documents ...string) (said string, ok bool) {
	t.Helper()
	const script, module = root + "/tools/node/compatible.mjs", root + "/tools/node/node_modules/graphql/package.json"
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(module)
	}
	for _, file := range append([]string{script, released, schema}, documents...) {
		if _, err := os.Stat(file); err != nil { // the go command then knows that the test depends on it
			t.Fatal(err)
		}
	}
	if err != nil {
		missing := "node or npm package graphql is not there: the schema was NOT compared with the released one. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	out, err := exec.CommandContext(t.Context(), node, append([]string{script, released, schema}, documents...)...).CombinedOutput()
	return string(out), err == nil
}

// No query that was good for the released schema is broken by today's, and whatever our
// documentation and clients send is good for it.
func TestSchemaBreaksNoQuery(t *testing.T) {
	all := documents(t)
	if len(all) < 40 {
		t.Fatalf("only %d documents were found", len(all))
	}
	if said, ok := compatible(t, filepath.Join(root, releasedFile), filepath.Join(root, schemaFile), all...); !ok {
		t.Errorf("the schema breaks what was good for %s: see docs/api/compatibility.md\n%s", releasedFile, said)
	}
}

// Planted changes are seen, each by its name, and those that break nothing are let by.
func TestBreakingChangesAreSeen(t *testing.T) {
	const before = `
		directive @requires(role: Role!) on FIELD_DEFINITION
		enum Role { VIEWER OPERATOR ACCOUNTANT AUDITOR ADMIN }
		type Query {
			lots(first: Int! = 50, kind: Kind): [Lot!]! @requires(role: VIEWER)
			old: Int @deprecated(reason: "Take lots instead. Goes on 2020-01-31.") @requires(role: OPERATOR)
			later: Int @deprecated(reason: "Take lots instead. Goes on 2999-12-31.") @requires(role: VIEWER)
		}
		type Lot { id: ID! price: Int }
		enum Kind { PURCHASE GRANT }
		input New { credits: Int! reason: String = "none" }
		type Mutation { create(input: New!): Lot @requires(role: OPERATOR) }`
	for _, test := range []struct {
		name, old, new string
		says           string // "" where it breaks nothing
	}{
		{"nothing", "", "", ""},
		{"a new field", "price: Int", "price: Int tax: Int", ""},
		{"a new optional argument", "kind: Kind)", "kind: Kind, customer: String)", ""},
		{"a new enum value", "PURCHASE GRANT", "PURCHASE GRANT OVERAGE", ""},
		{"a new optional input", "credits: Int!", "credits: Int! bonus: Int", ""},
		{"a field that is never null now", "price: Int", "price: Int!", ""},
		{"a weaker role", "Lot @requires(role: OPERATOR)", "Lot @requires(role: VIEWER)", ""},
		{"what was announced", `old: Int @deprecated(reason: "Take lots instead. Goes on 2020-01-31.") @requires(role: OPERATOR)`, "", ""},
		{"a field removed", "price: Int", "", "Lot.price was removed"},
		{"a field renamed", "price: Int", "cost: Int", "Lot.price was removed"},
		{"before its day", `later: Int @deprecated(reason: "Take lots instead. Goes on 2999-12-31.") @requires(role: VIEWER)`, "", "Query.later was removed"},
		{"another type", "price: Int", "price: String", "Lot.price changed type from Int to String"},
		{"a field that may be null now", "id: ID!", "id: ID", "Lot.id changed type from ID! to ID"},
		{"an argument removed", "first: Int! = 50, kind: Kind", "first: Int! = 50", "Query.lots arg kind was removed"},
		{"a required argument", "kind: Kind)", "kind: Kind, customer: String!)", "A required arg customer on Query.lots was added"},
		{"another default", "= 50", "= 20", "Query.lots arg first has changed defaultValue from 50 to 20"},
		{"another default of an input", `= "none"`, `= "some"`, `New.reason has changed defaultValue from "none" to "some"`},
		{"an enum value removed", "PURCHASE GRANT", "PURCHASE", "GRANT was removed from enum type Kind"},
		{"a required input", "credits: Int!", "credits: Int! bonus: Int!", "A required field bonus on input type New was added"},
		{"a stronger role", "[Lot!]! @requires(role: VIEWER)", "[Lot!]! @requires(role: AUDITOR)", "Query.lots needs the role AUDITOR where VIEWER was enough"},
		{"no day", "price: Int", `price: Int @deprecated(reason: "Take tax instead.")`, "Lot.price is deprecated and its reason does not end as in"},
	} {
		t.Run(test.name, func(t *testing.T) {
			after := strings.Replace(before, test.old, test.new, 1)
			if test.old != "" && after == before {
				t.Fatal("the change is none")
			}
			dir := t.TempDir()
			for name, text := range map[string]string{"before": before, "after": after} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			said, ok := compatible(t, filepath.Join(dir, "before"), filepath.Join(dir, "after"))
			if ok != (test.says == "") || !strings.Contains(said, test.says) {
				t.Errorf("ok is %t: %q, want %q", ok, said, test.says)
			}
		})
	}
	dir := t.TempDir()
	document := filepath.Join(dir, "gone.graphql")
	if err := os.WriteFile(document, []byte("{ book { weather } }"), 0o600); err != nil {
		t.Fatal(err)
	}
	schema := filepath.Join(root, schemaFile)
	if said, ok := compatible(t, schema, schema, document); ok || !strings.Contains(said, `Cannot query field "weather"`) {
		t.Errorf("a document that asks for what is not there: %t %q", ok, said)
	}
}
