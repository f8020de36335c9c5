package main_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"trackwalker/scenarios/examples"
	"trackwalker/scenarios/examples/shop"
)

// drivers are the WebDriver programs, and a browser that each of them drives.
func drivers() map[string]string {
	return map[string]string{
		"chromedriver":    "{other: {driver: webdriver, browser: chrome, sandbox: false}}",
		"WebKitWebDriver": "{other: {driver: webdriver, browser: MiniBrowser, command: WebKitWebDriver, sandbox: false, slots: 1}}",
	}
}

// A customer logs in to the demo shop, in browsers that are driven by WebDriver.
func TestLoginByWebDriver(t *testing.T) {
	flows, err := examples.Flows()
	if err != nil {
		t.Fatal(err)
	}
	for program, browsers := range drivers() {
		t.Run(program, func(t *testing.T) {
			if _, err := exec.LookPath(program); err != nil {
				t.Skip(err)
			}
			w := newWorld(t)
			site := httptest.NewServer(shop.New(shop.Options{}))
			t.Cleanup(site.Close)
			w.settings["vars"] = "{base: " + site.URL + "}"
			w.settings["browsers"] = browsers
			w.write("login.yaml", patient(flows["login.yaml"]))
			profiles := filepath.Join(w.dir, "data", "temporary")
			if err := os.MkdirAll(profiles, 0o700); err != nil {
				t.Fatal(err)
			}
			w.env = append(w.env, "TMPDIR="+profiles)
			a := w.run("run", "--config", "agent.yaml", "login.yaml")
			<-a.exited
			if code := a.cmd.ProcessState.ExitCode(); code != 0 || !a.out.has("login passed in") {
				t.Errorf("it ended with status %d", code)
			}
			w.clean()
		})
	}
}

// patient gives every step of a flow as long as a busy machine may want: how fast it is, is not what is tested.
func patient(flow string) string {
	flow = strings.Replace(flow, "\ntimeout: 30s\n", "\ntimeout: 5m\n", 1)
	return strings.ReplaceAll(flow, "\n  - ", "\n  - timeout: 1m\n    ")
}

// A flow plays on schedule by WebDriver; an agent that was killed leaves nothing that the next one does not remove.
func TestServeByWebDriver(t *testing.T) {
	if _, err := exec.LookPath("chromedriver"); err != nil {
		t.Skip(err)
	}
	w := newWorld(t)
	w.settings["browsers"] = drivers()["chromedriver"]
	a := w.serve()
	a.plays("shop", "passed", 1)
	a.kill()
	if len(w.profiles()) == 0 {
		t.Error("the agent that was killed leaves nothing: there is nothing to test here")
	}
	b := w.serve()
	b.plays("shop", "passed", 1)
	if left := w.profiles(); len(left) != 1 {
		t.Errorf("one driver runs, and there are the folders %q", left)
	}
	b.stop()
	w.clean()
}
