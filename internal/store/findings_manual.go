package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

// manualEntries holds each approved entry against the entry in the journal, and the other way
// round: in one sorted pass, for SQLite finds no index for a full join.
var manualEntries = comparison{
	subject: "'man_' || id",
	from: `(SELECT e.reference AS id, e.number || ' ' || e.kind || ' ' || e.accounting_date || ' ' || e.description AS posted, CAST(NULL AS TEXT) AS approved, e.reverses, NULL AS takes_back
				FROM entries AS e WHERE ` + byHand + `
			UNION ALL SELECT CAST(m.id AS TEXT), NULL, coalesce(CAST(m.entry_number AS TEXT), 'no number') || ' ' || m.kind || ' ' || m.accounting_date || ' ' || m.description, NULL, o.entry_number
				FROM manual_entries AS m LEFT JOIN manual_entries AS o ON o.id = m.reverses WHERE m.status = 'APPROVED') AS moved GROUP BY id`,
	pairs: []pair{
		{"manual.entry", "max(posted)", "max(approved)"},
		{"manual.once", "count(posted)", "count(approved)"},
		{"manual.reverses", "max(reverses)", "max(takes_back)"},
	},
}

// manualLinesPosted holds the lines that were approved against those in the journal.
var manualLinesPosted = comparison{
	subject: "'entry ' || entry_number || ' line ' || line",
	from: `(SELECT l.entry_number, l.line, ` + lineText + ` AS posted, CAST(NULL AS TEXT) AS approved FROM entries AS e JOIN lines AS l ON l.entry_number = e.number WHERE ` + byHand + `
			UNION ALL SELECT m.entry_number, l.line, NULL, ` + lineText + ` FROM ` + manualLines + `) AS moved GROUP BY entry_number, line`,
	pairs: []pair{{"manual.line", "max(posted)", "max(approved)"}},
}

// lineText is all that a line l says.
const lineText = `l.account || ' ' || l.currency || ' ' || l.amount_minor || ' ' || l.functional_currency || ' ' || l.functional_minor
	|| ' ' || coalesce(l.customer, '') || ' ' || coalesce(l.policy, '') || ' ' || coalesce(l.pack, '')`

// manualDecided holds the status of an entry against what was written when it was decided.
var manualDecided = comparison{
	subject: "'man_' || CAST(m.id AS TEXT)", from: "manual_entries AS m",
	pairs: []pair{{
		"manual.decided", "m.status",
		"CASE WHEN m.decided_by IS NULL AND m.decided_at_us IS NULL AND m.entry_number IS NULL THEN 'PROPOSED' WHEN m.decided_by IS NULL OR m.decided_at_us IS NULL THEN 'decided by nobody' WHEN m.entry_number IS NULL THEN 'REJECTED' ELSE 'APPROVED' END",
	}},
}

// manualReversals holds reversals against what they take back, and what reverses itself against
// its reversal.
var manualReversals = comparison{
	subject: "'man_' || CAST(m.id AS TEXT)",
	from: `manual_entries AS m LEFT JOIN manual_entries AS o ON o.id = m.reverses AND o.kind = 'MANUAL' AND o.status = 'APPROVED'
		LEFT JOIN (SELECT l.manual_id, sum(l.line * l.amount_minor) AS amount, sum(l.line * l.functional_minor) AS functional FROM manual_entry_lines AS l GROUP BY l.manual_id) AS s ON s.manual_id = m.id
		LEFT JOIN (SELECT l.manual_id, -sum(l.line * l.amount_minor) AS amount, -sum(l.line * l.functional_minor) AS functional FROM manual_entry_lines AS l GROUP BY l.manual_id) AS t ON t.manual_id = o.id`,
	pairs: []pair{
		{"manual.reversal", "CASE WHEN m.kind = 'MANUAL_REVERSAL' THEN s.amount || ' ' || s.functional END", "CASE WHEN m.kind = 'MANUAL_REVERSAL' OR m.reverses IS NOT NULL THEN t.amount || ' ' || t.functional END"},
		{
			"manual.reverseDue", "m.reverse_due",
			`CASE WHEN m.status = 'APPROVED' AND NOT EXISTS (SELECT 1 FROM manual_entries AS r WHERE r.reverses = m.id AND r.reverses IS NOT NULL AND r.status <> 'REJECTED') THEN m.reverse_on END`,
		},
	},
}

// manualAttachments holds what is attached to manual entries against its hashes.
func (f *findings) manualAttachments(ctx context.Context) error {
	attachments, err := query[struct{ ManualID, Name string }](ctx, f.tx, "reading which attachments there are", "SELECT manual_id, name FROM manual_attachments ORDER BY manual_id, name")
	if err != nil {
		return err
	}
	for _, at := range attachments { // one after the other: each may be long
		rows, err := f.paper(ctx, at.ManualID, at.Name)
		if err != nil {
			return err
		}
		for _, row := range rows {
			f.attached("man_"+row.ManualID+" "+row.Name, row.Bytes, row.Hash, row.Content)
		}
	}
	return nil
}

// paper reads what is attached to an entry under a name.
func (f *findings) paper(ctx context.Context, id, name string) ([]manualAttachmentRow, error) {
	return list[manualAttachmentRow](ctx, f.tx, "reading an attachment", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("manual_id = ?", rowID(id)).Where("name = ?", name)
	})
}

// approvedPapers holds what each entry by hand was approved as, which its seal covers, against its words, its
// lines and the bytes of its papers; and names the paper that is not as it was when it was attached.
func (f *findings) approvedPapers(ctx context.Context) error {
	approved, err := query[struct {
		ID, Kept string
		Number   int64
	}](ctx, f.tx, "reading what was approved", "SELECT m.id, e.number, e.approved_sha256 AS kept FROM manual_entries AS m JOIN entries AS e ON e.number = m.entry_number WHERE e.approved_sha256 IS NOT NULL ORDER BY e.number")
	if err != nil {
		return err
	}
	for _, at := range approved {
		found, err := f.tx.ManualEntriesByID(ctx, []string{at.ID})
		if err != nil {
			return err
		}
		papers, err := f.papersOf(ctx, at.ID)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue // of manual.entry
		}
		is, err := found[0].SHA256(papers)
		if err != nil {
			return err
		}
		if is == at.Kept {
			continue
		}
		subject := fmt.Sprintf("entry %d, man_%s", at.Number, at.ID)
		named, err := f.changedPapers(ctx, subject, at.ID, papers)
		if err != nil {
			return err
		}
		if !named { // its words or lines, the hash that is kept, or the trail too
			f.add("manual.approved", subject, at.Kept, is)
		}
	}
	return nil
}

// papersOf reads the papers of an entry, each with the hash of its bytes.
func (f *findings) papersOf(ctx context.Context, id string) ([]books.Attachment, error) {
	papers, err := f.tx.ManualAttachments(ctx, []string{id})
	for i := range papers { // one after the other: each may be long
		if err != nil {
			return nil, err
		}
		rows, fault := f.paper(ctx, id, papers[i].Name)
		for _, row := range rows {
			sum := sha256.Sum256(row.Content)
			papers[i].Hash = sum[:]
		}
		err = fault
	}
	return papers, err
}

// changedPapers names the papers whose bytes are not those that the audit trail says were attached. It returns false
// where there is none.
func (f *findings) changedPapers(ctx context.Context, subject, id string, papers []books.Attachment) (named bool, err error) {
	events, err := f.tx.Audit(ctx, books.AuditFilter{Action: "manual.attach", Subject: id}, books.Page{})
	if err != nil {
		return false, err
	}
	attached := map[string]string{}
	for _, event := range events {
		var paper struct{ Name, SHA256 string }
		if json.Unmarshal([]byte(event.Detail), &paper) == nil {
			attached[paper.Name] = paper.SHA256
		}
	}
	for _, paper := range papers {
		was, is := attached[paper.Name], hex.EncodeToString(paper.Hash)
		if is != was {
			f.add("manual.paper", subject+", paper "+paper.Name, is, orNothing(was))
			named = true
		}
		delete(attached, paper.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(attached)) {
		f.add("manual.paper", subject+", paper "+name, "none", attached[name])
		named = true
	}
	return named, nil
}
