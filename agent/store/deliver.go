package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"trackwalker/agent/queue"
	"trackwalker/reporters"
	"trackwalker/reporters/incident"
)

const (
	permanentPause = 10 * time.Minute // before another try at what a person has to mend
	maxErrorText   = 2000             // bytes of a reporter's error that are kept
)

// Delivery is how far one reporter has come with one incident.
type Delivery struct {
	Incident  incident.Incident // its newest state
	Reporter  string
	Version   int             // of the incident, that the reporter is to tell
	Told      int             // the version that it has told; 0: nothing yet
	CutOff    bool            // a report was begun of which nothing was kept: the agent was killed, or its disk was full
	Memory    json.RawMessage // what its last report returned; nil: nothing yet
	Since     time.Time       // from when on there was something to tell
	Attempts  int             // in vain, since it last told something
	LastError string          // of the last of them; empty: none
}

// Delivery reads the delivery of an incident by a reporter. The error is ErrNotFound when there is none.
func (s *Store) Delivery(ctx context.Context, incidentID, reporter string) (Delivery, error) {
	d := Delivery{Reporter: reporter}
	var memory sql.NullString
	var since int64
	var document, first string
	err := s.db.Reader().QueryRowContext(ctx, `
		SELECT d.version, d.told, d.begun, d.memory, d.since, d.attempts, d.error, i.document, i.first
		FROM deliveries d JOIN incidents i ON i.id = d.incident WHERE d.incident = $1 AND d.reporter = $2`, incidentID, reporter).
		Scan(&d.Version, &d.Told, &d.CutOff, &memory, &since, &d.Attempts, &d.LastError, &document, &first)
	if err == nil {
		d.Incident, err = scanIncident(columns{document, first})
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("read the delivery of incident %s by %s: %w", incidentID, reporter, explain(err))
	}
	if memory.Valid {
		d.Memory = json.RawMessage(memory.String)
	}
	d.Since = fromMillis(since)
	return d, nil
}

// columns are texts that were read already, as a row.
type columns []string

func (c columns) Scan(dest ...any) error {
	for i, d := range dest {
		text, ok := d.(*string)
		if !ok {
			return fmt.Errorf("column %d is text", i)
		}
		*text = c[i]
	}
	return nil
}

// begin notes that a report is begun, so that one that is cut off is known for that.
func (s *Store) begin(ctx context.Context, incidentID, reporter string) error {
	err := s.db.Write(ctx, func(tx queue.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE deliveries SET begun = 1 WHERE incident = $1 AND reporter = $2`, incidentID, reporter)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to tell of incident %s by %s: %w", incidentID, reporter, err)
	}
	return nil
}

// Told keeps how a report went: what the reporter wants to remember (nil: as before), and the version that it told or, when
// failed is not nil, why it did not; reporters.ErrMore is no failure. It is kept even when ctx has ended.
func (s *Store) Told(ctx context.Context, incidentID, reporter string, version int, memory json.RawMessage, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	var remembered any
	if memory != nil {
		remembered = string(memory)
	}
	err := s.db.Write(ctx, func(tx queue.Tx) error {
		var result sql.Result
		var err error
		switch {
		case failed == nil:
			result, err = tx.ExecContext(ctx, `UPDATE deliveries SET begun = 0, memory = coalesce($1, memory), attempts = 0, error = '',
				told = CASE WHEN told < $2 THEN $2 ELSE told END WHERE incident = $3 AND reporter = $4`, remembered, version, incidentID, reporter)
		case errors.Is(failed, reporters.ErrMore):
			result, err = tx.ExecContext(ctx, `UPDATE deliveries SET begun = 0, memory = coalesce($1, memory), attempts = 0, error = ''
				WHERE incident = $2 AND reporter = $3`, remembered, incidentID, reporter)
		default:
			result, err = tx.ExecContext(ctx, `UPDATE deliveries SET begun = 0, memory = coalesce($1, memory), attempts = attempts + 1, error = $2
				WHERE incident = $3 AND reporter = $4`, remembered, shorten(failed.Error()), incidentID, reporter)
		}
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep what %s told of incident %s: %w", reporter, incidentID, err)
	}
	return nil
}

// Deliver is the work of a delivery job. It gives report what there is to tell, and keeps what comes back. A job for a version
// that was told, or for which a newer job waits, ends at once and calls nothing. The error says, by queue.ErrMore or a
// *queue.Later, how to go on where the reporter's does.
func (s *Store) Deliver(ctx context.Context, job queue.Deliver, report func(ctx context.Context, d Delivery) (json.RawMessage, error)) error {
	d, err := s.Delivery(ctx, job.Incident, job.Reporter)
	if errors.Is(err, ErrNotFound) {
		s.log.InfoContext(ctx, "nothing to deliver: the incident was swept", "incident", job.Incident, "reporter", job.Reporter)
		return nil
	}
	if err != nil {
		return err
	}
	if d.Told >= d.Version || job.Version < d.Version {
		return nil
	}
	if err := s.begin(ctx, job.Incident, job.Reporter); err != nil {
		return err
	}
	memory, failed := report(ctx, d)
	if err := s.Told(ctx, job.Incident, job.Reporter, d.Incident.Version, memory, failed); err != nil {
		return errors.Join(failed, err)
	}
	return later(failed)
}

// later puts a reporter's special errors in the queue's terms.
func later(err error) error {
	var again *reporters.RetryAfter
	var permanent *reporters.Permanent
	switch {
	case errors.Is(err, reporters.ErrMore):
		return queue.ErrMore
	case errors.As(err, &again):
		return &queue.Later{After: again.After, Err: err}
	case errors.As(err, &permanent):
		return &queue.Later{After: permanentPause, Err: err}
	default:
		return err
	}
}

// Backlog is what reporters have not told yet.
type Backlog struct {
	Count     int       // of pairs of an incident and a reporter
	Oldest    time.Time // since when the oldest of them waits; zero: none does
	Reporter  string    // of the newest failure; empty: none failed
	LastError string    // its text
}

// Undelivered says what these reporters have not told yet.
func (s *Store) Undelivered(ctx context.Context, reporters []string) (Backlog, error) {
	names, err := json.Marshal(append([]string{}, reporters...))
	if err != nil {
		return Backlog{}, err
	}
	const waiting = ` FROM deliveries WHERE told < version AND reporter IN (SELECT value FROM json_each($1)) `
	var b Backlog
	var oldest sql.NullInt64
	err = s.db.Reader().QueryRowContext(ctx, `SELECT count(*), min(since)`+waiting, string(names)).Scan(&b.Count, &oldest)
	if err == nil && oldest.Valid {
		b.Oldest = fromMillis(oldest.Int64)
		err = s.db.Reader().QueryRowContext(ctx, `SELECT reporter, error`+waiting+`AND error <> '' ORDER BY since DESC LIMIT 1`, string(names)).
			Scan(&b.Reporter, &b.LastError)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
	}
	if err != nil {
		return Backlog{}, fmt.Errorf("count what is not delivered: %w", explain(err))
	}
	return b, nil
}

// shorten cuts a text after maxErrorText bytes, at the border of a character.
func shorten(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	cut := maxErrorText
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
