package books

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/ledger"
	"drawdown/revrec"
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
	// Key is the key that signed the checkpoint, as a note writes it. Who checks a proof takes it
	// from elsewhere.
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
	return SealProof{}, refuse(NotFound, "entry", "is in no seal")
}

// SealProofIn proves that an entry is in a seal, also where an earlier one holds it too.
// Errors: NOT_FOUND where it is not, INVALID where it is not as it was sealed.
func SealProofIn(ctx context.Context, tx Tx, seal Seal, entry int64) (SealProof, error) {
	leaf, err := tx.SealLeafOf(ctx, entry)
	if err != nil {
		return SealProof{}, err
	}
	if seal.Size <= leaf.Index {
		return SealProof{}, refuse(NotFound, "entry", "is not in seal %d", seal.Number)
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
		return SealProof{}, refuse(NotFound, "from", "names no seal")
	case to < 1 || to > count:
		return SealProof{}, refuse(NotFound, "to", "names no seal")
	case from > to:
		return SealProof{}, refuse(Invalid, "from", "must not be later than %d", to)
	case seals[from-1].Size == 0:
		return SealProof{}, refuse(Invalid, "from", "is the seal of no entry, from which any log goes on")
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

// Proved is what a proof has shown.
type Proved struct {
	Tree        SealTree
	Text        string // of the checkpoint
	Entry       *ledger.SealedEntry
	Recognition *revrec.Recognition
	Before      *SealTree // of the earlier checkpoint
}

// ReadSealProof reads a proof. Errors: INVALID.
func ReadSealProof(text []byte) (proof SealProof, err error) {
	if len(text) > MaxSealProof {
		return proof, refuse(Invalid, "proof", "is longer than %d bytes", MaxSealProof)
	}
	if err := json.Unmarshal(text, &proof); err != nil || proof.Format != sealProofFormat {
		return proof, refuse(Invalid, "proof", "is none: it must be JSON with the format %q", sealProofFormat)
	}
	return proof, nil
}

// Check computes a proof again, by a key that signed its checkpoint, and of the proof that one
// seal goes on from another by the key of either. It asks nobody.
func (p SealProof) Check(keys ...string) (proved Proved, err error) {
	if proved.Tree, proved.Text, err = openCheckpoint(p.Checkpoint, keys); err != nil {
		return proved, err
	}
	if p.Before != "" {
		before, text, err := openCheckpoint(p.Before, keys)
		if err != nil {
			return proved, fmt.Errorf("the earlier checkpoint: %w", err)
		}
		if firstLine(text) != firstLine(proved.Text) {
			return proved, errors.New("the checkpoints are of two logs")
		}
		if err := tlog.CheckTree(p.Hashes, proved.Tree.Size, proved.Tree.Root, before.Size, before.Root); err != nil {
			return proved, fmt.Errorf("the later log does not go on from the earlier one: %w", err)
		}
		proved.Before = &before
	}
	if p.Entry == nil {
		if p.Before == "" || p.Recognition != nil {
			return proved, errors.New("the proof is about nothing")
		}
		return proved, nil
	}
	if err := tlog.CheckRecord(p.Entry.Hashes, proved.Tree.Size, proved.Tree.Root, p.Entry.Index, tlog.RecordHash(p.Entry.Form)); err != nil {
		return proved, fmt.Errorf("the entry is not in the log of the checkpoint: %w", err)
	}
	entry, err := ledger.ReadEntryForm(p.Entry.Form)
	if err != nil {
		return proved, fmt.Errorf("the entry: %w", err)
	}
	proved.Entry = &entry
	if p.Recognition == nil {
		return proved, nil
	}
	if err := tlog.CheckRecord(p.Recognition.Hashes, entry.Recognitions, entry.RecognitionsRoot, p.Recognition.Index, tlog.RecordHash(p.Recognition.Form)); err != nil {
		return proved, fmt.Errorf("the recognition is not among those of the entry: %w", err)
	}
	recognition, err := revrec.ReadRecognitionForm(p.Recognition.Form)
	if err != nil {
		return proved, fmt.Errorf("the recognition: %w", err)
	}
	proved.Recognition = &recognition
	return proved, nil
}

// openCheckpoint checks the signature of a checkpoint and reads it.
func openCheckpoint(checkpoint string, keys []string) (SealTree, string, error) {
	var known []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return SealTree{}, "", fmt.Errorf("%q is no key such as drawdown/…+1a2b3c4d+…: %w", key, err)
		}
		known = append(known, verifier)
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(known...))
	if err != nil {
		return SealTree{}, "", fmt.Errorf("the checkpoint is not signed by the key: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != opened.Sigs[0].Name {
		return SealTree{}, "", errors.New("what is signed is no checkpoint of the log of the key")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return SealTree{}, "", errors.New("the checkpoint does not say how many leaves the log has")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return SealTree{}, "", errors.New("the checkpoint names no root")
	}
	return SealTree{Size: size, Root: root}, opened.Text, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
