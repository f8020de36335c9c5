// Package runner plays one scenario in one browser and gives the record of it. It judges steps and attempts; it keeps
// nothing, tells nobody, and never fails itself: whatever goes wrong is in the Run.
package runner

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

// Runner plays scenarios in the sessions of one driver. It is safe for concurrent use.
type Runner struct {
	Driver   browser.Driver
	Browser  string // its name in the configuration
	Location string // of this agent
	Log      *slog.Logger
}

// Options are what one run is told beside its scenario.
type Options struct {
	Due   time.Time   // when the schedule wanted it; zero: asked for by hand
	Watch func(Event) // called as the run goes on, in order; may be nil
}

// NewRun gives the record of a run that did not play, for the reason given: late, overlap.
func NewRun(s *scenarios.Scenario, due time.Time, outcome scenarios.Outcome, reason string) *scenarios.Run {
	return &scenarios.Run{
		ID: newID(), Scenario: s.Name, File: s.File, Browser: s.Browser, Due: due.UTC(), Started: time.Now().UTC().Truncate(time.Millisecond), Outcome: outcome, Reason: reason,
		Steps: []scenarios.StepResult{}, Saved: map[string]string{}, Console: []browser.ConsoleMessage{}, Artifacts: []scenarios.Artifact{},
	}
}

// newID gives a UUIDv7 (RFC 9562).
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Run plays s: attempts until one passes or there are none left. A browser that died under an attempt is replaced, and the
// attempt played again once, at once. When ctx is cancelled the run ends as aborted.
func (r *Runner) Run(ctx context.Context, s *scenarios.Scenario, o Options) (run *scenarios.Run) {
	began := time.Now()
	run = NewRun(s, o.Due, 0, "")
	run.Browser, run.Location = r.Browser, r.Location
	var redactor source.Redactor
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("a run panicked", "scenario", s.Name, "run", run.ID, "panic", redactor.Text(fmt.Sprint(p)), "stack", string(debug.Stack()))
			run.Outcome = scenarios.Errored
			run.Failure = &scenarios.Failure{Class: browser.ClassInternal, Message: fmt.Sprintf("trackwalker stumbled: %v", p), Hint: "please report this with the log"}
		}
		redact(run, redactor)
		run.DurationMS = time.Since(began).Milliseconds()
	}()
	secrets, err := reveal(s)
	if err != nil {
		run.Outcome = scenarios.Errored
		run.Failure = &scenarios.Failure{Class: browser.ClassInternal, Message: err.Error(), Hint: "set it where the agent runs"}
		return run
	}
	redactor = source.NewRedactor(secrets)
	r.attempts(ctx, s, o, run, secrets)
	return run
}

func (r *Runner) attempts(ctx context.Context, s *scenarios.Scenario, o Options, run *scenarios.Run, secrets map[string]string) {
	replays := 1
	var earlier []string
	for left := s.Retries; ; {
		run.Attempts++
		a := newAttempt(r, s, o, run, secrets)
		a.play(ctx)
		a.record(run)
		switch {
		case run.Outcome == scenarios.Failed && left > 0:
			left--
		case run.Failure != nil && run.Failure.Class == browser.ClassBrowser && run.Outcome == scenarios.Errored && replays > 0:
			replays--
		default:
			if run.Outcome == scenarios.Passed {
				run.Warnings = append(earlier, run.Warnings...)
			}
			return
		}
		earlier = append(earlier, fmt.Sprintf("attempt %d did not pass: %s", run.Attempts, inShort(run)))
	}
}

// inShort gives the failure of a run on one line.
func inShort(run *scenarios.Run) string {
	f := run.Failure
	if step := run.Step(f.Step); step != nil {
		return fmt.Sprintf("step %d/%d %s: %s", f.Step, len(run.Steps), step.Name, f.Message)
	}
	return f.Message
}

// reveal reads the values of all secrets that the scenario sees.
func reveal(s *scenarios.Scenario) (map[string]string, error) {
	values := map[string]string{}
	for name, secret := range s.Secrets {
		value, err := secret.Reveal()
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

// redact takes every secret out of all that the run says.
func redact(run *scenarios.Run, r source.Redactor) {
	if f := run.Failure; f != nil {
		f.Message, f.Hint, f.URL = r.Text(f.Message), r.Text(f.Hint), r.Text(f.URL)
	}
	for i := range run.Steps {
		run.Steps[i] = redactStep(run.Steps[i], r)
	}
	for i := range run.Groups {
		run.Groups[i].Name = r.Text(run.Groups[i].Name)
	}
	for name, value := range run.Saved {
		run.Saved[name] = r.Text(value)
	}
	for i := range run.Console {
		run.Console[i].Text, run.Console[i].URL = r.Text(run.Console[i].Text), r.Text(run.Console[i].URL)
	}
	for i := range run.Warnings {
		run.Warnings[i] = r.Text(run.Warnings[i])
	}
	for i := range run.Artifacts {
		run.Artifacts[i].Name = r.Text(run.Artifacts[i].Name)
	}
}

func redactStep(s scenarios.StepResult, r source.Redactor) scenarios.StepResult {
	s.Name, s.Group, s.Warning = r.Text(s.Name), r.Text(s.Group), r.Text(s.Warning)
	return s
}
