// Package store is the agent's record: runs, the state that they fold into, incidents and what reporters were told of them.
// It has one path of portable SQL. The database's handle, dialect and jobs are the queue's; what a run does to an incident is
// package incident's; files are the screenshots'.
package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3"

	"trackwalker/agent/queue"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store reads and writes the record. All its methods may be called at the same time.
type Store struct {
	db  *queue.DB
	log *slog.Logger
}

// Open brings the record's tables in db up to date. The error is queue.ErrNewer when a newer trackwalker wrote them.
func Open(ctx context.Context, db *queue.DB, log *slog.Logger) (*Store, error) {
	if err := migrate(ctx, db); err != nil {
		return nil, fmt.Errorf("open the record in %s: %w", db.Path(), queue.Explain(err))
	}
	return &Store{db: db, log: log}, nil
}

func migrate(ctx context.Context, db *queue.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(queue.Dialect, db.Writer(), files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the tables: %w", err)
	}
	if current > known {
		return fmt.Errorf("%w (its tables have version %d, this program knows %d)", queue.ErrNewer, current, known)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	return nil
}

// millis is how times are stored.
func millis(t time.Time) int64 { return t.UnixMilli() }

// millisOrNull gives NULL for the zero time.
func millisOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
