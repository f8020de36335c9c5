package store_test

import (
	"testing"

	"trackwalker/scenarios"
)

// TestCloseEndsAnIncidentOnce: an incident that nobody watches any more is resolved for a reason, told, and forgotten.
func TestCloseEndsAnIncidentOnce(t *testing.T) {
	s, db := fresh(t)
	record(t, s, newRun("gone", 0, scenarios.Failed), once, "slack")
	open, err := s.OpenIncidents(t.Context())
	if err != nil || len(open) != 1 {
		t.Fatalf("open: %v, %v", open, err)
	}
	for range 2 {
		if err := s.Close(t.Context(), open[0], "its flow is not watched any more", all("slack")); err != nil {
			t.Fatal(err)
		}
	}
	d, err := s.Delivery(t.Context(), open[0].ID, "slack")
	if err != nil {
		t.Fatal(err)
	}
	if d.Version != 2 || d.Incident.Open() || d.Incident.Reason != "its flow is not watched any more" {
		t.Errorf("to be told: %+v", d)
	}
	if n := count(t, db, "SELECT count(*) FROM river_job"); n != 2 {
		t.Errorf("%d jobs, want one for each version", n)
	}
	if left, err := s.OpenIncidents(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("still open: %v, %v", left, err)
	}
	if events := record(t, s, newRun("gone", 1, scenarios.Failed), once, "slack"); len(events) != 1 {
		t.Errorf("a flow that comes back and fails opens an incident of its own: %v", events)
	}
}

// TestReconcileTellsWhoDidNotKnow: a reporter that is new in the configuration is told of what is open, once.
func TestReconcileTellsWhoDidNotKnow(t *testing.T) {
	s, db := fresh(t)
	record(t, s, newRun("a", 0, scenarios.Failed), once, "slack (printed)")
	record(t, s, newRun("b", 0, scenarios.Failed), scenarios.AlertPolicy{After: 1, Recover: 1, To: []string{"hook"}}, "slack (printed)")
	record(t, s, newRun("c", 0, scenarios.Failed), once, "slack (printed)")
	record(t, s, newRun("c", 1, scenarios.Passed), once, "slack (printed)")
	for range 2 {
		if err := s.Reconcile(t.Context(), all("slack")); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, db, "SELECT count(*) FROM deliveries WHERE reporter = 'slack'"); n != 1 {
		t.Errorf("slack has %d deliveries, want that of a alone: b names its reporter, c is over", n)
	}
}
