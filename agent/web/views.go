package web

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"trackwalker/reporters"
	"trackwalker/scenarios"
)

// functions are what templates may call beside the methods of their views.
func functions() map[string]any {
	return map[string]any{
		"plain": reporters.Plain,
		"line":  reporters.Line,
		"clip":  func(limit int, s string) string { return reporters.Clip(reporters.Line(s), limit) },
		"took":  took,
		"ms":    func(n int64) string { return took(time.Duration(n) * time.Millisecond) },
		"web":   isWeb,
	}
}

// statusView is what status.html shows.
type statusView struct {
	Status
	now moment
}

// Time is t as the page shows it.
func (v statusView) Time(t time.Time) moment { return v.now.to(t) }

// Row is a flow as a row of the table.
func (v statusView) Row(f Flow) flowView { return flowView{f, v.now, nil} }

// Card is an incident as it is shown.
func (v statusView) Card(i Incident) incidentView { return incidentView{i, v.now} }

// Unwell reports whether the agent itself has problems.
func (v statusView) Unwell() bool { return len(v.Problems) > 0 }

// Count says how many flows are as they should be, of how many.
func (v statusView) Count() string {
	working := 0
	for _, f := range v.Flows {
		if f.State == Working {
			working++
		}
	}
	if working == len(v.Flows) {
		return ""
	}
	return fmt.Sprintf("%d of %d %s", working, len(v.Flows), plural(len(v.Flows), "flow works", "flows work"))
}

// Trouble counts the agent's own problems.
func (v statusView) Trouble() string {
	return fmt.Sprintf("%d %s with the agent itself", len(v.Problems), plural(len(v.Problems), "problem", "problems"))
}

// Waiting says how many messages are not sent.
func (v statusView) Waiting() string {
	return fmt.Sprintf("%d %s not sent yet.", v.DeliveriesWaiting, plural(v.DeliveriesWaiting, "message to people is", "messages to people are"))
}

// incidentView is an open incident.
type incidentView struct {
	Incident
	now moment
}

func (v incidentView) Time(t time.Time) moment { return v.now.to(t) }

// Lasted is since when, as people say it.
func (v incidentView) Lasted() string { return reporters.Words(v.now.t.Sub(v.Since)) }

// Told counts the failed runs.
func (v incidentView) Told() string {
	return fmt.Sprintf("%d failed %s", v.Runs, plural(v.Runs, "run", "runs"))
}

// flowView is what flow.html shows, and a row of status.html.
type flowView struct {
	Flow
	now  moment
	Open *Incident // nil: none, or not asked for
}

func (v flowView) Time(t time.Time) moment { return v.now.to(t) }

// Card is the open incident as it is shown.
func (v flowView) Card() incidentView { return incidentView{*v.Open, v.now} }

// Due says when the flow plays next.
func (v flowView) Due() moment {
	m := v.now.to(v.Next)
	if late := v.now.t.Sub(v.Next); late > 0 {
		m.Text = "now"
		if late > 2*time.Minute {
			m.Text = "overdue for " + reporters.Words(late)
		}
	}
	return m
}

// Overdue reports whether the next run should have begun some time ago: then the outcome shown is old.
func (v flowView) Overdue() bool {
	return !v.Playing && !v.Next.IsZero() && v.now.t.Sub(v.Next) > 2*time.Minute
}

// Idle is the newest run when it said nothing about the site, as when it was skipped; else nil.
func (v flowView) Idle() *Result {
	if len(v.Recent) == 0 || v.Last != nil && v.Recent[0].Run == v.Last.Run {
		return nil
	}
	switch r := v.Recent[0]; r.Outcome {
	case scenarios.Skipped, scenarios.Aborted:
		return &r
	default:
		return nil
	}
}

// Strip draws the recent runs small.
func (v flowView) Strip() strip { return newStrip(v.Recent, v.now, 30, 5, 24) }

// Chart draws them large.
func (v flowView) Chart() strip {
	return newStrip(v.Recent, v.now, min(max(len(v.Recent), 20), 60), 24, 96)
}

// Says is the state as the end of a sentence that begins with the flow's name.
func (v flowView) Says() string {
	switch v.State {
	case Failing:
		return "is failing"
	case Failed:
		return "failed its last run"
	case Errored:
		return "could not be played"
	case Waiting:
		return "never played"
	default:
		return "works"
	}
}

// runView is what run.html shows.
type runView struct {
	*scenarios.Run
	now moment
}

func (v runView) Time(t time.Time) moment { return v.now.to(t) }

// Result is the run in one line.
func (v runView) Result() Result { return Summarize(v.Run) }

// Tried says how often, when it was more than once.
func (v runView) Tried() string {
	if v.Attempts < 2 {
		return ""
	}
	return fmt.Sprintf("%d attempts", v.Attempts)
}

// stepView is a step with its place on the time line, in percent of the whole.
type stepView struct {
	scenarios.StepResult
	From, Width float64
	Failed      bool
}

// StepViews are the steps one after the other on a time line.
func (v runView) StepViews() []stepView {
	var total, at int64
	for _, s := range v.Steps {
		total += s.DurationMS
	}
	views := make([]stepView, len(v.Steps))
	for i, s := range v.Steps {
		views[i] = stepView{StepResult: s, Failed: v.Failure != nil && v.Failure.Step == s.Index}
		if total > 0 {
			views[i].From = percent(at, total)
			views[i].Width = max(percent(s.DurationMS, total), 0.5)
		}
		at += s.DurationMS
	}
	return views
}

// percent is part of whole, to a tenth.
func percent(part, whole int64) float64 {
	return math.Round(float64(part)/float64(whole)*1000) / 10
}

// named is a value with its name.
type named struct{ Name, Value string }

// Measured are the timings that were taken.
func (v runView) Measured() []named {
	var all []named
	t := v.Timings
	for _, m := range []struct {
		name  string
		value *float64
		unit  string
	}{
		{"First byte", t.TTFB, "ms"},
		{"First paint", t.FCP, "ms"},
		{"Largest paint", t.LCP, "ms"},
		{"Load", t.Load, "ms"},
		{"Layout shift", t.CLS, ""},
		{"Interaction", t.INP, "ms"},
	} {
		switch {
		case m.value == nil:
		case m.unit == "":
			all = append(all, named{m.name, fmt.Sprintf("%.3g", *m.value)})
		default:
			all = append(all, named{m.name, took(time.Duration(*m.value * float64(time.Millisecond)))})
		}
	}
	return all
}

// SavedValues are what the run saved, by name.
func (v runView) SavedValues() []named {
	var all []named
	for _, name := range slices.Sorted(maps.Keys(v.Saved)) {
		all = append(all, named{name, v.Saved[name]})
	}
	return all
}

// Pictures are the screenshots that were kept, without the one that stands beside the failure.
func (v runView) Pictures() []scenarios.Artifact {
	shown := ""
	if f := v.Result().Failure; f != nil {
		shown = f.Picture
	}
	return slices.DeleteFunc(v.artifacts(true), func(a scenarios.Artifact) bool { return a.Ref.SHA256 == shown })
}

// Files are the other artifacts that were kept.
func (v runView) Files() []scenarios.Artifact { return v.artifacts(false) }

func (v runView) artifacts(pictures bool) []scenarios.Artifact {
	var all []scenarios.Artifact
	for _, a := range v.Artifacts {
		if a.Ref.SHA256 != "" && strings.HasPrefix(a.Media, "image/") == pictures {
			all = append(all, a)
		}
	}
	return all
}

// isWeb reports whether a text from a site is an address that a link may lead to.
func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func plural(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}
