package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// ManifestVersion is the version of the form of a manifest.
const ManifestVersion = 1

const (
	// DefaultSamples is how many items a sample has where nobody says.
	DefaultSamples = 25
	// MostSamples bounds a sample: each entry in it has a proof of its own.
	MostSamples = 2000
	// LongestSeed bounds the text of a seed, in bytes.
	LongestSeed = 200
)

// Options say which pack is made.
type Options struct {
	Period ledger.Period
	// Seed is what samples are drawn by, any text; the root of the seal where it is "", which nobody
	// chose and nobody knew before the close.
	Seed    string
	Samples int        // items of each sample; DefaultSamples where 0
	Told    func(File) // is told of each file that is written; nil for nobody
}

// check refuses what cannot be drawn. Errors: INVALID.
func (o *Options) check() error {
	if o.Samples == 0 {
		o.Samples = DefaultSamples
	}
	if o.Samples < 1 || o.Samples > MostSamples {
		return &books.Error{Code: books.Invalid, Field: "samples", Message: fmt.Sprintf("must be 1 to %d, not %d", MostSamples, o.Samples)}
	}
	if len(o.Seed) > LongestSeed || strings.ContainsFunc(o.Seed, func(r rune) bool { return r < ' ' || r == '\ufffd' }) {
		return &books.Error{Code: books.Invalid, Field: "seed", Message: fmt.Sprintf("must be a text of at most %d bytes on one line", LongestSeed)}
	}
	return nil
}

// Manifest says what a pack holds.
type Manifest struct {
	Version  int           `json:"version"`
	Kind     string        `json:"kind"`
	Book     BookSettings  `json:"book"`
	Period   ledger.Period `json:"period"`
	FirstDay ledger.Date   `json:"first_day"`
	LastDay  ledger.Date   `json:"last_day"`
	Closing  ClosedBy      `json:"closing"`
	Seal     SealedBy      `json:"seal"`
	// Of the journal of the period.
	Entries  int64          `json:"entries"`
	Lines    int64          `json:"lines"`
	Totals   []export.Total `json:"totals"`            // by currency
	InBook   []export.Total `json:"functional_totals"` // in the functional currency
	Samples  int            `json:"samples"`           // asked of each
	Seed     string         `json:"seed"`
	LeftOut  []LeftOut      `json:"left_out"`
	Files    []File         `json:"files"` // but for this one and what signs it
	names    []string       // of all files, in order
	proved   []string       // proofs, in order
	verifier string
	goesOn   []string // the keys of the proof that the seal goes on from the one before: two where the key was changed, none where there is no proof
}

// BookSettings are those of the book.
type BookSettings struct {
	Functional ledger.Currency `json:"functional_currency"`
	Zone       string          `json:"time_zone"`
	CreatedAt  time.Time       `json:"created_at"`
}

// ClosedBy says who closed the period and when.
type ClosedBy struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"` // everything in the pack is as of then
	Actor     string    `json:"actor"`
	ActorName string    `json:"actor_name"`
	Entries   int64     `json:"entries"`    // of the period then
	LastEntry int64     `json:"last_entry"` // of the book then
}

// SealedBy says which seal the closing made.
type SealedBy struct {
	Number int64  `json:"number"`
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Key    string `json:"key"` // as a note writes it
}

// LeftOut says what is not in the pack and why.
type LeftOut struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Directory is the directory that the archive unpacks to, and File the name of the archive.
func (m Manifest) Directory() string { return "evidence-" + m.Period.String() }

// pack is what is written.
type pack struct {
	*folder
	Options
	book     *books.Books
	tx       books.Tx
	closed   books.ClosedPeriod
	manifest Manifest
}

// Write writes the files of the pack of a closed period into a directory, which is there and empty.
// All is read of one snapshot. Errors: PERIOD_OPEN, NOT_FOUND where no seal holds the period, INVALID,
// NO_SEAL_KEY, SEAL_FAILED.
func Write(ctx context.Context, b *books.Books, o Options, dir string) (Manifest, error) {
	if err := o.check(); err != nil {
		return Manifest{}, err
	}
	// A key that is missing is said before the work and not after it.
	public, _, err := b.SignFile(ctx, []byte("drawdown evidence pack"))
	if err != nil {
		return Manifest{}, err
	}
	p := &pack{folder: &folder{dir: dir, told: o.Told}, Options: o, book: b}
	err = b.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		p.tx = tx
		if p.closed, err = books.ClosedPeriodOf(ctx, tx, o.Period); err != nil {
			return err
		}
		p.begin()
		for _, part := range []func(context.Context) error{p.seal, p.journal, p.samples, p.subledger, p.recognitions, p.drilldown, p.reports, p.controls} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Manifest{}, err
	}
	return p.end(ctx, public)
}

func (p *pack) begin() {
	book, closing, seal := p.book.Book(), p.closed.Closing, p.closed.Seal
	if p.Seed == "" {
		p.Seed = seal.Root.String()
	}
	p.manifest = Manifest{
		Version: ManifestVersion, Kind: "drawdown evidence pack",
		Book: BookSettings{book.Functional, book.Zone, book.CreatedAt.UTC()}, Period: p.Period, FirstDay: p.Period.First(), LastDay: p.Period.Last(),
		Closing: ClosedBy{closing.ID, closing.At.UTC(), closing.Actor, closing.ActorName, closing.Entries, closing.LastEntry},
		Seal:    SealedBy{seal.Number, seal.Origin, seal.Size, seal.Root.String(), p.closed.Verifier},
		Samples: p.Samples, Seed: p.Seed, LeftOut: []LeftOut{}, verifier: p.closed.Verifier,
	}
}

// leaveOut says that something is not in the pack.
func (p *pack) leaveOut(name, why string) {
	p.manifest.LeftOut = append(p.manifest.LeftOut, LeftOut{name, why})
}

// end writes what is about all files, and signs it.
func (p *pack) end(ctx context.Context, public ed25519.PublicKey) (Manifest, error) {
	text, err := publicPEM(public)
	if err != nil {
		return p.manifest, err
	}
	if err := p.write("pub.pem", "the key that signed SHA256SUMS", text); err != nil {
		return p.manifest, err
	}
	if err := p.write("00_README.md", "what is here and how to check it", p.readme()); err != nil {
		return p.manifest, err
	}
	p.manifest.Files = p.sorted()
	if text, err = p.manifest.JSON(); err != nil {
		return p.manifest, err
	}
	if err := p.write("manifest.json", "what is in the pack", text); err != nil {
		return p.manifest, err
	}
	var sums bytes.Buffer
	for _, file := range p.sorted() {
		fmt.Fprintf(&sums, "%s  %s\n", file.SHA256, file.Name)
	}
	if err := p.write("SHA256SUMS", "the hash of each file", sums.Bytes()); err != nil {
		return p.manifest, err
	}
	_, signature, err := p.book.SignFile(ctx, sums.Bytes())
	if err != nil {
		return p.manifest, err
	}
	if err := p.write("SHA256SUMS.sig", "the signature of SHA256SUMS", signature); err != nil {
		return p.manifest, err
	}
	for _, file := range p.sorted() {
		p.manifest.names = append(p.manifest.names, file.Name)
	}
	return p.manifest, nil
}

// JSON returns the manifest in its one form.
func (m Manifest) JSON() ([]byte, error) { return formatted(m) }

func formatted(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return out.Bytes(), err
}

// publicPEM is a public key as openssl reads it.
func publicPEM(key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}
