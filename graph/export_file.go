package graph

import (
	"context"
	"net/http"
	"time"

	"drawdown/internal/books"
)

// exportFilePath is the path of the files of export batches.
const exportFilePath = "/v1/exports/{batch}/{name}"

// exportFileTime is how long a reader may take for a file: a gigabyte over a slow line. Who is
// slower goes on by a range.
const exportFileTime = time.Hour

// exportFiles gives the files of sealed batches, whole or in ranges, to auditors and
// accountants, and to whoever has a link that is signed.
type exportFiles struct{ fileServer }

// signed marks a request whose link was checked.
type signed struct{ exportFiles }

// bySignature serves requests with a signature by it alone, and leaves the others to next.
func (e exportFiles) bySignature(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if !query.Has("signature") {
			next.ServeHTTP(w, r)
			return
		}
		batch, name, err := e.named(r)
		if err == nil {
			err = e.books.CheckExportLink(r.Context(), batch, name, query.Get("until"), query.Get("signature"))
		}
		if err != nil {
			e.refuse(w, r, err)
			return
		}
		signed{e}.ServeHTTP(w, r)
	})
}

// named returns the batch and the name of the file in the path. Errors: INVALID.
func (exportFiles) named(r *http.Request) (batch, name string, err error) {
	batch, err = exportBatchNoun.key("batch", r.PathValue("batch"))
	return batch, r.PathValue("name"), err
}

// mayReadExports says who may read files, or have links to them.
func mayReadExports(ctx context.Context) bool {
	caller := books.CallerOf(ctx)
	return (caller.May(books.Accountant) || caller.May(books.Auditor)) && !forOneCustomer(ctx)
}

// ServeHTTP serves a caller who may read the whole book.
func (e exportFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !mayReadExports(r.Context()) {
		e.refuse(w, r, &books.Error{Code: books.Forbidden, Message: "to read an export needs the role AUDITOR or ACCOUNTANT, for the whole book"})
		return
	}
	signed{e}.ServeHTTP(w, r)
}

// ServeHTTP serves a file.
func (e signed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !onlyReads(w, r) {
		return
	}
	if refused := e.turnAway(r); refused != nil {
		e.refuse(w, r, refused)
		return
	}
	batch, name, err := e.named(r)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	file, err := e.books.ExportOpen(r.Context(), batch, name)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportFileTime)) // a recorder of tests has none
	saved(w, file.Name, file.MediaType)
	tagged(w, file.Hash)
	noPage(w)
	w.Header().Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", file.SealedAt, file)
}
