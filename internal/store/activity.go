package store

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
)

const balancesLater = `SELECT l.account, l.currency,
		CAST(sum(CASE WHEN e.accounting_date < ?0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS opening,
		CAST(sum(CASE WHEN e.accounting_date >= ?0 AND l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS debits,
		CAST(sum(CASE WHEN e.accounting_date >= ?0 AND l.amount_minor < 0 THEN -l.amount_minor ELSE 0 END) AS BIGINT) AS credits,
		CAST(sum(CASE WHEN e.accounting_date < ?0 THEN l.functional_minor ELSE 0 END) AS BIGINT) AS functional_opening,
		CAST(sum(CASE WHEN e.accounting_date >= ?0 AND l.functional_minor > 0 THEN l.functional_minor ELSE 0 END) AS BIGINT) AS functional_debits,
		CAST(sum(CASE WHEN e.accounting_date >= ?0 AND l.functional_minor < 0 THEN -l.functional_minor ELSE 0 END) AS BIGINT) AS functional_credits
	FROM entries AS e CROSS JOIN lines AS l
	WHERE e.number > ?2 AND ` + accountedOn + ` <= ?1 AND l.entry_number = e.number GROUP BY l.account, l.currency`

func (t *tx) BalancesLater(ctx context.Context, from, to ledger.Period, through int64) ([]ledger.Balance, error) {
	book, err := t.Book(ctx)
	if err != nil {
		return nil, err
	}
	first, last := "", "9999-99-99"
	if from != 0 {
		first = from.First().String()
	}
	if to != 0 {
		last = to.Last().String()
	}
	rows, err := query[balanceRow](ctx, t, "adding up what was posted later", balancesLater, first, last, through)
	return convert(rows, func(row balanceRow) ledger.Balance { return row.balance(book.Functional) }), err
}

// What an account held comes from its running balances, with the lines of the month up to the
// place, and without the lines up to it that were posted later.
const accountBefore = `SELECT currency, CAST(sum(minor) AS BIGINT) AS opening, CAST(sum(functional) AS BIGINT) AS functional_opening FROM (
		SELECT currency, debit_minor - credit_minor AS minor, functional_debit_minor - functional_credit_minor AS functional
			FROM account_periods WHERE account = ?0 AND period < ?1
		UNION ALL SELECT l.currency, l.amount_minor, l.functional_minor FROM entries AS e CROSS JOIN lines AS l
			WHERE e.accounting_date >= ?2 AND e.accounting_date <= ?3 AND l.entry_number = e.number AND l.account = ?0
			AND (e.accounting_date, e.number, l.line) <= (?3, ?4, ?5)
		UNION ALL SELECT l.currency, -l.amount_minor, -l.functional_minor FROM entries AS e CROSS JOIN lines AS l
			WHERE e.number > ?6 AND ` + accountedOn + ` <= ?3 AND l.entry_number = e.number AND l.account = ?0
			AND (` + accountedOn + `, e.number, l.line) <= (?3, ?4, ?5)
	) AS before GROUP BY currency ORDER BY currency`

func (t *tx) AccountBefore(ctx context.Context, account ledger.Role, at books.ActivityPlace, through int64) ([]ledger.Balance, error) {
	book, err := t.Book(ctx)
	if err != nil {
		return nil, err
	}
	month := at.Day.Period()
	rows, err := query[balanceRow](ctx, t, "reading the balance of an account", accountBefore,
		string(account), month.String(), date(month.First()), date(at.Day), at.Number, at.Line, through)
	return convert(rows, func(row balanceRow) ledger.Balance {
		row.Account = string(account)
		return row.balance(book.Functional)
	}), err
}

const accountLines = `SELECT e.accounting_date, e.number, l.line, e.occurred_on, e.posted_at_us, e.kind, coalesce(e.reference, '') AS reference, e.description,
		coalesce(e.reverses, 0) AS reverses, l.currency, l.amount_minor, l.functional_currency, l.functional_minor,
		coalesce(l.customer, '') AS customer, coalesce(l.policy, '') AS policy, coalesce(l.pack, '') AS pack
	FROM entries AS e CROSS JOIN lines AS l
	WHERE e.accounting_date >= ?1 AND e.accounting_date <= ?2 AND e.number <= ?3 AND l.entry_number = e.number AND l.account = ?0
	AND (e.accounting_date, e.number, l.line) > (?1, ?4, ?5) AND (?6 = '' OR l.currency = ?6)
	ORDER BY e.accounting_date, e.number, l.line LIMIT ?7`

type accountLineRow struct {
	AccountingDate     date
	Number             int64
	Line               int64
	OccurredOn         date
	PostedAtUs         instant
	Kind               string
	Reference          string
	Description        string
	Reverses           int64
	Currency           string
	AmountMinor        int64
	FunctionalCurrency string
	FunctionalMinor    int64
	Customer           string
	Policy             string
	Pack               string
}

func (t *tx) AccountLines(ctx context.Context, filter books.ActivityFilter) ([]books.ActivityLine, error) {
	after := filter.After
	if after.Day == 0 {
		after = books.ActivityPlace{Day: filter.From}
	}
	rows, err := query[accountLineRow](ctx, t, "listing the lines of an account", accountLines,
		string(filter.Account), date(after.Day), date(filter.To), filter.Through, after.Number, after.Line, string(filter.Currency), filter.Limit)
	return convert(rows, func(row accountLineRow) books.ActivityLine {
		return books.ActivityLine{
			Place:      books.ActivityPlace{Day: ledger.Date(row.AccountingDate), Number: row.Number, Line: row.Line},
			OccurredOn: ledger.Date(row.OccurredOn), PostedAt: row.PostedAtUs.time(), Kind: ledger.EntryKind(row.Kind), Reference: row.Reference,
			Description: row.Description, Reverses: row.Reverses,
			Amount:     ledger.Money(row.AmountMinor, ledger.Currency(row.Currency)),
			Functional: ledger.Money(row.FunctionalMinor, ledger.Currency(row.FunctionalCurrency)),
			Dimensions: ledger.Dimensions{Customer: row.Customer, Policy: row.Policy, Pack: row.Pack},
		}
	}), err
}
