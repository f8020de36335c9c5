package reportertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"trackwalker/reporters"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

// The part of the suite that needs no network.

func opensAndResolves(t *testing.T, x *trial) {
	open := Opened("0193-opens")
	if x.Pictures {
		open.Picture = Picture("PNG")
	}
	memory := x.mustReport(t, open, nil)
	x.told(t, false, open)
	if said := x.place.Said(); x.Pictures && said[0].Pictures != 1 {
		t.Errorf("it shows %d pictures", said[0].Pictures)
	}
	memory = x.unchanged(t, open, memory)

	over := Resolved(open)
	memory = x.mustReport(t, over, memory)
	x.told(t, false, open, over)
	if said := x.place.Said(); x.Pictures && said[0].Pictures != 1 {
		t.Errorf("resolved, it shows %d pictures", said[0].Pictures)
	}
	memory = x.unchanged(t, over, memory)

	x.r = x.agent() // a restart
	x.unchanged(t, over, memory)
	x.told(t, false, open, over)
}

func overBeforeTold(t *testing.T, x *trial) {
	over := Resolved(Opened("0193-over"))
	memory := x.mustReport(t, over, nil)
	x.told(t, false, over)
	x.unchanged(t, over, memory)
}

func many(t *testing.T, x *trial) {
	const n = 8
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			notice := Opened(fmt.Sprintf("0193-many-%d", i))
			notice.Incident.Scenario = fmt.Sprintf("checkout-%d", i)
			if _, err := x.report(notice, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	said := x.place.Said()
	if len(said) != n {
		t.Fatalf("people see %d messages of %d incidents:\n%s", len(said), n, show(said))
	}
	seen := map[string]bool{}
	for _, s := range said {
		seen[s.Text] = true
	}
	if len(seen) != n {
		t.Errorf("some incidents were told twice:\n%s", show(said))
	}
}

func unreadableMemory(t *testing.T, x *trial) {
	for _, memory := range []string{`null`, `{`, `[1,2]`, `"x"`, `{"told":"one"}`} {
		x := start(t, x.Target)
		open := Opened("0193-memory")
		kept := x.mustReport(t, open, json.RawMessage(memory))
		x.told(t, false, open)
		x.unchanged(t, open, kept)
	}
}

func brokenPicture(t *testing.T, x *trial) {
	open := Opened("0193-picture")
	open.Picture = Picture("PNG")
	open.Picture.Open = func() (io.ReadCloser, error) { return nil, errors.New("the disk is on fire") }
	memory, err := x.report(open, nil)
	if err != nil && errors.As(err, new(*reporters.Permanent)) {
		t.Errorf("a broken picture is a permanent error of the text: %v", err)
	}
	x.told(t, false, open)
	memory = x.settle(t, open, memory)
	x.unchanged(t, open, memory)
	over := Resolved(open)
	memory = x.settle(t, over, memory)
	x.told(t, false, open, over)
	x.unchanged(t, over, memory)
}

func hostile(t *testing.T, x *trial) {
	open := Opened("0193-hostile")
	run := *open.Incident.First
	run.Steps = append([]scenarios.StepResult(nil), run.Steps...)
	run.Steps[1].Name, run.Steps[1].Group = Hostile(), Hostile()
	run.Failure = &scenarios.Failure{
		Class: browser.ClassAssertion, Step: 2, Message: Hostile(), Hint: Hostile(),
		URL: "https://shop.example/?q=<!channel>|x&" + strings.Repeat("y", 100),
	}
	run.Browser, run.Location, run.File = Hostile(), Hostile(), Hostile()
	open.Location, open.Incident.First = Hostile(), &run
	over := Resolved(open)
	memory := x.mustReport(t, open, nil)
	x.mustReport(t, over, memory)
	said := x.place.Said()
	if len(said) == 0 {
		t.Fatal("nothing was told")
	}
	for _, s := range said {
		if s.Pings {
			t.Errorf("people are called by\n%s\n%s", s.Text, s.Body)
		}
		if s.Body == "" {
			continue // what has text alone
		}
		if strings.ContainsAny(s.Text+s.Body, "\x1b\x00\x07\u202e") {
			t.Error("control characters pass")
		}
		if !strings.Contains(s.Body, "checkout") {
			t.Errorf("the layout is lost:\n%s", s.Body)
		}
	}
}

func bareIncident(t *testing.T, x *trial) {
	open := Opened("0193-bare")
	open.Incident.First = nil
	over := Resolved(open)
	x.mustReport(t, over, x.mustReport(t, open, nil))
	x.told(t, false, open, over)
}

func sample(t *testing.T, x *trial) {
	n := Opened("0193-sample")
	n.Sample = true
	x.mustReport(t, n, nil)
	for _, s := range x.place.Said() {
		if !strings.Contains(strings.ToLower(s.Text+s.Body), "sample") {
			t.Errorf("a sample looks real:\n%s", show(x.place.Said()))
		}
	}
}

func cancelledBefore(t *testing.T, x *trial) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := x.r.Report(ctx, Opened("0193-cancelled"), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if said := x.place.Said(); len(said) != 0 {
		t.Errorf("told all the same:\n%s", show(said))
	}
}

func checkSendsNothing(t *testing.T, x *trial) {
	findings := x.r.Check(context.Background())
	if len(findings) == 0 {
		t.Error("nothing was found")
	}
	for _, f := range findings {
		if !f.OK || f.Message == "" || f.Hint != "" {
			t.Errorf("found %+v", f)
		}
	}
	if said := x.place.Said(); len(said) != 0 {
		t.Errorf("a check told people:\n%s", show(said))
	}
}
