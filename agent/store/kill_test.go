package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"trackwalker/agent/queue"
	"trackwalker/agent/store"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
)

// These name the variables that make this test binary an agent without a browser: it plays, records and delivers until it is
// killed, and writes the id of every run whose recording has returned.
const (
	childPath = "TRACKWALKER_TEST_AGENT"
	childSeed = "TRACKWALKER_TEST_SEED"
)

var killPolicy = scenarios.AlertPolicy{After: 2, Recover: 1}

func killReporters() []string { return []string{"slack", "hook"} }

func child(path string) int {
	err := play(path)
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func play(path string) error {
	seed, err := strconv.ParseUint(os.Getenv(childSeed), 10, 64)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() { // when the test is gone, so is its child
		_, err := io.Copy(io.Discard, os.Stdin)
		cancel(errors.Join(errors.New("the test is gone"), err))
	}()
	log := slog.New(slog.DiscardHandler)
	db, err := queue.Open(ctx, path, log)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, db, log)
	if err != nil {
		return err
	}
	waiting := make(chan struct{}, 40) // a token for each play that waits
	a := agent{store: s, rng: rand.New(rand.NewPCG(seed, 2)), out: os.Stdout, done: func() {
		select {
		case <-waiting:
		default: // it was left by the last start
		}
	}}
	q, err := queue.New(db, queue.Handlers{Play: a.play, Deliver: a.deliver}, queue.Options{Slots: map[string]int{"chromium": 16}})
	if err != nil {
		return err
	}
	if err := q.Start(ctx); err != nil {
		return err
	}
	for due := time.Now(); ; due = due.Add(time.Millisecond) {
		for _, scenario := range []string{"a", "b", "c"} {
			select {
			case waiting <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if _, err := q.EnqueuePlay(ctx, queue.Play{Scenario: scenario, Due: due, Browser: "chromium"}); err != nil {
				return err
			}
		}
	}
}

// agent is what the child's handlers share.
type agent struct {
	store *store.Store
	done  func()

	mu  sync.Mutex // so that the runs' ids are in the order of their recording
	rng *rand.Rand
	out io.Writer
}

func (a *agent) play(ctx context.Context, job *queue.Job) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := newRun(job.Scenario, 0, scenarios.Passed)
	if a.rng.IntN(2) == 0 {
		r = newRun(job.Scenario, 0, scenarios.Failed)
	}
	r.ID, r.Due, r.Started = uuid.Must(uuid.NewV7()).String(), job.Due, job.Due
	if _, err := a.store.Record(ctx, r, killPolicy, all(killReporters()...), job); err != nil {
		return err
	}
	a.done()
	_, err := fmt.Fprintln(a.out, r.ID)
	return err
}

func (a *agent) deliver(ctx context.Context, d queue.Deliver) error {
	return a.store.Deliver(ctx, d, func(context.Context, store.Delivery) (json.RawMessage, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.rng.IntN(3) == 0 {
			return nil, &queue.Later{Err: errors.New("down")}
		}
		return json.RawMessage(`{}`), nil
	})
}

func TestKill(t *testing.T) {
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	path := filepath.Join(t.TempDir(), "trackwalker.db")
	var committed []string
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			committed = append(committed, killed(t, path, uint64(round))...)
			if round%5 == 4 { // what a kill breaks stays broken
				s, db := open(t, path)
				consistent(t, s, db, committed)
			}
		})
		if t.Failed() {
			return
		}
	}
	s, db := open(t, path)
	everythingIsTold(t, s, db)
	t.Logf("%d runs", len(committed))
}

// everythingIsTold lets an agent work until no delivery is left.
func everythingIsTold(t *testing.T, s *store.Store, db *queue.DB) {
	t.Helper()
	a := agent{store: s, rng: rand.New(rand.NewPCG(1, 2)), out: io.Discard, done: func() {}}
	q, err := queue.New(db, queue.Handlers{Play: a.play, Deliver: a.deliver}, queue.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		backlog, err := s.Undelivered(t.Context(), killReporters())
		if err != nil || time.Now().After(end) {
			t.Errorf("not delivered: %+v, %v", backlog, err)
			break
		}
		if backlog.Count == 0 {
			break
		}
	}
	if err := q.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// killed runs a child on the database, kills it at an instant that comes from seed, and gives the ids that it reported.
func killed(t *testing.T, path string, seed uint64) []string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path, childSeed+"="+strconv.FormatUint(seed, 10))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	}()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// After so many recordings, and somewhere within the next ones.
	after, more := rng.IntN(20), time.Duration(rng.IntN(5000))*time.Microsecond
	var ids []string
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // dead; a line that was cut off was not reported
		}
		ids = append(ids, strings.TrimSpace(line))
		if len(ids) == after+1 {
			time.AfterFunc(more, func() {
				if err := cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if err := cmd.Wait(); err == nil || len(ids) <= after {
		t.Fatalf("the child ended by itself after %d runs: %v: %s", len(ids), err, stderr.String())
	}
	return ids
}

// consistent holds the record to what was reported, and its parts to each other.
func consistent(t *testing.T, s *store.Store, db *queue.DB, committed []string) {
	t.Helper()
	runs := map[string][]store.Summary{}
	recorded := map[string]bool{}
	for before := ""; ; {
		page, err := s.Runs(t.Context(), "", 1000, before)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, sum := range page {
			runs[sum.Scenario] = append([]store.Summary{sum}, runs[sum.Scenario]...)
			recorded[sum.ID] = true
			before = sum.ID
		}
	}
	for _, id := range committed {
		if !recorded[id] {
			t.Errorf("run %s was reported as recorded, and is lost", id)
		}
	}
	// The incidents are what the runs fold into.
	want := map[string]incident.Incident{}
	for _, history := range runs {
		var state incident.State
		for _, sum := range history {
			r, err := s.Run(t.Context(), sum.ID)
			if err != nil {
				t.Fatal(err)
			}
			var events []incident.Event
			state, events = incident.Fold(killPolicy, state, r)
			if state.Incident != nil {
				want[state.Incident.ID] = *state.Incident
			}
			for _, e := range events {
				want[e.Incident.ID] = e.Incident
			}
		}
	}
	got := map[string]incident.Incident{}
	all, err := s.Incidents(t.Context(), "", 1_000_000, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		got[i.ID] = i
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the incidents differ from what the runs fold into (-want +got):\n%s", diff)
	}
	// Whatever was not told has its job.
	for id, i := range got {
		for _, reporter := range killReporters() {
			d, err := s.Delivery(t.Context(), id, reporter)
			if err != nil {
				t.Error(err)
				continue
			}
			if d.Version != i.Version || d.Told > d.Version {
				t.Errorf("incident %s has version %d; %s is to tell %d and told %d", id, i.Version, reporter, d.Version, d.Told)
			}
			if d.Told < d.Version && count(t, db, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND finalized_at IS NULL
				AND args ->> 'incident' = $1 AND args ->> 'reporter' = $2 AND args ->> 'version' = $3`, id, reporter, d.Version) != 1 {
				t.Errorf("%s has not told version %d of incident %s, and no job will", reporter, d.Version, id)
			}
		}
	}
	// A play is over when, and only when, its run is recorded (or the dead process left it running, and the next cancelled it).
	jobs, err := db.Reader().QueryContext(t.Context(), `SELECT args ->> 'scenario', args ->> 'due', state FROM river_job WHERE kind = 'play'`)
	if err != nil {
		t.Fatal(err)
	}
	played := map[string]bool{}
	for scenario, history := range runs {
		for _, sum := range history {
			played[scenario+sum.Due.String()] = true
		}
	}
	completed := 0
	for jobs.Next() {
		var scenario, due, state string
		if err := jobs.Scan(&scenario, &due, &state); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339Nano, due)
		if err != nil {
			t.Fatal(err)
		}
		there := played[scenario+at.String()]
		if there != (state == "completed") {
			t.Errorf("the play of %s at %s is %s; its run is recorded: %t", scenario, due, state, there)
		}
		if there {
			completed++
		}
	}
	if err := errors.Join(jobs.Err(), jobs.Close()); err != nil {
		t.Fatal(err)
	}
	if completed != len(recorded) {
		t.Errorf("%d plays are completed, %d runs recorded", completed, len(recorded))
	}
}
