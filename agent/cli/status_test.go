package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trackwalker/agent/web"
	"trackwalker/scenarios"
)

// askStatus runs the command with a configuration that listens there.
func askStatus(t *testing.T, listen string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(file, []byte("listen: \""+listen+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code = Main(context.Background(), Process{Args: append([]string{"status", "--config", file}, args...), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

// agentSaying serves a status as an agent does, and gives its address.
func agentSaying(t *testing.T, s web.Status) string {
	t.Helper()
	return answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/status" {
			t.Errorf("it asked for %s", r.URL.Path)
		}
		if err := json.NewEncoder(w).Encode(web.Judge(s)); err != nil {
			t.Error(err)
		}
	})
}

func answering(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func sampleStatus() web.Status {
	now := time.Now()
	return web.Status{
		Location: "berlin-1", Build: "v0.1.0", Started: now.Add(-5 * time.Hour), At: now, Ready: true,
		Flows: []web.Flow{
			{Name: "checkout", Schedule: "every 5m", Next: now.Add(4 * time.Minute), Last: &web.Result{Outcome: scenarios.Passed, Started: now.Add(-40 * time.Second), DurationMS: 4300}},
			{Name: "login", Schedule: "every 1m", Playing: true, Last: &web.Result{Outcome: scenarios.Passed, Started: now.Add(-40 * time.Second), DurationMS: 900}},
			{Name: "year-end", Schedule: "only when asked to"},
		},
	}
}

func TestStatusWorking(t *testing.T) {
	code, out, errs := askStatus(t, agentSaying(t, sampleStatus()))
	if code != exitOK || errs != "" {
		t.Errorf("exit status %d: %s", code, errs)
	}
	for _, want := range []string{
		"2 of 3 flows work, the rest never played\n", "berlin-1, v0.1.0, up for 5 h, http://127.0.0.1:",
		"  FLOW      LAST RUN         TOOK    NEXT\n",
		"✓ checkout  passed 40 s ago  4.3 s   in 4 min\n",
		"✓ login     passed 40 s ago  900 ms  playing now\n",
		"- year-end  never played             only when asked to\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in:\n%s", want, out)
		}
	}
}

func TestStatusFailing(t *testing.T) {
	s := sampleStatus()
	failure := &web.Failure{
		Class: "not_found", Step: 4, Steps: 7, Name: "click Place order\x1b[2J", Message: "nothing is called \"Place order\"\nnearest: \u202e\"Orders\"",
		Hint: "has it been renamed?", URL: "https://shop.example/cart",
	}
	s.Flows[0].Last = &web.Result{Run: "0193", Outcome: scenarios.Failed, Started: s.At.Add(-time.Minute), DurationMS: 21000, Failure: failure}
	s.Incidents = []web.Incident{{ID: "0192", Flow: "checkout", Since: s.At.Add(-10 * time.Minute), Runs: 3, First: &web.Result{Run: "0192", Outcome: scenarios.Failed, Failure: failure}}}
	s.Problems = []web.Problem{{About: "scenario file", Text: "returns.yaml:7:5: unknown step\n    - clikc: x\n      ^^^^^"}}
	s.DeliveriesWaiting = 2
	code, out, errs := askStatus(t, agentSaying(t, s))
	if code != exitFailed || errs != "" {
		t.Errorf("exit status %d: %s", code, errs)
	}
	for _, want := range []string{
		"checkout is failing\n", "✗ checkout  failed 60 s ago  21.0 s  in 4 min\n    step 4/7 click Place order[2J: nothing is called \"Place order\" nearest: \"Orders\"\n",
		"✗ checkout is failing for 10 min, since ", "3 failed runs\n    step 4/7 click Place order[2J\n    nothing is called \"Place order\"\n    nearest: \"Orders\"\n    has it been renamed?\n    page: https://shop.example/cart\n    run: http://127.0.0.1:",
		"/runs/0192\n", "! scenario file\n    returns.yaml:7:5: unknown step\n        - clikc: x\n          ^^^^^\n", "not sent yet: 2\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in:\n%s", want, out)
		}
	}
	if strings.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("a site's control characters reach the terminal:\n%q", out)
	}
}

func TestStatusExit(t *testing.T) {
	with := func(change func(*web.Status)) web.Status {
		s := sampleStatus()
		change(&s)
		return s
	}
	for name, tt := range map[string]struct {
		status web.Status
		code   int
	}{
		"no flows": {web.Status{Ready: true}, exitOK},
		"a note":   {with(func(s *web.Status) { s.Problems = []web.Problem{{About: "reporter slack", Text: "no token"}} }), exitOK},
		"failed":   {with(func(s *web.Status) { s.Flows[0].Last.Outcome = scenarios.Failed }), exitFailed},
		"open":     {with(func(s *web.Status) { s.Incidents = []web.Incident{{Flow: "gone", Since: time.Now()}} }), exitFailed},
		"errored":  {with(func(s *web.Status) { s.Flows[0].Last.Outcome = scenarios.Errored }), exitAgent},
		"unready":  {with(func(s *web.Status) { s.Ready = false }), exitAgent},
		"both": {with(func(s *web.Status) {
			s.Flows[0].Last.Outcome, s.Flows[1].Last.Outcome = scenarios.Errored, scenarios.Failed
		}), exitAgent},
	} {
		t.Run(name, func(t *testing.T) {
			if code, out, errs := askStatus(t, agentSaying(t, tt.status)); code != tt.code {
				t.Errorf("exit status %d, want %d\n%s%s", code, tt.code, out, errs)
			}
		})
	}
}

func TestStatusJSON(t *testing.T) {
	at := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"version": 1, "state": "failing", "ready": true, "of a later version": 7}`))
	})
	code, out, _ := askStatus(t, at, "--output", "json")
	if code != exitFailed || !json.Valid([]byte(out)) || !strings.Contains(out, "of a later version") {
		t.Errorf("exit status %d:\n%s", code, out)
	}
}

func TestStatusNoAgent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	other := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<h1>hello</h1>")) })
	missing := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "nothing \x1b[2Jhere", http.StatusNotFound)
	})
	broken := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"error": "the disk is full"}`))
	})
	away := answering(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
	})
	for _, tt := range []struct {
		listen string
		code   int
		says   []string
	}{
		{nobody, exitAgent, []string{"no agent answers at http://" + nobody, "refused", "trackwalker serve", "--config"}},
		{other, exitAgent, []string{"what answers at http://" + other + " is no agent"}},
		{missing, exitAgent, []string{"says 404 Not Found: nothing [2Jhere"}},
		{broken, exitAgent, []string{"says 500 Internal Server Error: the disk is full"}},
		{away, exitAgent, []string{"says 302 Found"}},
		{"off", exitAgent, []string{"listen: off", "agent.yaml"}},
	} {
		code, out, errs := askStatus(t, tt.listen)
		if code != tt.code || out != "" {
			t.Errorf("%s: exit status %d, want %d: %s", tt.listen, code, tt.code, out)
		}
		for _, want := range tt.says {
			if !strings.Contains(errs, want) {
				t.Errorf("%s: missing %q in %q", tt.listen, want, errs)
			}
		}
	}
	if code, _, errs := askStatus(t, nobody, "--output", "xml"); code != exitInput || !strings.Contains(errs, `not "xml"`) {
		t.Errorf("exit status %d: %s", code, errs)
	}
}

func TestReach(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", ":8080": "http://localhost:8080", "0.0.0.0:8080": "http://localhost:8080",
		"[::]:8080": "http://localhost:8080", "[fd00::5]:8080": "http://[fd00::5]:8080", "agent.internal:80": "http://agent.internal:80",
	} {
		if got := reach(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}
