package incident_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
)

// start is when every history begins; its runs follow each other by a minute and last ten seconds.
func start() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// history makes runs of letters: f failed, p passed, e errored, a aborted, s skipped.
func history(letters string) []*scenarios.Run {
	outcomes := map[rune]scenarios.Outcome{
		'f': scenarios.Failed, 'p': scenarios.Passed, 'e': scenarios.Errored, 'a': scenarios.Aborted, 's': scenarios.Skipped,
	}
	var runs []*scenarios.Run
	for i, letter := range letters {
		runs = append(runs, &scenarios.Run{
			ID: fmt.Sprintf("run-%d", i+1), Scenario: "checkout", Started: start().Add(time.Duration(i) * time.Minute),
			DurationMS: 10_000, Outcome: outcomes[letter],
		})
	}
	return runs
}

// fold folds all runs, and tells of each event: o or r, and the number of the run that brought it.
func fold(p scenarios.AlertPolicy, s incident.State, runs []*scenarios.Run) (incident.State, []incident.Event, string) {
	var all []incident.Event
	var told []string
	for _, r := range runs {
		var events []incident.Event
		s, events = incident.Fold(p, s, r)
		for _, e := range events {
			told = append(told, string(e.Kind)[:1]+strings.TrimPrefix(r.ID, "run-"))
		}
		all = append(all, events...)
	}
	return s, all, strings.Join(told, " ")
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		after, recover int
		history        string
		want           string
	}{
		{1, 1, "", ""},
		{1, 1, "p", ""},
		{1, 1, "f", "o1"},
		{1, 1, "fp", "o1 r2"},
		{1, 1, "fffp", "o1 r4"},
		{1, 1, "fpfp", "o1 r2 o3 r4"},
		{0, 0, "fp", "o1 r2"}, // a policy that was never set
		{2, 1, "fpfp", ""},    // one failure is none
		{2, 1, "ffp", "o2 r3"},
		{2, 1, "fpffp", "o4 r5"},
		{2, 1, "fef", "o3"}, // the agent's own trouble neither counts nor resets
		{2, 1, "fasef", "o5"},
		{3, 1, "eeee", ""},
		{1, 2, "fpfpp", "o1 r5"}, // it must hold
		{1, 2, "fpepfp", "o1 r4 o5"},
		{1, 3, "fppp", "o1 r4"},
		{2, 2, "ffpfpp", "o2 r6"},
	} {
		p := scenarios.AlertPolicy{After: c.after, Recover: c.recover}
		if _, _, got := fold(p, incident.State{}, history(c.history)); got != c.want {
			t.Errorf("after %d, recover %d, %q: got %q, wanted %q", c.after, c.recover, c.history, got, c.want)
		}
	}
}

func TestWhatAnIncidentTells(t *testing.T) {
	p := scenarios.AlertPolicy{After: 2, Recover: 2, To: []string{"slack"}}
	runs := history("pfeffpfpp")
	s, events, _ := fold(p, incident.State{}, runs)
	opened := incident.Incident{
		ID: "run-4", Scenario: "checkout", Since: start().Add(time.Minute), Opened: start().Add(3*time.Minute + 10*time.Second),
		Runs: 2, Version: 1, To: []string{"slack"}, First: runs[3],
	}
	resolved := opened
	resolved.Resolved = start().Add(8*time.Minute + 10*time.Second)
	resolved.Runs, resolved.Version = 4, 2
	want := []incident.Event{{Kind: incident.Opened, Incident: opened}, {Kind: incident.Resolved, Incident: resolved}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(incident.State{}, s); diff != "" {
		t.Errorf("something is left of it (-want +got):\n%s", diff)
	}
	if got := resolved.Lasted(time.Time{}); got != 7*time.Minute+10*time.Second {
		t.Errorf("it lasted %s", got)
	}
	if got := opened.Lasted(start().Add(time.Hour)); got != 59*time.Minute {
		t.Errorf("so far it lasted %s", got)
	}
}

// The policy may change while an incident is open, and a streak be on its way.
func TestPolicyThatChanges(t *testing.T) {
	strict, lax := scenarios.AlertPolicy{After: 1, Recover: 3}, scenarios.AlertPolicy{After: 5, Recover: 1}
	runs := history("ffffpp")
	s, _, _ := fold(lax, incident.State{}, runs[:3])
	s, events, _ := fold(strict, s, runs[3:4])
	if len(events) != 1 || events[0].Incident.Since != start() || events[0].Incident.Runs != 4 {
		t.Errorf("events %+v", events)
	}
	s, events, _ = fold(strict, s, runs[4:5])
	if len(events) != 0 {
		t.Errorf("events %+v", events)
	}
	if _, events, _ = fold(lax, s, runs[5:]); len(events) != 1 || events[0].Kind != incident.Resolved {
		t.Errorf("events %+v", events)
	}
}

// FuzzFold plays random histories and holds what must be true of every one.
func FuzzFold(f *testing.F) {
	f.Add([]byte("fpfp"), 1, 1, 2)
	f.Add([]byte("ffeffpapsffp"), 2, 1, 5)
	f.Add([]byte("fffpfppppf"), 3, 2, 4)
	f.Add([]byte(""), 0, -1, 0)
	f.Fuzz(func(t *testing.T, bytes []byte, after, recover, cut int) {
		letters := make([]byte, min(len(bytes), 64))
		for i := range letters {
			letters[i] = "ffffppppeas"[int(bytes[i])%11]
		}
		p := scenarios.AlertPolicy{After: after % 5, Recover: recover % 5, To: []string{"slack"}}
		runs := history(string(letters))
		whole, events := holds(t, p, runs)

		// In two steps, through the database.
		cut = int(uint(cut) % uint(len(runs)+1))
		first, before, _ := fold(p, incident.State{}, runs[:cut])
		second, later, _ := fold(p, roundTrip(t, first), runs[cut:])
		if got, want := text(t, second), text(t, whole); got != want {
			t.Errorf("%s cut at %d: state\n%s, not\n%s", letters, cut, got, want)
		}
		if got, want := text(t, append(slices.Clone(before), later...)), text(t, events); got != want {
			t.Errorf("%s cut at %d: events\n%s, not\n%s", letters, cut, got, want)
		}
	})
}

// holds folds one run after the other beside a model that is too simple to be wrong.
func holds(t *testing.T, p scenarios.AlertPolicy, runs []*scenarios.Run) (incident.State, []incident.Event) {
	t.Helper()
	var s incident.State
	var all []incident.Event
	streak, good := []*scenarios.Run(nil), 0 // consecutive failures and, since the last, passes
	var open *incident.Incident
	failures := 0 // of the open incident
	for _, r := range runs {
		before, policy, run := text(t, s), text(t, p), text(t, r)
		next, events := incident.Fold(p, s, r)
		if text(t, s) != before || text(t, p) != policy || text(t, r) != run {
			t.Fatalf("%s: what was given in has changed", r.ID)
		}
		switch r.Outcome {
		case scenarios.Failed:
			streak, good = append(streak, r), 0
			failures++
		case scenarios.Passed:
			streak, good = nil, good+1
		default:
			if text(t, next) != before || len(events) != 0 {
				t.Fatalf("%s, which says nothing of the site, counts", r.ID)
			}
		}
		if len(events) > 1 {
			t.Fatalf("%s brings %d events", r.ID, len(events))
		}
		mayOpen := open == nil && r.Outcome == scenarios.Failed && len(streak) >= max(p.After, 1)
		mustResolve := open != nil && r.Outcome == scenarios.Passed && good >= max(p.Recover, 1)
		if got := len(events) == 1; got != (mayOpen || mustResolve) {
			t.Fatalf("%s: an event: %t; failures %d, passes %d, policy %+v", r.ID, got, len(streak), good, p)
		}
		for _, e := range events {
			i := e.Incident
			switch e.Kind {
			case incident.Opened:
				if !mayOpen || i.Version != 1 || !i.Open() || i.Since != streak[0].Started || i.Runs != len(streak) || i.First != r || i.ID != r.ID {
					t.Fatalf("%s opens %+v", r.ID, i)
				}
				open, failures = &i, len(streak)
			case incident.Resolved:
				if !mustResolve || i.ID != open.ID || i.Version <= open.Version || i.Open() || i.Resolved != r.Ended() ||
					i.Since != open.Since || i.Runs != failures || i.First != open.First {
					t.Fatalf("%s resolves %+v, which was %+v", r.ID, i, open)
				}
				open = nil
			default:
				t.Fatalf("%s: event of kind %q", r.ID, e.Kind)
			}
		}
		if (next.Incident != nil) != (open != nil) {
			t.Fatalf("%s: the state's incident is %+v, and that of the events %+v", r.ID, next.Incident, open)
		}
		s, all = next, append(all, events...)
	}
	return s, all
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func roundTrip(t *testing.T, s incident.State) incident.State {
	t.Helper()
	var out incident.State
	if err := json.Unmarshal([]byte(text(t, s)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
