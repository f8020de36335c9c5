package store

import (
	"database/sql"
	"errors"

	"trackwalker/agent/queue"
)

// What the record says no to. A full, read-only, locked or damaged database is told by the queue's errors, which say what to
// do about it.
var (
	ErrNotFound  = errors.New("not found")
	ErrDuplicate = errors.New("already recorded")
)

// explain puts an error of the driver in the terms of this package and the queue.
func explain(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return queue.Explain(err)
}
