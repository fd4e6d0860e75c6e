package books

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// MaxOpeningLots bounds the lots of one import: they are written in one transaction.
const MaxOpeningLots = 100_000

// MaxOpeningProblems bounds the bad rows that one refusal tells.
const MaxOpeningProblems = 100

// OpeningLot is a row of open credits that another book carried at the cut-over.
type OpeningLot struct {
	Line         int              `json:"line"`
	Customer     string           `json:"customer"`     // external id; made where there is none
	CustomerName string           `json:"customerName"` // of one that is made; its external id where empty
	Reference    string           `json:"reference"`    // names the lot: it is taken over once
	Policy       string           `json:"policy"`       // code
	Credits      decimal.Decimal  `json:"credits"`      // open, unused
	Deferred     decimal.Decimal  `json:"deferred"`     // what is left of the price, in the currency
	Currency     ledger.Currency  `json:"currency"`     // the book's where empty
	FXRate       *decimal.Decimal `json:"fxRate"`       // functional per unit; needed where the currency is another
	PurchasedOn  time.Time        `json:"purchasedOn"`
	Starts       time.Time        `json:"starts"`  // PurchasedOn where zero
	Expires      time.Time        `json:"expires"` // zero is never
	Priority     *int             `json:"priority"`
}

// Opening asks to take over the open lots of another book, as they stood when AsOf began.
type Opening struct {
	AsOf ledger.Date
	Lots []OpeningLot
	// ControlCredits and ControlDeferred, in the book's currency, are what the other book says
	// that the lots add up to; ControlLots is their number, not held against where nil.
	ControlCredits, ControlDeferred decimal.Decimal
	ControlLots                     *int
}

// OpeningResult is what was taken over, or would be.
type OpeningResult struct {
	AsOf      ledger.Date      `json:"asOf"`
	Lots      int              `json:"lots"`
	Customers int              `json:"customersMade"`
	Credits   revrec.Credits   `json:"credits"`
	Deferred  []StatementMoney `json:"deferred"` // by currency, in order
}

// ImportOpening takes over open lots of another book: customers who are missing are made,
// each lot becomes a paid purchase at what is left of its price, and one entry a currency, on
// the cut-over, brings the liability: Dr opening balances, Cr deferred revenue. The credits
// serve from the cut-over: what was used before is out of them already. All or nothing.
// Errors: INVALID, TOO_LARGE, NOT_FOUND, ALREADY_EXISTS, PERIOD_CLOSED, CONTROL_MISMATCH,
// IDEMPOTENCY_CONFLICT; rows that are to blame come as *OpeningRowsError.
func (b *Books) ImportOpening(ctx context.Context, key string, opening Opening) (OpeningResult, error) {
	request, err := opening.summary()
	if err != nil {
		return OpeningResult{}, err
	}
	return once(ctx, b, act{"opening.import", key, request}, func(ctx context.Context, tx Tx) (OpeningResult, string, error) {
		plan, err := b.planOpening(ctx, tx, opening)
		if err != nil {
			return OpeningResult{}, "", err
		}
		return plan.result, opening.AsOf.String(), b.takeOver(ctx, tx, plan)
	})
}

// CheckOpening says what ImportOpening would do, and does nothing. Errors: as there.
func (b *Books) CheckOpening(ctx context.Context, opening Opening) (result OpeningResult, err error) {
	err = b.View(ctx, func(ctx context.Context, tx Tx) error {
		plan, err := b.planOpening(ctx, tx, opening)
		if err == nil {
			result = plan.result
		}
		return err
	})
	return result, err
}

// openingRequest is what the audit trail and the idempotency key keep of an import.
type openingRequest struct {
	AsOf            ledger.Date     `json:"asOf"`
	Lots            int             `json:"lots"`
	SHA256          string          `json:"sha256"` // of the rows
	ControlCredits  decimal.Decimal `json:"controlCredits"`
	ControlDeferred decimal.Decimal `json:"controlDeferred"`
	ControlLots     *int            `json:"controlLots"`
}

func (o Opening) summary() (openingRequest, error) {
	rows, err := json.Marshal(o.Lots)
	if err != nil {
		return openingRequest{}, fmt.Errorf("write open lots as JSON: %w", err)
	}
	sum := sha256.Sum256(rows)
	return openingRequest{o.AsOf, len(o.Lots), hex.EncodeToString(sum[:]), o.ControlCredits, o.ControlDeferred, o.ControlLots}, nil
}

// RowProblem is what is wrong with a row of a file.
type RowProblem struct {
	Line    int    `json:"line"`
	Code    Code   `json:"code"`
	Column  string `json:"column"` // "" where the whole row is
	Message string `json:"message"`
}

// String says it as a refusal does.
func (p RowProblem) String() string {
	if p.Column == "" {
		return fmt.Sprintf("line %d: %s (%s)", p.Line, p.Message, p.Code)
	}
	return fmt.Sprintf("line %d: %s: %s (%s)", p.Line, p.Column, p.Message, p.Code)
}

// OpeningRowsError are the bad rows of a file, in its order: the first of them, and how many
// there are in all. Its code is that of the first.
type OpeningRowsError struct {
	Rows  []RowProblem
	Count int
}

// Add keeps a problem.
func (p *OpeningRowsError) Add(line int, refusal *Error) {
	p.Count++
	if len(p.Rows) < MaxOpeningProblems {
		p.Rows = append(p.Rows, RowProblem{line, refusal.Code, refusal.Field, refusal.Message})
	}
}

func (p *OpeningRowsError) Error() string {
	return fmt.Sprintf("%s to mend, first %s", counted(fmt.Sprint(p.Count), "row"), p.Rows[0])
}

// Unwrap returns the first as a refusal.
func (p *OpeningRowsError) Unwrap() error {
	first := p.Rows[0]
	return refuse(first.Code, first.Column, "%s (line %d)", first.Message, first.Line)
}
