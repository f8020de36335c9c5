package webdriver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"trackwalker/scenarios/browser"
)

// service is one local driver process with all that it starts: browsers, and the screen where they need one.
type service struct {
	driver *Driver
	base   *url.URL
	folder *folder
	record record
	output *tail

	gone context.Context // ends with the process; its cause is a *browser.Failure
	die  context.CancelCauseFunc

	said  *os.File      // what the driver and its browsers write; nil: it was not started
	heard chan struct{} // closed when all of that was read

	exited   chan struct{} // closed when the process is reaped
	screened chan struct{} // the same of its screen
	stop     sync.Once
	stopErr  error
}

// startService starts the driver and waits until it answers. A port that another process takes first is a reason to try anew.
func startService(ctx context.Context, d *Driver) (*service, error) {
	command, err := d.command()
	if err != nil {
		return nil, err
	}
	if d.config.Sandbox && os.Geteuid() == 0 && d.kind.rootless {
		return nil, &browser.Failure{
			Class:   browser.ClassBrowser,
			Message: "the browser's sandbox does not work for root",
			Hint:    "run the agent as another user, or, where the pages are trusted, say sandbox: false for this browser in agent.yaml",
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for try := 1; ; try++ {
		s, err := d.launch(ctx, command)
		if err == nil || try == 3 || ctx.Err() != nil || !strings.Contains(err.Error(), "port") {
			return s, err
		}
	}
}

// command gives the driver's program and its arguments, without the port.
func (d *Driver) command() ([]string, error) {
	command := d.config.Command
	if len(command) == 0 {
		command = []string{d.kind.program}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return nil, &browser.Failure{
			Class: browser.ClassBrowser, Message: fmt.Sprintf("the driver %s is not installed", command[0]), Err: err,
			Hint: "install it" + debian(d.kind.debian) + ", or give its path as command, or the url of one that runs elsewhere, in agent.yaml",
		}
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return append([]string{path}, command[1:]...), nil
}

// debian says how to install a package on Debian, for a hint.
func debian(pkg string) string {
	if pkg == "" {
		return ""
	}
	return " (Debian: apt-get install " + pkg + ")"
}

func (d *Driver) launch(ctx context.Context, command []string) (*service, error) {
	f, err := newFolder(d.config.ProfileDir)
	if err != nil {
		return nil, fmt.Errorf("making the driver's folder: %w", err)
	}
	s := &service{driver: d, folder: f, output: &tail{max: 8 << 10}, exited: make(chan struct{}), screened: make(chan struct{})}
	s.gone, s.die = context.WithCancelCause(context.Background())
	if err := s.launch(ctx, command); err != nil {
		return nil, errors.Join(err, s.end())
	}
	return s, nil
}

func (s *service) launch(ctx context.Context, command []string) error {
	env := environment(s.driver.config, s.folder, os.LookupEnv)
	env = append(env, s.driver.kind.env...)
	if s.driver.kind.browser == "firefox" {
		env = append(env, "TMPDIR="+s.folder.temp()) // it makes no sockets there, and passes the path on
	}
	if s.driver.kind.screen && !(s.driver.config.Headed && os.Getenv("DISPLAY") != "") {
		display, err := s.startScreen(ctx, env)
		if err != nil {
			close(s.exited)
			return err
		}
		env = append(env, "DISPLAY="+display)
	} else {
		close(s.screened)
	}
	port, err := freePort()
	if err != nil {
		close(s.exited)
		return err
	}
	s.base = &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	cmd := s.program(command[0], append(command[1:], fmt.Sprintf("--port=%d", port)), env)
	// A pipe of our own: browsers hold its end open, and the death of the driver shall be known at once.
	read, write, err := os.Pipe()
	if err != nil {
		close(s.exited)
		return err
	}
	s.heard = make(chan struct{})
	s.said = read
	go func() {
		defer close(s.heard)
		_, _ = io.Copy(s.output, read)
	}()
	cmd.Stdout, cmd.Stderr = write, write
	defer func() { _ = write.Close() }()
	if err := begin(cmd, func(err error) {
		time.Sleep(20 * time.Millisecond) // for its last words
		s.die(&browser.Failure{Class: browser.ClassBrowser, Message: "the driver died: " + s.died(err), Err: err})
		close(s.exited)
	}); err != nil {
		close(s.exited)
		return fmt.Errorf("starting the driver: %w", err)
	}
	if s.record, err = s.folder.write(cmd.Process.Pid); err != nil {
		return fmt.Errorf("recording the driver's process: %w", err)
	}
	if err := s.await(ctx); err != nil {
		return err
	}
	s.driver.log.Info("started the driver", "command", command[0], "pid", cmd.Process.Pid, "folder", s.folder.path)
	return nil
}

// program gives a command that runs in the service's folder, in a process group of its own.
func (s *service) program(path string, args, env []string) *exec.Cmd {
	cmd := exec.Command(path, args...) //nolint:noctx // it outlives every context, and end ends it
	cmd.Dir, cmd.Env = s.folder.path, env
	cmd.WaitDelay = time.Second // a child that outlives its parent holds the output open
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// begin starts a command, and calls ended when it was reaped.
func begin(cmd *exec.Cmd, ended func(error)) error {
	started := make(chan error)
	go func() {
		// Pdeathsig tells of the death of the thread that started the process, so that thread stays with it to its end.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended(cmd.Wait())
		}
	}()
	return <-started
}

// startScreen starts a screen for browsers that have no mode without one, and gives its name.
func (s *service) startScreen(ctx context.Context, env []string) (string, error) {
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		close(s.screened)
		return "", &browser.Failure{
			Class: browser.ClassBrowser, Message: "this browser needs a screen, and Xvfb is not installed", Err: err,
			Hint: "install it (Debian: apt-get install xvfb)",
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		close(s.screened)
		return "", err
	}
	defer func() { _ = r.Close() }()
	cmd := s.program(path, []string{"-displayfd", "3", "-screen", "0", "1920x1440x24", "-nolisten", "tcp", "-noreset"}, env)
	cmd.ExtraFiles = []*os.File{w}
	cmd.Stderr = s.output
	err = begin(cmd, func(err error) {
		s.die(&browser.Failure{Class: browser.ClassBrowser, Message: "the browser's screen (Xvfb) died: " + s.died(err), Err: err})
		close(s.screened)
	})
	_ = w.Close()
	if err != nil {
		close(s.screened)
		return "", fmt.Errorf("starting Xvfb: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = r.SetReadDeadline(deadline)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("starting Xvfb: %w%s", err, s.lastWords())
	}
	return ":" + strings.TrimSpace(line), nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// await waits until the driver says that it is ready.
func (s *service) await(ctx context.Context) error {
	for {
		if s.ready(ctx) {
			return nil
		}
		select {
		case <-s.gone.Done():
			return context.Cause(s.gone)
		case <-ctx.Done():
			return &browser.Failure{Class: browser.ClassBrowser, Message: "the driver did not answer in time: " + s.output.reason(), Err: ctx.Err()}
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *service) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base.String()+"/status", nil)
	if err != nil {
		return false
	}
	response, err := s.driver.client.RoundTrip(r)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	return response.StatusCode == http.StatusOK
}

// endBrowser ends the browser whose folder has that name, in case that the driver did not, and removes the folder.
func (s *service) endBrowser(profile string) error {
	if s.gone.Err() != nil {
		return nil // it ends with the rest
	}
	if err := killAll(3*time.Second, withGroups(func(p proc) bool { return p.names(profile) })); err != nil {
		return fmt.Errorf("ending a browser: %w", err)
	}
	return removeAll(filepath.Join(s.folder.temp(), profile), 3*time.Second)
}

// downloaded reports whether a browser has put a file into its home since it was asked last, and removes that.
func (s *service) downloaded() bool {
	var files []string
	for _, dir := range []string{"", "Downloads"} {
		entries, _ := os.ReadDir(filepath.Join(s.folder.home(), dir))
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, filepath.Join(s.folder.home(), dir, e.Name()))
			}
		}
	}
	for _, f := range files {
		_ = os.Remove(f)
	}
	return len(files) > 0
}

// end ends the process and everything below it. It returns when its processes are gone and its folder is removed.
func (s *service) end() error {
	s.stop.Do(func() {
		s.die(errDriverClosed)
		err := killAll(3*time.Second, leftovers(s.folder.path, s.record))
		if err == nil {
			<-s.exited
			<-s.screened
		}
		if s.said != nil {
			_ = s.said.Close()
			<-s.heard
		}
		s.stopErr = errors.Join(err, s.folder.remove())
	})
	return s.stopErr
}

// died says how a process ended, for a message.
func (s *service) died(err error) string {
	if err == nil {
		return "exit status 0" + s.lastWords()
	}
	return err.Error() + s.lastWords()
}

// lastWords gives what the driver or a browser wrote last, to be added to a message.
func (s *service) lastWords() string {
	if line := s.output.reason(); line != "" {
		return ": " + line
	}
	return ""
}

// childless reports whether the driver has no browser any more.
func (s *service) childless() bool {
	return len(processes(func(p proc) bool { return p.parent == s.record.Driver })) == 0
}

// environment gives the driver what it needs, and none of the agent's secrets.
func environment(c Config, f *folder, lookup func(string) (string, bool)) []string {
	names := []string{"PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH"}
	if c.Headed {
		names = append(names, "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
	}
	// TMPDIR is relative to the folder that the driver is started in: browsers make sockets there, whose path may have no
	// more than 107 bytes.
	env := []string{"HOME=" + f.home(), "TMPDIR=" + filepath.Base(f.temp())}
	for _, n := range names {
		if v, ok := lookup(n); ok {
			env = append(env, n+"="+v)
		}
	}
	return env
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

// reason gives the last line that is not one of the many that mean nothing.
func (t *tail) reason() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var reason string
	for line := range strings.Lines(string(t.buf)) {
		line = strings.TrimSpace(line)
		chatter := strings.Contains(line, "WARNING") || strings.Contains(line, "INFO") || strings.Contains(line, "started successfully") ||
			strings.HasPrefix(line, "Please see http") || strings.HasPrefix(line, "Only local connections")
		if line != "" && !chatter {
			reason = line
		}
	}
	return cut(reason, 300)
}

// cut keeps the first n bytes of s at most, and no half rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
