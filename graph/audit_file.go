package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/reports"
)

// auditPath is where the audit trail is read as a file.
const auditPath = "/v1/audit"

// auditFile streams the audit trail, to whoever may ask for auditEvents. What it holds is one
// snapshot; how many events came and the SHA-256 of the file follow it as trailers.
type auditFile struct{ fileServer }

func (s auditFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		denyFile(w, r, http.StatusMethodNotAllowed, refuseRequest(books.Invalid, "use GET to read"))
		return
	}
	refused := s.turnAway(r)
	trail := reports.AuditTrail()
	var args reports.Args
	var format reports.Format
	if refused == nil {
		args, format, refused = s.asked(r, trail)
	}
	if refused != nil {
		s.refuse(w, r, refused)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), reportTime)
	defer cancel()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(reportTime)) // a recorder of tests has none
	w.Header().Set("Trailer", "Drawdown-Rows, Drawdown-Sha256")
	saved(w, trail.Name+"."+string(format), format.MediaType())
	w.Header().Set("Cache-Control", "private, no-cache")
	sent := &summed{to: w, sum: sha256.New()}
	var summary reports.Summary
	err := s.books.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		summary, err = trail.File(ctx, s.books, tx, args, format, sent)
		return err
	})
	switch {
	case err == nil:
		w.Header().Set("Drawdown-Rows", strconv.FormatInt(summary.Rows, 10))
		w.Header().Set("Drawdown-Sha256", hex.EncodeToString(sent.sum.Sum(nil)))
	case sent.any: // a file that breaks off is not to be taken for a whole one
		panic(http.ErrAbortHandler)
	default:
		for _, name := range []string{"Trailer", "Content-Disposition"} {
			w.Header().Del(name)
		}
		s.refuse(w, r, err)
	}
}

// asked reads the query: the parameters of the trail, each once, and the format, CSV where none
// is named. Errors: INVALID.
func (s auditFile) asked(r *http.Request, trail reports.Report) (reports.Args, reports.Format, error) {
	format := reports.CSV
	given, err := queryOnce(r)
	if err != nil {
		return reports.Args{}, format, err
	}
	if named, is := given["format"]; is {
		format = reports.Format(named)
		delete(given, "format")
	}
	if format != reports.CSV && format != reports.JSONL {
		return reports.Args{}, format, &books.Error{Code: books.Invalid, Field: "format", Message: "must be csv or jsonl, not " + clip(string(format))}
	}
	args, err := trail.Parse(s.books, given)
	return args, format, err
}

// summed hashes what it passes on.
type summed struct {
	to  io.Writer
	sum hash.Hash
	any bool
}

func (s *summed) Write(p []byte) (int, error) {
	s.any = true
	s.sum.Write(p)
	return s.to.Write(p)
}
