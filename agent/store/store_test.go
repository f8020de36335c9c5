package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"trackwalker/agent/queue"
	"trackwalker/agent/store"
	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/screenshots"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		os.Exit(child(path))
	}
	goleak.VerifyTestMain(m)
}

func logs(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func open(t *testing.T, path string) (*store.Store, *queue.DB) {
	t.Helper()
	db, err := queue.Open(t.Context(), path, logs(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := store.Open(t.Context(), db, logs(t))
	if err != nil {
		t.Fatal(err)
	}
	return s, db
}

func fresh(t *testing.T) (*store.Store, *queue.DB) {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "trackwalker.db"))
}

func exe(t *testing.T, db *queue.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Writer().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *queue.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.Reader().QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// start is when the tests' histories begin.
var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// newRun makes a run of a scenario that started, and was due, n minutes after start.
func newRun(scenario string, n int, o scenarios.Outcome) *scenarios.Run {
	at := start.Add(time.Duration(n) * time.Minute)
	r := &scenarios.Run{
		ID: uuid.Must(uuid.NewV7()).String(), Scenario: scenario, File: scenario + ".yaml", Browser: "chromium", Location: "berlin-1",
		Due: at, Started: at.Add(20 * time.Millisecond), DurationMS: 1500, Attempts: 1, Outcome: o,
		Steps: []scenarios.StepResult{
			{Index: 1, Kind: "goto", Name: "goto ${base}", Line: 3, Outcome: scenarios.Passed, DurationMS: 400},
			{Index: 2, Kind: "click", Name: "click Pay", Line: 4, Outcome: scenarios.Passed, DurationMS: 80},
		},
		Saved:     map[string]string{"order": "1042"},
		Console:   []browser.ConsoleMessage{},
		Artifacts: []scenarios.Artifact{},
	}
	if o == scenarios.Failed || o == scenarios.Errored {
		r.Failure = &scenarios.Failure{Class: "not_found", Step: 2, Line: 4, Message: "nothing on the page is called Pay", URL: "https://shop.example"}
		r.Steps[1].Outcome = scenarios.Failed
	}
	if o == scenarios.Skipped {
		r.Reason = "late"
	}
	return r
}

// picture gives the run an artifact of that content.
func picture(r *scenarios.Run, sum string) *scenarios.Run {
	r.Artifacts = append(r.Artifacts, scenarios.Artifact{
		Kind: "screenshot", Name: "failure", Step: 2, Media: "image/png",
		Ref: screenshots.Ref{SHA256: sum, Media: "image/png", Size: 10, Width: 5, Height: 5},
	})
	return r
}

var once = scenarios.AlertPolicy{After: 1, Recover: 1}

// all gives an audience: the reporters that a scenario names, or these.
func all(reporters ...string) store.Audience {
	return func(to []string) []string {
		if to != nil {
			return to
		}
		return reporters
	}
}

func record(t *testing.T, s *store.Store, r *scenarios.Run, p scenarios.AlertPolicy, reporters ...string) []incident.Event {
	t.Helper()
	events, err := s.Record(t.Context(), r, p, all(reporters...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trackwalker.db")
	t.Run("new", func(t *testing.T) { open(t, path) })
	t.Run("again", func(t *testing.T) {
		_, db := open(t, path)
		exe(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, 1)")
	})
	t.Run("newer", func(t *testing.T) {
		db, err := queue.Open(t.Context(), path, logs(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), db, logs(t)); !errors.Is(err, queue.ErrNewer) || !strings.Contains(err.Error(), "1000") {
			t.Errorf("error %v", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestRecordKeepsTheRun(t *testing.T) {
	s, _ := fresh(t)
	lcp := 512.5
	r := picture(newRun("checkout", 1, scenarios.Failed), strings.Repeat("ab", 32))
	r.Timings.LCP = &lcp
	r.Warnings = []string{"a dialog was never opened"}
	record(t, s, r, once)
	got, err := s.Run(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("the run that was read differs (-want +got):\n%s", diff)
	}
	runs, err := s.Runs(t.Context(), "checkout", 10, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Summary{{
		ID: r.ID, Scenario: "checkout", Browser: "chromium", Location: "berlin-1", Due: r.Due, Started: r.Started, Duration: 1500 * time.Millisecond,
		Attempts: 1, Outcome: scenarios.Failed, FailedStep: 2, FailedName: "click Pay", Class: "not_found", Message: "nothing on the page is called Pay",
	}}
	if diff := cmp.Diff(want, runs); diff != "" {
		t.Errorf("the list differs (-want +got):\n%s", diff)
	}
	if _, err := s.Run(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a run that is not there: %v", err)
	}
	if _, err := s.Incident(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an incident that is not there: %v", err)
	}
	for _, bad := range []*scenarios.Run{{Scenario: "x"}, {ID: "x"}} {
		if _, err := s.Record(t.Context(), bad, once, all(), nil); err == nil {
			t.Errorf("%+v is recorded", bad)
		}
	}
}

func TestADuplicateChangesNothing(t *testing.T) {
	s, db := fresh(t)
	first := newRun("checkout", 1, scenarios.Failed)
	record(t, s, first, once, "slack")
	twin := newRun("checkout", 1, scenarios.Passed) // would resolve the incident
	same := newRun("checkout", 2, scenarios.Passed)
	same.ID = first.ID
	for _, r := range []*scenarios.Run{twin, same} {
		if _, err := s.Record(t.Context(), r, once, all("slack"), nil); !errors.Is(err, store.ErrDuplicate) {
			t.Errorf("error %v", err)
		}
	}
	if n := count(t, db, "SELECT count(*) FROM runs"); n != 1 {
		t.Errorf("%d runs", n)
	}
	if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("open incidents %v, %v", open, err)
	}
	if w, err := db.Waiting(t.Context()); err != nil || w.Deliveries != 1 {
		t.Errorf("waiting %+v, %v", w, err)
	}
	// What was asked for by hand has no due time, and is never a duplicate.
	for range 2 {
		r := newRun("checkout", 3, scenarios.Failed)
		r.Due = time.Time{}
		record(t, s, r, once, "slack")
	}
}

// Recording is folding: whatever the history, the store remembers what the pure state machine does.
func TestRecordFolds(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s, _ := fresh(t)
			rng := rand.New(rand.NewPCG(seed, 1))
			policy := scenarios.AlertPolicy{After: 1 + rng.IntN(3), Recover: 1 + rng.IntN(3)}
			want := map[string]incident.State{}
			all := map[string]incident.Incident{}
			outcomes := []scenarios.Outcome{scenarios.Passed, scenarios.Passed, scenarios.Failed, scenarios.Failed, scenarios.Errored, scenarios.Skipped, scenarios.Aborted}
			for n := range 60 {
				r := newRun([]string{"a", "b"}[rng.IntN(2)], n, outcomes[rng.IntN(len(outcomes))])
				next, events := incident.Fold(policy, want[r.Scenario], r)
				if got := record(t, s, r, policy, "slack"); !cmp.Equal(got, events) {
					t.Fatalf("run %d: events differ (-want +got):\n%s", n, cmp.Diff(events, got))
				}
				want[r.Scenario] = next
				if next.Incident != nil {
					all[next.Incident.ID] = *next.Incident
				}
				for _, e := range events {
					all[e.Incident.ID] = e.Incident
				}
			}
			for id, i := range all {
				got, err := s.Incident(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(i, got); diff != "" {
					t.Errorf("incident %s differs (-want +got):\n%s", id, diff)
				}
			}
			listed, err := s.Incidents(t.Context(), "", 1000, "")
			if err != nil || len(listed) != len(all) {
				t.Errorf("%d incidents, %v; want %d", len(listed), err, len(all))
			}
			open, err := s.OpenIncidents(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range open {
				if s := want[i.Scenario]; s.Incident == nil || s.Incident.ID != i.ID {
					t.Errorf("incident %s is open", i.ID)
				}
			}
		})
	}
}

func TestWhoIsTold(t *testing.T) {
	tests := []struct {
		name string
		to   []string
		want []string
	}{
		{"all", nil, []string{"hook", "slack"}},
		{"some", []string{"hook"}, []string{"hook"}},
		{"none", []string{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, db := fresh(t)
			policy := scenarios.AlertPolicy{After: 1, Recover: 1, To: tt.to}
			r := newRun("checkout", 1, scenarios.Failed)
			record(t, s, r, policy, "slack", "hook")
			record(t, s, newRun("checkout", 2, scenarios.Passed), policy, "slack", "hook")
			var told []string
			for _, reporter := range []string{"hook", "slack"} {
				d, err := s.Delivery(t.Context(), r.ID, reporter)
				if errors.Is(err, store.ErrNotFound) {
					continue
				}
				if err != nil || d.Version != 2 || d.Told != 0 || d.Incident.Open() {
					t.Errorf("delivery %+v, %v", d, err)
				}
				told = append(told, reporter)
			}
			if !slices.Equal(told, tt.want) {
				t.Errorf("told %v, want %v", told, tt.want)
			}
			if w, err := db.Waiting(t.Context()); err != nil || w.Deliveries != 2*len(tt.want) {
				t.Errorf("waiting %+v, %v", w, err)
			}
		})
	}
}

func TestDeliver(t *testing.T) {
	s, _ := fresh(t)
	r := newRun("checkout", 1, scenarios.Failed)
	record(t, s, r, once, "slack")
	job := func(version int) queue.Deliver {
		return queue.Deliver{Incident: r.ID, Reporter: "slack", Version: version}
	}
	type call struct {
		Open   bool
		Memory string
		CutOff bool
	}
	var calls []call
	report := func(memory string, err error) func(context.Context, store.Delivery) (json.RawMessage, error) {
		return func(_ context.Context, d store.Delivery) (json.RawMessage, error) {
			calls = append(calls, call{d.Incident.Open(), string(d.Memory), d.CutOff})
			if memory == "" {
				return nil, err
			}
			return json.RawMessage(memory), err
		}
	}
	expect := func(what string, want ...call) {
		t.Helper()
		if !slices.Equal(calls, want) {
			t.Errorf("%s: calls %+v, want %+v", what, calls, want)
		}
		calls = nil
	}
	state := func(told, attempts int, lastError string) {
		t.Helper()
		d, err := s.Delivery(t.Context(), r.ID, "slack")
		if err != nil || d.Told != told || d.Attempts != attempts || d.LastError != lastError {
			t.Errorf("delivery told %d, %d attempts, %q, %v; want %d, %d, %q", d.Told, d.Attempts, d.LastError, err, told, attempts, lastError)
		}
	}

	// A failure is kept with the memory it returned; a failure that remembers nothing leaves the memory.
	down := errors.New("connection refused")
	if err := s.Deliver(t.Context(), job(1), report(`{"ts":"1"}`, down)); !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
	expect("first", call{true, "", false})
	state(0, 1, "connection refused")
	err := s.Deliver(t.Context(), job(1), report("", &reporters.RetryAfter{After: 30 * time.Second, Err: errors.New("rate limited")}))
	var later *queue.Later
	if !errors.As(err, &later) || later.After != 30*time.Second {
		t.Errorf("rate limited: %v", err)
	}
	expect("with its memory", call{true, `{"ts":"1"}`, false})
	err = s.Deliver(t.Context(), job(1), report("", fmt.Errorf("slack: %w", &reporters.Permanent{Err: errors.New("invalid_auth")})))
	if later = nil; !errors.As(err, &later) || later.After != 10*time.Minute {
		t.Errorf("permanent: %v", err)
	}
	expect("with its memory still", call{true, `{"ts":"1"}`, false})
	state(0, 3, "slack: invalid_auth")

	backlog, err := s.Undelivered(t.Context(), []string{"slack"})
	want := store.Backlog{Count: 1, Oldest: r.Ended(), Reporter: "slack", LastError: "slack: invalid_auth"}
	if diff := cmp.Diff(want, backlog); err != nil || diff != "" {
		t.Errorf("backlog differs, %v (-want +got):\n%s", err, diff)
	}

	// What is told, but for something that takes long, is not told yet; and it is no failure.
	if err := s.Deliver(t.Context(), job(1), report("", reporters.ErrMore)); !errors.Is(err, queue.ErrMore) {
		t.Errorf("more to come: %v", err)
	}
	expect("more to come", call{true, `{"ts":"1"}`, false})
	state(0, 0, "")

	// A report that is cut off leaves nothing but that it was.
	func() {
		defer func() { _ = recover() }()
		_ = s.Deliver(t.Context(), job(1), func(context.Context, store.Delivery) (json.RawMessage, error) { panic("killed") })
	}()

	// It is over before anybody was told of it: the older job ends, the newer tells how it is now.
	record(t, s, newRun("checkout", 2, scenarios.Passed), once, "slack")
	if err := s.Deliver(t.Context(), job(1), report("", nil)); err != nil {
		t.Error(err)
	}
	expect("older")
	if backlog, err := s.Undelivered(t.Context(), []string{"slack"}); err != nil || !backlog.Oldest.Equal(r.Ended()) {
		t.Errorf("backlog %+v, %v", backlog, err)
	}
	if err := s.Deliver(t.Context(), job(2), report(`{"ts":"2"}`, nil)); err != nil {
		t.Error(err)
	}
	expect("newer", call{false, `{"ts":"1"}`, true})
	state(2, 0, "")
	for version := 1; version <= 2; version++ {
		if err := s.Deliver(t.Context(), job(version), report("", nil)); err != nil {
			t.Error(err)
		}
	}
	expect("all is told")
	if backlog, err := s.Undelivered(t.Context(), []string{"slack"}); err != nil || backlog != (store.Backlog{}) {
		t.Errorf("backlog %+v, %v", backlog, err)
	}

	// An incident that is gone needs no report.
	gone := queue.Deliver{Incident: "gone", Reporter: "slack", Version: 1}
	if err := s.Deliver(t.Context(), gone, report("", nil)); err != nil {
		t.Error(err)
	}
	expect("gone")
	if err := s.Told(t.Context(), "gone", "slack", 1, nil, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("told of what is gone: %v", err)
	}
}

// Who was told that an incident opened is told of its end, also when the agent runs without that reporter just then.
func TestTheEndIsToldToWhoWasToldOfTheBeginning(t *testing.T) {
	s, _ := fresh(t)
	r := newRun("checkout", 1, scenarios.Failed)
	record(t, s, r, once, "slack")
	if err := s.Told(t.Context(), r.ID, "slack", 1, nil, nil); err != nil {
		t.Fatal(err)
	}
	record(t, s, newRun("checkout", 2, scenarios.Passed), once, "printed")
	for _, reporter := range []string{"slack", "printed"} {
		if d, err := s.Delivery(t.Context(), r.ID, reporter); err != nil || d.Version != 2 || d.Told == 2 {
			t.Errorf("%s is to tell version %d and told %d, %v", reporter, d.Version, d.Told, err)
		}
	}
	if b, err := s.Undelivered(t.Context(), []string{"printed"}); err != nil || b.Count != 1 {
		t.Errorf("the backlog of the reporters that are there: %+v, %v", b, err)
	}
}

// However short the record is kept: nobody misses what is still to be told, for a month.
func TestSweepKeepsWhatIsToBeTold(t *testing.T) {
	s, _ := fresh(t)
	r := newRun("checkout", 1, scenarios.Failed)
	record(t, s, r, once, "slack")
	record(t, s, newRun("checkout", 2, scenarios.Passed), once, "slack")
	for _, step := range []struct {
		after time.Duration
		left  int
	}{{2 * time.Hour, 1}, {29 * 24 * time.Hour, 1}, {31 * 24 * time.Hour, 0}} {
		if _, err := s.Sweep(t.Context(), time.Hour, r.Ended().Add(step.after)); err != nil {
			t.Fatal(err)
		}
		if b, err := s.Undelivered(t.Context(), []string{"slack"}); err != nil || b.Count != step.left {
			t.Errorf("after %s: %+v, %v; want %d", step.after, b, err, step.left)
		}
	}
}

func TestALongErrorIsCutAtACharacter(t *testing.T) {
	s, _ := fresh(t)
	r := newRun("checkout", 1, scenarios.Failed)
	record(t, s, r, once, "hook")
	if err := s.Told(t.Context(), r.ID, "hook", 1, nil, errors.New("x"+strings.Repeat("ü", 5000))); err != nil {
		t.Fatal(err)
	}
	d, err := s.Delivery(t.Context(), r.ID, "hook")
	if err != nil || len(d.LastError) > 2010 || strings.Trim(d.LastError, "ü") != "x"+"…" && strings.Trim(d.LastError, "xü") != "…" {
		t.Errorf("%d bytes, %v", len(d.LastError), err)
	}
}

func TestLatest(t *testing.T) {
	s, _ := fresh(t)
	a1, a2 := newRun("a", 1, scenarios.Failed), newRun("a", 2, scenarios.Skipped)
	b1 := newRun("b", 1, scenarios.Passed)
	c1 := newRun("c", 3, scenarios.Skipped)
	for _, r := range []*scenarios.Run{b1, a1, a2, c1} {
		record(t, s, r, once)
	}
	latest, err := s.Latest(t.Context())
	if err != nil || len(latest) != 3 {
		t.Fatalf("%d scenarios, %v", len(latest), err)
	}
	a, b, c := latest[0], latest[1], latest[2]
	if a.Scenario != "a" || a.Last.ID != a2.ID || a.Last.Reason != "late" || a.Played == nil || a.Played.ID != a1.ID || a.Incident == nil || a.Incident.ID != a1.ID {
		t.Errorf("a stands %+v", a)
	}
	if b.Scenario != "b" || b.Last.ID != b1.ID || b.Played == nil || b.Played.ID != b1.ID || b.Incident != nil {
		t.Errorf("b stands %+v", b)
	}
	if c.Scenario != "c" || c.Last.ID != c1.ID || c.Played != nil || c.Incident != nil {
		t.Errorf("c stands %+v", c)
	}
	starts, err := s.LastStarts(t.Context())
	if diff := cmp.Diff(map[string]time.Time{"a": a2.Started, "b": b1.Started, "c": c1.Started}, starts); err != nil || diff != "" {
		t.Errorf("starts differ, %v (-want +got):\n%s", err, diff)
	}
}

func TestRunsByPage(t *testing.T) {
	s, _ := fresh(t)
	var all, ofA []string
	for n := range 25 {
		r := newRun([]string{"a", "b"}[n%2], n, scenarios.Passed)
		record(t, s, r, once)
		all = append(all, r.ID)
		if r.Scenario == "a" {
			ofA = append(ofA, r.ID)
		}
	}
	slices.Reverse(all)
	slices.Reverse(ofA)
	for scenario, want := range map[string][]string{"": all, "a": ofA, "none": nil} {
		var got []string
		for before := ""; ; {
			page, err := s.Runs(t.Context(), scenario, 4, before)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, sum := range page {
				got = append(got, sum.ID)
			}
			before = page[len(page)-1].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("scenario %q: pages differ:\n%s", scenario, cmp.Diff(want, got))
		}
	}
}

func TestSweep(t *testing.T) {
	s, db := fresh(t)
	const day = 24 * 60 // minutes
	sum := func(n int) string { return fmt.Sprintf("%064x", n) }
	open := picture(newRun("broken", 0, scenarios.Failed), sum(1)) // opens an incident that lasts
	over := picture(newRun("mended", 0, scenarios.Failed), sum(2)) // and one that does not
	record(t, s, open, once, "slack")
	record(t, s, over, once, "slack")
	record(t, s, newRun("mended", 1, scenarios.Passed), once, "slack")
	if err := s.Told(t.Context(), over.ID, "slack", 2, nil, nil); err != nil {
		t.Fatal(err)
	}
	record(t, s, newRun("gone", 1, scenarios.Passed), once)
	for n := range 1200 {
		record(t, s, newRun("often", n, scenarios.Passed), once)
	}
	young := newRun("mended", 10*day, scenarios.Passed)
	record(t, s, young, once)
	record(t, s, newRun("broken", 10*day, scenarios.Failed), once)
	if evidence, err := s.Evidence(t.Context()); err != nil || len(evidence) != 1 || !evidence[sum(1)] {
		t.Errorf("evidence %v, %v", evidence, err)
	}

	swept, err := s.Sweep(t.Context(), 5*24*time.Hour, start.Add(10*24*time.Hour))
	if err != nil || swept != (store.Swept{Runs: 1203, Incidents: 1}) {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if n := count(t, db, "SELECT count(*) FROM runs"); n != 3 {
		t.Errorf("%d runs are left", n)
	}
	if n := count(t, db, "SELECT count(*) FROM artifacts"); n != 1 {
		t.Errorf("%d artifacts are left", n)
	}
	if n := count(t, db, "SELECT count(*) FROM deliveries"); n != 1 {
		t.Errorf("%d deliveries are left", n)
	}
	if _, err := s.Run(t.Context(), open.ID); err != nil {
		t.Errorf("the evidence is gone: %v", err)
	}
	latest, err := s.Latest(t.Context())
	if err != nil || len(latest) != 2 || latest[0].Scenario != "broken" || latest[0].Incident == nil || latest[1].Played.ID != young.ID {
		t.Errorf("left %+v, %v", latest, err)
	}
	// The incident that lasts is as it was, and can be resolved.
	record(t, s, newRun("broken", 11*day, scenarios.Passed), once, "slack")
	if i, err := s.Incident(t.Context(), open.ID); err != nil || i.Open() || i.Runs != 2 || i.First == nil || i.First.ID != open.ID {
		t.Errorf("incident %+v, %v", i, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Sweep(ctx, 0, start.Add(100*24*time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("a sweep that is told to stop: %v", err)
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	s, db := fresh(t)
	record(t, s, newRun("checkout", 0, scenarios.Passed), once, "slack")
	exe(t, db, "PRAGMA max_page_count = 1") // as many as there are
	big := newRun("checkout", 1, scenarios.Failed)
	big.Console = append(big.Console, browser.ConsoleMessage{Text: strings.Repeat("x", 1_000_000)})
	_, err := s.Record(t.Context(), big, once, all("slack"), nil)
	if !errors.Is(err, queue.ErrFull) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("error %v", err)
	}
	if n := count(t, db, "SELECT count(*) FROM runs"); n != 1 {
		t.Errorf("%d runs", n)
	}
	if w, err := db.Waiting(t.Context()); err != nil || w.Deliveries != 0 {
		t.Errorf("waiting %+v, %v", w, err)
	}
	exe(t, db, "PRAGMA max_page_count = 1000000")
	if events := record(t, s, big, once, "slack"); len(events) != 1 {
		t.Errorf("with space again: %v", events)
	}
}

func TestARunIsRecordedThoughTheAgentStops(t *testing.T) {
	s, _ := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRun("checkout", 1, scenarios.Aborted)
	if _, err := s.Record(ctx, r, once, all(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(t.Context(), r.ID); err != nil {
		t.Error(err)
	}
}

func TestReadersAndWritersAtTheSameTime(t *testing.T) {
	s, _ := fresh(t)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for n := range 25 {
				outcome := []scenarios.Outcome{scenarios.Passed, scenarios.Failed}[n%2]
				if _, err := s.Record(t.Context(), newRun(fmt.Sprint("s", worker), n, outcome), once, all("slack"), nil); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 25 {
				if _, err := s.Latest(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := s.Undelivered(t.Context(), []string{"slack"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
