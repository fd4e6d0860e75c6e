package jobs

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/destination"
)

// Exporter makes, writes and hands over batches of exports: *books.Books does.
type Exporter interface {
	ExportsDue(ctx context.Context) (made int, err error)
	ExportWrite(ctx context.Context, batchID string) (written books.ExportBatch, found bool, err error)
	ExportsToDeliver(ctx context.Context) ([]books.ExportToDeliver, error)
	ExportOpenFile(ctx context.Context, batch books.ExportBatch, file books.ExportFile) *books.ExportedFile
	ExportDelivered(ctx context.Context, batchID, to string) error
	ExportUndelivered(ctx context.Context, batchID, problem string) error
}

const (
	// draftsEvery is how often drafts are looked for: somebody who asked for one waits.
	draftsEvery = time.Second
	// exportsEvery is how often schedules are looked at, and what could not be put anywhere is
	// tried again.
	exportsEvery = time.Minute
)

// Exports works on the exports of one book: it makes batches by the schedules of targets,
// writes drafts, and puts sealed files where targets say. Several servers may do so at once.
type Exports struct {
	book Exporter
	log  *slog.Logger
	to   map[string]destination.Destination
}

// NewExports returns what works on the exports of a book, with the destinations by name.
func NewExports(book Exporter, log *slog.Logger, to map[string]destination.Destination) *Exports {
	return &Exports{book, log, to}
}

// Run works until the context is done. What stops within a batch goes on from its beginning,
// here or elsewhere.
func (e *Exports) Run(ctx context.Context) {
	ctx = books.WithCaller(ctx, books.Caller{Actor: "jobs"})
	drafts, schedules := time.NewTicker(draftsEvery), time.NewTicker(exportsEvery)
	defer drafts.Stop()
	defer schedules.Stop()
	e.Due(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-schedules.C:
			e.Due(ctx)
		case <-drafts.C:
			e.Write(ctx)
		}
	}
}

// Due makes the batches that are due, and hands over what is sealed.
func (e *Exports) Due(ctx context.Context) {
	made, err := e.book.ExportsDue(ctx)
	e.report(ctx, err, "batches could not be made by their schedules")
	if made > 0 {
		e.Write(ctx)
		return
	}
	e.Deliver(ctx)
}

// Write writes all drafts that nothing keeps from being written, and hands them over.
func (e *Exports) Write(ctx context.Context) {
	wrote := false
	for ctx.Err() == nil {
		batch, found, err := e.book.ExportWrite(ctx, "")
		if err != nil {
			e.report(ctx, err, "a batch could not be written; it is tried again")
			return
		}
		if !found {
			break
		}
		wrote = true
		if batch.Problem == "" && batch.Status == books.ExportDraft { // another server has it
			continue
		}
		if batch.Problem != "" {
			e.log.WarnContext(ctx, "a batch cannot be written until its target changes", "batch", batch.Number, "problem", batch.Problem)
			continue
		}
		e.log.InfoContext(ctx, "a batch is sealed", "batch", batch.Number, "entries", batch.Entries, "files", len(batch.Files))
	}
	if wrote {
		e.Deliver(ctx)
	}
}

// Deliver puts the files of sealed batches where their targets say.
func (e *Exports) Deliver(ctx context.Context) {
	if len(e.to) == 0 {
		return
	}
	due, err := e.book.ExportsToDeliver(ctx)
	e.report(ctx, err, "sealed batches could not be read")
	for _, batch := range due {
		to, known := e.to[batch.Destination]
		if !known { // of another server, or not configured any more
			continue
		}
		if err := e.deliver(ctx, to, batch); err != nil {
			e.undelivered(ctx, batch, err)
		}
	}
}

// undelivered says why a batch was not put somewhere: a fault of ours in the log, what the destination is to
// blame for also with the batch, where those see it who can do something about it.
func (e *Exports) undelivered(ctx context.Context, batch books.ExportToDeliver, err error) {
	if ctx.Err() != nil {
		return
	}
	what := "a batch could not be put at " + batch.Destination + "; it is tried again"
	if ours := (*books.Error)(nil); errors.As(err, &ours) || errors.Is(err, destination.ErrNotSealed) {
		e.report(ctx, err, what)
		return
	}
	e.log.WarnContext(ctx, what, "batch", batch.Number, "target", batch.Target, "cause", err)
	problem := batch.Destination + ": " + strings.Join(strings.Fields(err.Error()), " ")
	e.report(ctx, e.book.ExportUndelivered(ctx, batch.ID, problem), "it could not be kept why a batch is not delivered")
}

// deliver puts the files of a batch, and the manifest last: where that is, all are.
func (e *Exports) deliver(ctx context.Context, to destination.Destination, batch books.ExportToDeliver) error {
	within := fmt.Sprintf("%s/%06d/", batch.Target, batch.Number)
	for _, file := range batch.Files {
		_, err := to.Put(ctx, destination.File{
			Path: within + file.Name, Bytes: file.Bytes, SHA256: hex.EncodeToString(file.Hash),
			Open: func() (io.ReadSeeker, error) { return e.book.ExportOpenFile(ctx, batch.ExportBatch, file), nil },
		})
		if err != nil {
			return err
		}
	}
	place, err := to.Put(ctx, destination.File{
		Path: within + "manifest.json", Bytes: int64(len(batch.Manifest)), SHA256: hex.EncodeToString(batch.ManifestHash),
		Open: func() (io.ReadSeeker, error) { return strings.NewReader(batch.Manifest), nil },
	})
	if err != nil {
		return err
	}
	if err := e.book.ExportDelivered(ctx, batch.ID, strings.TrimSuffix(place, "/manifest.json")); err != nil {
		return err
	}
	e.log.InfoContext(ctx, "a batch was delivered", "batch", batch.Number, "target", batch.Target, "to", place)
	return nil
}

func (e *Exports) report(ctx context.Context, err error, what string) {
	if err != nil && ctx.Err() == nil {
		e.log.ErrorContext(ctx, what, "error", err, "code", string(books.CodeOf(err)))
	}
}
