package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"drawdown/internal/books"
)

// The exit codes, of every command.
const (
	success     = 0
	problems    = 1   // the work was done and found problems: rows rejected, an expectation that did not hold, a book that differs
	usage       = 2   // the command line or a file is not what it must be; nothing was done with it
	database    = 3   // the database is not there, busy, or cannot be used
	internal    = 4   // a fault of ours
	interrupted = 130 // stopped by a signal
)

const exitHelp = `Exit codes:
  0    done
  1    done, and problems were found: rows rejected, an expectation that did not
       hold, a book that differs from what it derives from
  2    the command line or a file is not what it must be
  3    the database is not there, is busy, or cannot be used
  4    a fault of the program
  130  stopped by a signal`

// exitError is an error with the exit code that it calls for.
type exitError struct {
	code  int
	cause error // nil where everything was said already
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

// badUsage is an error about the command line or a file named on it.
func badUsage(format string, args ...any) error {
	return &exitError{usage, fmt.Errorf(format, args...)}
}

// errFound ends a command that has said what problems it found.
var errFound = &exitError{problems, nil}

type faultError struct{ fault any }

func (f *faultError) Error() string {
	return fmt.Sprintf("this is a fault of the program, please report it: %v", f.fault)
}

// fail tells the user what went wrong, in one sentence, and returns the exit code.
func (p *program) fail(err error) int {
	if err == nil {
		return success
	}
	code := codeOf(err)
	if text := sentence(err); text != "" {
		p.say("drawdown: %s", text)
	}
	return code
}

func codeOf(err error) int {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	var refused *books.Error
	if errors.As(err, &refused) {
		switch {
		case refused.Code == books.Unavailable, refused.Code == books.Overloaded, refused.Code == books.JobRunning, refused.Code == books.LeaseLost,
			refused.Code == books.NotFound && refused.Field == "db":
			return database
		case refused.Code == books.Internal:
			return internal
		}
		return usage
	}
	if errors.Is(err, context.Canceled) {
		return interrupted
	}
	return internal
}

// flagOf names the flag that a field of a refusal came from.
var flagOf = map[string]string{"db": "--db", "currency": "--currency", "timezone": "--timezone", "through": "--through", "last-entry": "--last-entry", "number": "--number", "target": "--target", "proof": "--proof"}

// sentence says what went wrong on one line.
func sentence(err error) string {
	var refused *books.Error
	text := err.Error()
	if errors.As(err, &refused) {
		text = refused.Error()
		if flag, known := flagOf[refused.Field]; known {
			text = flag + ": " + refused.Message
		}
		if refused.Cause != nil && (refused.Code == books.Unavailable || refused.Code == books.Internal) {
			text += ": " + refused.Cause.Error()
		}
	} else if errors.Is(err, context.Canceled) {
		text = "stopped"
	}
	return strings.Join(strings.Fields(text), " ")
}
