package books

import (
	"context"
	"fmt"
	"strconv"

	"drawdown/ledger"
	"drawdown/revrec"
)

// postBatch sums the recognitions of the open batch into entries, one for each day,
// accounting date, kind, currency and policy, and closes the batch: all in one
// transaction, so that a run that was stopped before leaves its recognitions to the next.
func (b *Books) postBatch(ctx context.Context, tx Tx, run *running) error {
	result, now := &run.result, b.clock()
	batch, err := tx.OpenBatch(ctx, b.newID(), now)
	if err != nil {
		return err
	}
	sums, err := tx.SumBatch(ctx, batch.ID)
	if err != nil || len(sums) == 0 {
		return err
	}
	entries := make([]ledger.Entry, 0, len(sums))
	for _, sum := range sums {
		policy, err := run.policies.of(ctx, tx, sum.PolicyID)
		if err != nil {
			return err
		}
		entry := b.entryOf(sum, policy, batch)
		entry.PostedAt = now
		if len(entry.Lines) > 0 { // a sum that moves nothing takes no entry
			entries = append(entries, entry)
		}
	}
	if len(entries) > 0 {
		if entries, err = tx.AppendEntries(ctx, entries); err != nil {
			return err
		}
		if result.FirstEntry == 0 {
			result.FirstEntry = entries[0].Number
		}
		result.LastEntry = entries[len(entries)-1].Number
		result.Entries += int64(len(entries))
	}
	return tx.CloseBatch(ctx, batch.ID, now)
}

func (b *Books) entryOf(sum BatchSum, policy Policy, batch Batch) ledger.Entry {
	amount := func(minor int64) ledger.Amount { return ledger.Money(minor, sum.Currency) }
	functional := func(minor int64) ledger.Amount { return ledger.Money(minor, b.book.Functional) }
	return ledger.Entry{
		Kind: revrec.EntryKindOf(sum.Kind), AccountingDate: sum.AccountingDate, OccurredOn: sum.Day, Batch: batch.ID,
		Description: fmt.Sprintf("%s, policy %s: %s", entryTitles[sum.Kind], policy.Code, counted(strconv.FormatInt(sum.Count, 10), "recognition")),
		Lines: revrec.LinesOf(sum.Kind, amount(sum.Minor), functional(sum.Functional),
			amount(sum.Unclaimed), functional(sum.UnclaimedFunctional), ledger.Dimensions{Policy: policy.Code}),
	}
}

// counted says how many of a thing there are: "1 credit", "2.5 credits".
func counted(number, noun string) string {
	if number == "1" {
		return number + " " + noun
	}
	return number + " " + noun + "s"
}

var entryTitles = map[revrec.Kind]string{
	revrec.Usage:            "Credits used",
	revrec.UsageUnbilled:    "Credits used before payment was due",
	revrec.Clearing:         "Contract asset cleared",
	revrec.OverageUsage:     "Credits used beyond the balance",
	revrec.ExpectedBreakage: "Expected breakage",
	revrec.ExpiryBreakage:   "Credits lapsed",
	revrec.RemoteBreakage:   "Use become remote",
}
