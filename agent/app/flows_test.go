package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios"
)

// folder is a scenario folder whose files each get a time of their own, so that every change is seen.
type folder struct {
	t    *testing.T
	dir  string
	time time.Time
}

func (f *folder) write(name, text string) {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	f.time = f.time.Add(time.Second)
	if err := os.Chtimes(path, f.time, f.time); err != nil {
		f.t.Fatal(err)
	}
}

func names(flows []flow) []string {
	var all []string
	for _, f := range flows {
		all = append(all, f.scenario.Name+" "+f.scenario.Description)
	}
	return all
}

func TestReload(t *testing.T) {
	dir := &folder{t: t, dir: t.TempDir(), time: time.Now().Add(-time.Hour)}
	flows := newFlows(dir.dir, scenarios.Env{})
	reload := func() changes {
		t.Helper()
		c, err := flows.reload()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	want := func(what string, wanted ...string) {
		t.Helper()
		if diff := cmp.Diff(wanted, names(flows.all())); diff != "" {
			t.Errorf("%s: -want +got\n%s", what, diff)
		}
	}
	dir.write("a.yaml", "description: one\nevery: 5m\nsteps:\n  - expect: x\n")
	dir.write("b.yaml", "description: one\nsteps:\n  - expect: x\n")
	reload()
	want("at first", "a one", "b one")
	if c := reload(); c.added != nil || c.removed != nil {
		t.Errorf("nothing changed, and yet: %+v", c)
	}

	dir.write("a.yaml", "description: two\nevery: 5m\nsteps:\n  - expect: x\n")
	reload()
	want("after a change", "a two", "b one")

	dir.write("a.yaml", "description: three\nevery: 5m\nsteps:\n  - clik: x\n")
	c := reload()
	want("broken: the last good version", "a two", "b one")
	if len(c.broken) != 1 || len(flows.problems()) != 1 || !strings.Contains(flows.problems()[0], `a.yaml:4:5: unknown step "clik"`) {
		t.Errorf("the problem is not told: %+v, %v", c, flows.problems())
	}
	dir.write("b.yaml", "description: two\nsteps:\n  - expect: x\n")
	if c := reload(); len(c.broken) != 0 {
		t.Errorf("the same problem is told twice: %+v", c)
	}
	want("broken still", "a two", "b two")

	dir.write("a.yaml", "description: four\nevery: 5m\nsecrets: {p: {env: TRACKWALKER_TEST_UNSET}}\nsteps:\n  - expect: ${p}\n")
	reload()
	want("a secret that is not set: the last good version", "a two", "b two")
	if err := flows.missingSecrets(); err == nil {
		t.Error("the missing secret is not told")
	}

	if err := os.Remove(filepath.Join(dir.dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if c := reload(); len(c.removed) != 1 || c.removed[0] != "a" {
		t.Errorf("the removal is not told: %+v", c)
	}
	want("after a removal", "b two")
	if err := os.RemoveAll(dir.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := flows.reload(); err == nil {
		t.Error("a folder that is gone is no error")
	}
	want("without a folder, what was played is played on", "b two")
}

// TestReloadFragments: a flow is read again when a fragment of it changes, in whatever folder that is.
func TestReloadFragments(t *testing.T) {
	dir := &folder{t: t, dir: t.TempDir(), time: time.Now().Add(-time.Hour)}
	if err := os.Mkdir(filepath.Join(dir.dir, "flows"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir.write("flows/a.yaml", "steps:\n  - use: _near.yaml\n  - use: ../_far.yaml\n")
	dir.write("flows/_near.yaml", "steps:\n  - expect: near\n")
	dir.write("_far.yaml", "steps:\n  - expect: far\n")
	flows := newFlows(filepath.Join(dir.dir, "flows"), scenarios.Env{})
	want := func(added int, wanted ...string) {
		t.Helper()
		c, err := flows.reload()
		if err != nil || len(c.added) != added || len(c.broken) > 0 {
			t.Errorf("added %v, broken %v, %v", c.added, c.broken, err)
		}
		var got []string
		for step := range flows.all()[0].scenario.Leaves() {
			got = append(got, step.Name)
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	dir.write("flows/old.yml", "steps: []\n")
	want(1, "expect near", "expect far")
	if diff := cmp.Diff([]string{filepath.Join(flows.dir, "old.yml")}, flows.ignored); diff != "" {
		t.Errorf("ignored; -want +got\n%s", diff)
	}
	want(0, "expect near", "expect far")
	dir.write("_far.yaml", "steps:\n  - expect: further\n")
	want(1, "expect near", "expect further")
	dir.write("flows/_near.yaml", "steps:\n  - expect: nearer\n")
	want(1, "expect nearer", "expect further")
	want(0, "expect nearer", "expect further")
}

func TestHealth(t *testing.T) {
	h := newHealth()
	if p := h.problems(); len(p) != 0 {
		t.Fatalf("new, and not well: %v", p)
	}
	errored := &scenarios.Run{Scenario: "a", Outcome: scenarios.Errored, Failure: &scenarios.Failure{Message: "no browser"}}
	for i := range erroredInARow {
		if p := h.problems(); len(p) != 0 {
			t.Errorf("after %d errored runs: %v", i, p)
		}
		h.played(errored)
	}
	if p := h.problems(); len(p) != 1 || !strings.Contains(p[0], "no browser") {
		t.Errorf("after %d errored runs: %v", erroredInARow, p)
	}
	h.played(&scenarios.Run{Scenario: "b", Outcome: scenarios.Passed})
	if p := h.problems(); len(p) != 1 {
		t.Errorf("another flow's pass hides it: %v", p)
	}
	h.played(&scenarios.Run{Scenario: "a", Outcome: scenarios.Failed})
	if p := h.problems(); len(p) != 0 {
		t.Errorf("a site that fails makes the agent unwell: %v", p)
	}
	h.set("database", os.ErrPermission)
	h.beat(time.Now().Add(-2 * stalledAfter))
	if p := h.problems(); len(p) != 2 || h.alive() {
		t.Errorf("stalled, and without its database: %v", p)
	}
	h.set("database", nil)
	h.beat(time.Now())
	if p := h.problems(); len(p) != 0 {
		t.Errorf("well again: %v", p)
	}
}
