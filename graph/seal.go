package graph

import (
	"context"
	"encoding/json"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (queryResolver) Seals(ctx context.Context, period *ledger.Period) ([]gen.Seal, error) {
	return newestSeals(ctx, books.SealFilter{Period: value(period)}, maxFirst)
}

func (queryResolver) Seal(ctx context.Context, period ledger.Period) (*gen.Seal, error) {
	found, err := newestSeals(ctx, books.SealFilter{Period: period}, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// newestSeals returns up to limit seals, newest first.
func newestSeals(ctx context.Context, filter books.SealFilter, limit int) ([]gen.Seal, error) {
	var shown []gen.Seal
	err := requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		seals, err := tx.Seals(ctx, filter, books.Page{Limit: limit, Reverse: true})
		if err != nil {
			return err
		}
		keys, err := tx.SealKeys(ctx)
		if err != nil {
			return err
		}
		for _, s := range seals {
			row := gen.Seal{
				Number: int(s.Number), Period: s.Period, At: s.At, FromSize: int(s.FromSize), Size: int(s.Size), Root: s.Root.String(), Checkpoint: s.Checkpoint,
			}
			for _, key := range keys {
				if key.Number == s.Key {
					if row.Key, err = key.Verifier(s.Origin); err != nil {
						return err
					}
				}
			}
			shown = append(shown, row)
		}
		return nil
	})
	return orNone(shown), err
}

func (queryResolver) SealPublicKeys(ctx context.Context) ([]gen.SealPublicKey, error) {
	var shown []gen.SealPublicKey
	err := requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		keys, err := tx.SealKeys(ctx)
		if err != nil {
			return err
		}
		last, err := tx.Seals(ctx, books.SealFilter{}, books.Page{Limit: 1, Reverse: true})
		if err != nil || len(last) == 0 {
			return err
		}
		for _, key := range keys {
			verifier, err := key.Verifier(last[0].Origin)
			if err != nil {
				return err
			}
			shown = append(shown, gen.SealPublicKey{Number: int(key.Number), Key: verifier, Since: key.Since, By: key.Actor})
		}
		return nil
	})
	return orNone(shown), err
}

func (queryResolver) SealProof(ctx context.Context, entry int, recognition *string) (*gen.SealProof, error) {
	id := ""
	if recognition != nil {
		var err error
		if id, err = recognitionNoun.key("recognition", *recognition); err != nil {
			return nil, err
		}
	}
	return sealProof(ctx, func(ctx context.Context, tx books.Tx) (books.SealProof, error) {
		return books.SealProofOf(ctx, tx, int64(entry), id)
	})
}

func (queryResolver) SealConsistency(ctx context.Context, from, to int) (*gen.SealProof, error) {
	return sealProof(ctx, func(ctx context.Context, tx books.Tx) (books.SealProof, error) {
		return books.SealConsistency(ctx, tx, int64(from), int64(to))
	})
}

func sealProof(ctx context.Context, prove func(context.Context, books.Tx) (books.SealProof, error)) (*gen.SealProof, error) {
	var proof books.SealProof
	err := requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		proof, err = prove(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	document, err := json.MarshalIndent(proof, "", "  ")
	return &gen.SealProof{Document: string(document)}, err
}
