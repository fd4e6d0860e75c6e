package main

import (
	"context"
	"errors"
	"fmt"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

// openStore opens the database that --db names, which must exist and be migrated.
func (p *program) openStore(ctx context.Context) (*store.Store, error) {
	db, err := store.Open(ctx, p.db, store.Options{MustExist: true, BusyTimeout: p.busyTimeout})
	if err != nil {
		return nil, err
	}
	if err := p.mustBeMigrated(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openOrMakeStore opens the database that --db names and migrates one that holds nothing
// yet: what else is in a database, it leaves alone.
func (p *program) openOrMakeStore(ctx context.Context) (*store.Store, error) {
	db, err := store.Open(ctx, p.db, store.Options{BusyTimeout: p.busyTimeout, Watch: p.watch})
	if err != nil {
		return nil, err
	}
	fresh, err := db.IsNew(ctx)
	switch {
	case err != nil:
	case fresh:
		err = db.Migrate(ctx)
	default:
		err = p.mustBeMigrated(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (p *program) mustBeMigrated(ctx context.Context, db *store.Store) error {
	pending, err := db.MigrationsPending(ctx)
	if err == nil && pending > 0 {
		err = &exitError{database, fmt.Errorf("the database %s lacks %d migrations: run drawdown migrate --db %s", shown(p.db), pending, shown(p.db))}
	}
	return err
}

// openBook opens the book in the store, which must be there: only serve and demo settle
// the currency and the zone of a new one.
func (p *program) openBook(ctx context.Context, db books.Store) (*books.Books, error) {
	err := db.View(ctx, func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Book(ctx)
		return err
	})
	if books.CodeOf(err) == books.NotFound {
		return nil, &exitError{database, fmt.Errorf("the database %s holds no book yet: drawdown serve makes one", shown(p.db))}
	}
	if err != nil {
		return nil, err
	}
	return books.Open(ctx, db, books.Options{})
}

// withBook opens the book of --db for the length of a command.
func (p *program) withBook(ctx context.Context, act func(*books.Books) error) (err error) {
	db, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	book, err := p.openBook(ctx, db)
	if err != nil {
		return err
	}
	return act(book)
}
