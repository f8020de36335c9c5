package telemetry

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	os.Exit(m.Run())
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func run(o scenarios.Outcome, steps ...string) *scenarios.Run {
	r := &scenarios.Run{
		Scenario: "checkout", Browser: "chromium", Outcome: o, Attempts: 2, DurationMS: 4300, Started: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
	}
	for i, name := range steps {
		r.Steps = append(r.Steps, scenarios.StepResult{Index: i + 1, Name: name, Outcome: scenarios.Passed, DurationMS: int64(100 * (i + 1))})
	}
	return r
}

// has says which of the lines are missing, and which of those that must not be there are.
func has(t *testing.T, text string, lines []string, not ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("missing: %s", line)
		}
	}
	for _, part := range not {
		if strings.Contains(text, part) {
			t.Errorf("should not be there: %s", part)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "trackwalker_") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}

// TestCatalogue holds names, types and help of all metrics to the golden: dashboards are built on them.
func TestCatalogue(t *testing.T) {
	m := New()
	m.Observe(run(scenarios.Passed, "goto /"))
	m.Incident("checkout", false)
	text := scrape(t, m)
	var got strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# HELP trackwalker_") || strings.HasPrefix(line, "# TYPE trackwalker_") {
			got.WriteString(line)
		}
	}
	file := filepath.Join("testdata", "catalogue.golden.txt")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s differs; write it anew with -update (-want +got):\n%s", file, diff)
	}
	for _, other := range []string{"go_goroutines ", "process_resident_memory_bytes ", "trackwalker_build_info{"} {
		if !strings.Contains(text, other) {
			t.Errorf("there is no %s", other)
		}
	}
}

func TestObserve(t *testing.T) {
	m := New()
	m.Observe(run(scenarios.Passed, "goto /", "click Pay"))
	m.Observe(run(scenarios.Failed, "goto /", "click Buy"))
	has(t, scrape(t, m), []string{
		`trackwalker_runs_total{browser="chromium",outcome="passed",scenario="checkout"} 1`,
		`trackwalker_runs_total{browser="chromium",outcome="failed",scenario="checkout"} 1`,
		`trackwalker_runs_total{browser="chromium",outcome="errored",scenario="checkout"} 0`,
		`trackwalker_attempts_total{scenario="checkout"} 4`,
		`trackwalker_run_duration_seconds_bucket{scenario="checkout",le="5"} 2`,
		`trackwalker_run_duration_seconds_sum{scenario="checkout"} 8.6`,
		`trackwalker_up{scenario="checkout"} 0`,
		`trackwalker_last_run_timestamp_seconds{scenario="checkout"} 1.7953416043e+09`,
		`trackwalker_step_duration_seconds{scenario="checkout",step="01 goto /"} 0.1`,
		`trackwalker_step_duration_seconds{scenario="checkout",step="02 click Buy"} 0.2`,
	}, "click Pay")
}

// TestSilent: a run that says nothing about the site changes no state.
func TestSilent(t *testing.T) {
	for _, o := range []scenarios.Outcome{scenarios.Errored, scenarios.Aborted, scenarios.Skipped} {
		m := New()
		m.Observe(run(scenarios.Passed, "goto /"))
		m.Observe(run(o, "click Pay"))
		has(t, scrape(t, m), []string{
			`trackwalker_runs_total{browser="chromium",outcome="` + o.String() + `",scenario="checkout"} 1`,
			`trackwalker_run_duration_seconds_count{scenario="checkout"} 1`,
			`trackwalker_up{scenario="checkout"} 1`,
		}, "click Pay")
		m = New()
		m.Observe(run(o))
		has(t, scrape(t, m), nil, "trackwalker_up{", "trackwalker_last_run_timestamp_seconds{", "trackwalker_run_duration_seconds_count{")
	}
}

func TestRecall(t *testing.T) {
	m := New()
	m.Recall(run(scenarios.Failed, "goto /"))
	has(t, scrape(t, m), []string{`trackwalker_up{scenario="checkout"} 0`, `trackwalker_step_duration_seconds{scenario="checkout",step="01 goto /"} 0.1`},
		"trackwalker_runs_total{", "trackwalker_run_duration_seconds_count{")
}

func TestForget(t *testing.T) {
	m := New()
	m.Observe(run(scenarios.Failed, "goto /"))
	m.Incident("checkout", true)
	m.Incident("login", true)
	m.Deliveries(3)
	has(t, scrape(t, m), []string{`trackwalker_incident_open{scenario="checkout"} 1`, "trackwalker_deliveries_waiting 3"})
	m.Forget("checkout")
	has(t, scrape(t, m), []string{`trackwalker_incident_open{scenario="login"} 1`}, `"checkout"`)
	m.Observe(run(scenarios.Passed, "click Pay"))
	has(t, scrape(t, m), []string{`trackwalker_runs_total{browser="chromium",outcome="passed",scenario="checkout"} 1`}, "goto /")
}

// TestSteps: steps that were not played have no time, and labels stay short, valid and on one line whatever a step is called.
func TestSteps(t *testing.T) {
	m := New()
	r := run(scenarios.Failed, "goto /", "expect\n\"x\"\xff\x1b[2J "+strings.Repeat("é", 200), "click Pay")
	r.Steps[2].Outcome = scenarios.Skipped
	m.Observe(r)
	has(t, scrape(t, m), []string{
		`trackwalker_step_duration_seconds{scenario="checkout",step="02 expect \"x\"` + "\uFFFD[2J " + strings.Repeat("é", 44) + `…"} 0.2`,
	}, "click Pay")
}

func TestConcurrent(t *testing.T) {
	m := New()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				m.Observe(run(scenarios.Passed, "goto /"))
				m.Incident("checkout", true)
				m.Forget("checkout")
				scrape(t, m)
			}
		})
	}
	all.Wait()
}
