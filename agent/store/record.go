package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"trackwalker/agent/queue"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
)

// recordTimeout bounds a recording, which does not end with its caller's context.
const recordTimeout = 30 * time.Second

// Record keeps run and all that follows from it, in one transaction: the run, the incident it opens, changes or resolves by
// policy, the deliveries that tell of it to audience and to whoever was told of it before, and the end of its play job (nil:
// there is none). It returns what happened to the incident.
//
// The error is ErrDuplicate when this run, or another of its scenario and due time, was recorded before; then, as with every
// other error, nothing has changed. Once begun, a recording does not end with ctx: a run that was played is not lost because
// the agent was told to stop.
func (s *Store) Record(
	ctx context.Context, run *scenarios.Run, policy scenarios.AlertPolicy, audience Audience, job *queue.Job,
) ([]incident.Event, error) {
	if run.ID == "" || run.Scenario == "" {
		return nil, errors.New("record a run: it has no id, or no scenario")
	}
	document, err := json.Marshal(run)
	if err != nil {
		return nil, fmt.Errorf("record run %s of %s: %w", run.ID, run.Scenario, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	var events []incident.Event
	err = s.db.Write(ctx, func(tx queue.Tx) error {
		if err := insertRun(ctx, tx, run, document); err != nil {
			return err
		}
		state, err := loadState(ctx, tx, run.Scenario)
		if err != nil {
			return err
		}
		next, happened := incident.Fold(policy, state, run)
		events = happened
		if err := saveState(ctx, tx, next, run); err != nil {
			return err
		}
		if err := s.saveIncident(ctx, tx, state.Incident, next.Incident, events, audience); err != nil {
			return err
		}
		return job.CompleteTx(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("record run %s of %s: %w", run.ID, run.Scenario, err)
	}
	return events, nil
}

func insertRun(ctx context.Context, tx queue.Tx, run *scenarios.Run, document []byte) error {
	sum := summarize(run)
	result, err := tx.ExecContext(ctx, `
		INSERT INTO runs (id, scenario, browser, location, due, started, duration, attempts, outcome, reason, failed_step, failed_name, class, message, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT DO NOTHING`,
		sum.ID, sum.Scenario, sum.Browser, sum.Location, millisOrNull(sum.Due), millis(sum.Started), sum.Duration.Milliseconds(), sum.Attempts,
		sum.Outcome.String(), sum.Reason, sum.FailedStep, sum.FailedName, sum.Class, sum.Message, string(document))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return ErrDuplicate
	}
	for _, a := range run.Artifacts {
		if a.Ref.SHA256 == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO artifacts (run, sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING`, run.ID, a.Ref.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// loadState reads what is remembered of a scenario; its zero value when that is nothing.
func loadState(ctx context.Context, tx queue.Tx, scenario string) (incident.State, error) {
	var s incident.State
	var since sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT failures, passes, since FROM states WHERE scenario = $1`, scenario).Scan(&s.Failures, &s.Passes, &since)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return incident.State{}, err
	}
	if since.Valid {
		s.Since = fromMillis(since.Int64)
	}
	open, err := scanIncident(tx.QueryRowContext(ctx, `SELECT document, first FROM incidents WHERE scenario = $1 AND resolved IS NULL`, scenario))
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return incident.State{}, err
	}
	s.Incident = &open
	return s, nil
}

// saveState keeps what is remembered of run's scenario after it. The incident is not part of it.
func saveState(ctx context.Context, tx queue.Tx, s incident.State, run *scenarios.Run) error {
	var played any
	if run.Outcome != scenarios.Skipped && run.Outcome != scenarios.Aborted {
		played = run.ID
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO states (scenario, failures, passes, since, last_run, last_started, played) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (scenario) DO UPDATE SET failures = excluded.failures, passes = excluded.passes, since = excluded.since,
			last_run = excluded.last_run, last_started = excluded.last_started, played = coalesce(excluded.played, states.played)`,
		run.Scenario, s.Failures, s.Passes, millisOrNull(s.Since), run.ID, millis(run.Started), played)
	return err
}

// Audience gives the reporters that tell of an incident, for those that its scenario names; nil: it names none.
type Audience func(to []string) []string

// saveIncident keeps what became of the scenario's incident, and enqueues the deliveries that tell of it.
func (s *Store) saveIncident(
	ctx context.Context, tx queue.Tx, before, after *incident.Incident, events []incident.Event, audience Audience,
) error {
	if after != nil && after != before {
		if err := upsertIncident(ctx, tx, *after); err != nil {
			return err
		}
	}
	for _, e := range events {
		if !e.Incident.Open() {
			if err := upsertIncident(ctx, tx, e.Incident); err != nil {
				return err
			}
		}
		to, err := told(ctx, tx, e.Incident.ID)
		if err != nil {
			return err
		}
		for _, reporter := range audience(e.Incident.To) {
			if !slices.Contains(to, reporter) {
				to = append(to, reporter)
			}
		}
		for _, reporter := range to {
			if err := s.enqueue(ctx, tx, e.Incident, reporter); err != nil {
				return err
			}
		}
	}
	return nil
}

// told gives the reporters that were to tell of an incident before. Who was told that it opened is told that it is over, also
// when the agent runs without that reporter just now.
func told(ctx context.Context, tx queue.Tx, incidentID string) (names []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT reporter FROM deliveries WHERE incident = $1`, incidentID)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// upsertIncident keeps the newest version of an incident. The run that opened it is written once.
func upsertIncident(ctx context.Context, tx queue.Tx, i incident.Incident) error {
	first, err := json.Marshal(i.First)
	if err != nil {
		return err
	}
	i.First = nil
	document, err := json.Marshal(i)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO incidents (id, scenario, opened, resolved, version, document, first) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET resolved = excluded.resolved, version = excluded.version, document = excluded.document`,
		i.ID, i.Scenario, millis(i.Opened), millisOrNull(i.Resolved), i.Version, string(document), string(first))
	return err
}

// enqueue notes that reporter has this version of the incident to tell, and adds the job that makes it.
func (s *Store) enqueue(ctx context.Context, tx queue.Tx, i incident.Incident, reporter string) error {
	since := i.Opened
	if !i.Open() {
		since = i.Resolved
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO deliveries (incident, reporter, version, told, since, begun, memory, attempts, error) VALUES ($1, $2, $3, 0, $4, 0, NULL, 0, '')
		ON CONFLICT (incident, reporter) DO UPDATE SET version = excluded.version,
			since = CASE WHEN deliveries.told < deliveries.version THEN deliveries.since ELSE excluded.since END`,
		i.ID, reporter, i.Version, millis(since))
	if err != nil {
		return err
	}
	return s.db.EnqueueDeliverTx(ctx, tx, queue.Deliver{Incident: i.ID, Reporter: reporter, Version: i.Version})
}

// row is a *sql.Row or *sql.Rows.
type row interface{ Scan(dest ...any) error }

// scanIncident reads the columns document and first.
func scanIncident(r row) (incident.Incident, error) {
	var document, first string
	if err := r.Scan(&document, &first); err != nil {
		return incident.Incident{}, err
	}
	var i incident.Incident
	if err := json.Unmarshal([]byte(document), &i); err != nil {
		return incident.Incident{}, fmt.Errorf("read an incident: %w", err)
	}
	if err := json.Unmarshal([]byte(first), &i.First); err != nil {
		return incident.Incident{}, fmt.Errorf("read the first run of incident %s: %w", i.ID, err)
	}
	return i, nil
}
