package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// How long the parts of an attempt may take that are not the site's.
const (
	openTimeout    = 30 * time.Second
	finallyTimeout = 15 * time.Second
	whenTimeout    = 2 * time.Second
)

// attempt is one playing of a scenario from its first step on, in a session of its own.
type attempt struct {
	runner   *Runner
	scenario *scenarios.Scenario
	options  Options
	number   int
	names    *scope
	redactor source.Redactor

	page      *browser.Page
	places    map[*steps.Step]place
	current   int       // index of the step being played, from 0
	previous  time.Time // when the step before the current one began
	dialogs   []int     // indices of the steps that planned how a dialog is answered
	steps     []scenarios.StepResult
	groups    []scenarios.GroupResult
	failure   *scenarios.Failure
	aborted   bool
	warnings  []string
	artifacts []scenarios.Artifact
}

func newAttempt(r *Runner, s *scenarios.Scenario, o Options, run *scenarios.Run, secrets map[string]string) *attempt {
	a := &attempt{
		runner: r, scenario: s, options: o, number: run.Attempts, redactor: source.NewRedactor(secrets),
		names: &scope{names: newNames(s, run.ID, run.Attempts, secrets)}, places: map[*steps.Step]place{},
	}
	a.lay(s.Steps, "")
	a.lay(s.Finally, "")
	return a
}

// play opens a session, plays the steps and then what stands under finally.
func (a *attempt) play(ctx context.Context) {
	a.tell(AttemptStarted, scenarios.StepResult{})
	session, err := a.open(ctx)
	if err != nil {
		a.end(ctx, err, 0)
		return
	}
	defer session.Close()
	credentials, err := a.credentials(ctx)
	if err != nil {
		a.end(ctx, err, 0)
		return
	}
	a.page = browser.NewPage(session, credentials)
	if err := a.block(ctx); err != nil {
		a.end(ctx, err, 0)
		return
	}
	started := time.Now()
	a.playSteps(ctx)
	a.checkBudget(time.Since(started))
	a.playFinally(ctx)
	a.checkDialogs()
}

func (a *attempt) open(ctx context.Context) (browser.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	o, err := a.scenario.Options(a.text(ctx))
	if err != nil {
		return nil, err
	}
	o.InitScript = browser.PageScript
	// What is heard of the console and of dialogs is part of every record.
	o.Uses = a.scenario.Needs() | browser.FeatureConsole | browser.FeatureDialogs
	session, err := a.runner.Driver.Open(ctx, o)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, &browser.Failure{
			Class: browser.ClassBrowser, Message: fmt.Sprintf("the browser did not open a page within %s", openTimeout),
			Hint: "is this machine overloaded? `trackwalker doctor` looks", Err: err,
		}
	}
	return session, err
}

// text gives what resolves the references in a text of the flow's own.
func (a *attempt) text(ctx context.Context) func(string) (string, error) {
	return func(s string) (string, error) { return a.names.expand(ctx, s) }
}

// block keeps pages from what the scenario blocks.
func (a *attempt) block(ctx context.Context) error {
	if len(a.scenario.Block) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	var rules []browser.InterceptRule
	for _, text := range a.scenario.Block {
		glob, err := a.names.expand(ctx, text)
		if err != nil {
			return err
		}
		rules = append(rules, browser.InterceptRule{URL: glob, Abort: true})
	}
	return a.page.Intercept(ctx, rules...)
}

func (a *attempt) credentials(ctx context.Context) (*browser.Credentials, error) {
	s := a.scenario
	if len(s.Headers) == 0 && s.BasicAuth == nil {
		return nil, nil
	}
	c := &browser.Credentials{Headers: map[string]string{}}
	for name, text := range s.Headers {
		value, err := a.names.expand(ctx, text)
		if err != nil {
			return nil, err
		}
		c.Headers[name] = value
	}
	if s.BasicAuth == nil {
		return c, nil
	}
	var err error
	if c.Username, err = a.names.expand(ctx, s.BasicAuth.Username); err != nil {
		return nil, err
	}
	c.Password, err = a.names.expand(ctx, s.BasicAuth.Password)
	return c, err
}

func (a *attempt) playSteps(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, a.scenario.Timeout)
	defer cancel()
	err := a.playAll(limited, a.scenario.Steps, surroundings{names: a.names})
	if err == nil {
		return
	}
	if isOver(limited) && ctx.Err() == nil {
		err = outOfTime(err, fmt.Sprintf("the attempt's %s", a.scenario.Timeout), "give the scenario a longer timeout, or the steps shorter ones")
	}
	a.tell(StepEnded, a.steps[a.current])
	a.end(ctx, err, a.current+1)
	a.evidence(ctx)
}

func (a *attempt) attach(name string, png []byte) {
	a.artifacts = append(a.artifacts, scenarios.Artifact{Kind: "screenshot", Name: name, Step: a.current + 1, Media: "image/png", Data: png})
}

// evidence keeps the failed moment.
func (a *attempt) evidence(ctx context.Context) {
	if a.failure == nil || a.failure.Class.Ours() {
		return
	}
	e := a.page.Evidence(context.WithoutCancel(ctx))
	if a.failure.URL == "" {
		a.failure.URL = e.URL
	}
	if e.Picture == nil {
		a.warnings = append(a.warnings, fmt.Sprintf("no picture of the failure could be taken: %v", e.Err))
		return
	}
	a.attach("failure", e.Picture)
}

func (a *attempt) checkBudget(took time.Duration) {
	limit := a.scenario.Budgets.Total
	if a.failure != nil || a.aborted || limit == 0 || took <= limit {
		return
	}
	a.failure = &scenarios.Failure{
		Class: browser.ClassBudget, Message: fmt.Sprintf("all steps passed, but they took %s; the budget of total is %s", took.Round(time.Millisecond), limit),
		Hint: "look at which step took longer than it used to",
	}
}

// playFinally plays what stands under finally, however the steps ended, unless there is no page any more.
func (a *attempt) playFinally(ctx context.Context) {
	if len(a.scenario.Finally) == 0 || ctx.Err() != nil || a.failure != nil && a.failure.Class == browser.ClassBrowser {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, finallyTimeout)
	defer cancel()
	for i := range a.scenario.Finally {
		step := &a.scenario.Finally[i]
		if err := a.playStep(ctx, step, surroundings{names: a.names}); err != nil {
			a.warn(step, err)
			a.warnings = append(a.warnings, fmt.Sprintf("finally: %s: %s", a.steps[a.current].Name, a.steps[a.current].Warning))
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// checkDialogs warns of the dialogs that were planned and never opened: plans are used up in order.
func (a *attempt) checkDialogs() {
	unused := min(a.page.UnusedPlans(), len(a.dialogs))
	for _, i := range a.dialogs[len(a.dialogs)-unused:] {
		if a.steps[i].Outcome == scenarios.Passed {
			a.steps[i].Outcome, a.steps[i].Warning = scenarios.Warned, "no dialog was opened after this step"
		}
	}
}

// end notes why the attempt is over; step counts from 1, 0 is before the first.
func (a *attempt) end(ctx context.Context, err error, step int) {
	if errors.Is(ctx.Err(), context.Canceled) {
		a.aborted = true
		return
	}
	f := a.classify(err)
	a.failure = &scenarios.Failure{Class: f.Class, Step: step, Message: f.Message, Hint: f.Hint, URL: f.URL}
	if step > 0 {
		a.failure.Line = a.steps[step-1].Line
	}
}

// classify gives every error its class. What is no Failure comes from time running out, or from a reference without a value.
func (a *attempt) classify(err error) *browser.Failure {
	var failure *browser.Failure
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.Is(err, context.DeadlineExceeded):
		return &browser.Failure{Class: browser.ClassTimeout, Message: "the step took longer than it may", Hint: "give it a longer timeout"}
	case errors.Is(err, errNoValue):
		return &browser.Failure{Class: browser.ClassNotFound, Message: err.Error()}
	default:
		return &browser.Failure{Class: browser.ClassInternal, Message: err.Error()}
	}
}

// record writes the attempt down as the run's last.
func (a *attempt) record(run *scenarios.Run) {
	run.Steps, run.Groups, run.Failure, run.Warnings, run.Saved = a.steps, a.groups, a.failure, a.warnings, a.names.names.saved
	run.Artifacts = append([]scenarios.Artifact{}, a.artifacts...)
	run.Console, run.Timings = []browser.ConsoleMessage{}, scenarios.Timings{}
	if a.page != nil {
		run.Console = append(run.Console, a.page.ConsoleMessages()...)
		if raw := a.page.Timings(); raw != nil {
			_ = json.Unmarshal(raw, &run.Timings) // what was not measured stays out
		}
	}
	switch {
	case a.aborted:
		run.Outcome, run.Reason = scenarios.Aborted, "shutdown"
	case a.failure == nil:
		run.Outcome = scenarios.Passed
	case a.failure.Class.Ours():
		run.Outcome = scenarios.Errored
	default:
		run.Outcome = scenarios.Failed
	}
}

func (a *attempt) tell(kind EventKind, step scenarios.StepResult) {
	if a.options.Watch != nil {
		a.options.Watch(Event{Kind: kind, Attempt: a.number, Of: len(a.steps), Step: redactStep(step, a.redactor)})
	}
}
