package books

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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
	sums, err := sumsOf(ctx, tx, batch, run)
	if err != nil || len(sums) == 0 {
		return err
	}
	run.fresh.posted = true
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

// batchSums is what recognitions of one batch add up to per entry.
type batchSums struct {
	batch  string
	count  int64
	sums   map[sumName]*BatchSum
	posted bool // the batch is closed
}

// sumName names the entry that sums recognitions.
type sumName struct {
	accountingDate, day ledger.Date
	kind                revrec.Kind
	currency            ledger.Currency
	policyID            string
}

func (s *batchSums) add(r *revrec.Recognition) {
	s.addSum(r.Batch, BatchSum{
		Day: r.Day, AccountingDate: r.AccountingDate, Kind: r.Kind, PolicyID: r.PolicyID, Currency: r.Amount.Currency,
		Count: 1, Credits: r.Credits, Minor: r.Amount.Minor, Functional: r.Functional.Minor,
		Unclaimed: r.Unclaimed.Minor, UnclaimedFunctional: r.UnclaimedFunctional.Minor,
	})
}

func (s *batchSums) addSum(batch string, more BatchSum) {
	if s.batch != batch {
		*s = batchSums{batch: batch, sums: map[sumName]*BatchSum{}}
	}
	s.count += more.Count
	name := sumName{more.AccountingDate, more.Day, more.Kind, more.Currency, more.PolicyID}
	sum := s.sums[name]
	if sum == nil {
		s.sums[name] = &more
		return
	}
	sum.Count += more.Count
	sum.Credits += more.Credits
	sum.Minor += more.Minor
	sum.Functional += more.Functional
	sum.Unclaimed += more.Unclaimed
	sum.UnclaimedFunctional += more.UnclaimedFunctional
}

// join adds what a step kept, once it has ended.
func (s *batchSums) join(step batchSums) {
	for _, sum := range step.sums {
		s.addSum(step.batch, *sum)
	}
	if step.posted {
		*s = batchSums{}
	}
}

// sumsOf returns what the recognitions of the open batch add up to. A run knows that of
// what it kept itself; where the batch holds more or other recognitions, which a run that
// died has left, they are read again.
func sumsOf(ctx context.Context, tx Tx, batch Batch, run *running) ([]BatchSum, error) {
	count, err := tx.CountBatch(ctx, batch.ID)
	if err != nil || count == 0 {
		return nil, err
	}
	if run.batch.batch != batch.ID || run.batch.count != count {
		return tx.SumBatch(ctx, batch.ID)
	}
	sums := make([]BatchSum, 0, len(run.batch.sums))
	for _, sum := range run.batch.sums {
		sums = append(sums, *sum)
	}
	slices.SortFunc(sums, func(x, y BatchSum) int {
		return cmp.Or(cmp.Compare(x.AccountingDate, y.AccountingDate), cmp.Compare(x.Day, y.Day), cmp.Compare(x.Kind, y.Kind),
			cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.PolicyID, y.PolicyID))
	})
	return sums, nil
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
	revrec.CatchUp:          "New estimate of breakage",
	revrec.ExpiryBreakage:   "Credits lapsed",
	revrec.RemoteBreakage:   "Use become remote",
}
