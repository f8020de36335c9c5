package web

import (
	"testing"
	"time"

	"trackwalker/scenarios"
)

func TestJudge(t *testing.T) {
	now := time.Now()
	of := func(name string, o scenarios.Outcome) Flow { return Flow{Name: name, Last: &Result{Outcome: o}} }
	good, bad, odd, fresh := of("good", scenarios.Passed), of("bad", scenarios.Failed), of("odd", scenarios.Errored), Flow{Name: "fresh"}
	open := []Incident{{Flow: "bad", Since: now}}
	tests := []struct {
		flows     []Flow
		incidents []Incident
		state     State
		headline  string
	}{
		{nil, nil, Waiting, "There is no flow to play"},
		{[]Flow{fresh}, nil, Waiting, "Nothing has played yet"},
		{[]Flow{good}, nil, Working, "good works"},
		{[]Flow{good, of("too", scenarios.Passed)}, nil, Working, "All 2 flows work"},
		{[]Flow{good, fresh}, nil, Waiting, "1 of 2 flows work, the rest never played"},
		{[]Flow{good, odd}, nil, Errored, "odd could not be played"},
		{[]Flow{good, odd, bad}, nil, Failed, "bad failed its last run"},
		{[]Flow{odd, bad, of("too", scenarios.Failed)}, nil, Failed, "2 flows failed their last run"},
		{[]Flow{good, bad}, open, Failing, "bad is failing"},
		{[]Flow{of("bad", scenarios.Passed)}, open, Failing, "bad is failing"},  // it recovers, and is not over yet
		{[]Flow{of("bad", scenarios.Errored)}, open, Failing, "bad is failing"}, // not known to be over
		{[]Flow{good}, open, Failing, "bad is failing"},                         // its file is gone, its incident is not
		{nil, []Incident{{Flow: "a"}, {Flow: "b"}}, Failing, "2 flows are failing"},
	}
	for _, tt := range tests {
		s := Judge(Status{Flows: tt.flows, Incidents: tt.incidents})
		if s.State != tt.state || s.Headline != tt.headline {
			t.Errorf("%v, %v: %s, %q; want %s, %q", tt.flows, tt.incidents, s.State, s.Headline, tt.state, tt.headline)
		}
	}
}

func TestMoments(t *testing.T) {
	now := moment{t: time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)}
	for _, tt := range []struct {
		before      time.Duration
		text, clock string
	}{
		{0, "just now", "14:05"},
		{4 * time.Second, "just now", "14:04"},
		{40 * time.Second, "40 s ago", "14:04"},
		{3 * time.Minute, "3 min ago", "14:02"},
		{20 * time.Hour, "20 h ago", "21 Nov 18:05"},
		{400 * 24 * time.Hour, "400 days ago", "18 Oct 2025 14:05"},
		{-3 * time.Minute, "in 3 min", "14:08"},
	} {
		if m := now.to(now.t.Add(-tt.before)); m.Text != tt.text || m.Clock != tt.clock {
			t.Errorf("%s before: %q, %q; want %q, %q", tt.before, m.Text, m.Clock, tt.text, tt.clock)
		}
	}
}

func TestOverdue(t *testing.T) {
	now := time.Now()
	view := func(next time.Time, playing bool) flowView {
		return flowView{Flow: Flow{Next: next, Playing: playing}, now: moment{t: now}}
	}
	if v := view(now.Add(-time.Hour), false); !v.Overdue() || v.Due().Text != "overdue for 60 min" {
		t.Errorf("an hour late: %q", v.Due().Text)
	}
	if v := view(now.Add(-time.Second), false); v.Overdue() || v.Due().Text != "now" {
		t.Errorf("a second late: %q", v.Due().Text)
	}
	if view(time.Time{}, false).Overdue() || view(now.Add(-time.Hour), true).Overdue() {
		t.Error("what plays by hand, or plays now, is not overdue")
	}
}
