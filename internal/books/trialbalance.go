package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
)

// TrialBalanceRequest asks what every account did in a span of months, as it stood at an
// instant: of entries posted by then.
type TrialBalanceRequest struct {
	From, To ledger.Period // both included; zero From is since the beginning, zero To is to the end
	AsOf     time.Time     // now where zero
}

// TrialBalance is a trial balance as of an instant.
type TrialBalance struct {
	TrialBalanceRequest
	PostedThrough int64 // the number of the last entry that it knows
	ledger.TrialBalance
}

// TrialBalance reads the running balances, less what was posted after the instant. An account
// that has not moved by then has no row. Errors: INVALID.
func (b *Books) TrialBalance(ctx context.Context, tx Tx, request TrialBalanceRequest) (report TrialBalance, err error) {
	if request.To != 0 && request.To < request.From {
		return report, refuse(Invalid, "to", "must not be before from (%s), but is %s", request.From, request.To)
	}
	if err := b.checkAsOf(&request.AsOf); err != nil {
		return report, err
	}
	if last := b.lastBookable().Period(); request.From > last {
		return report, refuse(Invalid, "from", "must be %s at the latest, not %s: nothing is booked under later months", last, request.From)
	}
	report.TrialBalanceRequest = request
	if report.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return report, err
	}
	if report.TrialBalance, err = tx.TrialBalance(ctx, request.From, request.To); err != nil {
		return report, err
	}
	later, err := tx.BalancesLater(ctx, request.From, request.To, report.PostedThrough)
	if err != nil {
		return report, err
	}
	for _, of := range later {
		at := slices.IndexFunc(report.Balances, func(b ledger.Balance) bool { return b.Account == of.Account && b.Currency == of.Currency })
		if at < 0 {
			return report, refuse(Internal, "", "entries moved %s in %s, which has no running balance", of.Account, of.Currency)
		}
		report.Balances[at] = less(report.Balances[at], of)
	}
	report.Balances = slices.DeleteFunc(report.Balances, func(b ledger.Balance) bool {
		nothing := ledger.Balance{
			Account: b.Account, Currency: b.Currency, Opening: ledger.Money(0, b.Currency), Debits: ledger.Money(0, b.Currency), Credits: ledger.Money(0, b.Currency),
			FunctionalOpening: ledger.Money(0, report.Functional), FunctionalDebits: ledger.Money(0, report.Functional), FunctionalCredits: ledger.Money(0, report.Functional),
		}
		return b == nothing
	})
	return report, nil
}

func less(b, of ledger.Balance) ledger.Balance {
	return ledger.Balance{
		Account: b.Account, Currency: b.Currency, Opening: b.Opening.Sub(of.Opening), Debits: b.Debits.Sub(of.Debits), Credits: b.Credits.Sub(of.Credits),
		FunctionalOpening: b.FunctionalOpening.Sub(of.FunctionalOpening), FunctionalDebits: b.FunctionalDebits.Sub(of.FunctionalDebits),
		FunctionalCredits: b.FunctionalCredits.Sub(of.FunctionalCredits),
	}
}
