package store

import (
	"context"

	"github.com/uptrace/bun"
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
		rows, err := list[manualAttachmentRow](ctx, f.tx, "reading an attachment", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("manual_id = ?", rowID(at.ManualID)).Where("name = ?", at.Name)
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			f.attached("man_"+row.ManualID+" "+row.Name, row.Bytes, row.Hash, row.Content)
		}
	}
	return nil
}
