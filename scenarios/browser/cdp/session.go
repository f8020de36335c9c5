package cdp

import (
	"context"
	"errors"
	"sync"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	cdptarget "github.com/chromedp/cdproto/target"

	"trackwalker/scenarios/browser"
)

// session is some tabs in a browser context of their own. What it does to a page it does to the current tab.
type session struct {
	driver  *Driver
	in      *instance
	options browser.Options
	context cdp.BrowserContextID

	gone context.Context // ends with the session, a renderer or the browser; the cause is a *browser.Failure
	die  context.CancelCauseFunc

	close sync.Once

	console  console
	requests requestLog
	mouse    mouse // of the goroutine that uses the session

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced when what is below changes
	tabs      []*target     // in the order of opening
	current   *target       // one of tabs, or the last one that there was
	auth      *authenticator
	dialogs   dialogs
	rules     []browser.InterceptRule
	downloads downloads
}

// openSession opens a page. It is bound by openLimit, not by a caller's context: see Driver.Open.
func openSession(d *Driver, in *instance, o browser.Options) (*session, error) {
	s := &session{driver: d, in: in, options: o, changed: make(chan struct{})}
	s.gone, s.die = context.WithCancelCause(in.gone)
	ctx, cancel := context.WithTimeout(s.gone, openLimit)
	defer cancel()
	if err := s.open(ctx); err != nil {
		if in.gone.Err() != nil {
			err = context.Cause(in.gone)
		}
		s.die(err)
		s.teardown()
		if f := (*browser.Failure)(nil); errors.As(err, &f) {
			return nil, err
		}
		// A browser that cannot open a page is of no use to the next session either.
		d.retire(in, "it does not open pages")
		return nil, &browser.Failure{Class: browser.ClassBrowser, Message: "the browser did not open a page: " + err.Error(), Err: err}
	}
	return s, nil
}

// open opens the first tab.
func (s *session) open(ctx context.Context) error {
	c, err := cdp.Call(ctx, s.in.browser, cdptarget.CreateBrowserContext, cdptarget.CreateBrowserContextParams{})
	if err != nil {
		return err
	}
	s.context = c.BrowserContextID
	s.in.mu.Lock()
	s.in.sessions[s.context] = s
	s.in.mu.Unlock()
	if err := s.permit(ctx); err != nil {
		return err
	}
	if err := s.allowDownloads(ctx, ""); err != nil {
		return err
	}
	// A new browser context has no window yet.
	_, err = cdp.Call(ctx, s.in.browser, cdptarget.CreateTarget, cdptarget.CreateTargetParams{
		URL: "about:blank", BrowserContextID: s.context, NewWindow: new(true),
	})
	if err != nil {
		return err
	}
	for {
		s.mu.Lock()
		first, changed := s.current, s.changed
		s.mu.Unlock()
		var prepared chan struct{} // nil: not told of yet
		if first != nil {
			prepared = first.prepared
		}
		select {
		case <-prepared:
			return first.err
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// change wakes all who wait. s.mu is held.
func (s *session) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Interrupt ends the JavaScript that runs in the page, and the loading of a document that is not there in full: as long as one
// is awaited, the browser holds back every script, and one whose style sheet does not come is never painted.
func (s *session) Interrupt(ctx context.Context) error {
	return s.onTab(func(t *target) error { return t.interrupt(ctx) })
}

func (t *target) interrupt(ctx context.Context) error {
	if err := do(ctx, t, runtime.TerminateExecution, cdp.Empty{}); err != nil {
		return err
	}
	if t.navigating() || t.loading() {
		return do(ctx, t, page.StopLoading, cdp.Empty{})
	}
	return nil
}

// navigating reports whether a navigation is under way.
func (t *target) navigating() bool {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.page.pending
}

// loading reports whether the document is not there in full.
func (t *target) loading() bool {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.page.loading
}

var errClosed = &browser.Failure{Class: browser.ClassInternal, Message: "the page was closed already"}

// Close closes the tabs. The browser does the work later; Driver.Close waits for it.
func (s *session) Close() error {
	s.close.Do(func() {
		s.die(errClosed)
		// After Driver.Close there is nothing to tear down, and nobody counts.
		s.driver.spawn(func() {
			s.teardown()
			s.driver.release(s.in)
		})
	})
	return nil
}

// teardown takes the tabs and their browser context away. A browser that does not manage that soon is replaced.
func (s *session) teardown() {
	s.in.mu.Lock()
	delete(s.in.sessions, s.context)
	s.in.mu.Unlock()
	defer func() {
		for _, t := range s.targets() {
			s.in.forget(t)
			t.detach()
		}
	}()
	if s.context == "" || s.in.gone.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.in.gone, teardownLimit)
	defer cancel()
	_, err := cdp.Call(ctx, s.in.browser, cdptarget.DisposeBrowserContext, cdptarget.DisposeBrowserContextParams{BrowserContextID: s.context})
	if err != nil && s.in.gone.Err() == nil {
		s.driver.retire(s.in, "it did not close a page: "+err.Error())
	}
}

// protocolError gives the message of an error that the browser answered, or nothing.
func protocolError(err error) string {
	if e, ok := errors.AsType[*cdproto.Error](err); ok {
		return e.Message
	}
	return ""
}

var (
	_ browser.Session       = (*session)(nil)
	_ browser.Console       = (*session)(nil)
	_ browser.Authenticator = (*session)(nil)
	_ browser.Dialogs       = (*session)(nil)
	_ browser.Interceptor   = (*session)(nil)
	_ browser.Downloads     = (*session)(nil)
	_ browser.Network       = (*session)(nil)
	_ browser.Toucher       = (*session)(nil)
	_ browser.Loading       = (*session)(nil)
)
