package books

import (
	"context"

	"drawdown/ledger"
)

// Manual entries are of the whole book.

func (scopedTx) InsertManualEntry(context.Context, ManualEntry) error { return errScoped }

func (scopedTx) LockManualEntry(context.Context, string) (ManualEntry, error) {
	return ManualEntry{}, errScoped
}

func (scopedTx) DecideManualEntry(context.Context, ManualEntry) error { return errScoped }

func (scopedTx) DueReversals(context.Context, ledger.Date, int) ([]ManualEntry, error) {
	return nil, errScoped
}

func (scopedTx) ReversedManual(context.Context, string) error { return errScoped }

func (scopedTx) ManualEntriesByID(context.Context, []string) ([]ManualEntry, error) {
	return nil, errScoped
}

func (scopedTx) ReversalsOfManual(context.Context, []string) ([]ManualEntry, error) {
	return nil, errScoped
}

func (scopedTx) ManualEntries(context.Context, ManualFilter, Page) ([]ManualEntry, error) {
	return nil, errScoped
}

func (scopedTx) CountManualEntries(context.Context, ManualFilter) (int64, error) {
	return 0, errScoped
}

func (scopedTx) ManualAttachments(context.Context, []string) ([]Attachment, error) {
	return nil, errScoped
}

func (scopedTx) ReversedBy(context.Context, []int64) (map[int64]int64, error) {
	return nil, errScoped
}
