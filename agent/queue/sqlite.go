package queue

// All that is SQLite's: the driver and its settings, what a transaction is, River's tables, what a dead process left in
// them, and the driver's errors. A second database gets a file like this one.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"syscall"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Tx is a transaction of the database.
type Tx = *sql.Tx

// Dialect names the database's SQL to a migration tool.
const Dialect = "sqlite3"

// readers is the size of the pool for reading.
const readers = 4

// riverDriver is riversqlite without its listener, which polls for notifications twenty times a second. A job that is
// inserted outside a transaction wakes its workers all the same; one inside waits for their poll.
type riverDriver struct{ *riversqlite.Driver }

func newDriver(db *sql.DB) *riverDriver { return &riverDriver{riversqlite.New(db)} }

func (*riverDriver) SupportsListener() bool { return false }

// create makes an empty file that only its owner may read, for SQLite gives its side files the same permissions.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// pools opens the pools for writing and for reading. With synchronous=NORMAL a commit survives the death of the process at
// any instant; the newest ones may go when the machine itself loses power, but the file stays whole.
func pools(ctx context.Context, path string) (writer, reader *sql.DB, err error) {
	pragmas := []string{"busy_timeout(10000)", "foreign_keys(1)", "synchronous(NORMAL)"}
	open := func(size int, options url.Values) (*sql.DB, error) {
		name := url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}
		db, err := sql.Open("sqlite", name.String())
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(size)
		db.SetMaxIdleConns(size)
		return db, nil
	}
	writer, err = open(1, url.Values{"_txlock": {"immediate"}, "_pragma": append(pragmas, "journal_mode(WAL)")})
	if err != nil {
		return nil, nil, err
	}
	// The first connection makes the file a WAL database, before a reader looks at it; the query reads its header.
	if _, err = writer.ExecContext(ctx, "SELECT count(*) FROM sqlite_master"); err == nil {
		reader, err = open(readers, url.Values{"_pragma": append(pragmas, "query_only(1)")})
	}
	if err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	return writer, reader, nil
}

// migrate brings River's tables up to date.
func migrate(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	migrator, err := rivermigrate.New(newDriver(db), &rivermigrate.Config{Logger: log})
	if err != nil {
		return fmt.Errorf("read the queue's migrations: %w", err)
	}
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'river_migration'").Scan(&there); err != nil {
		return err
	}
	if there {
		var version int
		if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM river_migration").Scan(&version); err != nil {
			return err
		}
		for _, known := range migrator.AllVersions() {
			if version <= known.Version {
				version = 0
			}
		}
		if version > 0 {
			return fmt.Errorf("%w (the queue's tables have version %d)", ErrNewer, version)
		}
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("bring the queue's tables up to date: %w", err)
	}
	return nil
}

// free takes up what an earlier process left in the queue. No job can be running now: the lock on the data folder says that
// no other process works on it. A play that was running is over, for nobody knows how far it came; so is one that waits for
// a browser that is not in queues. A delivery is tried again at once, whatever it waited for: what was wrong may have been
// mended before the start.
func free(ctx context.Context, db *DB, queues []string) error {
	const now = "strftime('%Y-%m-%d %H:%M:%f', 'now')" // as River writes times
	return db.Write(ctx, func(tx Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT DISTINCT queue FROM river_job WHERE kind = $1 AND finalized_at IS NULL`, playArgs{}.Kind())
		if err != nil {
			return err
		}
		gone, err := others(rows, queues)
		if err != nil {
			return err
		}
		for _, queue := range gone {
			if _, err := tx.ExecContext(ctx, `UPDATE river_job SET state = 'cancelled', finalized_at = `+now+`
				WHERE kind = $1 AND queue = $2 AND finalized_at IS NULL`, playArgs{}.Kind(), queue); err != nil {
				return err
			}
		}
		for _, statement := range []struct {
			sql  string
			args []any
		}{
			{`UPDATE river_job SET state = 'cancelled', finalized_at = ` + now + ` WHERE kind = $1 AND state = 'running'`, []any{playArgs{}.Kind()}},
			{`UPDATE river_job SET state = 'available', scheduled_at = ` + now + `
				WHERE kind = $1 AND state IN ('running', 'retryable', 'scheduled')`, []any{deliverArgs{}.Kind()}},
			{`DELETE FROM river_leader`, nil}, // or its maintenance waits until the dead process's term is over
		} {
			if _, err := tx.ExecContext(ctx, statement.sql, statement.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// explain gives an error of the driver or of the disk the sentinel that says what to do about it.
func explain(err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff { // the rest says more, about the same
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("%w: %w", ErrFull, err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return fmt.Errorf("%w: %w", ErrReadOnly, err)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("%w: %w", ErrLocked, err)
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return err
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}
