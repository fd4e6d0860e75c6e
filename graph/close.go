package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) CloseChecklist(ctx context.Context, period ledger.Period) (*books.Checklist, error) {
	var found books.Checklist
	err := requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		found, err = r.books.CloseChecklist(ctx, tx, period)
		return err
	})
	found.Checks, found.Tasks = orNone(found.Checks), orNone(found.Tasks)
	return &found, err
}

func (queryResolver) CloseTasks(ctx context.Context) (tasks []books.CloseTask, err error) {
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		tasks, err = tx.CloseTasks(ctx)
		return err
	})
	return orNone(tasks), err
}

func (closeTaskResolver) ID(_ context.Context, t *books.CloseTask) (string, error) {
	return closeTaskNoun.id(t.ID), nil
}

func (closeTaskMarkResolver) Comment(_ context.Context, m *books.CloseTaskMark) (*string, error) {
	return text(m.Comment), nil
}

func (r mutationResolver) CloseTaskCreate(ctx context.Context, input gen.CloseTaskCreateInput, idempotencyKey string) (*gen.CloseTaskCreatePayload, error) {
	task, err := r.books.CloseTaskCreate(ctx, idempotencyKey, books.NewCloseTask{Name: input.Name, Required: input.Required, From: value(input.From)})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.CloseTaskCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.CloseTaskCreatePayload{Task: &task, UserErrors: refusals}, nil
}

func (r mutationResolver) CloseTaskEnd(ctx context.Context, taskID string, after ledger.Period, idempotencyKey string) (*gen.CloseTaskEndPayload, error) {
	id, err := closeTaskNoun.key("taskId", taskID)
	if err != nil {
		return &gen.CloseTaskEndPayload{UserErrors: invalidID(err)}, nil
	}
	task, err := r.books.CloseTaskEnd(ctx, idempotencyKey, books.EndCloseTask{ID: id, After: after})
	refusals, fault := userErrors(err, "taskId", "after")
	if err != nil {
		return &gen.CloseTaskEndPayload{UserErrors: refusals}, fault
	}
	return &gen.CloseTaskEndPayload{Task: &task, UserErrors: refusals}, nil
}

func (r mutationResolver) CloseTaskDone(ctx context.Context, taskID string, period ledger.Period, input gen.CloseTaskDoneInput, idempotencyKey string) (*gen.CloseTaskDonePayload, error) {
	id, err := closeTaskNoun.key("taskId", taskID)
	if err != nil {
		return &gen.CloseTaskDonePayload{UserErrors: invalidID(err)}, nil
	}
	mark, err := r.books.CloseTaskDone(ctx, idempotencyKey, books.DoCloseTask{ID: id, Period: period, Comment: value(input.Comment)})
	refusals, fault := userErrors(err, "taskId", "period")
	if err != nil {
		return &gen.CloseTaskDonePayload{UserErrors: refusals}, fault
	}
	return &gen.CloseTaskDonePayload{Mark: &mark, UserErrors: refusals}, nil
}
