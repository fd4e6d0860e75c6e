package estimate

import "errors"

// errNotYet stands where the projection will.
var errNotYet = errors.New("no method yet")

// Run estimates breakage from the history.
// Errors: InvalidError, ErrTooManyCredits, ThinError (with a Result that shows why).
func Run(_ History, _ Parameters) (Result, error) { return Result{}, errNotYet }
