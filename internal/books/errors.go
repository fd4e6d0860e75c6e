package books

import (
	"errors"
	"fmt"
	"time"
)

// Code names a refusal. GraphQL, HTTP and the command line share this one table.
type Code string

// The codes.
const (
	NotFound            Code = "NOT_FOUND"            // what is named does not exist
	AlreadyExists       Code = "ALREADY_EXISTS"       // its code or id is taken
	Invalid             Code = "INVALID"              // a value that is none: malformed, out of range, contradictory
	TooLarge            Code = "TOO_LARGE"            // beyond a limit
	IdempotencyConflict Code = "IDEMPOTENCY_CONFLICT" // the key was used for another request
	InsufficientCredits Code = "INSUFFICIENT_CREDITS" // the balance does not cover the use
	EventConflict       Code = "EVENT_CONFLICT"       // the event's source and id name another event
	TooLate             Code = "TOO_LATE"             // the lots in force then accept no more use
	ShortExpiry         Code = "SHORT_EXPIRY"         // credits would lapse within 30 days, and nobody said why
	AlreadyRefunded     Code = "ALREADY_REFUNDED"     // a purchase is refunded once
	AmountExceedsPrice  Code = "AMOUNT_EXCEEDS_PRICE" // a refund or a chargeback takes at most what was paid and not given back, a payment what is outstanding
	AmountExceedsOwed   Code = "AMOUNT_EXCEEDS_OWED"  // an authority is paid at most what is owed to it
	PaidOver            Code = "PAID_OVER"            // what the law claims of the credits was paid over to the authority
	NotPaid             Code = "NOT_PAID"             // the purchase is not paid
	Disputed            Code = "DISPUTED"             // a chargeback of the purchase is open
	NotDisputed         Code = "NOT_DISPUTED"         // no chargeback of it is open
	Lapsed              Code = "LAPSED"               // the credits have lapsed
	NotLapsed           Code = "NOT_LAPSED"           // the credits have not lapsed
	CreditsBlocked      Code = "CREDITS_BLOCKED"      // a chargeback of the credits is open
	BudgetExceeded      Code = "BUDGET_EXCEEDED"      // a hard budget does not cover the use
	CreditsHeld         Code = "CREDITS_HELD"         // a hold keeps the credits
	HoldEnded           Code = "HOLD_ENDED"           // the hold was captured or released, or is over
	AlreadyPaid         Code = "ALREADY_PAID"         // the purchase is paid
	PartlyPaid          Code = "PARTLY_PAID"          // a part of the purchase is paid
	PackRetired         Code = "PACK_RETIRED"         // the pack is not for sale then
	AlreadyVoided       Code = "ALREADY_VOIDED"       // the event, or the purchase, is void
	PeriodClosed        Code = "PERIOD_CLOSED"        // the period takes no more
	PeriodOpen          Code = "PERIOD_OPEN"          // the period is not closed
	PeriodNotOver       Code = "PERIOD_NOT_OVER"      // its last day has not ended
	PeriodOutOfOrder    Code = "PERIOD_OUT_OF_ORDER"  // an earlier period is still open
	CloseChecksFailed   Code = "CLOSE_CHECKS_FAILED"  // something must be booked or done before a period closes, or opens again
	NoSealKey           Code = "NO_SEAL_KEY"          // the server has no key to sign the seal of a period with
	SealFailed          Code = "SEAL_FAILED"          // the key did not sign the seal of a period
	ControlMismatch     Code = "CONTROL_MISMATCH"     // a file does not add up to its control totals
	NothingToExport     Code = "NOTHING_TO_EXPORT"    // the target has all entries
	TargetEnded         Code = "TARGET_ENDED"         // no batch is made for the target any more
	NotSealed           Code = "NOT_SEALED"           // the files of the batch are not written
	JobRunning          Code = "JOB_RUNNING"          // another run of the job holds its lease
	LeaseLost           Code = "LEASE_LOST"           // another run took the lease; this one stopped
	RateLimited         Code = "RATE_LIMITED"         // the caller asked more than its share: try again after RetryAfter
	Overloaded          Code = "OVERLOADED"           // more waits than can be taken: try again after RetryAfter
	Unauthenticated     Code = "UNAUTHENTICATED"      // nobody said who is calling, or what they said does not hold
	Forbidden           Code = "FORBIDDEN"            // the caller's roles do not allow it
	AlreadyDecided      Code = "ALREADY_DECIDED"      // the proposal was approved or rejected
	FileChanged         Code = "FILE_CHANGED"         // the file of what is decided is not the one that was looked at
	AttachmentTooLarge  Code = "ATTACHMENT_TOO_LARGE" // an attachment has too many bytes, or is one too many
	HistoryTooThin      Code = "HISTORY_TOO_THIN"     // there is too little history for an estimate
	ControlAccount      Code = "CONTROL_ACCOUNT"      // lots, pools and purchases say what is on the account, and nobody said why it is to differ
	AlreadyReversed     Code = "ALREADY_REVERSED"     // an entry is reversed once
	SamePerson          Code = "SAME_PERSON"          // who proposed an act may not approve it
	Unavailable         Code = "UNAVAILABLE"          // the database is busy or away: try again
	Internal            Code = "INTERNAL"             // a fault of ours

	PersistedQueryNotFound Code = "PERSISTED_QUERY_NOT_FOUND" // no document is known by the hash: send it with its text
	DocumentNotTrusted     Code = "DOCUMENT_NOT_TRUSTED"      // the server runs trusted documents alone
)

// Error is a refusal, or a fault, as callers see it.
type Error struct {
	Code    Code
	Field   string // a path into the request such as "input.credits"; "" where none is to blame
	Message string // what is wrong and what would be right
	Cause   error  // for the log alone
	// RetryAfter is when the same request may succeed, in whole seconds; 0 where nobody knows.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Field + ": " + e.Message
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of an error: Internal for one that is not an *Error.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

func refuse(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}
