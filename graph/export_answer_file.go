package graph

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"drawdown/internal/books"
)

// exportAnswersPath is where a general ledger's answers to a batch are sent as a file.
const exportAnswersPath = "/v1/exports/{batch}/answers"

// exportAnswersTime is how long a sender may take.
const exportAnswersTime = time.Minute

// exportAnswers takes, by POST, what a general ledger calls the journals of a batch, as CSV. All lines
// count, or none; the refusal names each that is wrong.
type exportAnswers struct{ exportFiles }

func (e exportAnswers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		denyFile(w, r, http.StatusMethodNotAllowed, refuseRequest(books.Invalid, "use POST to send answers"))
		return
	}
	if refused := e.turnAway(r); refused != nil {
		e.refuse(w, r, refused)
		return
	}
	batch, _, err := e.named(r)
	var content []byte
	if err == nil {
		content, err = e.content(w, r)
	}
	var answered books.ExportAnswered
	if err == nil {
		answered, err = e.books.ExportBatchAnswers(r.Context(), batch, content)
	}
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	sayJSON(w, http.StatusOK, map[string]any{
		"batch": exportBatchNoun.id(batch), "status": answered.Batch.Status, "journals": answered.Journals, "answered": answered.Batch.Answers, "unanswered": orNone(answered.Unanswered),
	})
}

// content reads the file. Errors: INVALID, TOO_LARGE.
func (exportAnswers) content(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "" {
		return nil, &books.Error{Code: books.Invalid, Field: "file", Message: "must be sent as it is, without a content encoding"}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(exportAnswersTime)) // a recorder of tests has none
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, books.MaxExportAnswerBytes))
	_ = control.SetReadDeadline(time.Time{})
	if long := (*http.MaxBytesError)(nil); errors.As(err, &long) {
		return nil, &books.Error{Code: books.TooLarge, Field: "file", Message: "has more than the " + strconv.Itoa(books.MaxExportAnswerBytes) + " bytes that are read: cut it into several files"}
	}
	if err != nil {
		return nil, &books.Error{Code: books.Invalid, Field: "file", Message: "ended early: send it again", Cause: err}
	}
	return content, nil
}
