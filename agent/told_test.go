package main_test

// What reaches people when Slack is slow, or when the agent runs without its token for a while.

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"trackwalker/reporters/reportertest"
)

// hanging has Slack never answer what picks says.
func hanging(picks func(method string) bool) func(reportertest.Request) reportertest.Fault {
	return func(r reportertest.Request) reportertest.Fault { return reportertest.Fault{Hang: picks(r.Method)} }
}

func isUpload(method string) bool { return method == "upload" }

// No text waits for a picture: not for another incident's, and not for its own.
func TestTextWaitsForNoPicture(t *testing.T) {
	w := newWorld(t)
	w.remove("scenarios/shop.yaml")
	const flows = 6 // more than are told at a time
	for i := range flows {
		name := fmt.Sprintf("f%d", i)
		w.write("scenarios/"+name+".yaml", flow(name, "every: 1d"))
		w.site.set(name, true)
	}
	uploads := make(chan struct{}, 100)
	w.slack.Script(hanging(func(method string) bool {
		if isUpload(method) {
			uploads <- struct{}{}
		}
		return isUpload(method)
	}))
	a := w.serve()
	eventually(t, "everybody is told", func() bool { return len(w.slack.Said()) == flows })
	// The client gives a request up after 15 s, so that a second round of uploads says that somebody waited for the first.
	if n := len(uploads); n > 4 {
		t.Errorf("%d uploads were begun before all was told", n)
	}
	a.kill()
}

func TestRecoveryWaitsForNoPicture(t *testing.T) {
	w := newWorld(t)
	began := make(chan time.Time, 100)
	w.slack.Script(hanging(func(method string) bool {
		if isUpload(method) {
			began <- time.Now()
		}
		return isUpload(method)
	}))
	w.site.set("shop", true)
	a := w.serve()
	first := <-began
	w.site.set("shop", false)
	eventually(t, "the recovery is told", func() bool {
		said := w.slack.Said()
		return len(said) == 1 && strings.Contains(said[0].Text, "works again")
	})
	select {
	case second := <-began:
		if said := w.slack.Said(); !strings.Contains(said[0].Text, "works again") {
			t.Errorf("a second upload began %s after the first, before the recovery was told", second.Sub(first))
		}
	default:
	}
	a.kill()
}

// Started once without its token, the agent prints what there is to tell. When the token is back, Slack is told all the same.
func TestTokenForgotten(t *testing.T) {
	w := newWorld(t)
	w.slack.Down(true)
	w.site.set("shop", true)
	a := w.serve()
	a.plays("shop", "failed", 1)
	a.kill()
	w.slack.Down(false)
	w.write("scenarios/shop.yaml", flow("shop", "every: 1d"))
	token := w.env
	w.env = nil
	a = w.serve()
	eventually(t, "the incident is printed", func() bool { return strings.Contains(a.out.String(), "shop is failing") })
	a.stop()
	if said := w.slack.Said(); len(said) != 0 {
		t.Fatalf("told without a token: %+v", said)
	}
	w.env = token
	a = w.serve()
	eventually(t, "Slack is told", func() bool { return len(w.slack.Said()) == 1 })
	a.stop()
}

func TestTokenForgottenAtRecovery(t *testing.T) {
	w := newWorld(t)
	w.site.set("shop", true)
	a := w.serve()
	a.plays("shop", "failed", 1)
	a.toldAll()
	a.stop()
	token := w.env
	w.env = nil
	w.site.set("shop", false)
	a = w.serve()
	a.plays("shop", "passed", 1)
	a.stop()
	w.env = token
	a = w.serve()
	eventually(t, "Slack is told of the recovery", func() bool {
		said := w.slack.Said()
		return len(said) == 1 && strings.Contains(said[0].Text, "works again") && len(said[0].Replies) == 1
	})
	a.stop()
}

// Nothing plays, and Slack does not answer: what was not told is told after the next start.
func TestStopWhileSlackHangs(t *testing.T) {
	w := newWorld(t)
	w.write("scenarios/shop.yaml", flow("shop", "every: 1d"))
	w.untold(time.Minute)
	w.slack.Script(hanging(func(string) bool { return true }))
	a := w.serve()
	eventually(t, "Slack is asked", func() bool { return len(w.slack.Requests()) > 0 })
	a.signal(syscall.SIGTERM)
	if code := a.status(); code != 0 {
		t.Errorf("status %d", code)
	}
	asked := len(w.slack.Requests())
	w.slack.Script(nil)
	a = w.serve()
	eventually(t, "Slack is told", func() bool { return len(w.slack.Said()) == 1 })
	if asked > 2 {
		t.Errorf("%d requests before the stop: it waited for more than one to be given up", asked)
	}
	a.stop()
}
