package store

import (
	"context"

	"github.com/uptrace/bun"
)

// OnStatement has saw told of each statement that bun sends, as it is sent, from now on.
// It is for tests that count statements or look at their plans, and is called before the
// store is used.
func (s *Store) OnStatement(saw func(statement string)) {
	one := s.reader == s.writer
	s.writer = s.writer.WithQueryHook(observer(saw))
	s.reader = s.reader.WithQueryHook(observer(saw))
	if one {
		s.reader = s.writer
	}
}

type observer func(statement string)

func (o observer) BeforeQuery(ctx context.Context, event *bun.QueryEvent) context.Context {
	o(event.Query)
	return ctx
}

func (observer) AfterQuery(context.Context, *bun.QueryEvent) {}
