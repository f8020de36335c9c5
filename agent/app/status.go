package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"trackwalker/agent/store"
	"trackwalker/agent/web"
	"trackwalker/scenarios"
)

// recentRuns is how many runs of a flow its strip shows.
const recentRuns = 30

// listen opens the address of the status page, or gives nil when there is none.
func (a *Agent) listen(ctx context.Context) (net.Listener, error) {
	if a.config.Listen == "" {
		return nil, nil
	}
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return nil, fmt.Errorf("the status page cannot be served on %s: %w; is another agent running? Name another address under listen: in agent.yaml, or off", a.config.Listen, err)
	}
	return listener, nil
}

// serving serves the status page until ctx ends.
func (a *Agent) serving(ctx context.Context, listener net.Listener) error {
	handler := web.New(web.Options{Source: view{a}, Metrics: a.measured(), Listen: a.config.Listen, Hosts: a.config.Hosts, Log: a.log})
	server := web.Server(a.config.Listen, handler)
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	a.log.Info("the status page is served", "url", "http://"+listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the status page: %w", err)
	}
	return nil
}

// measured gives the metrics, with those brought up to date that no run tells of.
func (a *Agent) measured() http.Handler {
	metrics := a.metrics.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if open, err := a.store.OpenIncidents(r.Context()); err == nil {
			failing := map[string]bool{}
			for _, i := range open {
				failing[i.Scenario] = true
			}
			for _, f := range a.flows.all() {
				a.metrics.Incident(f.scenario.Name, failing[f.scenario.Name])
			}
		}
		if backlog, err := a.store.Undelivered(r.Context(), a.names()); err == nil {
			a.metrics.Deliveries(backlog.Count)
		}
		metrics.ServeHTTP(w, r)
	})
}

// view is the agent as its pages see it.
type view struct{ *Agent }

// Status says how the agent and its flows stand now.
func (a view) Status(ctx context.Context) (web.Status, error) {
	s := web.Status{Location: a.config.Location, Build: a.options.Version, Started: a.started}
	for _, f := range a.flows.all() {
		one, err := a.flowStatus(ctx, f)
		if err != nil {
			return s, err
		}
		s.Flows = append(s.Flows, one)
	}
	open, err := a.store.OpenIncidents(ctx)
	if err != nil {
		return s, err
	}
	for _, i := range open {
		s.Incidents = append(s.Incidents, web.FromIncident(i))
	}
	backlog, err := a.store.Undelivered(ctx, a.names())
	if err != nil {
		return s, err
	}
	s.DeliveriesWaiting = backlog.Count
	s.Problems = a.problems(ctx, backlog)
	return s, nil
}

func (a *Agent) flowStatus(ctx context.Context, f flow) (web.Flow, error) {
	s := f.scenario
	one := web.Flow{Name: s.Name, Description: s.Description, File: s.File, Browser: s.Browser, Schedule: "only when asked to", Playing: a.isPlaying(s.Name)}
	if b, err := a.app.browser(s.Browser); err == nil {
		one.Browser = b.Name
	}
	switch {
	case s.Every > 0:
		one.Schedule = "every " + scenarios.ShortDuration(s.Every)
	case s.Cron != "":
		one.Schedule = fmt.Sprintf("%s (%s)", s.Cron, s.Timezone)
	}
	if f.plan != nil {
		one.Next = f.plan.Next(time.Now())
	}
	runs, err := a.store.Runs(ctx, s.Name, recentRuns, "")
	if err != nil {
		return one, err
	}
	for _, r := range runs {
		result := web.Result{Run: r.ID, Browser: r.Browser, Outcome: r.Outcome, Reason: r.Reason, Started: r.Started, DurationMS: r.Duration.Milliseconds(), Attempts: r.Attempts}
		if r.Class != "" {
			result.Failure = &web.Failure{Class: r.Class, Step: r.FailedStep, Name: r.FailedName, Message: r.Message}
		}
		one.Recent = append(one.Recent, result)
		if one.Last == nil && r.Outcome != scenarios.Skipped && r.Outcome != scenarios.Aborted {
			if one.Last, err = a.whole(ctx, result); err != nil {
				return one, err
			}
		}
	}
	return one, nil
}

// whole gives the result with all that the record of a failed run holds of its failure.
func (a *Agent) whole(ctx context.Context, r web.Result) (*web.Result, error) {
	if r.Failure == nil {
		return &r, nil
	}
	run, err := a.store.Run(ctx, r.Run)
	if errors.Is(err, store.ErrNotFound) {
		return &r, nil // it was just swept
	}
	if err != nil {
		return nil, err
	}
	result := web.Summarize(run)
	return &result, nil
}

// problems lists what is wrong with the agent itself.
func (a *Agent) problems(ctx context.Context, backlog store.Backlog) []web.Problem {
	var list []web.Problem
	for _, text := range a.flows.problems() {
		list = append(list, web.Problem{About: "scenario file", Text: text})
	}
	for _, text := range a.Ready(ctx) {
		list = append(list, web.Problem{About: "agent", Text: text})
	}
	if backlog.LastError != "" {
		list = append(list, web.Problem{About: "reporter " + backlog.Reporter, Text: backlog.LastError})
	}
	return list
}

// Run reads a whole run; the error wraps fs.ErrNotExist when there is none of that id.
func (a view) Run(ctx context.Context, id string) (*scenarios.Run, error) {
	run, err := a.store.Run(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return run, err
}

// Artifact opens what a run left; the error wraps fs.ErrNotExist when it is not there.
func (a view) Artifact(sha string) (*os.File, error) { return a.pictures.Open(sha) }

// Live is nil while the agent's loops turn.
func (a view) Live(context.Context) error {
	if !a.health.alive() {
		return errors.New("the schedule stands still")
	}
	return nil
}
