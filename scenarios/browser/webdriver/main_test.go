package webdriver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trackwalker/scenarios/browser"
)

// helperVariable makes the test binary an agent that starts a browser and waits to be killed; browserVariable says which.
const (
	helperVariable  = "WEBDRIVER_TEST_HELPER_DIR"
	browserVariable = "WEBDRIVER_TEST_HELPER_BROWSER"
)

// profiles is where the tests keep their drivers, so that leftovers are found at the end.
var profiles string

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		helper(dir, os.Getenv(browserVariable))
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if profiles, err = os.MkdirTemp("", "webdriver"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(profiles)
	if code := m.Run(); code != 0 {
		return code
	}
	code := 0
	if left := processes(func(p proc) bool { return p.uses(profiles) }); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "processes are left:", left)
		code = 1
	}
	if left, _ := filepath.Glob(filepath.Join(profiles, "*", folderPrefix+"*")); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "folders are left:", left)
		code = 1
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		code = 1
	}
	return code
}

// installed are the browsers whose drivers are on this machine.
func eachBrowser(t *testing.T, f func(t *testing.T, name string)) {
	for _, name := range []string{"chrome", "webkit"} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(kindOf(name).program); err != nil {
				t.Skip(err)
			}
			f(t, name)
		})
	}
}

// newDriver gives a driver whose processes and folders are gone after the test.
func newDriver(t *testing.T, c Config) *Driver {
	t.Helper()
	dir, err := os.MkdirTemp(profiles, "own")
	if err != nil {
		t.Fatal(err)
	}
	c.ProfileDir = dir
	c.Log = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	d := New(c)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing the driver: %v", err)
		}
		wantNothingLeft(t, dir)
	})
	return d
}

func wantNothingLeft(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(dir, folderPrefix+"*")); len(left) > 0 {
		t.Errorf("folders are left: %v", left)
	}
	if left := processes(func(p proc) bool { return p.uses(dir) }); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}

// testWriter writes the log to the test; t.Output needs no lines.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) { return w.t.Output().Write(p) }

// initScript stands for the page script.
const initScript = `globalThis.tw = {
	add: (a, b) => a + b,
	never: () => new Promise(done => { globalThis.held = done }),
}`

func open(t *testing.T, d *Driver) *session {
	t.Helper()
	s, err := d.Open(testContext(t), browser.Options{InitScript: initScript})
	if err != nil {
		t.Fatalf("opening a session: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	if c, ok := s.(*chromeSession); ok {
		return c.session
	}
	return s.(*session)
}

// testContext is for what must work: its deadline only ends a test that hangs.
func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// wantWorks wants a session to run the page script.
func wantWorks(t *testing.T, s *session) {
	t.Helper()
	if raw, err := s.Eval(testContext(t), "add", 1, 2); err != nil || string(raw) != "3" {
		t.Fatalf("1 + 2 is %s, %v", raw, err)
	}
}

// wantFailure wants a *browser.Failure of a class with some words in it.
func wantFailure(t *testing.T, err error, class browser.Class, words ...string) {
	t.Helper()
	var f *browser.Failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v (%T), want a failure of class %s", err, err, class)
	}
	if f.Class != class {
		t.Errorf("got class %s, want %s: %v", f.Class, class, err)
	}
	for _, w := range words {
		if !strings.Contains(f.Error(), w) {
			t.Errorf("%q does not say %q", f, w)
		}
	}
}

// eventually waits for what happens in its own time.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}
