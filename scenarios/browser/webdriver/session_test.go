package webdriver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// site serves pages by path.
func site(t *testing.T, pages map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, body)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server
}

func navigate(t *testing.T, s browser.Session, url string) {
	t.Helper()
	if err := s.Navigate(testContext(t), url); err != nil {
		t.Fatalf("going to %s: %v", url, err)
	}
}

// script runs JavaScript in the page's own world and wants a value.
func script[T any](t *testing.T, d browser.Document, body string) T {
	t.Helper()
	raw, err := d.Script(testContext(t), body, nil)
	var v T
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

// untilLoaded waits for the load event of the page: Navigate does not.
func untilLoaded(t *testing.T, d browser.Document) {
	t.Helper()
	eventually(t, "the page is loaded", func() bool { return script[string](t, d, "return document.readyState") == "complete" })
}

func clickAt(t *testing.T, s browser.Session, x, y float64) {
	t.Helper()
	at := browser.Point{X: x, Y: y}
	err := s.Pointer(testContext(t),
		browser.PointerEvent{Kind: browser.PointerMove, At: at},
		browser.PointerEvent{Kind: browser.PointerDown, At: at, Button: browser.ButtonLeft, Clicks: 1},
		browser.PointerEvent{Kind: browser.PointerUp, At: at, Button: browser.ButtonLeft, Clicks: 1})
	if err == nil {
		err = s.Settle(testContext(t))
	}
	if err != nil {
		t.Fatalf("clicking: %v", err)
	}
}

const big = `style="position:fixed;left:0;top:0;width:300px;height:300px"`

func TestTabs(t *testing.T) {
	pages := map[string]string{
		"/":    `<title>First</title><a ` + big + ` href="/tab" target="_blank">open</a>`,
		"/tab": `<title>Second</title><button ` + big + ` onclick="window.close()">close</button>`,
	}
	eachBrowser(t, func(t *testing.T, name string) {
		server := site(t, pages)
		s := open(t, newDriver(t, Config{Browser: name}))
		navigate(t, s, server.URL)
		untilLoaded(t, s)
		var tabs []browser.Tab
		openTab := func() browser.Tab {
			clickAt(t, s, 50, 50)
			eventually(t, "there are two tabs", func() bool {
				var err error
				if tabs, _, err = s.Tabs(testContext(t)); err != nil {
					t.Fatal(err)
				}
				return len(tabs) == 2 && tabs[1].Title == "Second"
			})
			return tabs[1]
		}
		second := openTab()
		if tabs[0].Title != "First" || second.URL != server.URL+"/tab" {
			t.Errorf("the tabs are %+v", tabs)
		}
		if err := s.SwitchTab(testContext(t), second.ID); err != nil {
			t.Fatal(err)
		}
		if title := script[string](t, s, "return document.title"); title != "Second" {
			t.Errorf("the title is %q", title)
		}
		if size := script[[]int](t, s, "return [innerWidth, innerHeight]"); size[0] != 1280 || size[1] != 800 {
			t.Errorf("the new tab is of the size %v", size)
		}
		if err := s.CloseTab(testContext(t), second.ID); err != nil {
			t.Fatal(err)
		}
		if title := script[string](t, s, "return document.title"); title != "First" {
			t.Errorf("after closing a tab the title is %q", title)
		}
		for name, f := range map[string]func(context.Context, string) error{"switch": s.SwitchTab, "close": s.CloseTab} {
			if err := f(testContext(t), second.ID); !errors.Is(err, browser.ErrNoTab) {
				t.Errorf("%s a tab that is closed: %v", name, err)
			}
		}
		if err := s.CloseTab(testContext(t), tabs[0].ID); !errors.Is(err, browser.ErrNoTab) {
			t.Errorf("closing the only tab: %v", err)
		}
		if err := s.SwitchTab(testContext(t), openTab().ID); err != nil {
			t.Fatal(err)
		}
		untilLoaded(t, s)
		clickAt(t, s, 50, 50)
		eventually(t, "the first tab is the current one again", func() bool {
			raw, err := s.Script(testContext(t), "return document.title", nil)
			return err == nil && string(raw) == `"First"`
		})
	})
}

func TestCookies(t *testing.T) {
	eachBrowser(t, func(t *testing.T, name string) {
		server := site(t, map[string]string{"/": "<title>First</title>"})
		s := open(t, newDriver(t, Config{Browser: name}))
		navigate(t, s, server.URL)
		expires := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
		set := []browser.Cookie{{Name: "plain", Value: "1", URL: server.URL}, {Name: "hidden", Value: "2", URL: server.URL, HTTPOnly: true, Expires: expires}}
		if err := s.SetCookies(testContext(t), set); err != nil {
			t.Fatal(err)
		}
		got, err := s.Cookies(testContext(t))
		if err != nil || len(got) != 2 {
			t.Fatalf("the cookies are %+v, %v", got, err)
		}
		for _, c := range got {
			if c.Name == "hidden" && (c.Value != "2" || !c.HTTPOnly || c.Expires.Sub(expires).Abs() > time.Second) {
				t.Errorf("a cookie came back as %+v", c)
			}
		}
		if text := script[string](t, s, "return document.cookie"); text != "plain=1" {
			t.Errorf("the page sees %q", text)
		}
		if err := s.ClearCookies(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Cookies(testContext(t)); err != nil || len(got) != 0 {
			t.Errorf("after clearing them the cookies are %+v, %v", got, err)
		}
	})
}

func TestDialogs(t *testing.T) {
	eachBrowser(t, func(t *testing.T, name string) {
		server := site(t, map[string]string{"/": `<title></title><button ` + big + ` onclick="document.title = [alert('a'), confirm('b'), prompt('c'), confirm('d')].map(String).join()">Ask</button>`})
		s := open(t, newDriver(t, Config{Browser: name}))
		navigate(t, s, server.URL)
		untilLoaded(t, s)
		for _, a := range []browser.DialogAnswer{{}, {Accept: true}, {Accept: true, Text: "Betty"}} {
			s.PlanDialog(a)
		}
		clickAt(t, s, 50, 50)
		eventually(t, "all are answered", func() bool { return script[string](t, s, "return document.title") == "undefined,true,Betty,false" })
		kinds := []string{"alert", "confirm", "prompt", "confirm"}
		got := s.Dialogs()
		if len(got) != 4 {
			t.Fatalf("the dialogs are %+v", got)
		}
		for i, d := range got {
			kind := "dialog"
			if name == "chrome" {
				kind = kinds[i]
			}
			if d.Message != string("abcd"[i]) || d.Planned != (i+1)%4 || d.Kind != kind {
				t.Errorf("dialog %d is %+v", i, d)
			}
		}
	})
}

func TestSetFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lamp.txt")
	if err := os.WriteFile(file, []byte("brass"), 0o600); err != nil {
		t.Fatal(err)
	}
	eachBrowser(t, func(t *testing.T, name string) {
		server := site(t, map[string]string{"/": `<input type="file">`})
		d := newDriver(t, Config{Browser: name})
		s, err := d.Open(testContext(t), browser.Options{InitScript: `globalThis.tw = {held: () => document.querySelector("input"), none: () => null, ok: () => 1}`})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		navigate(t, s, server.URL)
		untilLoaded(t, s)
		if _, err := s.Eval(testContext(t), "ok"); err != nil {
			t.Fatal(err)
		}
		if err := s.SetFiles(testContext(t), "held", []string{file}); err != nil {
			t.Fatal(err)
		}
		if text := script[string](t, s, "return await document.querySelector('input').files[0].text()"); text != "brass" {
			t.Errorf("the page reads %q", text)
		}
		if err := s.SetFiles(testContext(t), "none", []string{file}); !errors.Is(err, browser.ErrDocumentGone) {
			t.Errorf("without an input: %v", err)
		}
	})
}

func TestCapture(t *testing.T) {
	eachBrowser(t, func(t *testing.T, name string) {
		server := site(t, map[string]string{"/": `<!doctype html><body style="margin:0;height:2000px;background:linear-gradient(red 1000px, lime 1000px)">`})
		s := open(t, newDriver(t, Config{Browser: name}))
		navigate(t, s, server.URL)
		untilLoaded(t, s)
		for what, c := range map[string]struct {
			o             browser.CaptureOptions
			width, height int
			last          string // the colour in the last row
		}{
			"viewport": {browser.CaptureOptions{}, 1280, 800, "red"},
			"full":     {browser.CaptureOptions{Full: true}, 1280, 2000, "lime"},
			"clip":     {browser.CaptureOptions{Clip: &browser.Clip{X: 10, Y: 900, Width: 50, Height: 200}}, 50, 200, "lime"},
		} {
			picture, err := s.Capture(testContext(t), c.o)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			img, err := png.Decode(bytes.NewReader(picture))
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			size := img.Bounds().Size()
			// A bar to scroll with takes some of the width.
			if size.Y != c.height || size.X > c.width || size.X < c.width-20 {
				t.Errorf("%s: the picture is of the size %v", what, size)
			}
			r, g, _, _ := img.At(5, size.Y-1).RGBA()
			if got := map[bool]string{true: "red", false: "lime"}[r > g]; got != c.last {
				t.Errorf("%s: it ends %s", what, got)
			}
		}
		if at := script[int](t, s, "return scrollY"); at != 0 {
			t.Errorf("the page is left scrolled to %d", at)
		}
		_, err := s.Capture(testContext(t), browser.CaptureOptions{Clip: &browser.Clip{}})
		if err == nil {
			t.Error("a picture of nothing was taken")
		}
	})
}

func TestEmulation(t *testing.T) {
	d := newDriver(t, Config{Browser: "chrome"})
	if _, err := d.command(); err != nil {
		t.Skip(err)
	}
	server := site(t, map[string]string{"/": `<button ` + big + ` ontouchend="document.title += 'touched'">Touch</button>`})
	s, err := d.Open(testContext(t), browser.Options{
		Viewport: browser.Size{Width: 390, Height: 844},
		Emulation: browser.Emulation{
			Scale: 2, Touch: true, UserAgent: "Walker/1", Locale: "de-DE", TimeZone: "Asia/Tokyo", ColorScheme: "dark",
			Geolocation: &browser.Geolocation{Latitude: 52, Longitude: 13},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	navigate(t, s, server.URL)
	untilLoaded(t, s)
	for js, want := range map[string]string{
		"innerWidth": "390", "devicePixelRatio": "2", "navigator.userAgent": "Walker/1", "navigator.language": "de-DE",
		"Intl.DateTimeFormat().resolvedOptions().timeZone": "Asia/Tokyo", "matchMedia('(prefers-color-scheme: dark)').matches": "true",
		"await new Promise(f => navigator.geolocation.getCurrentPosition(p => f(p.coords.latitude), e => f(e.message)))": "52",
	} {
		if got := script[string](t, s, "return String("+js+")"); got != want {
			t.Errorf("%s is %s, want %s", js, got, want)
		}
	}
	if err := s.(browser.Toucher).Tap(testContext(t), browser.Point{X: 50, Y: 50}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the touch came", func() bool { return script[string](t, s, "return document.title") == "touched" })
	_, err = d.Open(testContext(t), browser.Options{Emulation: browser.Emulation{TimeZone: "Nowhere/Land"}})
	wantFailure(t, err, browser.ClassInternal, "Nowhere/Land")
}

// A page that never lets go of the driver is interrupted beside it.
func TestInterrupt(t *testing.T) {
	eachBrowser(t, func(t *testing.T, name string) {
		s := open(t, newDriver(t, Config{Browser: name}))
		navigate(t, s, "about:blank")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := s.Script(ctx, "while (true);", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a script without end: %v", err)
		}
		if err := s.Interrupt(testContext(t)); err != nil {
			t.Fatal(err)
		}
		limited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if raw, err := s.Script(limited, "return 1", nil); err != nil || string(raw) != "1" {
			t.Errorf("after it the page answers %s, %v", raw, err)
		}
	})
}

func TestBare(t *testing.T) {
	for arguments, want := range map[string]string{
		`"a"`: "a", `"a \"b\"" 42 Object`: `a "b" 42 Object`, `plain`: "plain", `"a" "b"`: "a b", `"broken`: `"broken`, ``: "",
	} {
		if got := bare(arguments); got != want {
			t.Errorf("%s becomes %q, want %q", arguments, got, want)
		}
	}
}

func TestErrorCode(t *testing.T) {
	for text, want := range map[string]string{
		"Could not connect to 127.0.0.1: Connection refused":  "CONNECTION_REFUSED",
		"Connection terminated unexpectedly":                  "EMPTY_RESPONSE",
		"Error resolving “shop.example”: Name or service not": "NAME_NOT_RESOLVED",
		"Something else": "FAILED",
	} {
		if got := errorCode(text); got != fmt.Sprintf("net::ERR_%s", want) {
			t.Errorf("%s: %s", text, got)
		}
	}
}
