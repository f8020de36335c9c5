package cdp

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// headersOf serves a page, and keeps the headers with which each path was asked for.
type headersOf struct {
	mu   sync.Mutex
	last map[string]http.Header
}

func (h *headersOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	if h.last == nil {
		h.last = map[string]http.Header{}
	}
	h.last[r.URL.Path] = r.Header.Clone()
	h.mu.Unlock()
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, `<meta name=viewport content="width=device-width">page`)
}

func (h *headersOf) get(path, name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[path].Get(name)
}

// otherSite gives the address of the same server under another name: to the browser, another site.
func otherSite(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

// switchToNewest switches to the tab that was opened last, which is not the first.
func switchToNewest(t *testing.T, s *session) {
	t.Helper()
	var tabs []browser.Tab
	eventually(t, "a second tab", func() bool {
		var err error
		if tabs, _, err = s.Tabs(testContext(t)); err != nil {
			t.Fatal(err)
		}
		return len(tabs) > 1
	})
	if err := s.SwitchTab(testContext(t), tabs[len(tabs)-1].ID); err != nil {
		t.Fatal(err)
	}
}

// self is what a page can find out about its browser. The size is right only when its viewport tag was read.
const self = `if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done));
	return [navigator.userAgent, navigator.platform, navigator.languages.join(), Intl.DateTimeFormat().resolvedOptions().locale,
	Intl.DateTimeFormat().resolvedOptions().timeZone, (1234.5).toLocaleString(), "ontouchstart" in window, matchMedia("(pointer: coarse)").matches,
	matchMedia("(prefers-color-scheme: dark)").matches, innerWidth, innerHeight, screen.width, devicePixelRatio, screen.orientation.type,
	navigator.userAgentData?.mobile, navigator.userAgentData?.platform].join(" | ")`

func emulating(name string, change func(*browser.Emulation)) func(*browser.Options) {
	return func(o *browser.Options) {
		o.Uses = browser.FeatureEmulation
		if d, ok := browser.FindDevice(name); ok {
			o.Viewport, o.Emulation = d.Viewport, d.Emulation
		}
		if change != nil {
			change(&o.Emulation)
		}
	}
}

func TestEmulation(t *testing.T) {
	h := &headersOf{}
	web := serve(t, h.ServeHTTP)
	iPhone, _ := browser.FindDevice("iPhone 15")
	pixel, _ := browser.FindDevice("Pixel 7 landscape")
	for i, c := range []struct {
		name   string
		device string
		change func(*browser.Emulation)
		want   string // what the page sees; ... is anything
		accept string
		hint   string // Sec-CH-UA-Mobile and platform
	}{
		{
			"a phone", "iPhone 15", func(e *browser.Emulation) { e.Locale = "en-US" },
			iPhone.Emulation.UserAgent + " | iPhone | en-US,en | en-US | UTC | 1,234.5 | true | true | false | 393 | 852 | 393 | 3 | portrait-primary | false | ",
			"en-US,en;q=0.9", "",
		},
		{
			"a phone on its side, in Germany", "Pixel 7 landscape",
			func(e *browser.Emulation) { e.Locale, e.TimeZone, e.ColorScheme = "de-DE", "Europe/Berlin", "dark" },
			pixel.Emulation.UserAgent + " | Linux armv81 | de-DE,de | de-DE | Europe/Berlin | 1.234,5 | true | true | true | 915 | 412 | 915 | 2.625 | landscape-primary | true | Android",
			"de-DE,de;q=0.9", `?1 "Android"`,
		},
		{
			"no phone, in France", "", func(e *browser.Emulation) { e.Locale = "fr" },
			"... | Linux x86_64 | fr | fr | UTC | 1\u202f234,5 | false | false | false | 1280 | 800 | 1280 | 1 | landscape-primary | false | Linux", "fr", `?0 "Linux"`,
		},
		{
			"a robot", "", func(e *browser.Emulation) { e.UserAgent, e.Locale = "Walker/1.0", "en" },
			"Walker/1.0 | ... | en | en | UTC | 1,234.5 | false | false | false | 1280 | 800 | 1280 | 1 | landscape-primary | false | ", "en", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, shared.get(), emulating(c.device, c.change))
			navigate(t, s, web.URL+"/")
			like := func(where, got string) {
				before, after, _ := strings.Cut(c.want, "...")
				if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
					t.Errorf("%s: got\n%s\nwant\n%s", where, got, c.want)
				}
			}
			like("the page", script[string](t, s, self))
			if got := h.get("/", "User-Agent"); got != script[string](t, s, "return navigator.userAgent") {
				t.Errorf("the site was told %s", got)
			}
			if got := h.get("/", "Accept-Language"); got != c.accept {
				t.Errorf("the site was told languages %q, want %q", got, c.accept)
			}
			if got := strings.TrimSpace(h.get("/", "Sec-Ch-Ua-Mobile") + " " + h.get("/", "Sec-Ch-Ua-Platform")); got != c.hint {
				t.Errorf("the site was told %s, want %s", got, c.hint)
			}
			// A tab that the page opens, and a frame of another site, are the same browser.
			popup, frame := fmt.Sprintf("/popup%d", i), fmt.Sprintf("/frame%d", i)
			script[any](t, s, `window.open("`+popup+`"); document.body.innerHTML = "<iframe src='`+otherSite(web.URL)+frame+`'>"`)
			eventually(t, "popup and frame", func() bool { return h.get(popup, "User-Agent") != "" && h.get(frame, "User-Agent") != "" })
			for _, path := range []string{popup, frame} {
				for _, name := range []string{"User-Agent", "Accept-Language", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform"} {
					if got := h.get(path, name); got != h.get("/", name) {
						t.Errorf("%s: %s is %q there", path, name, got)
					}
				}
			}
			switchToNewest(t, s)
			eventually(t, "the popup's document", func() bool { return strings.HasSuffix(eval[string](t, s, "href"), popup) })
			like("the popup", script[string](t, s, self))
		})
	}
}

func TestGeolocation(t *testing.T) {
	web := site(t, map[string]string{"/": "here"})
	s := open(t, shared.get(), emulating("", func(e *browser.Emulation) { e.Geolocation = &browser.Geolocation{Latitude: 52.5, Longitude: 0} }))
	navigate(t, s, web.URL)
	const where = `return await new Promise(done => navigator.geolocation.getCurrentPosition(p => done(p.coords.latitude + " " + p.coords.longitude), e => done(e.message)))`
	if got := script[string](t, s, where); got != "52.5 0" {
		t.Errorf("it is at %s", got)
	}
	other := open(t, shared.get())
	navigate(t, other, web.URL)
	if got := script[string](t, other, "return (await navigator.permissions.query({name: 'geolocation'})).state"); got == "granted" {
		t.Error("another session may ask, too")
	}
}

func TestThrottle(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/big" {
			fmt.Fprint(w, strings.Repeat("x", 50_000))
		}
		fmt.Fprint(w, "page")
	})
	slow := func(n browser.NetworkProfile, cpu float64) *session {
		return open(t, shared.get(), emulating("", func(e *browser.Emulation) { e.Network, e.CPU = &n, cpu }))
	}
	s := slow(browser.NetworkProfile{Latency: 300 * time.Millisecond, Download: 100_000, Upload: 100_000}, 4)
	start := time.Now()
	navigate(t, s, web.URL)
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Errorf("a page came in %v over a network with a latency of 300 ms", took)
	}
	if took := script[float64](t, s, `const start = performance.now(); await (await fetch("/big")).text(); return performance.now() - start`); took < 600 {
		t.Errorf("50 kB came in %v ms at 100 kB/s after 300 ms", took)
	}

	s = slow(browser.NetworkProfiles()["offline"], 0)
	wantFailure(t, s.Navigate(testContext(t), web.URL), browser.ClassNetwork, "offline", "throttle")
	if script[bool](t, s, "return navigator.onLine") {
		t.Error("the page does not know that it is offline")
	}
}

func TestUnknownSettings(t *testing.T) {
	for _, c := range []struct {
		change func(*browser.Emulation)
		words  []string
	}{
		{func(e *browser.Emulation) { e.TimeZone = "Mars/Base" }, []string{"page_timezone", "Mars/Base", "Europe/Berlin"}},
		{func(e *browser.Emulation) { e.Locale = "not a locale" }, []string{"locale", "not a locale", "de-DE"}},
	} {
		s, err := shared.get().Open(testContext(t), browser.Options{Emulation: browser.Emulation{}})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		o := browser.Options{InitScript: initScript}
		emulating("", c.change)(&o)
		_, err = shared.get().Open(testContext(t), o)
		wantFailure(t, err, browser.ClassInternal, c.words...)
	}
}
