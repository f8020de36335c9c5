package cdp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdpio "github.com/chromedp/cdproto/io"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"trackwalker/scenarios/browser"
)

// Navigate goes to address.
func (s *session) Navigate(ctx context.Context, address string) error {
	return s.load(func(t *target) error { return t.navigate(ctx, address) })
}

// Reload loads the document again.
func (s *session) Reload(ctx context.Context) error {
	return s.load(func(t *target) error { return t.reload(ctx) })
}

// Traverse goes delta entries through the history.
func (s *session) Traverse(ctx context.Context, delta int) error {
	return s.load(func(t *target) error { return t.traverse(ctx, delta) })
}

// Settle waits for a navigation of the page that began already, or that input made the page begin with. When ctx ends
// first, the navigation is stopped: until then no script would run in the page, and no evidence could be taken of it.
func (s *session) Settle(ctx context.Context) error {
	return s.onTab(func(t *target) error { return t.settle(ctx) })
}

// BrokenOff gives the error with which the current document ended in the middle.
func (s *session) BrokenOff() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current.page.broken
}

func (t *target) navigate(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || !allowed(u) {
		return &browser.Failure{
			Class: browser.ClassNavigation, Message: fmt.Sprintf("cannot go to %q", address), URL: address, Err: err,
			Hint: "an address begins with http:// or https://, or is about:blank",
		}
	}
	t.free(ctx)
	stays := t.stays()
	r, err := call(ctx, t, page.Navigate, page.NavigateParams{URL: address})
	switch {
	case err != nil && ctx.Err() != nil:
		t.stopLoading()
		return err
	case err != nil:
		return refused(address, err)
	case r.IsDownload:
		t.giveUp(r.LoaderID)
		return downloadFailure(address)
	case r.ErrorText == "net::ERR_ABORTED":
		t.giveUp(r.LoaderID)
		if t.stays() != stays {
			return t.stayFailure()
		}
		return t.loadFailure(address, r.ErrorText)
	case r.ErrorText != "":
		t.awaitErrorPage(ctx, r.LoaderID)
		if r.ErrorText == "net::ERR_HTTP_RESPONSE_CODE_FAILURE" {
			return t.errorPage(ctx)
		}
		return t.loadFailure(address, r.ErrorText)
	case r.LoaderID == "":
		return nil // within the document
	}
	return t.awaitCommit(ctx, func(p *pageState) bool { return p.commits[r.LoaderID] })
}

// busyLimit is how long the JavaScript of a page that is about to be left may go on.
const busyLimit = 2 * time.Second

// free ends JavaScript that keeps the page busy for ever: another document of the same site would wait for it. The page
// answers before it is left, so that it, and not the next document, is what is interrupted. While a navigation is under way
// no page answers, and the next one ends that.
func (t *target) free(ctx context.Context) {
	if t.navigating() || t.answersWithin(ctx, busyLimit) || ctx.Err() != nil {
		return
	}
	if t.interrupt(ctx) == nil {
		t.answersWithin(ctx, busyLimit)
	}
}

// allowed reports whether a flow may go to u.
func allowed(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" || u.String() == "about:blank"
}

// refused is a navigation that the browser does not begin.
func refused(address string, err error) error {
	if m := protocolError(err); m != "" {
		return &browser.Failure{Class: browser.ClassNavigation, Message: fmt.Sprintf("cannot go to %s: %s", address, m), URL: address, Err: err}
	}
	return err
}

func downloadFailure(address string) error {
	return &browser.Failure{
		Class: browser.ClassNavigation, Message: "the address gives a download, not a page: " + address, URL: address,
	}
}

// stays gives how often the page was not left because a dialog said so.
func (t *target) stays() int {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.page.stays
}

func (t *target) stayFailure() error {
	t.s.mu.Lock()
	address := t.page.address
	t.s.mu.Unlock()
	return &browser.Failure{
		Class: browser.ClassNavigation, Message: "the page was not left: it asked whether it may be, and the dialog was dismissed", URL: address,
		Hint: "the flow plans to dismiss the next dialog, and this was it",
	}
}

// awaitCommit waits for a document; when ctx ends first, what was begun is stopped.
func (t *target) awaitCommit(ctx context.Context, cond func(*pageState) bool) error {
	err := t.wait(ctx, func() bool { return cond(&t.page) })
	if err != nil && ctx.Err() != nil {
		t.stopLoading()
	}
	return err
}

// awaitNavigation waits until the pending navigation of the page, if there is one, commits or is given up. The browser
// tells of a commit, but not for certain of giving up: of an empty answer or a download it says only that the frame loads
// no more, and that it says of the document that is being left as well. Yet it answers no script while a navigation is under
// way, so an answer tells.
func (t *target) awaitNavigation(ctx context.Context) error {
	for {
		var pending, asks bool
		var loader cdp.LoaderID
		err := t.wait(ctx, func() bool { pending, loader, asks = t.page.pending, t.page.loader, t.page.asks; return true })
		if err != nil {
			return err
		}
		if !pending {
			return nil
		}
		probe, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			// One that has not begun may be about to, and while a page is asked whether it may be left, it answers as well.
			if t.answers(probe) && (loader != "" && !asks || t.answersLater(probe)) {
				t.giveUp(loader)
			}
		}()
		err = t.awaitCommit(ctx, func(p *pageState) bool { return !p.pending || p.loader != loader })
		cancel()
		<-done
		if err != nil {
			return err
		}
	}
}

// answers reports whether the page answers a script, so that no navigation is under way.
func (t *target) answers(ctx context.Context) bool {
	_, err := t.main().call(ctx, ownWorld, "() => 0", nil)
	return err == nil
}

// answersWithin does so for a while at most.
func (t *target) answersWithin(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return t.answers(ctx)
}

// answersLater does so after a moment.
func (t *target) answersLater(ctx context.Context) bool {
	select {
	case <-time.After(answerGrace):
		return t.answers(ctx)
	case <-ctx.Done():
		return false
	}
}

// awaitErrorPage waits a moment until the browser shows its error page, so that a picture shows that.
func (t *target) awaitErrorPage(ctx context.Context, id cdp.LoaderID) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = t.wait(ctx, func() bool { return t.page.commits[id] })
}

// stopLoading gives up a navigation, in the background.
func (t *target) stopLoading() {
	t.s.driver.spawn(func() {
		ctx, cancel := t.background(teardownLimit)
		defer cancel()
		_ = do(ctx, t, page.StopLoading, cdp.Empty{}) // the page may be gone
	})
}

func (t *target) reload(ctx context.Context) error {
	t.catchUp(ctx)
	return t.replace(ctx, func() error { return do(ctx, t, page.Reload, page.ReloadParams{}) })
}

func (t *target) traverse(ctx context.Context, delta int) error {
	t.catchUp(ctx)
	h, err := call(ctx, t, page.GetNavigationHistory, cdp.Empty{})
	if err != nil {
		return err
	}
	i := int(h.CurrentIndex) + delta
	if i < 0 || i >= len(h.Entries) {
		return browser.ErrNoHistory
	}
	return t.replace(ctx, func() error {
		return do(ctx, t, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: h.Entries[i].ID})
	})
}

// catchUp waits until the browser has the document in its books that the page has told of: asked too early, it would take
// the one before for the current one. As it answers no script while a navigation is under way, an answer tells. A page that
// is too busy to answer is there for longer than that takes.
func (t *target) catchUp(ctx context.Context) { t.answersWithin(ctx, time.Second) }

// replace begins a navigation that answers before it commits, and waits for the commit.
func (t *target) replace(ctx context.Context, begin func() error) error {
	t.s.mu.Lock()
	moves, starts, stays := t.page.moves, t.page.starts, t.page.stays
	t.s.mu.Unlock()
	if err := begin(); err != nil {
		return err
	}
	if err := t.awaitCommit(ctx, func(p *pageState) bool { return p.moves != moves || p.starts != starts }); err != nil {
		return err
	}
	if err := t.awaitNavigation(ctx); err != nil {
		return err
	}
	t.s.mu.Lock()
	moved, stayed, address := t.page.moves != moves, t.page.stays != stays, t.page.address
	t.s.mu.Unlock()
	switch {
	case !moved && stayed:
		return t.stayFailure()
	case !moved:
		return t.loadFailure(address, "net::ERR_ABORTED")
	}
	return t.errorPage(ctx)
}

// errorPage gives the failure that the current document stands for, if it is one of the browser's own error pages. It
// stands for none where the server did answer, with an HTTP error and no content: a full browser has a page for that too,
// and the status is in its performance entry, as in every page.
func (t *target) errorPage(ctx context.Context) error {
	t.s.mu.Lock()
	address := t.page.failed
	t.s.mu.Unlock()
	if address == "" {
		return nil
	}
	status, code := t.readErrorPage(ctx)
	if status >= 400 {
		return nil
	}
	if code == "" {
		code = t.askAgain(ctx, address).NetErrorName
	}
	return t.loadFailure(address, cmp.Or(code, "net::ERR_FAILED"))
}

// readErrorPage gives what one of the browser's own error pages says. That of the headless shell is empty.
func (t *target) readErrorPage(ctx context.Context) (status int, code string) {
	const declaration = `() => ({
		status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
		code: document.documentElement.innerText.match(/\b(ERR|DNS_PROBE)_[A-Z_]+/)?.[0] ?? "",
	})`
	var found struct {
		Status int
		Code   string
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if raw, err := t.main().call(ctx, ownWorld, declaration, nil); err == nil {
		_ = json.Unmarshal(raw, &found) // it is ours
	}
	if found.Code != "" {
		found.Code = "net::" + found.Code
	}
	return found.Status, found.Code
}

// askLimit bounds how long askAgain looks for the reason of a failure that is certain.
const askLimit = 2 * time.Second

// askAgain asks for an address once more that gave no page or file, and gives the browser's error or the status. Why the page
// itself did not get it the browser does not tell. What is given is empty when nothing comes in time. What the flow answers
// itself is not asked for.
func (t *target) askAgain(ctx context.Context, address string) (none network.LoadNetworkResourcePageResult) {
	if u, err := url.Parse(address); err != nil || !allowed(u) {
		return none
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	t.s.mu.Lock()
	frame := t.page.frame
	rule, own := ruleFor(t.s.rules, address)
	t.s.mu.Unlock()
	switch {
	case own && rule.Abort:
		return network.LoadNetworkResourcePageResult{NetErrorName: "net::ERR_BLOCKED_BY_CLIENT"}
	case own:
		return none
	}
	r, err := call(ctx, t, network.LoadNetworkResource, network.LoadNetworkResourceParams{
		FrameID: frame, URL: address, Options: &network.LoadNetworkResourceOptions{DisableCache: true, IncludeCredentials: true},
	})
	if err != nil || r.Resource == nil {
		return none
	}
	if r.Resource.Stream != "" {
		_ = do(ctx, t, cdpio.Close, cdpio.CloseParams{Handle: r.Resource.Stream}) // else it ends with the session
	}
	return *r.Resource
}

func (t *target) settle(ctx context.Context) error {
	t.s.mu.Lock()
	input, failed := t.page.input, t.page.failed
	if input {
		failed = t.page.before
	}
	t.page.input = false
	t.s.mu.Unlock()
	if input {
		t.afterInput(ctx)
	}
	if err := t.awaitNavigation(ctx); err != nil {
		return err
	}
	if failed != "" {
		return nil // it was on an error page before
	}
	return t.errorPage(ctx)
}

// afterInput gives the page the time to begin with a navigation: the browser tells of one that a link begins after the
// click was handled, and many a page begins its own in a timer that ends at once. It ends when a navigation has begun.
func (t *target) afterInput(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleProbe)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		// While a navigation is under way the browser does not answer this.
		_, _ = t.main().call(ctx, ownWorld, "() => new Promise(done => setTimeout(done))", nil)
		t.s.nudge(ctx, t)
	}()
	_ = t.wait(ctx, func() bool { return t.page.pending })
	cancel()
	<-done
	t.s.mu.Lock()
	t.page.input = false // the nudge is none of the caller's
	t.s.mu.Unlock()
}

// settleProbe bounds what Settle does in a page that is too busy to answer.
const settleProbe = 500 * time.Millisecond
