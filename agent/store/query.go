package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"trackwalker/agent/queue"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
)

// Summary is a run in one line.
type Summary struct {
	ID         string
	Scenario   string
	Browser    string
	Location   string
	Due        time.Time // zero: asked for by hand
	Started    time.Time
	Duration   time.Duration
	Attempts   int
	Outcome    scenarios.Outcome
	Reason     string // why it was skipped or aborted
	FailedStep int    // counted from 1; 0: none, or no step's fault
	FailedName string // of that step
	Class      string // of the failure; empty: none
	Message    string // of the failure
}

// summarize takes from a run what the pages list.
func summarize(run *scenarios.Run) Summary {
	s := Summary{
		ID: run.ID, Scenario: run.Scenario, Browser: run.Browser, Location: run.Location, Due: run.Due, Started: run.Started,
		Duration: run.Duration(), Attempts: run.Attempts, Outcome: run.Outcome, Reason: run.Reason,
	}
	if f := run.Failure; f != nil {
		s.FailedStep, s.Class, s.Message = f.Step, string(f.Class), f.Message
		if step := run.Step(f.Step); step != nil {
			s.FailedName = step.Name
		}
	}
	return s
}

// summaryColumns are what scanSummary reads, of the table runs under the name r.
const summaryColumns = `r.id, r.scenario, r.browser, r.location, r.due, r.started, r.duration, r.attempts, r.outcome, r.reason,
	r.failed_step, r.failed_name, r.class, r.message`

func scanSummary(r row) (Summary, error) {
	var s Summary
	var due sql.NullInt64
	var started, duration int64
	var outcome string
	err := r.Scan(&s.ID, &s.Scenario, &s.Browser, &s.Location, &due, &started, &duration, &s.Attempts, &outcome, &s.Reason,
		&s.FailedStep, &s.FailedName, &s.Class, &s.Message)
	if err != nil {
		return Summary{}, err
	}
	if due.Valid {
		s.Due = fromMillis(due.Int64)
	}
	s.Started = fromMillis(started)
	s.Duration = time.Duration(duration) * time.Millisecond
	if err := s.Outcome.UnmarshalText([]byte(outcome)); err != nil {
		return Summary{}, fmt.Errorf("read run %s: %w", s.ID, err)
	}
	return s, nil
}

// ScenarioStatus is how one scenario stands.
type ScenarioStatus struct {
	Scenario string
	Last     Summary            // its newest run, of whatever outcome
	Played   *Summary           // its newest run that passed, failed or errored; nil: none is kept
	Incident *incident.Incident // the open one; nil: none
}

// Latest says how every scenario that has a run on record stands, by name.
func (s *Store) Latest(ctx context.Context) ([]ScenarioStatus, error) {
	last, err := s.summaries(ctx, `SELECT `+summaryColumns+` FROM states s JOIN runs r ON r.id = s.last_run ORDER BY s.scenario`)
	if err != nil {
		return nil, fmt.Errorf("read the state of the scenarios: %w", err)
	}
	played, err := s.summaries(ctx, `SELECT `+summaryColumns+` FROM states s JOIN runs r ON r.id = s.played`)
	if err != nil {
		return nil, fmt.Errorf("read the state of the scenarios: %w", err)
	}
	open, err := s.OpenIncidents(ctx)
	if err != nil {
		return nil, err
	}
	statuses := make([]ScenarioStatus, len(last))
	at := make(map[string]*ScenarioStatus, len(last))
	for i, sum := range last {
		statuses[i] = ScenarioStatus{Scenario: sum.Scenario, Last: sum}
		at[sum.Scenario] = &statuses[i]
	}
	for _, sum := range played {
		if status := at[sum.Scenario]; status != nil {
			status.Played = &sum
		}
	}
	for _, i := range open {
		if status := at[i.Scenario]; status != nil {
			status.Incident = &i
		}
	}
	return statuses, nil
}

// LastStarts gives the start of every scenario's newest run, of whatever outcome, by the scenario's name.
func (s *Store) LastStarts(ctx context.Context) (map[string]time.Time, error) {
	starts := map[string]time.Time{}
	err := each(ctx, s.db, `SELECT scenario, last_started FROM states`, nil, func(r row) error {
		var scenario string
		var started int64
		if err := r.Scan(&scenario, &started); err != nil {
			return err
		}
		starts[scenario] = fromMillis(started)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the last starts: %w", err)
	}
	return starts, nil
}

// Runs lists at most limit runs of a scenario (empty: of all), newest first: those before the run with the id before, or from
// the newest when that is empty.
func (s *Store) Runs(ctx context.Context, scenario string, limit int, before string) ([]Summary, error) {
	where, args := `WHERE ($1 = '' OR r.id < $1)`, []any{before, limit}
	if scenario != "" {
		where, args = where+` AND r.scenario = $3`, append(args, scenario)
	}
	runs, err := s.summaries(ctx, `SELECT `+summaryColumns+` FROM runs r `+where+` ORDER BY r.id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("list the runs: %w", err)
	}
	return runs, nil
}

// Run reads a whole run. The error is ErrNotFound when there is none of that id.
func (s *Store) Run(ctx context.Context, id string) (*scenarios.Run, error) {
	var document string
	err := s.db.Reader().QueryRowContext(ctx, `SELECT document FROM runs WHERE id = $1`, id).Scan(&document)
	if err != nil {
		return nil, fmt.Errorf("read run %s: %w", id, explain(err))
	}
	var run scenarios.Run
	if err := json.Unmarshal([]byte(document), &run); err != nil {
		return nil, fmt.Errorf("read run %s: %w", id, err)
	}
	return &run, nil
}

// Incident reads an incident. The error is ErrNotFound when there is none of that id.
func (s *Store) Incident(ctx context.Context, id string) (incident.Incident, error) {
	i, err := scanIncident(s.db.Reader().QueryRowContext(ctx, `SELECT document, first FROM incidents WHERE id = $1`, id))
	if err != nil {
		return incident.Incident{}, fmt.Errorf("read incident %s: %w", id, explain(err))
	}
	return i, nil
}

// OpenIncidents lists the incidents that last, the oldest first.
func (s *Store) OpenIncidents(ctx context.Context) ([]incident.Incident, error) {
	return s.incidents(ctx, `SELECT document, first FROM incidents WHERE resolved IS NULL ORDER BY opened, id`)
}

// Incidents lists at most limit incidents of a scenario (empty: of all), open or over, newest first: those before the one with
// the id before, or from the newest when that is empty.
func (s *Store) Incidents(ctx context.Context, scenario string, limit int, before string) ([]incident.Incident, error) {
	return s.incidents(ctx, `SELECT document, first FROM incidents
		WHERE ($1 = '' OR scenario = $1) AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`, scenario, before, limit)
}

// Evidence gives the SHA-256 sums of the artifacts of the runs that opened incidents which last: what no sweep may remove.
func (s *Store) Evidence(ctx context.Context) (map[string]bool, error) {
	sums := map[string]bool{}
	err := each(ctx, s.db, `SELECT a.sha256 FROM artifacts a JOIN incidents i ON i.id = a.run WHERE i.resolved IS NULL`, nil, func(r row) error {
		var sum string
		if err := r.Scan(&sum); err != nil {
			return err
		}
		sums[sum] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the evidence of open incidents: %w", err)
	}
	return sums, nil
}

func (s *Store) incidents(ctx context.Context, query string, args ...any) ([]incident.Incident, error) {
	var all []incident.Incident
	err := each(ctx, s.db, query, args, func(r row) error {
		i, err := scanIncident(r)
		all = append(all, i)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the incidents: %w", err)
	}
	return all, nil
}

func (s *Store) summaries(ctx context.Context, query string, args ...any) ([]Summary, error) {
	var all []Summary
	err := each(ctx, s.db, query, args, func(r row) error {
		sum, err := scanSummary(r)
		all = append(all, sum)
		return err
	})
	return all, err
}

// each reads the rows of a query one by one.
func each(ctx context.Context, db *queue.DB, query string, args []any, read func(row) error) (err error) {
	rows, err := db.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return explain(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := read(rows); err != nil {
			return explain(err)
		}
	}
	return explain(rows.Err())
}
