package webdriver

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// helper is an agent that starts a browser and waits to be killed.
func helper(dir, name string) {
	d := New(Config{Browser: name, ProfileDir: dir})
	if _, err := d.Open(context.Background(), browser.Options{InitScript: initScript}); err != nil {
		fmt.Println("failed:", err)
		return
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
}

// kill ends a process of a service as the kernel does when memory runs out.
func kill(t *testing.T, match func(proc) bool) {
	t.Helper()
	found := processes(match)
	if len(found) == 0 {
		t.Fatal("there is no such process")
	}
	for _, p := range found {
		if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

// browserOf matches the browsers that a driver has started, but not their helpers.
func browserOf(s *service) func(proc) bool {
	return func(p proc) bool { return p.parent == s.record.Driver }
}

func driverOf(s *service) func(proc) bool {
	return func(p proc) bool { return p.pid == s.record.Driver }
}

// inFlight makes a call that never ends, and gives its error when it does.
func inFlight(t *testing.T, s *session) <-chan error {
	ctx := testContext(t)
	failed := make(chan error, 1)
	go func() {
		_, err := s.Eval(ctx, "never")
		failed <- err
	}()
	eventually(t, "a call is in flight", func() bool { return len(s.turn) == 1 })
	time.Sleep(100 * time.Millisecond) // and, most of the time, in the page
	return failed
}

func TestDriverDies(t *testing.T) {
	testDeath(t, driverOf, "the driver died")
}

func TestBrowserDies(t *testing.T) {
	testDeath(t, browserOf, "died")
}

func testDeath(t *testing.T, victim func(*service) func(proc) bool, says string) {
	eachBrowser(t, func(t *testing.T, name string) {
		d := newDriver(t, Config{Browser: name})
		s := open(t, d)
		wantWorks(t, s)
		failed := inFlight(t, s)
		died := time.Now()
		kill(t, victim(s.service))
		wantFailure(t, <-failed, browser.ClassBrowser, says)
		if took := time.Since(died); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		wantFailure(t, s.Navigate(testContext(t), "about:blank"), browser.ClassBrowser, says)
		wantWorks(t, open(t, d))
	})
}

func TestScreenDies(t *testing.T) {
	if _, err := exec.LookPath("WebKitWebDriver"); err != nil {
		t.Skip(err)
	}
	s := open(t, newDriver(t, Config{Browser: "webkit"}))
	failed := inFlight(t, s)
	kill(t, func(p proc) bool { return p.uses(s.service.folder.path) && p.names("Xvfb") })
	wantFailure(t, <-failed, browser.ClassBrowser, "died")
}

func TestSweepAfterAKilledAgent(t *testing.T) {
	eachBrowser(t, func(t *testing.T, name string) {
		dir, err := os.MkdirTemp(profiles, "own")
		if err != nil {
			t.Fatal(err)
		}
		agent := exec.Command(os.Args[0])
		agent.Env = append(os.Environ(), helperVariable+"="+dir, browserVariable+"="+name)
		agent.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		out, err := agent.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := agent.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != "ready" {
			t.Fatalf("the agent says %q, %v", line, err)
		}
		if err := Sweep(dir, nil); err != nil {
			t.Fatal(err)
		}
		if left := processes(func(p proc) bool { return p.uses(dir) }); len(left) == 0 {
			t.Error("the browser of an agent that lives was taken away")
		}
		if err := agent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = agent.Wait()
		if err := Sweep(dir, nil); err != nil {
			t.Fatal(err)
		}
		wantNothingLeft(t, dir)
	})
}

func TestDriverThatIsMissing(t *testing.T) {
	d := newDriver(t, Config{Command: []string{"no-such-driver"}})
	_, err := d.Open(testContext(t), browser.Options{})
	wantFailure(t, err, browser.ClassBrowser, "no-such-driver is not installed", "agent.yaml")
}

func TestDriverThatEndsAtOnce(t *testing.T) {
	d := newDriver(t, Config{Command: []string{"sh", "-c", "echo no library >&2; exit 3"}})
	_, err := d.Open(testContext(t), browser.Options{})
	wantFailure(t, err, browser.ClassBrowser, "the driver died: exit status 3: no library")
}

func TestSandboxOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only for root")
	}
	if _, err := exec.LookPath("chromedriver"); err != nil {
		t.Skip(err)
	}
	_, err := newDriver(t, Config{Browser: "chrome", Sandbox: true}).Open(testContext(t), browser.Options{})
	wantFailure(t, err, browser.ClassBrowser, "does not work for root", "sandbox: false")
}
