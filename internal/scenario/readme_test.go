package scenario_test

import (
	"os"
	"strings"
	"testing"

	"drawdown/internal/scenario"
)

// TestTheExampleOfTheReadmePlays holds the page to what it says.
func TestTheExampleOfTheReadmePlays(t *testing.T) {
	page, err := os.ReadFile("../../scenarios/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "```yaml\n")
	example, _, found := strings.Cut(after, "```\n")
	if !found {
		t.Fatal("the page has no example")
	}
	file, err := scenario.Parse("README.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	result, err := scenario.Play(t.Context(), file, open)
	if err != nil || !result.OK {
		t.Errorf("%v, %+v", err, result)
	}
}
