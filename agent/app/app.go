// Package app wires the agent: it alone names the concrete drivers and reporters, makes them of the configuration, and
// runs what has to run together. What the parts do lives in the parts.
package app

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"trackwalker/agent/config"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/runner"
	"trackwalker/scenarios/source"
)

// Options are what is not in the configuration.
type Options struct {
	Log    *slog.Logger
	Headed bool
	Vars   map[string]string // of the command line; they win over all others
	// ProfileDir is where browsers keep their profiles; empty: a folder of the system's for temporary files.
	ProfileDir string
}

// App holds the browsers of one configuration. A browser starts when it is first needed.
type App struct {
	config  *config.Config
	options Options

	mu      sync.Mutex
	drivers map[string]browser.Driver
}

// New gives an App that has started nothing.
func New(c *config.Config, o Options) *App {
	return &App{config: c, options: o, drivers: map[string]browser.Driver{}}
}

// Env is what scenario files see of this configuration.
func (a *App) Env() scenarios.Env {
	env := scenarios.Env{
		Vars: a.config.Vars, Secrets: a.config.Secrets, Override: a.options.Vars, Page: a.config.Page,
		Browsers: map[string]browser.Features{}, Default: a.config.Browsers[0].Name,
	}
	for _, b := range a.config.Browsers {
		env.Browsers[b.Name] = supports(b)
	}
	for _, r := range a.config.Reporters {
		env.Reporters = append(env.Reporters, r.Name)
	}
	return env
}

// Runner gives what plays s in its browser.
func (a *App) Runner(s *scenarios.Scenario) (*runner.Runner, error) {
	b, err := a.browser(s.Browser)
	if err != nil {
		return nil, err
	}
	d, err := a.driver(b)
	if err != nil {
		return nil, err
	}
	if lacks := s.Needs() &^ d.Supports(); lacks != 0 {
		return nil, fmt.Errorf("the browser %q cannot play %s: it lacks %s; name another one", b.Name, s.Name, lacks)
	}
	return &runner.Runner{Driver: d, Browser: b.Name, Location: a.config.Location, Log: a.options.Log}, nil
}

// browser gives the browser of that name; the empty name means the first.
func (a *App) browser(name string) (config.Browser, error) {
	var names []string
	for _, b := range a.config.Browsers {
		if name == "" || b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return config.Browser{}, fmt.Errorf("there is no browser %q in the configuration%s", name, source.DidYouMean(name, names))
}

// driver gives the driver of a browser, always the same one. The error says that the secret in its settings is not set.
func (a *App) driver(b config.Browser) (browser.Driver, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d := a.drivers[b.Name]; d != nil {
		return d, nil
	}
	url, err := b.URL.Reveal()
	if err != nil {
		return nil, fmt.Errorf("the browser %q: %w", b.Name, err)
	}
	d := newDriver(b, url, a.options)
	a.drivers[b.Name] = d
	return d, nil
}

// Close ends every browser that was started.
func (a *App) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ending sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(a.drivers)) {
		ending.Go(func() {
			if err := a.drivers[name].Close(); err != nil {
				a.options.Log.Warn("a browser did not end cleanly", "browser", name, "error", err)
			}
		})
	}
	ending.Wait()
	a.drivers = map[string]browser.Driver{}
}
