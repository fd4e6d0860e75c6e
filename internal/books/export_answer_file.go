package books

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"drawdown/ledger"
)

const (
	// MaxExportAnswerBytes bounds a file of answers: maxExportAnswers lines with room for columns
	// that are not read.
	MaxExportAnswerBytes = 8 << 20
	// maxBadLines is how many bad lines a refusal names; it says how many more there are.
	maxBadLines = 50
	// maxUnanswered is how many journals without an answer are named.
	maxUnanswered = 100
)

// The columns of a file of answers, of which the last two may be missing. Others are left alone.
const (
	answerJournal  = "journal"
	answerExternal = "external_id"
	answerAmount   = "amount"
	answerCurrency = "currency"
)

// ExportAnswered is what a file of answers came to.
type ExportAnswered struct {
	Batch      ExportBatch
	Journals   int64    // of the batch
	Unanswered []string // the first journals for which there is no answer yet
}

// ExportBatchAnswers keeps the answers in a CSV file with a header, of which the columns journal,
// external_id, amount and currency are read, all of them or none. A file is what its bytes are, whatever it is
// called: the same again changes nothing, and another one adds what it has, and gives no journal another id. Where it
// says what the general ledger debited in a journal, that must be what its entry debits. A refusal names
// each line that is wrong. Errors: those of ExportBatchAcknowledge.
func (b *Books) ExportBatchAnswers(ctx context.Context, batchID string, content []byte) (answered ExportAnswered, err error) {
	journals, amounts, lines, err := readAnswers(content)
	if err != nil {
		return answered, err
	}
	sum := sha256.Sum256(content)
	key := "answers " + batchID + " " + hex.EncodeToString(sum[:])
	_, err = b.acknowledge(ctx, key, AnswerExportBatch{ID: batchID, Journals: journals}, amounts, func(bad []badAnswer) error {
		wrong := badLines{code: CodeOf(bad[0].err)}
		for _, one := range bad {
			wrong.add(lines[one.at], one.err)
		}
		return wrong.refusal()
	})
	if err != nil {
		return answered, err
	}
	err = b.View(ctx, func(ctx context.Context, tx Tx) error {
		if answered.Batch, err = exportBatch(ctx, tx, batchID); err != nil {
			return err
		}
		targets, err := tx.ExportTargetsByID(ctx, []string{answered.Batch.TargetID})
		if err != nil {
			return err
		}
		of, err := JournalsOfExport(targets[0], answered.Batch)
		if err != nil {
			return err
		}
		answered.Journals = of.Count
		answered.Unanswered, err = unanswered(ctx, tx, answered.Batch, of)
		return err
	})
	return answered, err
}

// unanswered returns the first journals of a batch that have no answer.
func unanswered(ctx context.Context, tx Tx, batch ExportBatch, journals ExportJournals) (missing []string, err error) {
	for number := journals.first; number <= journals.last && batch.Answers < journals.Count; number += maxExportAnswers {
		last := min(number+maxExportAnswers-1, journals.last)
		names := make([]string, 0, last-number+1)
		for n := number; n <= last; n++ {
			names = append(names, journals.name(n))
		}
		answers, err := tx.ExportAnswers(ctx, batch.ID, names, Page{})
		if err != nil {
			return nil, err
		}
		has := make(map[string]bool, len(answers))
		for _, answer := range answers {
			has[answer.Journal] = true
		}
		for _, name := range names {
			if !has[name] {
				if missing = append(missing, name); len(missing) == maxUnanswered {
					return missing, nil
				}
			}
		}
	}
	return missing, nil
}

// readAnswers reads the file, and returns the line of each answer, and its amount where the file has any.
func readAnswers(content []byte) (journals []JournalOfTarget, amounts []answeredAmount, lines []int, err error) {
	if len(content) > MaxExportAnswerBytes {
		return nil, nil, nil, refuse(TooLarge, "file", "has %d bytes, at most %d are read: cut it into several files", len(content), MaxExportAnswerBytes)
	}
	rows := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\uFEFF"))))
	rows.FieldsPerRecord = -1
	header, err := rows.Read()
	journal, external := slices.Index(header, answerJournal), slices.Index(header, answerExternal)
	if err != nil || journal < 0 || external < 0 {
		return nil, nil, nil, refuse(Invalid, "file", "must be CSV whose first line has the columns %s and %s, not %q", answerJournal, answerExternal, clip(strings.Join(header, ",")))
	}
	amount, currency := slices.Index(header, answerAmount), slices.Index(header, answerCurrency)
	wrong := badLines{code: Invalid}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var parse *csv.ParseError
		switch {
		case errors.As(err, &parse):
			wrong.add(parse.Line, fmt.Errorf("is no line of CSV: %w", parse.Err))
			continue
		case err != nil:
			return nil, nil, nil, err
		}
		line, _ := rows.FieldPos(0)
		if len(row) != len(header) {
			wrong.add(line, fmt.Errorf("has %d fields, not the %d of the header", len(row), len(header)))
			continue
		}
		if amount >= 0 {
			of := answeredAmount{at: len(journals), amount: row[amount]}
			if currency >= 0 {
				of.currency = ledger.Currency(row[currency])
			}
			if of.amount != "" {
				amounts = append(amounts, of)
			}
		}
		journals, lines = append(journals, JournalOfTarget{Journal: row[journal], ExternalID: row[external]}), append(lines, line)
	}
	return journals, amounts, lines, wrong.refusal()
}

// badLines gathers what is wrong with a file.
type badLines struct {
	code  Code
	named []string
	more  int
}

func (b *badLines) add(line int, err error) {
	if len(b.named) == maxBadLines {
		b.more++
		return
	}
	what := err.Error()
	if refusal := (*Error)(nil); errors.As(err, &refusal) {
		field := strings.Split(refusal.Field, ".")
		what = field[len(field)-1] + " " + refusal.Message
	}
	b.named = append(b.named, fmt.Sprintf("line %d: %s", line, what))
}

// refusal is what all of them come to, nil for none.
func (b *badLines) refusal() error {
	if len(b.named) == 0 {
		return nil
	}
	said := strings.Join(b.named, "; ")
	if b.more > 0 {
		said += fmt.Sprintf("; and %d lines more", b.more)
	}
	return refuse(b.code, "file", "%s", said)
}
