package browser

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TabChoice says which tab is meant: exactly one is set.
type TabChoice struct {
	Position string // first or last
	URL      string // a glob that covers all of it
	Title    string // a part of it, white space folded, case ignored
}

// String writes the choice as a person would in YAML.
func (c TabChoice) String() string {
	switch {
	case c.URL != "":
		return "{url: " + c.URL + "}"
	case c.Title != "":
		return "{title: " + c.Title + "}"
	default:
		return c.Position
	}
}

// of gives the tab that is meant. Of several the newest is.
func (c TabChoice) of(tabs []Tab) (Tab, bool) {
	if c.Position == "first" && len(tabs) > 0 {
		return tabs[0], true
	}
	for _, t := range slices.Backward(tabs) {
		switch {
		case c.Position != "",
			c.URL != "" && MatchGlob(c.URL, t.URL),
			c.Title != "" && strings.Contains(foldCase(t.Title), foldCase(c.Title)):
			return t, true
		}
	}
	return Tab{}, false
}

// opening is how long a tab may take to appear after the step that opens it: for that long the current one, if it is the last,
// may soon be the last no more.
const opening = time.Second

// SwitchTab waits for a tab and makes it the current one.
func (p *Page) SwitchTab(ctx context.Context, c TabChoice) error {
	longer, cancel := graceful(ctx)
	defer cancel()
	began := time.Now()
	for {
		tabs, current, err := p.session.Tabs(longer)
		if err != nil {
			return p.explain(ctx, err)
		}
		t, found := c.of(tabs)
		switch {
		case found && t.ID == current && (c.Position != "last" || time.Since(began) >= opening || budget(ctx) == 0):
			return nil
		case found && t.ID != current:
			err := p.session.SwitchTab(longer, t.ID)
			if err == nil || !errors.Is(err, ErrNoTab) {
				return arriving(p.explained(ctx, err), "the tab is open, and its page")
			}
		}
		if budget(ctx) == 0 || p.pause(ctx, 50*time.Millisecond) != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return &Failure{Class: ClassNotFound, Message: fmt.Sprintf("there is no tab %s; open are: %s", c, listTabs(tabs)), Hint: "a tab is opened by the step before, as a click on a link"}
		}
	}
}

// CloseTab closes the current tab. The one that opened it becomes the current one, else the last.
func (p *Page) CloseTab(ctx context.Context) error {
	longer, cancel := graceful(ctx)
	defer cancel()
	tabs, current, err := p.session.Tabs(longer)
	if err != nil {
		return p.explain(ctx, err)
	}
	if len(tabs) == 1 {
		return &Failure{Class: ClassNotFound, Message: "the only tab cannot be closed", Hint: "what it holds ends with the flow by itself", URL: tabs[0].URL}
	}
	err = p.session.CloseTab(longer, current)
	if errors.Is(err, ErrNoTab) {
		return nil // it closed itself
	}
	return p.explained(ctx, err)
}

// explained is explain for what may be nil.
func (p *Page) explained(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return p.explain(ctx, err)
}

func listTabs(tabs []Tab) string {
	list := make([]string, len(tabs))
	for i, t := range tabs {
		list[i] = fmt.Sprintf("%s %q", t.URL, shorten(t.Title))
	}
	return strings.Join(list, ", ")
}
