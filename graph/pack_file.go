package graph

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/evidence"
	"drawdown/ledger"
)

const (
	// packPath is where the evidence pack of a closed period is read.
	packPath = "/v1/packs/{period}"
	// packTime is what a pack may take to be made, and again to be read: a large one is for the
	// command line.
	packTime = 30 * time.Minute
	// packAgain is when to come back where another pack is being made: one at a time is made, for each
	// takes a reader of the database and its size twice on the disk.
	packAgain = 30 * time.Second
)

// packFiles gives the evidence packs of closed periods to whoever may read exports. A pack is made for each request, as a
// file that is gone after it.
type packFiles struct {
	fileServer
	making chan struct{} // holds one while a pack is made
}

func newPackFiles(files fileServer) packFiles { return packFiles{files, make(chan struct{}, 1)} }

// ServeHTTP answers GET of a pack.
func (s packFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !onlyReads(w, r) {
		return
	}
	if !mayReadExports(r.Context()) {
		s.refuse(w, r, &books.Error{Code: books.Forbidden, Message: "to read an evidence pack needs the role AUDITOR or ACCOUNTANT, for the whole book"})
		return
	}
	refused := s.turnAway(r)
	var asked evidence.Options
	if refused == nil {
		asked, refused = packAsked(r)
	}
	if refused != nil {
		s.refuse(w, r, refused)
		return
	}
	if err := s.send(w, r, asked); err != nil {
		s.refuse(w, r, err)
	}
}

// packAsked reads the path and the query. Errors: INVALID.
func packAsked(r *http.Request) (asked evidence.Options, err error) {
	if asked.Period, err = ledger.ParsePeriod(r.PathValue("period")); err != nil {
		return asked, &books.Error{Code: books.Invalid, Field: "period", Message: "must be a month such as 2025-02, not " + clip(r.PathValue("period"))}
	}
	given, err := queryOnce(r)
	if err != nil {
		return asked, err
	}
	for name, value := range given {
		switch name {
		case "seed":
			asked.Seed = value
		case "samples":
			if asked.Samples, err = strconv.Atoi(value); err != nil || asked.Samples == 0 {
				return asked, &books.Error{Code: books.Invalid, Field: name, Message: "must be 1 to " + strconv.Itoa(evidence.MostSamples) + ", not " + clip(value)}
			}
		default:
			return asked, &books.Error{Code: books.Invalid, Field: clip(name), Message: "is no parameter of a pack; it has seed and samples"}
		}
	}
	return asked, nil
}

// send makes the pack and sends it. It returns an error only before anything is sent.
func (s packFiles) send(w http.ResponseWriter, r *http.Request, asked evidence.Options) error {
	dir, err := os.MkdirTemp("", "drawdown-pack-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is sent, or refused: what stays is for whoever cleans that directory
	file, name, sum, err := s.made(r.Context(), asked, dir)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(packTime)) // a recorder of tests has none
	saved(w, name, "application/x-tar")
	tagged(w, sum)
	w.Header().Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", time.Time{}, file)
	return nil
}

// made makes the archive in the directory, and returns it with its name and its hash.
func (s packFiles) made(ctx context.Context, asked evidence.Options, dir string) (_ *os.File, name string, sum []byte, err error) {
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	default:
		return nil, "", nil, &books.Error{Code: books.Overloaded, Message: "another evidence pack is being made", RetryAfter: packAgain}
	}
	ctx, cancel := context.WithTimeout(ctx, packTime)
	defer cancel()
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o700); err != nil {
		return nil, "", nil, err
	}
	manifest, err := evidence.Write(ctx, s.books, asked, files)
	if err != nil {
		return nil, "", nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "archive"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, "", nil, err
	}
	hash := sha256.New()
	if err = evidence.Archive(files, manifest, io.MultiWriter(file, hash)); err == nil {
		err = os.RemoveAll(files)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, "", nil, errors.Join(err, file.Close())
	}
	return file, manifest.Directory() + ".tar", hash.Sum(nil), nil
}
