package export

import (
	"bufio"
	"encoding/json"
	"io"
	"time"
)

// jsonEntry is one line of the JSON Lines file. The keys stand in this order.
type jsonEntry struct {
	Entry          int64      `json:"entry"`
	Kind           string     `json:"kind"`
	AccountingDate string     `json:"accounting_date"`
	OccurredOn     string     `json:"occurred_on"`
	PostedAt       string     `json:"posted_at"` // RFC 3339 in UTC
	Batch          string     `json:"batch"`
	Reference      string     `json:"reference"`
	Description    string     `json:"description"`
	Lines          []jsonLine `json:"lines"`
}

// jsonLine is one posting.
type jsonLine struct {
	Line int `json:"line"`
	jsonPosting
}

// jsonPosting is what a posting says. Amounts are signed, debit positive: as a decimal string in
// major units for people, as whole minor units for programs.
type jsonPosting struct {
	Account              string `json:"account"`
	Amount               string `json:"amount"`
	Currency             string `json:"currency"`
	MinorUnits           int64  `json:"minor_units"`
	FunctionalAmount     string `json:"functional_amount"`
	FunctionalCurrency   string `json:"functional_currency"`
	FunctionalMinorUnits int64  `json:"functional_minor_units"`
	Customer             string `json:"customer"`
	Policy               string `json:"policy"`
	Pack                 string `json:"pack"`
}

// jsonlEncoder writes one object a line, UTF-8, LF, every key always there.
type jsonlEncoder struct {
	w      *bufio.Writer
	json   *json.Encoder
	scribe *scribe
}

func newJSONL(w io.Writer, s *scribe) *jsonlEncoder {
	buffered, encoder := newJSONEncoder(w)
	return &jsonlEncoder{w: buffered, json: encoder, scribe: s}
}

// newJSONEncoder writes values in JSON to w, a line each, once what is returned before it is flushed.
func newJSONEncoder(w io.Writer) (*bufio.Writer, *json.Encoder) {
	buffered := bufio.NewWriterSize(w, flushAt)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	return buffered, encoder
}

func (s *scribe) posting(line Line) jsonPosting {
	return jsonPosting{
		Account:              string(line.Role),
		Amount:               line.Amount.Text(),
		Currency:             string(line.Amount.Currency),
		MinorUnits:           line.Amount.Minor,
		FunctionalAmount:     line.Functional.Text(),
		FunctionalCurrency:   string(line.Functional.Currency),
		FunctionalMinorUnits: line.Functional.Minor,
		Customer:             s.valid(line.Dimensions.Customer),
		Policy:               s.valid(line.Dimensions.Policy),
		Pack:                 s.valid(line.Dimensions.Pack),
	}
}

func (j *jsonlEncoder) Begin(Header) error { return nil }

func (j *jsonlEncoder) Entry(entry Entry) error {
	out := jsonEntry{
		Entry:          entry.Number,
		Kind:           string(entry.Kind),
		AccountingDate: entry.AccountingDate.String(),
		OccurredOn:     entry.OccurredOn.String(),
		PostedAt:       entry.PostedAt.UTC().Format(time.RFC3339Nano),
		Batch:          entry.Batch,
		Reference:      j.scribe.valid(entry.Reference),
		Description:    j.scribe.valid(entry.Description),
		Lines:          make([]jsonLine, len(entry.Lines)),
	}
	for i, line := range entry.Lines {
		out.Lines[i] = jsonLine{line.Number, j.scribe.posting(line)}
	}
	return j.json.Encode(out)
}

func (j *jsonlEncoder) End() error { return j.w.Flush() }
