package destination_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drawdown/internal/destination"
)

func file(path, text string) destination.File {
	sum := sha256.Sum256([]byte(text))
	return destination.File{
		Path: path, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:]),
		Open: func() (io.ReadSeeker, error) { return strings.NewReader(text), nil },
	}
}

// A file is put once, the same again is no change, and another one under its name is refused.
func TestDirectory(t *testing.T) {
	root := t.TempDir()
	name, to, err := destination.Parse("archive=file://" + root)
	if err != nil || name != "archive" {
		t.Fatal(name, err)
	}
	for range 2 {
		place, err := to.Put(t.Context(), file("erp/000001/journal.csv", "a,b\n"))
		if err != nil || place != filepath.Join(root, "erp", "000001", "journal.csv") {
			t.Fatal(place, err)
		}
	}
	if _, err := to.Put(t.Context(), file("erp/000001/journal.csv", "a,c\n")); err == nil {
		t.Error("another file took its place")
	}
	wrong := file("erp/000001/other.csv", "a,b\n")
	wrong.SHA256 = strings.Repeat("0", 64)
	if _, err := to.Put(t.Context(), wrong); err == nil {
		t.Error("a file that is not what was sealed was put")
	}
	for _, path := range []string{"../x", "a//b", "/etc/x", "a/../b", `a\b`} {
		if _, err := to.Put(t.Context(), file(path, "x")); err == nil {
			t.Errorf("%q was put", path)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "erp", "000001", "journal.csv"))
	if err != nil || string(text) != "a,b\n" {
		t.Errorf("%q %v", text, err)
	}
	left, err := os.ReadDir(filepath.Join(root, "erp", "000001"))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestWhatIsNoDestination(t *testing.T) {
	for _, text := range []string{
		"", "archive", "=file:///x", "Archive=file:///x", "a=ftp://x/y", "a=file://host/x", "a=file:relative", "a=s3://", "a=s3://key:secret@bucket/x",
		"a=s3://bucket/x?acl=public", "a=s3://bucket/x?endpoint=ftp://x",
	} {
		if _, _, err := destination.Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	for _, text := range []string{"a=s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1", "a=s3://bucket"} {
		if _, _, err := destination.Parse(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
