package books

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"drawdown/ledger"
)

// Periods close for the whole book.

func (scopedTx) HoldPeriods(context.Context) error                     { return errScoped }
func (scopedTx) SetClosedThrough(context.Context, ledger.Period) error { return errScoped }

func (scopedTx) PeriodsClosed(context.Context) ([]Period, error) {
	return nil, errScoped
}

func (scopedTx) SavePeriod(context.Context, Period) error { return errScoped }

func (scopedTx) Beginning(context.Context) (ledger.Date, time.Time, error) {
	return 0, time.Time{}, errScoped
}

func (scopedTx) InsertClosing(context.Context, Closing, []ledger.Balance) error { return errScoped }

func (scopedTx) Closings(context.Context, []ledger.Period) ([]Closing, error) {
	return nil, errScoped
}

func (scopedTx) ClosingBalances(context.Context, string) ([]ledger.Balance, error) {
	return nil, errScoped
}

func (scopedTx) PeriodTotals(context.Context, []ledger.Period) ([]PeriodTotal, error) {
	return nil, errScoped
}

func (scopedTx) LateUsageOpen(context.Context, time.Time, time.Time, time.Time) (int64, time.Time, error) {
	return 0, time.Time{}, errScoped
}

func (scopedTx) CountUnposted(context.Context, ledger.Date) (int64, error) {
	return 0, errScoped
}

func (scopedTx) ProposalsBy(context.Context, ledger.Date) ([]Proposal, error) {
	return nil, errScoped
}

func (scopedTx) PeriodLines(context.Context, ledger.Period) ([]LinesAndBalance, error) {
	return nil, errScoped
}

func (scopedTx) OpeningsBooked(context.Context, ledger.Date, ledger.Date) ([]PurchasesBooked, error) {
	return nil, errScoped
}

func (scopedTx) PurchasesBooked(context.Context, time.Time, time.Time) ([]PurchasesBooked, error) {
	return nil, errScoped
}

func (scopedTx) UsageAccounted(context.Context, ledger.Date, ledger.Date, time.Time, time.Time, string) (UsageAccounted, error) {
	return UsageAccounted{}, errScoped
}

func (scopedTx) InsertReopening(context.Context, Reopening) error { return errScoped }

func (scopedTx) LockReopening(context.Context, string) (Reopening, error) {
	return Reopening{}, errScoped
}

func (scopedTx) DecideReopening(context.Context, Reopening) error { return errScoped }

func (scopedTx) Reopenings(context.Context, []ledger.Period) ([]Reopening, error) {
	return nil, errScoped
}

func (scopedTx) InsertCloseTask(context.Context, CloseTask) error          { return errScoped }
func (scopedTx) EndCloseTask(context.Context, string, ledger.Period) error { return errScoped }

func (scopedTx) CloseTasks(context.Context) ([]CloseTask, error) {
	return nil, errScoped
}

func (scopedTx) InsertCloseTaskMark(context.Context, CloseTaskMark) error { return errScoped }

func (scopedTx) CloseTaskMarks(context.Context, ledger.Period) ([]CloseTaskMark, error) {
	return nil, errScoped
}

func (scopedTx) Seals(context.Context, SealFilter, Page) ([]Seal, error)  { return nil, errScoped }
func (scopedTx) CountSeals(context.Context, SealFilter) (int64, error)    { return 0, errScoped }
func (scopedTx) SealKeys(context.Context) ([]SealKey, error)              { return nil, errScoped }
func (scopedTx) InsertSealKey(context.Context, SealKey) error             { return errScoped }
func (scopedTx) InsertSeal(context.Context, Seal) error                   { return errScoped }
func (scopedTx) SealLeafOf(context.Context, int64) (SealLeaf, error)      { return SealLeaf{}, errScoped }
func (scopedTx) SealHashes(context.Context, []int64) ([]tlog.Hash, error) { return nil, errScoped }

func (scopedTx) SealEntries(context.Context, ledger.Date, ledger.Date, int64) (SealTree, error) {
	return SealTree{}, errScoped
}

func (scopedTx) UnsealedActs(context.Context, SealKey) ([]string, tlog.Hash, error) {
	return nil, tlog.Hash{}, errScoped
}

func (scopedTx) SealedEntryForm(context.Context, int64, string) (SealedForms, error) {
	return SealedForms{}, errScoped
}
