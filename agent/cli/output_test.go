package cli

import (
	"bytes"
	"strings"
	"testing"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

// A failure of no step has a file and no line.
func TestJUnitWithoutALine(t *testing.T) {
	failed := func(line int) *scenarios.Run {
		return &scenarios.Run{
			Scenario: "a", File: "a.yaml", Outcome: scenarios.Failed,
			Failure: &scenarios.Failure{Class: browser.ClassBudget, Line: line, Message: "too slow"},
		}
	}
	for line, want := range map[int]string{0: "a.yaml: too slow", 3: "a.yaml:3: too slow"} {
		var b bytes.Buffer
		if err := writeJUnit(&b, []*scenarios.Run{failed(line)}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), ">"+want) {
			t.Errorf("line %d: %s", line, b.String())
		}
	}
}

// What failed in finally is told once, with its step.
func TestWarningsAreToldOnce(t *testing.T) {
	var b bytes.Buffer
	view := newProgress(&b, &scenarios.Scenario{Name: "a"})
	view.close()
	view.summary(&scenarios.Run{
		Scenario: "a", File: "a.yaml", Outcome: scenarios.Passed,
		Steps:    []scenarios.StepResult{{Index: 1, Name: "click Log out", Line: 4, Outcome: scenarios.Warned, Warning: "no such thing"}},
		Warnings: []string{"finally: click Log out: no such thing", "a dialog never opened"},
	})
	if strings.Count(b.String(), "no such thing") != 1 || !strings.Contains(b.String(), "step 1 click Log out (a.yaml:4)") || !strings.Contains(b.String(), "a dialog never opened") {
		t.Error(b.String())
	}
}
