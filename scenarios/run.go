package scenarios

import (
	"fmt"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/screenshots"
)

// Outcome is how a run, or a step, ended.
type Outcome uint8

// The outcomes. A step passes, fails, warns (optional or in finally, and failed) or is skipped; the rest are runs'.
const (
	Passed  Outcome = iota + 1
	Failed          // the site's fault
	Errored         // the agent's fault: no browser, no network at all, a full disk
	Aborted         // the agent was told to stop
	Skipped         // a run: late or overlap; a step: its `when` was not so, or it was never reached
	Warned          // a step only
)

// outcomeNames are the contract of the JSON document, indexed by Outcome.
func outcomeNames() []string {
	return []string{"", "passed", "failed", "errored", "aborted", "skipped", "warning"}
}

func (o Outcome) String() string {
	if names := outcomeNames(); int(o) < len(names) {
		return names[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// MarshalText gives the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads an outcome's name.
func (o *Outcome) UnmarshalText(b []byte) error {
	for i, name := range outcomeNames() {
		if i > 0 && name == string(b) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("unknown outcome %q", b)
}

// Run is the record of one execution of a scenario. Its JSON is what `run --output json` prints, and what the store keeps.
type Run struct {
	ID         string    `json:"id"` // UUIDv7
	Scenario   string    `json:"scenario"`
	File       string    `json:"file"`
	Browser    string    `json:"browser"`
	Location   string    `json:"location"`
	Due        time.Time `json:"due,omitzero"` // when the schedule wanted it; zero: it was asked for by hand
	Started    time.Time `json:"started"`
	DurationMS int64     `json:"duration_ms"` // of all attempts
	Attempts   int       `json:"attempts"`
	Outcome    Outcome   `json:"outcome"`
	Reason     string    `json:"reason,omitempty"` // why it was skipped or aborted: late, overlap, shutdown

	Steps     []StepResult             `json:"steps"`            // the leaf steps of the last attempt in play order, finally last
	Groups    []GroupResult            `json:"groups,omitempty"` // of the last attempt, in the order in which they begin
	Failure   *Failure                 `json:"failure,omitempty"`
	Timings   Timings                  `json:"timings"`
	Saved     map[string]string        `json:"saved"`
	Console   []browser.ConsoleMessage `json:"console"`
	Artifacts []Artifact               `json:"artifacts"`
	Warnings  []string                 `json:"warnings,omitempty"` // what is worth a look and failed nothing
}

// Duration is how long all attempts took together.
func (r *Run) Duration() time.Duration { return time.Duration(r.DurationMS) * time.Millisecond }

// Ended is when the run was over.
func (r *Run) Ended() time.Time { return r.Started.Add(r.Duration()) }

// Step gives the result of step n, counted from 1, or nil.
func (r *Run) Step(n int) *StepResult {
	if n < 1 || n > len(r.Steps) {
		return nil
	}
	return &r.Steps[n-1]
}

// StepResult is how one step went.
type StepResult struct {
	Index      int     `json:"index"` // counted from 1, over all leaf steps
	Kind       string  `json:"kind"`
	Name       string  `json:"name"`
	File       string  `json:"file,omitempty"` // only where it is not the scenario's own
	Line       int     `json:"line"`
	Outcome    Outcome `json:"outcome"`
	DurationMS int64   `json:"duration_ms"`
	Group      string  `json:"group"`
	Warning    string  `json:"warning"`
}

// GroupResult is how the steps of a group, or of a fragment that was given a name, went together.
type GroupResult struct {
	Name       string  `json:"name"` // with the names of the groups around it: outer / inner
	Outcome    Outcome `json:"outcome"`
	DurationMS int64   `json:"duration_ms"`
}

// Failure is why a run failed or errored.
type Failure struct {
	Class   browser.Class `json:"class"`
	Step    int           `json:"step,omitempty"` // 0: no step's: a budget, or no browser
	Line    int           `json:"line,omitempty"`
	Message string        `json:"message"`
	Hint    string        `json:"hint,omitempty"`
	URL     string        `json:"url,omitempty"`
}

// Timings are of the first goto's page, in milliseconds. What was not measured is nil.
type Timings struct {
	TTFB *float64 `json:"ttfb_ms,omitempty"`
	FCP  *float64 `json:"fcp_ms,omitempty"`
	LCP  *float64 `json:"lcp_ms,omitempty"`
	CLS  *float64 `json:"cls,omitempty"`
	INP  *float64 `json:"inp_ms,omitempty"`
	Load *float64 `json:"load_ms,omitempty"`
}

// Artifact is a file that a run left: a picture, a page's source. The runner fills Data; who records the run keeps it and
// sets Ref or Path.
type Artifact struct {
	Kind  string          `json:"kind"` // screenshot, dom
	Name  string          `json:"name"`
	Step  int             `json:"step,omitempty"`
	Path  string          `json:"path,omitempty"`
	Media string          `json:"media"`
	Ref   screenshots.Ref `json:"ref,omitzero"`
	Data  []byte          `json:"-"`
}

// AlertPolicy says when failed runs become an incident and when it is over.
type AlertPolicy struct {
	After   int      `json:"after"`   // consecutive failed runs that open it; at least 1
	Recover int      `json:"recover"` // consecutive passed runs that resolve it; at least 1
	To      []string `json:"to"`      // names of reporters; nil: all of them
}
