package destination_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"drawdown/internal/destination"
	"drawdown/internal/destination/s3test"
)

// fetched returns what the server gives for a key.
func fetched(t *testing.T, g *s3test.Gateway, key string) (content []byte, sum string) {
	t.Helper()
	client, err := minio.New(strings.TrimPrefix(g.URL, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(s3test.AccessKey, s3test.SecretKey, ""), Region: s3test.Region,
	})
	if err != nil {
		t.Fatal(err)
	}
	object, err := client.GetObject(t.Context(), s3test.Bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	if content, err = io.ReadAll(object); err != nil {
		t.Fatal(key, err)
	}
	known, err := object.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return content, known.UserMetadata["Sha256"]
}

// TestGateway puts files into a bucket of a real S3 server, a small one and one in parts: they come back as they were, the
// same again is no change, and another one under a name that is taken, a wrong key and a bucket that is not there are refused.
func TestGateway(t *testing.T) {
	g := s3test.NewGateway(t)
	at := "?endpoint=" + g.URL + "&region=" + s3test.Region
	_, to, err := destination.Parse("archive=s3://" + s3test.Bucket + "/books" + at)
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 70<<20+12345)
	if _, err := rand.NewChaCha8([32]byte{1}).Read(content); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	big := destination.File{
		Path: "erp/000002/journal.csv", Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
		Open: func() (io.ReadSeeker, error) { return struct{ io.ReadSeeker }{bytes.NewReader(content)}, nil }, // as a file of a batch is read
	}
	small := file("erp/000001/a b+ü.csv", "a,b\n")
	var working sync.WaitGroup // by several servers at the same time, and again
	for range 2 {
		for _, one := range []destination.File{small, small, big} {
			working.Go(func() {
				if place, err := to.Put(t.Context(), one); err != nil || place != "s3://exports/books/"+one.Path {
					t.Error(place, err)
				}
			})
		}
		working.Wait()
	}
	for _, want := range []struct {
		file    destination.File
		content []byte
	}{{small, []byte("a,b\n")}, {big, content}} {
		if got, sum := fetched(t, g, "books/"+want.file.Path); !bytes.Equal(got, want.content) || sum != want.file.SHA256 {
			t.Errorf("%s: %d bytes of %d come back, with the sum %q", want.file.Path, len(got), len(want.content), sum)
		}
	}
	kept := func() {
		t.Helper()
		files := g.Files(t)
		if len(files) != 2 || !bytes.Equal(files["books/"+big.Path], content) || string(files["books/"+small.Path]) != "a,b\n" {
			t.Errorf("the server has %d files", len(files))
		}
	}
	kept()
	if _, err := to.Put(t.Context(), file(small.Path, "a,c\n")); err == nil || !strings.Contains(err.Error(), "is another file already") {
		t.Error("another file took its place", err)
	}
	_, nowhere, err := destination.Parse("archive=s3://nowhere" + at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nowhere.Put(t.Context(), small); err == nil || !strings.Contains(err.Error(), `there is no bucket "nowhere": make it, it is not made here`) {
		t.Error(err)
	}
	for name, value := range map[string]string{"AWS_SECRET_ACCESS_KEY": "another", "AWS_ACCESS_KEY_ID": "AKIAOTHER"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			_, to, err := destination.Parse("archive=s3://" + s3test.Bucket + at)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := to.Put(t.Context(), file("b.csv", "x")); err == nil || !strings.Contains(err.Error(), "refuses the key in AWS_ACCESS_KEY_ID") || strings.Contains(err.Error(), "another") {
				t.Error(err)
			}
		})
	}
	kept()
}
