package books

import (
	"context"
	"time"

	"drawdown/ledger"
)

// Exports are of the whole book: a caller who is bound to one customer is shown none.

func (scopedTx) InsertExportTarget(context.Context, ExportTarget) error { return errScoped }

func (scopedTx) InsertExportTargetVersion(context.Context, string, ExportTargetVersion) error {
	return errScoped
}

func (scopedTx) LockExportTarget(context.Context, string) (ExportTarget, error) {
	return ExportTarget{}, errScoped
}

func (scopedTx) ExportTargetsByID(context.Context, []string) ([]ExportTarget, error) {
	return nil, errScoped
}
func (scopedTx) ExportTargets(context.Context) ([]ExportTarget, error) { return nil, errScoped }
func (scopedTx) InsertExportBatch(context.Context, ExportBatch) error  { return errScoped }
func (scopedTx) UpdateExportBatch(context.Context, ExportBatch) error  { return errScoped }
func (scopedTx) ExportBatchesByID(context.Context, []string) ([]ExportBatch, error) {
	return nil, errScoped
}

func (scopedTx) ExportBatches(context.Context, ExportBatchFilter, Page) ([]ExportBatch, error) {
	return nil, errScoped
}

func (scopedTx) CountExportBatches(context.Context, ExportBatchFilter) (int64, error) {
	return 0, errScoped
}

func (scopedTx) ExportFiles(context.Context, []string) ([]ExportFile, error) { return nil, errScoped }

func (scopedTx) ExportAnswered(context.Context, []string) (map[string]int64, error) {
	return nil, errScoped
}

func (scopedTx) LastExport(context.Context, string) (entry, number int64, err error) {
	return 0, 0, errScoped
}

func (scopedTx) VoidedExports(context.Context, string) ([]ExportBatch, error) { return nil, errScoped }

func (scopedTx) ClaimExportDraft(context.Context, string, string, time.Time, time.Time) (ExportBatch, bool, error) {
	return ExportBatch{}, false, errScoped
}

func (scopedTx) RenewExportClaim(context.Context, string, string, time.Time, int64) (bool, error) {
	return false, errScoped
}

func (scopedTx) InsertExportJournals(context.Context, []ExportJournal) error { return errScoped }
func (scopedTx) ExportJournals(context.Context, string, []string) ([]ExportJournal, error) {
	return nil, errScoped
}
func (scopedTx) DeleteExportPieces(context.Context, string) error { return errScoped }

func (scopedTx) InsertExportPieces(context.Context, []ExportPiece) error { return errScoped }
func (scopedTx) InsertExportFiles(context.Context, []ExportFile) error   { return errScoped }
func (scopedTx) ExportPiece(context.Context, string, int, int) ([]byte, error) {
	return nil, errScoped
}
func (scopedTx) InsertExportAnswers(context.Context, []ExportAnswer) error { return errScoped }
func (scopedTx) ExportAnswers(context.Context, string, []string, Page) ([]ExportAnswer, error) {
	return nil, errScoped
}

func (scopedTx) EntriesBetween(context.Context, int64, int64) ([]ledger.Entry, error) {
	return nil, errScoped
}

func (scopedTx) ExportLinkKey(context.Context) ([]byte, error)   { return nil, errScoped }
func (scopedTx) SaveExportLinkKey(context.Context, []byte) error { return errScoped }

func (scopedTx) StandingBefore(context.Context, int64) ([]AccountStanding, error) {
	return nil, errScoped
}
