package export

import (
	"bufio"
	"encoding/json"
	"io"
	"time"
)

// jsonDetail is one posting with what its entry says, so that a line of the file needs no other.
// The keys stand in this order.
type jsonDetail struct {
	Entry          int64  `json:"entry"`
	Line           int    `json:"line"`
	Kind           string `json:"kind"`
	AccountingDate string `json:"accounting_date"`
	OccurredOn     string `json:"occurred_on"`
	PostedAt       string `json:"posted_at"` // RFC 3339 in UTC
	jsonPosting
	Batch       string `json:"batch"`
	Reference   string `json:"reference"`
	Description string `json:"description"`
}

// jsonLinesEncoder writes one object for each line of the journal, UTF-8, LF, every key always
// there.
type jsonLinesEncoder struct {
	w      *bufio.Writer
	json   *json.Encoder
	scribe *scribe
}

func newJSONLines(w io.Writer, s *scribe) *jsonLinesEncoder {
	buffered, encoder := newJSONEncoder(w)
	return &jsonLinesEncoder{w: buffered, json: encoder, scribe: s}
}

func (j *jsonLinesEncoder) Begin(Header) error { return nil }

func (j *jsonLinesEncoder) Entry(entry Entry) error {
	detail := jsonDetail{
		Entry:          entry.Number,
		Kind:           string(entry.Kind),
		AccountingDate: entry.AccountingDate.String(),
		OccurredOn:     entry.OccurredOn.String(),
		PostedAt:       entry.PostedAt.UTC().Format(time.RFC3339Nano),
		Batch:          entry.Batch,
	}
	for _, line := range entry.Lines {
		detail.Line, detail.jsonPosting = line.Number, j.scribe.posting(line)
		detail.Reference, detail.Description = j.scribe.valid(entry.Reference), j.scribe.valid(entry.Description)
		if err := j.json.Encode(&detail); err != nil {
			return err
		}
	}
	return nil
}

func (j *jsonLinesEncoder) End() error { return j.w.Flush() }
