package webdriver_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/browser/browsertest"
	"trackwalker/scenarios/browser/webdriver"
)

// Each engine is held to the port; allPages has them play the pages of the suite as well. A few of those ask for what an engine
// does not have: WebKit the status of a page, the console and a world of its own for the page script; ChromeDriver an answer
// while a page opens dialogs without end.
func TestConformance(t *testing.T) {
	run := browsertest.RunPort
	if os.Getenv(allPages) != "" {
		run = browsertest.Run
	}
	t.Run("ChromeDriver", func(t *testing.T) {
		conform(t, "chromedriver", webdriver.Config{Browser: "chrome", Slots: 4}, run)
	})
	t.Run("WebKitWebDriver", func(t *testing.T) {
		conform(t, "WebKitWebDriver", webdriver.Config{Browser: "webkit", Slots: 2}, run)
	})
}

const allPages = "WEBDRIVER_TEST_PAGES"

func conform(t *testing.T, program string, c webdriver.Config, run func(*testing.T, browser.Driver)) {
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
	c.ProfileDir = t.TempDir()
	d := webdriver.New(c)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	run(t, &slots{Driver: d, free: make(chan struct{}, c.Slots)})
}

// slots is a driver that opens no more sessions at once than it may, as the agent does.
type slots struct {
	browser.Driver
	free chan struct{}
}

func (d *slots) Open(ctx context.Context, o browser.Options) (browser.Session, error) {
	select {
	case d.free <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := d.Driver.Open(ctx, o)
	if err != nil {
		<-d.free
		return nil, err
	}
	return giveBack(s, sync.OnceFunc(func() { <-d.free })), nil
}

// giveBack gives a session with the same optional interfaces, that gives its slot back when it is closed.
func giveBack(s browser.Session, back func()) browser.Session {
	if c, ok := s.(chromeSession); ok {
		return &closingChrome{c, back}
	}
	return &closing{s.(plainSession), back}
}

type chromeSession interface {
	plainSession
	browser.Console
	browser.Toucher
}

type plainSession interface {
	browser.Session
	browser.Dialogs
}

type closing struct {
	plainSession
	back func()
}

type closingChrome struct {
	chromeSession
	back func()
}

func (s *closing) Close() error       { defer s.back(); return s.plainSession.Close() }
func (s *closingChrome) Close() error { defer s.back(); return s.chromeSession.Close() }
