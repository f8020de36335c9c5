package main_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"trackwalker/agent/store"
	"trackwalker/reporters/reportertest"
	"trackwalker/scenarios"
)

// recovered is how people read that an incident is over.
const recovered = `shop works again\. It was down for \d+ s`

// An incident from its beginning to its end, as people see it.
func TestIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.serve()
	a.plays("shop", "passed", 2)
	if said := w.slack.Said(); len(said) > 0 {
		t.Fatalf("all is well, and people are told %+v", said)
	}

	w.site.set("shop", true)
	a.plays("shop", "failed", 1)
	eventually(t, "the message has its picture", func() bool {
		said := w.slack.Said()
		return len(said) == 1 && said[0].Pictures == 1
	})
	opened := w.slack.Said()[0]
	if !strings.Contains(opened.Text, "shop failed at step 1/2 “goto ${base}/shop”") {
		t.Errorf("people read: %s", opened.Text)
	}
	a.plays("shop", "failed", 2) // which is no news
	a.toldAll()
	if said := w.slack.Said(); len(said) != 1 || said[0].Text != opened.Text || len(said[0].Replies) != 0 {
		t.Fatalf("one incident, and people are told %+v", said)
	}

	w.site.set("shop", false)
	a.plays("shop", "passed", 1)
	a.toldAll()
	said := w.slack.Said()
	if len(said) != 1 || len(said[0].Replies) != 1 || said[0].Pictures != 1 {
		t.Fatalf("one incident that is over, and people are told %+v", said)
	}
	for _, text := range []string{said[0].Text, said[0].Replies[0]} {
		if !regexp.MustCompile(recovered).MatchString(text) {
			t.Errorf("people read: %s", text)
		}
	}
	a.plays("shop", "passed", 1)
	a.stop()
	w.clean()
	if after := w.slack.Said(); len(after) != 1 || len(after[0].Replies) != 1 {
		t.Errorf("people are told %+v", after)
	}
	w.record(func(s *store.Store) error { return onSchedule(t, s) })
}

// onSchedule wants that each run of a flow that is due every second was due at a moment of its own, and began soon after it.
func onSchedule(t *testing.T, s *store.Store) error {
	runs, err := s.Runs(t.Context(), "", 1000, "")
	if err != nil {
		return err
	}
	for i, r := range runs {
		if i > 0 && (runs[i-1].Due.Equal(r.Due) || runs[i-1].Due.Sub(r.Due)%time.Second != 0) {
			t.Errorf("runs were due at %s and %s", r.Due, runs[i-1].Due)
		}
		if late := r.Started.Sub(r.Due); r.Outcome != scenarios.Skipped && (late < 0 || late > time.Second) {
			t.Errorf("the run that was due at %s began at %s", r.Due, r.Started)
		}
	}
	return nil
}

// An incoming webhook takes text alone, and changes nothing that it took: two messages.
func TestSlackWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := reportertest.NewSlackHook(t)
	w.settings["reporters"] = "{slack: {type: slack, webhook_url: {env: HOOK_URL}}}"
	w.env = []string{"HOOK_URL=" + hook.URL()}
	w.site.set("shop", true)
	a := w.serve()
	a.plays("shop", "failed", 2)
	eventually(t, "people are told", func() bool { return len(hook.Said()) == 1 })
	w.site.set("shop", false)
	a.plays("shop", "passed", 2)
	a.toldAll()
	a.stop()
	said := hook.Said()
	if len(said) != 2 || !strings.Contains(said[0].Text, "shop failed") || !regexp.MustCompile(recovered).MatchString(said[1].Text) {
		t.Errorf("people are told %+v", said)
	}
	if a.out.has(hook.URL()) || a.log.has(hook.URL()) {
		t.Error("the webhook's URL is shown, with which everybody could post")
	}
}

// Slack takes its time with pictures. The text does not wait for them.
func TestTextBeforePicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.SetPictureDelay(4)
	w.site.set("shop", true)
	a := w.serve()
	eventually(t, "people are told", func() bool { return len(w.slack.Said()) == 1 })
	if n := w.slack.Said()[0].Pictures; n != 0 {
		t.Errorf("the message has %d pictures as soon as it is there", n)
	}
	eventually(t, "the picture follows", func() bool { return w.slack.Said()[0].Pictures == 1 })
	a.toldAll()
	if n := len(w.slack.Said()); n != 1 {
		t.Errorf("people see %d messages", n)
	}
	var methods []string
	for _, r := range w.slack.Requests() {
		methods = append(methods, r.Method)
	}
	if post, upload := slices.Index(methods, "chat.postMessage"), slices.Index(methods, "upload"); post > upload {
		t.Errorf("the text came after the picture: %v", methods)
	}
	a.stop()
}

// While Slack is down nothing is lost, and afterwards nothing is told twice.
func TestSlackOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	outage := func(requests int) (over func()) {
		before := len(w.slack.Requests())
		w.slack.Down(true)
		return func() {
			t.Helper()
			eventually(t, "the agent tries again", func() bool { return len(w.slack.Requests()) >= before+requests })
			w.slack.Down(false)
		}
	}
	over := outage(3)
	w.site.set("shop", true)
	a := w.serve()
	a.plays("shop", "failed", 1)
	over()
	eventually(t, "people are told", func() bool { return len(w.slack.Said()) == 1 })
	a.toldAll()
	if said := w.slack.Said(); len(said) != 1 || !strings.Contains(said[0].Text, "shop failed") {
		t.Fatalf("people are told %+v", said)
	}
	w.site.set("shop", false)
	a.plays("shop", "passed", 1)
	a.toldAll()

	// A second incident opens and is resolved while nobody can be told, and while the agent is killed and started again.
	over = outage(4)
	w.site.set("shop", true)
	a.plays("shop", "failed", 1)
	w.site.set("shop", false)
	a.plays("shop", "passed", 1)
	a.kill()
	a = w.serve()
	over()
	eventually(t, "people are told", func() bool { return len(w.slack.Said()) == 2 })
	a.toldAll()
	a.stop()
	said := w.slack.Said()
	if len(said) != 2 || len(said[0].Replies) != 1 {
		t.Fatalf("two incidents, and people are told %+v", said)
	}
	// It was over before anybody heard of it: there is one thing to say, and no thread to reply in.
	if truth := said[1]; !regexp.MustCompile(recovered).MatchString(truth.Text) || len(truth.Replies) != 0 {
		t.Errorf("people are told %+v", truth)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const wait = 4 * time.Second
	var refused, next atomic.Int64
	w.slack.Script(func(r reportertest.Request) reportertest.Fault {
		now := time.Now().UnixNano()
		if r.Method == "chat.postMessage" && refused.CompareAndSwap(0, now) {
			return reportertest.Fault{RetryAfter: wait}
		}
		if refused.Load() != 0 {
			next.CompareAndSwap(0, now)
		}
		return reportertest.Fault{}
	})
	w.site.set("shop", true)
	a := w.serve()
	eventually(t, "people are told", func() bool { return len(w.slack.Said()) == 1 })
	if paused := time.Duration(next.Load() - refused.Load()); paused < wait {
		t.Errorf("Slack asked for %s, and was asked again after %s", wait, paused)
	}
	a.toldAll()
	a.stop()
	if said := w.slack.Said(); len(said) != 1 {
		t.Errorf("people are told %+v", said)
	}
}

// What a person has to mend is shown, with its cure, where the agent's state is.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.Script(func(reportertest.Request) reportertest.Fault { return reportertest.Fault{Error: "token_revoked"} })
	w.site.set("shop", true)
	a := w.serve()
	eventually(t, "the status says what is wrong", func() bool {
		for _, p := range a.knows().Problems {
			if p.About == "reporter slack" && strings.Contains(p.Text, "install the app again") {
				return true
			}
		}
		return false
	})
	if _, page := a.get("/"); !strings.Contains(page, "install the app again") {
		t.Errorf("the page does not say what is wrong: %s", page)
	}
	if n := a.knows().DeliveriesWaiting; n != 1 {
		t.Errorf("%d messages wait", n)
	}
	a.stop()

	w.slack.Script(nil) // mended, and a start tries at once
	a = w.serve()
	eventually(t, "people are told", func() bool { return len(w.slack.Said()) == 1 })
	a.toldAll()
	for _, p := range a.knows().Problems {
		t.Errorf("there is a problem still: %+v", p)
	}
	a.stop()
}

// The folder of scenarios is read again when it changes, and a mistake in it stops nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.serve()
	a.plays("shop", "passed", 1)

	w.write("scenarios/shop.yaml", strings.ReplaceAll(flow("shop", "every: 1s"), "${base}/shop", "${base}/sale"))
	eventually(t, "the changed file is played", func() bool { return w.site.visited("sale") > 0 })

	w.write("scenarios/shop.yaml", strings.ReplaceAll(flow("shop", "every: 1s"), "- expect:", "- expct:"))
	eventually(t, "the mistake is shown", func() bool {
		return regexp.MustCompile(`scenarios/shop\.yaml:7:5: .*expct`).MatchString(a.out.String())
	})
	if !strings.Contains(fmt.Sprint(a.knows().Problems), "shop.yaml:7:5") {
		t.Errorf("the status does not show the mistake: %+v", a.knows().Problems)
	}
	before := w.site.visited("sale")
	eventually(t, "the last good version goes on", func() bool { return w.site.visited("sale") >= before+3 })
	if n := strings.Count(a.out.String(), "shop.yaml:7:5"); n != 1 {
		t.Errorf("the mistake was shown %d times", n)
	}

	w.write("scenarios/blog.yaml", flow("blog", "every: 1s"))
	a.plays("blog", "passed", 1)
	w.remove("scenarios/shop.yaml")
	eventually(t, "the removed flow is gone", func() bool {
		s := a.knows()
		return len(s.Flows) == 1 && s.Flows[0].Name == "blog" && len(s.Problems) == 0
	})
	a.plays("blog", "passed", 2) // what had begun has come so far by now
	before = w.site.visited("sale")
	a.plays("blog", "passed", 3)
	if now := w.site.visited("sale"); now != before {
		t.Errorf("the removed flow was played %d times more", now-before)
	}
	a.stop()
}

// Who watches the watchman: the heartbeat stops when people cannot be told.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var beats atomic.Int32
	monitor := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { beats.Add(1) }))
	t.Cleanup(monitor.Close)
	w.settings["heartbeat_url"] = "{env: HEARTBEAT}"
	w.env = append(w.env, "HEARTBEAT="+monitor.URL)
	w.write("scenarios/shop.yaml", flow("shop", "")) // which does not play by itself
	w.untold(time.Hour)
	w.slack.Down(true)

	a := w.serve()
	eventually(t, "no heartbeat", func() bool { return a.log.has("no heartbeat is sent") })
	if code, text := a.get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "1 message waits") {
		t.Errorf("/readyz answers %d: %s", code, text)
	}
	if code, text := a.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz answers %d: %s", code, text)
	}
	w.slack.Down(false)
	a.toldAll()
	if code, text := a.get("/readyz"); code != http.StatusOK {
		t.Errorf("/readyz answers %d: %s", code, text)
	}
	a.stop()
	if n := beats.Load(); n != 0 {
		t.Errorf("%d heartbeats of an agent that is not well", n)
	}

	a = w.serve()
	eventually(t, "a heartbeat", func() bool { return beats.Load() == 1 })
	a.stop()
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings["listen"] = freeAddress(t)
	if code := w.run("status").status(); code != 3 {
		t.Errorf("nobody is there, and status ends with %d", code)
	}
	a := w.serve()
	a.plays("shop", "passed", 1)
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := a.get(path); code != http.StatusOK || strings.TrimSpace(text) != "ok" {
			t.Errorf("%s answers %d: %s", path, code, text)
		}
	}
	eventually(t, "the run is measured", func() bool {
		_, text := a.get("/metrics")
		return strings.Contains(text, `trackwalker_up{scenario="shop"} 1`)
	})
	for path, want := range map[string]string{"/": "shop", "/flows/shop": "shop", "/api/v1/status": `"headline"`} {
		if code, text := a.get(path); code != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s answers %d, and not %q: %s", path, code, want, text)
		}
	}
	if known := a.knows(); len(known.Flows) != 1 || known.Flows[0].Last == nil {
		t.Errorf("the status says %+v", known)
	} else if code, text := a.get("/api/v1/runs/" + known.Flows[0].Last.Run); code != http.StatusOK || !strings.Contains(text, `"outcome": "passed"`) {
		t.Errorf("the run is %d: %s", code, text)
	}
	asked := w.run("status")
	if code := asked.status(); code != 0 || !asked.out.has("shop") {
		t.Errorf("all is well; status ends with %d and says:\n%s%s", code, asked.out, asked.log)
	}

	w.site.set("shop", true)
	a.plays("shop", "failed", 1)
	if _, text := a.get("/metrics"); !strings.Contains(text, `trackwalker_incident_open{scenario="shop"} 1`) {
		t.Errorf("the metrics do not show the incident: %s", text)
	}
	asked = w.run("status")
	if code := asked.status(); code != 1 || !asked.out.has("shop is failing") {
		t.Errorf("shop fails; status ends with %d and says:\n%s%s", code, asked.out, asked.log)
	}
	a.stop()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// How an agent says that it cannot start.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]struct {
		prepare func(*testing.T, *world)
		code    int
		says    string
	}{
		"two on one folder": {func(t *testing.T, w *world) { w.serve().up() }, 3, "another agent is using the data folder"},
		"the port is taken": {func(t *testing.T, w *world) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			w.settings["listen"] = l.Addr().String()
		}, 3, "address already in use; is another agent running?"},
		"a secret of a scenario is not set": {func(t *testing.T, w *world) {
			w.write("scenarios/shop.yaml", flow("shop", "secrets: {password: {env: TRACKWALKER_TEST_NOT_SET}}"))
		}, 2, "TRACKWALKER_TEST_NOT_SET"},
		"a secret of a reporter is not set": {func(t *testing.T, w *world) {
			w.settings["reporters"] = "{hook: {type: webhook, url: {env: TRACKWALKER_TEST_NOT_SET}}}"
		}, 2, "TRACKWALKER_TEST_NOT_SET"},
		"the heartbeat's secret is not set": {func(t *testing.T, w *world) {
			w.settings["heartbeat_url"] = "{env: TRACKWALKER_TEST_NOT_SET}"
		}, 2, "TRACKWALKER_TEST_NOT_SET"},
		"a URL is none": {func(t *testing.T, w *world) {
			w.settings["reporters"] = "{hook: {type: webhook, url: nowhere}}"
		}, 2, "reporter hook"},
		"no scenario is right": {func(t *testing.T, w *world) { w.write("scenarios/shop.yaml", "steps: 1\n") }, 2, "shop.yaml:1:8"},
		"no folder":            {func(t *testing.T, w *world) { w.settings["scenarios"] = "./nowhere" }, 2, "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			refusal.prepare(t, w)
			a := w.serve()
			if code := a.status(); code != refusal.code || !a.log.has(refusal.says) {
				t.Errorf("it ends with %d, want %d, and %q, and says:\n%s", code, refusal.code, refusal.says, a.log)
			}
		})
	}
}

func TestStopIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("scenarios/shop.yaml", flow("shop", "every: 1d")) // for the first time at once
	a := w.serve()
	a.plays("shop", "passed", 1)
	began := time.Now()
	a.stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to stop doing nothing", took)
	}
	w.clean()
}

// Wherever in its start the signal comes, it is a stop and no failure.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("scenarios/shop.yaml", flow("shop", "")) // which does not play by itself
	for turn := range 20 {
		a := w.serve()
		a.up()
		time.Sleep(time.Duration(turn) * time.Millisecond)
		a.stop()
	}
	w.clean()
}

// A run in work may end; nothing begins after it.
func TestStopBusy(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			release := w.site.hold()
			a := w.serve()
			eventually(t, "the agent plays", func() bool { return w.site.visited("shop") > 0 })
			a.signal(s)
			eventually(t, "it says that it stops", func() bool { return a.log.has("a second signal ends them at once") })
			select {
			case <-a.exited:
				t.Error("it did not wait for its run")
			case <-time.After(1500 * time.Millisecond): // in which the next run would have been due
			}
			release()
			if code := a.status(); code != 0 || a.count("shop", "passed") != 1 || w.site.visited("shop") != 1 {
				t.Errorf("it ended with %d, and printed:\n%s", code, a.out)
			}
			w.clean()
		})
	}
}

func TestStopTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.site.hold()
	a := w.serve()
	eventually(t, "the agent plays", func() bool { return w.site.visited("shop") > 0 })
	a.signal(syscall.SIGINT)
	eventually(t, "it says that it stops", func() bool { return a.log.has("a second signal ends them at once") })
	began := time.Now()
	a.signal(syscall.SIGINT)
	if code := a.status(); code != 0 || a.count("shop", "aborted") != 1 {
		t.Errorf("it ended with %d, and printed:\n%s", code, a.out)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s to stop at once", took)
	}
	w.clean()
	if said := w.slack.Said(); len(said) > 0 {
		t.Errorf("people are told %+v", said)
	}
}
