package export

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// RefusalError is one reason why a journal cannot be written under a profile. Nothing is ever
// rounded, cut or guessed instead.
type RefusalError struct {
	Code    string `json:"code"`
	Entry   string `json:"entry"`   // the first entry it is about; "" for the book as a whole
	Line    int    `json:"line"`    // the first line of it; 0 for the entry as a whole
	Entries int64  `json:"entries"` // how many entries it is about, as far as they were counted
	Field   string `json:"field"`   // of the journal: account, customer, amount
	Value   string `json:"value"`
	Message string `json:"message"` // what would be right
}

// The codes of refusals.
const (
	UnmappedAccount   = "UNMAPPED_ACCOUNT"   // no rule for the role on the entry's accounting date
	UnmappedDimension = "UNMAPPED_DIMENSION" // no rule for the value, and the profile does not pass it on
	TooLong           = "TOO_LONG"           // a text that may not be cut: a number, an account, a dimension
	BadText           = "BAD_TEXT"           // such a text holds what the target cannot read
	TooManyDecimals   = "TOO_MANY_DECIMALS"  // an amount that would have to be rounded
	AmountTooLarge    = "AMOUNT_TOO_LARGE"   // an amount beyond what the target takes
	EntryTooLarge     = "ENTRY_TOO_LARGE"    // an entry that alone is beyond the limits of a file
	NoSingleRate      = "NO_SINGLE_RATE"     // lines at different rates, where the target takes one for the entry
	WrongProfile      = "WRONG_PROFILE"      // a field of a profile that an earlier version took
	MissingDimension  = "MISSING_DIMENSION"  // a line without a value that the target requires
)

func (r RefusalError) Error() string {
	where := r.Entry
	switch {
	case r.Code == WrongProfile:
		where = "the profile"
	case r.Entry == "":
		where = "the book"
	case r.Line != 0:
		where = LineID(r.Entry, r.Line)
	}
	code := r.Code
	if r.Entries > 1 {
		code += ", " + strconv.FormatInt(r.Entries, 10) + " entries"
	}
	return fmt.Sprintf("%s: %s %q %s (%s)", where, r.Field, r.Value, r.Message, code)
}

// RefusedError is a journal that cannot be written, with everything that stands in the way.
type RefusedError struct {
	Refusals []RefusalError
	More     int64 // refusals beyond those listed; what is not mapped is always listed in full
}

// shownRefusals bounds what an error message repeats; the list holds them all.
const shownRefusals = 20

func (r RefusedError) Error() string {
	var b strings.Builder
	b.WriteString("the journal cannot be exported under this profile:")
	for i, refusal := range r.Refusals {
		if i == shownRefusals {
			_, _ = fmt.Fprintf(&b, "\nand %d more", int64(len(r.Refusals)-i)+r.More)
			break
		}
		b.WriteString("\n" + refusal.Error())
	}
	return b.String()
}

// refuse is a refusal about a line of the entry, or about all of it where line is 0.
func refuse(e Entry, line int, code, field, value, message string) RefusalError {
	return RefusalError{Code: code, Entry: e.Code, Line: line, Entries: 1, Field: field, Value: value, Message: message}
}

// asRefusals returns the refusals that the error is made of, and whether it is.
func asRefusals(err error) ([]RefusalError, bool) {
	var many RefusedError
	if errors.As(err, &many) {
		return many.Refusals, true
	}
	var one RefusalError
	if errors.As(err, &one) {
		return []RefusalError{one}, true
	}
	return nil, false
}
