package examples_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios"
	"trackwalker/scenarios/steps"
)

var update = flag.Bool("update", false, "write the golden files anew")

// failures gives steps for each kind, the last of which fails.
func failures() map[string]string {
	return map[string]string{
		"goto":         `- goto: ${base}/nowhere`,
		"reload":       "- mock: {url: \"*/workshop?gone\", status: 503, body: closed}\n- script: \"history.replaceState(null, '', '?gone')\"\n- reload",
		"back":         "- goto: ${base}/login\n- mock: {url: \"*/workshop\", status: 503, body: closed}\n- back:",
		"forward":      "- goto: ${base}/login\n- back:\n- mock: {url: \"*/login\", status: 503, body: closed}\n- forward:",
		"click":        `- click: Send the request`,
		"double_click": `- double_click: {text: A lamp that is not there}`,
		"right_click":  `- right_click: {testid: nothing}`,
		"hover":        `- hover: {css: .button}`,
		"focus":        `- focus: {label: What is wrong, exact: true}`,
		"tap":          `- tap: {alt: A lamp}`,
		"fill":         `- fill: {role: button, name: Send request, value: x}`,
		"type":         `- type: {label: Where, value: x}`,
		"clear":        `- clear: {text: The workshop}`,
		"press":        `- press: {label: Where, key: Enter}`,
		"select":       `- select: {label: What is wrong?, option: Broken}`,
		"check":        `- check: {label: What is wrong?}`,
		"uncheck":      `- uncheck: {label: Terms}`,
		"form":         `- form: {What is wrong?: dark, Colour: red}`,
		"upload":       `- upload: {label: What is wrong?, file: lamp.png}`,
		"drag":         `- drag: {css: "#shelf li", nth: 0, to: {testid: nothing}}`,
		"scroll":       `- scroll: {testid: nothing}`,
		"wait":         "- focus: {label: What is wrong?}\n- wait: {response: \"*/prices\", status: 200}",
		"expect":       `- expect: {role: heading, name: The workshop, contains: garage}`,
		"save":         `- save: {as: price, css: h1, pattern: "[0-9]+"}`,
		"script":       `- script: "throw new Error('no lamp')"`,
		"screenshot":   `- screenshot: {name: lamp, of: {testid: nothing}}`,
		"dialog":       "- dialog: {accept: true, message: Sell it?}\n- click: Cancel my repair",
		"tab":          `- tab: {title: Nobody opened this}`,
		"download":     `- download: {text: Price list, as: "*.pdf"}`,
		"cookies":      `- cookies: {set: [{name: __Host-a, value: b}]}`,
		"mock":         "- mock: {url: \"*/card\", abort: true}\n- goto: ${base}/card",
		"use":          `- use: {file: _open.yaml}`,
		"group":        "- group: {name: Opening, steps: [{click: Open it}]}",
	}
}

// atOnce are the kinds whose step fails by itself, however slow the machine is.
func atOnce() []string {
	return []string{"goto", "reload", "back", "forward", "script", "cookies", "mock", "upload"}
}

// TestEveryKindFails: each kind has a way to fail, which says in these words what is wrong. What fails with `dialog`, `mock`,
// `use` and `group` is the step that they are about.
func TestEveryKindFails(t *testing.T) {
	s := newStage(t)
	all := failures()
	var mu sync.Mutex
	said := map[string]string{}
	t.Run("kinds", func(t *testing.T) {
		for _, kind := range steps.Table() {
			t.Run(kind.Name, func(t *testing.T) {
				t.Parallel()
				if all[kind.Name] == "" {
					t.Fatal("there is no step that fails: add one to failures")
				}
				dir := t.TempDir()
				for name, text := range map[string]string{"lamp.png": "PNG", "_open.yaml": "steps:\n  - click: Open it\n"} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				list := "- goto: ${base}/workshop\n" + all[kind.Name]
				if !slices.Contains(atOnce(), kind.Name) { // what the last step waits for never comes
					last := strings.LastIndex(list, "\n- ") + len("\n- ")
					list = list[:last] + "timeout: 3s\n  " + list[last:]
				}
				run := s.play(t, filepath.Join(dir, "fails.yaml"), "retries: 0\nsteps:\n"+list+"\n- expect: {css: body}\n")
				if run.Outcome != scenarios.Failed {
					t.Fatalf("%s: %+v", run.Outcome, run.Failure)
				}
				f := run.Failure
				if f.Step != len(run.Steps)-1 {
					t.Errorf("failed at step %d of %d", f.Step, len(run.Steps))
				}
				text := fmt.Sprintf("%s: %s", f.Class, f.Message)
				if f.Hint != "" {
					text += "\nhint: " + f.Hint
				}
				mu.Lock()
				defer mu.Unlock()
				said[kind.Name] = strings.ReplaceAll(strings.ReplaceAll(text, s.base, "BASE"), strings.TrimPrefix(s.base, "http://"), "HOST")
			})
		}
	})
	if t.Failed() {
		return
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(said)) {
		fmt.Fprintf(&b, "-- %s --\n%s\n%s\n\n", name, strings.TrimSpace(all[name]), said[name])
	}
	golden := filepath.Join("testdata", "failures.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("what people read differs (-want +got); -update writes it anew:\n%s", diff)
	}
}

// A page whose style sheet does not come is not painted by itself; there is a picture of the failure all the same.
func TestPictureOfAPageWithoutItsStyle(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<link rel=stylesheet href="/style"><h1>Styled</h1>`)
	}))
	t.Cleanup(site.Close)
	s := newStage(t)
	s.base = site.URL
	run := s.play(t, "styled.yaml", "retries: 0\nsteps:\n  - goto: ${base}/\n    timeout: 2s\n  - expect: Styled\n")
	if run.Failure == nil || run.Failure.Class != "timeout" || len(run.Artifacts) != 1 || run.Artifacts[0].Name != "failure" {
		t.Errorf("%+v, with the artifacts %+v", run.Failure, run.Artifacts)
	}
}
