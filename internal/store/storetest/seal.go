package storetest

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// seals gives each entry one leaf, keeps the hashes of the log and lists seals and keys. Another
// program says whether the root is that of the leaves.
func seals(t *testing.T, s *suite) {
	entries := []ledger.Entry{anEntry(day, usd(500)), anEntry(day+1, eur(20)), anEntry(day+40, usd(7)), anEntry(day+2, usd(9)), anEntry(day+3, usd(1))}
	key, other := books.SealKey{Number: 1, PublicKey: bytes.Repeat([]byte{7}, 32), Since: noon, Actor: "token:ann", ActorName: "Ann"}, books.SealKey{Number: 2, PublicKey: bytes.Repeat([]byte{8}, 32), Since: noon, Actor: "token:bob"}
	closing := books.Closing{ID: newID(), Period: march, Act: books.Closed, At: noon, Actor: "token:ann", Entries: 2, LastEntry: 2, Checks: []books.CloseCheck{}}
	later := books.Closing{ID: newID(), Period: april, Act: books.Closed, At: noon, Actor: "token:ann", Checks: []books.CloseCheck{}}
	sealOf := func(number int64, closing books.Closing, from int64, tree books.SealTree, acts []string, key int64) books.Seal {
		return books.Seal{
			Number: number, ClosingID: closing.ID, Period: closing.Period, At: closing.At, LastEntry: closing.LastEntry, FromSize: from, Size: tree.Size, Root: tree.Root,
			Origin: "drawdown/a log", Key: key, Acts: acts, Checkpoint: "a checkpoint\n",
		}
	}
	var first, second books.SealTree
	var one, two books.Seal
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.SaveBook(ctx, books.Book{Functional: "USD", Zone: "UTC", CreatedAt: noon}))
		same(t, []books.Seal{})(tx.Seals(ctx, books.SealFilter{}, books.Page{}))
		same(t, []books.SealKey{})(tx.SealKeys(ctx))
		_, err := tx.AppendEntries(ctx, entries)
		must(t, err)
		must(t, tx.InsertSealKey(ctx, key))
		must(t, tx.InsertClosing(ctx, closing, nil))
		if first, err = tx.SealEntries(ctx, day, day+1, 0); err != nil || first.Size != 2 {
			t.Fatalf("a log of %d leaves (%v), want 2", first.Size, err)
		}
		acts, hash, err := tx.UnsealedActs(ctx, key)
		must(t, err)
		if !slices.Equal(acts, []string{closing.ID}) || hash == (tlog.Hash{}) {
			t.Errorf("acts %v, hash %v", acts, hash)
		}
		one = sealOf(1, closing, 0, first, acts, 1)
		must(t, tx.InsertSeal(ctx, one))

		again, err := tx.SealEntries(ctx, day, day+1, 2) // all of them have one
		must(t, err)
		if again != first {
			t.Errorf("sealing nothing makes %v of %v", again, first)
		}
		must(t, tx.InsertSealKey(ctx, other))
		must(t, tx.InsertClosing(ctx, later, nil))
		if second, err = tx.SealEntries(ctx, 0, day+30, 2); err != nil || second.Size != 4 {
			t.Fatalf("a log of %d leaves (%v), want 4", second.Size, err)
		}
		if acts, _, err = tx.UnsealedActs(ctx, other); err != nil || !slices.Equal(acts, []string{later.ID}) {
			t.Errorf("acts %v (%v), want the later closing", acts, err)
		}
		two = sealOf(2, later, 2, second, acts, 2)
		must(t, tx.InsertSeal(ctx, two))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.SealKey{key, other})(tx.SealKeys(ctx))
		same(t, []books.Seal{one, two})(tx.Seals(ctx, books.SealFilter{}, books.Page{}))
		same(t, []books.Seal{two})(tx.Seals(ctx, books.SealFilter{}, books.Page{After: "1", Limit: 5}))
		same(t, []books.Seal{two})(tx.Seals(ctx, books.SealFilter{}, books.Page{Reverse: true, Limit: 1}))
		same(t, []books.Seal{two})(tx.Seals(ctx, books.SealFilter{Period: april}, books.Page{}))
		same(t, int64(1))(tx.CountSeals(ctx, books.SealFilter{Period: march}))
		same(t, int64(2))(tx.CountSeals(ctx, books.SealFilter{}))

		log := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) { return tx.SealHashes(ctx, at) })
		for index, entry := range []int64{1, 2, 4, 5} {
			leaf, err := tx.SealLeafOf(ctx, entry)
			must(t, err)
			if leaf.Index != int64(index) || leaf.Entry != entry || leaf.Version != ledger.EntryVersion || leaf.Recognitions != 0 {
				t.Errorf("the leaf of entry %d is %+v", entry, leaf)
			}
			forms, err := tx.SealedEntryForm(ctx, entry, "")
			must(t, err)
			path, err := tlog.ProveRecord(second.Size, leaf.Index, log)
			must(t, err)
			must(t, proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(second.Size), rfc6962.DefaultHasher.HashLeaf(forms.Entry), raw(path), second.Root[:]))
		}
		path, err := tlog.ProveTree(second.Size, first.Size, log)
		must(t, err)
		must(t, proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(first.Size), uint64(second.Size), raw(path), first.Root[:], second.Root[:]))

		_, err = tx.SealLeafOf(ctx, 3) // of a later day than any that was sealed
		refused(t, err, books.NotFound)
		_, err = tx.SealLeafOf(ctx, 99)
		refused(t, err, books.NotFound)
		_, err = tx.SealedEntryForm(ctx, 99, "")
		refused(t, err, books.NotFound)
		_, err = tx.SealedEntryForm(ctx, 1, newID())
		refused(t, err, books.NotFound)
	})
}

func raw(path []tlog.Hash) [][]byte {
	hashes := make([][]byte, len(path))
	for i := range path {
		hashes[i] = path[i][:]
	}
	return hashes
}
