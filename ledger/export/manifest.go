package export

import (
	"bytes"
	"encoding/json"

	"drawdown/ledger"
)

// ManifestVersion is the version of the form of a manifest.
const ManifestVersion = 1

// Manifest says what an export holds: enough to see in the target that all of it arrived,
// and in the book that it is what was posted.
type Manifest struct {
	Version  int             `json:"version"`
	Batch    int64           `json:"batch"` // number of the export batch; 0 where it has none
	Format   Format          `json:"format"`
	Mode     Mode            `json:"mode"`
	Profile  ProfileRef      `json:"profile"`
	From     ledger.Date     `json:"from"` // accounting dates, both included; "" is open. Those of a batch are the first and the last of its entries
	To       ledger.Date     `json:"to"`
	Entries  int64           `json:"entries"` // of the journal
	Lines    int64           `json:"lines"`
	First    int64           `json:"first_entry"` // numbers; 0 where there are no entries
	Last     int64           `json:"last_entry"`
	Totals   []Total         `json:"totals"`            // of the journal, by currency
	InBook   []Total         `json:"functional_totals"` // the same in the functional currency
	Accounts []AccountTotal  `json:"accounts"`
	Written  Written         `json:"written"`
	Files    []File          `json:"files"`
	Cleaned  Sanitised       `json:"sanitised"`
	Book     ledger.Currency `json:"functional_currency"`
}

// ProfileRef names a profile by its content.
type ProfileRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
}

// AccountTotal is what was debited and credited on an account in a currency.
type AccountTotal struct {
	Code       string      `json:"code"` // of the general ledger; "" where the format speaks of roles
	Name       string      `json:"name"`
	Role       ledger.Role `json:"role"`
	Total      Total       `json:"total"`
	Functional Total       `json:"functional"`
}

// Written counts what stands in the files where it is not the journal line by line.
type Written struct {
	Entries           int64 `json:"entries"`
	Lines             int64 `json:"lines"`
	ZeroLines         int64 `json:"zero_lines"`         // left out: they move nothing in the currency of the target
	ZeroEntries       int64 `json:"zero_entries"`       // left out: none of their lines moves anything
	FunctionalEntries int64 `json:"functional_entries"` // written in the functional currency, for no one rate fits them
}

// Sanitised counts the texts that could not be written as they are, once for each place where one is
// written. A text can lose several things, and counts under each.
type Sanitised struct {
	Blanks     int64 `json:"blanks"`     // at its beginning or its end
	Controls   int64 `json:"controls"`   // line breaks, control characters, marks of direction
	Separators int64 `json:"separators"` // characters that mean something in the format, such as those that part fields
	Formulas   int64 `json:"formulas"`   // what a spreadsheet would compute
	Characters int64 `json:"characters"` // what the encoding does not have, and bytes that are no UTF-8
	Cut        int64 `json:"cut"`        // longer than the target's field
}

// Any reports whether any text was changed.
func (s Sanitised) Any() bool { return s != Sanitised{} }

// JSON returns the manifest in its one form: keys in the order of the type, two spaces of
// indentation, LF, a line break at the end.
func (m Manifest) JSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(m); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
