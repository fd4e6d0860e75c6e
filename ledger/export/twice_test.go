package export

import (
	"testing"

	"drawdown/ledger"
)

// profileOf is the profile of a format with some options set.
func profileOf(t testing.TB, format Format, options map[string]string) Profile {
	t.Helper()
	p, err := DefaultProfile(format)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range options {
		p.Options[name] = value
	}
	return p
}

// runWhole writes the entries under the profile, twice where the format reads twice, and returns
// the files by name.
func runWhole(t testing.TB, p Profile, header Header, entries ...Entry) (map[string]string, Manifest) {
	t.Helper()
	files := newInMemory()
	export, err := Open(p, files)
	if err != nil {
		t.Fatal(err)
	}
	if err := export.Run(header, each(entries)); err != nil {
		t.Fatal(err)
	}
	if files.open != 0 {
		t.Fatalf("%d files are left open", files.open)
	}
	content := map[string]string{}
	for name, file := range files.files {
		content[name] = file.String()
	}
	return content, export.Manifest()
}

func each(entries []Entry) func(func(Entry) error) error {
	return func(do func(Entry) error) error {
		for _, entry := range entries {
			if err := do(entry); err != nil {
				return err
			}
		}
		return nil
	}
}

func canonical(entries []ledger.Entry) []Entry {
	list := make([]Entry, len(entries))
	for i, entry := range entries {
		list[i] = Canonical(entry)
	}
	return list
}
