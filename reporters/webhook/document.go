package webhook

import (
	"strings"
	"time"
	"unicode"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
)

// Document is what is posted. It is stable, and extended only by adding.
type Document struct {
	Version  int                `json:"version"` // of this format: 1
	Event    incident.EventKind `json:"event"`   // opened, resolved
	Text     string             `json:"text"`    // one sentence that stands alone
	Sample   bool               `json:"sample,omitempty"`
	Location string             `json:"location,omitempty"` // of the agent
	Incident Incident           `json:"incident"`
	Run      *Run               `json:"run,omitempty"` // the failed one that opened the incident
	Failure  *Failure           `json:"failure,omitempty"`
}

// Incident is a stretch of time in which a scenario did not work.
type Incident struct {
	ID       string    `json:"id"`
	Version  int       `json:"version"` // counts the changes, from 1
	Scenario string    `json:"scenario"`
	Since    time.Time `json:"since"`             // start of the first failed run
	Opened   time.Time `json:"opened"`            // end of the run that made it an incident
	Resolved time.Time `json:"resolved,omitzero"` // left out while it is open
	LastedMS int64     `json:"lasted_ms,omitempty"`
	Runs     int       `json:"runs"`             // failed ones
	Reason   string    `json:"reason,omitempty"` // why it is over where the flow did not pass again
}

// Run is the failed run that shows what is wrong.
type Run struct {
	ID       string    `json:"id"`
	File     string    `json:"file,omitempty"`
	Browser  string    `json:"browser,omitempty"`
	Started  time.Time `json:"started"`
	Attempts int       `json:"attempts"`
}

// Failure is what went wrong in it.
type Failure struct {
	Class    string `json:"class"`
	Step     int    `json:"step,omitempty"`  // left out when no single step failed
	Steps    int    `json:"steps,omitempty"` // of the scenario
	StepName string `json:"step_name,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	URL      string `json:"url,omitempty"`
}

func document(n reporters.Notice) Document {
	i := n.Incident
	d := Document{
		Version: 1, Event: incident.Opened, Text: harmless(n.Summary()), Sample: n.Sample, Location: n.Location,
		Incident: Incident{
			ID: i.ID, Version: i.Version, Scenario: i.Scenario, Since: i.Since, Opened: i.Opened, Resolved: i.Resolved, Runs: i.Runs, Reason: i.Reason,
		},
	}
	if !i.Open() {
		d.Event = incident.Resolved
		d.Incident.LastedMS = i.Lasted(i.Resolved).Milliseconds()
	}
	run := i.First
	if run == nil {
		return d
	}
	d.Run = &Run{ID: run.ID, File: run.File, Browser: run.Browser, Started: run.Started, Attempts: run.Attempts}
	if d.Location == "" {
		d.Location = run.Location
	}
	if f := run.Failure; f != nil {
		d.Failure = &Failure{
			Class: string(f.Class), Step: f.Step, Steps: len(run.Steps), Message: f.Message, Hint: f.Hint, URL: f.URL,
		}
		if s := run.Step(f.Step); s != nil {
			d.Failure.StepName = s.Name
		}
	}
	return d
}

// harmless breaks, with a space of no width, what chat systems read as a call to people or as a link in disguise: <!channel>
// and @all in the text of a page must ping nobody. An address like ops@shop.example stays whole.
func harmless(text string) string {
	const gap = "\u200b"
	var b strings.Builder
	before := ' '
	for i, r := range text {
		b.WriteRune(r)
		if r == '<' && markup(text[i+1:]) || r == '@' && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			b.WriteString(gap)
		}
		before = r
	}
	return b.String()
}

// markup reports whether Slack, and those who do as it does, give a meaning to a < before s.
func markup(s string) bool {
	for _, start := range []string{"!", "#", "http:", "https:", "mailto:"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}
