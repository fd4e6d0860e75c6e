package books

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drawdown/ledger"
	"drawdown/ledger/export"
)

// maxExportAnswers bounds the journals of one request.
const maxExportAnswers = 10_000

// AnswerExportBatch says what a general ledger calls journals of a batch.
type AnswerExportBatch struct {
	ID       string            `json:"id"`
	Journals []JournalOfTarget `json:"journals"`
}

// JournalOfTarget is our name of a journal and the general ledger's, and what that debited in it, in major
// units and in which currency; "" where it does not say.
type JournalOfTarget struct {
	Journal    string          `json:"journal"`
	ExternalID string          `json:"externalId"`
	Amount     string          `json:"amount,omitempty"`
	Currency   ledger.Currency `json:"currency,omitempty"`
}

// ExportBatchAcknowledge keeps what a general ledger calls the journals of a batch. Once it has
// answered for all of them, the batch is acknowledged. The same answer again changes nothing. An amount must be what
// the journal debits.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, NOT_SEALED, ALREADY_VOIDED, ALREADY_EXISTS,
// IDEMPOTENCY_CONFLICT.
func (b *Books) ExportBatchAcknowledge(ctx context.Context, key string, request AnswerExportBatch) (ExportBatch, error) {
	var amounts []answeredAmount
	for i, j := range request.Journals {
		if j.Amount != "" {
			amounts = append(amounts, answeredAmount{at: i, amount: j.Amount, currency: j.Currency})
		}
	}
	return b.acknowledge(ctx, key, request, amounts, func(bad []badAnswer) error { return bad[0].err })
}

// badAnswer is what is wrong with one of the journals of a request.
type badAnswer struct {
	at  int
	err error
}

// acknowledge keeps answers, all of them or none: amounts are what the general ledger has of them, and refused
// makes one error of what is wrong.
func (b *Books) acknowledge(ctx context.Context, key string, request AnswerExportBatch, amounts []answeredAmount, refused func([]badAnswer) error) (ExportBatch, error) {
	return once(ctx, b, act{"exportBatch.acknowledge", key, request}, func(ctx context.Context, tx Tx) (ExportBatch, string, error) {
		target, batch, err := lockBatch(ctx, tx, request.ID)
		switch {
		case err != nil:
			return batch, "", err
		case !batch.Status.Live():
			return batch, "", refuse(AlreadyVoided, "batchId", "the batch was voided by %s: %s", batch.VoidedBy, batch.Reason)
		case batch.SealedAt.IsZero():
			return batch, "", refuse(NotSealed, "batchId", "the files of the batch are not written yet")
		}
		was(ctx, batch)
		journals, err := JournalsOfExport(target, batch)
		if err != nil {
			return batch, "", err
		}
		answers, bad, err := b.newAnswers(ctx, tx, batch, journals, request.Journals)
		if err == nil && len(amounts) > 0 {
			var differ []badAnswer
			differ, err = differingAmounts(ctx, tx, batch, journals, request.Journals, amounts)
			bad = append(bad, differ...)
			slices.SortStableFunc(bad, func(x, y badAnswer) int { return cmp.Compare(x.at, y.at) })
		}
		if err == nil && len(bad) > 0 {
			err = refused(bad)
		}
		if err != nil {
			return batch, "", err
		}
		if err := tx.InsertExportAnswers(ctx, answers); err != nil {
			return batch, "", err
		}
		batch.Answers += int64(len(answers))
		if batch.Answers == journals.Count && batch.Status != ExportAcknowledged {
			if batch.Status == ExportSealed {
				batch.DeliveredAt, batch.DeliveredTo = b.clock(), "acknowledged"
			}
			batch.Status, batch.AcknowledgedAt, batch.AcknowledgedBy, batch.Problem = ExportAcknowledged, b.clock(), CallerOf(ctx).Actor, ""
			err = tx.UpdateExportBatch(ctx, batch)
		}
		return batch, batch.ID, err
	})
}

// newAnswers checks the journals of a request and returns those that are not known yet, and what is
// wrong with the others.
func (b *Books) newAnswers(ctx context.Context, tx Tx, batch ExportBatch, journals ExportJournals, given []JournalOfTarget) (answers []ExportAnswer, bad []badAnswer, err error) {
	if len(given) < 1 || len(given) > maxExportAnswers {
		return nil, nil, refuse(TooLarge, "journals", "must have 1 to %d journals, not %d", maxExportAnswers, len(given))
	}
	known := map[string]string{} // by journal
	names := make([]string, len(given))
	for i, j := range given {
		names[i] = j.Journal
	}
	before, err := tx.ExportAnswers(ctx, batch.ID, names, Page{})
	if err != nil {
		return nil, nil, err
	}
	for _, answer := range before {
		known[answer.Journal] = answer.ExternalID
	}
	for i, j := range given {
		told, err := checkAnswer(fmt.Sprintf("journals.%d", i), journals, j, known)
		switch {
		case err != nil:
			bad = append(bad, badAnswer{i, err})
		case !told:
			known[j.Journal] = j.ExternalID
			answers = append(answers, ExportAnswer{BatchID: batch.ID, Journal: j.Journal, ExternalID: j.ExternalID, At: b.clock(), Actor: CallerOf(ctx).Actor})
		}
	}
	return answers, bad, nil
}

// checkAnswer refuses what cannot be an answer, and reports whether it is known already.
func checkAnswer(field string, journals ExportJournals, given JournalOfTarget, known map[string]string) (told bool, err error) {
	if err := checkText(field+".externalId", given.ExternalID, 1, maxTextLength); err != nil {
		return false, err
	}
	if !journals.Has(given.Journal) {
		return false, refuse(Invalid, field+".journal", "%q is no journal of the batch, which has %s", clip(given.Journal), journals)
	}
	external, told := known[given.Journal]
	if told && external != given.ExternalID {
		return true, refuse(AlreadyExists, field+".externalId", "%s is %q in the general ledger already, not %q", given.Journal, clip(external), clip(given.ExternalID))
	}
	return told, nil
}

// ExportJournals are the journals of a sealed batch, as its files name them.
type ExportJournals struct {
	Count       int64
	prefix      string // before a number
	digits      int    // that a number has at least
	first, last int64
	summed      bool // they are sums of entries, and not those
	functional  bool // their amounts are in the currency of the book
}

// JournalsOfExport returns the journals of a sealed batch: its entries, or the sums of a summary.
func JournalsOfExport(target ExportTarget, batch ExportBatch) (ExportJournals, error) {
	var manifest export.Manifest
	if err := json.Unmarshal([]byte(batch.Manifest), &manifest); err != nil {
		return ExportJournals{}, fmt.Errorf("the manifest of batch %s: %w", batch.ID, err)
	}
	profile, err := export.ParseProfile([]byte(profileOf(target, batch.Version)))
	if err != nil {
		return ExportJournals{}, fmt.Errorf("the profile of batch %s: %w", batch.ID, err)
	}
	if manifest.Mode == export.Summed {
		return ExportJournals{
			Count: manifest.Written.Entries, prefix: fmt.Sprintf("%sSJ%d-", profile.Prefix, batch.Number), digits: 1, first: 1, last: manifest.Written.Entries + manifest.Written.ZeroEntries, summed: true,
		}, nil
	}
	code := export.EntryCode(0)
	digits := len(code) - strings.IndexByte(code, '0')
	return ExportJournals{
		Count: manifest.Written.Entries, prefix: profile.Prefix + code[:len(code)-digits], digits: digits, first: batch.FromEntry, last: batch.ToEntry,
		functional: profile.Currency == export.InFunctional,
	}, nil
}

// Has reports whether the name is one of a journal of the batch.
func (j ExportJournals) Has(name string) bool {
	_, found := j.number(name)
	return found
}

func (j ExportJournals) number(name string) (int64, bool) {
	digits, found := strings.CutPrefix(name, j.prefix)
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, found && err == nil && number >= j.first && number <= j.last && j.name(number) == name
}

func (j ExportJournals) name(number int64) string {
	return fmt.Sprintf("%s%0*d", j.prefix, j.digits, number)
}

func (j ExportJournals) String() string { return j.name(j.first) + " to " + j.name(j.last) }

// profileOf finds the profile of a version of a target.
func profileOf(target ExportTarget, number int) string {
	for _, version := range target.Versions {
		if version.Number == number {
			return version.Profile
		}
	}
	return ""
}
