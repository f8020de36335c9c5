package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/steps"
)

// place is where the results of a step stand: of one that does something itself its own; of one that holds steps theirs, and
// its group's.
type place struct {
	first, count int // of the results, from 0
	group        int // -1: it is no group
}

// lay makes room for the results of steps in the group of that name. All are skipped until they are played.
func (a *attempt) lay(list []steps.Step, group string) {
	for i := range list {
		step := &list[i]
		inside, nests := step.Nested()
		if !nests {
			a.places[step] = place{len(a.steps), 1, -1}
			result := scenarios.StepResult{
				Index: len(a.steps) + 1, Kind: step.Kind, Name: step.Name, Line: step.Line, Group: group, Outcome: scenarios.Skipped,
			}
			if step.File != a.scenario.File {
				result.File = step.File
			}
			a.steps = append(a.steps, result)
			continue
		}
		p := place{len(a.steps), 0, -1}
		name := group
		if step.Title != "" {
			if name = step.Title; group != "" {
				name = group + " / " + step.Title
			}
			p.group = len(a.groups)
			a.groups = append(a.groups, scenarios.GroupResult{Name: name, Outcome: scenarios.Skipped})
		}
		a.lay(inside, name)
		p.count = len(a.steps) - p.first
		a.places[step] = p
	}
}

// surroundings are what steps inherit from what holds them.
type surroundings struct {
	scope browser.Scope
	names *scope
}

// playAll plays steps one after the other until one fails that is not optional, and gives its error. Whoever takes that says
// how the current step ended.
func (a *attempt) playAll(ctx context.Context, list []steps.Step, s surroundings) error {
	for i := range list {
		err := a.playStep(ctx, &list[i], s)
		if err == nil {
			continue
		}
		if !list[i].Optional || !a.tolerable(ctx, err) {
			return err
		}
		a.warn(&list[i], err)
	}
	return nil
}

// tolerable reports whether the run may go on after an error: the site is to blame for it, and there is time left.
func (a *attempt) tolerable(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !a.classify(err).Class.Ours()
}

// warn makes the error of a step, or of the current one inside it, a warning.
func (a *attempt) warn(step *steps.Step, err error) {
	result := &a.steps[a.current]
	result.Outcome, result.Warning = scenarios.Warned, a.classify(err).Message
	if g := a.places[step].group; g >= 0 {
		a.groups[g].Outcome = scenarios.Warned
	}
	a.tell(StepEnded, *result)
}

// playStep plays one step with its condition, its time and its picture.
func (a *attempt) playStep(ctx context.Context, step *steps.Step, s surroundings) error {
	if _, nests := step.Nested(); nests {
		return a.playNest(ctx, step, s)
	}
	a.current = a.places[step].first
	result := &a.steps[a.current]
	a.tell(StepStarted, *result)
	started := time.Now()
	outcome, err := a.perform(ctx, step, s)
	if outcome != scenarios.Skipped {
		a.previous = started
	}
	result.Outcome, result.DurationMS = outcome, time.Since(started).Milliseconds()
	if err == nil {
		a.tell(StepEnded, *result)
	}
	return err
}

// playNest plays a step that holds steps.
func (a *attempt) playNest(ctx context.Context, step *steps.Step, s surroundings) error {
	p := a.places[step]
	a.current = p.first // to blame, should the group itself fail before any of its steps
	started := time.Now()
	outcome, err := a.perform(ctx, step, s)
	if err != nil {
		a.steps[a.current].Outcome = scenarios.Failed
	}
	if p.group >= 0 {
		a.groups[p.group].Outcome, a.groups[p.group].DurationMS = outcome, time.Since(started).Milliseconds()
	}
	return err
}

// perform does what a step says, if its condition comes true.
func (a *attempt) perform(ctx context.Context, step *steps.Step, s surroundings) (scenarios.Outcome, error) {
	wanted, err := a.wanted(ctx, step, s)
	if err == nil && !wanted {
		return scenarios.Skipped, nil
	}
	if err == nil {
		err = a.act(ctx, step, s)
	}
	if err == nil && step.Capture {
		err = a.capture(ctx, step.Name)
	}
	if err != nil {
		return scenarios.Failed, err
	}
	return scenarios.Passed, nil
}

// wanted reports whether the step's condition, if it has one, comes true in time.
func (a *attempt) wanted(ctx context.Context, step *steps.Step, s surroundings) (bool, error) {
	if step.When == nil {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, whenTimeout)
	defer cancel()
	x, err := a.exec(ctx, step, s)
	if err != nil {
		return false, err
	}
	when, err := x.Locator(*step.When)
	if err != nil {
		return false, err
	}
	return a.page.Visible(ctx, when)
}

// act does what the step says within its time.
func (a *attempt) act(ctx context.Context, step *steps.Step, s surroundings) error {
	_, nests := step.Nested()
	limited, cancel := ctx, context.CancelFunc(func() {})
	if step.Timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, step.Timeout)
	}
	defer cancel()
	x, err := a.exec(limited, step, s)
	if err == nil {
		err = step.Action.Do(limited, x)
	}
	if nests {
		if err != nil && !isOver(ctx) && isOver(limited) {
			err = outOfTime(err, fmt.Sprintf("the %s of %q", step.Timeout, step.Name), "give the group a longer timeout, or its steps shorter ones")
		}
		return err
	}
	return a.afterwards(ctx, step, err)
}

// afterwards looks at the dialogs that came with a step. One that said something else than was expected is why the step failed.
func (a *attempt) afterwards(ctx context.Context, step *steps.Step, err error) error {
	if err == nil && step.Kind == "dialog" {
		a.dialogs = append(a.dialogs, a.current)
	}
	if ctx.Err() != nil || err != nil && a.classify(err).Class.Ours() {
		return err
	}
	if wrong := a.page.CheckDialogs(); wrong != nil {
		return wrong
	}
	return err
}

// exec gives what a step acts with until ctx is over.
func (a *attempt) exec(ctx context.Context, step *steps.Step, s surroundings) (*steps.Exec, error) {
	x := &steps.Exec{
		Page: a.page, Scope: s.scope, Since: a.previous, Save: a.names.names.save, Attach: a.attach, IsSecret: s.names.isSecret,
	}
	x.Lookup = s.names.lookup(ctx)
	var err error
	x.Scope, err = x.Inside(*step)
	x.Play = func(ctx context.Context, list []steps.Step, arguments []steps.Argument) error {
		names, err := s.names.bind(ctx, arguments)
		if err != nil {
			return err
		}
		return a.playAll(ctx, list, surroundings{x.Scope, names})
	}
	return x, err
}

func (a *attempt) capture(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, steps.DefaultTimeout)
	defer cancel()
	png, err := a.page.Picture(ctx, browser.PictureOptions{})
	if err == nil {
		a.attach(name, png)
	}
	return err
}

// isOver reports whether ctx's time is over. The page counts the time too, and may give up a moment before its end.
func isOver(ctx context.Context) bool {
	const moment = 50 * time.Millisecond
	deadline, limited := ctx.Deadline()
	return limited && time.Until(deadline) < moment
}

// outOfTime is the failure of the step in which the time of what holds it was over.
func outOfTime(err error, whose, hint string) error {
	var failure *browser.Failure
	if errors.As(err, &failure) && failure.Class.Ours() {
		return err
	}
	message := whose + " were over in this step"
	if failure != nil {
		message += ": " + failure.Message
	}
	return &browser.Failure{Class: browser.ClassTimeout, Message: message, Hint: hint, Err: err}
}
