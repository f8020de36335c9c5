package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/browser/browsertest"
	"trackwalker/scenarios/runner"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load reads a flow, whose name is flow.
func load(t *testing.T, yaml string) *scenarios.Scenario {
	t.Helper()
	s, problems := scenarios.Load("flow.yaml", []byte(yaml), scenarios.Env{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s
}

// flow gives the smallest file with those settings and steps.
func flow(settings string, steps ...string) string {
	yaml := settings + "\nsteps:\n"
	for _, s := range append(steps, "expect: Thank you") {
		yaml += "  - " + s + "\n"
	}
	return yaml
}

// play plays a flow on a fake in a time of its own, in which waiting costs nothing, and makes sure that nothing stays open.
func play(t *testing.T, fake *browsertest.Fake, yaml string) (run *scenarios.Run) {
	t.Helper()
	return playWith(context.Background(), t, fake, yaml, runner.Options{})
}

func playWith(ctx context.Context, t *testing.T, fake *browsertest.Fake, yaml string, o runner.Options) *scenarios.Run {
	t.Helper()
	r := runner.Runner{Driver: fake, Browser: "fake", Location: "here", Log: slog.New(slog.DiscardHandler)}
	run := r.Run(ctx, load(t, yaml), o)
	if now, _ := fake.OpenSessions(); now != 0 {
		t.Errorf("%d sessions are open after the run", now)
	}
	return run
}

// inBubble runs f where time passes by itself.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// on answers one function of the page, or method, by f and everything else as usual.
func on(method string, f func(ctx context.Context, c browsertest.Call) (any, error)) *browsertest.Fake {
	return &browsertest.Fake{Answer: func(ctx context.Context, c browsertest.Call) (any, error) {
		if c.Method == method {
			return f(ctx, c)
		}
		return c.Usual()
	}}
}

func assertion(text string) browsertest.Miss {
	return browsertest.Miss{Class: browser.ClassAssertion, Message: text, Hint: "a hint", URL: "https://shop.example/x"}
}

func died() error {
	return &browser.Failure{Class: browser.ClassBrowser, Message: "the renderer died"}
}

func outcomes(run *scenarios.Run) string {
	var all []string
	for _, s := range run.Steps {
		all = append(all, s.Outcome.String())
	}
	return strings.Join(all, " ")
}

func want(t *testing.T, run *scenarios.Run, outcome scenarios.Outcome, attempts int, steps string) {
	t.Helper()
	if run.Outcome != outcome || run.Attempts != attempts || outcomes(run) != steps {
		t.Errorf("got %s after %d attempts, steps %s; want %s after %d, steps %s\nfailure: %+v", run.Outcome, run.Attempts, outcomes(run), outcome, attempts, steps, run.Failure)
	}
}

func wantFailure(t *testing.T, run *scenarios.Run, class browser.Class, step int, words string) {
	t.Helper()
	f := run.Failure
	if f == nil || f.Class != class || f.Step != step || !strings.Contains(f.Message, words) {
		t.Errorf("got %+v, want class %s of step %d with %q", f, class, step, words)
	}
}

func artifacts(run *scenarios.Run) string {
	var all []string
	for _, a := range run.Artifacts {
		all = append(all, fmt.Sprintf("%s@%d", a.Name, a.Step))
	}
	return strings.Join(all, " ")
}

const shop = "goto: https://shop.example/"

func TestPassed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := &browsertest.Fake{Console: []browser.ConsoleMessage{{Level: "info", Text: "hello"}}}
		run := play(t, fake, flow("", shop, "click: Pay", "save: {as: order, css: b}", "screenshot: paid ${order}"))
		want(t, run, scenarios.Passed, 1, "passed passed passed passed passed")
		if run.Failure != nil || len(run.Warnings) > 0 {
			t.Errorf("a run that passed has %v, %v", run.Failure, run.Warnings)
		}
		if got := strings.Join(fake.Methods(), " "); got != "Navigate loaded prepare Pointer confirm Settle read mask Capture unmask expect" {
			t.Errorf("the page was asked: %s", got)
		}
		if run.ID == "" || run.Scenario != "flow" || run.File != "flow.yaml" || run.Browser != "fake" || run.Location != "here" || run.Started.IsZero() {
			t.Errorf("the run says of itself %+v", run)
		}
		if run.Saved["order"] != "text" || artifacts(run) != "paid text@4" || *run.Timings.TTFB != 1.5 || run.Timings.LCP != nil || len(run.Console) != 1 {
			t.Errorf("it kept %v, %s, %+v, %v", run.Saved, artifacts(run), run.Timings, run.Console)
		}
		if s := run.Steps[1]; s.Index != 2 || s.Kind != "click" || s.Name != "click Pay" || s.Line != 4 || s.File != "" {
			t.Errorf("a step is %+v", s)
		}
	})
}

func TestFailed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := on("prepare", func(context.Context, browsertest.Call) (any, error) {
			return browsertest.Miss{Class: browser.ClassAmbiguous, Message: "two match", Hint: "say which"}, nil
		})
		run := play(t, fake, flow("retries: 0", shop, "click: Pay", "click: Done"))
		want(t, run, scenarios.Failed, 1, "passed failed skipped skipped")
		wantFailure(t, run, browser.ClassAmbiguous, 2, "two match")
		if f := run.Failure; f.Line != 4 || f.Hint != "say which" || f.URL != "https://shop.example/" {
			t.Errorf("the failure is %+v", f)
		}
		if artifacts(run) != "failure@2" || !strings.HasPrefix(string(run.Artifacts[0].Data), "\x89PNG") {
			t.Errorf("the evidence is %s", artifacts(run))
		}
	})
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name             string
		retries, failing int
		outcome          scenarios.Outcome
		attempts         int
	}{
		{"none needed", 2, 0, scenarios.Passed, 1},
		{"the second passes", 2, 1, scenarios.Passed, 2},
		{"the last passes", 2, 2, scenarios.Passed, 3},
		{"none passes", 2, 9, scenarios.Failed, 3},
		{"none left", 0, 1, scenarios.Failed, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				fake := on("expect", func(_ context.Context, call browsertest.Call) (any, error) {
					if call.Session <= c.failing {
						return assertion(fmt.Sprint("not in session ", call.Session)), nil
					}
					return call.Usual()
				})
				run := play(t, fake, flow(fmt.Sprint("retries: ", c.retries), "save: {as: attempt, script: return 1}", "goto: https://shop.example/${run.attempt}"))
				if run.Outcome != c.outcome || run.Attempts != c.attempts {
					t.Errorf("%s after %d attempts", run.Outcome, run.Attempts)
				}
				if _, ever := fake.OpenSessions(); ever != c.attempts {
					t.Errorf("%d sessions for %d attempts", ever, c.attempts)
				}
				passedLate := c.outcome == scenarios.Passed && c.attempts > 1
				if got := strings.Contains(strings.Join(run.Warnings, "\n"), "attempt 1 did not pass: step 3/3 expect Thank you: not in session 1"); got != passedLate {
					t.Errorf("the warnings are %q", run.Warnings)
				}
				if passedLate && (run.Failure != nil || len(run.Artifacts) > 0) {
					t.Errorf("the failure of an earlier attempt is left: %v, %s", run.Failure, artifacts(run))
				}
				var went []string
				for _, call := range fake.Calls() {
					if call.Method == "Navigate" {
						went = append(went, call.Args[0].(string))
					}
				}
				if !slices.Contains(went, fmt.Sprint("https://shop.example/", c.attempts)) {
					t.Errorf("the attempts went to %v", went)
				}
			})
		})
	}
}

func TestBrowserDies(t *testing.T) {
	for _, c := range []struct {
		name     string
		method   string
		dying    int // sessions
		outcome  scenarios.Outcome
		attempts int
	}{
		{"in a step", "prepare", 1, scenarios.Passed, 2},
		{"again", "prepare", 2, scenarios.Errored, 2},
		{"before the first step", "Open", 1, scenarios.Passed, 2},
		{"and cannot be started", "Open", 9, scenarios.Errored, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				fake := on(c.method, func(_ context.Context, call browsertest.Call) (any, error) {
					if call.Session <= c.dying {
						return nil, died()
					}
					return call.Usual()
				})
				run := play(t, fake, flow("retries: 0", shop, "click: {css: a}\n    optional: true")+"finally:\n  - reload\n")
				if run.Outcome != c.outcome || run.Attempts != c.attempts {
					t.Errorf("%s after %d attempts: %+v", run.Outcome, run.Attempts, run.Failure)
				}
				if c.outcome == scenarios.Errored {
					wantFailure(t, run, browser.ClassBrowser, map[string]int{"prepare": 2}[c.method], "the renderer died")
					if slices.Contains(fake.Methods(), "Reload") || artifacts(run) != "" {
						t.Errorf("a browser that is gone was asked: %v", fake.Methods())
					}
				}
			})
		})
	}
}

// A death costs no retry, and a retry no replay.
func TestBrowserDiesAndSiteFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := on("expect", func(_ context.Context, call browsertest.Call) (any, error) {
			switch call.Session {
			case 1:
				return nil, died()
			case 2:
				return assertion("not yet"), nil
			}
			return call.Usual()
		})
		want(t, play(t, fake, flow("retries: 1", shop)), scenarios.Passed, 3, "passed passed")
	})
}

func TestBrowserDoesNotOpen(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, on("Open", func(ctx context.Context, _ browsertest.Call) (any, error) { return browsertest.Hang(ctx) }), flow("", shop))
		want(t, run, scenarios.Errored, 2, "skipped skipped")
		wantFailure(t, run, browser.ClassBrowser, 0, "did not open a page within 30s")
	})
}

func TestAborted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		fake := on("prepare", func(ctx context.Context, _ browsertest.Call) (any, error) {
			cancel()
			return browsertest.Hang(ctx)
		})
		started := time.Now()
		run := playWith(ctx, t, fake, flow("retries: 3", shop, "click: Pay")+"finally:\n  - reload\n", runner.Options{})
		want(t, run, scenarios.Aborted, 1, "passed failed skipped skipped")
		if run.Failure != nil || run.Reason != "shutdown" || slices.Contains(fake.Methods(), "Reload") || time.Since(started) > time.Second {
			t.Errorf("%+v, %q, %v, after %s", run.Failure, run.Reason, fake.Methods(), time.Since(started))
		}
	})
}

func TestOptional(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := on("prepare", func(context.Context, browsertest.Call) (any, error) {
			return browsertest.Miss{Class: browser.ClassNotFound, Message: "no banner"}, nil
		})
		run := play(t, fake, flow("", shop, "click: Accept\n    optional: true", "reload"))
		want(t, run, scenarios.Passed, 1, "passed warning passed passed")
		if run.Steps[1].Warning != "no banner" || artifacts(run) != "" {
			t.Errorf("the warning is %q, the artifacts %s", run.Steps[1].Warning, artifacts(run))
		}
	})
}

// The time of the attempt is over for optional steps too.
// A script that sends the page elsewhere has done its work, but what it was to give is lost.
func TestScriptInAPageThatGoes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := on("Script", func(context.Context, browsertest.Call) (any, error) { return nil, browser.ErrDocumentGone })
		run := play(t, fake, flow("retries: 0", "script: location = 'x'", "save: {as: u, script: return location.href}"))
		want(t, run, scenarios.Failed, 1, "passed failed skipped")
		wantFailure(t, run, browser.ClassScript, 2, "went elsewhere")
	})
}

func TestOptionalAtTheEndOfTime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := on("prepare", func(ctx context.Context, _ browsertest.Call) (any, error) { return browsertest.Hang(ctx) })
		run := play(t, fake, flow("retries: 0\ntimeout: 5s", shop, "click: Accept\n    optional: true"))
		want(t, run, scenarios.Failed, 1, "passed failed skipped")
		wantFailure(t, run, browser.ClassTimeout, 2, "the attempt's 5s were over in this step")
	})
}

func TestWhen(t *testing.T) {
	for is, steps := range map[bool]string{true: "passed passed passed", false: "passed skipped passed"} {
		t.Run(fmt.Sprint(is), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				fake := on("isVisible", func(context.Context, browsertest.Call) (any, error) { return map[string]any{"visible": is}, nil })
				run := play(t, fake, flow("", shop, "click: Accept\n    when: {css: '#banner'}"))
				want(t, run, scenarios.Passed, 1, steps)
				if pressed := slices.Contains(fake.Methods(), "Pointer"); pressed != is {
					t.Errorf("the page was asked %v", fake.Methods())
				}
			})
		})
	}
}

func TestFinally(t *testing.T) {
	final := "finally:\n  - click: Log out\n  - reload\n"
	failing := func(method string) *browsertest.Fake {
		return on(method, func(context.Context, browsertest.Call) (any, error) { return assertion("it is not so"), nil })
	}
	t.Run("after a failure", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			fake := failing("expect")
			run := play(t, fake, flow("retries: 0", shop)+final)
			want(t, run, scenarios.Failed, 1, "passed failed passed passed")
			// The picture shows the failed moment, not what came after.
			if m := fake.Methods(); slices.Index(m, "Capture") > slices.Index(m, "Reload") {
				t.Errorf("the page was asked %v", m)
			}
		})
	})
	t.Run("fails itself", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			run := play(t, failing("prepare"), flow("", shop)+final)
			want(t, run, scenarios.Passed, 1, "passed passed warning passed")
			if run.Steps[2].Warning != "it is not so" || !slices.Contains(run.Warnings, "finally: click Log out: it is not so") {
				t.Errorf("the warnings are %q and %q", run.Steps[2].Warning, run.Warnings)
			}
		})
	})
	t.Run("has its own time", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			hang := func(ctx context.Context, c browsertest.Call) (any, error) { return browsertest.Hang(ctx) }
			started := time.Now()
			run := play(t, on("prepare", hang), flow("retries: 0\ntimeout: 2s", shop, "click: Pay")+"finally:\n  - click: a\n  - click: b\n  - click: c\n")
			want(t, run, scenarios.Failed, 1, "passed failed skipped warning warning skipped")
			if took := time.Since(started); took < 17*time.Second || took > 25*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	})
}

func TestBudget(t *testing.T) {
	for limit, outcome := range map[string]scenarios.Outcome{"2s": scenarios.Failed, "4s": scenarios.Passed} {
		t.Run(limit, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				slow := on("Navigate", func(_ context.Context, c browsertest.Call) (any, error) {
					time.Sleep(3 * time.Second)
					return c.Usual()
				})
				run := play(t, slow, flow("retries: 0\nbudgets: {total: "+limit+"}", shop))
				want(t, run, outcome, 1, "passed passed")
				if outcome == scenarios.Failed {
					wantFailure(t, run, browser.ClassBudget, 0, "took 3s; the budget of total is 2s")
				}
			})
		})
	}
}

// A step that runs out of time leaves as much evidence as one that fails.
func TestStepTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := on("prepare", func(ctx context.Context, _ browsertest.Call) (any, error) { return browsertest.Hang(ctx) })
		started := time.Now()
		run := play(t, fake, flow("retries: 0", shop, "click: Pay\n    timeout: 1s"))
		want(t, run, scenarios.Failed, 1, "passed failed skipped")
		wantFailure(t, run, browser.ClassTimeout, 2, "did not answer")
		if took := time.Since(started); took < time.Second || took > 3*time.Second || artifacts(run) != "failure@2" {
			t.Errorf("it took %s and left %s", took, artifacts(run))
		}
	})
}

func TestAttemptTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, &browsertest.Fake{}, flow("retries: 0\ntimeout: 5s", shop, "wait: 3s", "wait: 3s"))
		want(t, run, scenarios.Failed, 1, "passed passed failed skipped")
		wantFailure(t, run, browser.ClassTimeout, 3, "the attempt's 5s were over in this step")
		if artifacts(run) != "failure@3" {
			t.Errorf("the evidence is %s", artifacts(run))
		}
	})
}

// busy is a page whose JavaScript never ends, until it is interrupted.
func busy(interruptible bool) *browsertest.Fake {
	stuck := false
	return &browsertest.Fake{Answer: func(ctx context.Context, c browsertest.Call) (any, error) {
		switch c.Method {
		case "Pointer":
			stuck = true
		case "Interrupt":
			stuck = !interruptible
			return nil, nil
		}
		if stuck {
			return browsertest.Hang(ctx)
		}
		return c.Usual()
	}}
}

func TestEvidenceOfBusyPage(t *testing.T) {
	for interruptible, left := range map[bool]string{true: "failure@2", false: ""} {
		t.Run(fmt.Sprint(interruptible), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				started := time.Now()
				run := play(t, busy(interruptible), flow("retries: 0", shop, "click: Pay\n    timeout: 1s"))
				want(t, run, scenarios.Failed, 1, "passed failed skipped")
				wantFailure(t, run, browser.ClassTimeout, 2, "")
				if took := time.Since(started); artifacts(run) != left || took > 2*time.Second+browser.EvidenceBudget+time.Second {
					t.Errorf("after %s it left %q", took, artifacts(run))
				}
				if warned := len(run.Warnings) == 1 && strings.Contains(run.Warnings[0], "no picture"); warned == interruptible {
					t.Errorf("the warnings are %q", run.Warnings)
				}
			})
		})
	}
}

func TestCapture(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, &browsertest.Fake{}, flow("", shop, "click: Pay\n    capture: true\n    name: pay"))
		if artifacts(run) != "pay@2" {
			t.Errorf("the artifacts are %s", artifacts(run))
		}
	})
}

func TestCredentials(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := &browsertest.Fake{}
		run := play(t, fake, flow("vars: {user: ada}\nheaders: {X-Flow: '${run.attempt}'}\nbasic_auth: {username: '${user}', password: pw}", shop, "goto: https://other.example/"))
		want(t, run, scenarios.Passed, 1, "passed passed passed")
		got := fake.Calls()
		if m := fake.Methods(); m[0] != "Authenticate" || m[1] != "Navigate" || slices.Index(m[1:], "Authenticate") >= 0 {
			t.Errorf("the page was asked %v", m)
		}
		wanted := browser.Credentials{Headers: map[string]string{"X-Flow": "1"}, Username: "ada", Password: "pw"}
		c := got[1].Args[1].(browser.Credentials)
		if got[1].Args[0] != "https://shop.example" || c.Username != wanted.Username || c.Password != wanted.Password || c.Headers["X-Flow"] != "1" {
			t.Errorf("sent %v", got[1].Args)
		}
	})
}

func TestWatch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var seen []string
		o := runner.Options{Watch: func(e runner.Event) {
			seen = append(seen, fmt.Sprintf("%s %d %d/%d %s", e.Kind, e.Attempt, e.Step.Index, e.Of, e.Step.Outcome))
		}}
		fake := on("prepare", func(context.Context, browsertest.Call) (any, error) { return assertion("it is not so"), nil })
		playWith(context.Background(), t, fake, flow("", "click: Pay\n    optional: true")+"finally:\n  - click: a\n", o)
		wanted := []string{
			"attempt started 1 0/3 ", "step started 1 1/3 skipped", "step ended 1 1/3 warning",
			"step started 1 2/3 skipped", "step ended 1 2/3 passed", "step started 1 3/3 skipped", "step ended 1 3/3 warning",
		}
		if !slices.Equal(seen, wanted) {
			t.Errorf("seen %q", seen)
		}
	})
}

func TestPanic(t *testing.T) {
	t.Setenv("FLOW_SECRET", "tr0ub4dor&3")
	synctest.Test(t, func(t *testing.T) {
		fake := on("expect", func(_ context.Context, c browsertest.Call) (any, error) {
			if c.Session == 1 {
				return assertion("found tr0ub4dor&3"), nil
			}
			panic("tr0ub4dor&3")
		})
		run := play(t, fake, flow("secrets: {password: {env: FLOW_SECRET}}", shop))
		wantFailure(t, run, browser.ClassInternal, 0, "trackwalker stumbled: [secret password]")
		wantRedacted(t, run, "tr0ub4dor&3")
		if run.Outcome != scenarios.Errored {
			t.Errorf("it is %s", run.Outcome)
		}
	})
}

func TestSecretIsMissing(t *testing.T) {
	run := play(t, &browsertest.Fake{}, flow("secrets: {password: {env: FLOW_SECRET_NOBODY_SET}}", shop))
	want(t, run, scenarios.Errored, 0, "")
	wantFailure(t, run, browser.ClassInternal, 0, "FLOW_SECRET_NOBODY_SET is not set")
}

// Whatever a page makes of a secret, no field of the run holds it.
func TestSecretsAreRedacted(t *testing.T) {
	const secret = `p4ss "word"/é&<x>`
	t.Setenv("FLOW_SECRET", secret)
	synctest.Test(t, func(t *testing.T) {
		fake := &browsertest.Fake{Console: []browser.ConsoleMessage{{Level: "error", Text: "sent " + secret, URL: "https://shop.example/?p=p4ss+%22word%22%2F%C3%A9%26%3Cx%3E"}}}
		var filled map[string]any
		fake.Answer = func(_ context.Context, c browsertest.Call) (any, error) {
			said := secret + ` and p4ss%20%22word%22%2F%C3%A9%26%3Cx%3E and p4ss \"word\"/é&<x> and cDRzcyAid29yZCIvw6kmPHg+`
			switch c.Method {
			case "filled":
				raw, err := json.Marshal(c.Args[0])
				if err == nil {
					err = json.Unmarshal(raw, &filled)
				}
				return map[string]any{}, err
			case "read":
				return map[string]any{"value": said}, nil
			case "focus":
				return browsertest.Miss{Class: browser.ClassNotFound, Message: said, Hint: said, URL: "https://shop.example/" + secret}, nil
			case "expect":
				return browsertest.Miss{Class: browser.ClassAssertion, Message: said, Hint: said, URL: "https://shop.example/" + secret}, nil
			}
			return c.Usual()
		}
		var watched []runner.Event
		o := runner.Options{Watch: func(e runner.Event) { watched = append(watched, e) }}
		run := playWith(context.Background(), t, fake, flow("retries: 1\nvars: {alias: '${password}'}\nsecrets: {password: {env: FLOW_SECRET}}", shop,
			"fill: {label: Password, value: 'x${alias}'}", "save: {as: seen, css: b}", "screenshot: 'after ${password}'", "focus: It\n    optional: true")+"finally:\n  - focus: It\n", o)
		want(t, run, scenarios.Failed, 2, "passed passed passed passed warning failed warning")
		if filled["value"] != "x"+secret || filled["secret"] != true {
			t.Errorf("the field was filled with %v", filled)
		}
		wantRedacted(t, run, secret)
		wantRedacted(t, watched, secret)
		if !strings.Contains(run.Failure.Message, "[secret password]") || run.Saved["seen"] == "" || len(run.Warnings) == 0 || len(run.Console) != 1 {
			t.Errorf("nothing is left of %+v", run)
		}
	})
}

func wantRedacted(t *testing.T, run any, secret string) {
	t.Helper()
	raw, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	var plain strings.Builder
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(run); err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal(secret)
	for _, form := range []string{secret, strings.Trim(string(quoted), `"`), secret[:4]} {
		if strings.Contains(string(raw), form) || strings.Contains(plain.String(), form) {
			t.Errorf("%q is in %s", form, plain.String())
		}
	}
}

func TestNewRun(t *testing.T) {
	due := time.Now().Add(-time.Minute)
	run := runner.NewRun(load(t, flow("", shop)), due, scenarios.Skipped, "late")
	if run.Outcome != scenarios.Skipped || run.Reason != "late" || !run.Due.Equal(due) || run.Attempts != 0 || run.ID == "" || run.Steps == nil {
		t.Errorf("it is %+v", run)
	}
}

// A driver's own error, which is none of a page, is the browser's fault and not the site's.
func TestStrangeErrors(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, on("prepare", func(context.Context, browsertest.Call) (any, error) { return nil, errors.New("broken pipe") }), flow("", shop, "click: Pay"))
		want(t, run, scenarios.Errored, 2, "passed failed skipped")
		wantFailure(t, run, browser.ClassBrowser, 2, "broken pipe")
	})
}
