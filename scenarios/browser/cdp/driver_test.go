package cdp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

func TestFind(t *testing.T) {
	path, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	t.Setenv("PATH", "")
	if path, err := Find(); err != nil {
		wantFailure(t, err, browser.ClassBrowser, "no browser is installed")
	} else if !strings.HasPrefix(path, "/") {
		t.Errorf("found %q without a PATH", path)
	}
}

func TestNoBrowser(t *testing.T) {
	for _, path := range []string{"/nowhere/chromium", "/bin/false"} {
		d := newDriver(t, func(c *Config) { c.Path = path })
		_, err := d.Open(testContext(t), browser.Options{})
		wantFailure(t, err, browser.ClassBrowser, "did not start")
		if running := len(d.running); running != 0 {
			t.Errorf("%d browsers count as running", running)
		}
	}
}

func TestSandbox(t *testing.T) {
	d := newDriver(t, func(c *Config) { c.Sandbox = true })
	s, err := d.Open(testContext(t), browser.Options{InitScript: initScript})
	switch {
	case err != nil: // for root always, for others where the system does not allow it
		wantFailure(t, err, browser.ClassBrowser, "sandbox: false")
	case os.Geteuid() == 0:
		t.Error("root got a sandbox")
	default:
		if got := eval[int](t, s.(*session), "add", 1, 2); got != 3 {
			t.Errorf("got %d", got)
		}
	}
	f := &folder{path: "/x"}
	if strings.Contains(strings.Join(arguments(Config{Sandbox: true}, f), " "), "--no-sandbox") {
		t.Error("--no-sandbox is given although the sandbox is wanted")
	}
	if !strings.Contains(strings.Join(arguments(Config{}, f), " "), "--no-sandbox") {
		t.Error("--no-sandbox is not given")
	}
	var log syncBuffer
	d = New(Config{Log: slog.New(slog.NewTextHandler(&log, nil)), ProfileDir: t.TempDir(), Path: "/nowhere/chromium"})
	for range 2 {
		_, err := d.Open(testContext(t), browser.Options{})
		wantFailure(t, err, browser.ClassBrowser)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if got := strings.Count(log.String(), "sandbox: false"); got != 1 {
		t.Errorf("the log says %d times that there is no sandbox: %s", got, log.String())
	}
}

func TestArguments(t *testing.T) {
	f := &folder{path: "/x"}
	args := strings.Join(arguments(Config{ProxyURL: "http://me:secret@proxy.example:3128"}, f), " ")
	for _, bad := range []string{"secret", "single-process", "disable-web-security", "remote-debugging-port"} {
		if strings.Contains(args, bad) {
			t.Errorf("%q is in %s", bad, args)
		}
	}
	if !strings.Contains(args, "--proxy-server=http://proxy.example:3128") {
		t.Errorf("no proxy in %s", args)
	}
	if strings.Count(args, "--disable-features=") != 1 {
		t.Errorf("disable-features is not one list in %s", args)
	}
	if headed := strings.Join(arguments(Config{Headed: true}, f), " "); strings.Contains(headed, "--headless") {
		t.Errorf("headed, but %s", headed)
	}
	if !smallSharedMemory("/nowhere") {
		t.Error("a missing /dev/shm is not small")
	}
}

// A browser costs one message, and a session three to get a tab of its own and no more than ten in all.
func TestAttachIsLean(t *testing.T) {
	d := newDriver(t)
	var mu sync.Mutex
	var sent []string
	d.trace = func(format string, args ...any) {
		if strings.HasPrefix(format, "-> ") {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, fmt.Sprintf(format, args...))
		}
	}
	s := open(t, d)
	mu.Lock()
	defer mu.Unlock()
	var attach int
	for i, m := range sent {
		for _, bad := range []string{"DOM.", "CSS.", "Network.", "Inspector.", "setDiscoverTargets", "attachToTarget", "setLifecycleEventsEnabled"} {
			if strings.Contains(m, bad) {
				t.Errorf("sent %s", m)
			}
		}
		if strings.Contains(m, "Page.enable") {
			attach = i - 2 // without Browser.getVersion and Target.setAutoAttach, the first messages to a browser
			break
		}
	}
	if attach != 3 {
		t.Errorf("attaching took %d messages, want 3: %s", attach, strings.Join(sent, "\n"))
	}
	t.Logf("attach: %d messages, with setting up: %d", attach, len(sent)-2)
	if s.in.full {
		return
	}
	if len(sent)-2 > 10 {
		t.Errorf("opening took %d messages: %s", len(sent)-2, strings.Join(sent, "\n"))
	}
}

func TestOneBrowserServesAll(t *testing.T) {
	d := newDriver(t)
	var wg sync.WaitGroup
	got := make([]*session, 4)
	for i := range got {
		wg.Go(func() {
			s, err := d.Open(testContext(t), browser.Options{InitScript: initScript})
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = s.(*session)
		})
	}
	wg.Wait()
	for _, s := range got {
		if s == nil || s.in != got[0].in {
			t.Fatal("the sessions are not all in one browser")
		}
		s.Close()
		s.Close() // harmless
	}
	eventually(t, "teardown of the sessions", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return got[0].in.inUse == 0
	})
	if n := pages(t, got[0].in); n != 0 {
		t.Errorf("%d pages are left", n)
	}
}

// pages counts the open pages of a browser.
func pages(t *testing.T, in *instance) int {
	t.Helper()
	var r struct {
		TargetInfos []struct {
			Type string `json:"type"`
		} `json:"targetInfos"`
	}
	if err := in.browser.Call(testContext(t), "Target.getTargets", nil, &r); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, i := range r.TargetInfos {
		if i.Type == "page" {
			n++
		}
	}
	return n
}

func TestRecycle(t *testing.T) {
	for name, limit := range map[string]limits{
		"sessions": {1, time.Hour, 1 << 40},
		"age":      {1000, time.Nanosecond, 1 << 40},
		"memory":   {1000, time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			web := site(t, map[string]string{"/": "old"})
			d := newDriver(t)
			d.limits = limits{1000, time.Hour, 1 << 40}
			first := open(t, d)
			d.mu.Lock()
			d.limits = limit
			d.mu.Unlock()
			second := open(t, d)
			if first.in == second.in {
				t.Fatal("the browser was not replaced")
			}
			navigate(t, first, web.URL) // in flight, and not disturbed
			eval[any](t, first, "loaded")
			if got := bodyText(t, first); got != "old" {
				t.Errorf("got %q in the retired browser", got)
			}
			old := first.in
			first.Close()
			eventually(t, "the end of the retired browser", func() bool {
				d.mu.Lock()
				defer d.mu.Unlock()
				_, running := d.running[old]
				return !running
			})
			if left := processes(leftovers(old.process.folder.path, old.process.record)); len(left) > 0 {
				t.Errorf("processes of the retired browser are left: %v", left)
			}
			navigate(t, second, web.URL)
		})
	}
}

func TestBrowserKilled(t *testing.T) {
	d := newDriver(t)
	s := open(t, d)
	navigate(t, s, site(t, map[string]string{"/": "x"}).URL)
	result := make(chan error, 1)
	go func() {
		_, err := s.Eval(testContext(t), "never")
		result <- err
	}()
	eval[int](t, s, "add", 1, 2) // it is waiting now
	start := time.Now()
	if err := syscall.Kill(s.in.process.record.Browser, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, <-result, browser.ClassBrowser, "the browser died", "killed")
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v to tell", took)
	}
	within(t, time.Second, "a later method", func() {
		wantFailure(t, s.Navigate(testContext(t), "about:blank"), browser.ClassBrowser, "died")
		_, err := s.Capture(testContext(t), browser.CaptureOptions{})
		wantFailure(t, err, browser.ClassBrowser, "died")
	})
	again := open(t, d)
	if again.in == s.in {
		t.Error("the dead browser is used again")
	}
	if got := eval[int](t, again, "add", 1, 2); got != 3 {
		t.Errorf("got %d", got)
	}
}

func TestRendererKilled(t *testing.T) {
	d := newDriver(t)
	s := open(t, d)
	navigate(t, s, site(t, map[string]string{"/": "x"}).URL)
	result := make(chan error, 1)
	go func() {
		_, err := s.Eval(testContext(t), "never")
		result <- err
	}()
	eval[int](t, s, "add", 1, 2)
	renderers := processes(func(p proc) bool {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
		return p.uses(s.in.process.folder.path) && strings.Contains(string(b), "--type=renderer")
	})
	if len(renderers) == 0 {
		t.Fatal("found no renderer")
	}
	start := time.Now()
	for _, p := range renderers {
		if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	wantFailure(t, <-result, browser.ClassBrowser, "crashed")
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v to tell", took)
	}
	within(t, time.Second, "a later method", func() {
		wantFailure(t, s.Keys(testContext(t), "a"), browser.ClassBrowser, "crashed")
		wantFailure(t, s.Settle(testContext(t)), browser.ClassBrowser, "crashed")
	})
	if again := open(t, d); again.in == s.in {
		t.Error("the browser whose page crashed is used again")
	}
}

func TestFrozenBrowserIsClosed(t *testing.T) {
	d := newDriver(t)
	s := open(t, d)
	for _, p := range processes(func(p proc) bool { return p.uses(s.in.process.folder.path) }) {
		if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Eval(ctx, "add", 1, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v of a frozen browser", err)
	}
	within(t, 6*time.Second, "Close", func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestFrozenSessionIsClosed(t *testing.T) {
	d := newDriver(t)
	s := open(t, d)
	in := s.in
	for _, p := range processes(func(p proc) bool { return p.uses(in.process.folder.path) }) {
		if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	within(t, 100*time.Millisecond, "Session.Close", func() { s.Close() })
	eventually(t, "the replacement of the frozen browser", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return in.retired
	})
}

func TestOpenObeysItsContext(t *testing.T) {
	d := newDriver(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := d.Open(ctx, browser.Options{})
	wantFailure(t, err, browser.ClassBrowser, "did not start in time")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
	s := open(t, d) // starts it
	_, err = d.Open(ctx, browser.Options{})
	wantFailure(t, err, browser.ClassBrowser)
	s.Close()
	eventually(t, "the return of both sessions", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return s.in.inUse == 0
	})
	if n := pages(t, s.in); n != 0 {
		t.Errorf("%d pages are left of an Open that was given up", n)
	}
}

func TestClosedDriver(t *testing.T) {
	d := newDriver(t)
	s := open(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Eval(testContext(t), "add", 1, 2)
	wantFailure(t, err, browser.ClassBrowser)
	_, err = d.Open(testContext(t), browser.Options{})
	wantFailure(t, err, browser.ClassBrowser)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error("closing twice:", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")
	t.Setenv("LANG", "C.UTF-8")
	d := newDriver(t)
	s := open(t, d)
	dir := s.in.process.folder.path
	seen := 0
	for _, p := range processes(func(p proc) bool { return p.uses(dir) }) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.pid))
		if err != nil {
			continue // it ended meanwhile
		}
		seen++
		if strings.Contains(string(b), "secret") {
			t.Errorf("process %d has the secret: %q", p.pid, b)
		}
	}
	if seen == 0 {
		t.Error("looked at no process")
	}
	env := strings.Join(environment(Config{}, s.in.process.folder, os.LookupEnv), "\n")
	for _, want := range []string{"HOME=" + dir + "/", "TMPDIR=tmp", "PATH=", "LANG=C.UTF-8"} {
		if !strings.Contains(env, want) {
			t.Errorf("no %s in %s", want, env)
		}
	}
	if strings.Contains(env, "DISPLAY") {
		t.Errorf("a headless browser gets a display: %s", env)
	}
}

// A full browser makes a socket in its TMPDIR, and the path of a socket is short.
func TestLongProfilePath(t *testing.T) {
	d := newDriver(t, func(c *Config) { c.ProfileDir = filepath.Join(c.ProfileDir, strings.Repeat("a", 100)) })
	if got := eval[int](t, open(t, d), "add", 1, 2); got != 3 {
		t.Errorf("got %d", got)
	}
}

func TestReason(t *testing.T) {
	for out, want := range map[string]string{
		"": "",
		"[1:1:x:WARNING:a.cc(1)] w\nno such file\n[1:1:x:INFO:a.cc(1)] i\n":               "no such file",
		"[1:1:x:FATAL:a.cc(1)] Check failed\n#0 0x5\n[1:1:x:ERROR:b.cc(2)] Broken pipe\n": "[1:1:x:FATAL:a.cc(1)] Check failed",
	} {
		o := &tail{max: 1000}
		fmt.Fprint(o, out)
		if got := o.reason(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	o := &tail{max: 4}
	fmt.Fprint(o, "abc")
	fmt.Fprint(o, "def")
	if o.String() != "cdef" {
		t.Errorf("the tail is %q", o.String())
	}
}

// Debian's chromium-headless-shell is a shell script that stays the parent of the browser.
func TestWrapperScript(t *testing.T) {
	path, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	script := t.TempDir() + "/browser"
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+path+" \"$@\"\nexit $?\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := newDriver(t, func(c *Config) { c.Path = script })
	s := open(t, d)
	if got := eval[int](t, s, "add", 1, 2); got != 3 {
		t.Errorf("got %d", got)
	}
	// Killed is only the script: the browser must end all the same.
	if err := syscall.Kill(s.in.process.record.Browser, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
