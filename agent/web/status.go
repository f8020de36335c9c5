package web

import (
	"cmp"
	"context"
	"os"
	"time"

	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
)

// Source is what the pages are made of. All its methods may be called at the same time, and often: a page asks anew every
// few seconds.
type Source interface {
	// Status says how the agent and its flows stand now.
	Status(ctx context.Context) (Status, error)
	// Run reads a whole run. The error is, or wraps, fs.ErrNotExist when there is none of that id.
	Run(ctx context.Context, id string) (*scenarios.Run, error)
	// Artifact opens what a run left, by its SHA-256 sum in lower case hexadecimal. The caller closes it. The error is, or
	// wraps, fs.ErrNotExist when it is not there, and for what is no such sum.
	Artifact(sha string) (*os.File, error)
	// Live is nil while the agent's loops turn. An error means that only a restart helps.
	Live(ctx context.Context) error
	// Ready says what keeps the agent from doing its work: one line a reason; none: all is well.
	Ready(ctx context.Context) []string
}

// Status is how an agent stands at one moment. Its JSON is what /api/v1/status answers and `trackwalker status` reads; it is
// stable, extended only by adding.
type Status struct {
	Version  int       `json:"version"`  // of this document: 1. Set by the handler.
	State    State     `json:"state"`    // the worst of the flows'. Set by the handler.
	Headline string    `json:"headline"` // all of this in one sentence. Set by the handler.
	At       time.Time `json:"at"`       // when this was so. Set by the handler, if zero.

	Location string    `json:"location"` // the agent's name in results
	Build    string    `json:"build"`    // its version
	Started  time.Time `json:"started"`

	Flows     []Flow     `json:"flows"`     // every flow that the agent knows, in the order of the page: by name
	Incidents []Incident `json:"incidents"` // the open ones, oldest first
	Problems  []Problem  `json:"problems"`  // what is wrong with the agent itself; none: nothing
	// DeliveriesWaiting is how many messages to people are not sent yet.
	DeliveriesWaiting int `json:"deliveries_waiting"`
	// Ready is what /readyz says: nothing keeps the agent from doing its work. Set by the handler.
	Ready bool `json:"ready"`
}

// Flow is one scenario that the agent plays.
type Flow struct {
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	File        string    `json:"file,omitempty"`
	Schedule    string    `json:"schedule"` // as people say it: every 5m
	Browser     string    `json:"browser"`
	State       State     `json:"state"`                  // set by the handler
	FailingFrom time.Time `json:"failing_since,omitzero"` // of the open incident; zero: none. Set by the handler.
	Next        time.Time `json:"next,omitzero"`          // when it is due again; zero: it plays only when asked to
	Playing     bool      `json:"playing"`                // at this moment
	Last        *Result   `json:"last"`                   // its newest run that passed, failed or errored; nil: none
	Recent      []Result  `json:"recent"`                 // its newest runs of whatever outcome, newest first; some 30 of them
}

// Result is a run in one line.
type Result struct {
	Run        string            `json:"run"` // its id
	Browser    string            `json:"browser,omitempty"`
	Outcome    scenarios.Outcome `json:"outcome"`
	Reason     string            `json:"reason,omitempty"` // why it was skipped or aborted
	Started    time.Time         `json:"started"`
	DurationMS int64             `json:"duration_ms"`
	Attempts   int               `json:"attempts"`
	Failure    *Failure          `json:"failure,omitempty"` // of what failed or errored
}

// Duration is how long all attempts took together.
func (r Result) Duration() time.Duration { return time.Duration(r.DurationMS) * time.Millisecond }

// Failure is why a run failed or errored, with its evidence.
type Failure struct {
	Class   string `json:"class"`
	Step    int    `json:"step,omitempty"`  // counted from 1; 0: no step's fault
	Steps   int    `json:"steps,omitempty"` // how many there are; 0: not known
	Name    string `json:"name,omitempty"`  // of the step
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	URL     string `json:"url,omitempty"`     // of the page
	Picture string `json:"picture,omitempty"` // SHA-256 sum of the screenshot, for /artifacts/
}

// Incident is one stretch of time in which a flow does not work, and lasts.
type Incident struct {
	ID     string    `json:"id"`
	Flow   string    `json:"flow"`
	Since  time.Time `json:"since"`  // start of the first failed run
	Opened time.Time `json:"opened"` // when people were told
	Runs   int       `json:"runs"`   // failed runs so far
	First  *Result   `json:"first"`  // the failed run that opened it: the evidence; nil: it is no longer known
}

// Problem is something that is wrong with the agent itself, not with a site.
type Problem struct {
	About string `json:"about"` // what it is with: a file, a reporter, a browser
	Text  string `json:"text"`  // the full error; may have several lines
}

// Summarize takes from a whole run what a Result holds.
func Summarize(run *scenarios.Run) Result {
	r := Result{
		Run: run.ID, Browser: run.Browser, Outcome: run.Outcome, Reason: run.Reason, Started: run.Started, DurationMS: run.DurationMS,
		Attempts: run.Attempts,
	}
	if f := run.Failure; f != nil {
		r.Failure = &Failure{
			Class: string(f.Class), Step: f.Step, Steps: len(run.Steps), Message: f.Message, Hint: f.Hint, URL: f.URL, Picture: evidence(run),
		}
		if step := run.Step(f.Step); step != nil {
			r.Failure.Name = step.Name
		}
	}
	return r
}

// evidence is the sum of the screenshot of the failed moment: the last one of the failed step. Empty: there is none.
func evidence(run *scenarios.Run) string {
	sum := ""
	for _, a := range run.Artifacts {
		if a.Kind == "screenshot" && a.Step == run.Failure.Step {
			sum = cmp.Or(a.Ref.SHA256, sum)
		}
	}
	return sum
}

// FromIncident takes from an incident what an Incident holds.
func FromIncident(i incident.Incident) Incident {
	out := Incident{ID: i.ID, Flow: i.Scenario, Since: i.Since, Opened: i.Opened, Runs: i.Runs}
	if i.First != nil {
		first := Summarize(i.First)
		out.First = &first
	}
	return out
}
