package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/uptrace/bun"
)

// exports holds the batches of each target against each other: numbered without gaps, and those
// that count covering the entries from the first one on, each once, but for what a voided batch left
// and nothing replaces yet. What is sealed is held against its entries, and its files against
// their hashes.
func (f *findings) exports(ctx context.Context) error {
	batches, err := list[exportBatchRow](ctx, f.tx, "reading export batches", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Order("target_id", "number")
	})
	if err != nil {
		return err
	}
	last, number := map[string]int64{}, map[string]int64{}
	covered := map[string]map[int64]int64{} // first to last entry of what is in a batch, or waits for one
	for _, b := range batches {
		number[b.TargetID]++
		if b.Number != number[b.TargetID] {
			f.add("export.number", "xpb_"+b.ID, fmt.Sprint(b.Number), fmt.Sprint(number[b.TargetID]))
			number[b.TargetID] = b.Number
		}
		if b.Status != "VOIDED" || b.ReplacedBy == "" {
			if covered[b.TargetID] == nil {
				covered[b.TargetID] = map[int64]int64{}
			}
			if to, taken := covered[b.TargetID][b.FromEntry]; taken {
				f.add("export.range", "xpb_"+b.ID, fmt.Sprintf("%d to %d", b.FromEntry, b.ToEntry), fmt.Sprintf("%d to %d is in another batch", b.FromEntry, to))
			}
			covered[b.TargetID][b.FromEntry] = b.ToEntry
			last[b.TargetID] = max(last[b.TargetID], b.ToEntry)
		}
		if err := f.sealedExport(ctx, b); err != nil {
			return err
		}
	}
	for target, ranges := range covered {
		next := int64(1)
		for range ranges {
			to, known := ranges[next]
			if !known {
				break
			}
			next = to + 1
		}
		if next != last[target]+1 {
			f.add("export.range", "xtg_"+target, fmt.Sprintf("through %d", last[target]), fmt.Sprintf("entry %d is in no batch", next))
		}
	}
	return nil
}

// sealedExport holds what is sealed against entries and bytes.
func (f *findings) sealedExport(ctx context.Context, b exportBatchRow) error {
	subject := "xpb_" + b.ID
	if sealed := !b.SealedAt.time().IsZero(); sealed != (b.ManifestHash != nil) || b.Status != "VOIDED" && sealed != (b.Status != "DRAFT") {
		f.add("export.sealed", subject, b.Status, fmt.Sprintf("sealed %v, with a manifest %v", sealed, b.ManifestHash != nil))
	}
	if b.ManifestHash == nil {
		return nil
	}
	if sum := sha256.Sum256([]byte(b.Manifest)); !bytes.Equal(sum[:], b.ManifestHash) {
		f.add("export.manifest", subject, hex.EncodeToString(b.ManifestHash), hex.EncodeToString(sum[:]))
	}
	counted, err := query[struct{ Entries, Lines int64 }](ctx, f.tx, "counting exported entries", `SELECT (SELECT count(*) FROM entries WHERE number >= ?0 AND number <= ?1) AS entries,
		(SELECT count(*) FROM lines WHERE entry_number >= ?0 AND entry_number <= ?1) AS lines`, b.FromEntry, b.ToEntry)
	if err != nil {
		return err
	}
	if is, want := fmt.Sprintf("%d entries, %d lines", b.Entries, b.Lines), fmt.Sprintf("%d entries, %d lines", counted[0].Entries, counted[0].Lines); is != want {
		f.add("export.entries", subject, is, want)
	}
	files, err := list[exportFileRow](ctx, f.tx, "reading exported files", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("batch_id = ?", rowID(b.ID)).Order("place")
	})
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := f.exportedFile(ctx, subject, file); err != nil {
			return err
		}
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
