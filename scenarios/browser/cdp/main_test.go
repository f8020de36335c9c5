package cdp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trackwalker/scenarios/browser"
)

// helperVariable makes the test binary an agent that starts a browser and waits to be killed.
const helperVariable = "CDP_TEST_HELPER_DIR"

// browserVariable names another browser to test with than Find gives.
const browserVariable = "CDP_TEST_BROWSER"

// profiles is where all tests keep their browsers, so that leftovers are found at the end.
var profiles string

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		helper(dir)
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if _, err := Find(); err != nil {
		fmt.Fprintln(os.Stderr, "these tests need a browser:", err)
		return 1
	}
	var err error
	if profiles, err = os.MkdirTemp("", "cdp"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(profiles)
	code := m.Run()
	if code != 0 {
		return code
	}
	shared.close()
	if left := processes(func(p proc) bool { return p.uses(profiles) }); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "browser processes are left:", left)
		code = 1
	}
	if left, _ := filepath.Glob(filepath.Join(profiles, "*", folderPrefix+"*")); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "browser folders are left:", left)
		code = 1
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		code = 1
	}
	return code
}

// initScript stands for the page script.
const initScript = `globalThis.tw = {
	add: (a, b) => a + b,
	echo: (...args) => args,
	href: () => location.href,
	sleep: ms => new Promise(done => setTimeout(done, ms)),
	never: () => new Promise(done => { globalThis.held = done }),
	spin: () => { while (true); },
	nan: () => NaN,
	nothing: () => undefined,
	boom: () => { throw new TypeError("it went wrong") },
	say: text => console.error(text),
	mark: () => { globalThis.marked = true },
	page: () => ({marked: typeof globalThis.marked, own: typeof globalThis.own}),
	center: async css => {
		while (!document.querySelector(css)) await new Promise(done => setTimeout(done, 5));
		const r = document.querySelector(css).getBoundingClientRect();
		return {x: r.x + r.width / 2, y: r.y + r.height / 2};
	},
	loaded: () => document.readyState == "complete" || new Promise(done => addEventListener("load", () => done())),
}`

// shared is the driver of most tests: one browser for all of them, as in an agent.
var shared sharedDriver

type sharedDriver struct {
	once sync.Once
	d    *Driver
}

func (s *sharedDriver) get() *Driver {
	s.once.Do(func() {
		s.d = New(Config{ProfileDir: filepath.Join(profiles, "shared"), Path: os.Getenv(browserVariable)})
		s.d.limits.sessions = 1000 // recycling is tested elsewhere
	})
	return s.d
}

func (s *sharedDriver) close() {
	if s.d != nil {
		if err := s.d.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "closing the shared driver:", err)
		}
	}
}

// newDriver gives a driver with browsers of its own, which are gone after the test.
func newDriver(t *testing.T, change ...func(*Config)) *Driver {
	t.Helper()
	dir, err := os.MkdirTemp(profiles, "own")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{ProfileDir: dir, Path: os.Getenv(browserVariable), Log: slog.New(slog.NewTextHandler(testWriter{t}, nil))}
	for _, f := range change {
		f(&c)
	}
	d := New(c)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing the driver: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(c.ProfileDir, folderPrefix+"*")); len(left) > 0 {
			t.Errorf("folders are left: %v", left)
		}
		if left := processes(func(p proc) bool { return p.uses(c.ProfileDir) }); len(left) > 0 {
			t.Errorf("processes are left: %v", left)
		}
	})
	return d
}

// testWriter writes the log to the test; t.Output needs no lines.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) { return w.t.Output().Write(p) }

// open gives a session of d that is closed after the test.
func open(t *testing.T, d *Driver, change ...func(*browser.Options)) *session {
	t.Helper()
	o := browser.Options{InitScript: initScript}
	for _, f := range change {
		f(&o)
	}
	s, err := d.Open(testContext(t), o)
	if err != nil {
		t.Fatalf("opening a session: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s.(*session)
}

// testContext is for what must work: its deadline only ends a test that hangs.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// site serves pages by path.
func site(t *testing.T, pages map[string]string) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, body)
	})
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = silent()
	s.Start()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

func navigate(t *testing.T, s *session, url string) {
	t.Helper()
	if err := s.Navigate(testContext(t), url); err != nil {
		t.Fatalf("going to %s: %v", url, err)
	}
}

// eval calls a function of the page script and wants a value.
func eval[T any](t *testing.T, s *session, function string, args ...any) T {
	t.Helper()
	ctx := testContext(t)
	for {
		raw, err := s.Eval(ctx, function, args...)
		if err == browser.ErrDocumentGone {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", function, err)
		}
		return decode[T](t, raw)
	}
}

// bodyText gives what the page shows, once its HTML is parsed: a navigation returns before that.
func bodyText(t *testing.T, s *session) string {
	t.Helper()
	return script[string](t, s, `if (document.readyState === 'loading') await new Promise(done => addEventListener('DOMContentLoaded', done));
		return document.body.innerText`)
}

// script runs JavaScript in the page's own world and wants a value.
func script[T any](t *testing.T, s *session, body string) T {
	t.Helper()
	raw, err := s.Script(testContext(t), body, nil)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return decode[T](t, raw)
}

func decode[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

// at gives the middle of an element.
func at(t *testing.T, s *session, css string) browser.Point {
	t.Helper()
	p := eval[struct{ X, Y float64 }](t, s, "center", css)
	return browser.Point{X: p.X, Y: p.Y}
}

func click(t *testing.T, s *session, css string) {
	t.Helper()
	p := at(t, s, css)
	err := s.Pointer(testContext(t),
		browser.PointerEvent{Kind: browser.PointerMove, At: p},
		browser.PointerEvent{Kind: browser.PointerDown, At: p, Button: browser.ButtonLeft, Clicks: 1},
		browser.PointerEvent{Kind: browser.PointerUp, At: p, Button: browser.ButtonLeft, Clicks: 1})
	if err != nil {
		t.Fatalf("clicking %s: %v", css, err)
	}
}

func settle(t *testing.T, s *session) {
	t.Helper()
	if err := s.Settle(testContext(t)); err != nil {
		t.Fatalf("settling: %v", err)
	}
}

// wantFailure wants a *browser.Failure of a class with some words in it.
func wantFailure(t *testing.T, err error, class browser.Class, words ...string) {
	t.Helper()
	f, ok := err.(*browser.Failure)
	if !ok {
		t.Fatalf("got %v (%T), want a failure of class %s", err, err, class)
	}
	if f.Class != class {
		t.Errorf("got class %s, want %s: %v", f.Class, class, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// eventually waits for what the browser does in its own time.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 10 s", what)
		}
	}
}

// within wants f to end long before a deadline that it would otherwise wait for.
func within(t *testing.T, limit time.Duration, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > limit {
		t.Errorf("%s took %v, want less than %v", what, took, limit)
	}
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// silent is where servers write what clients do to them on purpose.
func silent() *log.Logger { return slog.NewLogLogger(slog.DiscardHandler, 0) }
