package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

// Handlers do what the jobs ask for. They are called at the same time, from many goroutines.
type Handlers struct {
	// Play plays a scenario. The job is over when it returns, whatever it returns; an error is logged. It completes the job
	// itself, with job.CompleteTx, in the transaction that records the run. ctx ends when the agent stops and waits no more.
	Play func(ctx context.Context, job *Job) error
	// Deliver brings a reporter up to date. Two calls for one incident and one reporter never overlap. After an error it is
	// called again: at once, in a queue of its own, after ErrMore; when a *Later says; or after a pause that grows to ten
	// minutes; until it succeeds.
	Deliver func(ctx context.Context, d Deliver) error
}

// Options of a Queue. The zero value of a field is its default.
type Options struct {
	Slots          map[string]int // plays at a time, by browser
	Deliveries     int            // at a time, and as many that go on after ErrMore; default 4
	DeliverTimeout time.Duration  // of one call of the handler; default 2 minutes
	Grace          time.Duration  // how long Stop waits for handlers whose context it has ended; default 10 seconds
}

// A delivery is inserted in a transaction, which wakes nobody: its queue is looked at each deliverPoll. A play wakes its
// browser's queue, which is looked at each playPoll in case that goes wrong.
const (
	deliverPoll = time.Second
	playPoll    = 10 * time.Second
)

// stopGrace is how long Stop lets deliveries go on: they can be taken up at the next start.
const stopGrace = 2 * time.Second

// rescueAfter is how long after its timeout a delivery that is still said to run counts as stuck.
const rescueAfter = 5 * time.Minute

// Queue works off the jobs of a database.
type Queue struct {
	db       *DB
	log      *slog.Logger
	handlers Handlers
	options  Options
	client   *river.Client[Tx]
	queues   []string // of plays

	stopping context.Context // ends stopGrace after Stop was called; a delivery ends with it
	stop     context.CancelFunc

	mu   sync.Mutex
	busy map[[2]string]telling // by incident and reporter
}

// telling is a delivery that is being made.
type telling struct {
	more bool // it goes on after ErrMore
	end  context.CancelFunc
}

// New makes the queue of db. Nothing runs before Start; what is enqueued waits.
func New(db *DB, h Handlers, o Options) (*Queue, error) {
	if o.Deliveries == 0 {
		o.Deliveries = 4
	}
	if o.DeliverTimeout == 0 {
		o.DeliverTimeout = 2 * time.Minute
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	q := &Queue{db: db, log: db.log, handlers: h, options: o, busy: map[[2]string]telling{}}
	q.stopping, q.stop = context.WithCancel(context.Background())
	queues := map[string]river.QueueConfig{
		deliverQueue: {MaxWorkers: o.Deliveries, FetchPollInterval: deliverPoll},
		moreQueue:    {MaxWorkers: o.Deliveries, FetchPollInterval: deliverPoll},
	}
	for browser, slots := range o.Slots {
		name := queueOf(browser)
		queues[name] = river.QueueConfig{MaxWorkers: slots, FetchPollInterval: playPoll}
		q.queues = append(q.queues, name)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &playWorker{q: q})
	river.AddWorker(workers, &deliverWorker{q: q})
	client, err := river.NewClient(newDriver(db.writer), &river.Config{
		Logger:  quiet(db.log),
		Queues:  queues,
		Workers: workers,
		// Jobs have their own timeouts. A delivery whose end could not be written, for the disk was full, is rescued; plays
		// never are, see playWorker; and free takes up what a dead process left.
		JobTimeout:           -1,
		RescueStuckJobsAfter: o.DeliverTimeout + rescueAfter,
		// The runs hold that a due time is played once; finished jobs are of no more use.
		CompletedJobRetentionPeriod: 24 * time.Hour,
		CancelledJobRetentionPeriod: 24 * time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
		ReindexerSchedule:           never{},
	})
	if err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	q.client = client
	return q, nil
}

// never keeps River from rebuilding its indexes each midnight, which SQLite's do not need.
type never struct{}

func (never) Next(now time.Time) time.Time { return now.AddDate(100, 0, 0) }

// Start takes up what an earlier process left, and begins to work. Only Stop ends it, not ctx.
func (q *Queue) Start(ctx context.Context) error {
	if err := free(ctx, q.db, q.queues); err != nil {
		return fmt.Errorf("take up the jobs of the last start: %w", err)
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", explain(err))
	}
	return nil
}

// Stop begins no more jobs and waits for those that run; for deliveries not long. When ctx ends first it ends their contexts and waits for as long as
// Options.Grace; the error then says that jobs are still running. What waits in the queue stays for the next Start.
func (q *Queue) Stop(ctx context.Context) error {
	defer time.AfterFunc(stopGrace, q.stop).Stop()
	defer q.stop()
	if q.client.Stop(ctx) == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.options.Grace)
	defer cancel()
	if err := q.client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("stop the queue: jobs are still running after %s: %w", q.options.Grace, err)
	}
	return nil
}

// EnqueuePlay adds a play, which starts within milliseconds when a slot of its browser is free. It reports false for a due
// time that its scenario was enqueued for before, and adds nothing then.
func (q *Queue) EnqueuePlay(ctx context.Context, p Play) (bool, error) {
	if p.Scenario == "" {
		return false, errors.New("enqueue a play: no scenario")
	}
	if !slices.Contains(q.queues, queueOf(p.Browser)) {
		return false, fmt.Errorf("enqueue a play of %s: the browser %q has no slots", p.Scenario, p.Browser)
	}
	if !p.Due.IsZero() {
		p.Due = p.Due.UTC().Truncate(time.Millisecond)
	}
	args := playArgs(p)
	result, err := q.client.Insert(ctx, args, args.options())
	if err != nil {
		return false, fmt.Errorf("enqueue a play of %s: %w", p.Scenario, explain(err))
	}
	return !result.UniqueSkippedAsDuplicate, nil
}

// take marks the delivery's incident and reporter as being told, unless they are. What only adds to words that were told
// before is ended for the sake of new ones.
func (q *Queue) take(d Deliver, end context.CancelFunc) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := [2]string{d.Incident, d.Reporter}
	if t, busy := q.busy[key]; busy {
		if t.more && !d.More {
			t.end()
		}
		return false
	}
	q.busy[key] = telling{d.More, end}
	return true
}

// deliver calls the handler, unless the delivery's incident and reporter are taken.
func (q *Queue) deliver(ctx context.Context, d Deliver, end context.CancelFunc) (taken bool, err error) {
	if !q.take(d, end) {
		return false, nil
	}
	defer q.give(d)
	return true, q.handlers.Deliver(ctx, d)
}

func (q *Queue) give(d Deliver) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.busy, [2]string{d.Incident, d.Reporter})
}

// others reads names from rows, and gives those that are not among known.
func others(rows *sql.Rows, known []string) (names []string, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	return names, rows.Err()
}
