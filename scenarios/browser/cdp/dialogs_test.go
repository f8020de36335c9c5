package cdp

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// opened gives the dialogs in short.
func opened(s *session) string {
	var all []string
	for _, d := range s.Dialogs() {
		all = append(all, fmt.Sprintf("%s %s %d", d.Kind, d.Message, d.Planned))
	}
	return strings.Join(all, "\n")
}

func TestDialogPlans(t *testing.T) {
	web := site(t, map[string]string{"/": "page", "/atload": `<script>document.title = confirm("at load")</script>`, "/frame": `<script>parent.postMessage(prompt("in a frame", "x"), "*")</script>`})
	s := open(t, shared.get())
	s.PlanDialog(browser.DialogAnswer{Accept: true})
	navigate(t, s, web.URL+"/atload")
	if got := script[string](t, s, "return document.title"); got != "true" {
		t.Errorf("at load: %s", got)
	}
	navigate(t, s, web.URL+"/")
	// Planned for whom they are not: none is left over.
	for _, a := range []browser.DialogAnswer{{Accept: true, Text: "Ada"}, {}, {Accept: true}, {Accept: true}} {
		s.PlanDialog(a)
	}
	got := script[string](t, s, `return [prompt("name?", "nobody"), confirm("sure?"), alert("told"), prompt("again?", "as proposed"), confirm("and now?"), prompt("who?", "x")].join()`)
	if got != "Ada,false,,as proposed,false," {
		t.Errorf("the page got %s", got)
	}
	s.PlanDialog(browser.DialogAnswer{Accept: true})
	if got := script[bool](t, s, `return await new Promise(done => setTimeout(() => done(confirm("in a timer"))))`); !got {
		t.Error("in a timer it was dismissed")
	}
	s.PlanDialog(browser.DialogAnswer{Accept: true, Text: "framed"})
	got = script[string](t, s, `return await new Promise(done => { onmessage = e => done(String(e.data)); const f = document.createElement("iframe"); f.src = "`+web.URL+`/frame"; document.body.append(f) })`)
	if got != "framed" {
		t.Errorf("in a frame: %s", got)
	}
	want := "confirm at load 1\nprompt name? 2\nconfirm sure? 3\nalert told 4\nprompt again? 5\nconfirm and now? 0\nprompt who? 0\nconfirm in a timer 6\nprompt in a frame 7"
	if got := opened(s); got != want {
		t.Errorf("opened:\n%s\nwant\n%s", got, want)
	}
	if d := s.Dialogs()[0]; d.URL != web.URL+"/atload" {
		t.Errorf("the first was on %s", d.URL)
	}
	var notes []string
	for _, m := range s.ConsoleMessages() {
		if m.Level == "info" {
			notes = append(notes, m.Text)
		}
	}
	for _, w := range []string{`dialog prompt "name?" was accepted`, `dialog confirm "sure?" was dismissed`} {
		if !strings.Contains(strings.Join(notes, "\n"), w) {
			t.Errorf("the console does not say %s", w)
		}
	}
}

func TestDialogsElsewhere(t *testing.T) {
	web := site(t, map[string]string{
		"/": `page`, "/popup": `<script>opener.answered = confirm("in a popup")</script>`,
		"/frame":  `<script>top.postMessage(confirm("in a frame of another site"), "*")</script>`,
		"/asks":   `<input><script>onbeforeunload = e => e.preventDefault()</script>`,
		"/leaves": `next`,
	})
	s := open(t, shared.get(), func(o *browser.Options) { o.Uses = browser.FeatureDialogs })
	navigate(t, s, web.URL+"/")
	s.PlanDialog(browser.DialogAnswer{Accept: true})
	script[any](t, s, `window.open("/popup")`)
	eventually(t, "the popup's answer", func() bool { return script[bool](t, s, "return window.answered === true") })
	// In a frame of another site.
	s.PlanDialog(browser.DialogAnswer{Accept: true})
	script[any](t, s, `onmessage = e => window.framed = e.data; document.body.innerHTML = "<iframe src='`+otherSite(web.URL)+`/frame'></iframe>"`)
	eventually(t, "the frame's dialog", func() bool { return len(s.Dialogs()) == 2 })
	t.Logf("of another site: %s", script[string](t, s, "return String(window.framed)"))
}

func TestLeaving(t *testing.T) {
	web := site(t, map[string]string{
		"/before": `before`, "/next": `next`,
		"/asks": `<input><a href=/next>next</a><script>onbeforeunload = e => e.preventDefault()</script>`,
		"/slow": `<input><a href=/next>next</a><script>onbeforeunload = e => { const end = Date.now() + 300; while (Date.now() < end); }</script>`,
	})
	begin := func(t *testing.T, from string) *session {
		s := open(t, shared.get(), func(o *browser.Options) { o.Uses = browser.FeatureDialogs })
		navigate(t, s, web.URL+"/before")
		navigate(t, s, web.URL+from)
		click(t, s, "input") // without it, a page may not ask
		script[any](t, s, "window.stayed = true")
		return s
	}
	for _, c := range []struct {
		name, to string
		leave    func(t *testing.T, s *session) error
	}{
		{"goto", "/next", func(t *testing.T, s *session) error { return s.Navigate(testContext(t), web.URL+"/next") }},
		{"reload", "", func(t *testing.T, s *session) error { return s.Reload(testContext(t)) }},
		{"back", "/before", func(t *testing.T, s *session) error { return s.Traverse(testContext(t), -1) }},
		{"click", "/next", func(t *testing.T, s *session) error { click(t, s, "a"); return s.Settle(testContext(t)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, from := range []string{"/asks", "/slow"} {
				s := begin(t, from)
				if err := c.leave(t, s); err != nil {
					t.Fatalf("%s was not left: %v", from, err)
				}
				to := c.to
				if to == "" {
					to = from
				}
				if got := script[string](t, s, "return location.pathname + window.stayed"); got != to+"undefined" {
					t.Errorf("%s: at %s", from, got)
				}
			}

			s := begin(t, "/asks")
			s.PlanDialog(browser.DialogAnswer{})
			err := c.leave(t, s)
			if c.name == "click" {
				if err != nil {
					t.Errorf("a click failed: %v", err)
				}
			} else {
				wantFailure(t, err, browser.ClassNavigation, "was not left", "dismissed")
			}
			if got := script[string](t, s, "return location.pathname + window.stayed"); got != "/askstrue" {
				t.Errorf("dismissed: at %s", got)
			}
			s.PlanDialog(browser.DialogAnswer{Accept: true})
			if err := c.leave(t, s); err != nil {
				t.Errorf("accepted: %v", err)
			}
			if got := opened(s); got != "beforeunload  1\nbeforeunload  2" {
				t.Errorf("opened:\n%s", got)
			}
		})
	}
}

func TestDialogLoop(t *testing.T) {
	s := open(t, shared.get())
	navigate(t, s, site(t, map[string]string{"/": "page"}).URL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	within(t, 10*time.Second, "a step in a page that opens dialogs for ever", func() {
		if _, err := s.Script(ctx, `while (true) alert("again")`, nil); err == nil {
			t.Error("it ended")
		}
	})
	if err := s.Interrupt(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Capture(testContext(t), browser.CaptureOptions{}); err != nil {
		t.Errorf("no picture: %v", err)
	}
	if got := script[int](t, s, "return 1 + 1"); got != 2 {
		t.Errorf("the page is not well: %d", got)
	}
	if n := len(s.Dialogs()); n == 0 || n > maxDialogs {
		t.Errorf("%d dialogs are kept", n)
	}
	s.PlanDialog(browser.DialogAnswer{Accept: true})
	script[any](t, s, `confirm("planned")`)
	if d := s.Dialogs(); d[len(d)-1].Planned != 1 {
		t.Errorf("the planned one is not told: %+v", d[len(d)-1])
	}
}
