package webdriver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"trackwalker/scenarios/browser"
)

// maxDialogs is how many dialogs are remembered: a page can open them in a loop.
const maxDialogs = 100

// leaving is the kind of the dialog that asks whether a page may be left.
const leaving = "beforeunload"

// dialogs are those that were opened, and how the next ones are answered. WebDriver tells of a dialog only when a command
// meets it, and of none which kind it is; ChromeDriver's log does.
type dialogs struct {
	mu     sync.Mutex
	opened []browser.Dialog
	plans  []browser.DialogAnswer // those that were not used yet
	used   int                    // how many were
}

// Dialogs gives the dialogs that pages have opened so far, after it has answered one that is open now.
func (s *session) Dialogs() []browser.Dialog {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.answerDialogs(ctx) // a session that is gone has opened what it has
	s.dialogs.mu.Lock()
	defer s.dialogs.mu.Unlock()
	return slices.Clone(s.dialogs.opened)
}

// PlanDialog says how the next dialog is answered that no earlier plan answers.
func (s *session) PlanDialog(a browser.DialogAnswer) {
	s.dialogs.mu.Lock()
	defer s.dialogs.mu.Unlock()
	s.dialogs.plans = append(s.dialogs.plans, a)
}

// answerDialogs answers the dialogs that are open, one after another, until there is none.
func (s *session) answerDialogs(ctx context.Context) error {
	for {
		d, err := s.openDialog(ctx)
		if code := codeOf(err); code == "no such alert" || code == "no such window" {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.answer(ctx, d); err != nil && codeOf(err) != "no such alert" {
			return err
		}
	}
}

// bare sends a command that a dialog does not keep from being run.
func (s *session) bare(ctx context.Context, method, path string, body any) (value json.RawMessage, err error) {
	err = s.command(ctx, func() error {
		value, err = s.wire.send(method, s.path+path, body)
		return err
	})
	return value, err
}

func (s *session) openDialog(ctx context.Context) (browser.Dialog, error) {
	raw, err := s.bare(ctx, "GET", "/alert/text", nil)
	if err != nil {
		return browser.Dialog{}, err
	}
	d := browser.Dialog{Kind: "dialog"}
	if err := json.Unmarshal(raw, &d.Message); err != nil {
		return d, err
	}
	if s.driver.kind.chrome() {
		d.Kind, d.URL = s.kindOfDialog(ctx, d.Message)
	}
	d.Message = cut(d.Message, consoleText)
	return d, nil
}

// kindOfDialog looks into ChromeDriver's log for the last dialog that says so.
func (s *session) kindOfDialog(ctx context.Context, message string) (kind, address string) {
	kind = "dialog"
	raw, err := s.bare(ctx, "POST", "/se/log", object{"type": "performance"})
	var entries []struct{ Message string }
	if err != nil || json.Unmarshal(raw, &entries) != nil {
		return kind, ""
	}
	for _, e := range entries {
		var event struct {
			Message struct {
				Method string
				Params struct{ Type, Message, URL string }
			}
		}
		if json.Unmarshal([]byte(e.Message), &event) != nil || event.Message.Method != "Page.javascriptDialogOpening" {
			continue
		}
		if p := event.Message.Params; p.Message == message {
			kind, address = p.Type, p.URL
		}
	}
	return kind, cut(address, consoleText)
}

func (s *session) answer(ctx context.Context, d browser.Dialog) error {
	a := s.dialogs.answer(&d)
	s.console.add(browser.ConsoleMessage{Level: "info", Text: said(d, a), URL: d.URL})
	path := "/alert/dismiss"
	if a.Accept {
		path = "/alert/accept"
		if a.Text != "" {
			// Of a dialog that takes none, the text is of no matter.
			_, _ = s.bare(ctx, "POST", "/alert/text", object{"text": a.Text, "value": []string{a.Text}})
		}
	}
	_, err := s.bare(ctx, "POST", path, object{})
	return err
}

// answer gives the answer to a dialog, and notes both. A page that asks whether it may be left may be left, whatever is
// planned: browsers let it ask only sometimes, so that a plan could not count on it.
func (ds *dialogs) answer(d *browser.Dialog) browser.DialogAnswer {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	var a browser.DialogAnswer
	switch {
	case d.Kind == leaving:
		a.Accept = true
	case len(ds.plans) > 0:
		a, ds.plans = ds.plans[0], ds.plans[1:]
		ds.used++
		d.Planned = ds.used
	}
	// A planned one is always kept: somebody will ask for it.
	if len(ds.opened) < maxDialogs || d.Planned != 0 {
		ds.opened = append(ds.opened, *d)
	}
	return a
}

// said tells of a dialog and its answer.
func said(d browser.Dialog, a browser.DialogAnswer) string {
	how := "dismissed"
	if a.Accept {
		how = "accepted"
	}
	if d.Kind == leaving {
		return "dialog beforeunload was " + how
	}
	if d.Kind == "dialog" {
		return fmt.Sprintf("dialog %q was %s", d.Message, how)
	}
	return fmt.Sprintf("dialog %s %q was %s", d.Kind, d.Message, how)
}
