package books

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Limits of what one request may say, each with its reason.
const (
	maxTextLength = 200  // ids, names and references of other systems: UUIDs, URLs, e-mail addresses
	maxCodeLength = 100  // codes are typed by people
	maxNoteLength = 2000 // a reason is a paragraph, not a file
	maxTiers      = 50   // a price list fits a page
	maxFXPlaces   = 10   // as revrec's rates

	// clockSkew is how far ahead of ours another machine's clock may be.
	clockSkew = 5 * time.Minute

	defaultPriority = 100
	maxPriority     = 1_000_000
)

// earliest is the first instant that anything may bear: credits are not older than the
// epoch in which all clocks agree.
var earliest = time.Unix(0, 0).UTC()

func checkText(field, value string, shortest, longest int) error {
	n := utf8.RuneCountInString(value)
	if n < shortest || n > longest {
		return refuse(Invalid, field, "must have %d to %d characters, not %d", shortest, longest, n)
	}
	if !isText(value) {
		return refuse(Invalid, field, "must be text without control characters, not %q", value)
	}
	return nil
}

// isText tells what can be a name from what names nothing, and what no database takes: half
// a character, or one that ends a text in SQL.
func isText(value string) bool {
	return utf8.ValidString(value) && !strings.ContainsFunc(value, unicode.IsControl)
}

func checkCode(field, value string) error {
	ok := len(value) >= 1 && len(value) <= maxCodeLength
	for _, r := range value {
		ok = ok && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	}
	if !ok {
		return refuse(Invalid, field, `must have 1 to %d of the characters a-z A-Z 0-9 . _ -, not %q`, maxCodeLength, clip(value))
	}
	return nil
}

// clip keeps a bad value short in a message.
func clip(value string) string {
	if len(value) <= 60 {
		return value
	}
	return strings.ToValidUTF8(value[:60], "") + "…"
}

// creditsOf checks a number of credits that must be more than nothing.
func creditsOf(field string, d decimal.Decimal) (revrec.Credits, error) {
	credits, err := creditsOrNone(field, d)
	if err == nil && credits == 0 {
		err = refuse(Invalid, field, "must be more than 0 credits, not %s", d)
	}
	return credits, err
}

// creditsOrNone checks a number of credits that may be zero.
func creditsOrNone(field string, d decimal.Decimal) (revrec.Credits, error) {
	if d.Sign() < 0 {
		return 0, refuse(Invalid, field, "must be more than 0 credits, not %s", clip(d.String()))
	}
	credits, err := revrec.CreditsOf(d)
	switch {
	case errors.Is(err, revrec.ErrTooManyCredits):
		return 0, refuse(TooLarge, field, "must be at most 1,000,000,000 credits, not %s", clip(d.String()))
	case err != nil:
		return 0, refuse(Invalid, field, "%s %v: credits are counted in millionths", clip(d.String()), err)
	}
	return credits, nil
}

// amountOf checks an amount of money that must not be negative.
func amountOf(field string, d decimal.Decimal, currency ledger.Currency) (ledger.Amount, error) {
	if d.Sign() < 0 {
		return ledger.Amount{}, refuse(Invalid, field, "must not be negative, but is %s", clip(d.String()))
	}
	amount, err := ledger.AmountOf(d, currency)
	switch {
	case errors.Is(err, ledger.ErrAmountTooLarge):
		return ledger.Amount{}, refuse(TooLarge, field, "%s %s %v", currency, clip(d.String()), err)
	case err != nil:
		return ledger.Amount{}, refuse(Invalid, field, "%s has %d decimals, more than the %d of %s",
			clip(d.String()), -d.Exponent(), currency.Exponent(), currency)
	}
	return amount, nil
}

// currencyOf checks a currency, the book's where empty.
func (b *Books) currencyOf(field string, currency ledger.Currency) (ledger.Currency, error) {
	if currency == "" {
		return b.book.Functional, nil
	}
	if !currency.Known() {
		return "", noCurrency(field, currency)
	}
	return currency, nil
}

func noCurrency(field string, currency ledger.Currency) error {
	return refuse(Invalid, field, "%q is not an ISO 4217 currency code such as USD", clip(string(currency)))
}

// instantOf checks when something happened, now where zero: not before the epoch, and
// not in the future beyond what clocks differ.
func (b *Books) instantOf(field string, at time.Time) (time.Time, error) {
	now := b.clock()
	if at.IsZero() {
		return now, nil
	}
	at = at.UTC().Truncate(time.Microsecond)
	if at.Before(earliest) {
		return at, refuse(Invalid, field, "must not be before 1970, but is %s", at.Format(time.RFC3339))
	}
	if at.After(now.Add(clockSkew)) {
		return at, refuse(Invalid, field, "must not be in the future, but is %s and it is %s", at.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return at, nil
}

// checkAsOf makes an instant as of which something is asked now where it is zero, and refuses one to come.
func (b *Books) checkAsOf(asOf *time.Time) error {
	now := b.clock()
	if asOf.IsZero() {
		*asOf = now
	}
	if asOf.After(now) {
		return refuse(Invalid, "asOf", "must not be in the future, but is %s", asOf.Format(time.RFC3339))
	}
	return nil
}

// checkTrimmed refuses a text that begins or ends with a blank.
func checkTrimmed(field, text string) error {
	if strings.TrimSpace(text) != text {
		return refuse(Invalid, field, "must not begin or end with a blank, but is %q", clip(text))
	}
	return nil
}

// checkBegun refuses to report on a day that has not begun at an instant.
func (b *Books) checkBegun(field string, day ledger.Date, at time.Time) error {
	if last := ledger.DateOf(at, b.zone); day > last {
		return refuse(Invalid, field, "must be a day that has begun, %s at the latest, not %s", last, day)
	}
	return nil
}

// checkMonthBegun refuses to report on a month that has not begun at an instant.
func (b *Books) checkMonthBegun(field string, month ledger.Period, at time.Time) error {
	if last := ledger.DateOf(at, b.zone).Period(); month > last {
		return refuse(Invalid, field, "must be a month that has begun, %s at the latest, not %s", last, month)
	}
	return nil
}

// lastBookable is the last accounting date under which something is booked: manual entries are booked ahead.
func (b *Books) lastBookable() ledger.Date { return b.today() + maxManualAhead }

// checkBookable refuses to report on accounting dates that begin after the last under which something is booked.
func (b *Books) checkBookable(field string, from ledger.Date) error {
	if last := b.lastBookable(); from > last {
		return refuse(Invalid, field, "must be %s at the latest, not %s: nothing is booked under later days", last, from)
	}
	return nil
}

// checkCurrency refuses to report on a currency that there is not. One that was withdrawn is reported on: books outlive
// currencies. "" is all.
func checkCurrency(field string, currency ledger.Currency) error {
	if currency == "" || currency.Known() || currency.Withdrawn() {
		return nil
	}
	return noCurrency(field, currency)
}

// ruleError turns a refusal of a rule into one of the book.
func ruleError(err error) error {
	var field *revrec.FieldError
	if !errors.As(err, &field) {
		return err
	}
	code := Invalid
	if field.ShortExpiry {
		code = ShortExpiry
	}
	return &Error{Code: code, Field: field.Field, Message: field.Problem}
}

// term is how long a lot serves: what a purchase or a grant says, else its policy.
type term struct {
	expiresAt    time.Time
	expiresAfter *ledger.Duration
	never        bool
	shortExpiry  string
}

// expiry returns the instant at which a lot that starts at start lapses; zero is never.
func (b *Books) expiry(t term, policy revrec.Policy, start time.Time) (time.Time, error) {
	said := 0
	for _, given := range []bool{!t.expiresAt.IsZero(), t.expiresAfter != nil, t.never} {
		if given {
			said++
		}
	}
	if said > 1 {
		return time.Time{}, refuse(Invalid, "expiresAt", "goes alone: give one of expiresAt, expiresAfter and neverExpires")
	}
	if err := checkText("shortExpiry", t.shortExpiry, 0, maxNoteLength); err != nil {
		return time.Time{}, err
	}
	var expires time.Time
	field := "expiresAt"
	switch {
	case t.never || (said == 0 && policy.Expires == nil):
		return time.Time{}, nil
	case said == 0: // the policy was checked when it was made
		return policy.Expires.After(start, b.zone).UTC(), nil
	case t.expiresAfter != nil:
		field, expires = "expiresAfter", t.expiresAfter.After(start, b.zone).UTC()
	default:
		expires = t.expiresAt.UTC().Truncate(time.Microsecond)
	}
	if !expires.After(start) {
		return expires, refuse(Invalid, field, "must lie after the credits begin (%s), but is %s", start.Format(time.RFC3339), expires.Format(time.RFC3339))
	}
	if revrec.IsShortExpiry(start, expires) && t.shortExpiry == "" && policy.ShortExpiry == "" {
		return expires, refuse(ShortExpiry, field, "lets credits lapse within 30 days of their start: say why in shortExpiry, or choose a later end than %s", expires.Format(time.RFC3339))
	}
	return expires, nil
}

// setTerm writes start and end of a lot, and what follows from them.
func (b *Books) setTerm(lot *revrec.Lot, policy revrec.Policy, start, expires time.Time) {
	lot.SetTerm(policy, start, expires, b.zone)
}

func priorityOf(given *int) (int, error) {
	if given == nil {
		return defaultPriority, nil
	}
	if *given < 0 || *given > maxPriority {
		return 0, refuse(Invalid, "priority", "must lie between 0 and %d, not %d", maxPriority, *given)
	}
	return *given, nil
}

// customerByExternalID finds a customer as the company names it. Errors: NOT_FOUND.
func customerByExternalID(ctx context.Context, tx Tx, externalID string) (Customer, error) {
	found, err := tx.CustomersByExternalID(ctx, []string{externalID})
	if err != nil {
		return Customer{}, err
	}
	if len(found) == 0 {
		return Customer{}, refuse(NotFound, "customer", "there is no customer %q: create it first", clip(externalID))
	}
	return found[0], nil
}

// policyByCode finds the policy that a request names, DefaultPolicy where it names none.
// Errors: NOT_FOUND.
func policyByCode(ctx context.Context, tx Tx, code string) (Policy, error) {
	named := code != ""
	if !named {
		code = DefaultPolicy
	}
	found, err := tx.PoliciesByCode(ctx, []string{code})
	if err != nil {
		return Policy{}, err
	}
	if len(found) == 0 && !named {
		return Policy{}, refuse(NotFound, "policy", "is needed: name one, or create the policy %q, which serves where none is named", code)
	}
	if len(found) == 0 {
		return Policy{}, refuse(NotFound, "policy", "there is no policy %q: create it first", clip(code))
	}
	return found[0], nil
}

// policyByID finds a policy that a row of the book refers to.
func policyByID(ctx context.Context, tx Tx, id string) (Policy, error) {
	found, err := tx.PoliciesByID(ctx, []string{id})
	if err != nil {
		return Policy{}, err
	}
	if len(found) == 0 {
		return Policy{}, refuse(Internal, "", "policy %s is missing", id)
	}
	return found[0], nil
}
