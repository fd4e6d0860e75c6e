package scenario

import (
	"context"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// File is a scenario as it was read.
type File struct {
	Name     string // the path it was read from
	ID       string // the name of the file without its ending, where it says none
	Title    string
	Source   string
	Note     string
	Currency ledger.Currency // functional
	Zone     *time.Location
	Policies []NamedPolicy // in order of the file
	Meters   []NamedRate   // in order of the file
	Steps    []Step        // in order of play
}

// NamedPolicy is a credit policy under the name that steps call it by.
type NamedPolicy struct {
	Name string
	revrec.Policy
}

// Step is one act or one expectation.
type Step struct {
	Number int       // from 1, in order of the file
	Line   int       // from 1, where the step begins
	At     time.Time // zero: the clock stays where it is
	Fails  books.Code
	Verb   string
	act    act
}

// act is what a step does. An error that is a *books.Error is a refusal, which a step
// may expect; any other is a fault and ends the play.
type act interface {
	play(ctx context.Context, p *player, step Step) error
}

// The limits of a file. A scenario is a page for a reader; these leave room for
// generated ones and keep a mistaken argument (a video, say) out of memory.
const (
	maxFileBytes = 4 << 20
	maxSteps     = 20_000
	maxTextBytes = 10_000
)
