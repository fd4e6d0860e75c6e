package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

// Watch is told of what is asked of the database, for figures and traces. Its methods are
// called by many at once.
type Watch interface {
	// StatementBegun returns the context of the statement.
	StatementBegun(ctx context.Context) context.Context
	// StatementEnded is told what kind it was (SELECT, INSERT, UPDATE, DELETE, COPY, BEGIN,
	// COMMIT, ROLLBACK or OTHER), and the first table it is about, "" where that is none:
	// words of ours, never a value.
	StatementEnded(ctx context.Context, kind, table string, took time.Duration, err error)
	// TransactionAgain is told of a transaction that is run again, because it collided with
	// another: "busy", or "raced" where another took a key that it had found free.
	TransactionAgain(reason string)
}

// hook tells the watch of what goes through bun.
type hook struct{ watch Watch }

var _ bun.QueryHook = hook{}

// inStash is where an event keeps the context of a statement.
type inStash struct{}

// BeforeQuery returns the context of the statement. That of BEGIN is kept apart, for bun
// takes what is returned for the context of the whole transaction.
func (h hook) BeforeQuery(ctx context.Context, event *bun.QueryEvent) context.Context {
	begun := h.watch.StatementBegun(ctx)
	if event.Query != "BEGIN" {
		return begun
	}
	event.Stash = map[any]any{inStash{}: begun}
	return ctx
}

func (h hook) AfterQuery(ctx context.Context, event *bun.QueryEvent) { //nolint:contextcheck // what is in the stash is below ctx
	if begun, ok := event.Stash[inStash{}].(context.Context); ok {
		ctx = begun
	}
	err := event.Err
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, sql.ErrTxDone) {
		err = nil
	}
	kind, table := statementOf(event.Query)
	h.watch.StatementEnded(ctx, kind, table, time.Since(event.StartTime), err)
}

// watched tells the watch of a statement that does not go through bun.
func (t *tx) watched(ctx context.Context, statement string, act func(context.Context) error) error {
	if t.watch == nil {
		return act(ctx)
	}
	began := time.Now()
	ctx = t.watch.StatementBegun(ctx)
	err := act(ctx)
	kind, table := statementOf(statement)
	t.watch.StatementEnded(ctx, kind, table, time.Since(began), err)
	return err
}

// statementOf says what a statement does, and to which table first. It reads no further
// than it has to: the text of a statement may hold thousands of values.
func statementOf(text string) (kind, table string) {
	words := words{text}
	first, given := strings.ToUpper(words.next()), ""
	if first == "WITH" {
		given = words.next() // what the statement brings along is not what it is about
		first = words.afterTables()
	}
	switch first {
	case "SELECT", "DELETE":
		if table = words.after("FROM"); table != "" && table == given {
			table = words.after("JOIN")
		}
		return first, table
	case "INSERT":
		return first, words.after("INTO")
	case "UPDATE", "COPY":
		return first, words.next()
	case "BEGIN", "COMMIT", "ROLLBACK":
		return first, ""
	}
	return "OTHER", ""
}

// words reads a statement word by word, past what stands in quotes and brackets.
type words struct{ rest string }

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// next returns the next word, "" at the end. A name in double quotes is a word.
func (w *words) next() string {
	for w.rest != "" {
		switch c := w.rest[0]; {
		case isWord(c):
			end := 1
			for end < len(w.rest) && isWord(w.rest[end]) {
				end++
			}
			word := w.rest[:end]
			w.rest = w.rest[end:]
			return word
		case c == '"':
			name, rest, _ := strings.Cut(w.rest[1:], `"`)
			w.rest = rest
			return name
		case c == '\'':
			w.quoted()
		case c == '(':
			w.bracket()
		default:
			w.rest = w.rest[1:]
		}
	}
	return ""
}

// quoted goes past a value in single quotes; two quotes in it begin another one.
func (w *words) quoted() {
	_, w.rest, _ = strings.Cut(w.rest[1:], "'")
}

// bracket goes past what stands in brackets.
func (w *words) bracket() {
	depth := 0
	for w.rest != "" {
		at := strings.IndexAny(w.rest, "()'")
		if at < 0 {
			w.rest = ""
			return
		}
		switch w.rest = w.rest[at:]; w.rest[0] {
		case '\'':
			w.quoted()
			continue
		case '(':
			depth++
		default:
			depth--
		}
		w.rest = w.rest[1:]
		if depth == 0 {
			return
		}
	}
}

// after returns the word after the given one.
func (w *words) after(word string) string {
	for got := w.next(); got != ""; got = w.next() {
		if strings.EqualFold(got, word) {
			return w.next()
		}
	}
	return ""
}

// afterTables returns the word that follows the tables of a WITH clause.
func (w *words) afterTables() string {
	for got := w.next(); got != ""; got = w.next() {
		switch upper := strings.ToUpper(got); upper {
		case "SELECT", "INSERT", "UPDATE", "DELETE":
			return upper
		}
	}
	return ""
}

// Pools returns what the pools of connections do, by what they are for.
func (s *Store) Pools() map[string]sql.DBStats {
	if s.reader == s.writer {
		return map[string]sql.DBStats{"writer": s.writer.Stats()}
	}
	return map[string]sql.DBStats{"writer": s.writer.Stats(), "reader": s.reader.Stats()}
}

// Files returns the bytes of the files that the database is in, by what they hold: none
// where it is in memory or on a server.
func (s *Store) Files() map[string]int64 {
	if s.path == "" {
		return nil
	}
	sizes := map[string]int64{}
	for name, path := range map[string]string{"database": s.path, "wal": s.path + "-wal"} {
		info, err := os.Stat(path)
		switch {
		case err == nil:
			sizes[name] = info.Size()
		case errors.Is(err, fs.ErrNotExist):
			sizes[name] = 0
		}
	}
	return sizes
}

// Engine returns "sqlite" or "postgres".
func (s *Store) Engine() string { return s.engine.name }

// MustBeMigrated refuses a database that this program cannot serve any more, in one short
// read: one that lacks migrations, as a copy of an earlier day does, or from which a newer
// program has taken something away.
// Errors: UNAVAILABLE, INVALID.
func (s *Store) MustBeMigrated(ctx context.Context) error {
	_, known, err := s.migrator()
	if err != nil {
		return err
	}
	var applied []string
	if err := s.reader.NewRaw("SELECT name FROM ?", bun.Ident(migrationsTable)).Scan(ctx, &applied); err != nil {
		return s.refused("reading which migrations were applied", err)
	}
	pending, err := pendingOf(known, applied)
	if err == nil && pending > 0 {
		err = &books.Error{Code: books.Unavailable, Message: fmt.Sprintf("the database lacks %d migrations: run drawdown migrate", pending)}
	}
	return err
}
