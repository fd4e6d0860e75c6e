package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func (t *tx) ClosedThrough(ctx context.Context) (ledger.Period, error) {
	read := "SELECT day FROM closed_through"
	if !t.readOnly && t.holdClosed != "" {
		read = t.holdClosed
	}
	rows, err := query[struct{ Day string }](ctx, t, "reading what is closed", read)
	if err != nil || len(rows) == 0 || rows[0].Day == "" {
		return 0, err
	}
	day, err := ledger.ParseDate(rows[0].Day)
	return day.Period(), err
}

func (t *tx) HoldPeriods(ctx context.Context) error {
	if t.holdPeriods == "" || t.readOnly {
		return nil
	}
	_, err := t.exec(ctx, "holding what is closed", t.holdPeriods)
	return err
}

func (t *tx) SetClosedThrough(ctx context.Context, through ledger.Period) error {
	day := ""
	if through != 0 {
		day = through.Last().String()
	}
	_, err := t.exec(ctx, "saying what is closed",
		"INSERT INTO closed_through (one, day) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET day = EXCLUDED.day", day)
	return err
}

// month is a period in a column.
func month(p ledger.Period) string { return p.String() }

// monthOf reads what month wrote.
func monthOf(text string) (ledger.Period, error) {
	if text == "" {
		return 0, nil
	}
	return ledger.ParsePeriod(text)
}

type periodRow struct {
	bun.BaseModel `bun:"table:periods,alias:periods"`

	Period   string
	Status   string
	ClosedAt instant `bun:"closed_at_us,type:bigint"`
}

func (t *tx) PeriodsClosed(ctx context.Context) ([]books.Period, error) {
	rows, err := list[periodRow](ctx, t, "reading periods", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("period") })
	if err != nil {
		return nil, err
	}
	periods := make([]books.Period, len(rows))
	for i, row := range rows {
		periods[i] = books.Period{Status: books.PeriodStatus(row.Status), ClosedAt: row.ClosedAt.time()}
		if periods[i].Period, err = monthOf(row.Period); err != nil {
			return nil, err
		}
	}
	return periods, nil
}

func (t *tx) SavePeriod(ctx context.Context, p books.Period) error {
	_, err := t.exec(ctx, "saying how a period stands", `INSERT INTO periods (period, status, closed_at_us) VALUES (?, ?, ?)
		ON CONFLICT (period) DO UPDATE SET status = EXCLUDED.status, closed_at_us = EXCLUDED.closed_at_us`,
		month(p.Period), string(p.Status), instantOf(p.ClosedAt))
	return err
}

func (t *tx) Beginning(ctx context.Context) (booked ledger.Date, purchased time.Time, err error) {
	var day date
	var at instant
	err = t.each(ctx, "reading when the book begins", "SELECT (SELECT min(accounting_date) FROM entries), (SELECT min(purchased_at_us) FROM purchases WHERE opening_on IS NULL)",
		nil, []any{&day, &at}, func() { booked, purchased = ledger.Date(day), at.time() })
	return booked, purchased, err
}

type closingRow struct {
	bun.BaseModel `bun:"table:period_closings,alias:period_closings"`

	ID        string
	Period    string
	Act       string
	At        instant `bun:"at_us,type:bigint"`
	Actor     string
	ActorName string `bun:",nullzero"`
	Reason    string `bun:",nullzero"`
	ReopenID  string `bun:",nullzero"`
	Entries   int64
	LastEntry int64
	Checks    string // a JSON list
}

func (row closingRow) closing() (books.Closing, error) {
	closing := books.Closing{
		ID: row.ID, Act: books.ClosingAct(row.Act), At: row.At.time(), Actor: row.Actor, ActorName: row.ActorName,
		Reason: row.Reason, ReopenID: row.ReopenID, Entries: row.Entries, LastEntry: row.LastEntry,
	}
	period, err := monthOf(row.Period)
	if err == nil {
		closing.Period = period
		err = json.Unmarshal([]byte(row.Checks), &closing.Checks)
	}
	return closing, err
}

type closingBalanceRow struct {
	bun.BaseModel `bun:"table:closing_balances,alias:closing_balances"`

	ClosingID              string
	Account                string
	Currency               string
	OpeningMinor           int64
	DebitMinor             int64
	CreditMinor            int64
	FunctionalOpeningMinor int64
	FunctionalDebitMinor   int64
	FunctionalCreditMinor  int64
}

func (t *tx) InsertClosing(ctx context.Context, c books.Closing, balances []ledger.Balance) error {
	checks := c.Checks
	if checks == nil {
		checks = []books.CloseCheck{}
	}
	text, err := json.Marshal(checks)
	if err != nil {
		return err
	}
	err = insert(ctx, t, "keeping a closing", []closingRow{{
		ID: c.ID, Period: month(c.Period), Act: string(c.Act), At: instantOf(c.At), Actor: c.Actor, ActorName: c.ActorName,
		Reason: c.Reason, ReopenID: c.ReopenID, Entries: c.Entries, LastEntry: c.LastEntry, Checks: string(text),
	}})
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping closing balances", convert(balances, func(b ledger.Balance) closingBalanceRow {
		return closingBalanceRow{
			ClosingID: c.ID, Account: string(b.Account), Currency: string(b.Currency),
			OpeningMinor: b.Opening.Minor, DebitMinor: b.Debits.Minor, CreditMinor: b.Credits.Minor,
			FunctionalOpeningMinor: b.FunctionalOpening.Minor, FunctionalDebitMinor: b.FunctionalDebits.Minor, FunctionalCreditMinor: b.FunctionalCredits.Minor,
		}
	}))
}

func (t *tx) Closings(ctx context.Context, periods []ledger.Period) ([]books.Closing, error) {
	rows, err := inChunks(periods, func(chunk []ledger.Period) ([]closingRow, error) {
		return list[closingRow](ctx, t, "reading closings", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("period IN (?)", bun.List(convert(chunk, month))).Order("period", "id")
		})
	})
	if err != nil {
		return nil, err
	}
	closings := make([]books.Closing, len(rows))
	for i, row := range rows {
		if closings[i], err = row.closing(); err != nil {
			return nil, err
		}
	}
	return closings, nil
}

func (t *tx) ClosingBalances(ctx context.Context, closingID string) ([]ledger.Balance, error) {
	book, err := t.Book(ctx)
	if err != nil && books.CodeOf(err) != books.NotFound {
		return nil, err
	}
	rows, err := list[closingBalanceRow](ctx, t, "reading closing balances", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("closing_id = ?", rowID(closingID))
	})
	return convert(rows, func(row closingBalanceRow) ledger.Balance {
		return balanceRow{
			Account: row.Account, Currency: row.Currency, Opening: row.OpeningMinor, Debits: row.DebitMinor, Credits: row.CreditMinor,
			FunctionalOpening: row.FunctionalOpeningMinor, FunctionalDebits: row.FunctionalDebitMinor, FunctionalCredits: row.FunctionalCreditMinor,
		}.balance(book.Functional)
	}), err
}

// outOfPeriod is the condition by which the index entries_out_of_period knows an entry.
const outOfPeriod = "(substr(occurred_on, 1, 7) < substr(accounting_date, 1, 7))"

const periodTotals = `SELECT period, CAST(sum(entries) AS BIGINT), CAST(sum(late) AS BIGINT), CAST(sum(debits) AS BIGINT), CAST(sum(credits) AS BIGINT) FROM (
	SELECT period, 0 AS entries, 0 AS late, functional_debit_minor AS debits, functional_credit_minor AS credits FROM account_periods WHERE period >= ?0 AND period <= ?1
	UNION ALL SELECT substr(accounting_date, 1, 7), count(*), 0, 0, 0 FROM entries WHERE accounting_date >= ?2 AND accounting_date <= ?3 GROUP BY substr(accounting_date, 1, 7)
	UNION ALL SELECT substr(accounting_date, 1, 7), 0, count(*), 0, 0 FROM entries WHERE ` + outOfPeriod + ` GROUP BY substr(accounting_date, 1, 7)
	) AS of_period WHERE period >= ?0 AND period <= ?1 GROUP BY period`

func (t *tx) PeriodTotals(ctx context.Context, periods []ledger.Period) ([]books.PeriodTotal, error) {
	if len(periods) == 0 {
		return nil, nil
	}
	first, last := slices.Min(periods), slices.Max(periods)
	var totals []books.PeriodTotal
	var text string
	var total books.PeriodTotal
	var fault error
	err := t.each(ctx, "adding up periods", periodTotals, []any{month(first), month(last), date(first.First()), date(last.Last())},
		[]any{&text, &total.Entries, &total.OutOfPeriod, &total.FunctionalDebits, &total.FunctionalCredits}, func() {
			period, err := monthOf(text)
			if fault = cmp.Or(fault, err); slices.Contains(periods, period) {
				total.Period = period
				totals = append(totals, total)
			}
		})
	return totals, cmp.Or(err, fault)
}
