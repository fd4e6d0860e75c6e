// Write writes docs/api and the examples of the explorer: see package apidocs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"drawdown/internal/apidocs"
	"drawdown/internal/store"
)

func main() {
	if err := write(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(ctx context.Context) (err error) {
	root, err := repository()
	if err != nil {
		return err
	}
	kept, err := store.OpenMemory(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	files, err := apidocs.Files(ctx, os.DirFS(root), kept)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil { //nolint:gosec // pages are for all to read
			return err
		}
	}
	return removeOthers(root, files)
}

// removeOthers removes pages of areas that are no more.
func removeOthers(root string, files map[string]string) error {
	pages, err := filepath.Glob(filepath.Join(root, "docs/api/*.md"))
	if err != nil {
		return err
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		if _, written := files["docs/api/"+filepath.Base(page)]; !written && strings.HasPrefix(string(text), "<!-- Written by `make generate`") {
			if err := os.Remove(page); err != nil {
				return err
			}
		}
	}
	return nil
}

// repository is the directory that holds the schema, here or above.
func repository() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "schema.graphqls")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("schema.graphqls is neither here nor above")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
