package store

import (
	"context"
	"fmt"
	"time"

	"trackwalker/agent/queue"
)

const (
	sweepBatch = 500                 // rows that one transaction of a sweep removes, so that recordings get their turn
	untoldAge  = 30 * 24 * time.Hour // at least for so long an incident is kept that somebody is still to be told of
)

// Swept is what Sweep removed.
type Swept struct{ Runs, Incidents int }

// Sweep removes the runs that started, and the incidents that were resolved, more than maxAge before now, and what is remembered
// of scenarios that have no run left. The runs that opened incidents which last are kept, and for a month the incidents that
// somebody is still to be told of. It stops early when ctx ends.
func (s *Store) Sweep(ctx context.Context, maxAge time.Duration, now time.Time) (Swept, error) {
	var swept Swept
	before, untold := millis(now.Add(-maxAge)), millis(now.Add(-max(maxAge, untoldAge)))
	for _, step := range []struct {
		statement string
		count     *int
	}{
		{`DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE started < $1
			AND id NOT IN (SELECT id FROM incidents WHERE resolved IS NULL) ORDER BY started LIMIT $2)`, &swept.Runs},
		{`DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE resolved < $1
			AND (resolved < $3 OR id NOT IN (SELECT incident FROM deliveries WHERE told < version)) ORDER BY resolved LIMIT $2)`, &swept.Incidents},
		{`DELETE FROM states WHERE scenario IN (SELECT scenario FROM states WHERE last_started < $1
			AND scenario NOT IN (SELECT scenario FROM incidents WHERE resolved IS NULL) LIMIT $2)`, new(int)},
	} {
		for {
			n, err := s.remove(ctx, step.statement, before, sweepBatch, untold)
			*step.count += n
			if err != nil {
				return swept, fmt.Errorf("sweep the record: %w", err)
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return swept, nil
}

// remove deletes one batch.
func (s *Store) remove(ctx context.Context, statement string, args ...any) (int, error) {
	var n int64
	err := s.db.Write(ctx, func(tx queue.Tx) error {
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return int(n), err
}
