package cdp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	cdptarget "github.com/chromedp/cdproto/target"

	"trackwalker/scenarios/browser"
)

// maxTabs is how many tabs a session has at once: a page can open them in a loop.
const maxTabs = 20

var errClosedItself = &browser.Failure{Class: browser.ClassNavigation, Message: "the page closed itself", Hint: "the site called window.close()"}

// opened is told of a new tab, on the goroutine that reads events. The tab, and a page that opened it by script, stand still
// until it is let begin.
func (s *session) opened(e *cdptarget.EventAttachedToTarget) {
	s.mu.Lock()
	full := len(s.tabs) >= maxTabs
	s.mu.Unlock()
	if full {
		s.console.add(browser.ConsoleMessage{
			Level: "warning", Text: fmt.Sprintf("a tab was closed at once: the page has %d already", maxTabs), URL: e.TargetInfo.URL,
		})
		s.in.discard(e)
		return
	}
	t := newTarget(s, nil, e)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tabs = append(s.tabs, t)
	if s.current == nil {
		s.current = t
	}
	s.change()
}

// frameOpened is told of a new frame with a process of its own.
func (s *session) frameOpened(in *target, e *cdptarget.EventAttachedToTarget) {
	newTarget(s, in.tab, e)
}

// unprepared is told that a target could not be prepared. Without its first tab, there is no session: openSession sees to that.
func (s *session) unprepared(t *target) {
	if t.gone.Err() != nil {
		return
	}
	s.driver.log.Debug("a tab or frame was not prepared", "error", t.err)
	_ = s.in.process.transport.resume(t.session)
}

// ended is told that a target is no more. Without its last tab the session ends.
func (s *session) ended(t *target) {
	s.in.forget(t)
	s.requests.leave(t.id, time.Now())
	s.mu.Lock()
	t.tab.dropWorlds(t)
	if i := slices.Index(s.tabs, t); i >= 0 {
		s.tabs = slices.Delete(s.tabs, i, i+1)
		if len(s.tabs) == 0 {
			s.die(errClosedItself)
		} else if s.current == t {
			s.current = s.tabs[len(s.tabs)-1]
			if i := slices.IndexFunc(s.tabs, func(o *target) bool { return o.id == t.opener }); i >= 0 {
				s.current = s.tabs[i]
			}
		}
	}
	s.change()
	s.mu.Unlock()
	t.die(browser.ErrDocumentGone)
	s.driver.spawn(t.detach)
}

// crashed is told that the process of a target died. A frame can be loaded again; what else of the site a tab took with it
// is not known.
func (s *session) crashed(t *target) {
	if t != t.tab {
		s.mu.Lock()
		t.tab.dropWorlds(t)
		s.change()
		s.mu.Unlock()
		return
	}
	s.die(&browser.Failure{
		Class:   browser.ClassBrowser,
		Message: "the page's process in the browser crashed",
		Hint:    "often it ran out of memory: give the agent more, or play fewer flows at once",
	})
	s.driver.spawn(func() { s.driver.retire(s.in, "a page crashed") })
}

// tab gives the current tab.
func (s *session) tab() *target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// onTab does something with the current tab, and once more with the next one when it closes meanwhile.
func (s *session) onTab(f func(*target) error) error {
	for {
		t := s.tab()
		err := f(t)
		if !errors.Is(err, browser.ErrDocumentGone) || t.gone.Err() == nil || s.gone.Err() != nil {
			return err
		}
	}
}

// load does something with the current tab that ends in a document there.
func (s *session) load(f func(*target) error) error {
	t := s.tab()
	err := f(t)
	if errors.Is(err, browser.ErrDocumentGone) && t.gone.Err() != nil {
		return errClosedItself
	}
	return err
}

// targets gives all tabs, and the frames in them that are targets.
func (s *session) targets() []*target {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	var all []*target
	for t := range s.in.targets {
		if t.s == s {
			all = append(all, t)
		}
	}
	return all
}

// Tabs gives the tabs in the order in which they were opened.
func (s *session) Tabs(ctx context.Context) ([]browser.Tab, string, error) {
	s.mu.Lock()
	open, current := slices.Clone(s.tabs), s.current
	s.mu.Unlock()
	if s.gone.Err() != nil {
		return nil, "", context.Cause(s.gone)
	}
	infos, err := cdp.Call(ctx, s.in.browser, cdptarget.GetTargets, cdptarget.GetTargetsParams{})
	if err != nil {
		return nil, "", current.failure(err)
	}
	var tabs []browser.Tab
	for _, t := range open {
		i := slices.IndexFunc(infos.TargetInfos, func(i *cdptarget.Info) bool { return i.TargetID == t.id })
		if i >= 0 {
			tabs = append(tabs, browser.Tab{ID: string(t.id), URL: infos.TargetInfos[i].URL, Title: infos.TargetInfos[i].Title})
		}
	}
	return tabs, string(current.id), nil
}

// find gives an open tab.
func (s *session) find(id string) (t *target, only bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.tabs, func(t *target) bool { return string(t.id) == id })
	switch {
	case s.gone.Err() != nil:
		return nil, false, context.Cause(s.gone)
	case i < 0:
		return nil, false, browser.ErrNoTab
	}
	return s.tabs[i], len(s.tabs) == 1, nil
}

// SwitchTab makes a tab the current one, and brings it to the front: behind others, a page may get no animation frames.
func (s *session) SwitchTab(ctx context.Context, id string) error {
	t, _, err := s.find(id)
	if err != nil {
		return err
	}
	if err := t.show(ctx); err != nil {
		if t.gone.Err() != nil && s.gone.Err() == nil {
			return browser.ErrNoTab
		}
		return err
	}
	if err := s.makeCurrent(t); err != nil {
		return err
	}
	if t.firstPage() {
		return t.errorPage(ctx)
	}
	return nil
}

// show brings a tab to the front with its page: one that was just opened has an empty document until that has come, and what
// is done to that is lost.
func (t *target) show(ctx context.Context) error {
	if err := do(ctx, t, page.BringToFront, cdp.Empty{}); err != nil {
		return err
	}
	if err := t.awaitFirst(ctx); err != nil {
		return err
	}
	return t.awaitNavigation(ctx)
}

// firstGrace is how long a tab that was just opened has to begin with its page: nothing tells that it will stay empty.
const firstGrace = time.Second

// awaitFirst waits until a tab has begun with its first page.
func (t *target) awaitFirst(ctx context.Context) error {
	grace, cancel := context.WithTimeout(ctx, firstGrace)
	defer cancel()
	err := t.wait(grace, func() bool { return t.page.pending || len(t.page.commits) > 0 })
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

func (s *session) makeCurrent(t *target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.tabs, t) {
		return browser.ErrNoTab
	}
	if s.current != t {
		s.current, s.mouse = t, mouse{}
	}
	return nil
}

// firstPage reports whether a tab still shows what it was opened for, so that nobody was told yet if that did not load.
func (t *target) firstPage() bool {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return len(t.page.commits) == 1
}

// CloseTab closes a tab.
func (s *session) CloseTab(ctx context.Context, id string) error {
	t, only, err := s.find(id)
	if err != nil {
		return err
	}
	if only {
		return browser.ErrNoTab
	}
	if _, err := cdp.Call(ctx, s.in.browser, cdptarget.CloseTarget, cdptarget.CloseTargetParams{TargetID: t.id}); err != nil && t.gone.Err() == nil {
		return t.failure(err)
	}
	select {
	case <-t.gone.Done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
