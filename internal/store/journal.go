package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type entryRow struct {
	bun.BaseModel `bun:"table:entries,alias:entries"`

	Number         int64
	Kind           string
	AccountingDate date    `bun:",type:text"`
	OccurredOn     date    `bun:",type:text"`
	PostedAt       instant `bun:"posted_at_us,type:bigint"`
	BatchID        string  `bun:",nullzero"`
	// Policy and Currency are those of what a batch's entry sums; NULL for an act.
	Policy      string `bun:",nullzero"`
	Currency    string `bun:",nullzero"`
	Reference   string `bun:",nullzero"`
	Reverses    int64  `bun:",nullzero"`
	Description string
	// ApprovedSHA256 is NULL of what is not by hand.
	ApprovedSHA256 string `bun:"approved_sha256,nullzero"`
}

func entryRowOf(e ledger.Entry) entryRow {
	row := entryRow{
		Number: e.Number, Kind: string(e.Kind), AccountingDate: date(e.AccountingDate), OccurredOn: date(e.OccurredOn),
		PostedAt: instantOf(e.PostedAt), BatchID: e.Batch, Reference: e.Reference, Reverses: e.Reverses, Description: e.Description,
		ApprovedSHA256: e.Approved,
	}
	if e.Batch != "" { // all lines of such an entry agree
		row.Policy, row.Currency = e.Lines[0].Dimensions.Policy, string(e.Lines[0].Amount.Currency)
	}
	return row
}

func (row entryRow) entry() ledger.Entry {
	return ledger.Entry{
		Number: row.Number, Kind: ledger.EntryKind(row.Kind), AccountingDate: ledger.Date(row.AccountingDate),
		OccurredOn: ledger.Date(row.OccurredOn), PostedAt: row.PostedAt.time(), Batch: row.BatchID,
		Reference: row.Reference, Reverses: row.Reverses, Description: row.Description, Approved: row.ApprovedSHA256,
	}
}

type lineRow struct {
	bun.BaseModel `bun:"table:lines,alias:lines"`

	EntryNumber        int64
	Line               int64
	Account            string
	Currency           string
	AmountMinor        int64
	FunctionalCurrency string
	FunctionalMinor    int64
	Customer           string `bun:",nullzero"`
	Policy             string `bun:",nullzero"`
	Pack               string `bun:",nullzero"`
}

func (row lineRow) line() ledger.Line {
	return ledger.Line{
		Account:    ledger.Role(row.Account),
		Amount:     ledger.Money(row.AmountMinor, ledger.Currency(row.Currency)),
		Functional: ledger.Money(row.FunctionalMinor, ledger.Currency(row.FunctionalCurrency)),
		Dimensions: ledger.Dimensions{Customer: row.Customer, Policy: row.Policy, Pack: row.Pack},
	}
}

type accountPeriodRow struct {
	bun.BaseModel `bun:"table:account_periods,alias:account_periods"`

	Account               string
	Currency              string
	Period                string
	DebitMinor            int64
	CreditMinor           int64
	FunctionalDebitMinor  int64
	FunctionalCreditMinor int64
}

// AppendEntries posts entries. One that does not balance is refused, and nothing is
// written. The number is taken from a counter in this transaction, so that a
// transaction that fails leaves no gap.
func (t *tx) AppendEntries(ctx context.Context, entries []ledger.Entry) ([]ledger.Entry, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if t.readOnly {
		return nil, errReadOnly
	}
	for _, entry := range entries {
		if err := entry.Check(); err != nil {
			return nil, fmt.Errorf("posting entries: %w", err)
		}
	}
	first, err := t.next(ctx, "entry", len(entries))
	if err != nil {
		return nil, err
	}
	posted := slices.Clone(entries)
	var lines []lineRow
	for i := range posted {
		posted[i].Number = first + int64(i)
		lines = append(lines, linesOf(posted[i])...)
	}
	if err := insert(ctx, t, "posting entries", convert(posted, entryRowOf)); err != nil {
		return nil, err
	}
	if err := insert(ctx, t, "posting lines", lines); err != nil {
		return nil, err
	}
	return posted, t.addToPeriods(ctx, posted)
}

func linesOf(e ledger.Entry) []lineRow {
	rows := make([]lineRow, len(e.Lines))
	for i, line := range e.Lines {
		rows[i] = lineRow{
			EntryNumber: e.Number, Line: int64(i + 1), Account: string(line.Account),
			Currency: string(line.Amount.Currency), AmountMinor: line.Amount.Minor,
			FunctionalCurrency: string(line.Functional.Currency), FunctionalMinor: line.Functional.Minor,
			Customer: line.Dimensions.Customer, Policy: line.Dimensions.Policy, Pack: line.Dimensions.Pack,
		}
	}
	return rows
}

// addToPeriods adds the entries up per account, currency and period, and then to the
// running balances: one row per balance however many entries touch it, in one order.
func (t *tx) addToPeriods(ctx context.Context, entries []ledger.Entry) error {
	type key struct{ account, currency, period string }
	sums := map[key]*accountPeriodRow{}
	for _, entry := range entries {
		period := entry.AccountingDate.Period().String()
		for _, line := range entry.Lines {
			k := key{string(line.Account), string(line.Amount.Currency), period}
			row := sums[k]
			if row == nil {
				row = &accountPeriodRow{Account: k.account, Currency: k.currency, Period: k.period}
				sums[k] = row
			}
			addSide(&row.DebitMinor, &row.CreditMinor, line.Amount.Minor)
			addSide(&row.FunctionalDebitMinor, &row.FunctionalCreditMinor, line.Functional.Minor)
		}
	}
	rows := make([]accountPeriodRow, 0, len(sums))
	for _, row := range sums {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b accountPeriodRow) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Period, b.Period))
	})
	for chunk := range slices.Chunk(rows, chunkRows) {
		_, err := t.db.NewInsert().Model(&chunk).On("CONFLICT (account, currency, period) DO UPDATE").Set(`
			debit_minor = account_periods.debit_minor + EXCLUDED.debit_minor,
			credit_minor = account_periods.credit_minor + EXCLUDED.credit_minor,
			functional_debit_minor = account_periods.functional_debit_minor + EXCLUDED.functional_debit_minor,
			functional_credit_minor = account_periods.functional_credit_minor + EXCLUDED.functional_credit_minor`).Returning("NULL").Exec(ctx)
		if err != nil {
			return t.refused("adding to the running balances", err)
		}
	}
	return nil
}

func addSide(debit, credit *int64, signed int64) {
	if signed >= 0 {
		*debit += signed
	} else {
		*credit -= signed
	}
}

func (t *tx) Entries(ctx context.Context, filter books.EntryFilter, page books.Page) ([]ledger.Entry, error) {
	place, err := byNumberOf(page)
	if err != nil {
		return nil, err
	}
	rows, err := list[entryRow](ctx, t, "listing entries", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(ofEntries(q, filter))
	})
	if err != nil {
		return nil, err
	}
	return t.withLines(ctx, rows)
}

// entryOrders go by the index entries_date.
var entryOrders = orders{books.ByAccountingDate: {expression: "accounting_date", text: true}}

// byNumberOf is the place of a page of entries. Errors: INVALID.
func byNumberOf(page books.Page) (seek, error) {
	place := seek{terms: []string{"number"}, reverse: page.Reverse, limit: page.Limit}
	if page.After != "" {
		after, err := strconv.ParseInt(page.After, 10, 64)
		if err != nil {
			return place, &books.Error{Code: books.Invalid, Field: "after", Message: "is not the number of an entry", Cause: err}
		}
		place.after = []any{after}
	}
	return entryOrders.by(page, place)
}

func entriesBelow(doing string, of []books.EntryFilter) below[entryRow] {
	keys := keysOf(of)
	keys.by("reference = ?", of[0].Reference != "", func(f *books.EntryFilter) any { return f.Reference }, func(f *books.EntryFilter) { f.Reference = "" })
	keys.by("EXISTS (SELECT 1 FROM lines AS l WHERE l.account = ? AND l.entry_number = number)", of[0].Account != "",
		func(f *books.EntryFilter) any { return string(f.Account) }, func(f *books.EntryFilter) { f.Account = "" })
	return below[entryRow]{doing, keys.keys, keys.where, "rowid", func(q *bun.SelectQuery) *bun.SelectQuery { return ofEntries(q, keys.shared) }}
}

func (t *tx) EntriesBelow(ctx context.Context, of []books.EntryFilter, page books.Page) ([][]ledger.Entry, error) {
	place, err := byNumberOf(page)
	if err != nil {
		return nil, err
	}
	found, err := pages(ctx, t, entriesBelow("listing entries below many", of), place, ofRows(entryRow.entry))
	if err != nil {
		return nil, err
	}
	return found, t.addLines(ctx, found...)
}

func (t *tx) CountEntriesBelow(ctx context.Context, of []books.EntryFilter) ([]int64, error) {
	return counts(ctx, t, entriesBelow("counting entries below many", of))
}

func (t *tx) CountEntries(ctx context.Context, filter books.EntryFilter) (int64, error) {
	return count[entryRow](ctx, t, "counting entries", func(q *bun.SelectQuery) *bun.SelectQuery { return ofEntries(q, filter) })
}

func ofEntries(q *bun.SelectQuery, filter books.EntryFilter) *bun.SelectQuery {
	q = whereDays(q, "accounting_date", filter.From, filter.To)
	q = whereEqual(q, "kind", string(filter.Kind))
	q = whereOneOf(q, "kind", filter.Kinds)
	q = whereEqual(q, "reference", filter.Reference)
	q = whereID(q, "batch_id", filter.Batch)
	if filter.OutOfPeriod != nil && *filter.OutOfPeriod {
		q = q.Where(outOfPeriod)
	} else if filter.OutOfPeriod != nil {
		q = q.Where("NOT " + outOfPeriod)
	}
	if filter.Account != "" {
		q = q.Where("EXISTS (SELECT 1 FROM lines AS l WHERE l.account = ? AND l.entry_number = number)", string(filter.Account))
	}
	return q
}

func byNumber(ctx context.Context, t *tx, numbers []int64) ([]entryRow, error) {
	return inChunks(numbers, func(chunk []int64) ([]entryRow, error) {
		return query[entryRow](ctx, t, "reading entries", "SELECT * FROM entries WHERE number IN (?) ORDER BY number", bun.List(chunk))
	})
}

func (t *tx) EntriesByNumber(ctx context.Context, numbers []int64) ([]ledger.Entry, error) {
	rows, err := byNumber(ctx, t, numbers)
	if err != nil {
		return nil, err
	}
	return t.withLines(ctx, rows)
}

func (t *tx) withLines(ctx context.Context, rows []entryRow) ([]ledger.Entry, error) {
	found := convert(rows, entryRow.entry)
	return found, t.addLines(ctx, found)
}

// addLines reads the lines of the entries; one that is there twice has them twice.
func (t *tx) addLines(ctx context.Context, entries ...[]ledger.Entry) error {
	lines := map[int64][]ledger.Line{}
	var numbers []int64
	for _, some := range entries {
		for i := range some {
			if _, known := lines[some[i].Number]; !known {
				lines[some[i].Number], numbers = nil, append(numbers, some[i].Number)
			}
		}
	}
	rows, err := inChunks(numbers, func(chunk []int64) ([]lineRow, error) {
		return query[lineRow](ctx, t, "reading lines", "SELECT * FROM lines WHERE entry_number IN (?) ORDER BY entry_number, line", bun.List(chunk))
	})
	for _, row := range rows {
		lines[row.EntryNumber] = append(lines[row.EntryNumber], row.line())
	}
	for _, some := range entries {
		for i := range some {
			some[i].Lines = lines[some[i].Number]
		}
	}
	return err
}

// exportChunk is how many entries EachEntry reads at a time; it holds three times as many.
const exportChunk = 2000

// EachEntry reads in chunks rather than from one open cursor, so that yield may use the
// transaction. The chunks are of one snapshot, and the next one is read while yield works
// on the one before.
func (t *tx) EachEntry(ctx context.Context, from, to ledger.Date, yield func(ledger.Entry) error) (err error) {
	// The first and the last number of the days bound the walk along the numbers, which
	// the filter of days alone would begin at 1.
	span, err := query[struct{ First, Last int64 }](ctx, t, "finding entries by day", `SELECT coalesce(min(number), 0) AS first, coalesce(max(number), -1) AS last
		FROM entries WHERE accounting_date >= ? AND accounting_date <= ?`, fromDay(from), toDay(to))
	if err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	chunks := make(chan []ledger.Entry, 1)
	var fault error
	go func() {
		defer close(chunks)
		for next := span[0].First; next <= span[0].Last; next += exportChunk {
			var entries []ledger.Entry
			if entries, fault = t.entriesBetween(reading, next, min(next+exportChunk-1, span[0].Last), from, to); fault != nil {
				return
			}
			select {
			case chunks <- entries:
			case <-reading.Done():
				return
			}
		}
	}()
	// The transaction is not given back before its reader is done, also where yield panics.
	defer func() {
		stop()
		for range chunks { // until its end
		}
	}()
	for entries := range chunks {
		for _, entry := range entries {
			if err := yield(entry); err != nil {
				return err
			}
		}
	}
	return fault
}

// entriesBetween reads the entries of the numbers, both included, with their lines: first the entries
// and then the lines, so that what an entry says is not read again with each of its lines.
func (t *tx) entriesBetween(ctx context.Context, first, last int64, from, to ledger.Date) ([]ledger.Entry, error) {
	var entries []ledger.Entry
	var e entryRow
	var batch lastID
	args := []any{first, last, fromDay(from), toDay(to)}
	err := t.scan(ctx, "streaming entries", streamEntries, args, []any{
		&e.Number,
		sameText{&e.Kind},
		dayTo{&e.AccountingDate},
		dayTo{&e.OccurredOn},
		&e.PostedAt,
		sameID{&e.BatchID, &batch},
		sameText{&e.Reference},
		columnNumber{&e.Reverses},
		sameText{&e.Description},
	}, func() { entries = append(entries, e.entry()) })
	if err != nil || len(entries) == 0 {
		return entries, err
	}
	statement := streamLines
	if from == 0 && to == 0 { // the lines of all
		statement, args = streamAllLines, args[:2]
	}
	var l lineRow
	lines := make([]ledger.Line, 0, 2*len(entries))
	begin := make([]int, 0, len(entries)+1) // where the lines of each entry begin
	err = t.scan(ctx, "streaming lines", statement, args, []any{
		&l.EntryNumber,
		roleTo{&l.Account},
		sameText{&l.Currency},
		&l.AmountMinor,
		sameText{&l.FunctionalCurrency},
		&l.FunctionalMinor,
		sameText{&l.Customer},
		sameText{&l.Policy},
		sameText{&l.Pack},
	}, func() {
		for len(begin) < len(entries) && entries[len(begin)].Number <= l.EntryNumber {
			begin = append(begin, len(lines))
		}
		if at := len(begin) - 1; at >= 0 && entries[at].Number == l.EntryNumber {
			lines = append(lines, l.line())
		}
	})
	for len(begin) <= len(entries) {
		begin = append(begin, len(lines))
	}
	for i := range entries {
		entries[i].Lines = lines[begin[i]:begin[i+1]:begin[i+1]]
	}
	return entries, err
}

const (
	streamEntries = `SELECT number, kind, accounting_date, occurred_on, posted_at_us, batch_id, reference, reverses, description
	FROM entries WHERE number >= $1 AND number <= $2 AND accounting_date >= $3 AND accounting_date <= $4 ORDER BY number`

	streamAllLines = `SELECT entry_number, account, currency, amount_minor, functional_currency, functional_minor, customer, policy, pack
	FROM lines WHERE entry_number >= $1 AND entry_number <= $2 ORDER BY entry_number, line`

	streamLines = `SELECT l.entry_number, l.account, l.currency, l.amount_minor, l.functional_currency, l.functional_minor, l.customer, l.policy, l.pack
	FROM entries AS e CROSS JOIN lines AS l
	WHERE e.number >= $1 AND e.number <= $2 AND e.accounting_date >= $3 AND e.accounting_date <= $4 AND l.entry_number = e.number
		AND l.entry_number >= $1 AND l.entry_number <= $2 -- said again, or a planner may read all lines
	ORDER BY e.number, l.line`
)

// toDay is a day to compare with: the zero day lies after all days.
func toDay(d ledger.Date) string {
	if d == 0 {
		return "9999-99-99"
	}
	return d.String()
}

type balanceRow struct {
	Account                                                string
	Currency                                               string
	Opening, Debits, Credits                               int64
	FunctionalOpening, FunctionalDebits, FunctionalCredits int64
}

const trialBalance = `SELECT account, currency,
	CAST(sum(CASE WHEN period < ?0 THEN debit_minor - credit_minor ELSE 0 END) AS BIGINT) AS opening,
	CAST(sum(CASE WHEN period < ?0 THEN 0 ELSE debit_minor END) AS BIGINT) AS debits,
	CAST(sum(CASE WHEN period < ?0 THEN 0 ELSE credit_minor END) AS BIGINT) AS credits,
	CAST(sum(CASE WHEN period < ?0 THEN functional_debit_minor - functional_credit_minor ELSE 0 END) AS BIGINT) AS functional_opening,
	CAST(sum(CASE WHEN period < ?0 THEN 0 ELSE functional_debit_minor END) AS BIGINT) AS functional_debits,
	CAST(sum(CASE WHEN period < ?0 THEN 0 ELSE functional_credit_minor END) AS BIGINT) AS functional_credits
	FROM account_periods WHERE period <= ?1 GROUP BY account, currency`

// TrialBalance lists accounts in the order of the chart of accounts, then by currency.
func (t *tx) TrialBalance(ctx context.Context, from, to ledger.Period) (ledger.TrialBalance, error) {
	balance := ledger.TrialBalance{From: from, To: to}
	book, err := t.Book(ctx)
	if err != nil && books.CodeOf(err) != books.NotFound {
		return balance, err
	}
	balance.Functional = book.Functional
	last := "9999-99"
	if to != 0 {
		last = to.String()
	}
	rows, err := query[balanceRow](ctx, t, "reading the running balances", trialBalance, from.String(), last)
	if err != nil {
		return balance, err
	}
	slices.SortFunc(rows, func(a, b balanceRow) int {
		return cmp.Or(cmp.Compare(chartOrder[a.Account], chartOrder[b.Account]), cmp.Compare(a.Currency, b.Currency))
	})
	for _, row := range rows {
		balance.Balances = append(balance.Balances, row.balance(book.Functional))
	}
	return balance, nil
}

func (row balanceRow) balance(functional ledger.Currency) ledger.Balance {
	currency := ledger.Currency(row.Currency)
	return ledger.Balance{
		Account: ledger.Role(row.Account), Currency: currency,
		Opening: ledger.Money(row.Opening, currency), Debits: ledger.Money(row.Debits, currency), Credits: ledger.Money(row.Credits, currency),
		FunctionalOpening: ledger.Money(row.FunctionalOpening, functional),
		FunctionalDebits:  ledger.Money(row.FunctionalDebits, functional),
		FunctionalCredits: ledger.Money(row.FunctionalCredits, functional),
	}
}

var chartOrder = func() map[string]int {
	order := map[string]int{}
	for i, account := range ledger.Accounts() {
		order[string(account.Role)] = i
	}
	return order
}()

const entriesOfRecognitions = `WITH ? SELECT key.at, e.number FROM key CROSS JOIN policies AS p CROSS JOIN entries AS e
	WHERE p.id = key.k6 AND e.batch_id = key.k1 AND e.accounting_date = key.k2 AND e.occurred_on = key.k3 AND e.kind = key.k4
	AND e.currency = key.k5 AND e.policy = p.code`

func (t *tx) EntriesOfRecognitions(ctx context.Context, recognitions []revrec.Recognition) ([]int64, error) {
	numbers := make([]int64, len(recognitions))
	for from := 0; from < len(recognitions); from += chunkIDs {
		keys := keyTable{from: from, keys: convert(recognitions[from:min(from+chunkIDs, len(recognitions))], func(r revrec.Recognition) []any {
			return []any{
				rowID(r.Batch), date(r.AccountingDate), date(r.Day), string(revrec.EntryKindOf(r.Kind)), string(r.Amount.Currency), rowID(r.PolicyID),
			}
		})}
		rows, err := query[struct {
			At     int
			Number int64
		}](ctx, t, "finding the entries of recognitions", entriesOfRecognitions, keys)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			numbers[row.At] = row.Number
		}
	}
	return numbers, nil
}
