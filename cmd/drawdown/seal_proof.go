package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/ledger/export"
	"drawdown/revrec"
)

// proofCommand is export proof.
func (p *program) proofCommand() *cobra.Command {
	var entry, from, to int64
	var recognition, out string
	c := &cobra.Command{
		Use:   "proof",
		Short: "Write the proof that an entry or a recognition is sealed",
		Long: `Write a proof that drawdown verify --proof checks without the book, and that other
programs can check too: that an entry is in the seal of its month, that a recognition is
in its entry and that in the seal, or that a seal goes on from an earlier one.`,
		Example: "  drawdown export proof --entry 7 --out 7.proof\n  drawdown export proof --entry 7 --recognition 01941f29-7c00-7000-8000-000000000042\n  drawdown export proof --from-seal 1 --to-seal 4",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if (entry > 0) == (from > 0 && to > 0) {
				return badUsage("give --entry, or --from-seal and --to-seal")
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				var proof books.SealProof
				err := book.View(c.Context(), func(ctx context.Context, tx books.Tx) (err error) {
					if entry > 0 {
						proof, err = books.SealProofOf(ctx, tx, entry, strings.TrimPrefix(recognition, "rec_"))
					} else {
						proof, err = books.SealConsistency(ctx, tx, from, to)
					}
					return err
				})
				if err != nil {
					return err
				}
				write := func(w io.Writer) (int, error) {
					encoder := json.NewEncoder(w)
					encoder.SetIndent("", "  ")
					return 1, encoder.Encode(proof)
				}
				if isStdout(out) {
					_, err = write(p.stdout)
					return err
				}
				_, err = writeWhole("--out", out, write)
				return err
			})
		},
	}
	flags := c.Flags()
	flags.Int64Var(&entry, "entry", 0, "the `number` of the entry")
	flags.StringVar(&recognition, "recognition", "", "the `id` of a recognition that the entry sums")
	flags.Int64Var(&from, "from-seal", 0, "the `number` of the earlier seal")
	flags.Int64Var(&to, "to-seal", 0, "the `number` of the later seal")
	flags.StringVar(&out, "out", "", "the `file` to write (default: standard output)")
	return c
}

// verifyProof checks a proof without a book, by the keys that are known, and says what it shows.
func (p *program) verifyProof(path string, known []string) error {
	file, err := os.Open(path)
	if err != nil {
		return badUsage("--proof: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, books.MaxSealProof+1))
	if err != nil {
		return badUsage("--proof: %w", err)
	}
	proof, err := books.ReadSealProof(text)
	if err != nil {
		return badUsage("%w", err)
	}
	keys := known
	if len(known) == 0 {
		keys = proof.Keys()
	}
	proved, err := proof.Check(keys...)
	if err != nil {
		p.say("%s does not hold: %v", path, err)
		return errFound
	}
	out := &printer{w: p.stdout}
	out.line("%s holds.", path)
	if len(known) == 0 {
		which, them := "key", "the key"
		if len(keys) > 1 {
			which, them = "keys", "them"
		}
		out.line("It was checked by the %s that it brings, which anybody could have made: --key %s\nsays that you know %s from elsewhere.", which, strings.Join(keys, " --key "), them)
	}
	if proved.Before != nil {
		out.line("The log of %d entries goes on from the log of %d: none of those was changed or taken out.", proved.Tree.Size, proved.Before.Size)
	}
	if e := proved.Entry; e != nil {
		out.line("Entry %s, %s, booked on %s for %s:", export.EntryCode(e.Number), e.Kind, e.AccountingDate, e.OccurredOn)
		for _, line := range e.Lines {
			out.line("  %-24s %s", line.Account, line.Amount)
		}
		if e.Description != "" {
			out.line("  %s", e.Description)
		}
		if e.Approved != "" {
			out.line("  approved with its papers: SHA-256 %s", e.Approved)
		}
		out.line("  recognitions that it sums: %d", e.Recognitions)
	}
	if r := proved.Recognition; r != nil {
		out.line("Recognition %s, %s of %s: %s credits, %s, of lot or pool %s", r.ID, r.Kind, r.Day, r.Credits, r.Amount, r.LotID+r.PoolID)
		out.line("  %s", inputsText(r.Inputs))
	}
	out.line("The checkpoint that it is in:\n  %s", strings.ReplaceAll(strings.TrimSuffix(proved.Text, "\n"), "\n", "\n  "))
	return out.err
}

func inputsText(inputs []revrec.Input) string {
	texts := make([]string, len(inputs))
	for i, input := range inputs {
		texts[i] = fmt.Sprintf("%s %s", input.Name, input.Value)
	}
	return strings.Join(texts, ", ")
}
