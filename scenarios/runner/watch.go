package runner

import "trackwalker/scenarios"

// EventKind says what just happened in a run.
type EventKind string

// The events of a run.
const (
	AttemptStarted EventKind = "attempt started"
	StepStarted    EventKind = "step started"
	StepEnded      EventKind = "step ended"
)

// Event is one thing that happened in a run.
type Event struct {
	Kind    EventKind
	Attempt int // from 1
	Of      int // leaf steps in all
	Step    scenarios.StepResult
}
