package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"trackwalker/agent/config"
	"trackwalker/agent/queue"
	"trackwalker/agent/store"
	"trackwalker/agent/telemetry"
	"trackwalker/reporters"
	"trackwalker/screenshots"
)

// DrainTimeout is how long runs that are being played may go on after the agent was told to stop.
const DrainTimeout = 30 * time.Second

// AgentOptions are what an Agent is told beside its configuration.
type AgentOptions struct {
	Log     *slog.Logger
	Out     io.Writer         // where every run prints its line, and messages are printed that are sent nowhere
	Vars    map[string]string // they win over all others
	Version string
}

// Agent plays every scenario of the folder on its schedule, keeps the runs, and tells people.
type Agent struct {
	config  *config.Config
	options AgentOptions
	log     *slog.Logger
	started time.Time

	app       *App
	flows     *flows
	db        *queue.DB
	store     *store.Store
	pictures  *screenshots.Store
	queue     *queue.Queue
	channels  []Channel
	reporters map[string]reporters.Reporter
	metrics   *telemetry.Metrics
	health    *health

	mu      sync.Mutex
	playing map[string]bool // by scenario
	out     sync.Mutex
}

// NewAgent opens what the agent needs. Close it after use. Then Load, and Run.
func NewAgent(ctx context.Context, c *config.Config, o AgentOptions) (_ *Agent, err error) {
	a := &Agent{config: c, options: o, log: o.Log, started: time.Now(), metrics: telemetry.New(), playing: map[string]bool{}, health: newHealth()}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	profiles := filepath.Join(c.Data, "browsers")
	a.app = New(c, Options{Log: o.Log, Vars: o.Vars, ProfileDir: profiles})
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	// Only now that the data folder is locked: what lies under it is nobody else's.
	for _, b := range c.Browsers {
		if err := sweep(filepath.Join(profiles, b.Name), o.Log); err != nil {
			o.Log.Warn("what an earlier agent left could not all be removed", "browser", b.Name, "error", err)
		}
	}
	a.flows = newFlows(c.Scenarios, a.app.Env())
	return a, nil
}

func (a *Agent) open(ctx context.Context) error {
	var err error
	if a.db, err = queue.Open(ctx, filepath.Join(a.config.Data, "trackwalker.db"), a.log); err != nil {
		return err
	}
	if a.store, err = store.Open(ctx, a.db, a.log); err != nil {
		return err
	}
	if a.pictures, err = screenshots.Open(filepath.Join(a.config.Data, "screenshots")); err != nil {
		return err
	}
	slots := map[string]int{}
	for _, b := range a.config.Browsers {
		slots[b.Name] = b.Slots
	}
	a.queue, err = queue.New(a.db, queue.Handlers{Play: a.play, Deliver: a.deliver}, queue.Options{Slots: slots})
	return err
}

// Write prints text that the agent shows people, whole.
func (a *Agent) Write(text []byte) (int, error) {
	a.out.Lock()
	defer a.out.Unlock()
	return a.options.Out.Write(text)
}

// Load makes the reporters, reads the scenarios for the first time and prints what is wrong with any of them. The error says
// which input keeps the agent from starting: a reporter cannot be made of its settings, the folder cannot be read, no file in
// it is right, or a secret is not set.
func (a *Agent) Load() error {
	var err error
	if a.channels, err = Channels(a.config, a, a.log); err != nil {
		return err
	}
	a.reporters = map[string]reporters.Reporter{}
	for _, channel := range a.channels {
		a.reporters[channel.Name] = channel.Reporter
	}
	c, err := a.flows.reload()
	if err != nil {
		return err
	}
	if err := a.flows.missingSecrets(); err != nil {
		return err
	}
	problems := a.flows.problems()
	if len(c.added) == 0 && len(problems) > 0 {
		return fmt.Errorf("no scenario in %s is right\n%s", a.config.Scenarios, strings.Join(problems, "\n"))
	}
	for _, problem := range problems {
		fmt.Fprintln(a, problem)
	}
	a.logIgnored(c)
	if len(c.added) == 0 {
		a.log.Warn("there is no scenario to play yet", "folder", a.config.Scenarios)
	}
	return nil
}

// Run plays until ctx ends. Then it starts nothing more, waits for runs that are being played for up to 30 s, or until
// hurry ends, and returns. To be stopped while it still starts is no error.
func (a *Agent) Run(ctx, hurry context.Context) error {
	listener, err := a.listen(ctx)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	if err := a.queue.Start(ctx); err != nil {
		return unlessStopped(ctx, err)
	}
	err = unlessStopped(ctx, a.turn(ctx, listener))
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), DrainTimeout)
	defer cancel()
	defer context.AfterFunc(hurry, cancel)()
	return errors.Join(err, a.queue.Stop(drain))
}

// unlessStopped gives err, but for one that only says that ctx has ended.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// turn runs the agent's loops until ctx ends or one of them fails.
func (a *Agent) turn(ctx context.Context, listener net.Listener) error {
	a.recall(ctx)
	if err := a.store.Reconcile(ctx, a.audience); err != nil {
		return err
	}
	group, loops := errgroup.WithContext(ctx)
	for _, loop := range []func(context.Context) error{a.scheduling, a.watching, a.sweeping, a.beating} {
		group.Go(func() error { return loop(loops) })
	}
	if listener != nil {
		group.Go(func() error { return a.serving(loops, listener) })
	}
	return group.Wait()
}

// Close ends the browsers and closes the files.
func (a *Agent) Close() {
	if a.app != nil {
		a.app.Close()
	}
	var errs []error
	if a.pictures != nil {
		errs = append(errs, a.pictures.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if err := errors.Join(errs...); err != nil {
		a.log.Warn("not all was closed cleanly", "error", err)
	}
}

// recall shows in the metrics how the flows stood when the agent last ran.
func (a *Agent) recall(ctx context.Context) {
	latest, err := a.store.Latest(ctx)
	if err != nil {
		a.log.Warn("the metrics begin anew: the last runs could not be read", "error", err)
		return
	}
	for _, s := range latest {
		if _, played := a.flows.get(s.Scenario); !played || s.Played == nil {
			continue
		}
		if run, err := a.store.Run(ctx, s.Played.ID); err == nil {
			a.metrics.Recall(run)
		}
	}
}

// orphanAfter is how long a flow's file must be gone: an editor that saves a file may take it away for a moment.
const orphanAfter = time.Minute

// closeOrphans resolves the incidents of flows that nobody plays any more, because their files are gone; missing notes since
// when. The flow of a file that is only broken is still watched for.
func (a *Agent) closeOrphans(ctx context.Context, missing map[string]time.Time) {
	open, err := a.store.OpenIncidents(ctx)
	if err != nil {
		return // the next turn looks again
	}
	for _, i := range open {
		if _, played := a.flows.get(i.Scenario); played || i.First == nil || a.flows.isBroken(i.First.File) {
			delete(missing, i.ID)
			continue
		}
		if missing[i.ID].IsZero() {
			missing[i.ID] = time.Now()
		}
		if time.Since(missing[i.ID]) < orphanAfter {
			continue
		}
		delete(missing, i.ID)
		a.log.Info("an incident is over: its flow is not watched any more", "scenario", i.Scenario)
		if err := a.store.Close(ctx, i, "its flow is not watched any more", a.audience); err != nil {
			a.log.Error("an incident could not be closed", "scenario", i.Scenario, "error", err)
		}
	}
}

// every calls f at once and then at each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, f func(context.Context)) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (a *Agent) logIgnored(c changes) {
	for _, file := range c.ignored {
		a.log.Warn("a file is not played: the names of scenarios end in .yaml", "file", file)
	}
}

// watching reloads the scenarios when a file changes.
func (a *Agent) watching(ctx context.Context) error {
	missing := map[string]time.Time{}
	return every(ctx, 2*time.Second, func(ctx context.Context) {
		c, err := a.flows.reload()
		a.health.set("scenarios", err)
		if err != nil {
			return
		}
		for file, err := range c.broken {
			a.log.Error("a scenario file is broken; its last good version, if there is one, goes on playing", "file", file)
			fmt.Fprintf(a, "%v\n", err)
		}
		a.logIgnored(c)
		for _, name := range c.removed {
			a.metrics.Forget(name)
			a.health.forget(name)
		}
		a.closeOrphans(ctx, missing)
		if len(c.added)+len(c.removed) > 0 {
			a.log.Info("scenarios reloaded", "playing", len(a.flows.all()), "removed", len(c.removed), "broken", len(c.broken))
		}
	})
}

// sweeping removes what is older than the configuration wants to keep.
func (a *Agent) sweeping(ctx context.Context) error {
	return every(ctx, time.Hour, func(ctx context.Context) {
		keep, err := a.store.Evidence(ctx)
		if err == nil {
			_, err = a.pictures.Sweep(ctx, screenshots.Policy{
				MaxAge: a.config.Retention.Screenshots, MaxBytes: a.config.Retention.Size,
				Keep: func(sha string) bool { return keep[sha] },
			}, time.Now())
		}
		_, runs := a.store.Sweep(ctx, a.config.Retention.Runs, time.Now())
		if err := errors.Join(err, runs); err != nil && ctx.Err() == nil {
			a.log.Error("old runs and screenshots could not all be removed", "error", err)
		}
	})
}

// beating calls the heartbeat URL every minute while all is well.
func (a *Agent) beating(ctx context.Context) error {
	url, err := a.config.Heartbeat.Reveal()
	if err != nil {
		return fmt.Errorf("heartbeat_url: %w", err)
	}
	if url == "" {
		return nil
	}
	client := &http.Client{Timeout: 20 * time.Second}
	return every(ctx, time.Minute, func(ctx context.Context) {
		if wrong := a.Ready(ctx); len(wrong) > 0 {
			a.log.Warn("no heartbeat is sent: the agent is not well", "problems", wrong)
			return
		}
		if err := beat(ctx, client, url); err != nil && ctx.Err() == nil {
			a.log.Warn("the heartbeat did not arrive", "error", err)
		}
	})
}

func beat(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return errors.New("heartbeat_url is no URL")
	}
	response, err := client.Do(request)
	if err != nil {
		var withURL interface{ Unwrap() error }
		if errors.As(err, &withURL) {
			err = withURL.Unwrap() // the URL may be a secret
		}
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("it answered %s", response.Status)
	}
	return nil
}
