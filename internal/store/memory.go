package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/uptrace/bun"
)

// openMemory opens an empty database that lives in its one connection, which therefore
// serves readers and writers in turn and is never given up.
func openMemory() (*Store, error) {
	pool, err := sql.Open("sqlite", "file::memory:?_foreign_keys=1&_dqs=0&_txlock=immediate&_pragma=synchronous(OFF)")
	if err != nil {
		return nil, fmt.Errorf("opening a database in memory: %w", err)
	}
	pool.SetMaxOpenConns(1)
	pool.SetMaxIdleConns(1)
	db := bun.NewDB(pool, sqliteEngine.dialect)
	return &Store{engine: sqliteEngine, writer: db, reader: db}, nil
}

// serializer is what the driver's connection can do with a database as bytes.
type serializer interface {
	Serialize() ([]byte, error)
	Deserialize(image []byte) error
}

// template is the image of a migrated, empty database.
var template = sync.OnceValues(func() ([]byte, error) {
	ctx := context.Background()
	s, err := openMemory()
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // nothing of it is kept but the image
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	var image []byte
	err = s.raw(ctx, func(c serializer) (err error) {
		image, err = c.Serialize()
		return err
	})
	return image, err
})

// OpenMemory opens a fresh, migrated database in memory. It copies one that was migrated
// before, so that a test can have thousands.
func OpenMemory(ctx context.Context) (*Store, error) {
	image, err := template()
	if err != nil {
		return nil, err
	}
	s, err := openMemory()
	if err != nil {
		return nil, err
	}
	err = s.raw(ctx, func(c serializer) error { return c.Deserialize(image) })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copying the database in memory: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) raw(ctx context.Context, act func(serializer) error) error {
	conn, err := s.writer.DB.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(serializer)
		if !ok {
			return fmt.Errorf("%T cannot be copied", driverConn)
		}
		return act(c)
	})
	return errors.Join(err, conn.Close())
}
