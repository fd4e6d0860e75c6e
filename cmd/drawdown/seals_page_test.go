package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

const sealsPage = "../../docs/seals.md"

// The program in docs/seals.md is built as it stands there. It finds of each proof what this program
// finds, whether it holds or was changed.
func TestSealsByAnotherProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program of the page")
	}
	page, err := os.ReadFile(sealsPage)
	if err != nil {
		t.Fatal(err)
	}
	sources := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(page, -1)
	if len(sources) != 1 {
		t.Fatalf("%s has %d programs, want one", sealsPage, len(sources))
	}
	dir := t.TempDir()
	source, checks := filepath.Join(dir, "check.go"), filepath.Join(dir, "check")
	if err := os.WriteFile(source, sources[0][1], 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "gofmt", "-l", source).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("gofmt would write the program of the page otherwise: %v %s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", checks, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	db := "sqlite:" + filepath.Join(dir, "book.db")
	older, newer := filepath.Join(dir, "older.key"), filepath.Join(dir, "newer.key")
	for _, file := range []string{older, newer} {
		if _, err := makeSealKey(file); err != nil {
			t.Fatal(err)
		}
	}
	must(makeBook(t.Context(), db, ""))
	must(sealBook(t.Context(), db, []string{older, newer}))
	written := func(name string, args ...string) (books.SealProof, string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if said, code := runProgram(t, append([]string{"export", "proof", "--db", db, "--out", file}, args...)...); code != 0 {
			t.Fatal(said)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read, err := books.ReadSealProof(text)
		if err != nil {
			t.Fatal(err)
		}
		return read, file
	}
	id := recognitionOf(t, db, 3)
	recognition, recognitionFile := written("recognition.proof", "--entry", "3", "--recognition", id)
	consistency, consistencyFile := written("months.proof", "--from-seal", "1", "--to-seal", "2")
	changed := func(name, from, to, file string) string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		other := strings.Replace(string(text), from, to, 1)
		if other == string(text) {
			t.Fatalf("%s has no %q", file, from)
		}
		file = filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	first, second := consistency.BeforeKey, consistency.Key
	for name, test := range map[string]struct {
		file string
		keys []string
		says string // "" where it does not hold
	}{
		"a recognition":   {recognitionFile, []string{first}, "entry 3 is in the log of 3 entries\nthe recognition is in the entry\n"},
		"of two keys":     {recognitionFile, []string{second, first}, "entry 3 is in the log of 3 entries\nthe recognition is in the entry\n"},
		"another key":     {recognitionFile, []string{second}, ""},
		"two months":      {consistencyFile, []string{first, second}, "the log of 3 entries goes on from that of 3\n"},
		"the newer alone": {consistencyFile, []string{second}, ""},
		"the older alone": {consistencyFile, []string{first}, ""},
		"another place":   {changed("place.proof", `"index": 2`, `"index": 1`, recognitionFile), []string{first}, ""},
		"another size":    {changed("size.proof", `"size": 3`, `"size": 999`, recognitionFile), []string{first}, ""},
		"another month":   {changed("month.proof", "period 2025-01", "period 2025-11", recognitionFile), []string{first}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), checks, append([]string{test.file}, test.keys...)...).CombinedOutput()
			if (err == nil) != (test.says != "") || err == nil && string(out) != test.says {
				t.Errorf("%v, says\n%s\nwant\n%s", err, out, test.says)
			}
			args := []string{"verify", "--proof", test.file}
			for _, key := range test.keys {
				args = append(args, "--key", key)
			}
			if said, code := runProgram(t, args...); (code == success) != (test.says != "") {
				t.Errorf("this program ends with %d: %s", code, said)
			}
		})
	}

	// The page names each field that a proof has.
	for _, of := range []books.SealProof{recognition, consistency} {
		text, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`"(\w+)":`).FindAllSubmatch(text, -1) {
			if !slices.Contains(regexp.MustCompile("`[^`\n]+`").FindAllString(string(page), -1), "`"+string(found[1])+"`") {
				t.Errorf("%s does not say what %s is", sealsPage, found[1])
			}
		}
	}
}

// recognitionOf is the id of the one recognition that an entry sums.
func recognitionOf(t *testing.T, url string, entry int64) (id string) {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		summed, err := tx.Recognitions(ctx, books.RecognitionFilter{Entry: entry}, books.Page{})
		if err == nil {
			id = summed[0].ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
