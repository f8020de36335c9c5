// Package cdp drives Chromium over the Chrome DevTools Protocol, by chromedp. Nothing else imports chromedp.
//
// One browser process serves all sessions, each in a browser context of its own. It is replaced after so many sessions, so
// long a time or so much memory, and after every crash; sessions that play in it are let finish. The process is started,
// watched and reaped here, and so are the leftovers of an agent that was killed (Sweep). Of chromedp it uses the protocol:
// contexts, targets, commands and events. chromedp's queries and waits need domains that are never switched on (transport).
package cdp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"trackwalker/scenarios/browser"
)

// Config says which browser to start and how.
type Config struct {
	Path       string // of the browser; empty: Find
	Sandbox    bool   // the browser's own sandbox; without it, a page that breaks the renderer has the agent's rights
	Headed     bool   // with a visible window, on DISPLAY
	ProxyURL   string // scheme://host:port; loopback is never proxied
	ProfileDir string // under it, each browser process gets a folder; empty: one in the system's temporary folder
	Slots      int    // how many sessions are open at once; the caller keeps to it, nothing here counts them
	Log        *slog.Logger

	flags []string // further ones of the browser's; for tests
}

// Limits of one browser process, after which the next session gets a new one.
const (
	maxSessions = 50
	maxAge      = 30 * time.Minute
	maxMemory   = 1536 << 20 // what its processes hold for themselves, without shared pages
)

const (
	startLimit    = 30 * time.Second       // to start a browser
	openLimit     = 30 * time.Second       // to open a page in it
	teardownLimit = 5 * time.Second        // to close a page
	exitGrace     = 3 * time.Second        // for a browser to exit by itself
	answerGrace   = 250 * time.Millisecond // for an answer that is late already
)

// Driver starts a browser when the first session is opened.
type Driver struct {
	config Config
	log    *slog.Logger
	trace  func(string, ...any) // hears every protocol message; for tests
	limits limits
	warned sync.Once

	wg sync.WaitGroup // startups, teardowns, shutdowns

	mu       sync.Mutex
	closed   bool
	current  *instance // where the next session is opened; may be nil
	running  map[*instance]struct{}
	starting *startup
}

type limits struct {
	sessions int
	age      time.Duration
	memory   int64
}

// startup is one attempt to start a browser, which all who wait for it share.
type startup struct {
	done chan struct{}
	err  error // valid after done
}

// New gives a driver. It starts nothing.
func New(c Config) *Driver {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.ProfileDir == "" {
		c.ProfileDir = defaultProfileDir()
	}
	if dir, err := filepath.Abs(c.ProfileDir); err == nil {
		c.ProfileDir = dir
	}
	return &Driver{
		config:  c,
		log:     c.Log,
		limits:  limits{maxSessions, maxAge, maxMemory},
		running: map[*instance]struct{}{},
	}
}

// Supports says what the sessions give beyond browser.Session.
func (d *Driver) Supports() browser.Features {
	return browser.FeatureConsole | browser.FeatureAuthenticator | browser.FeatureDialogs | browser.FeatureNetwork |
		browser.FeatureInterception | browser.FeatureDownloads | browser.FeatureTouch | browser.FeatureEmulation
}

// Open opens a page in a browser context of its own, and starts a browser if none is there.
func (d *Driver) Open(ctx context.Context, o browser.Options) (browser.Session, error) {
	in, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	// The page is opened on its own time: what the browser was asked for half must be finished to be taken away again.
	type opened struct {
		s   *session
		err error
	}
	result := make(chan opened)
	given := make(chan struct{})
	defer close(given)
	if !d.spawn(func() {
		s, err := openSession(d, in, o)
		if err != nil {
			d.release(in)
		}
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
		return r.s, nil
	case <-ctx.Done():
		return nil, tooSlow(ctx, "the browser did not open a page in time")
	}
}

// tooSlow says that the agent's machine did not keep up, which is never the site's fault.
func tooSlow(ctx context.Context, message string) error {
	return &browser.Failure{Class: browser.ClassBrowser, Message: message, Err: ctx.Err()}
}

// Close ends all sessions and the browser, and returns when every process is gone and every folder removed.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	d.current = nil
	running := slices.Collect(maps.Keys(d.running))
	for _, in := range running {
		in.reaping = true
	}
	d.mu.Unlock()
	var wg sync.WaitGroup
	errs := make([]error, len(running))
	for i, in := range running {
		wg.Go(func() { errs[i] = in.shutdown(errDriverClosed) })
	}
	wg.Wait()
	d.wg.Wait()
	return errors.Join(errs...)
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

var errDriverClosed = &browser.Failure{Class: browser.ClassBrowser, Message: "the agent has closed its browser"}

// acquire gives a browser to open a session in, and counts that session.
func (d *Driver) acquire(ctx context.Context) (*instance, error) {
	for {
		used := d.memory()
		d.mu.Lock()
		if d.closed {
			d.mu.Unlock()
			return nil, errDriverClosed
		}
		if in := d.current; in != nil {
			why := in.worn(d.limits, used)
			if why == "" {
				in.inUse++
				in.opened++
				d.mu.Unlock()
				return in, nil
			}
			d.retireLocked(in, why)
		}
		st := d.starting
		if st == nil {
			st = &startup{done: make(chan struct{})}
			d.starting = st
			d.wg.Go(func() { d.start(st) })
		}
		d.mu.Unlock()
		select {
		case <-st.done:
			if st.err != nil {
				return nil, st.err
			}
		case <-ctx.Done():
			return nil, tooSlow(ctx, "the browser did not start in time")
		}
	}
}

// memory measures the current browser. It takes long enough not to be done with d.mu held: events wait for that.
func (d *Driver) memory() int64 {
	d.mu.Lock()
	in := d.current
	d.mu.Unlock()
	if in == nil {
		return 0
	}
	return memory(in.process.record.Browser)
}

func (d *Driver) start(st *startup) {
	if !d.config.Sandbox {
		d.warned.Do(func() {
			d.log.Warn("the browser runs without its sandbox: play only pages that you trust", "setting", "sandbox: false")
		})
	}
	in, err := startInstance(d)
	d.mu.Lock()
	d.starting = nil
	closed := d.closed
	switch {
	case err != nil:
		if f := (*browser.Failure)(nil); !errors.As(err, &f) {
			err = &browser.Failure{Class: browser.ClassBrowser, Message: "the browser did not start: " + err.Error(), Err: err}
		}
		st.err = err
	case closed:
		st.err = errDriverClosed
	default:
		d.current = in
		d.running[in] = struct{}{}
	}
	d.mu.Unlock()
	if err == nil && closed {
		if err := in.shutdown(errDriverClosed); err != nil {
			d.log.Error("ending the browser", "error", err)
		}
	}
	close(st.done)
}

// release gives back what acquire gave.
func (d *Driver) release(in *instance) {
	d.mu.Lock()
	defer d.mu.Unlock()
	in.inUse--
	d.reapLocked(in)
}

// retire takes no more sessions into a browser and ends it after its last.
func (d *Driver) retire(in *instance, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.retireLocked(in, why)
}

func (d *Driver) retireLocked(in *instance, why string) {
	if d.current == in {
		d.current = nil
	}
	if !in.retired {
		in.retired = true
		d.log.Info("replacing the browser", "why", why, "pid", in.process.record.Browser, "sessions", in.opened, "age", time.Since(in.started).Round(time.Second))
	}
	d.reapLocked(in)
}

// reapLocked ends a retired browser that nobody uses, or that is dead.
func (d *Driver) reapLocked(in *instance) {
	if !in.retired || in.reaping || in.inUse > 0 && in.gone.Err() == nil {
		return
	}
	in.reaping = true
	d.wg.Go(func() {
		if err := in.shutdown(errDriverClosed); err != nil {
			d.log.Error("ending the browser", "error", err)
		}
		d.mu.Lock()
		delete(d.running, in)
		d.mu.Unlock()
	})
}

// instance is one running browser. inUse, opened, retired and reaping are guarded by Driver.mu.
type instance struct {
	driver  *Driver
	process *process
	browser *chromedp.Browser
	anchor  context.Context // chromedp's, of the browser; it has no page
	started time.Time
	full    bool // not the headless shell, but a browser with windows, and so with dialogs of its own

	gone context.Context // ends with the browser; its cause is a *browser.Failure
	die  context.CancelCauseFunc

	inUse, opened    int
	retired, reaping bool

	cancelAnchor func()
	watched      chan struct{} // closed when the watcher has ended

	mu       sync.Mutex
	sessions map[cdp.BrowserContextID]*session
	targets  map[*target]struct{}
}

func startInstance(d *Driver) (*instance, error) {
	p, err := startProcess(d.config)
	if err != nil {
		return nil, err
	}
	in := &instance{
		driver: d, process: p, started: time.Now(), watched: make(chan struct{}),
		sessions: map[cdp.BrowserContextID]*session{}, targets: map[*target]struct{}{},
	}
	in.gone, in.die = context.WithCancelCause(context.Background())

	debugf := func(format string, args ...any) { d.log.Debug("chromedp speaks", "text", fmt.Sprintf(format, args...)) }
	options := []chromedp.BrowserOption{chromedp.WithBrowserLogf(debugf), chromedp.WithBrowserErrorf(debugf)}
	if d.trace != nil {
		options = append(options, chromedp.WithBrowserDebugf(d.trace))
	}
	allocCtx, cancelAlloc := chromedp.NewAllocatorContext(context.Background(), allocator{p.transport})
	anchor, cancelAnchor := chromedp.NewContext(allocCtx, chromedp.WithBrowserOption(options...))
	in.anchor = anchor
	in.cancelAnchor = sync.OnceFunc(func() { cancelAnchor(); cancelAlloc() })

	// The first call binds the browser's connection to its context, so that has no deadline; a browser that does not answer
	// is killed instead, and the call returns.
	timer := time.AfterFunc(startLimit, func() { _ = p.end(0) })
	version, err := chromedp.CallBrowser(anchor, cdpbrowser.GetVersion, struct{}{})
	inTime := timer.Stop()
	if err != nil || !inTime {
		f := p.startFailure(err)
		if !inTime {
			f.Message = fmt.Sprintf("the browser did not start within %v", startLimit)
		}
		// chromedp's cancel waits for ever for a browser that it never got.
		if chromedp.FromContext(anchor).Browser != nil {
			in.cancelAnchor()
		}
		cancelAlloc()
		return nil, withCleanup(f, p.end(0))
	}
	in.browser = chromedp.FromContext(anchor).Browser
	in.full = !strings.HasPrefix(version.Product, "HeadlessChrome/")
	err = chromedp.ListenBrowser(anchor, in.hear)
	if err == nil {
		err = in.attachTabs()
	}
	if err != nil {
		in.cancelAnchor()
		return nil, errors.Join(err, p.end(0))
	}
	go in.watch()
	d.log.Info("started the browser", "version", version.Product, "pid", p.record.Browser, "folder", p.folder.path)
	return in, nil
}

// withCleanup adds what went wrong while cleaning up after a failure.
func withCleanup(f *browser.Failure, err error) error {
	if err != nil {
		f.Err = errors.Join(f.Err, err)
	}
	return f
}

// watch tells the sessions when the browser dies.
func (in *instance) watch() {
	defer close(in.watched)
	select {
	case <-in.browser.LostConnection:
		in.die(&browser.Failure{Class: browser.ClassBrowser, Message: "the browser died: " + in.process.died()})
		in.driver.retire(in, "it died")
	case <-in.gone.Done():
	}
}

// attachTabs makes the browser attach us to every new tab, and hold it until it is let begin.
func (in *instance) attachTabs() error {
	ctx, cancel := context.WithTimeout(in.gone, startLimit)
	defer cancel()
	_, err := cdp.Call(ctx, in.browser, cdptarget.SetAutoAttach, autoAttach("page"))
	return err
}

func autoAttach(kind string) cdptarget.SetAutoAttachParams {
	return cdptarget.SetAutoAttachParams{
		AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true), Filter: cdptarget.Filter{{Type: kind}},
	}
}

// hear gets the events of the browser, on the goroutine that reads them.
func (in *instance) hear(event any) {
	switch e := event.(type) {
	case *cdptarget.EventAttachedToTarget:
		in.mu.Lock()
		s := in.sessions[e.TargetInfo.BrowserContextID]
		in.mu.Unlock()
		if s == nil {
			in.discard(e) // of a session that is being closed, or the browser's own
			return
		}
		s.opened(e)
	case *cdptarget.EventDetachedFromTarget:
		if t := in.target(func(t *target) bool { return t.session == e.SessionID }); t != nil {
			t.s.ended(t)
		}
	case *cdptarget.EventTargetCrashed:
		if t := in.target(func(t *target) bool { return t.id == e.TargetID }); t != nil {
			t.s.crashed(t)
		}
	case *cdpbrowser.EventDownloadWillBegin, *cdpbrowser.EventDownloadProgress:
		in.hearDownload(event)
	}
}

// discard closes a tab that nobody will look at. One that is closed before it was let begin would hold its opener for ever.
func (in *instance) discard(e *cdptarget.EventAttachedToTarget) {
	in.driver.spawn(func() {
		ctx, cancel := context.WithTimeout(in.gone, teardownLimit)
		defer cancel()
		// An error means that it is gone already.
		_ = in.process.transport.resume(e.SessionID)
		_, _ = cdp.Call(ctx, in.browser, cdptarget.CloseTarget, cdptarget.CloseTargetParams{TargetID: e.TargetInfo.TargetID})
	})
}

// target gives the target of which f says true, or nil.
func (in *instance) target(f func(*target) bool) *target {
	in.mu.Lock()
	defer in.mu.Unlock()
	for t := range in.targets {
		if f(t) {
			return t
		}
	}
	return nil
}

// know has events of the browser go to t, and forget ends that.
func (in *instance) know(t *target) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.targets[t] = struct{}{}
}

func (in *instance) forget(t *target) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.targets, t)
}

// worn says why the browser, which uses so much memory, is to be replaced, or nothing. One that works serves one session
// at least.
func (in *instance) worn(l limits, used int64) string {
	switch {
	case in.retired || in.gone.Err() != nil:
		return "it died"
	case in.opened == 0:
		return ""
	case in.opened >= l.sessions:
		return "it has served its sessions"
	case time.Since(in.started) >= l.age:
		return "it is old"
	case used >= l.memory:
		return fmt.Sprintf("it uses %d MiB of memory", used>>20)
	}
	return ""
}

// shutdown ends the browser; cause is what its sessions are told, if they were not told already.
func (in *instance) shutdown(cause error) error {
	in.die(cause)
	<-in.watched
	err := in.process.end(exitGrace)
	in.cancelAnchor()
	return err
}

var _ browser.Driver = (*Driver)(nil)
