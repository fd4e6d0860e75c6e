package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type exportTargetRow struct {
	bun.BaseModel `bun:"table:export_targets,alias:export_targets"`

	ID        string
	Code      string
	CreatedAt instant `bun:"created_at_us,type:bigint"`
	CreatedBy string
}

type exportTargetVersionRow struct {
	bun.BaseModel `bun:"table:export_target_versions,alias:export_target_versions"`

	TargetID    string
	Number      int
	Profile     string
	Schedule    string
	Destination string `bun:",nullzero"`
	Ended       bool
	Reason      string  `bun:",nullzero"`
	CreatedAt   instant `bun:"created_at_us,type:bigint"`
	CreatedBy   string
}

func (t *tx) InsertExportTarget(ctx context.Context, target books.ExportTarget) error {
	err := insert(ctx, t, "keeping an export target", []exportTargetRow{{
		ID: target.ID, Code: target.Code, CreatedAt: instantOf(target.CreatedAt), CreatedBy: target.CreatedBy,
	}})
	if err != nil {
		return takenAs("code", fmt.Sprintf("%q is the code of another target", target.Code), err)
	}
	for _, version := range target.Versions {
		if err := t.InsertExportTargetVersion(ctx, target.ID, version); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) InsertExportTargetVersion(ctx context.Context, targetID string, v books.ExportTargetVersion) error {
	return insert(ctx, t, "keeping a version of an export target", []exportTargetVersionRow{{
		TargetID: targetID, Number: v.Number, Profile: v.Profile, Schedule: string(v.Schedule), Destination: v.Destination,
		Ended: v.Ended, Reason: v.Reason, CreatedAt: instantOf(v.CreatedAt), CreatedBy: v.CreatedBy,
	}})
}

func (t *tx) LockExportTarget(ctx context.Context, id string) (books.ExportTarget, error) {
	rows, err := query[exportTargetRow](ctx, t, "holding an export target", "SELECT * FROM export_targets WHERE id = ?"+t.holding("export_targets"), rowID(id))
	if err == nil && len(rows) == 0 {
		err = notFound("export target", id)
	}
	if err != nil {
		return books.ExportTarget{}, err
	}
	targets, err := t.withVersions(ctx, rows)
	if err != nil {
		return books.ExportTarget{}, err
	}
	return targets[0], nil
}

func (t *tx) ExportTargetsByID(ctx context.Context, ids []string) ([]books.ExportTarget, error) {
	rows, err := byColumn[exportTargetRow](ctx, t, "reading export targets", "id", ids)
	if err != nil {
		return nil, err
	}
	return t.withVersions(ctx, rows)
}

func (t *tx) ExportTargets(ctx context.Context) ([]books.ExportTarget, error) {
	rows, err := query[exportTargetRow](ctx, t, "listing export targets", "SELECT * FROM export_targets ORDER BY code")
	if err != nil {
		return nil, err
	}
	return t.withVersions(ctx, rows)
}

func (t *tx) withVersions(ctx context.Context, rows []exportTargetRow) ([]books.ExportTarget, error) {
	ids := convert(rows, func(row exportTargetRow) rowID { return rowID(row.ID) })
	if len(ids) == 0 {
		return nil, nil
	}
	versions, err := list[exportTargetVersionRow](ctx, t, "reading the versions of export targets", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("target_id IN (?)", bun.List(ids)).Order("target_id", "number")
	})
	of := map[string][]books.ExportTargetVersion{}
	for _, v := range versions {
		of[v.TargetID] = append(of[v.TargetID], books.ExportTargetVersion{
			Number: v.Number, Profile: v.Profile, Schedule: books.ExportSchedule(v.Schedule), Destination: v.Destination, Ended: v.Ended,
			Reason: v.Reason, CreatedAt: v.CreatedAt.time(), CreatedBy: v.CreatedBy,
		})
	}
	return convert(rows, func(row exportTargetRow) books.ExportTarget {
		return books.ExportTarget{ID: row.ID, Code: row.Code, CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy, Versions: of[row.ID]}
	}), err
}

type exportBatchRow struct {
	bun.BaseModel `bun:"table:export_batches,alias:export_batches"`

	ID             string
	TargetID       string
	Number         int64
	Version        int
	Status         string
	FromEntry      int64
	ToEntry        int64
	TriggerKind    string
	CreatedAt      instant `bun:"created_at_us,type:bigint"`
	CreatedBy      string
	Progress       int64
	Problem        string  `bun:",nullzero"` // of a draft, and Undelivered of what is sealed, which keeps the other as it is
	Undelivered    string  `bun:",nullzero"`
	SealedAt       instant `bun:"sealed_at_us,type:bigint"`
	Entries        int64
	Lines          int64
	Manifest       string `bun:",nullzero"`
	ManifestHash   []byte
	DeliveredAt    instant `bun:"delivered_at_us,type:bigint"`
	DeliveredTo    string  `bun:",nullzero"`
	AcknowledgedAt instant `bun:"acknowledged_at_us,type:bigint"`
	AcknowledgedBy string  `bun:",nullzero"`
	VoidedAt       instant `bun:"voided_at_us,type:bigint"`
	VoidedBy       string  `bun:",nullzero"`
	Reason         string  `bun:",nullzero"`
	Replaces       string  `bun:",nullzero"`
	ReplacedBy     string  `bun:",nullzero"`
}

func exportBatchRowOf(b books.ExportBatch) exportBatchRow {
	row := exportBatchRow{
		ID: b.ID, TargetID: b.TargetID, Number: b.Number, Version: b.Version, Status: string(b.Status), FromEntry: b.FromEntry, ToEntry: b.ToEntry,
		TriggerKind: b.Trigger, CreatedAt: instantOf(b.CreatedAt), CreatedBy: b.CreatedBy, Progress: b.Progress,
		SealedAt: instantOf(b.SealedAt), Entries: b.Entries, Lines: b.Lines, Manifest: b.Manifest, ManifestHash: b.ManifestHash,
		DeliveredAt: instantOf(b.DeliveredAt), DeliveredTo: b.DeliveredTo, AcknowledgedAt: instantOf(b.AcknowledgedAt), AcknowledgedBy: b.AcknowledgedBy,
		VoidedAt: instantOf(b.VoidedAt), VoidedBy: b.VoidedBy, Reason: b.Reason, Replaces: b.Replaces, ReplacedBy: b.ReplacedBy,
	}
	if b.SealedAt.IsZero() {
		row.Problem = b.Problem
	} else {
		row.Undelivered = b.Problem
	}
	return row
}

func (row exportBatchRow) batch() books.ExportBatch {
	return books.ExportBatch{
		ID: row.ID, TargetID: row.TargetID, Number: row.Number, Version: row.Version, Status: books.ExportStatus(row.Status), FromEntry: row.FromEntry, ToEntry: row.ToEntry,
		Trigger: row.TriggerKind, CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy, Progress: row.Progress, Problem: cmp.Or(row.Problem, row.Undelivered),
		SealedAt: row.SealedAt.time(), Entries: row.Entries, Lines: row.Lines, Manifest: row.Manifest, ManifestHash: row.ManifestHash,
		DeliveredAt: row.DeliveredAt.time(), DeliveredTo: row.DeliveredTo, AcknowledgedAt: row.AcknowledgedAt.time(), AcknowledgedBy: row.AcknowledgedBy,
		VoidedAt: row.VoidedAt.time(), VoidedBy: row.VoidedBy, Reason: row.Reason, Replaces: row.Replaces, ReplacedBy: row.ReplacedBy,
	}
}

func (t *tx) InsertExportBatch(ctx context.Context, batch books.ExportBatch) error {
	return insert(ctx, t, "keeping an export batch", []exportBatchRow{exportBatchRowOf(batch)})
}

func (t *tx) UpdateExportBatch(ctx context.Context, batch books.ExportBatch) error {
	row := exportBatchRowOf(batch)
	touched, err := t.exec(ctx, "changing an export batch", `UPDATE export_batches SET version = ?, status = ?, progress = ?, problem = ?, undelivered = ?, sealed_at_us = ?,
		entries = ?, lines = ?, manifest = ?, manifest_hash = ?, delivered_at_us = ?, delivered_to = ?, acknowledged_at_us = ?, acknowledged_by = ?,
		voided_at_us = ?, voided_by = ?, reason = ?, replaced_by = ?, claim = NULL, claim_until_us = NULL WHERE id = ?`,
		row.Version, row.Status, row.Progress, bun.NullZero(row.Problem), bun.NullZero(row.Undelivered), row.SealedAt, row.Entries, row.Lines, bun.NullZero(row.Manifest), row.ManifestHash,
		row.DeliveredAt, bun.NullZero(row.DeliveredTo), row.AcknowledgedAt, bun.NullZero(row.AcknowledgedBy), row.VoidedAt, bun.NullZero(row.VoidedBy),
		bun.NullZero(row.Reason), bun.NullZero(row.ReplacedBy), rowID(row.ID))
	return wroteOne("export batch", batch.ID, touched, err)
}

type exportFileRow struct {
	bun.BaseModel `bun:"table:export_files,alias:export_files"`

	BatchID   string
	Place     int
	Name      string
	MediaType string
	Bytes     int64
	RowCount  int64
	Hash      []byte
}

func (t *tx) ExportBatchesByID(ctx context.Context, ids []string) ([]books.ExportBatch, error) {
	rows, err := byColumn[exportBatchRow](ctx, t, "reading export batches", "id", ids)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	batches := convert(rows, exportBatchRow.batch)
	keys := convert(rows, func(row exportBatchRow) string { return row.ID })
	files, err := t.ExportFiles(ctx, keys)
	if err != nil {
		return nil, err
	}
	of := map[string][]books.ExportFile{}
	for _, file := range files {
		of[file.BatchID] = append(of[file.BatchID], file)
	}
	answered, err := t.ExportAnswered(ctx, keys)
	for i := range batches {
		batches[i].Files, batches[i].Answers = of[batches[i].ID], answered[batches[i].ID]
	}
	return batches, err
}

func (t *tx) ExportFiles(ctx context.Context, batchIDs []string) ([]books.ExportFile, error) {
	rows, err := inChunks(batchIDs, func(chunk []string) ([]exportFileRow, error) {
		return list[exportFileRow](ctx, t, "reading the files of export batches", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("batch_id IN (?)", bun.List(convert(chunk, rowIDOf))).Order("batch_id", "place")
		})
	})
	return convert(rows, func(row exportFileRow) books.ExportFile {
		return books.ExportFile{BatchID: row.BatchID, Place: row.Place, Name: row.Name, MediaType: row.MediaType, Bytes: row.Bytes, Rows: row.RowCount, Hash: row.Hash}
	}), err
}

func (t *tx) ExportAnswered(ctx context.Context, batchIDs []string) (map[string]int64, error) {
	type counted struct {
		BatchID string
		Answers int64
	}
	rows, err := inChunks(batchIDs, func(chunk []string) ([]counted, error) {
		return query[counted](ctx, t, "counting answers to export batches",
			"SELECT batch_id, count(*) AS answers FROM export_answers WHERE batch_id IN (?) GROUP BY batch_id", bun.List(convert(chunk, rowIDOf)))
	})
	answered := make(map[string]int64, len(rows))
	for _, row := range rows {
		answered[row.BatchID] = row.Answers
	}
	return answered, err
}

func (t *tx) ExportBatches(ctx context.Context, filter books.ExportBatchFilter, page books.Page) ([]books.ExportBatch, error) {
	rows, err := list[exportBatchRow](ctx, t, "listing export batches", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofExportBatches(q, filter))
	})
	return convert(rows, exportBatchRow.batch), err
}

func (t *tx) CountExportBatches(ctx context.Context, filter books.ExportBatchFilter) (int64, error) {
	return count[exportBatchRow](ctx, t, "counting export batches", func(q *bun.SelectQuery) *bun.SelectQuery { return ofExportBatches(q, filter) })
}

func ofExportBatches(q *bun.SelectQuery, filter books.ExportBatchFilter) *bun.SelectQuery {
	if filter.TargetID != "" {
		q = q.Where("target_id = ?", rowID(filter.TargetID))
	}
	q = whereEqual(q, "status", string(filter.Status))
	if filter.Entry != 0 {
		q = q.Where("from_entry <= ?", filter.Entry).Where("to_entry >= ?", filter.Entry)
	}
	return q
}

func (t *tx) LastExport(ctx context.Context, targetID string) (entry, number int64, err error) {
	rows, err := query[struct{ Entry, Number int64 }](ctx, t, "finding the last export to a target",
		"SELECT coalesce(max(CASE WHEN status <> 'VOIDED' THEN to_entry END), 0) AS entry, coalesce(max(number), 0) AS number FROM export_batches WHERE target_id = ?", rowID(targetID))
	if err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	return rows[0].Entry, rows[0].Number, nil
}

func (t *tx) VoidedExports(ctx context.Context, targetID string) ([]books.ExportBatch, error) {
	rows, err := list[exportBatchRow](ctx, t, "reading voided export batches", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("target_id = ?", rowID(targetID)).Where("status = 'VOIDED'").Where("replaced_by IS NULL").Order("from_entry", "id")
	})
	return convert(rows, exportBatchRow.batch), err
}

// claimedExport finds the oldest draft that can be written, and holds it; passed over is what
// another writer holds.
const claimedExport = `SELECT id FROM export_batches WHERE status = 'DRAFT' AND problem IS NULL AND (claim_until_us IS NULL OR claim_until_us <= ?0 OR claim = ?2)
	AND (?1 = '' OR CAST(id AS TEXT) = ?1) ORDER BY id LIMIT 1`

func (t *tx) ClaimExportDraft(ctx context.Context, batchID, claim string, now, until time.Time) (books.ExportBatch, bool, error) {
	free, err := query[struct{ ID string }](ctx, t, "claiming an export batch", claimedExport+t.skipping, instantOf(now), batchID, claim)
	if err != nil || len(free) == 0 {
		return books.ExportBatch{}, false, err
	}
	id := rowID(free[0].ID)
	if _, err := t.exec(ctx, "claiming an export batch", "UPDATE export_batches SET claim = ?, claim_until_us = ?, progress = 0 WHERE id = ?", claim, instantOf(until), id); err != nil {
		return books.ExportBatch{}, false, err
	}
	if err := t.DeleteExportPieces(ctx, free[0].ID); err != nil {
		return books.ExportBatch{}, false, err
	}
	if _, err := t.exec(ctx, "taking away a draft", "DELETE FROM export_files WHERE batch_id = ?", id); err != nil {
		return books.ExportBatch{}, false, err
	}
	batches, err := t.ExportBatchesByID(ctx, []string{free[0].ID})
	if err != nil {
		return books.ExportBatch{}, false, err
	}
	return batches[0], true, nil
}

func (t *tx) RenewExportClaim(ctx context.Context, batchID, claim string, until time.Time, progress int64) (bool, error) {
	touched, err := t.exec(ctx, "renewing the claim of an export batch",
		"UPDATE export_batches SET claim_until_us = ?, progress = ? WHERE id = ? AND claim = ? AND status = 'DRAFT'", instantOf(until), progress, rowID(batchID), claim)
	return touched == 1, err
}

type exportPieceRow struct {
	bun.BaseModel `bun:"table:export_pieces,alias:export_pieces"`

	BatchID string
	File    int
	Place   int
	Packed  []byte
}

// packers pack pieces one after the other: a new one takes a mebibyte.
var packers = sync.Pool{New: func() any {
	packer, _ := flate.NewWriter(nil, flate.BestSpeed) // fails for levels that there are not
	return packer
}}

func packedPiece(text []byte) ([]byte, error) {
	packer, ok := packers.Get().(*flate.Writer)
	if !ok {
		return nil, errors.New("no packer")
	}
	defer packers.Put(packer)
	var packed bytes.Buffer
	packer.Reset(&packed)
	if _, err := packer.Write(text); err != nil {
		return nil, err
	}
	err := packer.Close()
	return packed.Bytes(), err
}

// exportInsert is how many packed bytes are inserted together.
const exportInsert = 1 << 20

func (t *tx) InsertExportPieces(ctx context.Context, pieces []books.ExportPiece) error {
	var rows []exportPieceRow
	waiting := 0
	for i, piece := range pieces {
		packed, err := packedPiece(piece.Bytes)
		if err != nil {
			return err
		}
		rows, waiting = append(rows, exportPieceRow{BatchID: piece.BatchID, File: piece.File, Place: piece.Place, Packed: packed}), waiting+len(packed)
		if waiting < exportInsert && i < len(pieces)-1 {
			continue
		}
		if err := insert(ctx, t, "keeping a part of a file", rows); err != nil {
			return err
		}
		rows, waiting = rows[:0], 0
	}
	return nil
}

func (t *tx) DeleteExportPieces(ctx context.Context, batchID string) error {
	_, err := t.exec(ctx, "taking away a draft", "DELETE FROM export_pieces WHERE batch_id = ?", rowID(batchID))
	return err
}

func (t *tx) InsertExportFiles(ctx context.Context, files []books.ExportFile) error {
	return insert(ctx, t, "keeping the files of an export batch", convert(files, func(f books.ExportFile) exportFileRow {
		return exportFileRow{BatchID: f.BatchID, Place: f.Place, Name: f.Name, MediaType: f.MediaType, Bytes: f.Bytes, RowCount: f.Rows, Hash: f.Hash}
	}))
}

func (t *tx) ExportPiece(ctx context.Context, batchID string, file, place int) ([]byte, error) {
	rows, err := list[exportPieceRow](ctx, t, "reading a part of a file", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("batch_id = ?", rowID(batchID)).Where("file = ?", file).Where("place = ?", place)
	})
	if err == nil && len(rows) == 0 {
		err = notFound("part of a file", fmt.Sprintf("%s %d %d", batchID, file, place))
	}
	if err != nil {
		return nil, err
	}
	return unpackedPiece(rows[0].Packed)
}

// unpackedPiece refuses what is longer than any piece: a row may have been tampered with.
func unpackedPiece(packed []byte) ([]byte, error) {
	var text bytes.Buffer
	text.Grow(min(8*len(packed), books.ExportPieceBytes) + bytes.MinRead)
	_, err := text.ReadFrom(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), books.ExportPieceBytes+1))
	if err == nil && text.Len() > books.ExportPieceBytes {
		err = fmt.Errorf("more than %d bytes unpacked", books.ExportPieceBytes)
	}
	return text.Bytes(), err
}

type exportLinkKeyRow struct {
	bun.BaseModel `bun:"table:export_link_key,alias:export_link_key"`

	One    int64
	Secret []byte
}

func (t *tx) ExportLinkKey(ctx context.Context) ([]byte, error) {
	rows, err := list[exportLinkKeyRow](ctx, t, "reading the key of links", func(q *bun.SelectQuery) *bun.SelectQuery { return q })
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].Secret, nil
}

func (t *tx) SaveExportLinkKey(ctx context.Context, secret []byte) error {
	_, err := t.exec(ctx, "keeping the key of links", "INSERT INTO export_link_key (one, secret) VALUES (1, ?) ON CONFLICT (one) DO NOTHING", secret)
	return err
}

type exportJournalRow struct {
	bun.BaseModel `bun:"table:export_journals,alias:export_journals"`

	BatchID    string
	Journal    string
	InBook     int64
	Currency   string
	DebitMinor int64
}

func (t *tx) InsertExportJournals(ctx context.Context, journals []books.ExportJournal) error {
	return insert(ctx, t, "keeping what journals of a summary debit", convert(journals, func(j books.ExportJournal) exportJournalRow {
		row := exportJournalRow{BatchID: j.BatchID, Journal: j.Journal, Currency: string(j.Debit.Currency), DebitMinor: j.Debit.Minor}
		if j.InBook {
			row.InBook = 1
		}
		return row
	}))
}

func (t *tx) ExportJournals(ctx context.Context, batchID string, journals []string) ([]books.ExportJournal, error) {
	rows, err := inChunks(journals, func(chunk []string) ([]exportJournalRow, error) {
		return list[exportJournalRow](ctx, t, "reading what journals of a summary debit", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("batch_id = ?", rowID(batchID)).Where("journal IN (?)", bun.List(chunk)).Order("journal", "in_book", "currency")
		})
	})
	return convert(rows, func(row exportJournalRow) books.ExportJournal {
		return books.ExportJournal{BatchID: row.BatchID, Journal: row.Journal, InBook: row.InBook == 1, Debit: ledger.Money(row.DebitMinor, ledger.Currency(row.Currency))}
	}), err
}

type exportAnswerRow struct {
	bun.BaseModel `bun:"table:export_answers,alias:export_answers"`

	BatchID    string
	Journal    string
	ExternalID string
	At         instant `bun:"at_us,type:bigint"`
	Actor      string
}

func (t *tx) InsertExportAnswers(ctx context.Context, answers []books.ExportAnswer) error {
	return insert(ctx, t, "keeping answers to an export batch", convert(answers, func(a books.ExportAnswer) exportAnswerRow {
		return exportAnswerRow{BatchID: a.BatchID, Journal: a.Journal, ExternalID: a.ExternalID, At: instantOf(a.At), Actor: a.Actor}
	}))
}

func (t *tx) ExportAnswers(ctx context.Context, batchID string, journals []string, page books.Page) ([]books.ExportAnswer, error) {
	answer := func(row exportAnswerRow) books.ExportAnswer {
		return books.ExportAnswer{BatchID: row.BatchID, Journal: row.Journal, ExternalID: row.ExternalID, At: row.At.time(), Actor: row.Actor}
	}
	if journals != nil {
		rows, err := inChunks(journals, func(chunk []string) ([]exportAnswerRow, error) {
			return list[exportAnswerRow](ctx, t, "reading answers to an export batch", func(q *bun.SelectQuery) *bun.SelectQuery {
				return q.Where("batch_id = ?", rowID(batchID)).Where("journal IN (?)", bun.List(chunk)).Order("journal")
			})
		})
		return convert(rows, answer), err
	}
	rows, err := list[exportAnswerRow](ctx, t, "listing answers to an export batch", func(q *bun.SelectQuery) *bun.SelectQuery {
		place := seek{terms: []string{"journal"}, reverse: page.Reverse, limit: page.Limit}
		if page.After != "" {
			place.after = []any{page.After}
		}
		return place.on(q.Where("batch_id = ?", rowID(batchID)))
	})
	return convert(rows, answer), err
}

func (t *tx) EntriesBetween(ctx context.Context, first, last int64) ([]ledger.Entry, error) {
	return t.entriesBetween(ctx, first, last, 0, 0)
}

const standingBefore = `SELECT account, currency, CAST(sum(minor) AS BIGINT) AS minor, CAST(sum(functional) AS BIGINT) AS functional FROM (
		SELECT account, currency, debit_minor - credit_minor AS minor, functional_debit_minor - functional_credit_minor AS functional FROM account_periods
		UNION ALL SELECT account, currency, -amount_minor, -functional_minor FROM lines WHERE entry_number >= ?
	) AS standing GROUP BY account, currency`

func (t *tx) StandingBefore(ctx context.Context, entry int64) ([]books.AccountStanding, error) {
	book, err := t.Book(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := query[struct {
		Account, Currency string
		Minor, Functional int64
	}](ctx, t, "reading what accounts stood at", standingBefore, entry)
	if err != nil {
		return nil, err
	}
	var standing []books.AccountStanding
	for _, account := range ledger.Accounts() {
		var of []books.AccountStanding
		for _, row := range rows {
			if row.Account == string(account.Role) && (row.Minor != 0 || row.Functional != 0) {
				of = append(of, books.AccountStanding{
					Account: account.Role, Amount: ledger.Money(row.Minor, ledger.Currency(row.Currency)), Functional: ledger.Money(row.Functional, book.Functional),
				})
			}
		}
		slices.SortFunc(of, func(a, b books.AccountStanding) int { return cmp.Compare(a.Amount.Currency, b.Amount.Currency) })
		standing = append(standing, of...)
	}
	return standing, nil
}
