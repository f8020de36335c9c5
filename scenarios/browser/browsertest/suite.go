// Package browsertest is what tests of browsers share: Site, a web site with every page that makes browser tests hard; Run,
// the conformance suite that any browser.Driver passes, played on that site; and Fake, a Driver without a browser, for tests
// of what stands above the port.
//
// Only tests import it.
package browsertest

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

var update = flag.Bool("update", false, "write the golden files anew")

//go:embed testdata/errors.golden
var golden string

const (
	sessions = 8                       // that are open at once
	generous = 30 * time.Second        // for what must come true: it only ends a test that hangs
	brief    = 1100 * time.Millisecond // for what must fail by its time running out

	// driverUses is what is looked at after many a step.
	driverUses = browser.FeatureConsole | browser.FeatureDialogs
)

// suiteCase is one page, what is done to it, and what comes of that. The last step is the one that fails, if any does.
type suiteCase struct {
	name  string
	page  string // HTML; or, with a / in front, a path of Site; or empty: nothing is opened
	steps []step
	want  browser.Class // of the last step's failure; empty: all pass
	needs browser.Features

	itself bool // the last step fails by itself, not by its time running out
	alone  bool // it keeps a whole core busy: nothing else is played meanwhile
}

// cases gives the whole table.
func cases() []suiteCase {
	return slices.Concat(locatorCases(), plainCases(), actionabilityCases(), pointerCases(), fillCases(), keyboardCases(), listCases(),
		boxCases(), navigationCases(), expectCases(), readCases(), hostileCases(), widgetCases(), busyCases(), frameCases(), dragCases(), hintCases(),
		uploadCases(), scrollCases(), tapCases(), dialogCases(), tabCases(), downloadCases(), cookieCases(), requestCases(), torrentCases())
}

// Run holds a driver to what browser.Session promises, and to what Page makes of it on every page of Site.
// The driver stays open.
func Run(t *testing.T, driver browser.Driver) {
	t.Run("port", func(t *testing.T) { RunPort(t, driver) })
	t.Run("pages", func(t *testing.T) { runPages(t, driver) })
}

func runPages(t *testing.T, driver browser.Driver) {
	all := cases()
	pages := map[string]string{}
	for _, c := range all {
		if pages[c.path()] != "" {
			t.Fatalf("two cases are called %q", c.name)
		}
		pages[c.path()] = c.page
	}
	server := httptest.NewUnstartedServer(Site(pages))
	server.Config.ErrorLog = silent()
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	s := &suite{driver: driver, base: server.URL, free: make(chan struct{}, sessions), wanted: parseGolden(golden), got: map[string]string{}}
	t.Cleanup(func() { s.writeGolden(t) })
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			if missing := c.needs &^ driver.Supports(); missing != 0 {
				t.Skip("the driver lacks " + missing.String())
			}
			// Played at once, as many as there are sessions; Go's own limit on parallel tests is for those that compute.
			result := make(chan result, 1)
			go func() { result <- s.play(c) }()
			t.Parallel()
			s.judge(t, c, <-result)
		})
	}
}

type suite struct {
	driver browser.Driver
	base   string
	free   chan struct{}
	busy   sync.RWMutex      // held by a case that is played alone; by all others for reading
	wanted map[string]string // golden error texts, by case

	mu  sync.Mutex
	got map[string]string
}

// result is how a case went.
type result struct {
	err  error
	step int // the last that was played
}

// play plays a case in a session of its own.
func (s *suite) play(c suiteCase) result {
	defer s.turn(c)()
	ctx, cancel := context.WithTimeout(context.Background(), 2*generous)
	defer cancel()
	session, err := s.driver.Open(ctx, browser.Options{
		InitScript: browser.PageScript, Uses: driverUses | c.needs, Emulation: browser.Emulation{Touch: c.needs&browser.FeatureTouch != 0},
	})
	if err != nil {
		return result{err, -1}
	}
	defer session.Close()
	page := browser.NewPage(session, nil)
	if c.page != "" {
		if err := page.Goto(ctx, s.base+c.path(), browser.GotoOptions{Wait: browser.WaitDOMContentLoaded}); err != nil {
			return result{fmt.Errorf("opening the page: %w", err), -1}
		}
	}
	for i, step := range c.steps {
		limit := generous
		if c.want != "" && !c.itself && i == len(c.steps)-1 {
			limit = brief
		}
		limited, cancel := context.WithTimeout(ctx, limit)
		err := step.do(limited, s.base, page)
		cancel()
		if err != nil {
			return result{err, i}
		}
	}
	return result{nil, len(c.steps) - 1}
}

// turn waits until a case may be played, and gives what ends that.
func (s *suite) turn(c suiteCase) func() {
	if c.alone {
		s.busy.Lock()
		return s.busy.Unlock
	}
	s.free <- struct{}{}
	s.busy.RLock()
	return func() {
		s.busy.RUnlock()
		<-s.free
	}
}

func (s *suite) judge(t *testing.T, c suiteCase, r result) {
	last := len(c.steps) - 1
	var f *browser.Failure
	switch {
	case r.err == nil && c.want == "":
		return
	case r.err == nil:
		t.Fatalf("%s passed, want a failure of class %s", c.steps[last].text, c.want)
	case r.step < 0:
		t.Fatal(r.err)
	case c.want == "" || r.step != last:
		t.Fatalf("%s: %v", c.steps[r.step].text, r.err)
	case !errors.As(r.err, &f):
		t.Fatalf("%s: %v (%T), which is no *browser.Failure", c.steps[last].text, r.err, r.err)
	case f.Class != c.want:
		t.Fatalf("%s: class %s, want %s: %v", c.steps[last].text, f.Class, c.want, f)
	}
	text := fmt.Sprintf("%s: %s\n", f.Class, f.Message)
	if f.Hint != "" {
		text += "hint: " + f.Hint + "\n"
	}
	text = anonymous(text, s.base)
	s.mu.Lock()
	s.got[c.name] = text
	s.mu.Unlock()
	if want := s.wanted[c.name]; text != want && !*update {
		t.Errorf("%s says\n%s\nwant\n%s", c.steps[last].text, text, want)
	}
}

// anonymous takes out of a text where the site is this time.
func anonymous(text, base string) string {
	host := strings.TrimPrefix(base, "http://")
	return strings.NewReplacer(host, "site.test", elsewhere(host), "other.test").Replace(text)
}

func (c suiteCase) path() string {
	if strings.HasPrefix(c.page, "/") {
		return c.page
	}
	return "/case/" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(c.name))
}

// An entry of the golden file: the page and the steps, and below the line the error.
const (
	goldenCase = "=== "
	goldenLine = "--- error\n"
)

func (c suiteCase) entry(text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n", goldenCase, c.name)
	if c.page != "" && len(c.page) < 1000 {
		fmt.Fprintf(&b, "%s\n", strings.TrimSpace(c.page))
	}
	for _, s := range c.steps {
		fmt.Fprintf(&b, "- %s\n", s.text)
	}
	return b.String() + goldenLine + text + "\n"
}

func parseGolden(text string) map[string]string {
	found := map[string]string{}
	// At the beginning of a line: JavaScript in a case may say === too.
	for part := range strings.SplitSeq("\n"+text, "\n"+goldenCase) {
		name, rest, _ := strings.Cut(part, "\n")
		if _, said, ok := strings.Cut(rest, "\n"+goldenLine); ok {
			found[name] = strings.TrimRight(said, "\n") + "\n"
		}
	}
	return found
}

// writeGolden writes what was said when that is asked for; what a filter left out stays.
func (s *suite) writeGolden(t *testing.T) {
	if !*update {
		return
	}
	var b strings.Builder
	for _, c := range cases() {
		text, played := s.got[c.name]
		if !played {
			text = s.wanted[c.name]
		}
		if c.want != "" && text != "" {
			b.WriteString(c.entry(text))
		}
	}
	_, file, _, _ := runtime.Caller(0)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "testdata", "errors.golden"), []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}
