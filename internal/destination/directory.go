package destination

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// directory is a directory of this machine, or one that it has mounted.
type directory struct{ root string }

func newDirectory(where *url.URL) (Destination, error) {
	if where.Host != "" || !filepath.IsAbs(where.Path) || where.RawQuery != "" {
		return nil, fmt.Errorf("%q is no directory: write file:///absolute/path", where)
	}
	return directory{filepath.Clean(where.Path)}, nil
}

// Put writes beside the place, and renames once all bytes are on the disk.
func (d directory) Put(_ context.Context, file File) (place string, err error) {
	if err := checkPath(file.Path); err != nil {
		return "", err
	}
	to := filepath.Join(d.root, filepath.FromSlash(file.Path))
	there, err := SumOf(to)
	switch {
	case err == nil && there == file.SHA256:
		return to, nil
	case err == nil:
		return "", fmt.Errorf("%s is another file already", to)
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	within := filepath.Dir(to)
	if err := os.MkdirAll(within, 0o750); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(within, ".part-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(f.Name()) }() // is not there once it is renamed
	if err := write(f, file); err != nil {
		return "", errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(0o640), f.Sync(), f.Close()); err != nil {
		return "", err
	}
	// A link, unlike a renaming, does not take the place of what another server put there.
	if err := os.Link(f.Name(), to); err != nil {
		if there, sumErr := SumOf(to); sumErr == nil && there == file.SHA256 {
			return to, nil
		}
		return "", err
	}
	return to, syncDirectory(within)
}

// write copies a file and holds it to its hash.
func write(to io.Writer, file File) error {
	from, err := file.Open()
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), from)
	if err == nil && (n != file.Bytes || hex.EncodeToString(sum.Sum(nil)) != file.SHA256) {
		err = fmt.Errorf("%s %w", file.Path, ErrNotSealed)
	}
	return err
}

// SumOf returns the SHA-256 of a file, in hexadecimal.
func SumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was read
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// syncDirectory has the name of a file outlive a crash.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
