package reports

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// rollForwards are the reports of how deferred revenue moved.
func rollForwards() []Report {
	return []Report{{
		Name: "deferred-revenue-roll-forward", Title: "Deferred revenue roll-forward", Page: "finance/roll-forward.md",
		About: "How deferred revenue came from its opening to its closing balance, by currency and, where asked, by policy.",
		Basis: "ASC 606-10-50-8, 50-10; IFRS 15.116, 118",
		Parameters: []Parameter{
			From, To,
			{Name: "by", Kind: WordParameter, Values: []string{"CURRENCY", "POLICY"}, Default: "CURRENCY", About: "what rows tell apart, besides currencies"},
			AsOf,
		},
		Columns: []Column{
			{Name: "policy", Kind: Text, About: "the code of the policy; empty where policies are not told apart"},
			{Name: "line", Kind: Text, About: "OPENING, a movement as `deferredRevenueRollForward` names it, CLOSING"},
			{Name: "amount", Kind: Money, In: "currency", About: "into deferred revenue: what is owed is positive", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_amount", Kind: Money, In: "functional_currency", About: "the same in the book's own currency", Total: true},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
			{Name: "entries", Kind: Number, About: "how many entries moved it; empty of a balance"},
		},
		Write: writeRollForward,
	}}
}

func writeRollForward(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	request := books.RollForwardRequest{From: args.Day("from"), To: args.Day("to"), AsOf: args.Instant("asOf")}
	if args.Text("by") == "POLICY" {
		request.By = books.ByPolicy
	}
	report, err := b.RollForward(ctx, tx, request)
	if err != nil {
		return err
	}
	for _, group := range report.Groups {
		row := func(line string, amount, functional ledger.Amount, entries any) error {
			return yield(Row{group.Policy, line, amount, string(amount.Currency), functional, string(functional.Currency), entries})
		}
		if err := row("OPENING", group.Opening, group.FunctionalOpening, nil); err != nil {
			return err
		}
		for _, movement := range group.Movements {
			if err := row(string(movement.Column), movement.Amount, movement.Functional, movement.Entries); err != nil {
				return err
			}
		}
		if err := row("CLOSING", group.Closing, group.FunctionalClosing, nil); err != nil {
			return err
		}
	}
	return nil
}
