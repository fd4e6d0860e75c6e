package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Result is what became of one file.
type Result struct {
	File     string    `json:"file"`
	ID       string    `json:"id"`
	Title    string    `json:"title,omitempty"`
	OK       bool      `json:"ok"`
	Steps    int       `json:"steps"`
	Failures []Failure `json:"failures"`
	// Problems are what keeps the file from being a scenario; it was not played then.
	Problems ParseErrors `json:"problems,omitempty"`
	// Fault is what stopped the play from outside, such as a database that is away.
	Fault string `json:"fault,omitempty"`
}

// Failure is an expectation that did not hold, or a step that did not end as it must.
type Failure struct {
	Step     int    `json:"step"`    // from 1
	Line     int    `json:"line"`    // from 1
	Account  string `json:"account"` // or what else was looked at
	Expected string `json:"expected"`
	Got      string `json:"got"`
	Where    string `json:"where,omitempty"` // a period, say
}

// Text returns the failure as a line: `file:step: account expected X got Y`.
func (f Failure) Text(file string) string {
	where := fmt.Sprintf("line %d", f.Line)
	if f.Where != "" {
		where = f.Where + ", " + where
	}
	return fmt.Sprintf("%s:%d: %s expected %s got %s (%s)", file, f.Step, f.Account, f.Expected, f.Got, where)
}

// The exit statuses of a play.
const (
	AllHeld     = 0 // every expectation of every file held
	SomeFailed  = 1 // at least one did not
	NotScenario = 2 // a file is not a scenario
)

// ExitStatus returns the exit status of the results: NotScenario where a file is none,
// otherwise SomeFailed where something did not hold, otherwise AllHeld.
func ExitStatus(results []*Result) int {
	status := AllHeld
	for _, result := range results {
		switch {
		case len(result.Problems) > 0:
			return NotScenario
		case !result.OK:
			status = SomeFailed
		}
	}
	return status
}

// Report prints a line per file, `ok ID` or `not ok ID`, beneath it what did not hold,
// and a count; or all of it as JSON.
func Report(w io.Writer, results []*Result, asJSON bool) error {
	held := 0
	for _, result := range results {
		if result.OK {
			held++
		}
	}
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if results == nil {
			results = []*Result{}
		}
		return encoder.Encode(struct {
			Results []*Result `json:"results"`
			OK      int       `json:"ok"`
			NotOK   int       `json:"notOk"`
		}{results, held, len(results) - held})
	}
	out := &printer{w: w}
	for _, result := range results {
		word := "ok"
		if !result.OK {
			word = "not ok"
		}
		out.line("%s %s", word, result.ID)
		for _, problem := range result.Problems {
			out.line("  %s", problem)
		}
		for _, failure := range result.Failures {
			out.line("  %s", failure.Text(result.File))
		}
		if result.Fault != "" {
			out.line("  %s", result.Fault)
		}
	}
	out.line("%d ok, %d not ok", held, len(results)-held)
	return out.err
}

// printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// RunFiles plays each file on a fresh book, reports to out and returns the exit status.
// A file that is no scenario does not keep the others from playing.
func RunFiles(ctx context.Context, paths []string, open Opener, out, errOut io.Writer, asJSON bool) int {
	results := make([]*Result, 0, len(paths))
	for _, path := range paths {
		results = append(results, runFile(ctx, path, open))
	}
	if err := Report(out, results, asJSON); err != nil {
		_, _ = fmt.Fprintf(errOut, "writing the report: %v\n", err) // nobody is left to tell
		return max(SomeFailed, ExitStatus(results))
	}
	return ExitStatus(results)
}

func runFile(ctx context.Context, path string, open Opener) *Result {
	none := &Result{File: path, ID: path, Failures: []Failure{}}
	src, err := readFile(path)
	if err != nil {
		none.Problems = ParseErrors{{File: path, Line: 1, Text: err.Error()}}
		return none
	}
	file, err := Parse(path, src)
	var problems ParseErrors
	if errors.As(err, &problems) {
		none.Problems = problems
		return none
	}
	result, err := Play(ctx, file, open)
	if err != nil {
		none.ID, none.Title, none.Steps, none.Fault = file.ID, file.Title, len(file.Steps), err.Error()
		return none
	}
	return result
}

// readFile reads no more of a file than Parse takes.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", errors.Unwrap(err))
	}
	defer func() { _ = file.Close() }() // it was only read
	src, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return src, nil
}
