package apidocs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"drawdown/internal/store"
)

// Every operation that stands in a page written by hand answers on the demo's book.
func TestOperationsInProse(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo")
	}
	kept, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	s, err := newServer(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	fence := regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$") //nolint:gocritic // a ^ in the middle is meant: (?m) has it match at each line
	tried := 0
	for _, page := range append(pages, root+"/README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := fence.FindAllStringSubmatch(string(text), -1)
		for i, block := range blocks {
			if block[1] != "graphql" {
				continue
			}
			tried++
			e := Example{Document: block[2]}
			// What follows an operation with variables are its variables.
			if strings.Contains(block[2], "$") && i+1 < len(blocks) && blocks[i+1][1] == "json" {
				e.Variables = json.RawMessage(blocks[i+1][2])
			}
			answered, err := s.answer(t.Context(), e)
			if err != nil {
				t.Errorf("%s: %v\n%s", page, err, block[2])
			} else if strings.Contains(answered.Answer, `"nodes": []`) || strings.Contains(answered.Answer, `"series": []`) {
				t.Errorf("%s: it finds nothing: %s\n%s", page, answered.Answer, block[2])
			}
		}
	}
	if tried < 4 {
		t.Errorf("only %d operations were found", tried)
	}
}
