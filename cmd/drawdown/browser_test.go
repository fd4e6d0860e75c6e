package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inBrowser opens a page in Chromium and reads what it shows. Without Chromium the test is
// left out, and in CI it fails.
func inBrowser(t *testing.T, what, url string, shown any) {
	t.Helper()
	const script, module = "../../tools/node/browser.mjs", "../../tools/node/node_modules/playwright-core/package.json"
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(module)
	}
	dependsOn(t, script)
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, missing := exec.LookPath(name); missing == nil && browser == "" {
			browser = found
		}
	}
	if err != nil || browser == "" {
		missing := "Chromium, node or npm package playwright-core is not there: the page was NOT opened. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	said, err := exec.CommandContext(t.Context(), node, script, browser, what, url).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if err := json.Unmarshal(said, shown); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

// dependsOn tells the go command that a test depends on a file, or on all in a directory, which
// another program reads: a result that it kept is no result when they have changed.
func dependsOn(t *testing.T, path string) {
	t.Helper()
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == "node_modules":
			return fs.SkipDir
		}
		_, err = os.Stat(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The explorer lists the examples by area, runs one as it stands, looks up what another
// needs, and shows what a subscription tells until it is stopped.
func TestExplorerInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo and starts a browser")
	}
	r := startServing(t, "demo", "--addr", "127.0.0.1:0", "--db", "sqlite:"+filepath.Join(t.TempDir(), "demo.db"))
	var shown struct {
		Areas               []string
		First, Second, Told struct{ Data json.RawMessage }
	}
	inBrowser(t, "explorer", r.url+"/#token="+r.secret, &shown)
	for _, area := range []string{"Customers", "Purchases and grants", "Revenue and journal", "Jobs"} {
		if !slices.Contains(shown.Areas, area) {
			t.Errorf("there is no area %s in %q", area, shown.Areas)
		}
	}
	// Larkspur bought 50,000 and used 35,000.
	if !strings.Contains(string(shown.First.Data), `"credits":"15000"`) {
		t.Errorf("the first example answers %s", shown.First.Data)
	}
	if !strings.Contains(string(shown.Second.Data), `"granted":"50000","drawn":"35000"`) {
		t.Errorf("the lot is %s", shown.Second.Data)
	}
	if !strings.Contains(string(shown.Told.Data), `"credits":"15000"`) {
		t.Errorf("the subscription tells %s", shown.Told.Data)
	}
}
