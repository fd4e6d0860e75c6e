package evidence

import (
	"context"
	"crypto/ed25519"
	_ "embed"

	"drawdown/internal/books"
)

//go:embed check_proofs.py
var checkProofs []byte

const (
	consistencyName  = "consistency_prev.json"
	checkProofsName  = "scripts/check_proofs.py"
	drawSamplesName  = "scripts/draw_samples.py"
	journalLinesName = "gl/journal_lines"
)

// seal writes the checkpoint of the period and the proof that it goes on from the one before.
func (p *pack) seal(ctx context.Context) error {
	if err := p.write("checkpoint.txt", "the signed root of the log of entries after the closing", []byte(p.closed.Seal.Checkpoint)); err != nil {
		return err
	}
	public, err := publicPEM(ed25519.PublicKey(p.closed.Key.PublicKey))
	if err != nil {
		return err
	}
	if err := p.write("checkpoint.pem", "the key that signed the checkpoint", public); err != nil {
		return err
	}
	if err := p.write(checkProofsName, "checks the proofs, in Python without anything else", checkProofs); err != nil {
		return err
	}
	if p.closed.Before.Size == 0 {
		p.leaveOut(consistencyName, "there is no earlier seal that holds an entry")
		return nil
	}
	proof, err := books.SealConsistency(ctx, p.tx, p.closed.Before.Number, p.closed.Seal.Number)
	if err != nil {
		return err
	}
	p.manifest.goesOn = proof.Keys()
	return p.proof(consistencyName, "proves that the log goes on from the checkpoint before: nothing of it was changed or taken out", proof)
}

func (p *pack) proof(name, about string, proof books.SealProof) error {
	text, err := formatted(proof)
	if err != nil {
		return err
	}
	return p.write(name, about, text)
}

// prove writes the proof that an entry is in the seal.
func (p *pack) prove(ctx context.Context, entry int64) error {
	proof, err := books.SealProofIn(ctx, p.tx, p.closed.Seal, entry)
	if err != nil {
		return err
	}
	name := proofName(entry)
	p.manifest.proved = append(p.manifest.proved, name)
	return p.proof(name, "proves that the entry is in the checkpoint", proof)
}
