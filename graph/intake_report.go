package graph

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"drawdown/internal/books"
)

// usageReport writes the answer to a stream of usage while the stream is read:
//
//	application/json      {"outcomes":[…],"recorded":2,"duplicates":0,"rejected":1}
//	application/x-ndjson  a line for each outcome, and one of the rest at the end
//
// The status goes out with the first bytes, so what ends a request later is told as
// "stopped" beside the sums.
type usageReport struct {
	w       http.ResponseWriter
	control *http.ResponseController
	lines   bool // NDJSON
	all     bool // outcomes of events that are recorded too

	buffer []byte
	begun  bool  // the status is sent
	listed bool  // an outcome was written
	err    error // the sender does not read

	recorded, duplicates, rejected int64
}

// reportBuffer is how much of a JSON answer is kept back: as long as it is, the status
// still can say what went wrong.
const reportBuffer = 64 << 10

// stopped says why a request was not read to its end, and where what was not answered
// for begins: send it again from there.
type stopped struct {
	Code          books.Code `json:"code"`
	Message       string     `json:"message"`
	Line          int        `json:"line"`
	Index         int        `json:"index"`
	RetryAfter    int        `json:"retryAfter,omitempty"` // seconds
	CorrelationID string     `json:"correlationId,omitempty"`
}

// status is that of a request of which nothing was answered for.
func (s stopped) status() int {
	switch s.Code {
	case books.TooLarge:
		return http.StatusRequestEntityTooLarge
	case books.Overloaded:
		return http.StatusTooManyRequests
	case books.Unavailable:
		return http.StatusServiceUnavailable
	case books.Internal:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// outcome adds what became of an event.
func (p *usageReport) outcome(line, index int, outcome *books.UsageOutcome) {
	switch outcome.Status {
	case books.Recorded:
		p.recorded++
	case books.Duplicate:
		p.duplicates++
	case books.Rejected:
		p.rejected++
	}
	if !p.all && outcome.Status != books.Rejected {
		return
	}
	b := p.buffer
	switch {
	case p.lines:
	case p.listed:
		b = append(b, ',')
	default:
		b = append(b, `{"outcomes":[`...)
	}
	p.listed = true
	b = append(b, `{"line":`...)
	b = strconv.AppendInt(b, int64(line), 10)
	b = append(b, `,"index":`...)
	b = strconv.AppendInt(b, int64(index), 10)
	b = append(b, `,"status":"`...)
	b = append(b, outcome.Status...)
	b = append(b, '"')
	b = appendText(b, "source", outcome.Source)
	b = appendText(b, "id", outcome.ID)
	if outcome.Reason != nil {
		b = appendText(b, "code", string(outcome.Reason.Code))
		b = appendText(b, "field", outcome.Reason.Field)
		b = appendText(b, "message", outcome.Reason.Message)
	}
	b = append(b, '}')
	if p.lines {
		b = append(b, '\n')
	}
	p.buffer = b
}

// appendText adds a member that is a string, unless it is empty.
func appendText(b []byte, key, text string) []byte {
	if text == "" {
		return b
	}
	b = append(b, `,"`...)
	b = append(b, key...)
	b = append(b, `":`...)
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(text)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// flush sends what there is: lines at once, for their sender waits for them.
func (p *usageReport) flush() error {
	if len(p.buffer) > 0 && (p.lines || len(p.buffer) > reportBuffer) {
		p.send(http.StatusOK)
	}
	return p.err
}

func (p *usageReport) send(status int) {
	if !p.begun {
		p.begun = true
		media := mediaJSON
		if p.lines {
			media = mediaNDJSON
		}
		p.w.Header().Set("Content-Type", media+"; charset=utf-8")
		p.w.WriteHeader(status)
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(intakeWriteTime)) // a recorder of tests has none
	_, err := p.w.Write(p.buffer)
	if err == nil {
		err = p.control.Flush()
	}
	if p.err == nil {
		p.err = err
	}
	p.buffer = p.buffer[:0]
}

// end writes the sums, and why the request was not read to its end. A status of 0 is that
// of the reason, where nothing was answered for.
func (p *usageReport) end(why *stopped, status int) {
	b := p.buffer
	switch {
	case p.lines:
		b = append(b, '{')
	case p.listed:
		b = append(b, `],`...)
	default:
		b = append(b, `{"outcomes":[],`...)
	}
	b = append(b, `"recorded":`...)
	b = strconv.AppendInt(b, p.recorded, 10)
	b = append(b, `,"duplicates":`...)
	b = strconv.AppendInt(b, p.duplicates, 10)
	b = append(b, `,"rejected":`...)
	b = strconv.AppendInt(b, p.rejected, 10)
	if why != nil {
		if said, err := json.Marshal(why); err == nil {
			b = append(append(b, `,"stopped":`...), said...)
		}
		if !p.begun { // what is left of the body is not worth a connection
			p.w.Header().Set("Connection", "close")
		}
		if why.RetryAfter > 0 && !p.begun {
			p.w.Header().Set("Retry-After", strconv.Itoa(why.RetryAfter))
		}
		if status == 0 && p.recorded+p.duplicates+p.rejected == 0 {
			status = why.status()
		}
	}
	if status == 0 {
		status = http.StatusOK
	}
	b = append(b, "}\n"...)
	p.buffer = b
	p.send(status)
	_ = p.control.SetWriteDeadline(time.Time{}) // of the next request on the connection
}
