package estimate

import (
	"errors"
	"fmt"
	"strings"
)

// InvalidError says which field of a history or of parameters cannot be.
type InvalidError struct {
	Field   string // a path such as "records[3].used"
	Message string // reads on from the field
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

// ErrTooManyCredits says that the credits of a history do not add up in 64 bits.
var ErrTooManyCredits = errors.New("more credits than can be added up")

// ThinError says that there is too little history for an estimate. The Result beside it has
// the triangle and all findings.
type ThinError struct {
	Findings []Finding // those that block
}

func (e *ThinError) Error() string {
	parts := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		parts[i] = fmt.Sprintf("%s is %s, threshold %s", f.Check, f.Figure, f.Threshold)
	}
	return "too little history for an estimate: " + strings.Join(parts, "; ")
}
