// Package telemetry turns runs into numbers for Prometheus. It is told of what happened and remembers no more than the
// numbers; it reads no store, and no package but app tells it anything.
package telemetry

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"trackwalker/reporters"
	"trackwalker/scenarios"
)

// maxLabel is the most characters of a label's value that a person wrote.
const maxLabel = 60

// Metrics are the numbers of one agent, in a registry of their own. All methods may be called at the same time.
type Metrics struct {
	registry *prometheus.Registry

	runs     *prometheus.CounterVec
	attempts *prometheus.CounterVec
	duration *prometheus.HistogramVec
	steps    *prometheus.GaugeVec
	up       *prometheus.GaugeVec
	last     *prometheus.GaugeVec
	open     *prometheus.GaugeVec
	waiting  prometheus.Gauge

	mu    sync.Mutex
	shown map[string][]string // the step labels of each scenario's last run
}

// New gives metrics that have seen nothing yet.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		shown:    map[string][]string{},
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trackwalker_runs_total", Help: "Runs since the agent started, by how they ended.",
		}, []string{"scenario", "browser", "outcome"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trackwalker_attempts_total", Help: "Attempts of all runs: more than runs, when runs needed retries.",
		}, []string{"scenario"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "trackwalker_run_duration_seconds", Help: "How long runs that passed or failed took, all attempts together.",
			Buckets: []float64{0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300},
		}, []string{"scenario"}),
		steps: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "trackwalker_step_duration_seconds", Help: "How long each step took in the scenario's last run; steps not played are left out.",
		}, []string{"scenario", "step"}),
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "trackwalker_up", Help: "1 when the last run passed, 0 when it failed; a run that says nothing about the site changes nothing.",
		}, []string{"scenario"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "trackwalker_last_run_timestamp_seconds", Help: "When the last run that passed or failed ended, in Unix time.",
		}, []string{"scenario"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "trackwalker_incident_open", Help: "1 while an incident of the scenario is open.",
		}, []string{"scenario"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "trackwalker_deliveries_waiting", Help: "Messages to people that are not sent yet.",
		}),
	}
	m.registry.MustRegister(
		m.runs, m.attempts, m.duration, m.steps, m.up, m.last, m.open, m.waiting, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func buildInfo() prometheus.Gauge {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "trackwalker_build_info", Help: "Always 1; its labels say which build this is.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	})
	g.Set(1)
	return g
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Observe counts a run that is over.
func (m *Metrics) Observe(run *scenarios.Run) {
	scenario, browser := label(run.Scenario), label(run.Browser)
	for _, o := range []scenarios.Outcome{scenarios.Passed, scenarios.Failed, scenarios.Errored} {
		m.runs.WithLabelValues(scenario, browser, o.String()) // from zero, so that the first failure is an increase
	}
	m.runs.WithLabelValues(scenario, browser, run.Outcome.String()).Inc()
	m.attempts.WithLabelValues(scenario).Add(float64(max(run.Attempts, 0)))
	if judges(run) {
		m.duration.WithLabelValues(scenario).Observe(run.Duration().Seconds())
	}
	m.Recall(run)
}

// Recall shows a run of before the agent started as the scenario's last one, without counting it. So a restart does not make
// a failing scenario look unknown.
func (m *Metrics) Recall(run *scenarios.Run) {
	if !judges(run) {
		return
	}
	scenario := label(run.Scenario)
	up := 0.0
	if run.Outcome == scenarios.Passed {
		up = 1
	}
	m.up.WithLabelValues(scenario).Set(up)
	m.last.WithLabelValues(scenario).Set(float64(run.Ended().UnixMilli()) / 1000)
	m.showSteps(scenario, run)
}

// judges reports whether the run says something about the site.
func judges(run *scenarios.Run) bool {
	return run.Outcome == scenarios.Passed || run.Outcome == scenarios.Failed
}

// showSteps replaces the steps of the run before. A step that is the same stays where it is, so that no scrape misses it.
func (m *Metrics) showSteps(scenario string, run *scenarios.Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var now []string
	for _, s := range run.Steps {
		if s.Outcome == scenarios.Skipped {
			continue
		}
		step := fmt.Sprintf("%02d %s", s.Index, label(s.Name))
		m.steps.WithLabelValues(scenario, step).Set(float64(s.DurationMS) / 1000)
		now = append(now, step)
	}
	for _, step := range m.shown[scenario] {
		if !slices.Contains(now, step) {
			m.steps.DeleteLabelValues(scenario, step)
		}
	}
	m.shown[scenario] = now
}

// Incident says whether an incident of the scenario is open.
func (m *Metrics) Incident(scenario string, open bool) {
	value := 0.0
	if open {
		value = 1
	}
	m.open.WithLabelValues(label(scenario)).Set(value)
}

// Deliveries says how many messages to people are not sent yet.
func (m *Metrics) Deliveries(waiting int) { m.waiting.Set(float64(waiting)) }

// Forget removes all numbers of a scenario that is gone.
func (m *Metrics) Forget(scenario string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := prometheus.Labels{"scenario": label(scenario)}
	m.runs.DeletePartialMatch(of)
	m.attempts.DeletePartialMatch(of)
	m.duration.DeletePartialMatch(of)
	m.steps.DeletePartialMatch(of)
	m.up.DeletePartialMatch(of)
	m.last.DeletePartialMatch(of)
	m.open.DeletePartialMatch(of)
	delete(m.shown, label(scenario))
}

// label makes a text fit for a label: one line, valid, not long.
func label(text string) string { return reporters.Clip(reporters.Line(text), maxLabel) }
