// Package queue holds what waits to be played and delivered, and works it off: River over one database, whose handle,
// transactions and dialect belong here. What a job means is the handlers' matter; the records of runs, incidents and
// deliveries are the store's. What is SQLite's own is in sqlite.go.
package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/riverqueue/river"
)

// DB is the agent's one database. It is for one process at a time.
type DB struct {
	path   string
	log    *slog.Logger
	lock   io.Closer
	writer *sql.DB // one connection: SQLite has one writer
	reader *sql.DB // cannot write
	insert *river.Client[Tx]
}

// Open opens the database file at path, makes it and its folder when they are not there, and brings the queue's tables up to
// date. Close it after use. The error is ErrInUse when another process has it open, ErrNewer when a newer trackwalker wrote
// it, ErrDamaged when it is no database, or one of this package's other errors.
func Open(ctx context.Context, path string, log *slog.Logger) (_ *DB, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", explain(err))
	}
	db := &DB{path: abs, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open the database %s: %w", abs, explain(err)), db.Close())
		}
	}()
	if db.lock, err = lock(abs + ".lock"); err != nil {
		return nil, err
	}
	if err := create(abs); err != nil {
		return nil, err
	}
	if db.writer, db.reader, err = pools(ctx, abs); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.writer, quiet(log)); err != nil {
		return nil, err
	}
	db.insert, err = river.NewClient(newDriver(db.writer), &river.Config{Logger: quiet(log)})
	return db, err
}

// Close closes the database, after the Queue that works on it was stopped.
func (db *DB) Close() error {
	var errs []error
	if db.reader != nil {
		errs = append(errs, db.reader.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.Close())
	}
	return errors.Join(errs...)
}

// Path is the database file, absolute.
func (db *DB) Path() string { return db.path }

// Reader is the pool for reading. Writing through it fails.
func (db *DB) Reader() *sql.DB { return db.reader }

// Writer is the pool of the one connection that writes, for migrations. A second use while one is held waits for ever:
// prefer Write.
func (db *DB) Writer() *sql.DB { return db.writer }

// Write runs fn in a transaction and commits it when fn returns nil; otherwise nothing of it remains. Writes come one after
// the other: fn must be brief, and use nothing of the database but tx. The error of a full, read-only, locked or damaged
// database is one of this package's.
func (db *DB) Write(ctx context.Context, fn func(tx Tx) error) (err error) {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer func() {
		// A no-op after a commit. It also ends the transaction when fn panics.
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
			err = errors.Join(err, explain(e))
		}
	}()
	if err := fn(tx); err != nil {
		return explain(err)
	}
	return explain(tx.Commit())
}

// EnqueueDeliverTx adds a delivery in tx: it exists when tx is committed, and starts within about a second of that.
func (db *DB) EnqueueDeliverTx(ctx context.Context, tx Tx, d Deliver) error {
	if _, err := db.insert.InsertTx(ctx, tx, deliverArgs(d), nil); err != nil {
		return fmt.Errorf("enqueue the delivery to %s: %w", d.Reporter, explain(err))
	}
	return nil
}

// Waiting is how many jobs have not ended yet.
type Waiting struct {
	Plays, Deliveries int
}

// Waiting counts the jobs that wait or run.
func (db *DB) Waiting(ctx context.Context) (Waiting, error) {
	var w Waiting
	err := db.reader.QueryRowContext(ctx, `
		SELECT count(CASE WHEN kind = $1 THEN 1 END), count(CASE WHEN kind = $2 THEN 1 END)
		FROM river_job WHERE finalized_at IS NULL`, playArgs{}.Kind(), deliverArgs{}.Kind()).Scan(&w.Plays, &w.Deliveries)
	if err != nil {
		return Waiting{}, fmt.Errorf("count the waiting jobs: %w", explain(err))
	}
	return w, nil
}
