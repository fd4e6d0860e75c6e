package demo

import (
	"context"
	"fmt"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// closesJanuary gives the accounts their codes and closes the first month with a task ticked, and proposes to open it again.
func closesJanuary(b *builder) error {
	ctx := books.WithCaller(b.ctx, books.Caller{Actor: "oidc:carla", Name: "carla@example.com", Kind: books.ByOIDC, Persons: []string{"carla@example.com"}})
	january := ledger.NewDate(2025, 1, 1).Period()
	task, err := b.books.CloseTaskCreate(ctx, b.key("task", "bank"), books.NewCloseTask{Name: "Compare cash with the bank", From: january})
	if err != nil {
		return err
	}
	_, err = b.books.CloseTaskDone(ctx, b.key("task", "bank", "2025-01"), books.DoCloseTask{ID: task.ID, Period: january, Comment: "No difference"})
	if err != nil {
		return err
	}
	if _, err := b.books.GLAccountsSet(ctx, b.key("gl", "codes"), books.SampleGLCodes()); err != nil {
		return err
	}
	closing, err := b.books.PeriodClose(ctx, b.key("close", "2025-01"), books.ClosePeriod{Period: january})
	if err != nil {
		return err
	}
	if err := exports(ctx, b, closing.LastEntry); err != nil {
		return err
	}
	_, err = b.books.PeriodReopenPropose(ctx, b.key("reopen", "2025-01"), books.ReopenPeriod{Period: january, Reason: "A purchase of January was recorded twice"})
	return err
}

// exports has what was posted by then go to the general ledger, as a summary by month and kind.
func exports(ctx context.Context, b *builder, through int64) error {
	profile, err := export.DefaultProfile(export.NetSuite)
	if err != nil {
		return err
	}
	profile.Mode, profile.Summary.Kind = export.Summed, true
	for i, account := range ledger.Accounts() {
		profile.Accounts = append(profile.Accounts, export.AccountRule{Role: account.Role, Code: fmt.Sprint(10 * (100 + i)), Name: account.Name})
	}
	text, err := profile.JSON()
	if err != nil {
		return err
	}
	target, err := b.books.ExportTargetCreate(ctx, b.key("target", "netsuite"), books.NewExportTarget{Code: "netsuite", Profile: string(text), Schedule: books.ExportAfterClose})
	if err != nil {
		return err
	}
	batch, err := b.books.ExportBatchCreate(ctx, b.key("batch", "netsuite"), books.NewExportBatch{Target: target.ID, Through: through})
	if err != nil {
		return err
	}
	_, _, err = b.books.ExportWrite(ctx, batch.ID)
	return err
}
