package demo

import (
	"drawdown/internal/books"
	"drawdown/ledger"
)

// closesJanuary closes the first month with a task ticked, and proposes to open it again.
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
	if _, err := b.books.PeriodClose(ctx, b.key("close", "2025-01"), books.ClosePeriod{Period: january}); err != nil {
		return err
	}
	_, err = b.books.PeriodReopenPropose(ctx, b.key("reopen", "2025-01"), books.ReopenPeriod{Period: january, Reason: "A purchase of January was recorded twice"})
	return err
}
