package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// RunPort holds a driver to what browser.Driver and browser.Session promise of themselves, without a site.
func RunPort(t *testing.T, driver browser.Driver) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*generous)
	t.Cleanup(cancel)
	opened := func(t *testing.T) browser.Session {
		t.Helper()
		s, err := driver.Open(ctx, browser.Options{InitScript: browser.PageScript, Uses: driver.Supports()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()

	t.Run("features are interfaces", func(t *testing.T) {
		s := opened(t)
		_, console := s.(browser.Console)
		_, authenticator := s.(browser.Authenticator)
		_, dialogs := s.(browser.Dialogs)
		_, network := s.(browser.Network)
		_, interceptor := s.(browser.Interceptor)
		_, downloads := s.(browser.Downloads)
		_, toucher := s.(browser.Toucher)
		for feature, is := range map[browser.Features]bool{
			browser.FeatureConsole: console, browser.FeatureAuthenticator: authenticator, browser.FeatureDialogs: dialogs,
			browser.FeatureNetwork: network, browser.FeatureInterception: interceptor, browser.FeatureDownloads: downloads, browser.FeatureTouch: toucher,
		} {
			if says := driver.Supports()&feature != 0; says != is {
				t.Errorf("the driver says of %s: %v; its sessions say %v", feature, says, is)
			}
		}
	})
	t.Run("open obeys its context", func(t *testing.T) {
		if s, err := driver.Open(cancelled, browser.Options{}); err == nil {
			s.Close()
			t.Error("a session was opened for a caller that has left")
		}
	})
	t.Run("a new page", func(t *testing.T) {
		s := opened(t)
		raw, err := s.Eval(ctx, "where", map[string]any{})
		var where struct{ Value struct{ URL string } }
		if err != nil || json.Unmarshal(raw, &where) != nil || where.Value.URL != "about:blank" {
			t.Errorf("it is at %s, %v", raw, err)
		}
		if err := s.Traverse(ctx, -1); !errors.Is(err, browser.ErrNoHistory) {
			t.Errorf("back: %v", err)
		}
		if err := s.Settle(ctx); err != nil {
			t.Errorf("settling: %v", err)
		}
		if err := s.Navigate(ctx, "about:blank"); err != nil {
			t.Errorf("about:blank: %v", err)
		}
		if raw, err := s.Script(ctx, "return [1, 'a']", nil); err != nil || !json.Valid(raw) {
			t.Errorf("a script gives %s, %v", raw, err)
		}
		if png, err := s.Capture(ctx, browser.CaptureOptions{}); picture(png, err) != nil {
			t.Error(picture(png, err))
		}
	})
	t.Run("addresses that a flow may not go to", func(t *testing.T) {
		s := opened(t)
		for _, address := range []string{"file:///etc/passwd", "ftp://site.test/", "javascript:alert(1)", "chrome://version", "site.test", ""} {
			wantClass(t, s.Navigate(ctx, address), browser.ClassNavigation)
		}
	})
	t.Run("a function that is none", func(t *testing.T) {
		var thrown *browser.ScriptError
		if _, err := opened(t).Eval(ctx, "none"); !errors.As(err, &thrown) {
			t.Errorf("got %v (%T), want a ScriptError", err, err)
		}
	})
	t.Run("a caller that has left", func(t *testing.T) {
		s := opened(t)
		if err := s.Navigate(ctx, "about:blank"); err != nil {
			t.Fatal(err)
		}
		for name, f := range methods(s) {
			if err := f(cancelled); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("interrupted from elsewhere", func(t *testing.T) {
		s := opened(t)
		done := make(chan error)
		go func() { done <- s.Interrupt(ctx) }()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		s := opened(t)
		if err := s.Navigate(ctx, "about:blank"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		}
		for name, f := range methods(s) {
			started := time.Now()
			var failure *browser.Failure
			if err := f(ctx); !errors.As(err, &failure) {
				t.Errorf("%s: %v (%T), want a failure", name, err, err)
			}
			if time.Since(started) > generous/2 {
				t.Errorf("%s took %s", name, time.Since(started))
			}
		}
	})
}

// methods are those of a session that have work to do on any page.
func methods(s browser.Session) map[string]func(context.Context) error {
	at := browser.Point{X: 10, Y: 10}
	return map[string]func(context.Context) error{
		"Navigate": func(ctx context.Context) error { return s.Navigate(ctx, "about:blank") },
		"Reload":   s.Reload,
		"Traverse": func(ctx context.Context) error { return s.Traverse(ctx, -1) },
		"Eval":     func(ctx context.Context) error { _, err := s.Eval(ctx, "where", map[string]any{}); return err },
		"Script":   func(ctx context.Context) error { _, err := s.Script(ctx, "return 1", nil); return err },
		"Pointer": func(ctx context.Context) error {
			return s.Pointer(ctx, browser.PointerEvent{Kind: browser.PointerMove, At: at})
		},
		"Keys":       func(ctx context.Context) error { return s.Keys(ctx, "Enter") },
		"InsertText": func(ctx context.Context) error { return s.InsertText(ctx, "text") },
		"Capture":    func(ctx context.Context) error { _, err := s.Capture(ctx, browser.CaptureOptions{}); return err },
		"Cookies":    func(ctx context.Context) error { _, err := s.Cookies(ctx); return err },
	}
}

func wantClass(t *testing.T, err error, class browser.Class) {
	t.Helper()
	var f *browser.Failure
	if !errors.As(err, &f) || f.Class != class {
		t.Errorf("got %v (%T), want a failure of class %s", err, err, class)
	}
}
