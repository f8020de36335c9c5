package pagerduty

import (
	"cmp"
	"time"

	"trackwalker/reporters"
)

// What PagerDuty takes at most, and what people read at most, in characters.
const (
	maxSummary = 1024
	maxKey     = 255
	maxDetail  = 4000
)

// event is one of the Events API v2.
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"` // trigger, resolve
	DedupKey   string   `json:"dedup_key"`
	Client     string   `json:"client,omitempty"`
	Payload    *payload `json:"payload,omitempty"`
	Links      []link   `json:"links,omitempty"`
}

type payload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"` // where the agent is
	Severity  string            `json:"severity"`
	Timestamp string            `json:"timestamp,omitempty"` // RFC 3339
	Component string            `json:"component,omitempty"` // the flow
	Class     string            `json:"class,omitempty"`     // of the failure
	Details   map[string]string `json:"custom_details,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func dedupKey(incident string) string {
	return reporters.Clip("trackwalker/"+reporters.Line(incident), maxKey)
}

// event gives what brings PagerDuty up to date. All that it holds is shown as plain text there.
func (r *Reporter) event(n reporters.Notice) event {
	e := event{RoutingKey: r.routingKey, Action: "resolve", DedupKey: dedupKey(n.Incident.ID)}
	if !n.Incident.Open() {
		return e
	}
	msg := reporters.Compose(n)
	e.Action, e.Client = "trigger", "Trackwalker"
	e.Payload = &payload{
		Summary: reporters.Clip(msg.Text, maxSummary), Severity: r.severity,
		Component: reporters.Line(n.Incident.Scenario), Details: details(msg),
	}
	if n.Sample {
		e.Payload.Severity = "info" // so that a service with urgency by severity wakes nobody
	}
	if at := n.Incident.Opened; !at.IsZero() {
		e.Payload.Timestamp = at.UTC().Format(time.RFC3339)
	}
	if run := n.Incident.First; run != nil {
		e.Payload.Source = place(cmp.Or(n.Location, run.Location))
	} else {
		e.Payload.Source = place(n.Location)
	}
	if f := n.Failure(); f != nil {
		e.Payload.Class = reporters.Line(string(f.Class))
	}
	if msg.Page != "" {
		e.Links = []link{{msg.Page, "The page that failed"}}
	}
	return e
}

// place names the agent in the field that PagerDuty requires.
func place(location string) string {
	return reporters.Clip(cmp.Or(reporters.Line(location), "trackwalker"), 200)
}

func details(msg reporters.Message) map[string]string {
	all := map[string]string{}
	for _, f := range msg.Facts {
		all[f.Name] = f.Said()
	}
	for name, text := range map[string]string{"Error": msg.Detail, "Hint": msg.Hint, "Flow": msg.Note} {
		if text != "" {
			all[name] = reporters.Clip(text, maxDetail)
		}
	}
	return all
}
