package books

import (
	"context"
	"slices"
	"strconv"
	"time"

	"drawdown/ledger"
)

const (
	// maxGLCodes bounds one request: the whole chart several times over.
	maxGLCodes = 100
	// maxGLChanges bounds what is kept of one account, which is read whole: a code that
	// changed every month for eighty years fits.
	maxGLChanges = 1000
)

// GLCode says which account of the company's general ledger one of the journal is, from an
// accounting date on, until the next one of the account. It never changes: of two of one day,
// the later one counts.
type GLCode struct {
	ID        string
	Account   ledger.Role
	Code      string // text: leading zeros stay
	Name      string
	Subtype   string // the kind of account there, "" where none was given
	Parent    string // the code of the account above it, "" for none
	From      ledger.Date
	Reason    string
	CreatedAt time.Time
	CreatedBy string // the actor
}

// SetGLCodes asks for codes.
type SetGLCodes struct {
	Accounts []NewGLCode `json:"accounts"`
}

// NewGLCode asks for the code of an account.
type NewGLCode struct {
	Account ledger.Role `json:"account"`
	Code    string      `json:"code"`
	Name    string      `json:"name"`
	Subtype string      `json:"subtype"`
	Parent  string      `json:"parent"`
	From    ledger.Date `json:"from"` // the first day that is not closed where zero
	Reason  string      `json:"reason"`
}

// GLAccountsSet gives accounts of the journal their codes in the general ledger from a day of
// an open period on, all of them or none. No figure moves. Export batches that lacked one are tried again.
// Errors: INVALID, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) GLAccountsSet(ctx context.Context, key string, request SetGLCodes) ([]GLCode, error) {
	return once(ctx, b, act{"glAccounts.set", key, request}, func(ctx context.Context, tx Tx) ([]GLCode, string, error) {
		if len(request.Accounts) == 0 || len(request.Accounts) > maxGLCodes {
			return nil, "", refuse(Invalid, "accounts", "must be 1 to %d accounts, not %d", maxGLCodes, len(request.Accounts))
		}
		// Held until the end: no period closes meanwhile.
		closed, err := tx.ClosedThrough(ctx)
		if err != nil {
			return nil, "", err
		}
		open := ledger.DateOf(earliest, b.zone)
		if closed != 0 {
			open = (closed + 1).First()
		}
		chart, err := ReadGLChart(ctx, tx)
		if err != nil {
			return nil, "", err
		}
		var before []GLCode // in force on the days that are asked for
		codes := make([]GLCode, 0, len(request.Accounts))
		for i, asked := range request.Accounts {
			code := GLCode{
				ID: b.newID(), Account: asked.Account, Code: asked.Code, Name: asked.Name, Subtype: asked.Subtype, Parent: asked.Parent,
				From: asked.From, Reason: asked.Reason, CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor,
			}
			if code.From == 0 {
				code.From = open
			}
			at := "accounts." + strconv.Itoa(i)
			if err := b.checkGLCode(at, code, closed); err != nil {
				return nil, "", err
			}
			if slices.ContainsFunc(codes, func(c GLCode) bool { return c.Account == code.Account && c.From == code.From }) {
				return nil, "", refuse(Invalid, at, "names %s from %s a second time", code.Account, code.From)
			}
			if inForce, known := chart.On(code.Account, code.From); known {
				before = append(before, inForce)
			}
			if chart[code.Account] = append(chart[code.Account], code); len(chart[code.Account]) > maxGLChanges {
				return nil, "", refuse(Invalid, at+".account", "has been given %d codes already, which is all that is kept of one account", maxGLChanges)
			}
			codes = append(codes, code)
		}
		if len(before) > 0 {
			was(ctx, before)
		}
		if err := tx.InsertGLCodes(ctx, codes); err != nil {
			return nil, "", err
		}
		return codes, "", tryAgainWithCodes(ctx, tx)
	})
}

// checkGLCode refuses what is no code, and one from a day of a closed period.
func (b *Books) checkGLCode(at string, code GLCode, closed ledger.Period) error {
	if _, known := ledger.AccountOf(code.Account); !known {
		return refuse(Invalid, at+".account", "must be an account of the chart, not %q", clip(string(code.Account)))
	}
	for _, text := range []struct {
		field, value      string
		shortest, longest int
	}{
		{"code", code.Code, 1, maxCodeLength},
		{"name", code.Name, 1, maxTextLength},
		{"subtype", code.Subtype, 0, maxCodeLength},
		{"parent", code.Parent, 0, maxCodeLength},
		{"reason", code.Reason, 0, maxNoteLength},
	} {
		if err := checkText(at+"."+text.field, text.value, text.shortest, text.longest); err != nil {
			return err
		}
		if err := checkTrimmed(at+"."+text.field, text.value); err != nil {
			return err
		}
	}
	switch {
	case code.Parent == code.Code:
		return refuse(Invalid, at+".parent", "must be another account than %s itself", clip(code.Code))
	case code.From < ledger.DateOf(earliest, b.zone):
		return refuse(Invalid, at+".from", "must not be before 1970, but is %s", code.From)
	case closed != 0 && code.From.Period() <= closed:
		return refuse(PeriodClosed, at+".from", "lies in %s, which is closed: a code is in force from a day of an open period, %s or later", code.From.Period(), (closed + 1).First())
	}
	return nil
}

// GLChart is what was given to each account, in order of day, then of entry.
type GLChart map[ledger.Role][]GLCode

// ReadGLChart reads the codes of all accounts.
func ReadGLChart(ctx context.Context, tx Tx) (GLChart, error) {
	codes, err := tx.GLCodes(ctx)
	chart := GLChart{}
	for _, code := range codes {
		chart[code.Account] = append(chart[code.Account], code)
	}
	return chart, err
}

// On returns the code of an account that is in force on an accounting date, and whether there
// is one.
func (c GLChart) On(account ledger.Role, day ledger.Date) (code GLCode, inForce bool) {
	for _, one := range c[account] {
		if one.From <= day {
			code, inForce = one, true
		}
	}
	return code, inForce
}

// SampleGLCodes is a chart such as many companies have, for samples, scenarios and
// measurements. No book has it by itself: an account gets its code from those who know it.
func SampleGLCodes() SetGLCodes {
	code := func(account ledger.Role, code string) NewGLCode {
		known, _ := ledger.AccountOf(account)
		return NewGLCode{Account: account, Code: code, Name: known.Name}
	}
	return SetGLCodes{Accounts: []NewGLCode{
		code(ledger.Cash, "1000"), code(ledger.AccountsReceivable, "1100"), code(ledger.UnbilledReceivable, "1150"),
		code(ledger.RefundLiability, "2150"), code(ledger.TaxPayable, "2200"), code(ledger.UnclaimedProperty, "2300"),
		code(ledger.DeferredRevenue, "2400"), code(ledger.OpeningBalances, "2490"),
		code(ledger.UsageRevenue, "4000"), code(ledger.BreakageRevenue, "4100"), code(ledger.OverageRevenue, "4200"),
		code(ledger.Refunds, "4800"), code(ledger.Disputes, "4850"), code(ledger.FXGainLoss, "7100"),
	}}
}
