// Package steps holds the kinds of steps of the scenario language: how each is written, and what it does to a page. A kind
// is one file and one row in Table.
//
// What a page can do lives in browser; playing a list of steps, with their timeouts and results, lives in runner.
package steps

import (
	"context"
	"iter"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

// Step is one item of a scenario's list.
type Step struct {
	Kind     string
	Name     string // shown everywhere; references unresolved
	File     string // the file it stands in, as the scenario's Name is written
	Line     int
	Timeout  time.Duration // 0: none of its own
	Optional bool
	Capture  bool
	When     *browser.Locator // references unresolved, as in all locators of a step
	In       *browser.Locator
	Frames   []browser.Locator // outermost first; In is in the innermost
	Title    string            // of a group, and of a fragment that was given a name: what its steps' results name as their group
	Action   Action
}

// Action is what a step does. Its errors are a *browser.Failure, or ctx's own.
type Action interface {
	Do(ctx context.Context, x *Exec) error
}

// Asserts reports whether the step can fail because the site is not as expected, which is what makes a flow worth playing.
func (s Step) Asserts() bool {
	a, ok := s.Action.(interface{ asserts() bool })
	return ok && a.asserts() && !s.Optional
}

// nest is an action that holds steps.
type nest interface {
	Action
	nested() []Step
	title(given string, n *source.Node) string // given is the name that stands beside the kind, n the kind's value
}

// Nested gives the steps inside the step, and whether it is one that holds steps.
func (s Step) Nested() ([]Step, bool) {
	if n, is := s.Action.(nest); is {
		return n.nested(), true
	}
	return nil, false
}

// Leaves gives the steps that do something themselves, in the order of play.
func Leaves(list []Step) iter.Seq[Step] {
	return func(yield func(Step) bool) { leaves(list, yield) }
}

func leaves(list []Step, yield func(Step) bool) bool {
	for _, s := range list {
		inside, nests := s.Nested()
		if nests && !leaves(inside, yield) || !nests && !yield(s) {
			return false
		}
	}
	return true
}

// Needs gives what the step's browser must be able to do beyond the common.
func (s Step) Needs() browser.Features {
	if a, ok := s.Action.(interface{ needs() browser.Features }); ok {
		return a.needs()
	}
	return 0
}

// Kind is one row of the language.
type Kind struct {
	Name    string
	Doc     string            // one or two sentences
	Plain   string            // what a plain string says; empty: a map is needed
	Bare    bool              // may stand without a value
	Fields  []source.Field    // keys of the map form; nil: there is none
	Items   []source.Field    // keys of each thing in the map's list; nil: it has none
	AnyKeys bool              // the map's keys are the user's own
	Example string            // YAML of one or more steps on the demo shop, which the tests play
	Files   map[string]string // that the example needs beside the scenario, by name
	Decode  func(n *source.Node) Action
	Nest    func(r *Reader, n *source.Node) Action // in place of Decode, of a kind that holds steps
}

// DefaultTimeout is how long a step may take that does not say otherwise.
const DefaultTimeout = 10 * time.Second

// Table gives every kind, in the order of the reference.
func Table() []Kind {
	return []Kind{
		gotoKind(), reloadKind(), backKind(), forwardKind(),
		clickKind(), doubleClickKind(), rightClickKind(), hoverKind(), focusKind(), tapKind(),
		fillKind(), typeKind(), clearKind(), pressKind(), selectKind(), checkKind(), uncheckKind(), formKind(),
		uploadKind(), dragKind(), scrollKind(),
		waitKind(), expectKind(), saveKind(), scriptKind(), screenshotKind(),
		dialogKind(), tabKind(), downloadKind(), cookiesKind(), mockKind(),
		useKind(), groupKind(),
	}
}

// CommonFields are the keys that stand beside any kind.
func CommonFields() []source.Field {
	return []source.Field{
		{Key: "name", Type: "text", Doc: "shown everywhere in place of the kind and its value"},
		{Key: "timeout", Type: "duration", Doc: "how long the step may take; default 10s; a wait for a time, a group and a fragment have none unless it is given"},
		{Key: "optional", Type: "boolean", Doc: "a failure is recorded as a warning, and the run goes on"},
		{Key: "when", Type: "locator", Doc: "play the step only if that is visible now, or within 2 s"},
		{Key: "capture", Type: "boolean", Doc: "take a screenshot after the step"},
		{Key: "in", Type: "locator", Doc: "look for the step's locators inside that; the steps of a group inherit it"},
		{Key: "frame", Type: "frames", Doc: "look for them, and for `in`, inside that iframe; a list for nested ones, outermost first"},
	}
}
