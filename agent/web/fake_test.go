package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/screenshots"
)

// fake is a Source that says what it is told to.
type fake struct {
	status    Status
	err       error
	runs      map[string]*scenarios.Run
	artifacts *screenshots.Store
	live      error
	reasons   []string
}

func (f *fake) Status(context.Context) (Status, error) { return f.status, f.err }

func (f *fake) Run(_ context.Context, id string) (*scenarios.Run, error) {
	if run := f.runs[id]; run != nil {
		return run, nil
	}
	return nil, fmt.Errorf("read run %s: %w", id, errors.Join(f.err, fs.ErrNotExist))
}

func (f *fake) Artifact(sha string) (*os.File, error) { return f.artifacts.Open(sha) }
func (f *fake) Live(context.Context) error            { return f.live }
func (f *fake) Ready(context.Context) []string        { return f.reasons }

// newFake gives a source whose artifacts lie in a folder of the test's.
func newFake(t *testing.T, s Status) *fake {
	t.Helper()
	store, err := screenshots.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &fake{status: s, runs: map[string]*scenarios.Run{}, artifacts: store}
}

func put(t *testing.T, s *screenshots.Store, data []byte, media string) screenshots.Ref {
	t.Helper()
	ref, err := s.Put(data, media)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// picture is a small page, drawn.
func picture(t *testing.T) []byte {
	t.Helper()
	m := image.NewPaletted(image.Rect(0, 0, 640, 400), color.Palette{color.White, color.RGBA{40, 60, 90, 255}, color.RGBA{220, 224, 230, 255}})
	for y := range 400 {
		for x := range 640 {
			switch {
			case y < 40:
				m.SetColorIndex(x, y, 1)
			case x > 40 && x < 600 && y > 80 && y < 360 && y%40 < 22:
				m.SetColorIndex(x, y, 2)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// history gives runs of a flow, newest first, of these outcomes: p, f, e, s (skipped), a (aborted).
func history(flow string, now time.Time, every time.Duration, outcomes string) []Result {
	kinds := map[rune]scenarios.Outcome{'p': scenarios.Passed, 'f': scenarios.Failed, 'e': scenarios.Errored, 's': scenarios.Skipped, 'a': scenarios.Aborted}
	var all []Result
	for i, c := range outcomes {
		r := Result{
			Run: fmt.Sprintf("%s-%d", flow, i), Browser: "chromium", Outcome: kinds[c], Attempts: 1,
			Started: now.Add(-time.Duration(i)*every - 40*time.Second), DurationMS: int64(2800 + (i*7919)%1900),
		}
		switch r.Outcome {
		case scenarios.Failed:
			r.Attempts, r.DurationMS = 2, 21300
			r.Failure = &Failure{Class: "not_found", Step: 4, Steps: 7, Name: "click Place order", Message: `nothing on the page is called "Place order"`}
		case scenarios.Errored:
			r.Failure = &Failure{Class: "browser", Message: "the browser did not start: no such file or directory"}
		case scenarios.Skipped:
			r.Reason, r.DurationMS, r.Attempts = "overlap", 0, 0
		case scenarios.Aborted:
			r.Reason = "shutdown"
		}
		all = append(all, r)
	}
	return all
}

// flow gives a flow whose newest run that says something is its Last.
func flow(name, description string, now time.Time, every time.Duration, outcomes string) Flow {
	f := Flow{
		Name: name, Description: description, File: "scenarios/" + name + ".yaml", Schedule: "every " + scenarios.ShortDuration(every), Browser: "chromium",
		Next: now.Add(every - 40*time.Second), Recent: history(name, now, every, outcomes),
	}
	for i := range f.Recent {
		if r := f.Recent[i]; r.Outcome != scenarios.Skipped && r.Outcome != scenarios.Aborted {
			f.Last = &r
			break
		}
	}
	return f
}

// working is an agent that nothing is wrong with.
func working(now time.Time) Status {
	s := Status{Location: "berlin-1", Build: "v0.1.0", Started: now.Add(-50 * time.Hour)}
	s.Flows = []Flow{
		flow("checkout", "A returning customer buys the cheapest lamp.", now, 5*time.Minute, "pppppppfppppppppppppppppppppp"),
		flow("login", "Signs in with a one-time code.", now, time.Minute, "ppppppppppppppppppppppsppppppp"),
		flow("newsletter", "", now, 24*time.Hour, "ppp"),
	}
	s.Flows[1].Playing = true
	s.Flows[2].Schedule, s.Flows[2].Next = "0 7 * * * (Europe/Berlin)", now.Add(17*time.Hour)
	return s
}

// failing is an agent with an open incident, and troubles of its own.
func failing(now time.Time, picture string) Status {
	s := working(now)
	s.Flows[0] = flow("checkout", "A returning customer buys the cheapest lamp.", now, 5*time.Minute, "fffpppppppppppppppspppppppppp")
	s.Flows = append(s.Flows,
		flow("search", "Finds a lamp by its colour.", now, 10*time.Minute, "epppppp"),
		flow("sign-up", "Opens an account and closes it again.", now, 15*time.Minute, "sppppp"),
		flow("stock", "", now, 5*time.Minute, "fpppp"),
		Flow{Name: "year-end", Schedule: "only when asked to", Browser: "chromium"},
	)
	run := failedRun(now, screenshots.Ref{SHA256: picture, Media: "image/png"})
	i := FromIncident(incident.Incident{ID: run.ID, Scenario: "checkout", Since: now.Add(-11 * time.Minute), Opened: now.Add(-6 * time.Minute), Runs: 3, Version: 1, First: run})
	s.Incidents = []Incident{i}
	s.Problems = []Problem{
		{"scenarios/returns.yaml", "scenarios/returns.yaml:7:5: unknown step \"clikc\" (did you mean click?)\n    - clikc: Send back\n      ^^^^^"},
		{"reporter slack", "messages cannot be sent: invalid_auth: the token was revoked; make a new one and restart"},
	}
	s.DeliveriesWaiting = 2
	return s
}

// failedRun is a whole run with everything in it.
func failedRun(now time.Time, shot screenshots.Ref) *scenarios.Run {
	value := func(v float64) *float64 { return &v }
	names := []string{"goto ${base}/login", "fill Email", "click Log in", "click Place order", "expect Thank you", "click Log out"}
	run := &scenarios.Run{
		ID: "01936d7e-7c1f-7a54-b1d2-3f0a9c5e8b10", Scenario: "checkout", File: "scenarios/checkout.yaml", Browser: "chromium", Location: "berlin-1",
		Due: now.Add(-641 * time.Second), Started: now.Add(-640 * time.Second), DurationMS: 21300, Attempts: 2, Outcome: scenarios.Failed,
		Failure: &scenarios.Failure{
			Class: browser.ClassNotFound, Step: 4, Line: 20, Message: "nothing on the page is called \"Place order\"\nnearest: button \"Place your order\", link \"Orders\"",
			Hint: "has the button been renamed?", URL: "https://shop.example/cart?step=review",
		},
		Timings: scenarios.Timings{TTFB: value(80), FCP: value(300), LCP: value(512), CLS: value(0.012), Load: value(1700)},
		Saved:   map[string]string{"order": "1042", "basket": "one lamp"},
		Console: []browser.ConsoleMessage{
			{Level: "error", Text: "Uncaught TypeError: cart is undefined", URL: "https://shop.example/app.js:12"}, {Level: "info", Text: "ready"},
		},
		Warnings: []string{"the network was slow at first"},
	}
	for i, name := range names {
		s := scenarios.StepResult{Index: i + 1, Kind: "click", Name: name, Line: 17 + i, Outcome: scenarios.Passed, DurationMS: int64(200 + 130*i)}
		switch i {
		case 1:
			s.Group = "sign in"
		case 3:
			s.Outcome, s.DurationMS = scenarios.Failed, 10000
		case 4:
			s.Outcome, s.DurationMS = scenarios.Skipped, 0
		case 5:
			s.Outcome, s.Warning = scenarios.Warned, "nothing on the page is called \"Log out\""
		}
		run.Steps = append(run.Steps, s)
	}
	if shot.SHA256 != "" {
		run.Artifacts = []scenarios.Artifact{
			{Kind: "screenshot", Name: "basket", Step: 3, Media: shot.Media, Ref: screenshots.Ref{SHA256: strings.Repeat("ab", 32), Media: shot.Media}},
			{Kind: "screenshot", Name: "failure", Step: 4, Media: shot.Media, Ref: shot},
			{Kind: "dom", Name: "page source", Step: 4, Media: "text/html", Ref: screenshots.Ref{SHA256: strings.Repeat("cd", 32), Media: "text/html"}},
		}
	}
	return run
}

// hostile is an agent whose flows and sites do their worst to the page.
func hostile(now time.Time) Status {
	const script = "<script>alert(1)</script>"
	s := failing(now, `"><script>alert(2)</script>`)
	s.Location, s.Build = script, script
	for i := range s.Flows {
		f := &s.Flows[i]
		f.Name, f.Description, f.Schedule, f.File = `"><img src=x onerror=alert(1)>`, script+"\u202egnp.exe", script, "../../"+script
		for j := range f.Recent {
			f.Recent[j].Run, f.Recent[j].Reason = `javascript:alert(1)//"><b>`, script
		}
	}
	i := &s.Incidents[0]
	i.Flow, i.First.Run = s.Flows[0].Name, `../"onmouseover="x`
	i.First.Failure.Message, i.First.Failure.Hint, i.First.Failure.Name = script+"\x1b[2J\u202e", "</p>"+script, "</title>"+script
	i.First.Failure.URL = "javascript:alert(document.domain)"
	s.Problems = []Problem{{script, "</pre>" + script}}
	return s
}

// hostileRun is a run whose site does its worst to the page.
func hostileRun(t *testing.T, now time.Time) *scenarios.Run {
	t.Helper()
	document, err := json.Marshal(failedRun(now, screenshots.Ref{SHA256: "0", Media: "image/png"}))
	if err != nil {
		t.Fatal(err)
	}
	const script = "</script><script>alert(1)</script>"
	for _, text := range []string{"Place order", "fill Email", "checkout", "1042", "cart is undefined", "ready", "the network was slow at first", "chromium", "sign in"} {
		quoted, err := json.Marshal(script)
		if err != nil {
			t.Fatal(err)
		}
		document = bytes.ReplaceAll(document, []byte(text), quoted[1:len(quoted)-1])
	}
	document = bytes.ReplaceAll(document, []byte("https://shop.example/"), []byte("javascript:alert(1)//"))
	var run scenarios.Run
	if err := json.Unmarshal(document, &run); err != nil {
		t.Fatal(err)
	}
	return &run
}
