package main_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// skipped gives why runs of a flow were skipped, as its lines say.
func (a *agent) skipped(flow, why string) int {
	n := 0
	for _, l := range a.runs() {
		if l.flow == flow && l.outcome == "skipped" && strings.Contains(l.rest, why) {
			n++
		}
	}
	return n
}

// A scenario is played once at a time; and what could not start within its interval is not played at all.
func TestSkip(t *testing.T) {
	t.Parallel()
	for why, slots := range map[string]string{"overlap": "2", "late": "1"} {
		t.Run(why, func(t *testing.T) {
			w := newWorld(t)
			w.settings["browsers"] = "{chromium: {driver: cdp, sandbox: false, slots: " + slots + "}}"
			release := w.site.hold()
			a := w.serve()
			eventually(t, "the agent plays", func() bool { return w.site.visited("shop") > 0 })
			if why == "overlap" {
				eventually(t, "a run is skipped", func() bool { return a.skipped("shop", why) > 0 })
			} else {
				<-time.After(2500 * time.Millisecond) // a whole interval after the next due time
			}
			if n := w.site.visited("shop"); n != 1 {
				t.Errorf("the site was visited %d times while the first visit lasted", n)
			}
			release()
			a.plays("shop", "passed", 2)
			if a.skipped("shop", why) == 0 {
				t.Errorf("nothing was %s:\n%s", why, a.out)
			}
			a.stop()
		})
	}
}

// The main job, as `make run` starts it.
func TestDemo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.run("demo", "--play", "--listen", "127.0.0.1:0")
	a.plays("login", "passed", 1)
	a.plays("search-and-buy", "passed", 1)
	a.plays("checkout-broken", "failed", 1)
	eventually(t, "the message is printed", func() bool { return strings.Contains(a.out.String(), "checkout-broken is failing") })
	a.signal(syscall.SIGINT)
	if code := a.status(); code != 0 {
		t.Errorf("status %d", code)
	}
}
