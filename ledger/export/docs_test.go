package export

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var profileInDocs = regexp.MustCompile("(?s)```json\n(\\{.*?\\})\n```")

// Every profile that the documentation shows is one.
func TestProfilesOfTheDocs(t *testing.T) {
	const where = "../../docs/exports"
	pages, err := os.ReadDir(where)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(where, page.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range profileInDocs.FindAllStringSubmatch(string(text), -1) {
			count++
			if _, err := ParseProfile([]byte(match[1])); err != nil {
				t.Errorf("%s: %v", page.Name(), err)
			}
		}
	}
	if count < 6 {
		t.Errorf("only %d profiles were found", count)
	}
}

// Every target has a page, which names each of its options, and stands in the index.
func TestTargetsHavePages(t *testing.T) {
	index, err := os.ReadFile("../../docs/exports/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range Targets() {
		if !strings.Contains(string(index), "`"+string(one.Format)+"`") {
			t.Errorf("%s is not in docs/exports/README.md", one.Format)
		}
		if len(one.Options) == 0 {
			continue
		}
		page, err := os.ReadFile("../../docs/exports/" + string(one.Format) + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, option := range one.Options {
			family, _, _ := strings.Cut(option.Name, "_") // an option for each role is told once
			if !strings.Contains(string(page), "`"+option.Name+"`") && !strings.Contains(string(page), "`"+family+"_ROLE`") {
				t.Errorf("docs/exports/%s.md does not say what the option %s is", one.Format, option.Name)
			}
		}
	}
}
