package main_test

// What survives when the agent, or its browser, is killed in the middle of its work.
//
// Each place is struck TRACKWALKER_CHAOS times (default 50). When and how is drawn from a seed that is logged; to draw the
// same again, give it as TRACKWALKER_CHAOS_SEED. More, or less:
//
//	TRACKWALKER_CHAOS=500 go test ./agent -run Chaos -timeout 2h

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trackwalker/agent/store"
	"trackwalker/reporters/incident"
	"trackwalker/reporters/reportertest"
	"trackwalker/scenarios"
)

// number reads a whole number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Whenever the agent is killed: no run that it recorded is lost, everybody is told of every incident (once, where the channel
// can be asked what it got), and nothing of its browser is left when the next one is up.
func TestChaos(t *testing.T) {
	seed := number(t, "TRACKWALKER_CHAOS_SEED", rand.Uint64())
	times := number(t, "TRACKWALKER_CHAOS", 50)
	for i, place := range []struct {
		name string
		aim  func(*chaos, *agent)
	}{
		{"before Slack has the message", (*chaos).beforePost},
		{"after Slack has the message", (*chaos).afterPost},
		{"during an upload", (*chaos).duringUpload},
		{"in a run", (*chaos).inRun},
		{"at the start", (*chaos).atStart},
	} {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			t.Logf("seed %d", seed)
			newChaos(t, rand.New(rand.NewPCG(seed, uint64(i)))).strike(times, place.aim)
		})
	}
}

// chaos is a world of two flows in which the site is up and down as luck has it.
type chaos struct {
	*world
	hook    *reportertest.Hook
	printed map[line]int // runs, of all agents
	before  remains      // when the present agent was started

	mu  sync.Mutex // for luck is drawn on servers' goroutines, too
	rng *rand.Rand
}

func newChaos(t *testing.T, rng *rand.Rand) *chaos {
	c := &chaos{world: newWorld(t), hook: reportertest.NewHook(t), printed: map[line]int{}, rng: rng}
	c.settings["reporters"] = strings.TrimSuffix(c.settings["reporters"], "}") + ", hook: {type: webhook, url: " + c.hook.URL() + "}}"
	c.write("scenarios/blog.yaml", flow("blog", "every: 1s"))
	c.calm()
	return c
}

func (c *chaos) draw(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

// calm lets nothing go wrong but the site.
func (c *chaos) calm() {
	c.slack.Script(nil)
	c.site.hook(func(page string, _ *http.Request) { c.site.set(page, c.draw(2) == 0) })
}

// strike kills that many agents, where aim says, one after the other, and then looks at what remains.
func (c *chaos) strike(times uint64, aim func(*chaos, *agent)) {
	began := time.Now()
	for range times {
		c.before = c.remains()
		a := c.serve()
		aim(c, a)
		select {
		case <-a.exited:
		case <-time.After(patience):
			c.t.Fatalf("the agent was not killed within %s", patience)
		}
		c.note(a)
		c.calm()
	}
	c.t.Logf("%d times in %s", times, time.Since(began).Round(time.Millisecond))
	c.settle()
	c.clean()
	c.record(c.consistent)
}

// note keeps what a dead agent had printed, and wants that it had cleaned up after the one before it.
func (c *chaos) note(a *agent) {
	for _, l := range a.runs() {
		l.rest = ""
		c.printed[l]++
	}
	if a.cmd.ProcessState.ExitCode() != -1 {
		c.t.Errorf("the agent ended by itself: %s", a.cmd.ProcessState)
	}
	if !a.log.has(served) {
		return // it was not up yet
	}
	now := c.remains()
	for _, p := range c.before.processes {
		if slices.Contains(now.processes, p) {
			c.t.Errorf("a process of an earlier browser is left: %v", p)
		}
	}
	for _, folder := range c.before.profiles {
		if slices.Contains(now.profiles, folder) {
			c.t.Errorf("the profile of an earlier browser is left: %s", folder)
		}
	}
}

// settle brings the site up and lets an agent tell all there is to tell.
func (c *chaos) settle() {
	c.site.hook(func(string, *http.Request) {})
	c.site.set("shop", false)
	c.site.set("blog", false)
	a := c.serve()
	a.plays("shop", "passed", 1)
	a.plays("blog", "passed", 1)
	a.toldAll()
	a.stop()
	for _, l := range a.runs() {
		l.rest = ""
		c.printed[l]++
	}
}

// shot is a countdown to the end of an agent.
type shot struct {
	agent *agent
	left  int
}

// fires kills the agent when its time has come. It is for one caller at a time.
func (s *shot) fires() bool {
	if s.left--; s.left != 0 {
		return false
	}
	s.agent.kill()
	return true
}

// atRequest kills the agent at one of the next requests to Slack of some kinds. Effect says whether Slack carries it out.
func (c *chaos) atRequest(a *agent, next int, effect func() bool, methods ...string) {
	s := shot{a, 1 + c.draw(next)}
	c.slack.Script(func(r reportertest.Request) reportertest.Fault {
		if !slices.Contains(methods, r.Method) || !s.fires() {
			return reportertest.Fault{}
		}
		return reportertest.Fault{Effect: effect(), Lose: true}
	})
}

func (c *chaos) beforePost(a *agent) {
	c.atRequest(a, 3, func() bool { return false }, "chat.postMessage")
}

func (c *chaos) afterPost(a *agent) {
	c.atRequest(a, 4, func() bool { return true }, "chat.postMessage", "chat.update")
}

func (c *chaos) duringUpload(a *agent) {
	c.atRequest(a, 10, func() bool { return c.draw(2) == 0 },
		"files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info", "chat.update")
}

// inRun kills the agent when its browser has asked for a page, or a little later: while the page is drawn, looked at,
// photographed, recorded.
func (c *chaos) inRun(a *agent) {
	s := shot{a, 1 + c.draw(3)}
	var one sync.Mutex
	c.site.hook(func(page string, _ *http.Request) {
		one.Lock()
		defer one.Unlock()
		c.site.set(page, c.draw(2) == 0)
		if s.left != 1 || c.draw(2) == 0 {
			s.fires()
			return
		}
		time.AfterFunc(time.Duration(c.draw(300))*time.Millisecond, a.kill)
	})
}

// atStart kills the agent at any instant of its first half second. Every third one lives until it has played, so that there
// is something to find at the next starts.
func (c *chaos) atStart(a *agent) {
	if c.draw(3) == 0 {
		eventually(c.t, "it plays", func() bool { return len(a.runs()) > 0 })
	}
	time.AfterFunc(time.Duration(c.draw(500_000))*time.Microsecond, a.kill)
}

// consistent holds the record to what was printed, and what people were told to the record.
func (c *chaos) consistent(s *store.Store) error {
	runs, err := s.Runs(c.t.Context(), "", 1_000_000, "")
	if err != nil {
		return err
	}
	recorded := map[line]int{}
	for _, r := range runs {
		recorded[line{at: r.Started.Local().Format("2006-01-02 15:04:05"), outcome: r.Outcome.String(), flow: r.Scenario}]++
	}
	for l, n := range c.printed {
		if recorded[l] < n {
			c.t.Errorf("%d runs were printed, and %d are recorded: %+v", n, recorded[l], l)
		}
	}
	incidents, err := s.Incidents(c.t.Context(), "", 1_000_000, "")
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range runs {
		if r.Outcome == scenarios.Failed {
			failed++
		}
	}
	c.t.Logf("%d runs, %d of them failed; %d incidents", len(runs), failed, len(incidents))
	messages, posts := c.messages(), c.posts()
	for _, i := range incidents {
		if i.Open() {
			c.t.Errorf("incident %s is not over", i.ID)
		}
		c.told(i, messages[i.ID])
		if !slices.Contains(posts[i.ID], i.Version) {
			c.t.Errorf("the webhook got the versions %v of incident %s, which has %d", posts[i.ID], i.ID, i.Version)
		}
	}
	if len(messages) != len(incidents) {
		c.t.Errorf("%d incidents, and people were told of %d", len(incidents), len(messages))
	}
	return nil
}

// told wants that people were told of an incident exactly once.
func (c *chaos) told(i incident.Incident, messages []told) {
	if len(messages) != 1 {
		c.t.Errorf("%d messages tell of incident %s", len(messages), i.ID)
		return
	}
	m := messages[0]
	if m.version != i.Version || !strings.Contains(m.Text, "works again") {
		c.t.Errorf("incident %s is over, and its message says: %s", i.ID, m.Text)
	}
	replies := 1
	if m.posted == i.Version {
		replies = 0 // it was over when people were told
	}
	if len(m.Replies) != replies || len(m.Images) != 1 {
		c.t.Errorf("the message of incident %s, posted as version %d, has %d replies and %d pictures", i.ID, m.posted, len(m.Replies), len(m.Images))
	}
}

// told is a message, with what it says unseen.
type told struct {
	reportertest.Message
	version, posted int
}

// messages gives what Slack shows, by incident.
func (c *chaos) messages() map[string][]told {
	all := map[string][]told{}
	for _, m := range c.slack.Messages("#alerts") {
		var meta struct {
			Payload struct {
				Incident        string
				Version, Posted int
			} `json:"event_payload"`
		}
		if err := json.Unmarshal(m.Metadata, &meta); err != nil {
			c.t.Errorf("a message of nobody: %+v: %v", m, err)
		}
		p := meta.Payload
		all[p.Incident] = append(all[p.Incident], told{m, p.Version, p.Posted})
	}
	return all
}

// posts gives the versions that the webhook got, by incident.
func (c *chaos) posts() map[string][]int {
	all := map[string][]int{}
	for _, p := range c.hook.Posts() {
		var document struct {
			Incident struct {
				ID      string
				Version int
			}
		}
		if err := json.Unmarshal(p.Body, &document); err != nil {
			c.t.Errorf("a post that cannot be read: %s: %v", p.Body, err)
		}
		all[document.Incident.ID] = append(all[document.Incident.ID], document.Incident.Version)
	}
	return all
}

// A browser that dies is the agent's own trouble. Nobody is told that the site is down, and the next run is as any other.
func TestChaosBrowser(t *testing.T) {
	t.Parallel()
	for name, victim := range map[string]string{"the browser": "--user-data-dir=", "a renderer": "--type=renderer"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.serve()
			a.plays("shop", "passed", 1)
			for range 5 {
				var killed atomic.Bool
				w.site.hook(func(string, *http.Request) {
					if !killed.Swap(true) {
						w.killBrowser(victim)
					}
				})
				eventually(t, "a run in which "+name+" dies", killed.Load)
				a.plays("shop", "passed", 1)
			}
			a.stop()
			for _, l := range a.runs() {
				if l.outcome == "failed" {
					t.Errorf("the site is blamed: %+v", l)
				}
			}
			if said := w.slack.Said(); len(said) > 0 {
				t.Errorf("people are told %+v", said)
			}
			w.clean()
			w.record(func(s *store.Store) error {
				return replayed(t, s)
			})
		})
	}
}

// killBrowser kills the browser's processes with that text in their command line.
func (w *world) killBrowser(text string) {
	n := 0
	for _, p := range w.processes() {
		if !strings.Contains(p.command, text) {
			continue
		}
		if process, err := os.FindProcess(p.pid); err == nil && process.Kill() == nil {
			n++
		}
	}
	if n == 0 {
		w.t.Errorf("the browser has no process with %s in its command line: %v", filepath.Base(text), w.processes())
	}
}

// replayed wants that every run either came to nothing by the agent's fault, or passed.
func replayed(t *testing.T, s *store.Store) error {
	runs, err := s.Runs(t.Context(), "", 1000, "")
	if err != nil {
		return err
	}
	again, errored := 0, 0
	for _, r := range runs {
		switch {
		case r.Attempts > 2:
			t.Errorf("run %s was played %d times", r.ID, r.Attempts)
		case r.Outcome == scenarios.Passed && r.Attempts == 2:
			again++
		case r.Outcome == scenarios.Errored:
			errored++
			if !slices.Contains([]string{"browser", "internal"}, r.Class) {
				t.Errorf("run %s errored, and its class is %s", r.ID, r.Class)
			}
		}
	}
	if again+errored < 5 {
		t.Errorf("the browser was killed 5 times, and of %d runs %d were replayed and passed, and %d errored", len(runs), again, errored)
	}
	t.Logf("of %d runs %d were replayed and passed, and %d errored", len(runs), again, errored)
	return nil
}
