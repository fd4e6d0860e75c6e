package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun/migrate"

	"drawdown/internal/books"
)

// contracts begins the name of a migration that takes away or changes what programs before
// it use: 20270101000000_contract_lot_days.tx.up.sql. Before it is applied its mark is kept
// under this prefix, by which those programs know that the database is no longer theirs.
// All other migrations only add, and older programs go on beside them.
const contracts = "contract_"

// The tables in which the migrator keeps what was applied.
const (
	migrationsTable     = "bun_migrations"
	migrationLocksTable = "bun_migration_locks"
)

// Migrate brings the database to the form that this program knows. Of several that do so
// at once one migrates and the others wait for it.
// Errors: INVALID where a newer program has taken away what this one uses, UNAVAILABLE.
func (s *Store) Migrate(ctx context.Context) error {
	pending, err := s.MigrationsPending(ctx)
	if err != nil || pending == 0 {
		return err
	}
	migrator, _, err := s.migrator()
	if err != nil {
		return err
	}
	return s.whileNobodyMigrates(ctx, func() error {
		if err := migrator.Init(ctx); err != nil {
			return s.refused("preparing to migrate", err)
		}
		if err := s.markContracts(ctx, migrator); err != nil {
			return err
		}
		_, err := migrator.Migrate(ctx)
		return s.refused("migrating the database", err)
	})
}

// markContracts tells older programs of what is about to be taken away. It comes first: a
// crash in between keeps them out of a database that they could still use, which harms
// nobody.
func (s *Store) markContracts(ctx context.Context, migrator *migrate.Migrator) error {
	all, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return s.refused("reading which migrations were applied", err)
	}
	for _, migration := range all.Unapplied() {
		if strings.HasPrefix(migration.Comment, contracts) {
			if err := migrator.MarkApplied(ctx, &migrate.Migration{Name: contracts + migration.Name}); err != nil {
				return s.refused("preparing to migrate", err)
			}
		}
	}
	return nil
}

// whileNobodyMigrates waits for another process that migrates, and keeps others from it.
func (s *Store) whileNobodyMigrates(ctx context.Context, act func() error) error {
	if s.engine.lockMigrations == "" {
		return act()
	}
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		return s.refused("preparing to migrate", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, s.engine.lockMigrations); err != nil {
		return s.refused("waiting for another to migrate", err)
	}
	// Where this fails, the connection is gone and the lock with it.
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), s.engine.unlockMigrations) }()
	return act()
}

// IsNew reports whether the database holds nothing yet: neither a book, nor a table of
// anything else.
func (s *Store) IsNew(ctx context.Context) (bool, error) {
	marked, tables, err := s.tables(ctx)
	if err != nil || tables > 0 || !marked {
		return err == nil && tables == 0, err
	}
	// Another process has just begun to migrate, or was stopped before it did anything.
	migrator, _, err := s.migrator()
	if err != nil {
		return false, err
	}
	applied, err := migrator.AppliedMigrations(ctx)
	return len(applied) == 0, s.refused("reading which migrations were applied", err)
}

// tables reports whether the marks of migrations are there, and how many other tables.
func (s *Store) tables(ctx context.Context) (marked bool, others int, err error) {
	var names []string
	if err := s.writer.NewRaw(s.engine.tables).Scan(ctx, &names); err != nil {
		return false, 0, s.refused("reading which tables there are", err)
	}
	for _, name := range names {
		switch name {
		case migrationsTable:
			marked = true
		case migrationLocksTable:
		default:
			others++
		}
	}
	return marked, others, nil
}

// MigrationsPending returns how many migrations the database still lacks; all of them
// for one that is new. What a newer program has added does not count. Where another
// process applies them just now, it waits for that.
// Errors: INVALID where a newer program has taken away what this one uses, UNAVAILABLE.
func (s *Store) MigrationsPending(ctx context.Context) (pending int, err error) {
	pending, err = s.migrationsPending(ctx)
	if err != nil || pending == 0 || s.engine.lockMigrations == "" {
		return pending, err
	}
	err = s.whileNobodyMigrates(ctx, func() error {
		pending, err = s.migrationsPending(ctx)
		return err
	})
	return pending, err
}

func (s *Store) migrationsPending(ctx context.Context) (int, error) {
	migrator, known, err := s.migrator()
	if err != nil {
		return 0, err
	}
	marked, _, err := s.tables(ctx)
	if err != nil {
		return 0, err
	}
	if !marked {
		return len(known), nil
	}
	applied, err := migrator.AppliedMigrations(ctx)
	if err != nil {
		return 0, s.refused("reading which migrations were applied", err)
	}
	return pendingOf(known, convert(applied, func(m migrate.Migration) string { return m.Name }))
}

// pendingOf counts the migrations that were not applied. Errors: INVALID.
func pendingOf(known map[string]bool, applied []string) (int, error) {
	pending := len(known)
	for _, mark := range applied {
		name, contract := strings.CutPrefix(mark, contracts)
		switch {
		case contract && !known[name]:
			return 0, &books.Error{Code: books.Invalid, Field: "db", Message: fmt.Sprintf(
				"was changed by a newer version of this program in a way that this one does not know (migration %s): use that version", name)}
		case known[name] && !contract:
			pending--
		}
	}
	return pending, nil
}

// migrator marks a migration when it has succeeded, and marks it once: a crash in between
// runs it again, and every migration is written to stand that.
func (s *Store) migrator() (*migrate.Migrator, map[string]bool, error) {
	migrations := migrate.NewMigrations()
	if err := migrations.Discover(s.engine.migrations); err != nil {
		return nil, nil, fmt.Errorf("reading the migrations: %w", err)
	}
	known := map[string]bool{}
	for _, migration := range migrations.Sorted() {
		known[migration.Name] = true
	}
	return migrate.NewMigrator(s.writer, migrations,
		migrate.WithTableName(migrationsTable),
		migrate.WithLocksTableName(migrationLocksTable),
		migrate.WithMarkAppliedOnSuccess(true),
		migrate.WithUpsert(true)), known, nil
}
