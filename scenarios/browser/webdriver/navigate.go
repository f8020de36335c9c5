package webdriver

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"trackwalker/scenarios/browser"
)

// Navigate goes to address.
func (s *session) Navigate(ctx context.Context, address string) error {
	if _, err := browser.CheckURL(address); err != nil {
		return &browser.Failure{
			Class: browser.ClassNavigation, Message: fmt.Sprintf("cannot go to %q", address), URL: address, Err: err,
			Hint: "an address begins with http:// or https://, or is about:blank",
		}
	}
	return s.load(ctx, func() error {
		if s.driver.kind.chrome() {
			return s.navigateChrome(ctx, address)
		}
		return s.navigate(ctx, address)
	})
}

// Reload loads the document again.
func (s *session) Reload(ctx context.Context) error {
	return s.load(ctx, func() error {
		if s.driver.kind.chrome() {
			return s.reloadChrome(ctx)
		}
		return s.reload(ctx)
	})
}

// Traverse goes delta entries through the history.
func (s *session) Traverse(ctx context.Context, delta int) error {
	return s.load(ctx, func() error {
		if s.driver.kind.chrome() {
			return s.traverseChrome(ctx, delta)
		}
		return s.traverse(ctx, delta)
	})
}

// load does something that ends in a document of the current tab. When ctx ends first, what was begun is stopped.
func (s *session) load(ctx context.Context, f func() error) error {
	s.pointed = false
	err := f()
	if isGone(err) && s.gone.Err() == nil {
		return errClosedItself
	}
	if err != nil && ctx.Err() != nil && s.gone.Err() == nil {
		s.driver.spawn(s.stopLoading)
	}
	return err
}

// stopLoading gives up a navigation.
func (s *session) stopLoading() {
	ctx, cancel := context.WithTimeout(s.gone, closeLimit)
	defer cancel()
	if s.driver.kind.chrome() {
		_ = s.rescuer.send(ctx, "Page.stopLoading") // the page may be gone
		return
	}
	_ = s.command(ctx, func() error {
		_, err := s.wd.ExecuteScriptRaw("window.stop()", nil)
		return err
	})
}

// sight is what can be seen of a navigation: the box in the document, or 0 if there is none yet; the address of the document;
// that which the driver gives, which is that of the navigation that is under way, if there is one; and what the document
// said at first, if it can be one of the browser's own.
type sight struct {
	Serial, Moves   int
	Leaving         bool
	Document, Asked string
	Text            string
}

// pending reports whether a navigation is under way.
func (v sight) pending() bool { return v.Document != v.Asked && !v.failed() }

// failed reports whether the document is one that the browser shows because another one did not load.
func (v sight) failed() bool {
	return v.Document == "about:blank" && v.Asked != v.Document && v.Text != ""
}

const see = `const box = window[Symbol.for(arguments[0])];
return [box ? box.serial : 0, box ? box.moves : 0, Boolean(box?.leaving), location.href,
	box ? box.text : location.href === "about:blank" && document.body ? document.body.innerText : ""]`

func (s *session) sight(ctx context.Context) (v sight, err error) {
	if err := s.top().enter(ctx); err != nil {
		return v, err
	}
	raw, err := s.run(ctx, see, s.key)
	if err != nil {
		return v, err
	}
	if string(raw) == "null" { // a dialog came between
		return v, browser.ErrDocumentGone
	}
	if err := json.Unmarshal(raw, &[]any{&v.Serial, &v.Moves, &v.Leaving, &v.Document, &v.Text}); err != nil {
		return v, fmt.Errorf("the page answered %.100s", raw)
	}
	if raw, err = s.get(ctx, "/url"); err != nil {
		return v, err
	}
	return v, json.Unmarshal(raw, &v.Asked)
}

const (
	lookAgain = 20 * time.Millisecond  // between two looks at a navigation
	givenUp   = 300 * time.Millisecond // after which a navigation of which nothing is to be seen is none
)

// watch looks until done says so; quiet is for how long no navigation was to be seen.
func (s *session) watch(ctx context.Context, done func(v sight, quiet time.Duration) (bool, error)) (sight, error) {
	since := time.Now()
	for {
		v, err := s.sight(ctx)
		if isGone(err) && ctx.Err() == nil && s.gone.Err() == nil {
			continue
		}
		if err != nil {
			return v, err
		}
		if v.pending() {
			since = time.Now()
		}
		if ok, err := done(v, time.Since(since)); ok || err != nil {
			return v, err
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
}

// boxed looks, and sees to it that the document can be told from the next one.
func (s *session) boxed(ctx context.Context) (sight, error) {
	if err := s.top().enter(ctx); err != nil {
		return sight{}, err
	}
	if err := s.top().settle(ctx); err != nil && !isGone(err) {
		return sight{}, err
	}
	return s.sight(ctx)
}

func (s *session) navigate(ctx context.Context, address string) error {
	before, err := s.boxed(ctx)
	if err != nil {
		return err
	}
	if err := s.past(ctx, func() error { return s.wd.Get(address) }); err != nil {
		if m := codeOf(err); m != "" {
			return &browser.Failure{Class: browser.ClassNavigation, Message: fmt.Sprintf("cannot go to %s: %s", address, m), URL: address, Err: err}
		}
		return err
	}
	within := strings.Contains(address, "#")
	return s.arrive(ctx, address, func(v sight, quiet time.Duration) (bool, error) {
		switch {
		case v.Serial != before.Serial && !v.pending():
			return true, nil
		case within && !v.pending() && v.Document == v.Asked && (v.Document != before.Document || quiet > givenUp):
			return true, nil
		case quiet > givenUp && v.Document == before.Document && address != before.Document:
			return true, s.noPage(ctx, address)
		}
		return false, nil
	})
}

// noPage is the failure of an address that gives no document. What the browser downloads is in its home, and of a certificate
// that it does not accept WebKit says nothing at all.
func (s *session) noPage(ctx context.Context, address string) error {
	code := "net::ERR_ABORTED"
	switch {
	case s.service == nil:
	case s.service.downloaded():
		return downloadFailure(address)
	case !s.options.IgnoreHTTPSErrors:
		code = cmp.Or(certificateError(ctx, address), code)
	}
	return browser.LoadFailure(address, code)
}

func downloadFailure(address string) error {
	return &browser.Failure{
		Class: browser.ClassNavigation, Message: "the address gives a download, not a page: " + address, URL: address,
	}
}

// shownFailure is the failure for which the browser shows a page of its own. What that says of a certificate may be nothing.
func (s *session) shownFailure(ctx context.Context, v sight) error {
	code := errorCode(v.Text)
	if code == unknownError && s.service != nil && !s.options.IgnoreHTTPSErrors {
		code = cmp.Or(certificateError(ctx, v.Asked), code)
	}
	return browser.LoadFailure(v.Asked, code)
}

// arrive watches, and tells when the document is one of the browser's own.
func (s *session) arrive(ctx context.Context, address string, done func(sight, time.Duration) (bool, error)) error {
	v, err := s.watch(ctx, done)
	if err != nil {
		return err
	}
	s.errorPage = v.failed()
	if s.errorPage {
		return s.shownFailure(ctx, v)
	}
	return nil
}

func (s *session) reload(ctx context.Context) error {
	before, err := s.boxed(ctx)
	if err != nil {
		return err
	}
	if err := s.past(ctx, s.wd.Refresh); err != nil {
		return err
	}
	return s.arrive(ctx, before.Document, func(v sight, _ time.Duration) (bool, error) { return v.Serial != before.Serial && !v.pending(), nil })
}

func (s *session) traverse(ctx context.Context, delta int) error {
	go1 := s.wd.Back
	if delta > 0 {
		go1 = s.wd.Forward
	}
	before, err := s.boxed(ctx)
	if err != nil {
		return err
	}
	for range max(delta, -delta) {
		if err := s.past(ctx, go1); err != nil {
			return err
		}
	}
	return s.arrive(ctx, before.Document, func(v sight, quiet time.Duration) (bool, error) {
		switch {
		case v.pending():
			return false, nil
		case v.Serial != before.Serial || v.Moves != before.Moves || v.Document != before.Document:
			return true, nil
		case quiet > givenUp:
			return true, browser.ErrNoHistory
		}
		return false, nil
	})
}

// Settle waits for a navigation of the page that began already, or that input made the page begin with.
func (s *session) Settle(ctx context.Context) error {
	pointed, onError := s.pointed, s.errorPage
	s.pointed = false
	err := s.settleTab(ctx, pointed, onError)
	if err != nil && ctx.Err() != nil && s.gone.Err() == nil {
		s.driver.spawn(s.stopLoading)
	}
	if isGone(err) {
		return nil // the tab closed itself, or went elsewhere once more
	}
	return err
}

func (s *session) settleTab(ctx context.Context, pointed, onError bool) error {
	if s.driver.kind.chrome() {
		return s.settleChrome(ctx, pointed, onError)
	}
	if pointed {
		select {
		case <-time.After(lookAgain): // a link is followed after the click was handled
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	v, err := s.watch(ctx, func(v sight, quiet time.Duration) (bool, error) {
		return !v.pending() && (!v.Leaving || quiet > givenUp), nil
	})
	if err != nil {
		return err
	}
	s.errorPage = v.failed()
	if s.errorPage && !onError {
		return s.shownFailure(ctx, v)
	}
	return nil
}

// navigateChrome goes to address by the protocol's command, which tells how that went.
func (s *session) navigateChrome(ctx context.Context, address string) error {
	raw, err := s.cdp(ctx, "Page.navigate", object{"url": address})
	var r struct {
		LoaderID, ErrorText string
		IsDownload          bool
	}
	switch {
	case err != nil && messageOf(err) != "" && !isGone(err):
		m := devtoolsMessage(err)
		return &browser.Failure{Class: browser.ClassNavigation, Message: fmt.Sprintf("cannot go to %s: %s", address, m), URL: address, Err: err}
	case err != nil:
		return err
	case string(raw) == "null": // the document that is left has asked something
		if err := s.answerDialogs(ctx); err != nil {
			return err
		}
		return s.settleChrome(ctx, true, false)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	switch {
	case r.IsDownload:
		return downloadFailure(address)
	case r.ErrorText == "net::ERR_ABORTED":
		return browser.LoadFailure(address, r.ErrorText)
	case r.LoaderID == "":
		return nil // within the document
	}
	s.document.reset()
	s.errorPage = false
	switch {
	case r.ErrorText == "net::ERR_HTTP_RESPONSE_CODE_FAILURE":
		return s.settleChrome(ctx, false, false)
	case r.ErrorText != "":
		s.errorPage = true
		return browser.LoadFailure(address, r.ErrorText)
	}
	return nil
}

// devtoolsMessage gives what DevTools said, which the driver passes on as JSON.
func devtoolsMessage(err error) string {
	m := firstLine(messageOf(err))
	if i := strings.Index(m, "{"); i >= 0 {
		var inner struct{ Message string }
		if json.Unmarshal([]byte(m[i:]), &inner) == nil && inner.Message != "" {
			return inner.Message
		}
	}
	return m
}

func (s *session) reloadChrome(ctx context.Context) error {
	return s.replaceChrome(ctx, func() error { return s.cdpInto(ctx, "Page.reload", nil, nil) }, nil)
}

func (s *session) traverseChrome(ctx context.Context, delta int) error {
	if _, _, err := s.standing(ctx); err != nil { // until it answers, it may not have the last document in its books
		return err
	}
	history, err := s.history(ctx)
	if err != nil {
		return err
	}
	target := history.CurrentIndex + delta
	if target < 0 || target >= len(history.Entries) {
		return browser.ErrNoHistory
	}
	begin := func() error {
		return s.cdpInto(ctx, "Page.navigateToHistoryEntry", object{"entryId": history.Entries[target].ID}, nil)
	}
	return s.replaceChrome(ctx, begin, func() (bool, error) {
		now, err := s.history(ctx)
		return now.CurrentIndex == target, err
	})
}

type history struct {
	CurrentIndex int
	Entries      []struct{ ID int }
}

func (s *session) history(ctx context.Context) (h history, err error) {
	err = s.cdpInto(ctx, "Page.getNavigationHistory", nil, &h)
	return h, err
}

// standing gives the protocol of the document's address, from its own box, and whether the document was there before. While a
// navigation is under way, Chrome answers no script.
func (s *session) standing(ctx context.Context) (protocol string, stayed bool, err error) {
	for stayed = true; ; {
		box, fresh, err := s.document.box(ctx, false)
		stayed = stayed && !fresh
		if err == nil {
			var r struct{ Result struct{ Value string } }
			err = s.cdpInto(ctx, "Runtime.callFunctionOn", object{
				"objectId": box, "functionDeclaration": "function () { return new Promise(done => setTimeout(() => done(location.protocol))) }",
				"awaitPromise": true, "returnByValue": true,
			}, &r)
			if err == nil {
				return r.Result.Value, stayed, nil
			}
		}
		if err = goneOr(err); !isGone(err) {
			return "", stayed, err
		}
		s.document.reset()
		stayed = false
	}
}

// replaceChrome begins a navigation that answers before it commits, and waits for the commit.
func (s *session) replaceChrome(ctx context.Context, begin func() error, there func() (bool, error)) error {
	if _, _, err := s.standing(ctx); err != nil {
		return err
	}
	if err := begin(); err != nil {
		return err
	}
	for quiet := time.Now(); ; {
		_, stayed, err := s.standing(ctx)
		if err != nil {
			return err
		}
		if !stayed {
			return s.settleChrome(ctx, false, false)
		}
		if there != nil {
			if ok, err := there(); ok || err != nil {
				return err
			}
		}
		if time.Since(quiet) > givenUp {
			address, _ := s.frameTree(ctx)
			return browser.LoadFailure(address.URL, "net::ERR_ABORTED")
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settleChrome waits until no navigation is under way, and tells when the document is one of the browser's own.
func (s *session) settleChrome(ctx context.Context, pointed, onError bool) error {
	protocol, _, err := s.standing(ctx)
	if err == nil && pointed && protocol != "chrome-error:" {
		// What a timer of the page or a link began meanwhile.
		protocol, _, err = s.standing(ctx)
	}
	if err != nil {
		return err
	}
	s.errorPage = protocol == "chrome-error:"
	if !s.errorPage || onError {
		return nil
	}
	return s.errorPageOfChrome(ctx)
}

// errorPageOfChrome gives the failure that the current document stands for. It stands for none where the server did answer,
// with an HTTP error and no content.
func (s *session) errorPageOfChrome(ctx context.Context) error {
	tree, err := s.frameTree(ctx)
	if err != nil {
		return err
	}
	var found struct {
		Result struct {
			Value struct {
				Status int
				Code   string
			}
		}
	}
	const look = `({
	status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
	code: document.documentElement.innerText.match(/\b(ERR|DNS_PROBE)_[A-Z_]+/)?.[0] ?? "ERR_FAILED",
})`
	if err := s.cdpInto(ctx, "Runtime.evaluate", object{"expression": look, "returnByValue": true}, &found); err != nil && !gone(err) {
		return err
	}
	if found.Result.Value.Status >= 400 {
		return nil
	}
	code := found.Result.Value.Code
	if code == "" {
		code = "ERR_FAILED"
	}
	return browser.LoadFailure(tree.UnreachableURL, "net::"+code)
}
