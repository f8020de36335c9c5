package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"trackwalker/agent/store"
	"trackwalker/scenarios"
)

// When the agent is no longer well.
const (
	stalledAfter   = 30 * time.Second // without a turn of the scheduling loop
	erroredInARow  = 3                // runs that came to nothing by the agent's own fault
	untoldAfter    = 15 * time.Minute // a message that still waits
	leastFreeBytes = 200 << 20
	missedTurns    = 3               // due times that came to nothing, and
	overdueAfter   = 5 * time.Minute // this long after the last of them
)

// health is what the agent knows of its own state.
type health struct {
	mu      sync.Mutex
	turned  time.Time        // last turn of the scheduling loop
	wrong   map[string]error // by part
	errored map[string]int   // consecutive errored runs, by scenario
	last    map[string]string
}

func newHealth() *health {
	return &health{turned: time.Now(), wrong: map[string]error{}, errored: map[string]int{}, last: map[string]string{}}
}

// beat notes that the scheduling loop turns.
func (h *health) beat(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turned = now
}

// set notes how a part is; nil: well.
func (h *health) set(part string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		delete(h.wrong, part)
		return
	}
	h.wrong[part] = err
}

// played notes whether a run came to nothing by the agent's own fault.
func (h *health) played(run *scenarios.Run) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch run.Outcome {
	case scenarios.Errored:
		h.errored[run.Scenario]++
		if run.Failure != nil {
			h.last[run.Scenario] = run.Failure.Message
		}
	case scenarios.Passed, scenarios.Failed:
		delete(h.errored, run.Scenario)
	}
}

// forget is told that a scenario is not played any more.
func (h *health) forget(scenario string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.errored, scenario)
}

// alive reports whether the loops turn.
func (h *health) alive() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.turned) < stalledAfter
}

// problems says what is not well.
func (h *health) problems() []string {
	alive := h.alive()
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	if !alive {
		list = append(list, fmt.Sprintf("the schedule has stood still since %s", h.turned.Format(time.RFC3339)))
	}
	for _, part := range slices.Sorted(maps.Keys(h.wrong)) {
		list = append(list, fmt.Sprintf("%s: %v", part, h.wrong[part]))
	}
	for _, name := range slices.Sorted(maps.Keys(h.errored)) {
		if n := h.errored[name]; n >= erroredInARow {
			list = append(list, fmt.Sprintf("the last %d runs of %s came to nothing: %s", n, name, h.last[name]))
		}
	}
	return list
}

// Ready says what is not well with the agent itself; empty: all is well.
func (a *Agent) Ready(ctx context.Context) []string {
	list := a.health.problems()
	if free, err := freeBytes(a.config.Data); err != nil {
		list = append(list, fmt.Sprintf("the data folder: %v", err))
	} else if free < leastFreeBytes {
		list = append(list, fmt.Sprintf("the disk of %s is nearly full: %d MB are free", a.config.Data, free>>20))
	}
	if files := a.flows.unwatched(); len(files) > 0 {
		list = append(list, fmt.Sprintf("what these files describe is not watched, for they are broken: %s", strings.Join(files, ", ")))
	}
	for _, c := range a.channels {
		if before, ok := strings.CutSuffix(c.Name, printedSuffix); ok {
			list = append(list, fmt.Sprintf("%s tells nobody: %s", before, c.Printed))
		}
	}
	list = append(list, a.overdue(ctx)...)
	backlog, err := a.store.Undelivered(ctx, a.names())
	if err != nil {
		return append(list, err.Error())
	}
	if backlog.Count > 0 && time.Since(backlog.Oldest) > untoldAfter {
		list = append(list, untold(backlog))
	}
	return list
}

// untold says what waits, and why if that was noted: before the first attempt there is no reason yet.
func untold(b store.Backlog) string {
	wait := fmt.Sprintf("%d messages wait", b.Count)
	if b.Count == 1 {
		wait = "1 message waits"
	}
	wait += " to be told since " + b.Oldest.Local().Format("2006-01-02 15:04")
	if b.Reporter == "" {
		return wait
	}
	return fmt.Sprintf("%s; %s: %s", wait, b.Reporter, b.LastError)
}

// overdue says which flows have not played for so long that something keeps them from it: too few slots, or runs that last
// longer than their interval.
func (a *Agent) overdue(ctx context.Context) []string {
	latest, err := a.store.Latest(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	played := map[string]time.Time{}
	for _, s := range latest {
		if s.Played != nil {
			played[s.Scenario] = s.Played.Started
		}
	}
	var list []string
	for _, f := range a.flows.all() {
		since := played[f.scenario.Name]
		if since.Before(a.started) {
			since = a.started
		}
		if f.plan == nil || a.isPlaying(f.scenario.Name) {
			continue
		}
		missed := since
		for range missedTurns {
			missed = f.plan.Next(missed)
		}
		if time.Now().After(missed.Add(overdueAfter)) {
			list = append(list, fmt.Sprintf("%s has not been played since %s: are there too few slots, or do its runs last longer than its interval?",
				f.scenario.Name, since.Local().Format("2006-01-02 15:04")))
		}
	}
	return list
}

// freeBytes gives what an ordinary user may still write on the file system of path.
func freeBytes(path string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", path, err)
	}
	return s.Bavail * uint64(s.Bsize), nil
}
