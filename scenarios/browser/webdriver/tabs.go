package webdriver

import (
	"context"
	"encoding/json"
	"slices"

	"trackwalker/scenarios/browser"
)

// tab is one window handle.
type tab struct{ id, opener string }

var errClosedItself = &browser.Failure{Class: browser.ClassNavigation, Message: "the page closed itself", Hint: "the site called window.close()"}

// top gives the document of the current tab.
func (s *session) top() *document { return &s.document }

func (s *session) setCurrent(id string) {
	s.current = id
	// Whatever was held of the document was the other tab's.
	s.frame = nil
	s.document.reset()
}

// reset makes d the place of a document that nothing is known of.
func (d *document) reset() {
	*d = document{s: d.s}
	if d.s.driver.kind.chrome() {
		d.chrome = &place{}
	}
}

// refresh looks which tabs are open. WebDriver gives no order and no opener: those that are new were opened by the one that
// was current until now.
func (s *session) refresh(ctx context.Context) error {
	raw, err := s.bare(ctx, "GET", "/window/handles", nil)
	if err != nil {
		return err
	}
	var handles []string
	if err := json.Unmarshal(raw, &handles); err != nil {
		return err
	}
	s.tabs = slices.DeleteFunc(s.tabs, func(t tab) bool {
		gone := !slices.Contains(handles, t.id)
		if gone && t.id == s.current {
			s.orphaned = t.opener
		}
		return gone
	})
	for _, id := range handles {
		if !slices.ContainsFunc(s.tabs, func(t tab) bool { return t.id == id }) {
			s.tabs = append(s.tabs, tab{id, s.current})
		}
	}
	return nil
}

// adopt makes another tab the current one, when that has closed itself.
func (s *session) adopt(ctx context.Context) error {
	if err := s.refresh(ctx); err != nil {
		return err
	}
	if len(s.tabs) == 0 {
		s.die(errClosedItself)
		return errClosedItself
	}
	if slices.ContainsFunc(s.tabs, func(t tab) bool { return t.id == s.current }) {
		return nil
	}
	next := s.tabs[len(s.tabs)-1].id
	if slices.ContainsFunc(s.tabs, func(t tab) bool { return t.id == s.orphaned }) {
		next = s.orphaned
	}
	return s.goTo(ctx, next)
}

// goTo makes a tab that is open the current one.
func (s *session) goTo(ctx context.Context, id string) error {
	if _, err := s.bare(ctx, "POST", "/window", object{"handle": id}); err != nil {
		if codeOf(err) == "no such window" {
			return browser.ErrNoTab
		}
		return err
	}
	s.setCurrent(id)
	return nil
}

// Tabs gives the tabs in the order in which they were seen first.
func (s *session) Tabs(ctx context.Context) ([]browser.Tab, string, error) {
	if err := s.adopt(ctx); err != nil {
		return nil, "", err
	}
	if s.driver.kind.chrome() {
		return s.tabsOfChrome(ctx)
	}
	was := s.current
	var tabs []browser.Tab
	for _, t := range s.tabs {
		if t.id != s.current {
			if err := s.goTo(ctx, t.id); err != nil {
				continue // it has closed meanwhile
			}
		}
		one := browser.Tab{ID: t.id}
		for path, text := range map[string]*string{"/url": &one.URL, "/title": &one.Title} {
			raw, err := s.get(ctx, path)
			if err != nil {
				return nil, "", err
			}
			_ = json.Unmarshal(raw, text) // null where there is none
		}
		tabs = append(tabs, one)
	}
	if s.current != was {
		if err := s.goTo(ctx, was); err != nil {
			return nil, "", err
		}
	}
	return tabs, was, nil
}

func (s *session) tabsOfChrome(ctx context.Context) ([]browser.Tab, string, error) {
	var found struct {
		TargetInfos []struct{ TargetID, URL, Title string }
	}
	if err := s.cdpInto(ctx, "Target.getTargets", nil, &found); err != nil {
		return nil, "", err
	}
	var tabs []browser.Tab
	for _, t := range s.tabs {
		for _, info := range found.TargetInfos {
			if info.TargetID == t.id {
				tabs = append(tabs, browser.Tab{ID: t.id, URL: info.URL, Title: info.Title})
			}
		}
	}
	return tabs, s.current, nil
}

// SwitchTab makes a tab the current one.
func (s *session) SwitchTab(ctx context.Context, id string) error {
	if err := s.adopt(ctx); err != nil {
		return err
	}
	if !slices.ContainsFunc(s.tabs, func(t tab) bool { return t.id == id }) {
		return browser.ErrNoTab
	}
	if id == s.current {
		return nil
	}
	if err := s.goTo(ctx, id); err != nil {
		return err
	}
	clear(s.held)
	if s.driver.kind.chrome() {
		if err := s.cdpInto(ctx, "Page.bringToFront", nil, nil); err != nil {
			return err
		}
	}
	return s.dress(ctx)
}

// CloseTab closes a tab.
func (s *session) CloseTab(ctx context.Context, id string) error {
	if err := s.adopt(ctx); err != nil {
		return err
	}
	if len(s.tabs) < 2 || !slices.ContainsFunc(s.tabs, func(t tab) bool { return t.id == id }) {
		return browser.ErrNoTab
	}
	was := s.current
	if id != was {
		if err := s.goTo(ctx, id); err != nil {
			return err
		}
	}
	if _, err := s.send(ctx, "DELETE", "/window", nil); err != nil {
		return err
	}
	if id != was {
		s.tabs = slices.DeleteFunc(s.tabs, func(t tab) bool { return t.id == id })
		return s.goTo(ctx, was)
	}
	return s.adopt(ctx)
}
