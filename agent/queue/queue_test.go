package queue_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trackwalker/agent/queue"
)

// patience is how long a test waits for what must come: long enough for any machine, and never waited out when all is well.
const patience = time.Minute

func noPlay(context.Context, *queue.Job) error { return errors.New("no play is expected") }

func noDelivery(context.Context, queue.Deliver) error { return errors.New("no delivery is expected") }

// work starts a queue on db, with one slot of the browser chromium unless o says otherwise, and stops it after the test.
func work(t *testing.T, db *queue.DB, h queue.Handlers, o queue.Options) *queue.Queue {
	t.Helper()
	if h.Play == nil {
		h.Play = noPlay
	}
	if h.Deliver == nil {
		h.Deliver = noDelivery
	}
	if o.Slots == nil {
		o.Slots = map[string]int{"chromium": 1}
	}
	q, err := queue.New(db, h, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return q
}

func enqueue(t *testing.T, q *queue.Queue, p queue.Play) {
	t.Helper()
	if p.Browser == "" {
		p.Browser = "chromium"
	}
	if fresh, err := q.EnqueuePlay(t.Context(), p); err != nil || !fresh {
		t.Fatalf("enqueue %+v: %t, %v", p, fresh, err)
	}
}

func deliver(t *testing.T, db *queue.DB, deliveries ...queue.Deliver) {
	t.Helper()
	err := db.Write(t.Context(), func(tx queue.Tx) error {
		for _, d := range deliveries {
			if err := db.EnqueueDeliverTx(t.Context(), tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("not reached")
	}
}

// until waits for a condition of the database.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came: %s", what)
		}
	}
}

// states lists the states of all jobs of a kind, in the order of their making.
func states(t *testing.T, db *queue.DB, kind string) []string {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), "SELECT state FROM river_job WHERE kind = $1 ORDER BY id", kind)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		var state string
		if err := rows.Scan(&state); err != nil {
			t.Fatal(err)
		}
		all = append(all, state)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

func hasStates(t *testing.T, db *queue.DB, kind string, want ...string) {
	t.Helper()
	until(t, fmt.Sprintf("%s jobs in states %v", kind, want), func() bool { return slices.Equal(states(t, db, kind), want) })
}

func TestPlay(t *testing.T) {
	db := open(t)
	played := make(chan queue.Play, 10)
	q := work(t, db, queue.Handlers{Play: func(ctx context.Context, j *queue.Job) error {
		played <- j.Play
		return nil
	}}, queue.Options{})
	due := time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.FixedZone("CET", 3600))
	enqueue(t, q, queue.Play{Scenario: "checkout", Due: due})
	p := receive(t, played)
	if p.Scenario != "checkout" || p.Browser != "chromium" || !p.Due.Equal(due.Truncate(time.Millisecond)) {
		t.Errorf("played %+v", p)
	}
	hasStates(t, db, "play", "completed")

	// The same due time again, after the first was played: nothing.
	if fresh, err := q.EnqueuePlay(t.Context(), queue.Play{Scenario: "checkout", Due: due.UTC(), Browser: "chromium"}); err != nil || fresh {
		t.Errorf("enqueued again: %t, %v", fresh, err)
	}
	// Another scenario, another time, and by hand, as often as one likes.
	enqueue(t, q, queue.Play{Scenario: "login", Due: due})
	enqueue(t, q, queue.Play{Scenario: "checkout", Due: due.Add(time.Millisecond)})
	enqueue(t, q, queue.Play{Scenario: "checkout"})
	enqueue(t, q, queue.Play{Scenario: "checkout"})
	for range 4 {
		receive(t, played)
	}
	hasStates(t, db, "play", "completed", "completed", "completed", "completed", "completed")
}

func TestPlayRefusesWhatCannotRun(t *testing.T) {
	q := work(t, open(t), queue.Handlers{}, queue.Options{})
	for _, p := range []queue.Play{{Browser: "chromium"}, {Scenario: "checkout", Browser: "netscape"}} {
		if _, err := q.EnqueuePlay(t.Context(), p); err == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

func TestAFailedPlayIsNotRepeated(t *testing.T) {
	db := open(t)
	var calls atomic.Int32
	q := work(t, db, queue.Handlers{Play: func(_ context.Context, j *queue.Job) error {
		if calls.Add(1); j.Scenario == "panics" {
			panic("no browser")
		}
		return errors.New("no browser")
	}}, queue.Options{})
	due := time.Unix(1_800_000_000, 0)
	enqueue(t, q, queue.Play{Scenario: "fails", Due: due})
	hasStates(t, db, "play", "cancelled")
	enqueue(t, q, queue.Play{Scenario: "panics", Due: due})
	hasStates(t, db, "play", "cancelled", "discarded")
	if fresh, err := q.EnqueuePlay(t.Context(), queue.Play{Scenario: "fails", Due: due, Browser: "chromium"}); err != nil || fresh {
		t.Errorf("enqueued again: %t, %v", fresh, err)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

func TestSlots(t *testing.T) {
	slots := map[string]int{"chromium": 2, "Web Kit": 1}
	type count struct{ now, most int }
	var mu sync.Mutex
	counts := map[string]*count{"chromium": {}, "Web Kit": {}}
	began, end := make(chan string, 20), make(chan struct{})
	q := work(t, open(t), queue.Handlers{Play: func(_ context.Context, j *queue.Job) error {
		mu.Lock()
		c := counts[j.Browser]
		c.now++
		c.most = max(c.most, c.now)
		mu.Unlock()
		began <- j.Browser
		<-end
		mu.Lock()
		defer mu.Unlock()
		c.now--
		return nil
	}}, queue.Options{Slots: slots})
	for range 5 {
		enqueue(t, q, queue.Play{Scenario: "a"})
		enqueue(t, q, queue.Play{Scenario: "b", Browser: "Web Kit"})
	}
	for range 3 { // a full browser does not hold up another
		receive(t, began)
	}
	close(end)
	for range 7 {
		receive(t, began)
	}
	mu.Lock()
	defer mu.Unlock()
	for browser, c := range counts {
		if c.most != slots[browser] {
			t.Errorf("%s: %d plays at a time, want %d", browser, c.most, slots[browser])
		}
	}
}

func TestPlayLimit(t *testing.T) {
	ended := make(chan error, 1)
	db := open(t)
	q := work(t, db, queue.Handlers{Play: func(ctx context.Context, _ *queue.Job) error {
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}}, queue.Options{})
	enqueue(t, q, queue.Play{Scenario: "hangs", Limit: time.Millisecond})
	if err := receive(t, ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended by %v", err)
	}
	hasStates(t, db, "play", "cancelled")
}

func TestCompleteTxIsPartOfItsTransaction(t *testing.T) {
	db := open(t)
	exe(t, db, "CREATE TABLE record (scenario TEXT)")
	inside := make(chan string, 1)
	told := make(chan queue.Deliver, 1)
	q := work(t, db, queue.Handlers{
		Play: func(ctx context.Context, j *queue.Job) error {
			broken := errors.New("broken")
			record := func(result error) error {
				return db.Write(ctx, func(tx queue.Tx) error {
					if _, err := tx.ExecContext(ctx, "INSERT INTO record VALUES ($1)", j.Scenario); err != nil {
						return err
					}
					if err := db.EnqueueDeliverTx(ctx, tx, queue.Deliver{Incident: "i", Reporter: "slack", Version: 1}); err != nil {
						return err
					}
					if err := j.CompleteTx(ctx, tx); err != nil {
						return err
					}
					return result
				})
			}
			if err := record(broken); !errors.Is(err, broken) {
				return err
			}
			inside <- states(t, db, "play")[0]
			if err := record(nil); err != nil {
				return err
			}
			inside <- states(t, db, "play")[0]
			return errors.New("what the handler returns matters no more")
		},
		Deliver: func(_ context.Context, d queue.Deliver) error {
			told <- d
			return nil
		},
	}, queue.Options{})
	enqueue(t, q, queue.Play{Scenario: "checkout"})
	if got := receive(t, inside); got != "running" {
		t.Errorf("after the rollback the job is %s", got)
	}
	if got := receive(t, inside); got != "completed" {
		t.Errorf("after the commit the job is %s", got)
	}
	if d := receive(t, told); d != (queue.Deliver{Incident: "i", Reporter: "slack", Version: 1}) {
		t.Errorf("delivered %+v", d)
	}
	hasStates(t, db, "play", "completed")
	hasStates(t, db, "deliver", "completed")
	var none *queue.Job
	if err := none.CompleteTx(t.Context(), nil); err != nil {
		t.Errorf("no job: %v", err)
	}
}

func TestDeliverIsRepeated(t *testing.T) {
	db := open(t)
	var calls atomic.Int32
	done := make(chan struct{})
	work(t, db, queue.Handlers{Deliver: func(context.Context, queue.Deliver) error {
		if calls.Add(1) < 4 {
			return fmt.Errorf("slack: %w", &queue.Later{After: 0, Err: errors.New("rate limited")})
		}
		close(done)
		return nil
	}}, queue.Options{})
	deliver(t, db, queue.Deliver{Incident: "i", Reporter: "slack", Version: 1})
	receive(t, done)
	hasStates(t, db, "deliver", "completed")
}

func TestAFailedDeliveryWaits(t *testing.T) {
	db := open(t)
	work(t, db, queue.Handlers{Deliver: func(_ context.Context, d queue.Deliver) error {
		switch d.Reporter {
		case "later":
			return &queue.Later{After: time.Hour, Err: errors.New("invalid_auth")}
		case "much later":
			return &queue.Later{After: 1000 * time.Hour, Err: errors.New("come back next month")}
		case "panics":
			panic("bug")
		default:
			return errors.New("down")
		}
	}}, queue.Options{})
	reporters := []string{"later", "much later", "panics", "down"}
	for _, reporter := range reporters {
		deliver(t, db, queue.Deliver{Incident: "i", Reporter: reporter, Version: 1})
	}
	exe(t, db, "UPDATE river_job SET created_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 hours')")
	pauses := map[string][2]time.Duration{ // the second is the first and some: the test may be slow
		"later": {time.Hour, time.Hour}, "much later": {24 * time.Hour, 24 * time.Hour},
	}
	for reporter, want := range pauses {
		var seconds float64
		until(t, reporter+" is put off", func() bool {
			err := db.Reader().QueryRowContext(t.Context(), `SELECT (julianday(scheduled_at) - julianday(attempted_at)) * 86400
				FROM river_job WHERE args ->> 'reporter' = $1 AND state = 'scheduled'`, reporter).Scan(&seconds)
			return err == nil
		})
		if got := time.Duration(seconds * float64(time.Second)).Round(time.Minute); got != want[0] {
			t.Errorf("%s is tried again after %s, want %s", reporter, got, want[0])
		}
	}
	// Of a panic, and of any other error, a job is neither lost nor given up.
	until(t, "the others wait", func() bool {
		var n int
		err := db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job
			WHERE args ->> 'reporter' IN ('panics', 'down') AND finalized_at IS NULL AND state IN ('scheduled', 'retryable', 'available')`).Scan(&n)
		return err == nil && n == 2
	})
}

func TestADeliveryIsNeverGivenUp(t *testing.T) {
	db := open(t)
	deliver(t, db, queue.Deliver{Incident: "i", Reporter: "old"})
	exe(t, db, "UPDATE river_job SET created_at = datetime('now', '-70 days')")
	work(t, db, queue.Handlers{Deliver: func(context.Context, queue.Deliver) error { return errors.New("down") }}, queue.Options{})
	hasStates(t, db, "deliver", "scheduled")
}

func TestDeliveriesOfOneIncidentByOneReporterDoNotOverlap(t *testing.T) {
	db := open(t)
	var mu sync.Mutex
	now := map[string]int{}
	began, end := make(chan queue.Deliver, 20), make(chan struct{})
	work(t, db, queue.Handlers{Deliver: func(_ context.Context, d queue.Deliver) error {
		key := d.Incident + " " + d.Reporter
		mu.Lock()
		now[key]++
		if now[key] > 1 {
			t.Errorf("%s: %d at a time", key, now[key])
		}
		mu.Unlock()
		began <- d
		<-end
		mu.Lock()
		defer mu.Unlock()
		now[key]--
		return nil
	}}, queue.Options{Deliveries: 4})
	deliver(t, db,
		queue.Deliver{Incident: "a", Reporter: "slack", Version: 1}, queue.Deliver{Incident: "a", Reporter: "slack", Version: 2},
		queue.Deliver{Incident: "a", Reporter: "slack", Version: 3},
		queue.Deliver{Incident: "b", Reporter: "slack", Version: 1}, queue.Deliver{Incident: "a", Reporter: "hook", Version: 1})
	// The three that may go at the same time do, though two more jobs of the first are waiting.
	first := map[string]bool{}
	for range 3 {
		d := receive(t, began)
		first[d.Incident+" "+d.Reporter] = true
	}
	if len(first) != 3 {
		t.Errorf("began with %v", first)
	}
	close(end)
	for range 2 {
		receive(t, began)
	}
	hasStates(t, db, "deliver", "completed", "completed", "completed", "completed", "completed")
}

func TestStopWaits(t *testing.T) {
	db := open(t)
	began, end := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	q := work(t, db, queue.Handlers{Play: func(ctx context.Context, _ *queue.Job) error {
		close(began)
		<-end
		finished.Store(ctx.Err() == nil)
		return nil
	}}, queue.Options{})
	enqueue(t, q, queue.Play{Scenario: "running"})
	receive(t, began)
	enqueue(t, q, queue.Play{Scenario: "waiting"})
	stopped := make(chan error, 1)
	go func() { stopped <- q.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped while a play runs: %v", err)
	case <-time.After(50 * time.Millisecond): // it cannot be proven that it waits, only seen that it does not return
	}
	close(end)
	if err := receive(t, stopped); err != nil {
		t.Error(err)
	}
	if !finished.Load() {
		t.Error("the play's context ended, or it did not finish")
	}
	hasStates(t, db, "play", "completed", "available")
}

func TestStopEndsWhatDoesNotEnd(t *testing.T) {
	db := open(t)
	began := make(chan struct{}, 2)
	wait := func(ctx context.Context) error {
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	q := work(t, db, queue.Handlers{
		Play:    func(ctx context.Context, _ *queue.Job) error { return wait(ctx) },
		Deliver: func(ctx context.Context, _ queue.Deliver) error { return wait(ctx) },
	}, queue.Options{})
	enqueue(t, q, queue.Play{Scenario: "hangs"})
	deliver(t, db, queue.Deliver{Incident: "i", Reporter: "hangs"})
	receive(t, began)
	receive(t, began)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Stop(ctx); err != nil {
		t.Error(err)
	}
	// The play is over; the delivery comes again with the next start.
	hasStates(t, db, "play", "cancelled")
	hasStates(t, db, "deliver", "available")
}

func TestStopSaysWhatStillRuns(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	q := work(t, open(t), queue.Handlers{Play: func(context.Context, *queue.Job) error {
		close(began)
		<-end // deaf
		return nil
	}}, queue.Options{Grace: time.Millisecond})
	enqueue(t, q, queue.Play{Scenario: "deaf"})
	receive(t, began)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	close(end)
	if err := q.Stop(context.Background()); err != nil {
		t.Errorf("stopped again: %v", err)
	}
}

func TestStopWithoutStart(t *testing.T) {
	q, err := queue.New(open(t), queue.Handlers{Play: noPlay, Deliver: noDelivery}, queue.Options{Slots: map[string]int{"chromium": 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartTakesUpWhatADeadProcessLeft(t *testing.T) {
	db := open(t)
	_, err := queue.New(db, queue.Handlers{Play: noPlay, Deliver: noDelivery}, queue.Options{})
	if err != nil {
		t.Fatal(err)
	}
	insert := func(kind, queueName, state, args string) {
		finalized := "NULL"
		if state == "completed" {
			finalized = "datetime('now')"
		}
		exe(t, db, `INSERT INTO river_job (kind, queue, state, args, max_attempts, attempt, attempted_by, scheduled_at, finalized_at)
			VALUES ($1, $2, $3, jsonb($4), 1000, 1, jsonb('["dead"]'), datetime('now', '+1 hours'), `+finalized+`)`, kind, queueName, state, args)
	}
	insert("play", "play-chromium", "running", `{"scenario": "a", "browser": "chromium"}`)
	insert("play", "play-netscape", "available", `{"scenario": "b", "browser": "netscape"}`)
	insert("play", "play-netscape", "completed", `{"scenario": "b", "browser": "netscape"}`)
	insert("deliver", "deliver", "running", `{"incident": "i", "reporter": "1"}`)
	insert("deliver", "deliver", "retryable", `{"incident": "i", "reporter": "2"}`)
	insert("deliver", "deliver", "scheduled", `{"incident": "i", "reporter": "3"}`)
	exe(t, db, "INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('dead', datetime('now'), datetime('now', '+1 hours'))")

	told := make(chan string, 3)
	work(t, db, queue.Handlers{Deliver: func(_ context.Context, d queue.Deliver) error {
		told <- d.Reporter
		return nil
	}}, queue.Options{})
	got := []string{receive(t, told), receive(t, told), receive(t, told)}
	if slices.Sort(got); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("delivered %v", got)
	}
	hasStates(t, db, "deliver", "completed", "completed", "completed")
	hasStates(t, db, "play", "cancelled", "cancelled", "completed")
	until(t, "a new leader", func() bool {
		var n int
		err := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM river_leader WHERE leader_id <> 'dead'").Scan(&n)
		return err == nil && n == 1
	})
}

func TestWaitingPlaysOutliveAStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trackwalker.db")
	db, err := queue.Open(t.Context(), path, logs(t))
	if err != nil {
		t.Fatal(err)
	}
	q, err := queue.New(db, queue.Handlers{Play: noPlay, Deliver: noDelivery}, queue.Options{Slots: map[string]int{"chromium": 1}})
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, q, queue.Play{Scenario: "checkout"})
	if w, err := db.Waiting(t.Context()); err != nil || w != (queue.Waiting{Plays: 1}) {
		t.Errorf("waiting %+v, %v", w, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	played := make(chan string, 1)
	work(t, openAt(t, path), queue.Handlers{Play: func(_ context.Context, j *queue.Job) error {
		played <- j.Scenario
		return nil
	}}, queue.Options{})
	if got := receive(t, played); got != "checkout" {
		t.Errorf("played %s", got)
	}
}

// What only adds to words that were told holds up nobody else's words, and ends for the sake of newer ones.
func TestMoreToDeliverHoldsUpNobody(t *testing.T) {
	type call struct {
		incident string
		version  int
		more     bool
	}
	calls, ended := make(chan call, 100), make(chan string, 100)
	db := open(t)
	work(t, db, queue.Handlers{Deliver: func(ctx context.Context, d queue.Deliver) error {
		calls <- call{d.Incident, d.Version, d.More}
		switch {
		case d.Version > 1:
			return nil
		case !d.More:
			return queue.ErrMore
		}
		<-ctx.Done() // a picture that does not come
		ended <- d.Incident
		return ctx.Err()
	}}, queue.Options{Deliveries: 1})
	deliver := func(incident string, version int) {
		t.Helper()
		err := db.Write(t.Context(), func(tx queue.Tx) error {
			return db.EnqueueDeliverTx(t.Context(), tx, queue.Deliver{Incident: incident, Reporter: "slack", Version: version})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(c call) {
		t.Helper()
		if got := receive(t, calls); got != c {
			t.Fatalf("called with %+v, want %+v", got, c)
		}
	}
	deliver("a", 1)
	want(call{"a", 1, false})
	want(call{"a", 1, true}) // and lasts
	deliver("b", 1)
	want(call{"b", 1, false}) // its picture waits for that of a
	deliver("a", 2)
	if incident := receive(t, ended); incident != "a" {
		t.Errorf("%s was ended", incident)
	}
}
