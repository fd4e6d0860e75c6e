package main

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// isCurrency refuses what is no currency. One that was withdrawn is the book's to refuse:
// books outlive currencies.
func isCurrency(code string) error {
	if _, err := ledger.ParseCurrency(code); err != nil && !ledger.Currency(code).Withdrawn() {
		return err
	}
	return nil
}

func isRole(text string) error {
	if _, err := books.ParseRole(text); err != nil {
		return fmt.Errorf("must be one of %s, not %q", roleWords(), text)
	}
	return nil
}

func isZone(name string) error {
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return fmt.Errorf("%q is not an IANA time zone such as UTC or Europe/Berlin", name)
	}
	return nil
}

func isDay(text string) error {
	_, err := ledger.ParseDate(text)
	return err
}

func isWebURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Errorf("must be like %s, not %q", defaultHealthURL, text)
	}
	return nil
}

// atLeastOne is the check of a count.
func atLeastOne(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 {
		return fmt.Errorf("must be 1 or more, not %s", text)
	}
	return nil
}

// isAttachmentSize refuses what no attachment may have, in KiB.
func isAttachmentSize(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > books.LargestAttachmentBytes>>10 {
		return fmt.Errorf("must be 1 to %d, not %s", books.LargestAttachmentBytes>>10, text)
	}
	return nil
}

// isNumber is the check of the number of an entry or a batch.
func isNumber(text string) error {
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 1 {
		return fmt.Errorf("must be 1 or more, not %s", text)
	}
	return nil
}

// positive is the check of a length of time.
func positive(text string) error {
	if d, err := time.ParseDuration(text); err != nil || d <= 0 {
		return errors.New("must be more than 0s")
	}
	return nil
}

// notNegative is the check of a length of time that may be none.
func notNegative(text string) error {
	if d, err := time.ParseDuration(text); err != nil || d < 0 {
		return errors.New("must be 0s or more")
	}
	return nil
}

// between is the check of a length of time that has bounds.
func between(text string, least, most time.Duration) error {
	if d, err := time.ParseDuration(text); err != nil || d < least || d > most {
		return fmt.Errorf("must be %s to %s, not %s", least, most, text)
	}
	return nil
}

// numberBetween is the check of a count that has bounds.
func numberBetween(text string, least, most int) error {
	if n, err := strconv.Atoi(text); err != nil || n < least || n > most {
		return fmt.Errorf("must be %d to %d, not %s", least, most, text)
	}
	return nil
}
