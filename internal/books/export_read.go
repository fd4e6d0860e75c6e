package books

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"time"
)

// ExportTargetByCode finds a target as people call it; found is false where there is none.
func ExportTargetByCode(ctx context.Context, tx Tx, code string) (target ExportTarget, found bool, err error) {
	targets, err := tx.ExportTargets(ctx)
	for _, t := range targets {
		if t.Code == code {
			return t, true, err
		}
	}
	return ExportTarget{}, false, err
}

// ExportStanding returns the last entry that a target has, and how many posted ones it lacks:
// those after it, and those of voided batches that nothing replaces yet.
func ExportStanding(ctx context.Context, tx Tx, targetID string) (through, waiting int64, err error) {
	through, _, err = tx.LastExport(ctx, targetID)
	if err != nil {
		return 0, 0, err
	}
	last, err := lastEntry(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	voided, err := tx.VoidedExports(ctx, targetID)
	waiting = last - through
	for _, batch := range voided {
		if batch.ToEntry <= through {
			waiting += batch.ToEntry - batch.FromEntry + 1
		}
	}
	return through, waiting, err
}

// ExportedFile is a file of a sealed batch, to be read from anywhere in it.
type ExportedFile struct {
	ExportFile
	SealedAt time.Time

	read  func(place int) ([]byte, error)
	at    int64
	place int // of the piece that is held
	piece []byte
}

// ExportOpen opens a file of a sealed batch by its name. Each part is read by a transaction of
// its own: what is sealed does not change. Errors: NOT_FOUND, NOT_SEALED.
func (b *Books) ExportOpen(ctx context.Context, batchID, name string) (*ExportedFile, error) {
	var batch ExportBatch
	err := b.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		batch, err = exportBatch(ctx, tx, batchID)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case batch.SealedAt.IsZero():
		return nil, refuse(NotSealed, "batchId", "the files of the batch are not written yet")
	}
	for _, file := range batch.Files {
		if file.Name == name {
			return b.ExportOpenFile(ctx, batch, file), nil
		}
	}
	return nil, refuse(NotFound, "name", "the batch has no file %q", clip(name))
}

// ExportOpenFile opens a file of a sealed batch that was read with its files. To open all of them one after
// the other, for a batch may have thousands: by its name, each would have all of them read.
func (b *Books) ExportOpenFile(ctx context.Context, batch ExportBatch, file ExportFile) *ExportedFile {
	return &ExportedFile{ExportFile: file, SealedAt: batch.SealedAt, place: -1, read: func(place int) (piece []byte, err error) {
		err = b.View(ctx, func(ctx context.Context, tx Tx) error {
			piece, err = tx.ExportPiece(ctx, batch.ID, file.Place, place)
			return err
		})
		return piece, err
	}}
}

// Read reads on.
func (f *ExportedFile) Read(p []byte) (int, error) {
	if f.at >= f.Bytes {
		return 0, io.EOF
	}
	if place := int(f.at / ExportPieceBytes); place != f.place {
		piece, err := f.read(place)
		if err != nil {
			return 0, err
		}
		f.place, f.piece = place, piece
	}
	within := f.at % ExportPieceBytes
	if within >= int64(len(f.piece)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, f.piece[within:])
	f.at += int64(n)
	return n, nil
}

// Seek goes to a place in the file.
func (f *ExportedFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.Bytes
	}
	if offset < 0 {
		return 0, refuse(Invalid, "offset", "lies before the beginning of the file")
	}
	f.at = offset
	return offset, nil
}

// exportLinkTime is how long a link to a file holds: as long as it takes to hand it over.
const exportLinkTime = time.Hour

// ExportLink returns until when a link to a file of a sealed batch holds, and its signature.
func (b *Books) ExportLink(ctx context.Context, tx Tx, batchID, name string) (until time.Time, signature string, err error) {
	secret, err := b.linkKey(ctx, tx)
	until = b.clock().Add(exportLinkTime).Truncate(time.Second)
	return until, linkSignature(secret, batchID, name, until.Unix()), err
}

// CheckExportLink refuses a link that was not signed here, or that holds no more.
// Errors: UNAUTHENTICATED.
func (b *Books) CheckExportLink(ctx context.Context, batchID, name, until, signature string) error {
	var secret []byte
	err := b.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		secret, err = b.linkKey(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	unix, err := strconv.ParseInt(until, 10, 64)
	if err != nil || !hmac.Equal([]byte(signature), []byte(linkSignature(secret, batchID, name, unix))) {
		return refuse(Unauthenticated, "signature", "is none of this server's for this file")
	}
	if !b.clock().Before(time.Unix(unix, 0)) {
		return refuse(Unauthenticated, "until", "the link held until %s: ask for another", time.Unix(unix, 0).UTC().Format(time.RFC3339))
	}
	return nil
}

func linkSignature(secret []byte, batchID, name string, until int64) string {
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(batchID + "\n" + name + "\n" + strconv.FormatInt(until, 10)))
	return hex.EncodeToString(mac.Sum(nil))
}

// linkKey returns what links are signed with, which the first batch that is sealed makes. Before
// that no link is right.
func (b *Books) linkKey(ctx context.Context, tx Tx) ([]byte, error) {
	if known := b.linkSecret.Load(); known != nil {
		return *known, nil
	}
	secret, err := tx.ExportLinkKey(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(secret) == 0:
		return nil, refuse(Unauthenticated, "signature", "is none of this server's, which has signed no link")
	}
	b.linkSecret.Store(&secret)
	return secret, nil
}

// makeLinkKey makes what links are signed with, where there is none yet.
func makeLinkKey(ctx context.Context, tx Tx) error {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // never fails
	return tx.SaveExportLinkKey(ctx, secret)
}
