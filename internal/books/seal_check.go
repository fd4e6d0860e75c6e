package books

import (
	"bytes"
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

// Proved is what a proof has shown.
type Proved struct {
	Tree        SealTree
	Text        string // of the checkpoint
	Entry       *ledger.SealedEntry
	Recognition *revrec.Recognition
	Before      *SealTree // of the earlier checkpoint
}

// ReadSealProof reads a proof. What is not a part of one is refused, for nothing proves it.
// Errors: INVALID.
func ReadSealProof(text []byte) (proof SealProof, err error) {
	if len(text) > MaxSealProof {
		return proof, refuse(Invalid, "proof", "is longer than %d bytes", MaxSealProof)
	}
	if err := json.Unmarshal(text, &proof); err != nil || proof.Format != sealProofFormat {
		return proof, refuse(Invalid, "proof", "is none: it must be JSON with the format %q", sealProofFormat)
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&SealProof{}); err != nil {
		return proof, refuse(Invalid, "proof", "says what nothing proves: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if err := saidOnce(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return proof, refuse(Invalid, "proof", "%s", err)
	}
	return proof, nil
}

// saidOnce reads a value and returns an error where an object in it has a name twice: of the two
// only the last counts, and people may read the first.
func saidOnce(decoder *json.Decoder) error {
	token, err := decoder.Token()
	begin, nested := token.(json.Delim)
	if err != nil || !nested {
		return err
	}
	said := map[string]bool{}
	for decoder.More() {
		if begin == '{' {
			if token, err = decoder.Token(); err != nil {
				return err
			}
			name := strings.ToLower(fmt.Sprint(token))
			if said[name] {
				return fmt.Errorf("has %q twice", name)
			}
			said[name] = true
		}
		if err := saidOnce(decoder); err != nil {
			return err
		}
	}
	_, err = decoder.Token() // its end
	return err
}

// Keys are those that the proof brings for its checkpoints, the later one's first: two where
// the key was changed between them.
func (p SealProof) Keys() []string {
	if p.BeforeKey != "" && p.BeforeKey != p.Key {
		return []string{p.Key, p.BeforeKey}
	}
	return []string{p.Key}
}

// CheckSealKey holds that a text is a public key of seals as a note writes it. It returns what
// is wrong, or nil.
func CheckSealKey(key string) error {
	if _, err := note.NewVerifier(key); err != nil {
		return fmt.Errorf("must be a public key of seals, whole, such as drawdown/01941f29-…+1a2b3c4d+AUt2…, not %q", key)
	}
	return nil
}

// Check computes a proof again and holds all that it says against that. Each checkpoint must be
// signed by one of the keys. It asks nobody.
func (p SealProof) Check(keys ...string) (proved Proved, err error) {
	if proved.Tree, proved.Text, err = openCheckpoint(p.Checkpoint, p.Key, keys); err != nil {
		return proved, fmt.Errorf("the checkpoint %w", err)
	}
	switch {
	case p.Before != "":
		if err := p.checkBefore(&proved, keys); err != nil {
			return proved, err
		}
	case p.BeforeKey != "" || len(p.Hashes) > 0:
		return proved, errors.New("the earlier checkpoint is not there")
	case p.Entry == nil:
		return proved, errors.New("the proof is about nothing")
	}
	switch {
	case p.Entry != nil:
		err = p.checkEntry(&proved)
	case p.Recognition != nil:
		err = errors.New("the entry of the recognition is not there")
	}
	return proved, err
}

// checkBefore holds that the log of the checkpoint goes on from that of the earlier one.
func (p SealProof) checkBefore(proved *Proved, keys []string) error {
	before, text, err := openCheckpoint(p.Before, p.BeforeKey, keys)
	if err != nil {
		return fmt.Errorf("the earlier checkpoint %w", err)
	}
	if firstLine(text) != firstLine(proved.Text) {
		return errors.New("the checkpoints are of two logs")
	}
	if err := tlog.CheckTree(p.Hashes, proved.Tree.Size, proved.Tree.Root, before.Size, before.Root); err != nil {
		return fmt.Errorf("the later log does not go on from the earlier one: %w", err)
	}
	proved.Before = &before
	return nil
}

// checkEntry holds that the entry is in the log, and the recognition in the entry.
func (p SealProof) checkEntry(proved *Proved) error {
	if err := p.Entry.check(proved.Tree); err != nil {
		return fmt.Errorf("the entry is not in the log of the checkpoint: %w", err)
	}
	entry, err := ledger.ReadEntryForm(p.Entry.Form)
	if err != nil {
		return fmt.Errorf("the entry: %w", err)
	}
	proved.Entry = &entry
	if p.Recognition == nil {
		return nil
	}
	if err := p.Recognition.check(SealTree{Size: entry.Recognitions, Root: entry.RecognitionsRoot}); err != nil {
		return fmt.Errorf("the recognition is not among those of the entry: %w", err)
	}
	recognition, err := revrec.ReadRecognitionForm(p.Recognition.Form)
	if err != nil {
		return fmt.Errorf("the recognition: %w", err)
	}
	proved.Recognition = &recognition
	return nil
}

// check holds that the leaf is in a tree, at its place.
func (p SealProofPart) check(tree SealTree) error {
	if p.Size != tree.Size {
		return fmt.Errorf("the proof is of a tree of %d leaves, and there are %d", p.Size, tree.Size)
	}
	return tlog.CheckRecord(p.Hashes, tree.Size, tree.Root, p.Index, tlog.RecordHash(p.Form))
}

// openCheckpoint checks that a checkpoint is signed by the key that is named for it, and that
// this is one of those that are known, and reads it.
func openCheckpoint(checkpoint, named string, known []string) (SealTree, string, error) {
	byID := map[string]string{} // keys by name and hash, as signatures name them
	var verifiers []note.Verifier
	for _, key := range known {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return SealTree{}, "", fmt.Errorf("is to be signed by %q, which is no key: %w", key, err)
		}
		if id := keyID(verifier.Name(), verifier.KeyHash()); byID[id] != key {
			byID[id] = key
			verifiers = append(verifiers, verifier)
		}
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifiers...))
	if err != nil {
		return SealTree{}, "", notSigned(err)
	}
	signer := opened.Sigs[0]
	if key := byID[keyID(signer.Name, signer.Hash)]; key != named {
		return SealTree{}, "", fmt.Errorf("is signed by %s, and the proof names %q", key, named)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != signer.Name {
		return SealTree{}, "", errors.New("is none of the log of its key")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return SealTree{}, "", errors.New("does not say how many leaves the log has")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return SealTree{}, "", errors.New("names no root")
	}
	return SealTree{Size: size, Root: root}, opened.Text, nil
}

// keyID is how a signature names its key.
func keyID(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// notSigned says why a note does not open.
func notSigned(err error) error {
	var unknown *note.UnverifiedNoteError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("is not signed as it must be: %w", err)
	}
	var by []string
	for _, signature := range unknown.Note.UnverifiedSigs {
		by = append(by, keyID(signature.Name, signature.Hash))
	}
	return fmt.Errorf("is signed by %s, which is none of the keys that are known", strings.Join(by, " and "))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
