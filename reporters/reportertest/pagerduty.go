package reportertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// PagerDuty is a fake of its Events API v2: it keeps alerts by their keys, and is as strict as PagerDuty about events.
type PagerDuty struct {
	gate

	mu     sync.Mutex
	alerts []*alert
}

type alert struct {
	key      string
	summary  string
	body     string
	resolved bool
}

// pagerEvent is an event as PagerDuty reads it.
type pagerEvent struct {
	RoutingKey string `json:"routing_key"`
	Action     string `json:"event_action"`
	DedupKey   string `json:"dedup_key"`
	Client     string `json:"client"`
	Payload    *struct {
		Summary   string            `json:"summary"`
		Source    string            `json:"source"`
		Severity  string            `json:"severity"`
		Timestamp string            `json:"timestamp"`
		Component string            `json:"component"`
		Class     string            `json:"class"`
		Details   map[string]string `json:"custom_details"`
	} `json:"payload"`
	Links []struct{ Href, Text string } `json:"links"`
}

// NewPagerDuty opens one that ends with the test.
func NewPagerDuty(t testing.TB) *PagerDuty {
	p := &PagerDuty{}
	p.open(t, http.HandlerFunc(p.serve))
	return p
}

// URL is that of the API.
func (p *PagerDuty) URL() string { return p.server.URL }

// RoutingKey is the one that is valid.
func (p *PagerDuty) RoutingKey() string { return "R0123456789ABCDEFGHIJKLMNOPQRSTU" }

// Said gives the alerts, the oldest first. An alert that is resolved has that as its reply.
func (p *PagerDuty) Said() []Said {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Said
	for _, a := range p.alerts {
		s := Said{Text: a.summary, Body: a.body}
		if a.resolved {
			s.Replies = []string{"resolved"}
		}
		all = append(all, s)
	}
	return all
}

func (p *PagerDuty) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v2/enqueue" || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	var e pagerEvent
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	problems := []string{"the event is no JSON"}
	if err := d.Decode(&e); err == nil {
		problems = e.problems(p.RoutingKey())
	}
	if len(problems) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": problems})
		return
	}
	p.take(e)
	w.WriteHeader(http.StatusAccepted)
	answer(w, map[string]any{"status": "success", "message": "Event processed", "dedup_key": e.DedupKey})
}

func (e pagerEvent) problems(key string) []string {
	var all []string
	check := func(ok bool, problem string) {
		if !ok {
			all = append(all, problem)
		}
	}
	check(e.RoutingKey == key, "'routing_key' is invalid: "+e.RoutingKey)
	check(e.DedupKey != "" && utf8.RuneCountInString(e.DedupKey) <= 255, "'dedup_key' is missing or longer than 255 characters")
	check(e.Action == "trigger" || e.Action == "resolve", "'event_action' is unknown")
	if e.Action != "trigger" {
		return all
	}
	if e.Payload == nil {
		return append(all, "'payload' is missing")
	}
	check(e.Payload.Summary != "" && utf8.RuneCountInString(e.Payload.Summary) <= 1024, "'payload.summary' is blank or longer than 1024 characters")
	check(e.Payload.Source != "", "'payload.source' is blank")
	check(slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity), "'payload.severity' is unknown")
	if e.Payload.Timestamp != "" {
		_, err := time.Parse(time.RFC3339, e.Payload.Timestamp)
		check(err == nil, "'payload.timestamp' is no time")
	}
	for _, l := range e.Links {
		check(strings.HasPrefix(l.Href, "http") && l.Text != "", "'links' holds what is no link")
	}
	return all
}

func (p *PagerDuty) take(e pagerEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.alerts {
		if a.key == e.DedupKey && !a.resolved {
			a.resolved = e.Action == "resolve"
			return
		}
	}
	if e.Action == "trigger" {
		p.alerts = append(p.alerts, &alert{key: e.DedupKey, summary: e.Payload.Summary, body: fmt.Sprint(*e.Payload, e.Links)})
	}
}
