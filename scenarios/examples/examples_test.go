package examples_test

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser/cdp"
	"trackwalker/scenarios/examples"
	"trackwalker/scenarios/examples/shop"
	"trackwalker/scenarios/runner"
	"trackwalker/scenarios/steps"
)

// stage is a browser and a shop to play on.
type stage struct {
	runner *runner.Runner
	base   string
}

func newStage(t *testing.T) stage {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	driver := cdp.New(cdp.Config{ProfileDir: t.TempDir(), Log: log})
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("closing the browser: %v", err)
		}
	})
	site := httptest.NewServer(shop.New(shop.Options{}))
	t.Cleanup(site.Close)
	return stage{&runner.Runner{Driver: driver, Browser: "chromium", Location: "test", Log: log}, site.URL}
}

func (s stage) play(t *testing.T, name, text string) *scenarios.Run {
	t.Helper()
	scenario, problems := scenarios.Load(name, []byte(text), scenarios.Env{Override: map[string]string{"base": s.base}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s.runner.Run(t.Context(), scenario, runner.Options{})
}

// TestEveryKindsExamplePlays plays what the reference shows.
func TestEveryKindsExamplePlays(t *testing.T) {
	s := newStage(t)
	for _, kind := range steps.Table() {
		t.Run(kind.Name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range kind.Files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := s.play(t, filepath.Join(dir, "example.yaml"), "retries: 0\nsteps:\n"+kind.Example+"\n- expect: {css: body}\n")
			if run.Outcome != scenarios.Passed {
				t.Errorf("%s: %+v\n%s", run.Outcome, run.Failure, kind.Example)
			}
		})
	}
}

func TestBundledFlows(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	flows, err := examples.Flows()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]scenarios.Outcome{"login.yaml": scenarios.Passed, "search-and-buy.yaml": scenarios.Passed, "checkout-broken.yaml": scenarios.Failed}
	if len(flows) != len(want) {
		t.Errorf("there are %d bundled flows, want %d", len(flows), len(want))
	}
	for name, text := range flows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := s.play(t, name, text)
			if run.Outcome != want[name] {
				t.Fatalf("%s: %+v", run.Outcome, run.Failure)
			}
			if run.Outcome == scenarios.Failed && !strings.Contains(run.Failure.Message, "Something went wrong. Your order was not placed.") {
				t.Errorf("the failure does not say what the page says: %s", run.Failure.Message)
			}
			if run.Outcome == scenarios.Failed && (len(run.Artifacts) == 0 || run.Artifacts[len(run.Artifacts)-1].Name != "failure") {
				t.Errorf("no picture of the failure: %+v", run.Artifacts)
			}
		})
	}
}

// TestSwitchesBreakTheShop: each switch makes the flow that buys fail at the step, and in the class, that a person would name.
func TestSwitchesBreakTheShop(t *testing.T) {
	t.Parallel()
	flows, err := examples.Flows()
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t)
	for breakage, want := range map[string]struct{ class, step, message string }{
		shop.Checkout500:   {"assertion", "expect Thank you", "Something went wrong"},
		shop.MissingButton: {"not_found", "click Place order", "nothing on the page matches"},
		shop.CoveredButton: {"not_actionable", "click Place order", "covered by"},
		shop.JSError:       {"assertion", "expect {testid: product, count: 1}", "found 0"},
	} {
		t.Run(breakage, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(flows["search-and-buy.yaml"], "- goto: ${base}/\n", "- goto: ${base}/?break="+breakage+"\n", 1)
			text = strings.ReplaceAll(text, "- click: Place order", "- click: Place order\n    timeout: 3s")
			run := s.play(t, "search-and-buy.yaml", "retries: 0\n"+text)
			if run.Outcome != scenarios.Failed {
				t.Fatalf("%s: %+v", run.Outcome, run.Failure)
			}
			step := run.Step(run.Failure.Step)
			if string(run.Failure.Class) != want.class || step == nil || step.Name != want.step || !strings.Contains(run.Failure.Message, want.message) {
				t.Errorf("failed in %+v with %+v", step, run.Failure)
			}
		})
	}
}

func TestWhatInitWritesIsRight(t *testing.T) {
	s := newStage(t)
	run := s.play(t, "shop.yaml", examples.FirstScenario("shop", s.base))
	if run.Outcome != scenarios.Passed {
		t.Errorf("%s: %+v", run.Outcome, run.Failure)
	}
}
