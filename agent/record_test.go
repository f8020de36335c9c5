package main_test

import (
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"trackwalker/agent/queue"
	"trackwalker/agent/store"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

// record opens the record of an agent that does not run, for as long as f takes.
func (w *world) record(f func(*store.Store) error) {
	w.t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := queue.Open(w.t.Context(), filepath.Join(w.dir, "data", "trackwalker.db"), log)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := store.Open(w.t.Context(), db, log)
	if err == nil {
		err = f(s)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		w.t.Fatal(err)
	}
}

// untold makes the agent one that has had something to tell for that long.
func (w *world) untold(age time.Duration) {
	w.t.Helper()
	run := &scenarios.Run{
		ID: "0190a8d2-0000-7000-8000-000000000001", Scenario: "shop", Started: time.Now().Add(-age).UTC(), Attempts: 1, Outcome: scenarios.Failed,
		Failure: &scenarios.Failure{Class: browser.ClassAssertion, Message: "the page does not say Welcome"},
	}
	w.record(func(s *store.Store) error {
		_, err := s.Record(w.t.Context(), run, scenarios.AlertPolicy{After: 1, Recover: 1}, func([]string) []string { return []string{"slack"} }, nil)
		return err
	})
}
