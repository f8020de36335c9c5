package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Play asks for one run of a scenario.
type Play struct {
	Scenario string    `json:"scenario" river:"unique"`
	Due      time.Time `json:"due,omitzero" river:"unique"` // kept in whole milliseconds; zero: asked for by hand
	Browser  string    `json:"browser"`                     // whose slots it takes
	// Limit ends the handler's context this long after its start: the net under the timeouts of the scenario. Zero: none.
	Limit time.Duration `json:"limit,omitempty"`
}

// Deliver asks that a reporter is brought up to date on an incident.
type Deliver struct {
	Incident string `json:"incident"` // its id
	Reporter string `json:"reporter"`
	Version  int    `json:"version"`        // of the incident, at least
	More     bool   `json:"more,omitempty"` // the handler returned ErrMore before
}

// ErrMore is what a Deliver handler returns, or wraps, when what matters is delivered and the rest may take long.
var ErrMore = errors.New("there is more to deliver")

// Later is what a Deliver handler returns, or wraps, to say when to try again. Any other error is tried again after a while
// that grows with the age of the job.
type Later struct {
	After time.Duration
	Err   error
}

func (e *Later) Error() string { return fmt.Sprintf("%v (again in %s)", e.Err, e.After) }

func (e *Later) Unwrap() error { return e.Err }

// A failed delivery is tried again at first soon, and then ever more seldom.
const (
	retrySoonest = 2 * time.Second
	retryLatest  = 10 * time.Minute
	laterLatest  = 24 * time.Hour // a reporter that asks for more is asked again after this
	busyPause    = time.Second    // before another look at a reporter that is being told of the same incident
)

// retryAfter is the pause before a delivery of this age is tried again: half its age.
func retryAfter(age time.Duration) time.Duration {
	return min(max(age/2, retrySoonest), retryLatest)
}

// Job is a play that is running.
type Job struct {
	Play
	river *river.Job[playArgs]
}

// CompleteTx ends the job in tx: when tx is committed the job is done, whatever its handler returns. ctx must be, or come
// from, the handler's. A nil job is done already.
func (j *Job) CompleteTx(ctx context.Context, tx Tx) error {
	if j == nil {
		return nil
	}
	if _, err := river.JobCompleteTx[*riverDriver](ctx, tx, j.river); err != nil {
		return fmt.Errorf("complete the play of %s: %w", j.Scenario, explain(err))
	}
	return nil
}

// playArgs is Play as River sees it.
type playArgs Play

func (playArgs) Kind() string { return "play" }

// options: one attempt, in the browser's queue; and, when it has a due time, no second play for it however the first ended.
func (a playArgs) options() *river.InsertOpts {
	o := &river.InsertOpts{MaxAttempts: 1, Queue: queueOf(a.Browser)}
	if !a.Due.IsZero() {
		o.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: rivertype.JobStates()}
	}
	return o
}

// deliverArgs is Deliver as River sees it.
type deliverArgs Deliver

func (deliverArgs) Kind() string { return "deliver" }

// InsertOpts: attempts are not what ends a delivery, its age is.
func (a deliverArgs) InsertOpts() river.InsertOpts {
	o := river.InsertOpts{MaxAttempts: 1<<15 - 1, Queue: deliverQueue}
	if a.More {
		o.Queue = moreQueue
	}
	return o
}

const (
	deliverQueue = "deliver"
	moreQueue    = "deliver-more" // so that nobody waits for what is not urgent
)

// queueOf names the queue of a browser's plays: the browser's name where River takes it, or a stand-in.
func queueOf(browser string) string {
	if len(browser) > 50 || !regexp.MustCompile(`^[a-z0-9]+([_-][a-z0-9]+)*$`).MatchString(browser) {
		sum := sha256.Sum256([]byte(browser))
		browser = hex.EncodeToString(sum[:8])
	}
	return "play-" + browser
}

// playWorker hands a play to its handler.
type playWorker struct {
	river.WorkerDefaults[playArgs]
	q *Queue
}

// Timeout is none of River's, which would in time take a play that still runs for one that is stuck, and end it.
func (w *playWorker) Timeout(*river.Job[playArgs]) time.Duration { return -1 }

// Work ends the job in any case: a play that went wrong is not repeated, its due time has passed.
func (w *playWorker) Work(ctx context.Context, j *river.Job[playArgs]) error {
	if j.Args.Limit > 0 {
		limited, cancel := context.WithTimeout(ctx, j.Args.Limit)
		defer cancel()
		ctx = limited
	}
	err := w.q.handlers.Play(ctx, &Job{Play: Play(j.Args), river: j})
	if err == nil {
		return nil
	}
	w.q.log.ErrorContext(ctx, "a play came to nothing", "scenario", j.Args.Scenario, "due", j.Args.Due, "error", err)
	// Only its text: River would take a play that ended with the agent's stop for one to play again.
	return river.JobCancel(errors.New(err.Error()))
}

// deliverWorker hands a delivery to its handler, one at a time for each incident and reporter.
type deliverWorker struct {
	river.WorkerDefaults[deliverArgs]
	q *Queue
}

func (w *deliverWorker) Timeout(*river.Job[deliverArgs]) time.Duration {
	return w.q.options.DeliverTimeout
}

func (w *deliverWorker) Work(ctx context.Context, j *river.Job[deliverArgs]) error {
	d := Deliver(j.Args)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.q.stopping, cancel)()
	taken, err := w.q.deliver(ctx, d, cancel)
	switch {
	case !taken:
		return river.JobSnooze(busyPause)
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return river.JobSnooze(0) // the agent stops, and does it once more at the next start; or there is news, which ends it
	case errors.Is(err, ErrMore) && d.More:
		return river.JobSnooze(0)
	case errors.Is(err, ErrMore):
		d.More = true
		if _, err := w.q.client.Insert(ctx, deliverArgs(d), nil); err != nil {
			return fmt.Errorf("enqueue the rest of a delivery: %w", explain(err))
		}
		return nil
	}
	age := time.Since(j.CreatedAt)
	log := w.q.log.With("incident", d.Incident, "reporter", d.Reporter, "version", d.Version, "error", err)
	pause := retryAfter(age)
	if later := (*Later)(nil); errors.As(err, &later) {
		pause = min(max(later.After, 0), laterLatest)
	}
	log.WarnContext(ctx, "a delivery failed", "again_in", pause)
	return river.JobSnooze(pause)
}

// NextRetry is for a handler that panicked: all other failures are snoozed.
func (w *deliverWorker) NextRetry(j *river.Job[deliverArgs]) time.Time {
	return time.Now().Add(retryAfter(time.Since(j.CreatedAt)))
}
