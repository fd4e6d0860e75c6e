package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// seals hashes every sealed entry again from its rows, and holds the log, its roots and their
// signatures against that; and what entries by hand were approved as against their papers. What is held has a bound: see mostHashed.
func (f *findings) seals() []func(context.Context) error {
	log := &sealedLog{findings: f, roots: map[int64]tlog.Hash{}}
	var rows []sealRow
	return []func(context.Context) error{
		func(ctx context.Context) (err error) {
			if err := f.tx.freshen(ctx); err != nil {
				return err
			}
			rows, err = list[sealRow](ctx, f.tx, "reading seals", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("number") })
			if err != nil {
				return err
			}
			for _, row := range rows {
				log.roots[row.Size] = tlog.Hash{}
			}
			if log.reader, err = f.tx.newSealReader(ctx); err != nil {
				return err
			}
			err = log.read(ctx)
			log.whole = err == nil
			return err
		},
		func(ctx context.Context) error {
			if !log.whole { // its roots are not known
				return nil
			}
			return f.sealRows(ctx, rows, log)
		},
		func(ctx context.Context) error { return f.unsealed(ctx, rows) },
		f.approvedPapers,
	}
}

// sealedLog is the log of seals on its way through verify.
type sealedLog struct {
	*findings
	reader *sealReader
	whole  bool // it was read to its end
	tree   ledger.Tree
	roots  map[int64]tlog.Hash // by the sizes that seals name
}

// read goes through the leaves and what is stored of them.
func (l *sealedLog) read(ctx context.Context) error {
	counts, err := query[struct{ Leaves, Hashes int64 }](ctx, l.tx, "counting what is sealed",
		"SELECT (SELECT coalesce(max(leaf_index) + 1, 0) FROM seal_leaves) AS leaves, (SELECT count(*) FROM seal_hashes) AS hashes")
	if err != nil {
		return err
	}
	size := counts[0].Leaves
	if want := tlog.StoredHashCount(size); counts[0].Hashes != want {
		l.add("seal.hash", "the log", fmt.Sprintf("%d hashes", counts[0].Hashes), fmt.Sprintf("%d of %d leaves", want, size))
	}
	l.reached()
	completed := make([]tlog.Hash, 0, 64)
	for first := int64(0); first < size; first += sealChunk {
		end := min(first+sealChunk, size)
		entries, err := l.reader.sealed(ctx, first, end)
		if err != nil {
			return err
		}
		l.reader.ahead(entries)
		stored, err := l.stored(ctx, tlog.StoredHashIndex(0, first), tlog.StoredHashIndex(0, end))
		if err != nil {
			return err
		}
		for at := first; at < end; at++ {
			position := tlog.StoredHashIndex(0, at)
			kept := stored.at(position)
			leaf := kept
			if len(entries) > 0 && entries[0].leaf.LeafIndex == at {
				if leaf, err = l.leaf(ctx, entries[0], kept, position); err != nil {
					return err
				}
				entries = entries[1:]
			} else {
				l.add("seal.leaf", fmt.Sprintf("leaf %d", at), "none", "a leaf of the log")
			}
			completed = l.tree.Add(leaf, completed[:0])
			for i, hash := range completed[1:] {
				if kept := stored.at(position + 1 + int64(i)); kept != hash {
					l.add("seal.hash", fmt.Sprintf("hash %d", position+1+int64(i)), orNoHash(kept), hash.String())
				}
			}
			l.reached()
		}
	}
	return nil
}

// reached keeps the root where a seal names the size.
func (l *sealedLog) reached() {
	if _, named := l.roots[l.tree.Size()]; named {
		l.roots[l.tree.Size()] = l.tree.Root()
	}
}

// storedHashes are some hashes of the log, from a place on.
type storedHashes struct {
	first  int64
	hashes []tlog.Hash
}

func (s storedHashes) at(position int64) tlog.Hash {
	if i := position - s.first; i < int64(len(s.hashes)) {
		return s.hashes[i]
	}
	return tlog.Hash{}
}

func orNoHash(h tlog.Hash) string {
	if h == (tlog.Hash{}) {
		return "none"
	}
	return h.String()
}

func (l *sealedLog) stored(ctx context.Context, first, end int64) (storedHashes, error) {
	s := storedHashes{first, make([]tlog.Hash, end-first)}
	var position int64
	var hash []byte
	err := l.tx.scan(ctx, "reading hashes of seals", "SELECT position, hash FROM seal_hashes WHERE position >= $1 AND position < $2", []any{first, end}, []any{&position, &hash}, func() {
		if len(hash) == tlog.HashSize {
			copy(s.hashes[position-first][:], hash)
		}
	})
	return s, err
}

// leaf holds an entry against its leaf and the hash that is kept of it, and returns what the
// leaf was: where nothing says otherwise, the hash that is kept.
func (l *sealedLog) leaf(ctx context.Context, e *keptEntry, kept tlog.Hash, position int64) (tlog.Hash, error) {
	subject := fmt.Sprintf("entry %d", e.leaf.EntryNumber)
	if e.Number == 0 {
		l.add("seal.entry", subject, "none", "leaf "+fmt.Sprint(e.leaf.LeafIndex))
		return kept, nil
	}
	leaf, marks, err := l.reader.leafOf(ctx, e, nil)
	if err != nil {
		return kept, err
	}
	if e.leaf.Marks == nil {
		if e.leaf.Marks, err = l.reader.marksOf(ctx, e.leaf.LeafIndex); err != nil {
			return kept, err
		}
	}
	if leaf == kept && e.fault == "" {
		l.leafRow(subject, e, marks)
		return leaf, nil
	}
	if leaf != kept && e.fault == "" && bytes.Equal(marks, e.leaf.Marks) && e.Recognitions == e.leaf.Recognitions {
		l.add("seal.hash", fmt.Sprintf("hash %d, of %s", position, subject), orNoHash(kept), leaf.String())
		return leaf, nil
	}
	return kept, l.changed(ctx, subject, e, marks, kept, leaf)
}

// leafRow holds what is kept with a leaf against an entry that is as it was sealed.
func (l *sealedLog) leafRow(subject string, e *keptEntry, marks []byte) {
	row := fmt.Sprintf("%s, leaf %d", subject, e.leaf.LeafIndex)
	switch {
	case e.leaf.Version != e.Version():
		l.add("seal.leaf", row, fmt.Sprintf("version %d", e.leaf.Version), fmt.Sprintf("version %d", e.Version()))
	case e.leaf.Recognitions != e.Recognitions:
		l.add("seal.leaf", row, fmt.Sprintf("%d recognitions", e.leaf.Recognitions), fmt.Sprintf("%d recognitions", e.Recognitions))
	case !bytes.Equal(e.leaf.RecognitionsRoot, e.RecognitionsRoot[:]):
		l.add("seal.leaf", row, "root "+base64.StdEncoding.EncodeToString(e.leaf.RecognitionsRoot), "root "+e.RecognitionsRoot.String())
	case !bytes.Equal(e.leaf.Marks, marks):
		at := firstDifference(e.leaf.Marks, marks)
		l.add("seal.leaf", row, fmt.Sprintf("mark %d differs", at), "the mark of what is there")
	}
}

// changed names the row that is not as it was sealed.
func (l *sealedLog) changed(ctx context.Context, subject string, e *keptEntry, marks []byte, kept, leaf tlog.Hash) error {
	now, was := leaf.String(), orNoHash(kept)
	if e.fault != "" {
		now = e.fault
	}
	lines := int64(len(e.leaf.Marks))/ledger.MarkSize - 1 - e.leaf.Recognitions // that were sealed
	at := int64(firstDifference(e.leaf.Marks, marks))
	first := int64(len(e.Lines)) + 1 // the mark of the first recognition
	switch {
	case at == 0:
		l.add("seal.entry", subject, now, was)
	case lines != int64(len(e.Lines)):
		l.add("seal.line", subject, fmt.Sprintf("%d lines", len(e.Lines)), fmt.Sprintf("%d lines", lines))
	case at > 0 && at < first:
		l.add("seal.line", fmt.Sprintf("%s, line %d", subject, e.LineNumbers[at-1]), now, was)
	case at >= first:
		id, err := l.reader.idOf(ctx, e, at-first)
		if err != nil {
			return err
		}
		if e.Recognitions != e.leaf.Recognitions {
			l.add("seal.recognition", fmt.Sprintf("%s, from its recognition %s on, the %d. by id", subject, orNothing(id), at-first+1),
				fmt.Sprintf("%d recognitions", e.Recognitions), fmt.Sprintf("%d recognitions", e.leaf.Recognitions))
			return nil
		}
		l.add("seal.recognition", fmt.Sprintf("%s, recognition %s", subject, orNothing(id)), now, was)
	default: // the marks are those of the rows, and yet a row is not in its form
		l.add("seal.entry", subject, now, was)
	}
	return nil
}

func orNothing(id string) string {
	if id == "" {
		return "none"
	}
	return id
}

// sealRows holds each seal against the log, the closings that it is about and its key.
func (f *findings) sealRows(ctx context.Context, rows []sealRow, log *sealedLog) error {
	keys, err := f.tx.SealKeys(ctx)
	if err != nil {
		return err
	}
	size := int64(0)
	for i, row := range rows {
		subject := fmt.Sprintf("seal %d of %s", row.Number, row.Period)
		if row.Number != int64(i)+1 {
			f.add("seal.number", subject, fmt.Sprint(row.Number), fmt.Sprint(i+1))
		}
		if row.FromSize != size {
			f.add("seal.size", subject, fmt.Sprintf("from %d", row.FromSize), fmt.Sprintf("from %d", size))
		}
		if root, reached := log.roots[row.Size]; !reached || !bytes.Equal(row.Root, root[:]) {
			f.add("seal.root", subject, base64.StdEncoding.EncodeToString(row.Root), orNoHash(root))
		}
		f.consistent(ctx, subject, rows, i)
		if err := f.checkpoint(ctx, subject, row, keys); err != nil {
			return err
		}
		size = row.Size
	}
	if size != log.tree.Size() {
		f.add("seal.size", "the log", fmt.Sprintf("%d leaves", log.tree.Size()), fmt.Sprintf("%d leaves of the last seal", size))
	}
	for i, key := range keys {
		if key.Number != int64(i)+1 {
			f.add("seal.number", fmt.Sprintf("key %d", key.Number), fmt.Sprint(key.Number), fmt.Sprint(i+1))
		}
	}
	return nil
}

// consistent proves, by the hashes that are stored, that the log of a seal goes on from that
// of the one before.
func (f *findings) consistent(ctx context.Context, subject string, rows []sealRow, i int) {
	if i == 0 || len(rows[i].Root) != tlog.HashSize || len(rows[i-1].Root) != tlog.HashSize || rows[i-1].Size < 1 || rows[i].Size < rows[i-1].Size {
		return
	}
	before, now := tlog.Hash(rows[i-1].Root), tlog.Hash(rows[i].Root)
	proof, err := tlog.ProveTree(rows[i].Size, rows[i-1].Size, f.tx.storedHashes(ctx))
	if err == nil {
		err = tlog.CheckTree(proof, rows[i].Size, now, rows[i-1].Size, before)
	}
	if err != nil {
		f.add("seal.consistency", subject, err.Error(), fmt.Sprintf("goes on from %d leaves", rows[i-1].Size))
	}
}

// checkpoint writes the text of a seal again and holds what is signed against it.
func (f *findings) checkpoint(ctx context.Context, subject string, row sealRow, keys []books.SealKey) error {
	seal, err := row.seal()
	if err != nil {
		f.add("seal.checkpoint", subject, "period "+row.Period, err.Error())
		return nil
	}
	var key books.SealKey
	for _, k := range keys {
		if k.Number == row.KeyNumber {
			key = k
		}
	}
	acts, err := f.tx.hashOfActs(ctx, key, seal.Acts)
	if err != nil {
		return err
	}
	text := seal.SealText(acts)
	signed, _, _ := strings.Cut(row.Checkpoint, "\n\n")
	was, now := strings.Split(signed, "\n"), strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range max(len(was), len(now)) {
		kept, written := lineAt(was, i), lineAt(now, i)
		switch {
		case kept == written:
		case strings.HasPrefix(written, "acts "): // of closings, their balances, or the key
			f.add("seal.acts", subject+", closings "+row.Acts+" and key "+fmt.Sprint(row.KeyNumber), written, kept)
		default: // the columns beside the text, or the text
			f.add("seal.checkpoint", subject, kept, written)
		}
	}
	if err := books.CheckSignature(row.Checkpoint, signed+"\n", row.Origin, key.PublicKey); err != nil {
		f.add("seal.signature", subject, err.Error(), fmt.Sprintf("signed by key %d", row.KeyNumber))
	}
	closing, err := query[struct{ ID string }](ctx, f.tx, "reading the closing of a seal",
		"SELECT id FROM period_closings WHERE id = ? AND act = 'CLOSED' AND period = ? AND at_us = ? AND last_entry = ?", rowID(row.ClosingID), row.Period, row.At, row.LastEntry)
	if err == nil && len(closing) == 0 {
		f.add("seal.closing", subject, "none", "closing "+row.ClosingID)
	}
	return err
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "none"
}

// unsealed looks for entries of closed periods without a leaf, and for closings that no seal
// is about. Before the first seal there are such.
func (f *findings) unsealed(ctx context.Context, rows []sealRow) error {
	if len(rows) == 0 {
		return nil
	}
	var number int64
	err := f.tx.scan(ctx, "looking for entries that are not sealed", `SELECT e.number FROM entries AS e WHERE e.accounting_date <= (SELECT max(day) FROM closed_through)
		AND NOT EXISTS (SELECT 1 FROM seal_leaves AS s WHERE s.entry_number = e.number) ORDER BY e.number LIMIT $1`, []any{f.limit}, []any{&number}, func() {
		f.add("seal.missing", fmt.Sprintf("entry %d", number), "none", "a leaf: its period is closed")
	})
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, row := range rows {
		for id := range strings.SplitSeq(row.Acts, " ") {
			known[id] = true
		}
	}
	var id keptText
	return f.tx.scan(ctx, "looking for closings that are not sealed", "SELECT id FROM period_closings WHERE act = 'CLOSED' ORDER BY id", nil, []any{&id}, func() {
		if !known[id.to] {
			f.add("seal.closing", "closing "+id.to, "none", "a seal")
		}
	})
}
