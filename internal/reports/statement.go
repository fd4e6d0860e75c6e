package reports

import (
	"context"
	"strings"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// statements are the reports about one customer.
func statements() []Report {
	return []Report{{
		Name: "customer-statement", Title: "Customer statement", Page: "finance/statement.md", OfCustomer: true,
		About: "What happened to a customer's credits, and to the deferred revenue of them: opening balance, line by line, closing balance.",
		Parameters: []Parameter{
			{Name: "customer", Kind: TextParameter, Required: true, About: "the customer's external id"},
			{Name: "from", Kind: DayParameter, Required: true, About: "the first day"},
			{Name: "to", Kind: DayParameter, Required: true, About: "the last day, included"},
			{Name: "detail", Kind: WordParameter, Values: []string{string(books.ByDay), string(books.ByEvent)}, Default: string(books.ByDay), About: "what of use is a line"},
			AsOf,
		},
		Columns: []Column{
			{Name: "day", Kind: Date, About: "on which it happened; of money, the accounting date"},
			{Name: "line", Kind: Text, About: "OPENING_BALANCE and CLOSING_BALANCE, by currency; between them what a line is, as `statement` names it"},
			{Name: "credits", Kind: Decimal, About: "into the balance, negative out of it; empty of a balance"},
			{Name: "balance", Kind: Decimal, About: "credits after it"},
			{Name: "amount", Kind: Money, In: "currency", About: "into deferred revenue, negative out of it; empty of a balance", Total: true},
			{Name: "deferred", Kind: Money, In: "currency", About: "deferred revenue in this currency after it"},
			{Name: "cash", Kind: Money, In: "currency", About: "what was paid by the customer, negative to them; empty of a balance", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_amount", Kind: Money, In: "functional_currency", About: "amount in the book's own currency", Total: true},
			{Name: "functional_deferred", Kind: Money, In: "functional_currency", About: "deferred in the book's own currency"},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
			{Name: "lot", Kind: Text, About: "the id of the lot"},
			{Name: "purchase", Kind: Text, About: "the id of the purchase; empty for none"},
			{Name: "entry", Kind: Number, About: "the number of the entry that moved the money; empty where many sum it"},
			{Name: "meters", Kind: Text, About: "the codes of the meters of use, by blanks"},
			{Name: "event", Kind: Text, About: "the id of the event, where each is a line"},
			{Name: "reason", Kind: Text, About: "as it was given"},
		},
		Write: writeStatement,
	}}
}

// writeStatement writes one part of the span after the other, all of one snapshot: the closing of
// a part is the opening of the next.
func writeStatement(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	id, err := customerID(ctx, tx, args)
	if err != nil {
		return err
	}
	from, to, meters := args.Day("from"), args.Day("to"), MeterCodes{}
	part := books.StatementRequest{CustomerID: id, From: from, To: to, Detail: books.StatementDetail(args.Text("detail")), AsOf: args.Instant("asOf")}
	if to < from {
		return wrong("to", "must not be before from (%s), but is %s", from, to)
	}
	if err := b.CheckStatementBegins(from); err != nil {
		return err
	}
	days := ledger.Date(books.MaxStatementDays)
	if part.Detail == books.ByEvent {
		days = 1 // what a day holds is what memory holds
	}
	for ; part.From <= to; part.From = part.To + 1 {
		part.To = min(part.From+days-1, to)
		statement, err := b.StatementOf(ctx, tx, part)
		if err != nil {
			return err
		}
		if part.From == from {
			err = statementBalance("OPENING_BALANCE", from, statement.Opening, yield)
		}
		for i := range statement.Lines {
			if err == nil {
				err = statementLine(ctx, tx, &statement.Lines[i], meters, yield)
			}
		}
		if part.To == to && err == nil {
			err = statementBalance("CLOSING_BALANCE", to, statement.Closing, yield)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// statementBalance writes the credits, with each currency that was deferred.
func statementBalance(line string, day ledger.Date, balance books.StatementBalance, yield func(Row) error) error {
	for _, money := range balance.Deferred {
		err := yield(Row{
			day, line, nil, balance.Credits, nil, money.Amount, nil, string(money.Amount.Currency),
			nil, money.Functional, string(money.Functional.Currency), "", "", nil, "", "", "",
		})
		if err != nil {
			return err
		}
	}
	if len(balance.Deferred) > 0 {
		return nil
	}
	return yield(Row{day, line, nil, balance.Credits, nil, nil, nil, "", nil, nil, "", "", "", nil, "", "", ""})
}

func statementLine(ctx context.Context, tx books.Tx, line *books.StatementLine, meters MeterCodes, yield func(Row) error) error {
	var entry any
	if line.Entry != 0 {
		entry = line.Entry
	}
	used, err := meters.Of(ctx, tx, line.Uses)
	if err != nil {
		return err
	}
	event, purchase := "", ""
	if len(line.Uses) == 1 && line.Uses[0].EventID != "" {
		event = "evt_" + line.Uses[0].EventID
	}
	if line.PurchaseID != "" {
		purchase = "pur_" + line.PurchaseID
	}
	return yield(Row{
		line.Day, string(line.Kind), line.Credits, line.Balance, line.Amount, line.Deferred.Amount, line.Cash, string(line.Amount.Currency),
		line.Functional, line.Deferred.Functional, string(line.Functional.Currency), "lot_" + line.LotID, purchase, entry, used, event, line.Reason,
	})
}

// MeterCodes remembers the codes of meters, by their ids.
type MeterCodes map[string]string

// Of returns the codes of the meters of uses, each once and in the order in which they come.
func (m MeterCodes) Of(ctx context.Context, tx books.Tx, uses []books.StatementUse) (string, error) {
	var used []string
	for _, use := range uses {
		if use.MeterID == "" {
			continue
		}
		if _, known := m[use.MeterID]; !known {
			found, err := tx.MetersByID(ctx, []string{use.MeterID})
			if err != nil {
				return "", err
			}
			for _, meter := range found {
				m[meter.ID] = meter.Code
			}
		}
		used = append(used, m[use.MeterID])
	}
	return strings.Join(used, " "), nil
}
