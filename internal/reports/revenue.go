package reports

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// money are the columns of an amount in both currencies, the last of a report.
func money(about string) []Column {
	return []Column{
		{Name: "amount", Kind: Money, In: "currency", About: about, Total: true},
		{Name: "currency", Kind: Text, About: "of the contracts"},
		{Name: "functional_amount", Kind: Money, In: "functional_currency", About: "the same in the book's own currency", Total: true},
		{Name: "functional_currency", Kind: Text, About: "the book's own"},
	}
}

func moneyCells(amount, functional ledger.Amount) Row {
	return Row{amount, string(amount.Currency), functional, string(functional.Currency)}
}

// revenue are the reports on revenue and on what is still to be recognised.
func revenue() []Report {
	policy := Column{Name: "policy", Kind: Text, About: "the code of the policy; empty where there is none, or none is told apart"}
	return []Report{{
		Name: "waterfall", Title: "Waterfall", Page: "finance/waterfall.md",
		About: "When what was bought in each month became revenue, and what of it is still deferred.",
		Basis: "ASC 606-10-50-5, 50-10",
		Parameters: []Parameter{
			{Name: From.Name, Kind: DayParameter, Required: true, About: "a day of the first accounting month, which is whole"},
			{Name: To.Name, Kind: DayParameter, Required: true, About: "a day of the last accounting month, which is whole"},
			{Name: "by", Kind: WordParameter, Values: []string{"CURRENCY", "POLICY"}, Default: "CURRENCY", About: "what rows tell apart, besides months of purchase and currencies"},
			AsOf,
		},
		Columns: append([]Column{
			policy,
			{Name: "bought", Kind: Month, About: "the month of purchase; empty for what belongs to none"},
			{Name: "line", Kind: Text, About: "OPENING, SOLD, a column of revenue as `waterfall` names it, TAKEN_BACK, ESCHEATED, UNBILLED, DEFERRED_BY_HAND, CLOSING"},
			{Name: "booked", Kind: Month, About: "the accounting month, of revenue"},
		}, money("revenue, or what is or came into deferred revenue")...),
		Write: writeWaterfall,
	}, {
		Name: "income", Title: "Income", Page: "finance/income.md",
		About: "Revenue by who or what brought it, and by kind.",
		Basis: "ASC 606-10-50-5; IFRS 15.114",
		Parameters: []Parameter{
			From, To,
			{Name: "by", Kind: WordParameter, Values: []string{"CURRENCY", "CUSTOMER", "POLICY", "PACK", "METER"}, Default: "CURRENCY", About: "what rows tell apart, besides currencies"},
			AsOf,
		},
		Columns: append([]Column{
			{Name: "group", Kind: Text, About: "external id or code; empty for custom deals, use in credits, and what belongs to no group"},
			{Name: "unassigned", Kind: Text, About: "yes for what belongs to no group"},
			{Name: "line", Kind: Text, About: "a column of revenue as `income` names it"},
		}, money("revenue; negative where it is taken back")...),
		Write: writeIncome,
	}, {
		Name: "revenue-from-opening-balance", Title: "Revenue from the opening balance", Page: "finance/disclosures.md",
		About:      "How much revenue was in the contract liability when the span began, and what of it is of earlier periods.",
		Basis:      "ASC 606-10-50-8(b), 50-12A; IFRS 15.116",
		Parameters: []Parameter{From, To, AsOf},
		Columns: append([]Column{
			policy,
			{Name: "part", Kind: Text, About: "OPENING_BALANCE; FROM_OPENING, FROM_SPAN, UNBILLED, OVERAGE, TAKEN_BACK and MANUAL, which come to all revenue; EARLIER, which is in them"},
			{Name: "line", Kind: Text, About: "a column of revenue, or why it is of earlier periods, as `revenueFromOpeningBalance` names it"},
		}, money("the amount")...),
		Write: writeOpeningRevenue,
	}, {
		Name: "remaining-obligation", Title: "Remaining performance obligation", Page: "finance/disclosures.md",
		About: "What is still to be recognised, by the month in which it is expected.",
		Basis: "ASC 606-10-50-13 to 50-15; IFRS 15.120 to 122",
		Parameters: []Parameter{
			{Name: "on", Kind: DayParameter, Required: true, About: "the end of this day"},
			{Name: "leaveShortTerm", Kind: FlagParameter, Default: "false", About: "leaves out policies with a term of a year or less, of which nothing is left that was sold for longer"},
			AsOf,
		},
		Columns: append([]Column{
			policy,
			{Name: "method", Kind: Text, About: "CURVE, EXPIRY or NO_TERM; empty where it is left out"},
			{Name: "line", Kind: Text, About: "DEFERRED, NOT_DUE, CONTRACT_ASSET, ESCHEAT; EXPECTED in a month, UNSCHEDULED"},
			{Name: "expected", Kind: Month, About: "the month in which it is expected"},
		}, money("the amount")...),
		Write: writeRemaining,
	}}
}

// nothing reports whether there is nothing to say of an amount.
func nothing(of books.BreakageAmount) bool { return of.Amount.IsZero() && of.Functional.IsZero() }

// month is a cell, empty for none.
func month(m ledger.Period) any {
	if m == 0 {
		return nil
	}
	return m
}

func writeWaterfall(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	request := books.WaterfallRequest{From: args.Day("from").Period(), To: args.Day("to").Period(), AsOf: args.Instant("asOf")}
	if args.Text("by") == "POLICY" {
		request.By = books.ByPolicy
	}
	report, err := b.Waterfall(ctx, tx, request)
	if err != nil {
		return err
	}
	known := codes{}
	for _, row := range report.Rows {
		code, err := known.of(ctx, tx, row.PolicyID)
		if err != nil {
			return err
		}
		line := func(name string, booked ledger.Period, of books.BreakageAmount) {
			if err == nil && !nothing(of) {
				err = yield(append(Row{code, month(row.Month), name, month(booked)}, moneyCells(of.Amount, of.Functional)...))
			}
		}
		line("OPENING", 0, row.Opening)
		line("SOLD", 0, row.Sold)
		for _, in := range row.Months {
			for _, of := range in.Columns {
				line(string(of.Column), in.Month, books.BreakageAmount{Amount: of.Amount, Functional: of.Functional})
			}
		}
		line("TAKEN_BACK", 0, row.TakenBack)
		line("ESCHEATED", 0, row.Escheated)
		line("UNBILLED", 0, row.Unbilled)
		line("DEFERRED_BY_HAND", 0, row.Manual)
		line("CLOSING", 0, row.Closing)
		if err != nil {
			return err
		}
	}
	return nil
}

// incomePage is how many rows of income are held at once.
const incomePage = 10_000

func writeIncome(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	request := books.IncomeRequest{From: args.Day("from"), To: args.Day("to"), AsOf: args.Instant("asOf"), First: incomePage}
	if by := args.Text("by"); by != "CURRENCY" {
		request.By = books.Dimension(by)
	}
	for {
		page, err := b.Income(ctx, tx, request)
		if err != nil {
			return err
		}
		names, err := namesOf(ctx, tx, page)
		if err != nil {
			return err
		}
		for i := range page.Rows {
			row := &page.Rows[i]
			unassigned := ""
			if row.None {
				unassigned = "yes"
			}
			for _, of := range row.Columns {
				if err := yield(append(Row{names[row.GroupKey], unassigned, string(of.Column)}, moneyCells(of.Amount, of.Functional)...)); err != nil {
					return err
				}
			}
			request.After = row.Key()
		}
		if !page.More {
			return nil
		}
	}
}

// namesOf returns the names of the groups of income, by their ids.
func namesOf(ctx context.Context, tx books.Tx, page books.Income) (map[string]string, error) {
	names, ids := map[string]string{}, []string(nil)
	for _, row := range page.Rows {
		if _, met := names[row.GroupKey]; !met && row.GroupKey != "" {
			names[row.GroupKey], ids = row.GroupKey, append(ids, row.GroupKey)
		}
	}
	switch page.By {
	case books.ByCustomer:
		customers, err := tx.CustomersByID(ctx, ids)
		for i := range customers {
			names[customers[i].ID] = customers[i].ExternalID
		}
		return names, err
	case books.ByPolicy:
		policies, err := tx.PoliciesByID(ctx, ids)
		for i := range policies {
			names[policies[i].ID] = policies[i].Code
		}
		return names, err
	case books.ByPack:
		packs, err := tx.PacksByID(ctx, ids)
		for i := range packs {
			names[packs[i].ID] = packs[i].Code
		}
		return names, err
	case books.ByMeter:
		meters, err := tx.MetersByID(ctx, ids)
		for i := range meters {
			names[meters[i].ID] = meters[i].Code
		}
		return names, err
	case books.ByKind, books.ByLotKind, books.ByEventDimension:
	}
	return names, nil
}

func writeOpeningRevenue(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.RevenueFromOpening(ctx, tx, books.OpeningRevenueRequest{From: args.Day("from"), To: args.Day("to"), AsOf: args.Instant("asOf")})
	if err != nil {
		return err
	}
	known := codes{}
	for _, row := range report.Rows {
		code, err := known.of(ctx, tx, row.PolicyID)
		if err != nil {
			return err
		}
		line := func(part, name string, of books.BreakageAmount) {
			if err == nil && !nothing(of) {
				err = yield(append(Row{code, part, name}, moneyCells(of.Amount, of.Functional)...))
			}
		}
		line("OPENING_BALANCE", "", row.Opening)
		for _, of := range row.Columns {
			line("FROM_OPENING", string(of.Column), books.BreakageAmount{Amount: of.Amount, Functional: of.Functional})
		}
		line("FROM_SPAN", "", row.FromSpan)
		line("UNBILLED", "", row.Unbilled)
		line("OVERAGE", "", row.Overage)
		line("TAKEN_BACK", "", row.TakenBack)
		line("MANUAL", "", row.Manual)
		for _, of := range row.Earlier {
			line("EARLIER", string(of.Column), books.BreakageAmount{Amount: of.Amount, Functional: of.Functional})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func writeRemaining(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.Remaining(ctx, tx, books.RemainingRequest{On: args.Day("on"), LeaveShortTerm: args.Flag("leaveShortTerm"), AsOf: args.Instant("asOf")})
	if err != nil {
		return err
	}
	known := codes{}
	for _, row := range report.Rows {
		code, err := known.of(ctx, tx, row.PolicyID)
		if err != nil {
			return err
		}
		line := func(name string, expected ledger.Period, of books.BreakageAmount) {
			if err == nil && !nothing(of) {
				err = yield(append(Row{code, string(row.Method), name, month(expected)}, moneyCells(of.Amount, of.Functional)...))
			}
		}
		line("DEFERRED", 0, row.Deferred)
		line("NOT_DUE", 0, row.NotDue)
		line("CONTRACT_ASSET", 0, row.ContractAsset)
		line("ESCHEAT", 0, row.Escheat)
		for _, of := range row.Months {
			line("EXPECTED", of.Month, of.Amount)
		}
		line("UNSCHEDULED", 0, row.Unscheduled)
		if err != nil {
			return err
		}
	}
	return nil
}
