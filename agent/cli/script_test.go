package cli_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"trackwalker/agent/cli"
	"trackwalker/reporters/reportertest"
	"trackwalker/scenarios/examples/shop"
)

// TestMain lets the scripts run this very program under the name trackwalker.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"trackwalker": func() {
			signals := make(chan os.Signal, 2)
			signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
			os.Exit(cli.Main(context.Background(), cli.Process{
				Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Signals: signals,
			}))
		},
	})
}

// TestScripts drives the command line. A script finds the demo shop at $SHOP and a Slack that is none at $SLACK; `exits N
// command…` runs a command and wants that exit status.
func TestScripts(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(shop.New(shop.Options{}))
	t.Cleanup(site.Close)
	slack := reportertest.NewSlack(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SHOP", site.URL)
			e.Setenv("SLACK", slack.URL())
			e.Setenv("SLACK_TOKEN_OF_TEST", slack.Token())
			e.Setenv("HOME", e.WorkDir)
			// The tests may run as root, for whom the browser's sandbox does not work: said here, once, explicitly.
			config := "vars: {base: \"" + site.URL + "\"}\nbrowsers:\n  chromium: {driver: cdp, sandbox: false}\n"
			return os.WriteFile(filepath.Join(e.WorkDir, "agent.yaml"), []byte(config), 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition")
		},
	})
}

// exits runs a command and wants an exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", strings.Join(args[1:], " "), err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}
