package scenarios_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestProblems holds the text of every mistake that can be made in a file: in the archive each file is followed by what is
// said of it.
func TestProblems(t *testing.T) {
	path := "testdata/problems.txtar"
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	path, err = filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	inFolder(t, archive)
	got := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".problems") {
			continue
		}
		got.Files = append(got.Files, f)
		if problems := problemsOf(t, f.Name); problems != nil {
			got.Files = append(got.Files, txtar.File{Name: strings.TrimSuffix(f.Name, ".yaml") + ".problems", Data: []byte(problems.Error() + "\n")})
		}
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
		t.Errorf("-want +got; go test ./scenarios -update writes them anew\n%s", diff)
	}
}

// inFolder puts the files of an archive into a folder of their own, and goes there.
func inFolder(t *testing.T, archive *txtar.Archive) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".problems") {
			continue
		}
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// problemsOf gives what is wrong with a file. A flow in the archive must have something wrong; a fragment may be right as far as
// it goes.
func problemsOf(t *testing.T, name string) error {
	t.Helper()
	switch {
	case strings.HasPrefix(filepath.Base(name), "_"):
		return scenarios.CheckFragment(name, env())
	case strings.HasSuffix(name, ".yaml"):
		_, err := scenarios.LoadFile(name, env())
		if err == nil {
			t.Errorf("%s: no problem was found", name)
		}
		return err
	default:
		return nil
	}
}

func env() scenarios.Env {
	return scenarios.Env{
		Vars:      map[string]string{"base": "http://shop.test", "slow": "20s"},
		Secrets:   map[string]source.Secret{"password": {Name: "password", Env: "SHOP_PASSWORD"}},
		Browsers:  map[string]browser.Features{"chromium": ^browser.Features(0), "plain": 0},
		Default:   "chromium",
		Reporters: []string{"slack", "hook"},
	}
}

// load loads a file that must be right.
func load(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	s, problems := scenarios.Load("flow.yaml", []byte(text), env())
	if len(problems) > 0 {
		t.Fatalf("unexpected problems:\n%v", problems)
	}
	return s
}

func TestDefaults(t *testing.T) {
	s := load(t, "steps:\n  - expect: Welcome\n")
	want := &scenarios.Scenario{
		Name: "flow", File: "flow.yaml", Timezone: time.UTC, Timeout: time.Minute, Retries: 1, Fragments: []string{},
		Vars: env().Vars, Secrets: map[string]source.Secret{}, Alert: scenarios.AlertPolicy{After: 1, Recover: 1}, Steps: s.Steps,
	}
	if diff := cmp.Diff(want, s, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }), cmp.Comparer(sameSteps)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got, want := s.Steps[0].Timeout, 10*time.Second; got != want {
		t.Errorf("a step's timeout is %v, want %v", got, want)
	}
}

func sameSteps(a, b []steps.Step) bool { return len(a) == len(b) }

func TestEveryKeyOfAFile(t *testing.T) {
	s := load(t, `
name: checkout
description: A returning customer buys the cheapest lamp.
tags: [shop, critical]
cron: "*/10 8-18 * * 1-5"      # a comment
timezone: Europe/Berlin        # of the cron expression
timeout: ${slow}
retries: 0
browser: chromium
viewport: 390x844
headers: {X-Probe: "${run.id}"}
basic_auth: {username: ops, password: "${password}"}
ignore_https_errors: true
vars: {item: "Lamp, \"brass\"", code: 007, yes: No, day: 2026-12-24}
secrets: {otp: {file: otp.txt}}
steps:
  - goto: ${base}/login
  - fill: {label: Email, value: 1.0}
  - expect: ${item}
finally:
  - click: Log out
budgets: {total: 1m30s}
alert: {after: 2, recover: 3, to: [slack]}
`)
	if s.Name != "checkout" || s.Timeout != 20*time.Second || s.Retries != 0 || s.Timezone.String() != "Europe/Berlin" || s.Budgets.Total != 90*time.Second {
		t.Errorf("read as %+v", s)
	}
	wantVars := map[string]string{"base": "http://shop.test", "slow": "20s", "item": `Lamp, "brass"`, "code": "007", "yes": "No", "day": "2026-12-24"}
	if diff := cmp.Diff(wantVars, s.Vars); diff != "" {
		t.Errorf("vars: text is as written; -want +got\n%s", diff)
	}
	if diff := cmp.Diff(scenarios.AlertPolicy{After: 2, Recover: 3, To: []string{"slack"}}, s.Alert); diff != "" {
		t.Error(diff)
	}
	names := []string{}
	for _, step := range append(s.Steps, s.Finally...) {
		names = append(names, step.Name)
	}
	if diff := cmp.Diff([]string{"goto ${base}/login", "fill {label: Email, value: 1.0}", "expect ${item}", "click Log out"}, names); diff != "" {
		t.Errorf("default names; -want +got\n%s", diff)
	}
}

func TestOverrideWins(t *testing.T) {
	e := env()
	e.Override = map[string]string{"base": "http://elsewhere.test", "new": "x"}
	s, problems := scenarios.Load("flow.yaml", []byte("vars: {base: http://file.test}\nsteps:\n  - goto: ${base}\n  - expect: ${new}\n"), e)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if s.Vars["base"] != "http://elsewhere.test" {
		t.Errorf("base is %s", s.Vars["base"])
	}
}

func TestMissingSecrets(t *testing.T) {
	s := load(t, "secrets: {pin: {env: TRACKWALKER_TEST_UNSET}}\nsteps:\n  - expect: ${pin}\n")
	if missing := s.MissingSecrets(); len(missing) != 1 || !strings.Contains(missing[0].Error(), "TRACKWALKER_TEST_UNSET") {
		t.Errorf("missing secrets: %v", missing)
	}
}

// TestOnlySecretsThatAreUsed: a flow does not depend on a secret of the configuration that it does not refer to.
func TestOnlySecretsThatAreUsed(t *testing.T) {
	for text, want := range map[string]bool{
		"steps:\n  - expect: x\n":                                              false,
		"steps:\n  - expect: ${password}\n":                                    true,
		"vars: {a: \"${b}\", b: \"x${password}\"}\nsteps:\n  - expect: ${a}\n": true,
	} {
		if _, has := load(t, text).Secrets["password"]; has != want {
			t.Errorf("%s: it sees the secret: %v", text, has)
		}
	}
}

func TestLoadFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml":       "steps:\n  - expect: x\n",
		"b.yaml":       "name: a\nsteps:\n  - expect: x\n",
		"c.yaml":       "steps: []\n",
		"_part.yaml":   "nonsense: true\n",
		"agent.yaml":   "location: here\n",
		".hidden.yaml": "nonsense: true\n",
		"notes.txt":    "nothing\n",
		"old.yml":      "nothing\n",
		"d.yaml":       "steps:\n  - expect: x\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := scenarios.LoadFolder(dir, env())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range folder.Scenarios {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"a", "d"}, names); diff != "" {
		t.Errorf("loaded; -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "old.yml")}, folder.Ignored); diff != "" {
		t.Errorf("ignored; -want +got\n%s", diff)
	}
	if len(folder.Files) != 4 || len(folder.Broken) != 2 {
		t.Errorf("files %v, broken %v", folder.Files, folder.Broken)
	}
	if err := folder.Broken[filepath.Join(dir, "b.yaml")]; err == nil || !strings.Contains(err.Error(), "is taken by") {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := scenarios.LoadFolder(filepath.Join(dir, "nowhere"), env()); err == nil || !strings.Contains(err.Error(), "does not exist: make it") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// write puts files into a folder of their own and goes there.
func write(t *testing.T, files map[string]string) {
	t.Helper()
	archive := &txtar.Archive{}
	for name, text := range files {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	inFolder(t, archive)
}

func TestFragments(t *testing.T) {
	write(t, map[string]string{
		"flow.yaml":          "vars: {slow: 4s}\nsteps:\n  - use: {file: parts/_wait.yaml, with: {pause: \"${slow}\"}}\n  - use: parts/_wait.yaml\n",
		"parts/_wait.yaml":   "params: {pause: 2s, least: 1}\nsteps:\n  - wait: ${pause}\n    timeout: ${pause}\n  - use: ../_expect.yaml\n  - upload: {label: a, file: a.txt}\n",
		"_expect.yaml":       "steps:\n  - expect: {css: p, count: \"${least}\"}\n",
		"parts/a.txt":        "a",
		"parts/_unused.yaml": "nonsense",
	})
	s, err := scenarios.LoadFile("flow.yaml", env())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"_expect.yaml", "parts/_wait.yaml"}, s.Fragments); diff != "" {
		t.Errorf("it uses; -want +got\n%s", diff)
	}
	var leaves []string
	for step := range s.Leaves() {
		leaves = append(leaves, fmt.Sprintf("%s:%d %s %s", step.File, step.Line, step.Kind, step.Timeout))
	}
	want := []string{
		"parts/_wait.yaml:3 wait 4s", "_expect.yaml:2 expect 10s", "parts/_wait.yaml:6 upload 10s",
		"parts/_wait.yaml:3 wait 2s", "_expect.yaml:2 expect 10s", "parts/_wait.yaml:6 upload 10s",
	}
	if diff := cmp.Diff(want, leaves); diff != "" {
		t.Errorf("the leaves; -want +got\n%s", diff)
	}
}

// TestSecretsOfFragments: a secret that a fragment refers to, or that is handed to it, is one that the flow depends on.
func TestSecretsOfFragments(t *testing.T) {
	write(t, map[string]string{"_a.yaml": "params: {x: \"\"}\nsteps:\n  - expect: ${x}\n", "_b.yaml": "steps:\n  - expect: a\n  - type: ${totp:password}\n"})
	for use, want := range map[string]bool{"_a.yaml": false, "{file: _a.yaml, with: {x: \"${password}\"}}": true, "_b.yaml": true} {
		if _, has := load(t, "steps:\n  - use: "+use+"\n").Secrets["password"]; has != want {
			t.Errorf("%s: it sees the secret: %v", use, has)
		}
	}
}

func TestLimits(t *testing.T) {
	files := map[string]string{"_leaf.yaml": "steps:\n  - expect: x\n", "_loop.yaml": strings.Repeat("x", 10)}
	// Ten uses in each of six files are a million steps, which must not be read to be refused.
	for i := range 6 {
		next := fmt.Sprintf("_bomb%d.yaml", i+1)
		if i == 5 {
			next = "_leaf.yaml"
		}
		files[fmt.Sprintf("_bomb%d.yaml", i)] = "steps:\n" + strings.Repeat("  - use: "+next+"\n", 10)
	}
	for i := range 30 {
		files[fmt.Sprintf("_deep%d.yaml", i)] = fmt.Sprintf("steps:\n  - use: _deep%d.yaml\n  - expect: x\n", i+1)
	}
	files["_deep30.yaml"] = files["_leaf.yaml"]
	write(t, files)
	for text, want := range map[string]string{
		"steps:\n" + strings.Repeat("  - expect: x\n", 1001): "flow.yaml:1002:5: here flow.yaml has more than 1000 steps",
		"steps:\n  - use: _bomb0.yaml\n":                     "_leaf.yaml:2:5: here flow.yaml has more than 1000 steps",
		"steps:\n  - use: _deep0.yaml\n":                     "_deep19.yaml:2:10: fragments use fragments more than 20 deep",
	} {
		_, problems := scenarios.Load("flow.yaml", []byte(text), env())
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), want) {
			t.Errorf("want %q, got\n%v", want, problems)
		}
	}
	if _, problems := scenarios.Load("flow.yaml", []byte("steps:\n"+strings.Repeat("  - expect: x\n", 1000)), env()); len(problems) > 0 {
		t.Errorf("a thousand steps: %v", problems)
	}
	if _, problems := scenarios.Load("flow.yaml", []byte("steps:\n  - use: _deep11.yaml\n"), env()); len(problems) > 0 {
		t.Errorf("twenty deep: %v", problems)
	}
}

// BenchmarkLoad reads a flow of a hundred steps.
func BenchmarkLoad(b *testing.B) {
	data := []byte("steps:\n" + strings.Repeat("  - click: {role: button, name: Add to cart}\n  - expect: In the cart\n", 50))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := scenarios.Load("flow.yaml", data, env()); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

func TestFragmentIsNoFlow(t *testing.T) {
	write(t, map[string]string{"_a.yaml": "steps:\n  - expect: ${who}\n"})
	if _, err := scenarios.LoadFile("_a.yaml", env()); err == nil || !strings.Contains(err.Error(), "this is a fragment") {
		t.Errorf("loaded as a flow: %v", err)
	}
	if err := scenarios.CheckFragment("_a.yaml", env()); err != nil {
		t.Errorf("a name may be the flow's: %v", err)
	}
}

// TestPageSettingsOfTheAgent: what a file says wins over what agent.yaml says, setting by setting.
func TestPageSettingsOfTheAgent(t *testing.T) {
	e := env()
	e.Page = scenarios.PageSettings{Device: "iPhone 15", Locale: "de-DE", Headers: map[string]string{"X-Token": "${password}"}, IgnoreHTTPSErrors: true, Block: []string{"*ads*"}}
	for text, want := range map[string]scenarios.PageSettings{
		"": e.Page,
		"viewport: 800x600\nblock: []\nignore_https_errors: false\n": {Viewport: browser.Size{Width: 800, Height: 600}, Locale: "de-DE", Headers: e.Page.Headers},
		"device: Pixel 7\nlocale: fr\nheaders: {A: b}\n":             {Device: "Pixel 7", Locale: "fr", Headers: map[string]string{"A": "b"}, IgnoreHTTPSErrors: true, Block: e.Page.Block},
	} {
		s, problems := scenarios.Load("flow.yaml", []byte(text+"steps:\n  - expect: x\n"), e)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if diff := cmp.Diff(want, s.PageSettings); diff != "" {
			t.Errorf("%s: -want +got\n%s", text, diff)
		}
		if _, sees := s.Secrets["password"]; !sees {
			t.Errorf("%s: the secret of the agent's headers is not among the flow's", text)
		}
	}
	e.Browsers, e.Page = map[string]browser.Features{"plain": 0}, scenarios.PageSettings{Locale: "de"}
	e.Default = "plain"
	if _, problems := scenarios.Load("flow.yaml", []byte("steps:\n  - expect: x\n"), e); !strings.Contains(problems.Error(), `the browser "plain" lacks emulating devices, which the page settings of agent.yaml want`) {
		t.Errorf("a browser that cannot: %v", problems)
	}
}

// FuzzLoad: whatever is in a file, loading it gives a scenario or problems with places in it, and never panics.
func FuzzLoad(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/problems.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	for _, kind := range steps.Table() {
		f.Add([]byte("steps:\n" + kind.Example + "\n- expect: x\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, problems := scenarios.Load("fuzz.yaml", data, env())
		if (s == nil) != (len(problems) > 0) {
			t.Fatalf("scenario %v, problems %v", s, problems)
		}
		wantPlaces(t, problems, map[string][]byte{"fuzz.yaml": data})
	})
}

// FuzzFragment is FuzzLoad for a flow and a fragment that it uses.
func FuzzFragment(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/problems.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		if strings.HasPrefix(file.Name, "_") {
			f.Add("{file: _fuzz.yaml, with: {email: a, pause: 5}}", file.Data)
		}
	}
	dir := f.TempDir()
	flow, fragment := filepath.Join(dir, "fuzz.yaml"), filepath.Join(dir, "_fuzz.yaml")
	f.Fuzz(func(t *testing.T, use string, data []byte) {
		if err := os.WriteFile(fragment, data, 0o600); err != nil {
			t.Fatal(err)
		}
		text := []byte("vars: {a: \"${random:8}\"}\nsteps:\n- use: " + use + "\n- use: _fuzz.yaml\n- expect: x\n")
		s, problems := scenarios.Load(flow, text, env())
		if (s == nil) != (len(problems) > 0) {
			t.Fatalf("scenario %v, problems %v", s, problems)
		}
		wantPlaces(t, problems, map[string][]byte{flow: text, fragment: data})
		if err := scenarios.CheckFragment(fragment, env()); err != nil && err.Error() == "" {
			t.Error("a problem that says nothing")
		}
	})
}

// wantPlaces: every problem stands in one of the files, at a place that is there.
func wantPlaces(t *testing.T, problems source.Problems, files map[string][]byte) {
	t.Helper()
	for _, p := range problems {
		data, known := files[p.File]
		// The breaks that the YAML library knows; two of them side by side are one on Windows.
		lines := len(regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]").Split(string(data), -1))
		if !known || p.Line < 0 || p.Line > lines+1 || p.Line > 0 && p.Column < 1 || p.Message == "" {
			t.Errorf("a problem without a place: %#v", p)
		}
	}
	_ = problems.Error()
}
