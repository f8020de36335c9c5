package cdp

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/page"

	"trackwalker/scenarios/browser"
)

// maxDialogs is how many dialogs are remembered: a page can open them in a loop.
const maxDialogs = 100

// dialogs are those that were opened, and how the next ones are answered. They are guarded by session.mu.
type dialogs struct {
	opened []browser.Dialog
	plans  []browser.DialogAnswer // those that were not used yet
	used   int                    // how many were
}

// Dialogs gives the dialogs that pages have opened so far.
func (s *session) Dialogs() []browser.Dialog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dialogs.opened)
}

// PlanDialog says how the next dialog is answered that no earlier plan answers.
func (s *session) PlanDialog(a browser.DialogAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialogs.plans = append(s.dialogs.plans, a)
}

// dialogOpened chooses how a dialog is answered, which blocks every command of its tab until then. It runs on the goroutine
// that reads events, so that plans are used in the order in which dialogs open.
func (s *session) dialogOpened(t *target, e *page.EventJavascriptDialogOpening) {
	d := browser.Dialog{Kind: string(e.Type), Message: cut(e.Message, consoleText), URL: cut(e.URL, consoleText)}
	s.mu.Lock()
	a := s.dialogs.answer(&d)
	p := &t.tab.page
	p.leaving = e.Type == page.DialogTypeBeforeunload
	if p.leaving && !a.Accept {
		p.stays++
	}
	s.mu.Unlock()
	s.console.add(browser.ConsoleMessage{Level: "info", Text: said(d, a), URL: e.URL})
	s.driver.spawn(func() {
		ctx, cancel := t.background(openLimit)
		defer cancel()
		// An error means that the dialog is gone with its page.
		_ = do(ctx, t, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: a.Accept, PromptText: cmp.Or(a.Text, e.DefaultPrompt)})
	})
}

// dialogClosed ends the navigation of a page that is not left.
func (s *session) dialogClosed(t *target, e *page.EventJavascriptDialogClosed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &t.tab.page
	if p.leaving && !e.Result {
		p.pending, p.loader = false, ""
		s.change()
	}
	p.leaving = false
}

// answer gives the answer to a dialog, and notes both. A page that asks whether it may be left may be, if nothing is planned:
// a flow says where it goes.
func (ds *dialogs) answer(d *browser.Dialog) browser.DialogAnswer {
	a := browser.DialogAnswer{Accept: d.Kind == string(page.DialogTypeBeforeunload)}
	if len(ds.plans) > 0 {
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
	if d.Kind == string(page.DialogTypeBeforeunload) {
		return "dialog beforeunload was " + how
	}
	return fmt.Sprintf("dialog %s %q was %s", d.Kind, d.Message, how)
}
