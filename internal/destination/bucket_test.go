package destination_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"drawdown/internal/destination"
	"drawdown/internal/destination/s3test"
)

func inBucket(t *testing.T, s *s3test.Server, bucket string) destination.Destination {
	t.Helper()
	_, to, err := destination.Parse("archive=s3://" + bucket + "/books?endpoint=" + s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// A file is put once, the same again is no change, and another one under its name is refused; what
// is not as it was sealed is not put.
func TestBucket(t *testing.T) {
	s := s3test.New(t)
	to := inBucket(t, s, s3test.Bucket)
	for range 2 {
		place, err := to.Put(t.Context(), file("erp/000001/a b+c.csv", "a,b\n"))
		if err != nil || place != "s3://exports/books/erp/000001/a b+c.csv" {
			t.Fatal(place, err)
		}
	}
	if got := s.Objects()["books/erp/000001/a b+c.csv"]; string(got.Content) != "a,b\n" || got.Puts != 1 || got.Parts != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := to.Put(t.Context(), file("erp/000001/a b+c.csv", "a,c\n")); err == nil || !strings.Contains(err.Error(), "another file") {
		t.Error("another file took its place", err)
	}
	wrong := file("erp/000001/wrong.csv", "a,b\n")
	wrong.SHA256 = strings.Repeat("0", 64)
	if _, err := to.Put(t.Context(), wrong); err == nil {
		t.Error("a file that is not what was sealed was put")
	}
	if _, err := to.Put(t.Context(), file("../x", "x")); err == nil {
		t.Error("a path that leads elsewhere was taken")
	}
	if n := len(s.Objects()); n != 1 {
		t.Errorf("%d objects", n)
	}
}

// A big file goes in parts, also where the server fails for a while, and is there once and whole.
func TestBigFileInParts(t *testing.T) {
	s := s3test.New(t)
	var asked atomic.Int64
	s.Fault = func(r *http.Request) int {
		if n := asked.Add(1); n%3 == 0 {
			return http.StatusInternalServerError
		}
		return 0
	}
	content := bytes.Repeat([]byte("0123456789abcde\n"), 65<<20/16)
	sum := sha256.Sum256(content)
	big := destination.File{
		Path: "erp/000002/journal.csv", Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
		Open: func() (io.ReadSeeker, error) { return bytes.NewReader(content), nil },
	}
	to := inBucket(t, s, s3test.Bucket)
	if _, err := to.Put(t.Context(), big); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Put(t.Context(), big); err != nil {
		t.Fatal(err)
	}
	got := s.Objects()["books/erp/000002/journal.csv"]
	if !bytes.Equal(got.Content, content) || got.SHA256 != big.SHA256 || got.Parts < 2 || got.Puts != 1 || s.Unfinished() != 0 {
		t.Errorf("%d bytes in %d parts, put %d times, %d unfinished", len(got.Content), got.Parts, got.Puts, s.Unfinished())
	}
	if asked.Load() < 10 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
}

// What is wrong with the place is said as such.
func TestBucketRefuses(t *testing.T) {
	s := s3test.New(t)
	if _, err := inBucket(t, s, "nowhere").Put(t.Context(), file("a.csv", "x")); err == nil || !strings.Contains(err.Error(), `there is no bucket "nowhere"`) {
		t.Error(err)
	}
	for name, value := range map[string]string{"AWS_SECRET_ACCESS_KEY": "another", "AWS_ACCESS_KEY_ID": "AKIAOTHER"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			_, err := inBucket(t, s, s3test.Bucket).Put(t.Context(), file("a.csv", "x"))
			if err == nil || !strings.Contains(err.Error(), "refuses the key in AWS_ACCESS_KEY_ID") || strings.Contains(err.Error(), "another") {
				t.Error(err)
			}
		})
	}
	if n := len(s.Objects()); n != 0 {
		t.Errorf("%d objects", n)
	}
}

// Two servers that put the same file at the same time leave it there whole.
func TestBucketAtOnce(t *testing.T) {
	s := s3test.New(t)
	to := inBucket(t, s, s3test.Bucket)
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			if _, err := to.Put(t.Context(), file("erp/000003/a.csv", "a,b\n")); err != nil {
				t.Error(err)
			}
		})
	}
	working.Wait()
	if got := s.Objects(); len(got) != 1 || string(got["books/erp/000003/a.csv"].Content) != "a,b\n" {
		t.Errorf("%v", got)
	}
}
