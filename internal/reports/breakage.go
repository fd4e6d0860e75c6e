package reports

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// policyCode narrows a report to a policy.
var policyCode = Parameter{Name: "policy", Kind: TextParameter, About: "keeps the policy with this code; all where it is not given"}

// earlyBreakage are the reports of what pools recognised ahead of expiry.
func earlyBreakage() []Report {
	return []Report{{
		Name: "early-breakage-roll-forward", Title: "Early breakage roll-forward", Page: "finance/change-of-estimate.md",
		About: "How early breakage of pools came from its opening to its closing balance: of pools as they were used or left, and by new estimates.",
		Basis: "ASC 606-10-55-48, 250-10-45-17",
		Parameters: []Parameter{
			From, To, policyCode,
			{Name: "byPool", Kind: FlagParameter, Default: "false", About: "has rows for each pool, not only for each policy and currency"},
			AsOf,
		},
		Columns: append([]Column{
			{Name: "policy", Kind: Text, About: "the code of the policy"},
			{Name: "pool", Kind: Text, About: "the id of the pool; empty where pools are not told apart"},
			{Name: "line", Kind: Text, About: "OPENING, POOLS (in proportion to use, and given back as credits left), CATCH_UP (by new estimates), CLOSING"},
		}, breakageMoney("recognised ahead of expiry")...),
		Write: writeEarlyBreakage,
	}, {
		Name: "estimate-changes", Title: "Changes in estimate", Page: "finance/change-of-estimate.md",
		About:      "What new estimates of breakage moved at once, pool by pool.",
		Basis:      "ASC 250-10-50-4, 606-10-50-12A",
		Parameters: []Parameter{From, To, policyCode, AsOf},
		Columns: append([]Column{
			{Name: "policy", Kind: Text, About: "the code of the policy"},
			{Name: "pool", Kind: Text, About: "the id of the pool"},
			{Name: "day", Kind: Date, About: "the day from which the estimate was in force"},
			{Name: "recognitions", Kind: Number, About: "how many recognitions it is the sum of"},
		}, breakageMoney("what it moved: more breakage is positive")...),
		Write: writeEstimateChanges,
	}}
}

// breakageMoney are the columns of an amount of breakage and its parts, in both currencies.
func breakageMoney(about string) []Column {
	return []Column{
		{Name: "amount", Kind: Money, In: "currency", About: about, Total: true},
		{Name: "revenue", Kind: Money, In: "currency", About: "the part of it that is revenue", Total: true},
		{Name: "unclaimed", Kind: Money, In: "currency", About: "the part of it that the law claims", Total: true},
		{Name: "currency", Kind: Text, About: "of the contracts"},
		{Name: "functional_amount", Kind: Money, In: "functional_currency", About: "amount in the book's own currency", Total: true},
		{Name: "functional_revenue", Kind: Money, In: "functional_currency", About: "revenue in the book's own currency", Total: true},
		{Name: "functional_unclaimed", Kind: Money, In: "functional_currency", About: "unclaimed in the book's own currency", Total: true},
		{Name: "functional_currency", Kind: Text, About: "the book's own"},
	}
}

// codes remembers the codes of policies.
type codes map[string]string

// of returns the code of the policy with the id, "" for none.
func (c codes) of(ctx context.Context, tx books.Tx, id string) (string, error) {
	if _, known := c[id]; !known && id != "" {
		policies, err := tx.PoliciesByID(ctx, []string{id})
		if err != nil {
			return "", err
		}
		for _, policy := range policies {
			c[policy.ID] = policy.Code
		}
	}
	return c[id], nil
}

func writeEarlyBreakage(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.EarlyRollForward(ctx, tx, books.EarlyRequest{
		Policy: args.Text("policy"), From: args.Day("from"), To: args.Day("to"), ByPool: args.Flag("byPool"), AsOf: args.Instant("asOf"),
	})
	if err != nil {
		return err
	}
	known := codes{}
	for i := range report.Rows {
		row := &report.Rows[i]
		code, err := known.of(ctx, tx, row.PolicyID)
		if err != nil {
			return err
		}
		pools := row.WithUse.Plus(row.GivenUp)
		for _, line := range []struct {
			name string
			of   books.EarlySum
		}{{"OPENING", row.Opening}, {"POOLS", pools}, {"CATCH_UP", row.CatchUp}, {"CLOSING", row.Closing}} {
			if err := yield(append(Row{code, poolID(row.PoolID), line.name}, earlyCells(line.of)...)); err != nil {
				return err
			}
		}
	}
	return nil
}

func poolID(id string) string {
	if id == "" {
		return ""
	}
	return "pool_" + id
}

func earlyCells(of books.EarlySum) Row {
	return Row{
		of.Amount, of.Revenue, of.Unclaimed, string(of.Amount.Currency),
		of.FunctionalAmount, of.FunctionalRevenue, of.FunctionalUnclaimed, string(of.FunctionalAmount.Currency),
	}
}

func writeEstimateChanges(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.EstimateChanges(ctx, tx, books.EarlyRequest{
		Policy: args.Text("policy"), From: args.Day("from"), To: args.Day("to"), AsOf: args.Instant("asOf"),
	})
	if err != nil {
		return err
	}
	known := codes{}
	for i := range report.Changes {
		change := &report.Changes[i]
		code, err := known.of(ctx, tx, change.PolicyID)
		if err != nil {
			return err
		}
		if err := yield(append(Row{code, poolID(change.PoolID), change.Day, change.Recognitions}, earlyCells(change.CatchUp)...)); err != nil {
			return err
		}
	}
	return nil
}

// unclaimed are the reports of what the law claims of breakage.
func unclaimed() []Report {
	return []Report{{
		Name: "unclaimed-property", Title: "Unclaimed property", Page: "finance/unclaimed-property.md",
		About: "What is owed to the authorities of jurisdictions for credits that nobody used, by day on which it is due and month of lapse.",
		Basis: "ASC 606-10-55-49, 405-20-40-1",
		Parameters: []Parameter{
			{Name: "on", Kind: DayParameter, Required: true, About: "accounting dates through this day"},
			{Name: "jurisdiction", Kind: TextParameter, About: "keeps one, such as US-DE; all where it is not given"},
			AsOf,
		},
		Columns: []Column{
			{Name: "jurisdiction", Kind: Text, About: "the country or part of one; empty for customers without one"},
			{Name: "lapsed_in", Kind: Month, About: "the month in which the lots lapsed or became remote; empty for what was booked ahead"},
			{Name: "due_on", Kind: Date, About: "the day on which it is due to the authority; empty where no rule says"},
			{Name: "early", Kind: Money, In: "currency", About: "booked ahead of the lapse: owed to nobody yet", Total: true},
			{Name: "expiry", Kind: Money, In: "currency", About: "booked as lots lapsed", Total: true},
			{Name: "remote", Kind: Money, In: "currency", About: "booked as use became remote", Total: true},
			{Name: "given_back", Kind: Money, In: "currency", About: "what late use and reinstatement took back after", Total: true},
			{Name: "paid_over", Kind: Money, In: "currency", About: "what was paid to the authority", Total: true},
			{Name: "owed", Kind: Money, In: "currency", About: "expiry + remote − given_back − paid_over", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_balance", Kind: Money, In: "functional_currency", About: "early + owed in the book's own currency: the account, less manual entries", Total: true},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeUnclaimed,
	}}
}

func writeUnclaimed(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	request := books.UnclaimedRequest{On: args.Day("on"), AsOf: args.Instant("asOf")}
	if jurisdiction := args.Text("jurisdiction"); jurisdiction != "" {
		request.Jurisdiction = &jurisdiction
	}
	report, err := b.UnclaimedProperty(ctx, tx, request)
	if err != nil {
		return err
	}
	functional := b.Book().Functional
	for _, row := range report.Rows {
		money := func(minor int64) ledger.Amount { return ledger.Money(minor, row.Currency) }
		err := yield(Row{
			row.Jurisdiction, row.Lapsed, row.DueOn, money(row.Minor.Early), money(row.Minor.Expiry), money(row.Minor.Remote), money(row.Minor.GivenBack),
			money(row.Minor.PaidOver), money(row.Minor.Owed()), string(row.Currency),
			ledger.Money(row.FunctionalMinor.Early+row.FunctionalMinor.Owed(), functional), string(functional),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
