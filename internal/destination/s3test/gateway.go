package s3test

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Gateway is a server of S3 by others, versitygw, that keeps objects as files of a directory.
type Gateway struct {
	URL string
	dir string
}

// gatewayStarts is how long versitygw may take to answer.
const gatewayStarts = 30 * time.Second

// NewGateway starts versitygw with a bucket and the key of this package, and sets that in the environment. The test
// is left out, and says so, where there is none on the path or at VERSITYGW.
func NewGateway(t *testing.T) *Gateway {
	t.Helper()
	name := os.Getenv("VERSITYGW")
	if name == "" {
		name = "versitygw"
	}
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skip("NOT TESTED against a real S3 server: no versitygw on the path (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", SecretKey)
	g := &Gateway{dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(g.dir, Bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	g.URL = "http://" + address
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	server := exec.CommandContext(ctx, program, "--port", address, "--region", Region, "--quiet", "posix", "--sidecar", t.TempDir(), g.dir) //nolint:gosec // the program that the machine has
	server.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+AccessKey, "ROOT_SECRET_KEY="+SecretKey)
	server.Stdout, server.Stderr = t.Output(), t.Output()
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = 10 * time.Second
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // it was told to end
	})
	for began := time.Now(); ; {
		answer, err := http.Get(g.URL) //nolint:noctx // a loop that ends
		if err == nil {
			_ = answer.Body.Close()
			return g
		}
		if time.Since(began) > gatewayStarts {
			t.Fatal("versitygw does not answer:", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Files returns the objects of the bucket as they lie in its directory, by key.
func (g *Gateway) Files(t *testing.T) map[string][]byte {
	t.Helper()
	files, bucket := map[string][]byte{}, os.DirFS(filepath.Join(g.dir, Bucket))
	err := fs.WalkDir(bucket, ".", func(key string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[key], err = fs.ReadFile(bucket, key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
