package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type sealRow struct {
	bun.BaseModel `bun:"table:seals,alias:seals"`

	Number     int64
	ClosingID  string
	Period     string
	At         instant `bun:"at_us,type:bigint"`
	LastEntry  int64
	FromSize   int64
	Size       int64
	Root       []byte
	Origin     string
	KeyNumber  int64
	Acts       string // ids of closings, with a space between
	Checkpoint string
}

func (row sealRow) seal() (books.Seal, error) {
	seal := books.Seal{
		Number: row.Number, ClosingID: row.ClosingID, At: row.At.time(), LastEntry: row.LastEntry, FromSize: row.FromSize, Size: row.Size,
		Origin: row.Origin, Key: row.KeyNumber, Acts: strings.Split(row.Acts, " "), Checkpoint: row.Checkpoint,
	}
	copy(seal.Root[:], row.Root)
	period, err := monthOf(row.Period)
	seal.Period = period
	return seal, err
}

type sealKeyRow struct {
	bun.BaseModel `bun:"table:seal_keys,alias:seal_keys"`

	Number    int64
	PublicKey []byte
	Since     instant `bun:"since_us,type:bigint"`
	Actor     string
	ActorName string `bun:",nullzero"`
}

func (row sealKeyRow) key() books.SealKey {
	return books.SealKey{Number: row.Number, PublicKey: row.PublicKey, Since: row.Since.time(), Actor: row.Actor, ActorName: row.ActorName}
}

type sealLeafRow struct {
	bun.BaseModel `bun:"table:seal_leaves,alias:seal_leaves"`

	LeafIndex        int64
	EntryNumber      int64
	Version          int64
	Recognitions     int64
	RecognitionsRoot []byte
	Marks            []byte
}

type sealHashRow struct {
	bun.BaseModel `bun:"table:seal_hashes,alias:seal_hashes"`

	Position int64
	Hash     []byte
}

func (t *tx) Seals(ctx context.Context, filter books.SealFilter, page books.Page) ([]books.Seal, error) {
	place, err := byNumberOf(page)
	if err != nil {
		return nil, err
	}
	rows, err := list[sealRow](ctx, t, "listing seals", func(q *bun.SelectQuery) *bun.SelectQuery { return place.on(ofSeals(q, filter)) })
	if err != nil {
		return nil, err
	}
	seals := make([]books.Seal, len(rows))
	for i, row := range rows {
		if seals[i], err = row.seal(); err != nil {
			return nil, err
		}
	}
	return seals, nil
}

func (t *tx) CountSeals(ctx context.Context, filter books.SealFilter) (int64, error) {
	return count[sealRow](ctx, t, "counting seals", func(q *bun.SelectQuery) *bun.SelectQuery { return ofSeals(q, filter) })
}

func ofSeals(q *bun.SelectQuery, filter books.SealFilter) *bun.SelectQuery {
	if filter.Period != 0 {
		q = q.Where("period = ?", month(filter.Period))
	}
	return q
}

func (t *tx) InsertSeal(ctx context.Context, s books.Seal) error {
	return insert(ctx, t, "keeping a seal", []sealRow{{
		Number: s.Number, ClosingID: s.ClosingID, Period: month(s.Period), At: instantOf(s.At), LastEntry: s.LastEntry, FromSize: s.FromSize, Size: s.Size,
		Root: s.Root[:], Origin: s.Origin, KeyNumber: s.Key, Acts: strings.Join(s.Acts, " "), Checkpoint: s.Checkpoint,
	}})
}

func (t *tx) SealKeys(ctx context.Context) ([]books.SealKey, error) {
	rows, err := list[sealKeyRow](ctx, t, "reading the keys of seals", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("number") })
	return convert(rows, sealKeyRow.key), err
}

func (t *tx) InsertSealKey(ctx context.Context, k books.SealKey) error {
	return insert(ctx, t, "keeping the key of seals", []sealKeyRow{{Number: k.Number, PublicKey: k.PublicKey, Since: instantOf(k.Since), Actor: k.Actor, ActorName: k.ActorName}})
}

func (t *tx) UnsealedActs(ctx context.Context, key books.SealKey) (ids []string, hash tlog.Hash, err error) {
	sealed, err := query[struct{ Acts string }](ctx, t, "reading which closings are sealed", "SELECT acts FROM seals")
	if err != nil {
		return nil, hash, err
	}
	known := map[string]bool{}
	for _, row := range sealed {
		for id := range strings.SplitSeq(row.Acts, " ") {
			known[id] = true
		}
	}
	all, err := query[struct{ ID string }](ctx, t, "reading closings", "SELECT id FROM period_closings ORDER BY id")
	if err != nil {
		return nil, hash, err
	}
	for _, row := range all {
		if !known[row.ID] {
			ids = append(ids, row.ID)
		}
	}
	hash, err = t.hashOfActs(ctx, key, ids)
	return ids, hash, err
}

// actsForm and actsVersion begin the form of what a seal says besides entries: with which
// key, and of which closings with their balances.
const (
	actsForm    = 'A'
	actsVersion = 1
)

// hashOfActs returns the hash of the key and of closings as they are kept, in order of id.
func (t *tx) hashOfActs(ctx context.Context, key books.SealKey, ids []string) (tlog.Hash, error) {
	form := append(ledger.Form(nil), actsForm, actsVersion).
		Int(key.Number).Text(string(key.PublicKey)).Int(key.Since.UnixMicro()).Text(key.Actor).Text(key.ActorName).Count(len(ids))
	rows, err := inChunks(ids, func(chunk []string) ([]closingRow, error) {
		return list[closingRow](ctx, t, "reading closings", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("id IN (?)", bun.List(convert(chunk, rowIDOf))).Order("id")
		})
	})
	if err != nil {
		return tlog.Hash{}, err
	}
	for _, row := range rows {
		form = form.Text(row.ID).Text(row.Period).Text(row.Act).Int(row.At.micros).Text(row.Actor).Text(row.ActorName).Text(row.Reason).Text(row.ReopenID).
			Int(row.Entries).Int(row.LastEntry).Text(row.Checks)
		balances, err := list[closingBalanceRow](ctx, t, "reading closing balances", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("closing_id = ?", rowID(row.ID)).Order("account", "currency")
		})
		if err != nil {
			return tlog.Hash{}, err
		}
		form = form.Count(len(balances))
		for _, b := range balances {
			form = form.Text(b.Account).Text(b.Currency).Int(b.OpeningMinor).Int(b.DebitMinor).Int(b.CreditMinor).
				Int(b.FunctionalOpeningMinor).Int(b.FunctionalDebitMinor).Int(b.FunctionalCreditMinor)
		}
	}
	return tlog.RecordHash(form), nil
}

// sealChunk is how many entries are sealed, or looked at again, at a time.
const sealChunk = 2000

// SealEntries reads in chunks of numbers, which bound what is held.
func (t *tx) SealEntries(ctx context.Context, from, to ledger.Date, size int64) (books.SealTree, error) {
	if t.readOnly {
		return books.SealTree{}, errReadOnly
	}
	tree, err := ledger.TreeAt(size, t.storedHashes(ctx))
	if err != nil {
		return books.SealTree{}, err
	}
	span, err := query[struct{ First, Last int64 }](ctx, t, "finding entries by day", `SELECT coalesce(min(number), 0) AS first, coalesce(max(number), -1) AS last
		FROM entries WHERE accounting_date >= ? AND accounting_date <= ?`, fromDay(from), toDay(to))
	if err != nil {
		return books.SealTree{}, err
	}
	reader, err := t.newSealReader(ctx)
	if err != nil {
		return books.SealTree{}, err
	}
	var hashes []tlog.Hash
	for first := span[0].First; first <= span[0].Last; first += sealChunk {
		entries, err := reader.unsealed(ctx, first, min(first+sealChunk-1, span[0].Last), from, to)
		if err != nil {
			return books.SealTree{}, err
		}
		reader.ahead(entries)
		position := tlog.StoredHashIndex(0, tree.Size())
		hashes = hashes[:0]
		leaves := make([]sealLeafRow, len(entries))
		for i, entry := range entries {
			leaf, marks, err := reader.leafOf(ctx, entry, nil)
			if err == nil && entry.fault != "" {
				err = fmt.Errorf("entry %d cannot be sealed: %s", entry.Number, entry.fault)
			}
			if err != nil {
				return books.SealTree{}, err
			}
			leaves[i] = sealLeafRow{
				LeafIndex: tree.Size(), EntryNumber: entry.Number, Version: entry.Version(),
				Recognitions: entry.Recognitions, RecognitionsRoot: entry.RecognitionsRoot[:], Marks: marks,
			}
			hashes = tree.Add(leaf, hashes)
		}
		if err := insert(ctx, t, "sealing entries", leaves); err != nil {
			return books.SealTree{}, err
		}
		rows := make([]sealHashRow, len(hashes))
		for i := range hashes {
			rows[i] = sealHashRow{Position: position + int64(i), Hash: hashes[i][:]}
		}
		if err := insert(ctx, t, "keeping hashes of seals", rows); err != nil {
			return books.SealTree{}, err
		}
	}
	return books.SealTree{Size: tree.Size(), Root: tree.Root()}, nil
}

func (t *tx) storedHashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) { return t.SealHashes(ctx, places) })
}

var errNoHash = errors.New("the log of seals lacks hashes: run drawdown verify")

func (t *tx) SealHashes(ctx context.Context, places []int64) ([]tlog.Hash, error) {
	rows, err := inChunks(places, func(chunk []int64) ([]sealHashRow, error) {
		return query[sealHashRow](ctx, t, "reading hashes of seals", "SELECT position, hash FROM seal_hashes WHERE position IN (?)", bun.List(chunk))
	})
	if err != nil {
		return nil, err
	}
	known := make(map[int64][]byte, len(rows))
	for _, row := range rows {
		known[row.Position] = row.Hash
	}
	hashes := make([]tlog.Hash, len(places))
	for i, place := range places {
		if len(known[place]) != tlog.HashSize {
			return nil, errNoHash
		}
		copy(hashes[i][:], known[place])
	}
	return hashes, nil
}

func (t *tx) SealLeafOf(ctx context.Context, entry int64) (books.SealLeaf, error) {
	rows, err := query[sealLeafRow](ctx, t, "reading the leaf of an entry", "SELECT * FROM seal_leaves WHERE entry_number = ?", entry)
	if err != nil {
		return books.SealLeaf{}, err
	}
	if len(rows) == 0 {
		return books.SealLeaf{}, &books.Error{Code: books.NotFound, Message: "entry " + strconv.FormatInt(entry, 10) + " is not sealed"}
	}
	leaf := books.SealLeaf{Index: rows[0].LeafIndex, Entry: entry, Version: rows[0].Version, Recognitions: rows[0].Recognitions}
	copy(leaf.Root[:], rows[0].RecognitionsRoot)
	return leaf, nil
}

func (t *tx) SealedEntryForm(ctx context.Context, number int64, recognitionID string) (books.SealedForms, error) {
	reader, err := t.newSealReader(ctx)
	if err != nil {
		return books.SealedForms{}, err
	}
	leaf, err := t.SealLeafOf(ctx, number)
	if err != nil {
		return books.SealedForms{}, err
	}
	entries, err := reader.sealed(ctx, leaf.Index, leaf.Index+1)
	if err != nil {
		return books.SealedForms{}, err
	}
	if len(entries) != 1 || entries[0].Number == 0 {
		return books.SealedForms{}, &books.Error{Code: books.NotFound, Message: "the entry is not there"}
	}
	var one *recognitionProof
	if recognitionID != "" {
		one = &recognitionProof{id: recognitionID, path: leaf.Recognitions}
	}
	if one != nil {
		if err := reader.place(ctx, entries[0], one); err != nil {
			return books.SealedForms{}, err
		}
	}
	if _, _, err := reader.leafOf(ctx, entries[0], one); err != nil {
		return books.SealedForms{}, err
	}
	forms := books.SealedForms{Entry: entries[0].AppendForm(nil)}
	if one != nil {
		if one.form == nil {
			return books.SealedForms{}, &books.Error{Code: books.NotFound, Message: "names no recognition of the entry"}
		}
		forms.Recognition, forms.At = one.form, one.at
		_, forms.Path = one.inclusion.Hashes()
	}
	return forms, nil
}
