package evidence

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Archive writes the files of a pack as a tar, below a directory of that name: in order of name, with
// one time, one owner and one mode, and uncompressed, so that the bytes depend on nothing else.
func Archive(dir string, m Manifest, to io.Writer) error {
	out := tar.NewWriter(to)
	for _, name := range m.names {
		if err := archived(out, dir, m.Directory(), name, m.Closing.At); err != nil {
			return err
		}
	}
	return out.Close()
}

func archived(out *tar.Writer, dir, under, name string, at time.Time) error {
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	const mode = 0o644
	err = out.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: under + "/" + name, Size: info.Size(), Mode: mode, ModTime: at.UTC().Truncate(time.Second), Format: tar.FormatPAX,
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return err
}
