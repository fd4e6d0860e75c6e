package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun/migrate"

	"drawdown/internal/books"
)

const migrationsTable = "bun_migrations"

// Migrate brings the database to the form that this program knows.
// Errors: INVALID where the database is newer than the program, UNAVAILABLE.
func (s *Store) Migrate(ctx context.Context) error {
	pending, err := s.MigrationsPending(ctx)
	if err != nil || pending == 0 {
		return err
	}
	if s.engine.lockMigrations != "" {
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
	}
	migrator, _, err := s.migrator()
	if err != nil {
		return err
	}
	if err := migrator.Init(ctx); err != nil {
		return s.refused("preparing to migrate", err)
	}
	if _, err := migrator.Migrate(ctx); err != nil {
		return s.refused("migrating the database", err)
	}
	return nil
}

// IsNew reports whether the database holds nothing of a book yet.
func (s *Store) IsNew(ctx context.Context) (bool, error) {
	tables, err := s.migrationTables(ctx)
	return tables == 0, err
}

func (s *Store) migrationTables(ctx context.Context) (tables int, err error) {
	err = s.writer.NewRaw(s.engine.hasTable, migrationsTable).Scan(ctx, &tables)
	return tables, s.refused("reading which migrations were applied", err)
}

// MigrationsPending returns how many migrations the database still lacks; all of them
// for one that is new. Errors: INVALID where the database is newer than the program.
func (s *Store) MigrationsPending(ctx context.Context) (int, error) {
	migrator, known, err := s.migrator()
	if err != nil {
		return 0, err
	}
	tables, err := s.migrationTables(ctx)
	if err != nil {
		return 0, err
	}
	if tables == 0 {
		return len(known), nil
	}
	applied, err := migrator.AppliedMigrations(ctx)
	if err != nil {
		return 0, s.refused("reading which migrations were applied", err)
	}
	for _, migration := range applied {
		if !known[migration.Name] {
			return 0, &books.Error{Code: books.Invalid, Field: "db", Message: fmt.Sprintf(
				"was written by a newer version of this program (migration %s): use that version", migration.Name)}
		}
		delete(known, migration.Name)
	}
	return len(known), nil
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
		migrate.WithMarkAppliedOnSuccess(true),
		migrate.WithUpsert(true)), known, nil
}
