package books

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/ledger"
)

// Signer signs the seals of closed periods with an Ed25519 key. Where it fails, nothing is
// closed.
type Signer interface {
	PublicKey() ed25519.PublicKey
	Sign(ctx context.Context, message []byte) (signature []byte, err error)
}

// KeySigner signs with a key that the process holds.
type KeySigner ed25519.PrivateKey

// NewKeySigner returns a signer with a new key.
func NewKeySigner() (KeySigner, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return KeySigner(key), err
}

// PublicKey returns the key by which signatures are checked.
func (k KeySigner) PublicKey() ed25519.PublicKey {
	return ed25519.PrivateKey(k).Public().(ed25519.PublicKey) //nolint:forcetypeassert // the type's own promise
}

// Sign signs a message.
func (k KeySigner) Sign(_ context.Context, message []byte) ([]byte, error) {
	return ed25519.Sign(ed25519.PrivateKey(k), message), nil
}

// Seal is the signed root of the log of entries after a close. It never changes: a period
// that is closed again has another.
type Seal struct {
	Number    int64  // from 1, without gaps
	ClosingID string // the closing that it was made with
	Period    ledger.Period
	At        time.Time // when the period was closed
	LastEntry int64     // the number of the book's last entry then
	// The close added the leaves from FromSize on; the log then had Size.
	FromSize, Size int64
	Root           tlog.Hash
	Origin         string // names the log, and the keys that sign it
	Key            int64  // number of the SealKey
	Acts           []string
	// Checkpoint is the signed text: a note as golang.org/x/mod/sumdb/note writes it, whose
	// text is a checkpoint by C2SP.
	Checkpoint string
}

// SealKey is a key that signs from a seal on, until the next.
type SealKey struct {
	Number    int64 // from 1, without gaps
	PublicKey []byte
	Since     time.Time // when it signed for the first time
	Actor     string    // who closed the period then
	ActorName string    // "" where nobody said
}

// Verifier is the key in the form of a note, which holds the name of the log.
func (k SealKey) Verifier(origin string) (string, error) {
	return note.NewEd25519VerifierKey(origin, k.PublicKey)
}

// SealLeaf is the leaf of an entry.
type SealLeaf struct {
	Index   int64
	Entry   int64
	Version int64 // of the form that was hashed
	// Recognitions counts what the entry sums; Root is theirs.
	Recognitions int64
	Root         tlog.Hash
}

// SealFilter narrows a list of seals.
type SealFilter struct {
	Period ledger.Period
}

// SealTree is the log as it stands.
type SealTree struct {
	Size int64
	Root tlog.Hash
}

type sealTx interface {
	// Seals lists seals in order of number, by which Page.After goes on.
	Seals(ctx context.Context, filter SealFilter, page Page) ([]Seal, error)
	CountSeals(ctx context.Context, filter SealFilter) (int64, error)
	// SealKeys returns all keys that ever signed, in order.
	SealKeys(ctx context.Context) ([]SealKey, error)
	InsertSealKey(ctx context.Context, key SealKey) error
	// SealEntries gives a leaf to each entry of the days that has none, in order of number,
	// behind the leaves that the log of a size has, and returns the log with them.
	SealEntries(ctx context.Context, from, to ledger.Date, size int64) (SealTree, error)
	// UnsealedActs returns the ids of the closings that no seal is about, in order, and the
	// hash of them with the key.
	UnsealedActs(ctx context.Context, key SealKey) (ids []string, hash tlog.Hash, err error)
	InsertSeal(ctx context.Context, seal Seal) error
	// SealLeafOf returns the leaf of an entry. Errors: NOT_FOUND where it has none.
	SealLeafOf(ctx context.Context, entry int64) (SealLeaf, error)
	// SealHashes returns the hashes that the log keeps at the places.
	SealHashes(ctx context.Context, places []int64) ([]tlog.Hash, error)
	// SealedEntryForm returns the canonical form of an entry as its rows are now, and, where a
	// recognition is named, its form and the path from it to the root of the entry's.
	// Errors: NOT_FOUND.
	SealedEntryForm(ctx context.Context, entry int64, recognitionID string) (SealedForms, error)
}

// SealedForms are the canonical forms of an entry and of one of its recognitions.
type SealedForms struct {
	Entry       []byte
	Recognition []byte // nil where none was asked for
	// At is the place of the recognition among those of the entry, Path leads to their root.
	At   int64
	Path []tlog.Hash
}

// seal gives the entries of the period, and of none before it at the first time, their
// leaves and signs the root of the log. Errors: SEAL_FAILED.
func (b *Books) seal(ctx context.Context, tx Tx, closing Closing) error {
	before, err := tx.Seals(ctx, SealFilter{}, Page{Limit: 1, Reverse: true})
	if err != nil {
		return err
	}
	seal := Seal{Number: 1, ClosingID: closing.ID, Period: closing.Period, At: closing.At, LastEntry: closing.LastEntry}
	from := ledger.Date(0) // what was closed before there were seals gets its leaves now
	if len(before) > 0 {
		seal.Number, seal.FromSize, seal.Origin = before[0].Number+1, before[0].Size, before[0].Origin
		from = closing.Period.First()
	} else {
		seal.Origin = "drawdown/" + b.newID()
	}
	key, err := b.sealKey(ctx, tx, closing)
	if err != nil {
		return err
	}
	seal.Key = key.Number
	tree, err := tx.SealEntries(ctx, from, closing.Period.Last(), seal.FromSize)
	if err != nil {
		return err
	}
	seal.Size, seal.Root = tree.Size, tree.Root
	var acts tlog.Hash
	if seal.Acts, acts, err = tx.UnsealedActs(ctx, key); err != nil {
		return err
	}
	if seal.Checkpoint, err = b.sign(ctx, seal, acts); err != nil {
		return err
	}
	return tx.InsertSeal(ctx, seal)
}

// sealKey returns the key that signs now. One that is another than that of the last seal is
// kept, and the audit trail says so.
func (b *Books) sealKey(ctx context.Context, tx Tx, closing Closing) (SealKey, error) {
	keys, err := tx.SealKeys(ctx)
	if err != nil {
		return SealKey{}, err
	}
	public := b.signer.PublicKey()
	if n := len(keys); n > 0 && bytes.Equal(keys[n-1].PublicKey, public) {
		return keys[n-1], nil
	}
	key := SealKey{Number: int64(len(keys)) + 1, PublicKey: public, Since: closing.At, Actor: closing.Actor, ActorName: closing.ActorName}
	if err := tx.InsertSealKey(ctx, key); err != nil {
		return SealKey{}, err
	}
	detail, err := json.Marshal(struct {
		Number    int64  `json:"number"`
		PublicKey []byte `json:"publicKey"`
	}{key.Number, key.PublicKey})
	if err != nil {
		return SealKey{}, err
	}
	before := &trail{}
	if len(keys) > 0 {
		before.before = keys[len(keys)-1]
	}
	return key, b.audit(ctx, tx, "seal.key", closing.Period.String(), string(detail), before, key)
}

// SealText is the text of a checkpoint, which is signed. acts is the hash of what the seal
// says of closings and its key.
func (s Seal) SealText(acts tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\nperiod %s\nclosing %s\nclosed %s\nlast-entry %d\nfrom %d\nacts %s\n",
		s.Origin, s.Size, s.Root, s.Period, s.ClosingID, s.At.UTC().Format(time.RFC3339Nano), s.LastEntry, s.FromSize, acts)
}

// noteSigner signs a note with the signer of the book.
type noteSigner struct {
	note.Verifier
	sign func([]byte) ([]byte, error)
}

func (s noteSigner) Sign(message []byte) ([]byte, error) { return s.sign(message) }

// sign returns the signed note of a seal. Errors: SEAL_FAILED.
func (b *Books) sign(ctx context.Context, seal Seal, acts tlog.Hash) (string, error) {
	failed := func(err error) error {
		refusal := refuse(SealFailed, "", "the key that signs seals did not sign, and nothing was closed: look at the server's log")
		refusal.Cause = err
		return refusal
	}
	key, err := note.NewEd25519VerifierKey(seal.Origin, b.signer.PublicKey())
	if err != nil {
		return "", failed(err)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return "", failed(err)
	}
	signed, err := note.Sign(&note.Note{Text: seal.SealText(acts)}, noteSigner{verifier, func(message []byte) ([]byte, error) { return b.signer.Sign(ctx, message) }})
	if err != nil {
		return "", failed(err)
	}
	if err := CheckSignature(string(signed), seal.SealText(acts), seal.Origin, b.signer.PublicKey()); err != nil {
		return "", failed(err)
	}
	return string(signed), nil
}

// CheckSignature holds that a checkpoint is the text, signed by the key and nobody else. It
// returns what is wrong, or nil.
func CheckSignature(checkpoint, text, origin string, public []byte) error {
	key, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifier))
	switch {
	case err != nil:
		return err
	case opened.Text != text:
		return errors.New("the checkpoint signed another text")
	case len(opened.Sigs) != 1 || checkpoint != text+"\n— "+origin+" "+opened.Sigs[0].Base64+"\n":
		return errors.New("the checkpoint has more than the signature of the key")
	}
	// The last digits of a signature could be others that mean the same.
	_, err = base64.StdEncoding.Strict().DecodeString(opened.Sigs[0].Base64)
	return err
}
