package reports

import (
	"context"
	"strings"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// accounts are the reports of what stands on accounts.
func accounts() []Report {
	return []Report{{
		Name: "trial-balance", Title: "Trial balance", Page: "finance/accounts.md",
		About: "What every account held before a span of months, what was debited and credited in it, and what it holds after.",
		Parameters: []Parameter{
			{Name: "from", Kind: MonthParameter, About: "the first month; since the beginning where it is not given"},
			{Name: "to", Kind: MonthParameter, About: "the last month; to the end where it is not given"},
			AsOf,
		},
		Columns: []Column{
			{Name: "account", Kind: Text, About: "the account, as the API names it"},
			{Name: "name", Kind: Text, About: "what it is called"},
			{Name: "opening", Kind: Money, In: "currency", About: "before the span, debit positive", Total: true},
			{Name: "debits", Kind: Money, In: "currency", About: "the gross sum of debits in the span", Total: true},
			{Name: "credits", Kind: Money, In: "currency", About: "the gross sum of credits in the span", Total: true},
			{Name: "closing", Kind: Money, In: "currency", About: "after the span, debit positive: opening + debits − credits", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_opening", Kind: Money, In: "functional_currency", About: "opening in the book's own currency", Total: true},
			{Name: "functional_debits", Kind: Money, In: "functional_currency", About: "debits in the book's own currency", Total: true},
			{Name: "functional_credits", Kind: Money, In: "functional_currency", About: "credits in the book's own currency", Total: true},
			{Name: "functional_closing", Kind: Money, In: "functional_currency", About: "closing in the book's own currency", Total: true},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeTrialBalance,
	}, {
		Name: "account-activity", Title: "Account activity", Page: "finance/accounts.md",
		About: "The lines of one account, with what it holds after each.",
		Parameters: []Parameter{
			{Name: "account", Kind: WordParameter, Values: accountNames(), Required: true, About: "the account, as the API names it"},
			From, To,
			{Name: "currency", Kind: TextParameter, About: "keeps contracts in this currency; all where it is not given"},
			AsOf,
		},
		Columns: []Column{
			{Name: "line", Kind: Text, About: "OPENING, LINE, CLOSING; the two balances are by currency"},
			{Name: "accounting_date", Kind: Date, About: "under which it is booked"},
			{Name: "entry", Kind: Number, About: "the number of the entry"},
			{Name: "entry_line", Kind: Number, About: "the place in the entry, from 1"},
			{Name: "kind", Kind: Text, About: "the kind of entry"},
			{Name: "occurred_on", Kind: Date, About: "the day it happened: earlier where that period was closed"},
			{Name: "posted_at", Kind: Instant, About: "when it was posted"},
			{Name: "reference", Kind: Text, About: "what the entry is about; empty where it sums many"},
			{Name: "customer", Kind: Text, About: "external id; empty where it sums many"},
			{Name: "policy", Kind: Text, About: "code; empty where there is none"},
			{Name: "description", Kind: Text, About: "of the entry"},
			{Name: "reverses", Kind: Number, About: "the number of the entry that it takes back; empty for none"},
			{Name: "amount", Kind: Money, In: "currency", About: "what it moved, debit positive; empty of a balance", Total: true},
			{Name: "balance", Kind: Money, In: "currency", About: "what the account holds after it, debit positive"},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_amount", Kind: Money, In: "functional_currency", About: "amount in the book's own currency", Total: true},
			{Name: "functional_balance", Kind: Money, In: "functional_currency", About: "balance in the book's own currency"},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeAccountActivity,
	}}
}

func accountNames() []string {
	var names []string
	for _, account := range ledger.Accounts() {
		names = append(names, account.Role.APIName())
	}
	return names
}

func writeTrialBalance(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.TrialBalance(ctx, tx, books.TrialBalanceRequest{From: args.Month("from"), To: args.Month("to"), AsOf: args.Instant("asOf")})
	if err != nil {
		return err
	}
	for _, of := range report.Balances {
		account, _ := ledger.AccountOf(of.Account)
		err := yield(Row{
			of.Account.APIName(), account.Name, of.Opening, of.Debits, of.Credits, of.Closing(), string(of.Currency),
			of.FunctionalOpening, of.FunctionalDebits, of.FunctionalCredits, of.FunctionalClosing(), string(report.Functional),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func writeAccountActivity(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	request := books.ActivityRequest{
		Account: ledger.Role(strings.ToLower(args.Text("account"))), Currency: ledger.Currency(args.Text("currency")),
		From: args.Day("from"), To: args.Day("to"), AsOf: args.Instant("asOf"), First: books.MaxActivityLines,
	}
	balance := func(line string, amount, functional ledger.Amount) error {
		return yield(Row{
			line, nil, nil, nil, "", nil, nil, "", "", "", "", nil, nil, amount, string(amount.Currency), nil, functional, string(functional.Currency),
		})
	}
	page, err := b.AccountActivity(ctx, tx, request)
	if err != nil {
		return err
	}
	balances, holds := page.Balances, map[ledger.Currency][2]ledger.Amount{}
	for _, of := range balances {
		holds[of.Currency] = [2]ledger.Amount{of.Opening, of.FunctionalOpening}
		if err := balance("OPENING", of.Opening, of.FunctionalOpening); err != nil {
			return err
		}
	}
	for {
		for i := range page.Lines {
			line := &page.Lines[i]
			holds[line.Amount.Currency] = [2]ledger.Amount{line.Balance, line.FunctionalBalance}
			if err := yield(activityRow(line)); err != nil {
				return err
			}
		}
		if !page.More {
			break
		}
		request.After = page.Lines[len(page.Lines)-1].Key()
		if page, err = b.AccountActivity(ctx, tx, request); err != nil {
			return err
		}
	}
	for _, of := range balances {
		if holds[of.Currency] != [2]ledger.Amount{of.Closing, of.FunctionalClosing} {
			return &books.Error{Code: books.Internal, Message: "the lines do not come to what the account holds: run drawdown verify"}
		}
		if err := balance("CLOSING", of.Closing, of.FunctionalClosing); err != nil {
			return err
		}
	}
	return nil
}

func activityRow(line *books.ActivityLine) Row {
	var reverses any
	if line.Reverses != 0 {
		reverses = line.Reverses
	}
	return Row{
		"LINE", line.Place.Day, line.Place.Number, line.Place.Line, string(line.Kind), line.OccurredOn, line.PostedAt, line.Reference,
		line.Dimensions.Customer, line.Dimensions.Policy, line.Description, reverses,
		line.Amount, line.Balance, string(line.Amount.Currency), line.Functional, line.FunctionalBalance, string(line.Functional.Currency),
	}
}
