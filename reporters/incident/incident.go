// Package incident judges: it folds the runs of one scenario, one after the other, into the state of its incident. It is
// pure: time enters only as data of the runs, and nothing is read, written or sent here.
package incident

import (
	"time"

	"trackwalker/scenarios"
)

// State is what is remembered of one scenario between two runs. Its zero value is a scenario that never played.
type State struct {
	Failures int       `json:"failures"` // consecutive failed runs
	Passes   int       `json:"passes"`   // consecutive passed runs since the incident opened
	Since    time.Time `json:"since"`    // start of the first failed run of the present streak
	Incident *Incident `json:"incident"` // the open one, or nil
}

// Incident is one stretch of time in which a scenario did not work.
type Incident struct {
	ID       string    `json:"id"` // of the run that opened it
	Scenario string    `json:"scenario"`
	Since    time.Time `json:"since"`    // start of the first failed run
	Opened   time.Time `json:"opened"`   // end of the run that made it an incident
	Resolved time.Time `json:"resolved"` // end of the run that resolved it; zero while it is open
	Runs     int       `json:"runs"`     // failed runs so far
	Version  int       `json:"version"`  // counts the changes that people are told of, from 1
	To       []string  `json:"to"`       // reporters that are told; nil: all
	// Reason says why it is over where no recovery was seen; empty: the flow passed again.
	Reason string `json:"reason,omitempty"`
	// First is the failed run that opened it: the evidence. It does not change while the incident lasts.
	First *scenarios.Run `json:"first"`
}

// Open reports whether the incident lasts.
func (i *Incident) Open() bool { return i.Resolved.IsZero() }

// Lasted is from the first failure to the recovery, or to now while it is open.
func (i *Incident) Lasted(now time.Time) time.Duration {
	if i.Open() {
		return now.Sub(i.Since)
	}
	return i.Resolved.Sub(i.Since)
}

// EventKind says what happened to an incident.
type EventKind string

// The events that people are told of.
const (
	Opened   EventKind = "opened"
	Resolved EventKind = "resolved"
)

// Event is a change that reporters have to bring to people.
type Event struct {
	Kind     EventKind
	Incident Incident // as it is after the event
}

// Fold gives the state after r, and what happened. Only passed and failed runs count: what errored, was aborted or skipped
// says nothing about the site and leaves the state as it is.
func Fold(p scenarios.AlertPolicy, s State, r *scenarios.Run) (State, []Event) {
	switch r.Outcome {
	case scenarios.Failed:
		return fail(p, s, r)
	case scenarios.Passed:
		return pass(p, s, r)
	default:
		return s, nil
	}
}

func fail(p scenarios.AlertPolicy, s State, r *scenarios.Run) (State, []Event) {
	if s.Failures == 0 && s.Incident == nil {
		s.Since = r.Started
	}
	s.Failures++
	s.Passes = 0
	if s.Incident != nil {
		next := *s.Incident
		next.Runs++
		s.Incident = &next
		return s, nil
	}
	if s.Failures < max(p.After, 1) {
		return s, nil
	}
	s.Incident = &Incident{
		ID: r.ID, Scenario: r.Scenario, Since: s.Since, Opened: r.Ended(), Runs: s.Failures, Version: 1, To: p.To, First: r,
	}
	return s, []Event{{Opened, *s.Incident}}
}

func pass(p scenarios.AlertPolicy, s State, r *scenarios.Run) (State, []Event) {
	s.Failures = 0
	if s.Incident == nil {
		return State{}, nil
	}
	s.Passes++
	if s.Passes < max(p.Recover, 1) {
		return s, nil
	}
	over := *s.Incident
	over.Resolved = r.Ended()
	over.Version++
	return State{}, []Event{{Resolved, over}}
}
