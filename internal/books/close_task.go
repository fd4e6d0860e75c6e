package books

import (
	"context"
	"time"

	"drawdown/ledger"
)

// maxTasks bounds the tasks of a book: a checklist that nobody can read is none.
const maxTasks = 200

// CloseTask is something that people do before a period closes, such as a reconciliation
// with the bank.
type CloseTask struct {
	ID        string
	Name      string
	Required  bool          // keeps a period from closing until it is ticked
	From      ledger.Period // the first period that it is for
	To        ledger.Period // the last; zero where it goes on
	CreatedAt time.Time
	CreatedBy string // actor
}

// AppliesTo reports whether the task is for the period.
func (t CloseTask) AppliesTo(period ledger.Period) bool {
	return t.From <= period && (t.To == 0 || period <= t.To)
}

// CloseTaskMark says that a task was done for a period. It counts until the period is
// reopened, and stays on record.
type CloseTaskMark struct {
	ID      string
	TaskID  string
	Period  ledger.Period
	At      time.Time
	Actor   string
	Comment string
}

// NewCloseTask asks for a task.
type NewCloseTask struct {
	Name     string        `json:"name"`
	Required bool          `json:"required"`
	From     ledger.Period `json:"from"` // this month where zero
}

// CloseTaskCreate adds a task to the checklist, from a period that is not closed.
// Errors: INVALID, TOO_LARGE, ALREADY_EXISTS, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) CloseTaskCreate(ctx context.Context, key string, request NewCloseTask) (CloseTask, error) {
	return once(ctx, b, act{"closeTask.create", key, request}, func(ctx context.Context, tx Tx) (CloseTask, string, error) {
		if err := checkText("name", request.Name, 1, maxTextLength); err != nil {
			return CloseTask{}, "", err
		}
		task := CloseTask{
			ID: b.newID(), Name: request.Name, Required: request.Required, From: request.From,
			CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor,
		}
		if task.From == 0 {
			task.From = b.today().Period()
		}
		closed, err := tx.ClosedThrough(ctx)
		if err != nil {
			return task, "", err
		}
		if closed != 0 && task.From <= closed {
			return task, "", refuse(PeriodClosed, "from", "%s is closed: a task begins with an open period", task.From)
		}
		tasks, err := tx.CloseTasks(ctx)
		if err != nil {
			return task, "", err
		}
		if len(tasks) >= maxTasks {
			return task, "", refuse(TooLarge, "name", "a book has at most %d tasks", maxTasks)
		}
		return task, task.ID, tx.InsertCloseTask(ctx, task)
	})
}

// EndCloseTask asks to end a task.
type EndCloseTask struct {
	ID string `json:"id"`
	// After is the last period that the task is for: it must lie before no closed one.
	After ledger.Period `json:"after"`
}

// CloseTaskEnd ends a task after a period: later ones do not ask for it. What was ticked
// stays. Errors: NOT_FOUND, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) CloseTaskEnd(ctx context.Context, key string, request EndCloseTask) (CloseTask, error) {
	return once(ctx, b, act{"closeTask.end", key, request}, func(ctx context.Context, tx Tx) (CloseTask, string, error) {
		task, err := closeTaskByID(ctx, tx, request.ID)
		if err != nil {
			return task, "", err
		}
		closed, err := tx.ClosedThrough(ctx)
		if err != nil {
			return task, "", err
		}
		if closed != 0 && request.After < closed {
			return task, "", refuse(PeriodClosed, "after", "must not be before %s, which is closed with what was asked then", closed)
		}
		was(ctx, task)
		task.To = request.After
		return task, task.ID, tx.EndCloseTask(ctx, task.ID, task.To)
	})
}

// DoCloseTask ticks a task.
type DoCloseTask struct {
	ID      string        `json:"id"`
	Period  ledger.Period `json:"period"`
	Comment string        `json:"comment"`
}

// CloseTaskDone ticks a task for an open period that has begun where the book is.
// Errors: NOT_FOUND, INVALID, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) CloseTaskDone(ctx context.Context, key string, request DoCloseTask) (CloseTaskMark, error) {
	return once(ctx, b, act{"closeTask.done", key, request}, func(ctx context.Context, tx Tx) (CloseTaskMark, string, error) {
		if err := checkText("comment", request.Comment, 0, maxNoteLength); err != nil {
			return CloseTaskMark{}, "", err
		}
		task, err := closeTaskByID(ctx, tx, request.ID)
		if err != nil {
			return CloseTaskMark{}, "", err
		}
		closed, err := tx.ClosedThrough(ctx)
		if err != nil {
			return CloseTaskMark{}, "", err
		}
		if closed != 0 && request.Period <= closed {
			return CloseTaskMark{}, "", refuse(PeriodClosed, "period", "%s is closed", request.Period)
		}
		if err := b.checkMonthBegun("period", request.Period, b.clock()); err != nil { // nobody has done it yet
			return CloseTaskMark{}, "", err
		}
		if !task.AppliesTo(request.Period) {
			return CloseTaskMark{}, "", refuse(Invalid, "period", "the task is not for %s", request.Period)
		}
		marks, err := tx.CloseTaskMarks(ctx, request.Period)
		if err != nil {
			return CloseTaskMark{}, "", err
		}
		for _, earlier := range marks { // the last one counts
			if earlier.TaskID == task.ID {
				was(ctx, earlier)
			}
		}
		mark := CloseTaskMark{
			ID: b.newID(), TaskID: task.ID, Period: request.Period, At: b.clock(), Actor: CallerOf(ctx).Actor, Comment: request.Comment,
		}
		return mark, task.ID, tx.InsertCloseTaskMark(ctx, mark)
	})
}

// closeTaskByID finds a task. Errors: NOT_FOUND.
func closeTaskByID(ctx context.Context, tx Tx, id string) (CloseTask, error) {
	tasks, err := tx.CloseTasks(ctx)
	if err != nil {
		return CloseTask{}, err
	}
	for _, task := range tasks {
		if task.ID == id {
			return task, nil
		}
	}
	return CloseTask{}, refuse(NotFound, "taskId", "names no task of the checklist")
}

// TaskState is a task of a period and whether it is done.
type TaskState struct {
	CloseTask
	Done *CloseTaskMark // the last tick that counts; nil where there is none
}

// Task returns the task itself.
func (t TaskState) Task() CloseTask { return t.CloseTask }

// tasksOf returns the tasks of a period, in order.
func tasksOf(ctx context.Context, tx Tx, period ledger.Period) ([]TaskState, error) {
	tasks, err := tx.CloseTasks(ctx)
	if err != nil || len(tasks) == 0 {
		return nil, err
	}
	marks, err := tx.CloseTaskMarks(ctx, period)
	if err != nil {
		return nil, err
	}
	closings, err := tx.Closings(ctx, []ledger.Period{period})
	if err != nil {
		return nil, err
	}
	reopened := ""
	for _, closing := range closings {
		if closing.Act == Reopened {
			reopened = max(reopened, closing.ID)
		}
	}
	last := map[string]*CloseTaskMark{}
	for i := range marks {
		if marks[i].ID > reopened { // ids come in order
			last[marks[i].TaskID] = &marks[i]
		}
	}
	states := make([]TaskState, 0, len(tasks))
	for _, task := range tasks {
		if task.AppliesTo(period) {
			states = append(states, TaskState{task, last[task.ID]})
		}
	}
	return states, nil
}
