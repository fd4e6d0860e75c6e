package graph

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/internal/reports"
)

const (
	// reportPath is where reports are read as files, and listed.
	reportPath      = "/v1/reports/{file}"
	reportsPath     = "/v1/reports"
	reportTime      = 5 * time.Minute // what a report may take to be made and read
	reportMaxBytes  = 256 << 20       // beyond which a report is for the command line
	reportFileParts = 2               // a name and a format
)

// reportFiles gives reports as files, to whoever may ask for them as fields: all of them to a role
// for the whole book, and those of a customer to a caller who is bound to it.
type reportFiles struct{ fileServer }

// reportsFor lists the reports that the caller may have: a token for one customer has those about it.
func reportsFor(ctx context.Context) []reports.Report {
	return slices.DeleteFunc(reports.All(), func(r reports.Report) bool { return forOneCustomer(ctx) && !r.OfCustomer })
}

// list answers which reports there are, what they ask and what is in their columns.
func (s reportFiles) list(w http.ResponseWriter, r *http.Request) {
	type listed struct {
		Name       string              `json:"name"`
		Title      string              `json:"title"`
		About      string              `json:"about"`
		Basis      string              `json:"basis,omitempty"`
		Path       string              `json:"path"`
		Parameters []reports.Parameter `json:"parameters"`
		Columns    []reports.Column    `json:"columns"`
	}
	all := []listed{}
	for _, of := range reportsFor(r.Context()) {
		all = append(all, listed{
			of.Name, of.Title, of.About, of.Basis, reportsPath + "/" + of.Name + ".csv", append([]reports.Parameter{}, of.Parameters...), append([]reports.Column{}, of.Columns...),
		})
	}
	sayJSON(w, http.StatusOK, map[string]any{"reports": all})
}

// Reports lists the same as a field.
func (queryResolver) Reports(ctx context.Context) ([]gen.ReportFile, error) {
	all := []gen.ReportFile{}
	for _, of := range reportsFor(ctx) {
		path := reportsPath + "/" + of.Name + "."
		shown := gen.ReportFile{
			Name: of.Name, Title: of.Title, About: of.About, Basis: text(of.Basis), CSVPath: path + string(reports.CSV), JSONLinesPath: path + string(reports.JSONL),
			OfNowAlone: text(of.Now), Parameters: []gen.ReportFileParameter{}, Columns: []gen.ReportFileColumn{},
		}
		for _, p := range of.Parameters {
			shown.Parameters = append(shown.Parameters, gen.ReportFileParameter{
				Name: p.Name, Kind: string(p.Kind), About: p.About, Required: p.Required, Default: text(p.Default), Values: append([]string{}, p.Values...),
			})
		}
		for _, c := range of.Columns {
			shown.Columns = append(shown.Columns, gen.ReportFileColumn{Name: c.Name, Kind: string(c.Kind), About: c.About, CurrencyIn: text(c.In), Total: c.Total})
		}
		all = append(all, shown)
	}
	return all, nil
}

// ServeHTTP answers GET of a report as a file.
func (s reportFiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !onlyReads(w, r) {
		return
	}
	if refused := s.turnAway(r); refused != nil {
		s.refuse(w, r, refused)
		return
	}
	if r.PathValue("file") == "" {
		s.list(w, r)
		return
	}
	asked, format, err := reportNamed(r)
	if err == nil && forOneCustomer(r.Context()) && !asked.OfCustomer {
		err = &books.Error{Code: books.Forbidden, Message: "the report is of the whole book, which a token for one customer may not read"}
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), reportTime)
	defer cancel()
	text, args, err := s.write(ctx, r, asked, format)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	sum := sha256.Sum256(text)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(reportTime)) // a recorder of tests has none
	saved(w, asked.Name+"."+string(format), format.MediaType())
	tagged(w, sum[:])
	w.Header().Set("Cache-Control", "private, no-cache")
	if asOf := args.Instant(reports.AsOf.Name); !asOf.IsZero() {
		w.Header().Set("Drawdown-As-Of", asOf.Format(time.RFC3339Nano))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// reportNamed returns what the path asks for: NAME.csv or NAME.jsonl. Errors: NOT_FOUND, INVALID.
func reportNamed(r *http.Request) (reports.Report, reports.Format, error) {
	parts := strings.SplitN(r.PathValue("file"), ".", reportFileParts)
	asked, err := reports.Find(parts[0])
	if err != nil {
		return asked, "", err
	}
	format := reports.CSV
	if len(parts) == reportFileParts {
		format = reports.Format(parts[1])
	}
	for _, known := range reports.Formats() {
		if format == known {
			return asked, format, nil
		}
	}
	return asked, format, &books.Error{Code: books.Invalid, Field: "report", Message: "ends in .csv or .jsonl, not in " + clip(string(format))}
}

// write makes the file, whole: a report that fails halfway is not sent as if it were one.
func (s reportFiles) write(ctx context.Context, r *http.Request, asked reports.Report, format reports.Format) ([]byte, reports.Args, error) {
	given, err := queryOnce(r)
	if err != nil {
		return nil, reports.Args{}, err
	}
	args, err := asked.Parse(s.books, given)
	if err != nil {
		return nil, args, err
	}
	to := &bounded{most: reportMaxBytes}
	err = s.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		_, err := asked.File(ctx, s.books, tx, args, format, to)
		return err
	})
	return to.Bytes(), args, err
}

// bounded keeps what is written, up to a limit.
type bounded struct {
	bytes.Buffer
	most int
}

// Write refuses what is beyond the limit.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, &books.Error{Code: books.TooLarge, Field: "report", Message: "has more bytes than the server sends: ask for a shorter span, or use drawdown report"}
	}
	return b.Buffer.Write(p)
}
