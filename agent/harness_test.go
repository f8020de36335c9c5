package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trackwalker/agent/web"
	"trackwalker/reporters/reportertest"
)

// patience is for what must happen: it only ends a test that hangs.
const patience = 90 * time.Second

// eventually waits for cond.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// world is what an agent lives in: its folder, the site that it watches, the places where it tells people.
type world struct {
	t        *testing.T
	dir      string
	site     *site
	slack    *reportertest.Slack
	settings map[string]string // the top level of agent.yaml
	env      []string          // of the agent, beside the test's own
}

// newWorld makes one in which all is well, with one flow, shop, that plays every second.
func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), site: newSite(t), slack: reportertest.NewSlack(t)}
	w.settings = map[string]string{
		"vars":      "{base: " + w.site.server.URL + "}",
		"browsers":  "{chromium: {driver: cdp, sandbox: false}}",
		"reporters": fmt.Sprintf(`{slack: {type: slack, token: {env: SLACK_TOKEN}, channel: "#alerts", api_url: %q}}`, w.slack.URL()),
		"listen":    "127.0.0.1:0",
	}
	w.env = []string{"SLACK_TOKEN=" + w.slack.Token()}
	w.write("scenarios/shop.yaml", flow("shop", "every: 1s"))
	t.Cleanup(w.nothingLeft)
	return w
}

// flow is a scenario file that passes as long as the page of its name says Welcome. A page that is down answers 500, so
// that no run has to wait for a timeout to fail.
func flow(name, schedule string) string {
	return fmt.Sprintf(`name: %[1]s
%[2]s
retries: 0
alert: {after: 1, recover: 1}
steps:
  - goto: ${base}/%[1]s
  - expect: Welcome
`, name, schedule)
}

// write puts a file into the folder, whole.
func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

// agent is a process of the program.
type agent struct {
	w        *world
	cmd      *exec.Cmd
	out, log *output
	exited   chan struct{} // closed when it has ended and all it wrote was read
}

// serve starts an agent on the folder.
func (w *world) serve() *agent {
	w.t.Helper()
	return w.run("serve")
}

// run starts the program in the folder, with its settings.
func (w *world) run(args ...string) *agent {
	w.t.Helper()
	var config strings.Builder
	for _, key := range slices.Sorted(maps.Keys(w.settings)) {
		fmt.Fprintf(&config, "%s: %s\n", key, w.settings[key])
	}
	w.write("agent.yaml", config.String())
	return w.start(nil, args...)
}

// start starts the program in the folder, as it is. stdin may be nil.
func (w *world) start(stdin *os.File, args ...string) *agent {
	w.t.Helper()
	a := &agent{w: w, cmd: exec.Command(os.Getenv(binaryVariable), args...), out: &output{}, log: &output{}, exited: make(chan struct{})}
	a.cmd.Dir = w.dir
	a.cmd.Env = append(os.Environ(), w.env...)
	if stdin != nil {
		a.cmd.Stdin = stdin
	}
	a.cmd.Stdout, a.cmd.Stderr = a.out, a.log
	a.cmd.WaitDelay = 10 * time.Second
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		// The kernel ends the agent with the thread that started it, however the test ends: that thread stays.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := a.cmd.Start()
		started <- err
		if err == nil {
			_ = a.cmd.Wait()
			close(a.exited)
		}
	}()
	if err := <-started; err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		a.kill()
		for _, trouble := range []string{"DATA RACE", "panic"} {
			if a.log.has(trouble) {
				w.t.Errorf("the agent's log tells of a %s", trouble)
			}
		}
		if w.t.Failed() {
			w.t.Logf("trackwalker %s, process %d, %s, printed:\n%s\nand logged:\n%s", args, a.cmd.Process.Pid, a.cmd.ProcessState, a.out, a.log)
		}
	})
	return a
}

// signal sends s to the agent alone.
func (a *agent) signal(s os.Signal) {
	a.w.t.Helper()
	if err := a.cmd.Process.Signal(s); err != nil {
		a.w.t.Fatal(err)
	}
}

// kill ends the agent as no agent expects it, and returns when it is gone.
func (a *agent) kill() {
	_ = a.cmd.Process.Kill() // it may be gone
	<-a.exited
}

// status waits for the end of the agent and gives its exit status.
func (a *agent) status() int {
	a.w.t.Helper()
	select {
	case <-a.exited:
	case <-time.After(patience):
		a.w.t.Fatalf("the agent does not end within %s", patience)
	}
	return a.cmd.ProcessState.ExitCode()
}

// stop ends the agent as people do.
func (a *agent) stop() {
	a.w.t.Helper()
	a.signal(syscall.SIGTERM)
	if code := a.status(); code != 0 {
		a.w.t.Errorf("the agent ended with status %d", code)
	}
}

// served is what the agent logs, with its address, when it is up.
const served = "the status page is served"

// up waits until the agent is up, and gives the address of its page.
func (a *agent) up() string {
	a.w.t.Helper()
	var url []string
	eventually(a.w.t, served, func() bool {
		url = regexp.MustCompile(served + `" url=(\S+)`).FindStringSubmatch(a.log.String())
		return url != nil
	})
	return url[1]
}

// get asks the agent for a page.
func (a *agent) get(path string) (int, string) {
	a.w.t.Helper()
	response, err := http.Get(a.up() + path)
	if err != nil {
		a.w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		a.w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// knows is what the agent says of itself.
func (a *agent) knows() web.Status {
	a.w.t.Helper()
	_, body := a.get("/api/v1/status")
	var s web.Status
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		a.w.t.Fatalf("%v in %s", err, body)
	}
	return s
}

// toldAll waits until the agent has nothing left to tell.
func (a *agent) toldAll() {
	a.w.t.Helper()
	eventually(a.w.t, "all is told", func() bool { return a.knows().DeliveriesWaiting == 0 })
}

// line is what the agent prints of a run.
type line struct{ at, outcome, flow, rest string }

// runs gives the runs that the agent has printed.
func (a *agent) runs() []line {
	var all []line
	for text := range strings.Lines(a.out.String()) {
		m := regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)  \S (\w+) +(\S+) +(.*)\n$`).FindStringSubmatch(text)
		if m != nil {
			all = append(all, line{m[1], m[2], m[3], m[4]})
		}
	}
	return all
}

// count is how many runs of a flow (empty: of any) the agent has printed with that outcome.
func (a *agent) count(flow, outcome string) int {
	n := 0
	for _, l := range a.runs() {
		if l.outcome == outcome && (flow == "" || l.flow == flow) {
			n++
		}
	}
	return n
}

// plays waits until the agent has played a flow n more times with that outcome.
func (a *agent) plays(flow, outcome string, n int) {
	a.w.t.Helper()
	n += a.count(flow, outcome)
	eventually(a.w.t, fmt.Sprintf("%s %s %d times", flow, outcome, n), func() bool { return a.count(flow, outcome) >= n })
}

// output keeps what a process writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) has(text string) bool { return strings.Contains(o.String(), text) }
