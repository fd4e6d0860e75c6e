package store

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type manualRow struct {
	bun.BaseModel `bun:"table:manual_entries,alias:manual_entries"`

	ID              string
	Kind            string
	AccountingDate  date `bun:",type:text"`
	Reason          string
	Description     string
	ControlAccounts string `bun:",nullzero"`
	ReverseOn       date   `bun:",type:text"`
	ReverseDue      date   `bun:",type:text"`
	Reverses        string `bun:",nullzero"`
	EntryNumber     int64  `bun:",nullzero"`
	Status          string
	Proposer        string  // a JSON object
	CreatedAt       instant `bun:"created_at_us,type:bigint"`
	DecidedBy       string  `bun:",nullzero"`
	DecidedAt       instant `bun:"decided_at_us,type:bigint"`
	Decision        string  `bun:",nullzero"`
}

func (row manualRow) entry() (books.ManualEntry, error) {
	m := books.ManualEntry{
		ID: row.ID, Kind: ledger.EntryKind(row.Kind), AccountingDate: ledger.Date(row.AccountingDate), Reason: row.Reason, Description: row.Description,
		ControlAccounts: row.ControlAccounts, ReverseOn: ledger.Date(row.ReverseOn), ReverseDue: ledger.Date(row.ReverseDue), Reverses: row.Reverses,
		Number: row.EntryNumber, Status: books.ManualStatus(row.Status), CreatedAt: row.CreatedAt.time(),
		DecidedBy: row.DecidedBy, DecidedAt: row.DecidedAt.time(), Decision: row.Decision,
	}
	return m, json.Unmarshal([]byte(row.Proposer), &m.Proposer)
}

type manualLineRow struct {
	bun.BaseModel `bun:"table:manual_entry_lines,alias:manual_entry_lines"`

	ManualID           string
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

func (row manualLineRow) line() ledger.Line {
	return ledger.Line{
		Account:    ledger.Role(row.Account),
		Amount:     ledger.Money(row.AmountMinor, ledger.Currency(row.Currency)),
		Functional: ledger.Money(row.FunctionalMinor, ledger.Currency(row.FunctionalCurrency)),
		Dimensions: ledger.Dimensions{Customer: row.Customer, Policy: row.Policy, Pack: row.Pack},
	}
}

// manualLines are the lines l of the manual entries m that are in the journal.
const manualLines = "manual_entries AS m JOIN manual_entry_lines AS l ON l.manual_id = m.id WHERE m.entry_number IS NOT NULL"

// byHand is ledger.EntryKind.Manual of the entries e.
const byHand = "e.kind IN ('MANUAL', 'MANUAL_REVERSAL')"

func (t *tx) InsertManualEntry(ctx context.Context, m books.ManualEntry) error {
	proposer, err := json.Marshal(m.Proposer)
	if err != nil {
		return err
	}
	err = insert(ctx, t, "keeping a manual entry", []manualRow{{
		ID: m.ID, Kind: string(m.Kind), AccountingDate: date(m.AccountingDate), Reason: m.Reason, Description: m.Description,
		ControlAccounts: m.ControlAccounts, ReverseOn: date(m.ReverseOn), Reverses: m.Reverses,
		Status: string(m.Status), Proposer: string(proposer), CreatedAt: instantOf(m.CreatedAt),
	}})
	if err != nil {
		return err
	}
	rows := make([]manualLineRow, len(m.Lines))
	for i, line := range m.Lines {
		rows[i] = manualLineRow{
			ManualID: m.ID, Line: int64(i + 1), Account: string(line.Account), Currency: string(line.Amount.Currency), AmountMinor: line.Amount.Minor,
			FunctionalCurrency: string(line.Functional.Currency), FunctionalMinor: line.Functional.Minor,
			Customer: line.Dimensions.Customer, Policy: line.Dimensions.Policy, Pack: line.Dimensions.Pack,
		}
	}
	return insert(ctx, t, "keeping the lines of a manual entry", rows)
}

// manual returns entries with their lines.
func (t *tx) manual(ctx context.Context, rows []manualRow, err error) ([]books.ManualEntry, error) {
	if err != nil {
		return nil, err
	}
	entries, at := make([]books.ManualEntry, len(rows)), map[string]int{}
	for i, row := range rows {
		if entries[i], err = row.entry(); err != nil {
			return nil, err
		}
		at[row.ID] = i
	}
	lines, err := inChunks(convert(rows, func(row manualRow) string { return row.ID }), func(chunk []string) ([]manualLineRow, error) {
		return list[manualLineRow](ctx, t, "reading the lines of manual entries", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("manual_id IN (?)", bun.List(convert(chunk, rowIDOf))).Order("manual_id", "line")
		})
	})
	for _, line := range lines {
		entry := &entries[at[line.ManualID]]
		entry.Lines = append(entry.Lines, line.line())
	}
	return entries, err
}

func (t *tx) LockManualEntry(ctx context.Context, id string) (books.ManualEntry, error) {
	rows, err := query[manualRow](ctx, t, "holding a manual entry", "SELECT * FROM manual_entries WHERE id = ?"+t.holding("manual_entries"), rowID(id))
	if err == nil && len(rows) == 0 {
		err = notFound("manual entry", id)
	}
	found, err := t.manual(ctx, rows, err)
	if err != nil {
		return books.ManualEntry{}, err
	}
	return found[0], nil
}

func (t *tx) DecideManualEntry(ctx context.Context, m books.ManualEntry) error {
	var number any
	if m.Number != 0 {
		number = m.Number
	}
	touched, err := t.exec(ctx, "deciding about a manual entry",
		"UPDATE manual_entries SET status = ?, decided_by = ?, decided_at_us = ?, decision = ?, entry_number = ?, reverse_due = ? WHERE id = ?",
		string(m.Status), m.DecidedBy, instantOf(m.DecidedAt), m.Decision, number, date(m.ReverseDue), rowID(m.ID))
	return wroteOne("manual entry", m.ID, touched, err)
}

func (t *tx) DueReversals(ctx context.Context, through ledger.Date, limit int) ([]books.ManualEntry, error) {
	rows, err := query[manualRow](ctx, t, "reading what is to be reversed", "SELECT * FROM manual_entries WHERE reverse_due IS NOT NULL AND reverse_due <= ? ORDER BY reverse_due, id LIMIT ?"+t.holding("manual_entries"),
		date(through), limit)
	return t.manual(ctx, rows, err)
}

func (t *tx) ReversedManual(ctx context.Context, id string) error {
	touched, err := t.exec(ctx, "ending the wait for a reversal", "UPDATE manual_entries SET reverse_due = NULL WHERE id = ?", rowID(id))
	return wroteOne("manual entry", id, touched, err)
}

func (t *tx) ManualEntriesByID(ctx context.Context, ids []string) ([]books.ManualEntry, error) {
	rows, err := manualBy(ctx, t, "id", ids)
	return t.manual(ctx, rows, err)
}

func (t *tx) ReversalsOfManual(ctx context.Context, ids []string) ([]books.ManualEntry, error) {
	rows, err := manualBy(ctx, t, "reverses", ids)
	return t.manual(ctx, rows, err)
}

// manualBy reads entries by an id, or by that of what they reverse, unless they were rejected.
func manualBy(ctx context.Context, t *tx, column string, ids []string) ([]manualRow, error) {
	return inChunks(ids, func(chunk []string) ([]manualRow, error) {
		return list[manualRow](ctx, t, "reading manual entries", func(q *bun.SelectQuery) *bun.SelectQuery {
			if column == "reverses" {
				q = q.Where("reverses IS NOT NULL AND status <> 'REJECTED'") // as the index says
			}
			return q.Where("? IN (?)", bun.Ident(column), bun.List(convert(chunk, rowIDOf)))
		})
	})
}

func (t *tx) ManualEntries(ctx context.Context, filter books.ManualFilter, page books.Page) ([]books.ManualEntry, error) {
	rows, err := list[manualRow](ctx, t, "listing manual entries", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofManual(q, filter))
	})
	return t.manual(ctx, rows, err)
}

func (t *tx) CountManualEntries(ctx context.Context, filter books.ManualFilter) (int64, error) {
	return count[manualRow](ctx, t, "counting manual entries", func(q *bun.SelectQuery) *bun.SelectQuery { return ofManual(q, filter) })
}

func ofManual(q *bun.SelectQuery, filter books.ManualFilter) *bun.SelectQuery {
	q = whereDays(q, "accounting_date", filter.From, filter.To)
	q = whereEqual(whereEqual(q, "status", string(filter.Status)), "kind", string(filter.Kind))
	if filter.Account != "" {
		q = q.Where("EXISTS (SELECT 1 FROM manual_entry_lines AS l WHERE l.manual_id = manual_entries.id AND l.account = ?)", string(filter.Account))
	}
	return q
}

func (t *tx) ReversedBy(ctx context.Context, numbers []int64) (map[int64]int64, error) {
	by := make(map[int64]int64, len(numbers))
	rows, err := inChunks(numbers, func(chunk []int64) ([]entryRow, error) {
		return query[entryRow](ctx, t, "reading what reverses entries", "SELECT number, reverses FROM entries WHERE reverses IS NOT NULL AND reverses IN (?)", bun.List(chunk))
	})
	for _, row := range rows {
		by[row.Reverses] = row.Number
	}
	return by, err
}

type manualAttachmentRow struct {
	bun.BaseModel `bun:"table:manual_attachments,alias:manual_attachments"`

	ManualID  string
	Name      string
	MediaType string
	Bytes     int64
	Hash      []byte
	Content   []byte
	CreatedAt instant `bun:"created_at_us,type:bigint"`
	CreatedBy string
}

func (row manualAttachmentRow) attachment() books.Attachment {
	return books.Attachment{
		FileOf: books.FileOf{ManualID: row.ManualID}, Name: row.Name, MediaType: row.MediaType, Bytes: row.Bytes, Hash: row.Hash,
		CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy,
	}
}

func (t *tx) ManualAttachments(ctx context.Context, ids []string) ([]books.Attachment, error) {
	rows, err := inChunks(ids, func(chunk []string) ([]manualAttachmentRow, error) {
		return list[manualAttachmentRow](ctx, t, "reading attachments", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.ExcludeColumn("content").Where("manual_id IN (?)", bun.List(convert(chunk, rowIDOf))).Order("manual_id", "name")
		})
	})
	return convert(rows, manualAttachmentRow.attachment), err
}
