package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/destination"
)

// manifestFile is under what name the manifest of a batch is written beside its files.
const manifestFile = "manifest.json"

type batchExport struct {
	target, dir     string
	number, through int64
}

func (p *program) batchCommand() *cobra.Command {
	var o batchExport
	c := &cobra.Command{
		Use:   "batch",
		Short: "Make the next batch for a general ledger and write its files, or those of an earlier one",
		Long: `Make the next batch of a target: the entries posted since its last one. It is written,
sealed and put into a directory, with its manifest; the files of a sealed batch are the same
bytes whenever they are written. What is not mapped is said in full, and the batch waits
until its target is changed. Where nothing was posted since, nothing is made, and that is no
error. A server on the same book may write the batch instead: it goes to the directory all the
same.

With --number nothing is made, and the files of that one are written. A file that is there
already stays where it has these bytes, and is an error where it has others.`,
		Example: `  drawdown export batch --target netsuite --dir batches
  drawdown export batch --target netsuite --number 7 --dir again`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case o.target == "" || o.dir == "":
				return badUsage("export batch takes --target and --dir")
			case o.number != 0 && o.through != 0:
				return badUsage("--last-entry is for a new batch: leave it out with --number")
			}
			return p.withBook(c.Context(), func(book *books.Books) error { return p.exportBatch(c.Context(), book, o) })
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.target, "target", "", "the `code` of the target")
	flags.StringVar(&o.dir, "dir", "", "the `directory` to write into; it is made where it is missing")
	flags.Int64Var(&o.number, "number", 0, "the `number` of a batch that is there already")
	flags.Int64Var(&o.through, "last-entry", 0, "the `number` of the last entry of a new batch (default: the last of the book)")
	p.limit(flags, "number", "1 or more", isNumber)
	p.limit(flags, "last-entry", "1 or more", isNumber)
	return c
}

// exportBatch makes a batch or finds one, has it written and puts its files into the directory.
func (p *program) exportBatch(ctx context.Context, book *books.Books, o batchExport) error {
	var target books.ExportTarget
	var batch books.ExportBatch
	err := book.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		target, batch, err = batchOf(ctx, tx, o.target, o.number)
		return err
	})
	if err != nil {
		return err
	}
	if o.number == 0 {
		batch, err = p.nextBatch(ctx, book, target, o.through)
		if o.through == 0 && books.CodeOf(err) == books.NothingToExport { // as a schedule finds it, most of the time
			p.say("%s has all entries of the book: there is nothing to export", target.Code)
			return nil
		}
		if err != nil {
			return err
		}
	}
	if batch, err = p.writeBatch(ctx, book, batch); err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o750); err != nil {
		return badUsage("--dir: %w", err)
	}
	for _, file := range batch.Files {
		if err := keepFile(filepath.Join(o.dir, file.Name), file.Hash, book.ExportOpenFile(ctx, batch, file)); err != nil {
			return err
		}
	}
	if err := keepFile(filepath.Join(o.dir, manifestFile), batch.ManifestHash, strings.NewReader(batch.Manifest)); err != nil {
		return err
	}
	out := &printer{w: p.stdout}
	out.line("Batch %d of %s: entries %d to %d, %d lines, manifest SHA-256 %s", batch.Number, target.Code, batch.FromEntry, batch.ToEntry, batch.Lines, hex.EncodeToString(batch.ManifestHash))
	for _, file := range batch.Files {
		out.line("  %s: %d bytes, SHA-256 %s", filepath.Join(o.dir, file.Name), file.Bytes, hex.EncodeToString(file.Hash))
	}
	return out.err
}

// batchOf finds a target by its code and, where a number is given, a batch of it. Errors: NOT_FOUND.
func batchOf(ctx context.Context, tx books.Tx, code string, number int64) (target books.ExportTarget, batch books.ExportBatch, err error) {
	target, found, err := books.ExportTargetByCode(ctx, tx, code)
	switch {
	case err != nil:
		return target, batch, err
	case !found:
		return target, batch, &books.Error{Code: books.NotFound, Field: "target", Message: fmt.Sprintf("there is no target %q: exportTargetCreate makes one", code)}
	case number == 0:
		return target, batch, nil
	}
	batches, err := tx.ExportBatches(ctx, books.ExportBatchFilter{TargetID: target.ID}, books.Page{})
	if err != nil {
		return target, batch, err
	}
	at := slices.IndexFunc(batches, func(b books.ExportBatch) bool { return b.Number == number })
	if at < 0 {
		return target, batch, &books.Error{Code: books.NotFound, Field: "number", Message: fmt.Sprintf("%s has no batch %d", code, number)}
	}
	withFiles, err := tx.ExportBatchesByID(ctx, []string{batches[at].ID})
	if err != nil {
		return target, batch, err
	}
	return target, withFiles[0], nil
}

// nextBatch takes the draft of the target that waits, such as one that an earlier call left when it
// was stopped, and makes one where there is none.
func (p *program) nextBatch(ctx context.Context, book *books.Books, target books.ExportTarget, through int64) (books.ExportBatch, error) {
	var drafts []books.ExportBatch
	err := book.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		drafts, err = tx.ExportBatches(ctx, books.ExportBatchFilter{TargetID: target.ID, Status: books.ExportDraft}, books.Page{Limit: 1})
		return err
	})
	if err != nil {
		return books.ExportBatch{}, err
	}
	if len(drafts) > 0 {
		p.say("batch %d of %s waits already: it is written first", drafts[0].Number, target.Code)
		return drafts[0], nil
	}
	made, err := book.ExportBatchCreate(ctx, "drawdown export batch "+strconv.FormatInt(time.Now().UnixNano(), 36), books.NewExportBatch{Target: target.ID, Through: through})
	if refused := (*books.Error)(nil); errors.As(err, &refused) && refused.Field == "through" {
		named := *refused
		named.Field = "last-entry"
		err = &named
	}
	return made, err
}

// batchLookEvery is how often it is looked how far a batch is.
const batchLookEvery = 250 * time.Millisecond

// writeBatch writes a draft and waits until it is sealed, here or by a server.
func (p *program) writeBatch(ctx context.Context, book *books.Books, batch books.ExportBatch) (books.ExportBatch, error) {
	if batch.Status != books.ExportDraft {
		return batch, nil
	}
	id, bar := batch.ID, p.batchBar(batch)
	working, stop := context.WithCancel(ctx)
	written := make(chan error, 1)
	write := func() {
		_, _, err := book.ExportWrite(working, id)
		written <- err
	}
	go write()
	writing := true
	defer func() {
		stop()
		if writing {
			<-written //nolint:errcheck // of a writer that was stopped
		}
		if bar != nil {
			_ = bar.Finish() // a bar that cannot be drawn stops nothing
		}
	}()
	for {
		err := book.View(ctx, func(ctx context.Context, tx books.Tx) error {
			now, err := tx.ExportBatchesByID(ctx, []string{id})
			if err == nil {
				batch = now[0]
			}
			return err
		})
		switch {
		case err != nil:
			return batch, err
		case batch.Status != books.ExportDraft:
			return batch, nil
		case batch.Problem != "":
			return batch, &books.Error{Code: books.Invalid, Field: "target", Message: fmt.Sprintf("keeps batch %d from being written: %s", batch.Number, batch.Problem)}
		}
		if bar != nil {
			_ = bar.Set64(batch.Progress)
		}
		select {
		case <-ctx.Done():
			return batch, ctx.Err()
		case err := <-written:
			if writing = false; err != nil {
				return batch, err
			}
		case <-time.After(batchLookEvery):
			if !writing { // another has the batch, and may have died or met a fault
				writing = true
				go write()
			}
		}
	}
}

// batchBar is a bar on a terminal, nil elsewhere.
func (p *program) batchBar(batch books.ExportBatch) *progressbar.ProgressBar {
	if !p.onTerminal() {
		return nil
	}
	return progressbar.NewOptions64(batch.ToEntry-batch.FromEntry+1, progressbar.OptionSetWriter(p.stderr),
		progressbar.OptionSetDescription(fmt.Sprintf("batch %d", batch.Number)), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}

// keepFile writes a file whole, or finds it there with the same bytes.
func keepFile(path string, sum []byte, content io.Reader) error {
	there, err := destination.SumOf(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		_, err := writeWhole("--dir", path, func(w io.Writer) (int, error) {
			n, err := io.Copy(w, content)
			return int(n), err
		})
		return err
	case err != nil:
		return badUsage("--dir: %w", err)
	case there != hex.EncodeToString(sum):
		return badUsage("--dir: %s is there with other bytes than those of the batch: give another directory", path)
	}
	return nil
}

func (p *program) batchesCommand() *cobra.Command {
	var code string
	var asJSON bool
	c := &cobra.Command{
		Use:     "batches",
		Short:   "List the batches of a target",
		Long:    "List the batches of a target, the newest first, at most 200: what entries they have, how far\nthey are and what keeps them.",
		Example: "  drawdown export batches --target netsuite\n  drawdown export batches --target netsuite --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if code == "" {
				return badUsage("export batches takes --target")
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				var batches []books.ExportBatch
				err := book.View(c.Context(), func(ctx context.Context, tx books.Tx) error {
					target, _, err := batchOf(ctx, tx, code, 0)
					if err == nil {
						batches, err = answeredBatches(ctx, tx, target)
					}
					return err
				})
				if err != nil {
					return err
				}
				return p.listBatches(batches, asJSON)
			})
		},
	}
	c.Flags().StringVar(&code, "target", "", "the `code` of the target")
	c.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return c
}

// answeredBatches lists the latest batches of a target with how many answers they have, without their files.
func answeredBatches(ctx context.Context, tx books.Tx, target books.ExportTarget) ([]books.ExportBatch, error) {
	batches, err := tx.ExportBatches(ctx, books.ExportBatchFilter{TargetID: target.ID}, books.Page{Limit: 200, Reverse: true})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(batches))
	for i := range batches {
		ids[i] = batches[i].ID
	}
	answered, err := tx.ExportAnswered(ctx, ids)
	for i := range batches {
		batches[i].Answers = answered[batches[i].ID]
	}
	return batches, err
}

func (p *program) listBatches(batches []books.ExportBatch, asJSON bool) error {
	type listed struct {
		Number    int64  `json:"number"`
		Status    string `json:"status"`
		FromEntry int64  `json:"fromEntry"`
		ToEntry   int64  `json:"toEntry"`
		Lines     int64  `json:"lines"`
		Written   int64  `json:"written"` // entries of a draft
		Answers   int64  `json:"answers"`
		Problem   string `json:"problem,omitempty"`
	}
	all := make([]listed, len(batches))
	for i := range batches {
		b := &batches[i]
		all[i] = listed{b.Number, string(b.Status), b.FromEntry, b.ToEntry, b.Lines, b.Progress, b.Answers, b.Problem}
	}
	if asJSON {
		return p.printJSON(all)
	}
	out := &printer{w: p.stdout}
	rows := table.NewWriter()
	rows.AppendHeader(table.Row{"batch", "status", "entries", "lines", "answers", "what keeps it"})
	for _, b := range all {
		rows.AppendRow(table.Row{b.Number, b.Status, fmt.Sprintf("%d to %d", b.FromEntry, b.ToEntry), b.Lines, b.Answers, b.Problem})
	}
	out.line("%s", rows.Render())
	return out.err
}

func (p *program) answersCommand() *cobra.Command {
	var code string
	var number int64
	c := &cobra.Command{
		Use:   "answers --target CODE --number NUMBER FILE.csv",
		Short: "Take the ids that a general ledger gave to the journals of a batch",
		Long: `Take the ids that a general ledger gave to the journals of a batch, out of a CSV file with the
columns journal and external_id. All lines count or none: each that is wrong is named. The same
file again changes nothing; another one, whatever its name, adds to it. It says which journals have no
id yet. Columns amount and currency may say what was debited there: what differs is refused.`,
		Example: "  drawdown export answers --target netsuite --number 7 answers.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if code == "" || number < 1 {
				return badUsage("export answers takes --target and --number")
			}
			content, err := answersFile(args[0])
			if err != nil {
				return err
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				var batch books.ExportBatch
				err := book.View(c.Context(), func(ctx context.Context, tx books.Tx) (err error) {
					_, batch, err = batchOf(ctx, tx, code, number)
					return err
				})
				if err != nil {
					return err
				}
				answered, err := book.ExportBatchAnswers(c.Context(), batch.ID, content)
				if err != nil {
					return err
				}
				out := &printer{w: p.stdout}
				out.line("Batch %d of %s: %d of %d journals have an id, %s", number, code, answered.Batch.Answers, answered.Journals, answered.Batch.Status)
				for _, name := range answered.Unanswered {
					out.line("  without one: %s", name)
				}
				return out.err
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&code, "target", "", "the `code` of the target")
	flags.Int64Var(&number, "number", 0, "the `number` of the batch")
	p.limit(flags, "number", "1 or more", isNumber)
	return c
}

// answersFile reads a file of answers, which is bounded.
func answersFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, badUsage("%w", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, books.MaxExportAnswerBytes+1))
	if err == nil && len(content) > books.MaxExportAnswerBytes {
		err = fmt.Errorf("%s has more than the %d bytes that are read: cut it into several files", path, books.MaxExportAnswerBytes)
	}
	if err != nil {
		return nil, badUsage("%w", err)
	}
	return content, nil
}
