// Package webdriver drives any browser that speaks W3C WebDriver, by tebeka/selenium: through a driver that is started
// here (ChromeDriver, WebKitWebDriver, geckodriver, safaridriver), or through one that runs elsewhere, as a Selenium Grid.
// Nothing else imports selenium.
//
// A local driver is started, watched and ended here with all that it starts (service), and so is what a killed agent left
// (Sweep). What the page script does is the same as in cdp. Where WebDriver has no command for something, there are two
// ways: ChromeDriver's own command that passes on the DevTools protocol (chrome), and what can be seen from inside the page.
package webdriver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"trackwalker/scenarios/browser"
)

// Config says which driver and which browser to use.
type Config struct {
	Browser string // chrome, chromium, edge, firefox, safari, webkit (MiniBrowser), or another one of a Grid; empty: chrome
	// Command is a local driver with its arguments; empty: the usual one of the browser, looked for in PATH. A port and what
	// the browser needs are added.
	Command []string
	URL     string // of a driver or Grid that runs elsewhere, with user:password@ if it wants them; then nothing is started

	Path         string         // of the browser, where the driver shall not look for it itself
	Sandbox      bool           // the browser's own sandbox; without it, a page that breaks the renderer has the agent's rights
	Headed       bool           // with a visible window, on DISPLAY
	Args         []string       // more arguments for the browser
	Capabilities map[string]any // more capabilities, and in place of those that are set here

	ProfileDir string        // under it, each driver process gets a folder; empty: one in the system's temporary folder
	Slots      int           // how many sessions are open at once; the caller keeps to it, nothing here counts them
	OpenLimit  time.Duration // to get a session; a Grid may let one wait in its queue. 0: 1 minute, with URL 5
	Log        *slog.Logger
}

const (
	startLimit = 20 * time.Second // for a driver to answer
	closeLimit = 5 * time.Second  // to end a session
)

// Driver starts a driver process when the first session is opened.
type Driver struct {
	config Config
	kind   kind
	log    *slog.Logger
	client *http.Transport
	warned sync.Once

	wg sync.WaitGroup // startups, teardowns

	mu       sync.Mutex
	closed   bool
	shared   *service // where the next session is opened, where one process serves many; may be nil
	services map[*service]struct{}
	sessions map[*session]struct{}
	starting chan struct{} // held while the shared service starts
}

// New gives a driver. It starts nothing.
func New(c Config) *Driver {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.ProfileDir == "" {
		c.ProfileDir = filepath.Join(os.TempDir(), fmt.Sprintf("trackwalker-drivers-%d", os.Getuid()))
	}
	if dir, err := filepath.Abs(c.ProfileDir); err == nil {
		c.ProfileDir = dir
	}
	if c.OpenLimit == 0 {
		c.OpenLimit = time.Minute
		if c.URL != "" {
			c.OpenLimit = 5 * time.Minute
		}
	}
	return &Driver{
		config: c, kind: kindOf(c.Browser), log: c.Log,
		client:   &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 8, IdleConnTimeout: 20 * time.Second},
		services: map[*service]struct{}{}, sessions: map[*session]struct{}{}, starting: make(chan struct{}, 1),
	}
}

// Supports says what the sessions give beyond browser.Session.
func (d *Driver) Supports() browser.Features { return d.kind.features }

// Open opens a session with a browser of its own.
func (d *Driver) Open(ctx context.Context, o browser.Options) (browser.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, tooSlow(err, "the agent had no time left to open a browser")
	}
	// The session is opened on its own time: what a driver was asked for half must be finished to be taken away again.
	type opened struct {
		s   *session
		err error
	}
	result := make(chan opened)
	given := make(chan struct{})
	defer close(given)
	if !d.spawn(func() {
		s, err := d.open(o)
		select {
		case result <- opened{s, err}:
		case <-given:
			if err == nil {
				_ = s.Close() // nobody waits for it
			}
		}
	}) {
		return nil, errDriverClosed
	}
	select {
	case r := <-result:
		if r.err != nil {
			return nil, r.err
		}
		return d.kind.give(r.s), nil
	case <-ctx.Done():
		return nil, tooSlow(ctx.Err(), "the browser did not open in time")
	}
}

// tooSlow says that the agent's machine or its Grid did not keep up, which is never the site's fault.
func tooSlow(err error, message string) error {
	return &browser.Failure{Class: browser.ClassBrowser, Message: message, Err: err}
}

var errDriverClosed = &browser.Failure{Class: browser.ClassBrowser, Message: "the agent has closed its browser"}

// open gives a session; it takes OpenLimit at most.
func (d *Driver) open(o browser.Options) (*session, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.config.OpenLimit)
	defer cancel()
	s, died, err := d.try(ctx, o)
	if died {
		s, _, err = d.try(ctx, o) // it was dying as it was asked
	}
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	closed := d.closed
	d.sessions[s] = struct{}{}
	d.mu.Unlock()
	if closed {
		s.die(errDriverClosed)
		return nil, errors.Join(errDriverClosed, s.teardown())
	}
	return s, nil
}

// try gives a session; died: the driver died meanwhile.
func (d *Driver) try(ctx context.Context, o browser.Options) (s *session, died bool, err error) {
	base, service, err := d.endpoint(ctx)
	if err != nil {
		return nil, false, asFailure(err, "the driver did not start")
	}
	if s, err = openSession(ctx, d, base, service, o); err == nil {
		return s, false, nil
	}
	if service != nil {
		select {
		case <-service.gone.Done():
			died = true
		case <-time.After(answerGrace):
		}
	}
	if service != nil && !d.kind.shared {
		err = errors.Join(err, d.end(service))
	}
	return nil, died, asFailure(err, "the browser did not start")
}

// asFailure makes sure that what goes wrong with opening is the agent's fault.
func asFailure(err error, what string) error {
	if f, ok := errors.AsType[*browser.Failure](err); ok {
		return f
	}
	return &browser.Failure{Class: browser.ClassBrowser, Message: what + ": " + err.Error(), Err: err}
}

// endpoint gives where sessions are asked for, and the process behind it, if it is ours.
func (d *Driver) endpoint(ctx context.Context) (*url.URL, *service, error) {
	if d.config.URL != "" {
		u, err := url.Parse(strings.TrimSuffix(d.config.URL, "/"))
		if err != nil || u.Host == "" {
			return nil, nil, &browser.Failure{
				Class: browser.ClassBrowser, Message: "the url in the browser's settings is not that of a driver", // it may hold a password
				Hint: "write it as http://grid.example:4444",
			}
		}
		return u, nil, nil
	}
	if !d.config.Sandbox {
		d.warned.Do(func() {
			d.log.Warn("the browser runs without its sandbox: play only pages that you trust", "setting", "sandbox: false")
		})
	}
	if !d.kind.shared {
		s, err := d.start(ctx)
		if err != nil {
			return nil, nil, err
		}
		return s.base, s, nil
	}
	select {
	case d.starting <- struct{}{}:
		defer func() { <-d.starting }()
	case <-ctx.Done():
		return nil, nil, tooSlow(ctx.Err(), "the driver did not start in time")
	}
	d.mu.Lock()
	s := d.shared
	d.mu.Unlock()
	if s == nil || s.gone.Err() != nil {
		var err error
		if s, err = d.start(ctx); err != nil {
			return nil, nil, err
		}
		d.mu.Lock()
		d.shared = s
		d.mu.Unlock()
	}
	return s.base, s, nil
}

// start starts a driver process.
func (d *Driver) start(ctx context.Context) (*service, error) {
	s, err := startService(ctx, d)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	closed := d.closed
	d.services[s] = struct{}{}
	d.mu.Unlock()
	if closed {
		return nil, errors.Join(errDriverClosed, d.end(s))
	}
	d.spawn(func() {
		<-s.gone.Done()
		_ = d.end(s) // what it started does not outlive it
	})
	return s, nil
}

// end ends a driver process with all that it started.
func (d *Driver) end(s *service) error {
	err := s.end()
	d.mu.Lock()
	delete(d.services, s)
	if d.shared == s {
		d.shared = nil
	}
	d.mu.Unlock()
	return err
}

// spawn runs f in a goroutine that Close waits for. After Close it does nothing.
func (d *Driver) spawn(f func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.wg.Go(f)
	return true
}

// Close ends all sessions and driver processes, and returns when every process is gone and every folder removed.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	sessions, services := slices.Collect(maps.Keys(d.sessions)), slices.Collect(maps.Keys(d.services))
	d.mu.Unlock()
	var wg sync.WaitGroup
	errs := make([]error, len(sessions)+len(services))
	for i, s := range sessions {
		s.die(errDriverClosed)
		if s.service == nil { // the others end with their process
			wg.Go(func() { errs[i] = s.teardown() })
		}
	}
	for i, s := range services {
		wg.Go(func() { errs[len(sessions)+i] = d.end(s) })
	}
	wg.Wait()
	d.wg.Wait()
	d.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// forget takes a session that is gone off the list.
func (d *Driver) forget(s *session) {
	d.mu.Lock()
	delete(d.sessions, s)
	d.mu.Unlock()
}

var _ browser.Driver = (*Driver)(nil)
