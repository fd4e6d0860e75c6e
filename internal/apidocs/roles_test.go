package apidocs

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWhoMayDoWhat holds the table of docs/access.md against the schema: it names every field that takes
// more than a reader, each once, with the role that it takes.
func TestWhoMayDoWhat(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := ReadSchema(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]string{} // by field, as the schema says
	for _, field := range rootFields(schema) {
		roles[field.Name] = field.role()
	}
	named, word := map[string]bool{}, regexp.MustCompile("`(\\w+)`")
	for _, row := range regexp.MustCompile(`(?m)^\| [^|]+ \| ([^|]+) \| ([^|]+) \|$`).FindAllStringSubmatch(string(page), -1) {
		for _, field := range word.FindAllStringSubmatch(row[2], -1) {
			role, known := roles[field[1]]
			if !known {
				continue // a table about something else
			}
			if named[field[1]] {
				t.Errorf("docs/access.md names %s twice", field[1])
			}
			if named[field[1]] = true; row[1] != "`"+role+"`" {
				t.Errorf("docs/access.md says that %s takes %s, and it takes %s", field[1], row[1], role)
			}
		}
	}
	var lacks []string
	for field, role := range roles {
		if role != "VIEWER" && !named[field] {
			lacks = append(lacks, field)
		}
	}
	slices.Sort(lacks)
	if len(lacks) > 0 {
		t.Errorf("docs/access.md does not say which role these take: %s", strings.Join(lacks, ", "))
	}
}
