package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type closeTaskRow struct {
	bun.BaseModel `bun:"table:close_tasks,alias:close_tasks"`

	ID         string
	Name       string
	Required   bool
	FromPeriod string
	ToPeriod   string  `bun:",nullzero"`
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
	CreatedBy  string
}

func (row closeTaskRow) task() (task books.CloseTask, err error) {
	task = books.CloseTask{ID: row.ID, Name: row.Name, Required: row.Required, CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy}
	if task.From, err = monthOf(row.FromPeriod); err == nil {
		task.To, err = monthOf(row.ToPeriod)
	}
	return task, err
}

func (t *tx) InsertCloseTask(ctx context.Context, task books.CloseTask) error {
	return takenAs("name", "is the name of another task: "+task.Name, insert(ctx, t, "keeping a task", []closeTaskRow{{
		ID: task.ID, Name: task.Name, Required: task.Required, FromPeriod: month(task.From), ToPeriod: month(task.To),
		CreatedAt: instantOf(task.CreatedAt), CreatedBy: task.CreatedBy,
	}}))
}

func (t *tx) EndCloseTask(ctx context.Context, id string, last ledger.Period) error {
	touched, err := t.exec(ctx, "ending a task", "UPDATE close_tasks SET to_period = ? WHERE id = ?", month(last), rowID(id))
	return wroteOne("task", id, touched, err)
}

func (t *tx) CloseTasks(ctx context.Context) ([]books.CloseTask, error) {
	rows, err := list[closeTaskRow](ctx, t, "reading tasks", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("id") })
	if err != nil {
		return nil, err
	}
	tasks := make([]books.CloseTask, len(rows))
	for i, row := range rows {
		if tasks[i], err = row.task(); err != nil {
			return nil, err
		}
	}
	return tasks, nil
}

type closeTaskMarkRow struct {
	bun.BaseModel `bun:"table:close_task_marks,alias:close_task_marks"`

	ID      string
	TaskID  string
	Period  string
	At      instant `bun:"at_us,type:bigint"`
	Actor   string
	Comment string `bun:",nullzero"`
}

func (t *tx) InsertCloseTaskMark(ctx context.Context, m books.CloseTaskMark) error {
	return insert(ctx, t, "ticking a task", []closeTaskMarkRow{{
		ID: m.ID, TaskID: m.TaskID, Period: month(m.Period), At: instantOf(m.At), Actor: m.Actor, Comment: m.Comment,
	}})
}

func (t *tx) CloseTaskMarks(ctx context.Context, period ledger.Period) ([]books.CloseTaskMark, error) {
	rows, err := list[closeTaskMarkRow](ctx, t, "reading what was ticked", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("period = ?", month(period)).Order("id")
	})
	return convert(rows, func(row closeTaskMarkRow) books.CloseTaskMark {
		return books.CloseTaskMark{ID: row.ID, TaskID: row.TaskID, Period: period, At: row.At.time(), Actor: row.Actor, Comment: row.Comment}
	}), err
}
