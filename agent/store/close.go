package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"trackwalker/agent/queue"
	"trackwalker/reporters/incident"
)

// Close resolves an open incident for a reason that is no recovery, forgets the scenario's streak, and enqueues the deliveries
// that tell of it, as Record does. An incident that is over is left as it is.
func (s *Store) Close(ctx context.Context, i incident.Incident, reason string, audience Audience) error {
	err := s.db.Write(ctx, func(tx queue.Tx) error {
		open, err := scanIncident(tx.QueryRowContext(ctx, `SELECT document, first FROM incidents WHERE id = $1 AND resolved IS NULL`, i.ID))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		over := open
		over.Resolved, over.Reason = time.Now().UTC().Truncate(time.Millisecond), reason
		over.Version++
		if _, err := tx.ExecContext(ctx, `UPDATE states SET failures = 0, passes = 0, since = NULL WHERE scenario = $1`, i.Scenario); err != nil {
			return err
		}
		return s.saveIncident(ctx, tx, &open, nil, []incident.Event{{Kind: incident.Resolved, Incident: over}}, audience)
	})
	if err != nil {
		return fmt.Errorf("close incident %s: %w", i.ID, err)
	}
	return nil
}

// Reconcile enqueues what was never enqueued: the open incidents that a reporter does not know of, because it was not in the
// configuration when they opened.
func (s *Store) Reconcile(ctx context.Context, audience Audience) error {
	open, err := s.OpenIncidents(ctx)
	if err != nil {
		return err
	}
	for _, i := range open {
		for _, reporter := range audience(i.To) {
			_, err := s.Delivery(ctx, i.ID, reporter)
			if err == nil {
				continue
			}
			if !errors.Is(err, ErrNotFound) {
				return err
			}
			if err := s.db.Write(ctx, func(tx queue.Tx) error { return s.enqueue(ctx, tx, i, reporter) }); err != nil {
				return fmt.Errorf("tell %s of incident %s: %w", reporter, i.ID, err)
			}
		}
	}
	return nil
}
