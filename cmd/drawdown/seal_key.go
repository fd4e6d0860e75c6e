package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
)

const (
	// sealKeySuffix ends the file of the key beside a database file.
	sealKeySuffix = ".seal-key"
	sealKeyMode   = 0o600 // of its owner alone
)

func (p *program) sealKeyCommand() *cobra.Command {
	var out string
	create := &cobra.Command{
		Use:   "create",
		Short: "Make a key that signs the seals of closed months",
		Long: `Make a key that signs the seals of closed months, an Ed25519 key in PKCS #8 and PEM,
as openssl genpkey -algorithm ed25519 writes it, in a new file that its owner alone can
read; and show its public key. Keep a copy of the file apart from the database.`,
		Example: "  drawdown seal-key create --out seal.key\n  drawdown serve --seal-key seal.key",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return badUsage("--out must name the file to make")
			}
			key, err := makeSealKey(out)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.stdout, base64.StdEncoding.EncodeToString(key.PublicKey()))
			return err
		},
	}
	create.Flags().StringVar(&out, "out", "", "the `file` to make, which must not exist")
	return group("seal-key", "Make the key that signs the seals of closed months", create)
}

// makeSealKey makes a key in a new file.
func makeSealKey(path string) (key books.KeySigner, err error) {
	if key, err = books.NewKeySigner(); err != nil {
		return nil, err
	}
	return key, writeSealKey(path, key)
}

// writeSealKey writes a key to a new file.
func writeSealKey(path string, key books.KeySigner) error {
	encoded, err := x509.MarshalPKCS8PrivateKey(ed25519.PrivateKey(key))
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, sealKeyMode)
	if err != nil {
		return badUsage("the key of seals cannot be made: %w", err)
	}
	err = pem.Encode(file, &pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	return errors.Join(err, file.Sync(), file.Close())
}

// keyBesideFile is where the key of a database file is; "" of another database.
func keyBesideFile(db string) string {
	file, beside := strings.CutPrefix(db, "sqlite:")
	if file = strings.TrimPrefix(file, "//"); !beside || file == ":memory:" {
		return ""
	}
	return file + sealKeySuffix
}

// readSealKey reads a key from its file. Errors: bad usage.
func readSealKey(path string) (key books.KeySigner, warning string, err error) {
	text, warning, err := readSecret(path)
	if err != nil {
		return nil, "", badUsage("--seal-key: %w", err)
	}
	block, _ := pem.Decode([]byte(text + "\n"))
	if block == nil {
		return nil, "", badUsage("--seal-key: %q holds no key in PEM: drawdown seal-key create makes one", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, "", badUsage("--seal-key: %q: %w", path, err)
	}
	private, is := parsed.(ed25519.PrivateKey)
	if !is {
		return nil, "", badUsage("--seal-key: %q holds another key than one of Ed25519", path)
	}
	return books.KeySigner(private), warning, nil
}

// sealSigner is the key of a server: that of the file, which must be there; or, of a database
// file, that beside it, which is made where the book has no seal yet. A book that was sealed
// and whose key is gone gets no other by itself, and a database on a server gets none: all
// servers of it must have the same. Where there is none, no month can be closed.
func (p *program) sealSigner(ctx context.Context, log *slog.Logger, db books.Store, path string) (books.Signer, error) {
	if path == "" {
		path = keyBesideFile(p.db)
		switch {
		case path != "":
		case !strings.HasPrefix(p.db, "sqlite:"):
			log.Warn("no month can be closed: there is no key to sign seals with; drawdown seal-key create makes one for --seal-key")
			return nil, nil //nolint:nilnil // none is a way to run
		default: // in memory
			return books.NewKeySigner()
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return p.firstSealKey(ctx, log, db, path)
		}
	}
	key, warning, err := readSealKey(path)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		log.Warn(warning)
	}
	return key, nil
}

// firstSealKey makes the key of a book that has no seal yet.
func (p *program) firstSealKey(ctx context.Context, log *slog.Logger, db books.Store, path string) (books.Signer, error) {
	var seals int64
	err := db.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		seals, err = tx.CountSeals(ctx, books.SealFilter{})
		return err
	})
	if err != nil {
		return nil, err
	}
	if seals > 0 {
		log.Warn("no month can be closed: this book has seals, and the key that signed them is not there; give it by --seal-key, or another, which drawdown seal-key create makes", "file", path)
		return nil, nil //nolint:nilnil // none is a way to run
	}
	key, err := makeSealKey(path)
	if err != nil {
		log.Warn("no month can be closed: the key that signs seals cannot be made beside the database; drawdown seal-key create makes one for --seal-key", "error", err)
		return nil, nil //nolint:nilnil // none is a way to run
	}
	log.Info("made the key that signs the seals of closed months: keep a copy of it apart from the database", "file", path, "publicKey", base64.StdEncoding.EncodeToString(key.PublicKey()))
	return key, nil
}
