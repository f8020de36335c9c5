package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trackwalker/agent/queue"
	"trackwalker/agent/schedule"
	"trackwalker/agent/store"
	"trackwalker/reporters"
	"trackwalker/scenarios"
	"trackwalker/scenarios/runner"
)

// waiting is the next due time of a flow, as the scheduling loop knows it.
type waiting struct {
	scenario *scenarios.Scenario // changes when the file is loaded again
	next     time.Time
}

// looking is how often the scheduling loop looks at the clock at least.
const looking = time.Second

// scheduling enqueues every flow when it is due. Due times are computed from the clock; what passed while the agent did
// not run, or slept, is not made up for.
func (a *Agent) scheduling(ctx context.Context) error {
	started, err := a.store.LastStarts(ctx)
	if err != nil {
		return err
	}
	known := map[string]waiting{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		nearest := time.Now().Add(looking)
		for _, f := range a.flows.all() {
			if f.plan == nil {
				continue
			}
			w := a.due(ctx, f, known[f.scenario.Name], started)
			known[f.scenario.Name] = w
			if w.next.Before(nearest) {
				nearest = w.next
			}
		}
		a.health.beat(time.Now())
		timer.Reset(max(time.Until(nearest), time.Millisecond))
	}
}

// due enqueues f if its time has come and gives its next time. A flow that was never played is played at once.
func (a *Agent) due(ctx context.Context, f flow, w waiting, started map[string]time.Time) waiting {
	now := time.Now()
	name := f.scenario.Name
	if w.scenario != f.scenario {
		if due := !w.next.IsZero() && !w.next.After(now); due && !now.After(schedule.Latest(f.plan, w.next)) {
			a.enqueue(ctx, f.scenario, w.next) // the file was loaded again at just that moment
		}
		w = waiting{f.scenario, f.plan.Next(now)}
		if _, played := started[name]; !played && time.Until(w.next) > 5*time.Second {
			a.enqueue(ctx, f.scenario, time.Time{})
		}
		started[name] = now
		return w
	}
	if w.next.After(now) {
		if w.next.Sub(now) > time.Until(f.plan.Next(now)) {
			w.next = f.plan.Next(now) // the clock was set back
		}
		return w
	}
	if !now.After(schedule.Latest(f.plan, w.next)) {
		a.enqueue(ctx, f.scenario, w.next)
	}
	w.next = f.plan.Next(now)
	return w
}

func (a *Agent) enqueue(ctx context.Context, s *scenarios.Scenario, due time.Time) {
	b, err := a.app.browser(s.Browser)
	if err == nil {
		_, err = a.queue.EnqueuePlay(ctx, queue.Play{Scenario: s.Name, Due: due, Browser: b.Name, Limit: limitOf(s)})
	}
	if ctx.Err() == nil {
		a.health.set("queue", err)
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("a play could not be enqueued", "scenario", s.Name, "error", err)
	}
}

// limitOf is the net under the timeouts of a run: no run takes longer than all of them together.
func limitOf(s *scenarios.Scenario) time.Duration {
	attempts := time.Duration(s.Retries + 2)
	return attempts*(s.Timeout+time.Minute) + time.Minute
}

// play is the handler of play jobs.
func (a *Agent) play(ctx context.Context, job *queue.Job) error {
	f, found := a.flows.get(job.Scenario)
	if !found {
		return nil // it was taken out of the folder since
	}
	s := f.scenario
	if reason := a.skip(f, job.Due); reason != "" {
		return a.record(ctx, s, runner.NewRun(s, job.Due, scenarios.Skipped, reason), job)
	}
	defer a.ended(s.Name)
	r, err := a.app.Runner(s)
	if err != nil {
		return err
	}
	return a.record(ctx, s, r.Run(ctx, s, runner.Options{Due: job.Due}), job)
}

// skip says why a play that is due is not played, or marks its scenario as being played. The caller then calls ended.
func (a *Agent) skip(f flow, due time.Time) string {
	if !due.IsZero() && f.plan != nil && time.Now().After(schedule.Latest(f.plan, due)) {
		return "late"
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.playing[f.scenario.Name] {
		return "overlap"
	}
	a.playing[f.scenario.Name] = true
	return ""
}

func (a *Agent) ended(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.playing, name)
}

// isPlaying reports whether a scenario is being played now.
func (a *Agent) isPlaying(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.playing[name]
}

// record keeps the run, its pictures and what follows from it, and prints its line.
func (a *Agent) record(ctx context.Context, s *scenarios.Scenario, run *scenarios.Run, job *queue.Job) error {
	for i := range run.Artifacts {
		artifact := &run.Artifacts[i]
		ref, err := a.pictures.Put(artifact.Data, artifact.Media)
		a.health.set("screenshots", err)
		if err != nil {
			run.Warnings = append(run.Warnings, fmt.Sprintf("a screenshot was lost: %v", err))
			continue
		}
		artifact.Ref = ref
	}
	_, err := a.store.Record(ctx, run, s.Alert, a.audience, job)
	if errors.Is(err, store.ErrDuplicate) {
		return nil // it was played before: the clock was set back
	}
	a.health.set("database", err)
	a.print(run)
	if err != nil {
		return err
	}
	if _, played := a.flows.get(s.Name); played {
		a.health.played(run)
		a.metrics.Observe(run)
	}
	return nil
}

// names are the reporters' names.
func (a *Agent) names() []string {
	var names []string
	for _, c := range a.channels {
		names = append(names, c.Name)
	}
	return names
}

// print writes the line of a run: when, outcome, flow, duration, failed step.
func (a *Agent) print(run *scenarios.Run) {
	marks := map[scenarios.Outcome]string{scenarios.Passed: "✓", scenarios.Failed: "✗", scenarios.Errored: "!", scenarios.Aborted: "-", scenarios.Skipped: "-"}
	line := fmt.Sprintf("%s  %s %-8s %-20s %7.1f s", run.Started.Local().Format("2006-01-02 15:04:05"), marks[run.Outcome], run.Outcome, run.Scenario, run.Duration().Seconds())
	var why string
	switch f := run.Failure; {
	case f != nil && run.Step(f.Step) != nil:
		why = fmt.Sprintf("step %d/%d %s: %s", f.Step, len(run.Steps), run.Step(f.Step).Name, f.Message)
	case f != nil:
		why = f.Message
	case run.Reason != "":
		why = run.Reason
	}
	if why != "" {
		line += "  " + reporters.Clip(reporters.Line(why), 240)
	}
	fmt.Fprintln(a, line)
}
