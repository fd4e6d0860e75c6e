package graph

import (
	"context"
	"encoding/hex"
	"mime"
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
type exportFiles struct {
	books  *books.Books
	faults presenter
	memory *memory
	rates  *rates
}

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
			attachments(e).refuse(w, r, err)
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
		attachments(e).refuse(w, r, &books.Error{Code: books.Forbidden, Message: "to read an export needs the role AUDITOR or ACCOUNTANT, for the whole book"})
		return
	}
	signed{e}.ServeHTTP(w, r)
}

// ServeHTTP serves a file.
func (e signed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := attachments(e.exportFiles).refuse
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		denyAttachment(w, r, http.StatusMethodNotAllowed, refuseRequest(books.Invalid, "use GET to read"))
		return
	}
	if refused := attachments(e.exportFiles).turnAway(r); refused != nil {
		refuse(w, r, refused)
		return
	}
	batch, name, err := e.named(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	file, err := e.books.ExportOpen(r.Context(), batch, name)
	if err != nil {
		refuse(w, r, err)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportFileTime)) // a recorder of tests has none
	// Whoever opens it saves it: it is never shown as a page of this server.
	w.Header().Set("Content-Type", file.MediaType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	w.Header().Set("ETag", `"`+hex.EncodeToString(file.Hash)+`"`)
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", file.SealedAt, file)
}
