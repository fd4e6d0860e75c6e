package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

// Store is a book in a database. It is safe for concurrent use.
type Store struct {
	engine *engine
	writer *bun.DB
	reader *bun.DB // the same as writer for a database in memory
	watch  Watch   // nil where nobody watches
	path   string  // of the file, "" where there is none
	// afterClose, where set, ends what the store was opened for.
	afterClose func() error
}

var _ books.Store = (*Store)(nil)

// Options say how a database is opened. Zero fields take their defaults.
type Options struct {
	// BusyTimeout is how long one attempt waits for another process to finish writing to a
	// file; 5 s.
	BusyTimeout time.Duration
	// Writers and Readers are how many connections write and read at the same time: 8 and
	// 8 on PostgreSQL; 1, whatever is asked for, and 4 on SQLite.
	Writers, Readers int
	// MustExist refuses a file that is not there, for commands that only look. A database
	// on a server is never made here.
	MustExist bool
	// Watch, where it is not nil, is told of what is asked of the database.
	Watch Watch
}

const (
	defaultBusyTimeout = 5 * time.Second
	// Four readers keep a small machine's cores busy without starving the writer.
	defaultReaders = 4
)

const (
	// writerCache is 64 MB: a batch of some thousand events touches more pages than the
	// default of 2 MB holds, and is twice as fast where they need not be written halfway.
	writerCache = "_pragma=cache_size(-65536)"
	readerCache = "_pragma=cache_size(-16384)"
)

const memoryPath = ":memory:"

// Open opens the database of the URL: "sqlite:PATH" for a file, made where it does not
// exist, or "sqlite::memory:" for one of its own that is gone when the store is closed;
// "postgres://USER:PASSWORD@HOST:PORT/DATABASE" for one on a server, with search_path=NAME
// among its parameters for a schema other than public.
// It does not migrate: see [Store.Migrate].
// Errors: INVALID, NOT_FOUND with Options.MustExist, UNAVAILABLE.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	scheme, path, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		path = strings.TrimPrefix(path, "//") // sqlite://PATH is the same to many
		if path == "" {
			return nil, &books.Error{Code: books.Invalid, Field: "db", Message: "names no file: write sqlite:PATH, such as sqlite:book.db"}
		}
		return openSQLite(ctx, path, options)
	case "postgres", "postgresql":
		config, err := postgresConfig(url)
		if err != nil {
			return nil, err
		}
		s, err := openPostgres(ctx, config, options)
		if err != nil {
			return nil, err
		}
		return s.watchedBy(options.Watch), nil
	}
	return nil, &books.Error{Code: books.Invalid, Field: "db", Message: fmt.Sprintf(
		"must be sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST:PORT/DATABASE, not one that begins %q", scheme)}
}

func openSQLite(ctx context.Context, path string, options Options) (*Store, error) {
	if options.BusyTimeout == 0 {
		options.BusyTimeout = defaultBusyTimeout
	}
	if options.Readers == 0 {
		options.Readers = defaultReaders
	}
	if path == memoryPath {
		s, err := openMemory()
		if err != nil {
			return nil, err
		}
		return s.watchedBy(options.Watch), nil
	}
	if err := checkPath(path, options); err != nil {
		return nil, err
	}
	// FULL: with WAL, a commit that was acknowledged is on the disk, not only in the file.
	writer, err := sqlitePool(path, options, 1, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", writerCache)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: sqliteEngine, writer: writer, path: path}
	// The writer connects first, for it is the one that turns WAL on.
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(s.refused("opening "+path, err), writer.Close())
	}
	if s.reader, err = sqlitePool(path, options, options.Readers, "_pragma=query_only(1)", readerCache); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return s.watchedBy(options.Watch), nil
}

// watchedBy has the watch told of all statements from now on.
func (s *Store) watchedBy(watch Watch) *Store {
	if watch == nil {
		return s
	}
	one := s.reader == s.writer
	s.watch, s.writer, s.reader = watch, s.writer.WithQueryHook(hook{watch}), s.reader.WithQueryHook(hook{watch})
	if one {
		s.reader = s.writer
	}
	return s
}

func checkPath(path string, options Options) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && options.MustExist:
		return &books.Error{Code: books.NotFound, Field: "db", Message: fmt.Sprintf("there is no database %q", path), Cause: err}
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return &books.Error{Code: books.Invalid, Field: "db", Message: fmt.Sprintf("names the directory %q, which does not exist", filepath.Dir(path)), Cause: err}
		}
		return nil
	case err == nil && info.IsDir():
		return &books.Error{Code: books.Invalid, Field: "db", Message: fmt.Sprintf("%q is a directory, not a database file", path)}
	}
	return nil
}

func sqlitePool(path string, options Options, connections int, parameters ...string) (*bun.DB, error) {
	parameters = append([]string{
		fmt.Sprintf("_busy_timeout=%d", options.BusyTimeout.Milliseconds()), // always first
		"_foreign_keys=1",
		"_dqs=0",
	}, parameters...)
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	pool, err := sql.Open("sqlite", "file:"+escaped+"?"+strings.Join(parameters, "&"))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return bun.NewDB(pool, sqliteEngine.dialect), nil
}

// Close closes the database; a database in memory is gone then.
func (s *Store) Close() error {
	var errs []error
	if s.reader != s.writer {
		errs = append(errs, s.reader.Close())
	}
	errs = append(errs, s.writer.Close()) // last, so that it folds the WAL into the file
	if s.afterClose != nil {
		errs = append(errs, s.afterClose())
	}
	return errors.Join(errs...)
}
