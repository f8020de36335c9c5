package cdp

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"trackwalker/scenarios/browser"
)

// Find gives the path of a browser on this machine. The headless shell comes first: it needs less than half of the CPU
// time of the full browser.
func Find() (string, error) {
	for _, name := range []string{
		// Debian's command is a shell script that stays the browser's parent, so that signals would meet the script.
		"/usr/lib/chromium/chromium-headless-shell",
		"chromium-headless-shell", "chrome-headless-shell", "headless_shell", "headless-shell",
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/opt/google/chrome/chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &browser.Failure{
		Class:   browser.ClassBrowser,
		Message: "no browser is installed",
		Hint:    "install chromium-headless-shell, chromium or google-chrome, or give the browser's path in agent.yaml",
	}
}

// process is one browser with all its children.
type process struct {
	folder    *folder
	transport *transport
	record    record
	stderr    *tail

	exited  chan struct{} // closed when the first process is reaped
	waitErr error         // valid then
	stop    sync.Once
	stopErr error
}

// startProcess starts a browser with a folder of its own under c.ProfileDir.
func startProcess(c Config) (*process, error) {
	path := c.Path
	if path == "" {
		var err error
		if path, err = Find(); err != nil {
			return nil, err
		}
	}
	if c.Sandbox && os.Geteuid() == 0 {
		return nil, &browser.Failure{
			Class:   browser.ClassBrowser,
			Message: "the browser's sandbox does not work for root",
			Hint:    "run the agent as another user, or, where the pages are trusted, say sandbox: false for this browser in agent.yaml",
		}
	}
	f, err := newFolder(c.ProfileDir)
	if err != nil {
		return nil, fmt.Errorf("making the browser's folder: %w", err)
	}
	p := &process{folder: f, stderr: &tail{max: 8 << 10}, exited: make(chan struct{})}
	if err := p.start(path, c); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	return p, nil
}

func (p *process) start(path string, c Config) error {
	// The browser reads commands from its descriptor 3 and writes to 4. No port is opened.
	commandsR, commandsW, err := os.Pipe()
	if err != nil {
		return err
	}
	eventsR, eventsW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, commandsR.Close(), commandsW.Close())
	}
	cmd := exec.Command(path, arguments(c, p.folder)...) //nolint:noctx // it outlives every context, and end ends it
	cmd.Env = environment(c, p.folder, os.LookupEnv)
	cmd.Dir = p.folder.path
	cmd.Stderr = p.stderr
	cmd.ExtraFiles = []*os.File{commandsR, eventsW}
	cmd.WaitDelay = time.Second // a child that outlives its parent holds standard error open
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	started := make(chan error)
	go func() {
		// Pdeathsig tells of the death of the thread that started the browser, so that thread stays with it to its end.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.waitErr = cmd.Wait()
			close(p.exited)
		}
	}()
	err = <-started
	_ = commandsR.Close()
	_ = eventsW.Close()
	if err != nil {
		_ = commandsW.Close()
		_ = eventsR.Close()
		return fmt.Errorf("starting the browser: %w", err)
	}
	p.transport = newTransport(eventsR, commandsW)
	if p.record, err = p.folder.write(cmd.Process.Pid); err != nil {
		return errors.Join(fmt.Errorf("recording the browser's process: %w", err), p.end(0))
	}
	return nil
}

// arguments gives the browser's command line, which is what Playwright's experience says, for the most part.
func arguments(c Config, f *folder) []string {
	args := []string{
		"--remote-debugging-pipe",
		"--no-startup-window",
		"--user-data-dir=" + f.profile(),
		"--disable-field-trial-config",
		"--disable-background-networking",
		"--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows",
		"--disable-back-forward-cache",
		"--disable-breakpad",
		"--disable-client-side-phishing-detection",
		"--disable-component-extensions-with-background-pages",
		"--disable-component-update",
		"--disable-default-apps",
		"--disable-extensions",
		// One list: a second flag would replace the first.
		"--disable-features=" + strings.Join([]string{
			"AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "DialMediaRouteProvider",
			"GlobalMediaControls", "HttpsUpgrades", "LensOverlay", "LocalNetworkAccessChecks", "MediaRouter",
			"OptimizationHints", "PaintHolding", "RenderDocument", "ThirdPartyStoragePartitioning", "Translate",
		}, ","),
		"--disable-hang-monitor",
		"--disable-ipc-flooding-protection",
		"--disable-popup-blocking",
		"--disable-prompt-on-repost",
		"--disable-renderer-backgrounding",
		"--disable-search-engine-choice-screen",
		"--disable-sync",
		"--enable-automation",
		"--allow-pre-commit-input",
		"--force-color-profile=srgb",
		"--metrics-recording-only",
		"--no-default-browser-check",
		"--no-first-run",
		"--no-service-autorun",
		"--password-store=basic",
		"--use-mock-keychain",
	}
	if !c.Headed {
		args = append(args, "--headless", "--hide-scrollbars", "--mute-audio",
			// A machine without a mouse is still tested as one with.
			"--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4")
	}
	if !c.Sandbox {
		args = append(args, "--no-sandbox")
	}
	if smallSharedMemory("/dev/shm") {
		args = append(args, "--disable-dev-shm-usage")
	}
	if c.ProxyURL != "" {
		args = append(args, "--proxy-server="+withoutUser(c.ProxyURL))
	}
	return append(args, c.flags...)
}

// withoutUser drops name and password, which the browser ignores and every user of the machine could read.
func withoutUser(proxy string) string {
	if u, err := url.Parse(proxy); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	return proxy
}

// smallSharedMemory reports whether a browser would run out of shared memory in dir and crash, as it does with the 64 MB
// of a container by default. Everywhere else, shared memory is faster than files.
func smallSharedMemory(dir string) bool {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return true
	}
	return s.Blocks*uint64(s.Bsize) < 512<<20
}

// environment gives the browser what it needs, and none of the agent's secrets.
func environment(c Config, f *folder, lookup func(string) (string, bool)) []string {
	names := []string{"PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH"}
	if c.Headed {
		names = append(names, "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
	}
	// TMPDIR is relative to the folder that the browser is started in: it makes a socket there, whose path may have no more
	// than 107 bytes.
	env := []string{"HOME=" + f.home(), "TMPDIR=" + filepath.Base(f.temp())}
	for _, n := range names {
		if v, ok := lookup(n); ok {
			env = append(env, n+"="+v)
		}
	}
	return env
}

// end asks the browser to exit, and kills what is left of it after grace. It returns when its processes are gone and its
// folder is removed.
func (p *process) end(grace time.Duration) error {
	p.stop.Do(func() {
		if grace > 0 {
			go func() { _ = p.transport.quit() }() // a frozen browser does not even take the command
			select {
			case <-p.exited:
			case <-time.After(grace):
			}
		}
		err := killAll(3*time.Second, leftovers(p.folder.path, p.record))
		if err == nil {
			<-p.exited
		}
		_ = p.transport.Close()
		p.stopErr = errors.Join(err, p.folder.remove())
	})
	return p.stopErr
}

// died says how the browser ended, for a message. It waits a moment, because the pipe closes before the process is reaped.
func (p *process) died() string {
	var s string
	select {
	case <-p.exited:
		s = "exit status 0"
		if p.waitErr != nil {
			s = p.waitErr.Error()
		}
	case <-time.After(200 * time.Millisecond):
		s = "it closed the connection"
	}
	if line := p.stderr.reason(); line != "" {
		s += ": " + line
	}
	return s
}

// startFailure explains why a browser did not come up.
func (p *process) startFailure(err error) *browser.Failure {
	f := &browser.Failure{Class: browser.ClassBrowser, Message: "the browser did not start: " + p.died(), Err: err}
	out := p.stderr.String()
	switch {
	case strings.Contains(out, "No usable sandbox") || strings.Contains(out, "without --no-sandbox"):
		f.Hint = "the system does not allow the browser's sandbox: allow user namespaces, or, where the pages are trusted, " +
			"say sandbox: false for this browser in agent.yaml"
	case strings.Contains(out, "error while loading shared libraries"):
		f.Hint = "install the libraries that the browser needs"
	case strings.Contains(out, "Missing X server") || strings.Contains(out, "ozone_platform"):
		f.Hint = "a headed browser needs a display: set DISPLAY, or run it without --headed"
	}
	return f
}

// tail keeps the end of what is written to it. It is safe for concurrent use.
type tail struct {
	mu  sync.Mutex
	buf []byte
	max int
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// reason gives the line that tells why the browser ended: the fatal one, or else the last one that is an error; nothing if
// there is none. Browsers write a lot that means nothing.
func (t *tail) reason() string {
	var reason string
	for line := range strings.Lines(t.String()) {
		line = strings.TrimSpace(line)
		switch {
		case strings.Contains(line, ":FATAL:"):
			return cut(line, 300)
		case line != "" && !strings.Contains(line, ":WARNING:") && !strings.Contains(line, ":INFO:"):
			reason = line
		}
	}
	return cut(reason, 300)
}

// defaultProfileDir is used when the configuration names none.
func defaultProfileDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("trackwalker-browsers-%d", os.Getuid()))
}
