package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// maxSecret bounds a file that holds a secret: a password is some characters, a key a few
// thousand, and whoever names a log instead is told so.
const maxSecret = 64 << 10

// readable are the permission bits that let anybody on the machine read a file.
const readable = 0o004

// readSecret reads a file that holds a secret, without the line's end that editors and
// shells put there, and warns of one that everybody can read.
func readSecret(path string) (secret, warning string, err error) {
	if path == "" {
		return "", "", errors.New("names no file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", "", unreadable(path, err)
	}
	defer func() { _ = file.Close() }()
	about, err := file.Stat()
	if err != nil {
		return "", "", unreadable(path, err)
	}
	if about.IsDir() {
		return "", "", fmt.Errorf("%q is a directory, not a file", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return "", "", unreadable(path, err)
	}
	if len(text) > maxSecret {
		return "", "", fmt.Errorf("%q is longer than %d bytes, which is no secret", path, maxSecret)
	}
	secret = strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", "", fmt.Errorf("%q is empty", path)
	}
	return secret, exposed(path, about), nil
}

// exposed warns of a file that everybody on the machine can read.
func exposed(path string, about os.FileInfo) string {
	if runtime.GOOS == "windows" || !about.Mode().IsRegular() || about.Mode().Perm()&readable == 0 {
		return ""
	}
	return fmt.Sprintf("everybody on this machine can read %q (mode %04o): take that away with chmod o-rwx", path, about.Mode().Perm())
}

func unreadable(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no file %q", path)
	}
	var cause *os.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("%q cannot be read: %w", path, err)
}
