package graph

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"drawdown/internal/books"
)

// attachmentTime is how long a sender may take for an attachment, and a reader to read it:
// some megabytes over a slow line.
const attachmentTime = time.Minute

// attachmentPaths are the paths of what is attached to estimates and to manual entries. The id of
// an estimate holds its policy's with a slash between, which many a client writes as it is.
var attachmentPaths = []string{
	"/v1/estimates/{estimate}/attachments/{name}", "/v1/estimates/{policy}/{estimate}/attachments/{name}",
	"/v1/manual-entries/{manual}/attachments/{name}",
}

// attachmentPath is where an attachment is read.
func attachmentPath(a *books.Attachment) string {
	of := "/v1/estimates/" + estimateNoun.id(a.Key())
	if a.ManualID != "" {
		of = "/v1/manual-entries/" + manualNoun.id(a.Key())
	}
	return of + "/attachments/" + url.PathEscape(a.Name)
}

// attachments takes and gives what is attached to estimates and to manual entries:
//
//	PUT  attaches the body: for accountants; the same again is answered as it was
//	GET  gives it back: for accountants and auditors
//
// The answer to PUT is what was kept, as JSON; a refusal is {"code", "field", "message"}.
type attachments struct{ fileServer }

func (a attachments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	act, needs := a.get, attachmentReaders
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPut:
		act, needs = a.put, attachmentWriters
	default:
		w.Header().Set("Allow", "GET, HEAD, PUT")
		denyFile(w, r, http.StatusMethodNotAllowed, refuseRequest(books.Invalid, "use PUT to attach, GET to read"))
		return
	}
	asked, err := a.admit(r, needs)
	if err == nil {
		err = act(w, r, asked)
	}
	if err != nil {
		a.refuse(w, r, err)
	}
}

// Who may attach, and who may read what is attached: one of the roles, for the whole book.
var (
	attachmentWriters = needed{"to attach needs the role ACCOUNTANT, for the whole book", []books.Role{books.Accountant}}
	attachmentReaders = needed{"to read what is attached needs the role AUDITOR or ACCOUNTANT, for the whole book", []books.Role{books.Auditor, books.Accountant}}
)

type needed struct {
	says  string
	roles []books.Role
}

// admit returns what a request is about, where its caller may ask and there is room for it.
// Errors: FORBIDDEN, OVERLOADED, RATE_LIMITED, INVALID.
func (a attachments) admit(r *http.Request, needs needed) (books.NewAttachment, error) {
	if !slices.ContainsFunc(needs.roles, books.CallerOf(r.Context()).May) || forOneCustomer(r.Context()) {
		return books.NewAttachment{}, &books.Error{Code: books.Forbidden, Message: needs.says}
	}
	if refused := a.turnAway(r); refused != nil {
		return books.NewAttachment{}, refused
	}
	return named(r)
}

// named returns what the path names. Errors: INVALID.
func named(r *http.Request) (books.NewAttachment, error) {
	asked := books.NewAttachment{Name: r.PathValue("name"), MediaType: r.Header.Get("Content-Type")}
	if id := r.PathValue("manual"); id != "" {
		key, err := manualNoun.key("manualEntry", id)
		asked.ManualID = key
		return asked, err
	}
	id := r.PathValue("estimate")
	if policy := r.PathValue("policy"); policy != "" {
		id = policy + "/" + id
	}
	key, err := estimateNoun.key("estimate", id)
	decided := decisionKey(key)
	asked.PolicyID, asked.EstimateID = decided.PolicyID, decided.ID
	return asked, err
}

func (a attachments) put(w http.ResponseWriter, r *http.Request, request books.NewAttachment) (err error) {
	if r.Header.Get("Content-Encoding") != "" {
		return &books.Error{Code: books.Invalid, Field: "content", Message: "must be sent as it is, without a content encoding"}
	}
	most := a.books.AttachmentBytes()
	tooLarge := &books.Error{Code: books.AttachmentTooLarge, Field: "content", Message: "has more than the " + strconv.FormatInt(most, 10) + " bytes that an attachment may have"}
	if r.ContentLength > most {
		return tooLarge
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(attachmentTime)) // a recorder of tests has none
	request.Content, err = io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	_ = control.SetReadDeadline(time.Time{})
	if long := (*http.MaxBytesError)(nil); errors.As(err, &long) {
		return tooLarge
	}
	if err != nil {
		return &books.Error{Code: books.Invalid, Field: "content", Message: "ended early: send it again", Cause: err}
	}
	kept, added, err := a.books.Attach(r.Context(), request)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	sayJSON(w, status, map[string]any{
		"name": kept.Name, "mediaType": kept.MediaType, "bytes": kept.Bytes, "sha256": hex.EncodeToString(kept.Hash),
		"createdAt": kept.CreatedAt.UTC().Format(time.RFC3339Nano), "createdBy": kept.CreatedBy, "path": attachmentPath(&kept),
	})
	return nil
}

func (a attachments) get(w http.ResponseWriter, r *http.Request, asked books.NewAttachment) error {
	var kept books.Attachment
	var content []byte
	err := a.books.View(r.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		kept, content, err = books.AttachmentContent(ctx, tx, asked.FileOf, asked.Name)
		return err
	})
	if err != nil {
		return err
	}
	saved(w, kept.Name, kept.MediaType)
	tagged(w, kept.Hash)
	noPage(w)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(attachmentTime))
	if r.Method == http.MethodGet {
		_, _ = w.Write(content)
	}
	return nil
}
