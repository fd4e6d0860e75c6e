package books

import (
	"context"
	"errors"

	"golang.org/x/mod/sumdb/tlog"
)

// sealProofFormat names the form of a proof.
const sealProofFormat = "drawdown seal proof 1"

// MaxSealProof bounds the bytes of a proof: the inputs of a recognition and the lines of an
// entry are some kilobytes.
const MaxSealProof = 4 << 20

// SealProof is a document that shows, without the book, that an entry, and a recognition of
// it, are in a seal, or that one seal goes on from another.
type SealProof struct {
	Format string `json:"format"`
	// Key is the key that signed the checkpoint, as a note writes it. Who checks a proof knows it
	// from elsewhere, and then holds this against it.
	Key        string `json:"key"`
	Checkpoint string `json:"checkpoint"`
	// Entry is in the tree of the checkpoint, Recognition in that of the entry.
	Entry       *SealProofPart `json:"entry,omitempty"`
	Recognition *SealProofPart `json:"recognition,omitempty"`
	// Before is the checkpoint from which that of the proof goes on, BeforeKey the key that
	// signed it, and Hashes prove that.
	Before    string      `json:"before,omitempty"`
	BeforeKey string      `json:"beforeKey,omitempty"`
	Hashes    []tlog.Hash `json:"hashes,omitempty"`
}

// SealProofPart is a leaf and its way to the root.
type SealProofPart struct {
	Form   []byte      `json:"form"` // the bytes that are hashed
	Index  int64       `json:"index"`
	Size   int64       `json:"size"` // of the tree
	Hashes []tlog.Hash `json:"hashes"`
}

// SealProofOf proves that an entry, and a recognition of it where one is named, is in the
// first seal that holds it. Errors: NOT_FOUND where it is in none, INVALID where it is not as it
// was sealed.
func SealProofOf(ctx context.Context, tx Tx, entry int64, recognitionID string) (SealProof, error) {
	leaf, err := tx.SealLeafOf(ctx, entry)
	if err != nil {
		return SealProof{}, err
	}
	seals, err := tx.Seals(ctx, SealFilter{}, Page{})
	if err != nil {
		return SealProof{}, err
	}
	for _, seal := range seals {
		if seal.Size > leaf.Index {
			return proveIn(ctx, tx, seal, leaf, recognitionID)
		}
	}
	return SealProof{}, refuse(NotFound, "entry", "%d is in no seal", entry)
}

// SealProofIn proves that an entry is in a seal, also where an earlier one holds it too.
// Errors: NOT_FOUND where it is not, INVALID where it is not as it was sealed.
func SealProofIn(ctx context.Context, tx Tx, seal Seal, entry int64) (SealProof, error) {
	leaf, err := tx.SealLeafOf(ctx, entry)
	if err != nil {
		return SealProof{}, err
	}
	if seal.Size <= leaf.Index {
		return SealProof{}, refuse(NotFound, "entry", "%d is not in seal %d", entry, seal.Number)
	}
	return proveIn(ctx, tx, seal, leaf, "")
}

func proveIn(ctx context.Context, tx Tx, seal Seal, leaf SealLeaf, recognitionID string) (SealProof, error) {
	key, err := verifierOf(ctx, tx, seal)
	if err != nil {
		return SealProof{}, err
	}
	forms, err := tx.SealedEntryForm(ctx, leaf.Entry, recognitionID)
	if err != nil {
		return SealProof{}, err
	}
	path, err := tlog.ProveRecord(seal.Size, leaf.Index, hashesOf(ctx, tx))
	if err != nil {
		return SealProof{}, err
	}
	proof := SealProof{Format: sealProofFormat, Key: key, Checkpoint: seal.Checkpoint, Entry: &SealProofPart{forms.Entry, leaf.Index, seal.Size, path}}
	if forms.Recognition != nil {
		proof.Recognition = &SealProofPart{forms.Recognition, forms.At, leaf.Recognitions, forms.Path}
	}
	if _, err := proof.Check(key); err != nil {
		return SealProof{}, refuse(Invalid, "entry", "is not as it was sealed (%s): run drawdown verify", err)
	}
	return proof, nil
}

// SealConsistency proves that a seal goes on from an earlier one. Errors: NOT_FOUND, INVALID.
func SealConsistency(ctx context.Context, tx Tx, from, to int64) (SealProof, error) {
	seals, err := tx.Seals(ctx, SealFilter{}, Page{})
	if err != nil {
		return SealProof{}, err
	}
	count := int64(len(seals))
	switch {
	case from < 1 || from > count:
		return SealProof{}, refuse(NotFound, "from", "%d names no seal: there are %d", from, count)
	case to < 1 || to > count:
		return SealProof{}, refuse(NotFound, "to", "%d names no seal: there are %d", to, count)
	case from > to:
		return SealProof{}, refuse(Invalid, "from", "must not be later than to (%d), but is %d", to, from)
	case seals[from-1].Size == 0:
		return SealProof{}, refuse(Invalid, "from", "must be a seal with entries, but %d has none: any log goes on from it", from)
	}
	proof := SealProof{Format: sealProofFormat, Checkpoint: seals[to-1].Checkpoint, Before: seals[from-1].Checkpoint}
	if proof.Key, err = verifierOf(ctx, tx, seals[to-1]); err != nil {
		return SealProof{}, err
	}
	if proof.BeforeKey, err = verifierOf(ctx, tx, seals[from-1]); err != nil {
		return SealProof{}, err
	}
	if proof.Hashes, err = tlog.ProveTree(seals[to-1].Size, seals[from-1].Size, hashesOf(ctx, tx)); err != nil {
		return SealProof{}, err
	}
	return proof, nil
}

// verifierOf is the key of a seal as a note writes it.
func verifierOf(ctx context.Context, tx Tx, seal Seal) (string, error) {
	keys, err := tx.SealKeys(ctx)
	if err != nil {
		return "", err
	}
	for _, key := range keys {
		if key.Number == seal.Key {
			return key.Verifier(seal.Origin)
		}
	}
	return "", errors.New("the key of a seal is not there: run drawdown verify")
}

func hashesOf(ctx context.Context, tx Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) { return tx.SealHashes(ctx, places) })
}
