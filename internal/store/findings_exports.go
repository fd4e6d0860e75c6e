package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// exports holds the batches of each target against each other: numbered without gaps, and those
// that count covering the entries from the first one on, each once, but for what a voided batch left
// and nothing replaces yet. What is sealed is held against its entries, its files against
// their hashes and the manifest, and what the general ledger answered against the journals.
func (f *findings) exports(ctx context.Context) error {
	targets, err := f.tx.ExportTargets(ctx)
	if err != nil {
		return err
	}
	batches, err := list[exportBatchRow](ctx, f.tx, "reading export batches", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Order("target_id", "from_entry", "number")
	})
	if err != nil || len(batches) == 0 {
		return err
	}
	last, err := query[struct{ Number int64 }](ctx, f.tx, "finding the last entry", "SELECT coalesce(max(number), 0) AS number FROM entries")
	if err != nil {
		return err
	}
	of, byID := map[string][]exportBatchRow{}, map[string]exportBatchRow{}
	for _, b := range batches {
		of[b.TargetID], byID[b.ID] = append(of[b.TargetID], b), b
	}
	for _, target := range targets {
		f.exportRanges(of[target.ID], last[0].Number)
		for _, b := range of[target.ID] {
			f.exportReplaced(b, byID)
			if err := f.sealedExport(ctx, target, b); err != nil {
				return err
			}
		}
		delete(of, target.ID)
	}
	for target, batches := range of {
		f.add("export.target", exportSubject(batches[0]), target, "is no target")
	}
	return nil
}

func exportSubject(b exportBatchRow) string { return "xpb_" + b.ID }

// exportRanges walks the batches of a target in order of their first entries, and then of their
// numbers.
func (f *findings) exportRanges(batches []exportBatchRow, last int64) {
	next := int64(1)
	for _, b := range batches {
		if b.Status == string(books.ExportVoided) && b.ReplacedBy != "" {
			continue
		}
		is := fmt.Sprintf("%d to %d", b.FromEntry, b.ToEntry)
		switch {
		case b.FromEntry < next:
			f.add("export.range", exportSubject(b), is, fmt.Sprintf("entries through %d are in other batches", next-1))
		case b.FromEntry > next:
			f.add("export.range", exportSubject(b), is, fmt.Sprintf("entry %d is in no batch", next))
		case b.ToEntry > last:
			f.add("export.range", exportSubject(b), is, fmt.Sprintf("the last entry is %d", last))
		}
		next = max(next, b.ToEntry+1)
	}
	slices.SortFunc(batches, func(x, y exportBatchRow) int { return cmp.Compare(x.Number, y.Number) })
	for i, b := range batches {
		if b.Number != int64(i+1) {
			f.add("export.number", exportSubject(b), fmt.Sprint(b.Number), fmt.Sprint(i+1))
			break
		}
	}
}

// exportReplaced holds a batch and the one that has its range now against each other.
func (f *findings) exportReplaced(b exportBatchRow, byID map[string]exportBatchRow) {
	if by := byID[b.ReplacedBy]; b.ReplacedBy != "" &&
		(b.Status != string(books.ExportVoided) || by.Replaces != b.ID || by.TargetID != b.TargetID || by.FromEntry != b.FromEntry || by.ToEntry != b.ToEntry || by.Number <= b.Number) {
		f.add("export.replaced", exportSubject(b), fmt.Sprintf("%s, replaced by xpb_%s", b.Status, b.ReplacedBy), "a later batch of the range of one that is voided, which names it")
	}
	if before := byID[b.Replaces]; b.Replaces != "" && before.ReplacedBy != b.ID {
		f.add("export.replaced", exportSubject(b), "replaces xpb_"+b.Replaces, "which names another one, or none")
	}
}

// sealedExport holds what is sealed against entries and bytes.
func (f *findings) sealedExport(ctx context.Context, target books.ExportTarget, b exportBatchRow) error {
	if is, want := exportDates(b), exportDatesOf(books.ExportStatus(b.Status), b); is != want {
		f.add("export.status", exportSubject(b), b.Status+": "+is, want)
	}
	if b.ManifestHash == nil {
		return nil
	}
	if sum := sha256.Sum256([]byte(b.Manifest)); !bytes.Equal(sum[:], b.ManifestHash) {
		f.add("export.manifest", exportSubject(b), hex.EncodeToString(b.ManifestHash), hex.EncodeToString(sum[:]))
	}
	files, err := list[exportFileRow](ctx, f.tx, "reading exported files", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("batch_id = ?", rowID(b.ID)).Order("place")
	})
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := f.exportedFile(ctx, exportSubject(b), file); err != nil {
			return err
		}
	}
	if err := f.exportManifest(ctx, b, files); err != nil {
		return err
	}
	return f.exportAnswers(ctx, target, b)
}

// exportDates says what has happened to a batch by its row, and exportDatesOf what has by its
// status: a batch may be voided at any time.
func exportDates(b exportBatchRow) string {
	return fmt.Sprintf("sealed %t, with a manifest %t, delivered %t, acknowledged %t, voided %t",
		b.SealedAt.set, b.ManifestHash != nil, b.DeliveredAt.set, b.AcknowledgedAt.set, b.VoidedAt.set)
}

func exportDatesOf(status books.ExportStatus, b exportBatchRow) string {
	sealed, delivered, acknowledged := status != books.ExportDraft, status == books.ExportDelivered, status == books.ExportAcknowledged
	if status == books.ExportVoided {
		sealed, delivered, acknowledged = b.SealedAt.set, b.DeliveredAt.set, b.AcknowledgedAt.set
	}
	return fmt.Sprintf("sealed %t, with a manifest %t, delivered %t, acknowledged %t, voided %t",
		sealed, sealed, delivered || acknowledged, acknowledged, status == books.ExportVoided)
}

// exportManifest holds what a manifest says against entries and files.
func (f *findings) exportManifest(ctx context.Context, b exportBatchRow, files []exportFileRow) error {
	type total struct {
		Currency      ledger.Currency
		Debit, Credit string
	}
	var said struct {
		Entries, Lines int64
		First          int64 `json:"first_entry"`
		Last           int64 `json:"last_entry"`
		Totals         []total
		Files          []struct {
			Name, Kind, SHA256 string
			Bytes, Rows        int64
			Totals             []total
		}
	}
	if err := json.Unmarshal([]byte(b.Manifest), &said); err != nil {
		f.add("export.manifest", exportSubject(b), err.Error(), "can be read")
		return nil
	}
	counted, err := query[struct{ Entries, Lines int64 }](ctx, f.tx, "counting exported entries", `SELECT (SELECT count(*) FROM entries WHERE number >= ?0 AND number <= ?1) AS entries,
		(SELECT count(*) FROM lines WHERE entry_number >= ?0 AND entry_number <= ?1) AS lines`, b.FromEntry, b.ToEntry)
	if err != nil {
		return err
	}
	want := fmt.Sprintf("%d entries, %d lines, %d to %d", counted[0].Entries, counted[0].Lines, b.FromEntry, b.ToEntry)
	if is := fmt.Sprintf("%d entries, %d lines, %d to %d", b.Entries, b.Lines, b.FromEntry, b.ToEntry); is != want {
		f.add("export.entries", exportSubject(b), is, want)
	}
	if is := fmt.Sprintf("%d entries, %d lines, %d to %d", said.Entries, said.Lines, said.First, said.Last); is != want {
		f.add("export.entries", exportSubject(b), "manifest: "+is, want)
	}
	sums, err := query[struct {
		Currency      ledger.Currency
		Debit, Credit int64
	}](ctx, f.tx, "adding up exported lines", `SELECT currency, CAST(sum(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END) AS BIGINT) AS debit,
		CAST(sum(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END) AS BIGINT) AS credit FROM lines
		WHERE entry_number >= ? AND entry_number <= ? GROUP BY currency ORDER BY currency`, b.FromEntry, b.ToEntry)
	if err != nil {
		return err
	}
	added := make([]total, len(sums))
	for i, sum := range sums {
		added[i] = total{sum.Currency, ledger.Money(sum.Debit, sum.Currency).Text(), ledger.Money(sum.Credit, sum.Currency).Text()}
	}
	if is, want := fmt.Sprint(said.Totals), fmt.Sprint(added); is != want {
		f.add("export.totals", exportSubject(b), is, want)
	}
	var told, kept []string
	written := map[ledger.Currency]decimal.Decimal{} // what the files of journals debit
	for _, file := range said.Files {
		for _, total := range file.Totals {
			debit, err := decimal.NewFromString(total.Debit)
			if err != nil {
				f.add("export.manifest", exportSubject(b), err.Error(), "can be read")
				return nil
			}
			written[total.Currency] = written[total.Currency].Add(debit)
		}
		told = append(told, fmt.Sprintf("%s: %d rows, %d bytes, %s", file.Name, file.Rows, file.Bytes, file.SHA256))
	}
	for _, file := range files {
		kept = append(kept, fmt.Sprintf("%s: %d rows, %d bytes, %x", file.Name, file.RowCount, file.Bytes, file.Hash))
	}
	slices.Sort(told)
	slices.Sort(kept)
	if is, want := strings.Join(kept, "; "), strings.Join(told, "; "); is != want {
		f.add("export.files", exportSubject(b), is, "manifest: "+want)
	}
	return f.exportJournals(ctx, b, written)
}

// exportJournals holds what is kept of the journals of a summary against what the manifest says of their files. Batches
// sealed before it was kept have none.
func (f *findings) exportJournals(ctx context.Context, b exportBatchRow, written map[ledger.Currency]decimal.Decimal) error {
	sums, err := query[struct {
		Currency ledger.Currency
		Debit    int64
	}](ctx, f.tx, "adding up journals of a summary", `SELECT currency, CAST(sum(debit_minor) AS BIGINT) AS debit FROM export_journals
		WHERE batch_id = ? AND in_book = 0 GROUP BY currency ORDER BY currency`, rowID(b.ID))
	if err != nil || len(sums) == 0 {
		return err
	}
	kept := map[ledger.Currency]string{}
	for _, sum := range sums {
		kept[sum.Currency] = ledger.Money(sum.Debit, sum.Currency).Text()
	}
	want := map[ledger.Currency]string{}
	for currency, debit := range written {
		want[currency] = debit.StringFixed(currency.Exponent())
	}
	if is, want := fmt.Sprint(kept), fmt.Sprint(want); is != want {
		f.add("export.journals", exportSubject(b), is, "manifest: "+want)
	}
	return nil
}

// exportAnswers holds what the general ledger answered against the journals of a batch.
func (f *findings) exportAnswers(ctx context.Context, target books.ExportTarget, b exportBatchRow) error {
	answers, err := list[exportAnswerRow](ctx, f.tx, "reading answers to an export batch", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("batch_id = ?", rowID(b.ID)).Order("journal")
	})
	if err != nil {
		return err
	}
	journals, err := books.JournalsOfExport(target, b.batch())
	if err != nil {
		f.add("export.version", exportSubject(b), err.Error(), "is the profile by which it was written")
		return nil
	}
	for _, answer := range answers {
		if !journals.Has(answer.Journal) {
			f.add("export.answer", exportSubject(b)+" "+answer.Journal, answer.ExternalID, "is no journal of the batch, which has "+journals.String())
		}
	}
	all := int64(len(answers)) == journals.Count && journals.Count > 0
	if acknowledged := b.AcknowledgedAt.set; acknowledged != all {
		f.add("export.acknowledged", exportSubject(b), fmt.Sprintf("acknowledged %t", acknowledged), fmt.Sprintf("%d of %d journals are answered for", len(answers), journals.Count))
	}
	return nil
}

// exportedFile reads a file piece by piece.
func (f *findings) exportedFile(ctx context.Context, subject string, file exportFileRow) error {
	sum, n := sha256.New(), int64(0)
	pieces, err := count[exportPieceRow](ctx, f.tx, "counting parts of a file", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("batch_id = ?", rowID(file.BatchID)).Where("file = ?", file.Place)
	})
	if err != nil {
		return err
	}
	for place := range int(pieces) {
		piece, err := f.tx.ExportPiece(ctx, file.BatchID, file.Place, place)
		if err != nil { // unreadable, or not in its place: the hash says so
			break
		}
		_, _ = sum.Write(piece) // never fails
		n += int64(len(piece))
	}
	kept, derived := fmt.Sprintf("%d bytes, %x", file.Bytes, file.Hash), fmt.Sprintf("%d bytes, %x", n, sum.Sum(nil))
	if kept != derived {
		f.add("export.file", subject+" "+file.Name, kept, derived)
	}
	return nil
}
