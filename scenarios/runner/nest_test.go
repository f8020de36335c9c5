package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/browser/browsertest"
	"trackwalker/scenarios/runner"
)

// table gives the steps of a run, a line each: index, kind, name, where, group, outcome.
func table(run *scenarios.Run) string {
	var b strings.Builder
	for _, s := range run.Steps {
		fmt.Fprintf(&b, "%d %s %q %s:%d [%s] %s\n", s.Index, s.Kind, s.Name, filepath.Base(s.File), s.Line, s.Group, s.Outcome)
	}
	return b.String()
}

// groupsOf gives the groups of a run, with how many seconds each took.
func groupsOf(run *scenarios.Run) string {
	var all []string
	for _, g := range run.Groups {
		all = append(all, fmt.Sprintf("%s %s %ds", g.Name, g.Outcome, g.DurationMS/1000))
	}
	return strings.Join(all, ", ")
}

// write puts files into a folder of their own and gives its path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// playFiles plays flow.yaml of the files.
func playFiles(t *testing.T, fake *browsertest.Fake, files map[string]string) *scenarios.Run {
	t.Helper()
	s, err := scenarios.LoadFile(filepath.Join(write(t, files), "flow.yaml"), scenarios.Env{})
	if err != nil {
		t.Fatal(err)
	}
	r := runner.Runner{Driver: fake, Browser: "fake", Location: "here"}
	return r.Run(context.Background(), s, runner.Options{})
}

const grouped = `
retries: 0
steps:
  - goto: https://shop.example/
  - group:
      name: Buy
      steps:
        - click: Lamp
        - group: {name: Pay, steps: [click: Card, wait: 2s, click: Pay]}
        - click: Close
  - expect: Thank you
`

func TestGroups(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := &browsertest.Fake{}
		run := play(t, fake, grouped)
		want := `1 goto "goto https://shop.example/" .:4 [] passed
2 click "click Lamp" .:8 [Buy] passed
3 click "click Card" .:9 [Buy / Pay] passed
4 wait "wait 2s" .:9 [Buy / Pay] passed
5 click "click Pay" .:9 [Buy / Pay] passed
6 click "click Close" .:10 [Buy] passed
7 expect "expect Thank you" .:11 [] passed
`
		if diff := cmp.Diff(want, table(run)); diff != "" {
			t.Error(diff)
		}
		if got := groupsOf(run); got != "Buy passed 2s, Buy / Pay passed 2s" {
			t.Errorf("the groups are %s", got)
		}
	})
}

// failing refuses to press on what a locator names.
func failing(name string) *browsertest.Fake {
	return on("prepare", func(_ context.Context, c browsertest.Call) (any, error) {
		if strings.Contains(fmt.Sprint(c.Args), name) {
			return browsertest.Miss{Class: browser.ClassNotFound, Message: "no " + name}, nil
		}
		return c.Usual()
	})
}

func TestGroupFails(t *testing.T) {
	for _, c := range []struct {
		name, from, to, steps, groups string
		outcome                       scenarios.Outcome
	}{
		{"a step of it", "", "", "passed passed failed skipped skipped skipped skipped", "Buy failed 0s, Buy / Pay failed 0s", scenarios.Failed},
		{"and may", "click: Close\n", "click: Close\n    optional: true\n", "passed passed warning skipped skipped skipped passed", "Buy warning 0s, Buy / Pay failed 0s", scenarios.Passed},
		{"inside one that may", "click: Pay]}", "click: Pay]}\n          optional: true", "passed passed warning skipped skipped passed passed", "Buy passed 0s, Buy / Pay warning 0s", scenarios.Passed},
		{"but the step may", "click: Card,", "{click: Card, optional: true},", "passed passed warning passed passed passed passed", "Buy passed 2s, Buy / Pay passed 2s", scenarios.Passed},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				run := play(t, failing("Card"), strings.Replace(grouped, c.from, c.to, 1))
				want(t, run, c.outcome, 1, c.steps)
				if got := groupsOf(run); got != c.groups {
					t.Errorf("the groups are %s", got)
				}
				if c.outcome == scenarios.Failed {
					wantFailure(t, run, browser.ClassNotFound, 3, "no Card")
				} else if run.Steps[2].Warning != "no Card" {
					t.Errorf("the warning is %q", run.Steps[2].Warning)
				}
			})
		})
	}
}

func TestGroupWhen(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := on("isVisible", func(context.Context, browsertest.Call) (any, error) { return map[string]any{"visible": false}, nil })
		run := play(t, fake, strings.Replace(grouped, "click: Close\n", "click: Close\n    when: Basket\n    capture: true\n", 1))
		want(t, run, scenarios.Passed, 1, "passed skipped skipped skipped skipped skipped passed")
		if groupsOf(run) != "Buy skipped 0s, Buy / Pay skipped 0s" || artifacts(run) != "" {
			t.Errorf("the groups are %s, the pictures %s", groupsOf(run), artifacts(run))
		}
	})
}

func TestGroupCaptures(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, &browsertest.Fake{}, strings.Replace(grouped, "click: Close\n", "click: Close\n    capture: true\n", 1))
		if artifacts(run) != "Buy@6" {
			t.Errorf("the pictures are %s", artifacts(run))
		}
	})
}

func TestGroupTimeout(t *testing.T) {
	for optional, steps := range map[string]string{"": "passed passed passed failed skipped skipped skipped", "    optional: true\n": "passed passed passed warning skipped skipped passed"} {
		t.Run(optional, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				run := play(t, &browsertest.Fake{}, strings.Replace(grouped, "click: Close\n", "click: Close\n    timeout: 1s\n"+optional, 1))
				if outcomes(run) != steps {
					t.Errorf("the steps are %s", outcomes(run))
				}
				said := run.Steps[3].Warning
				if run.Failure != nil {
					said = run.Failure.Message
				}
				if said != `the 1s of "Buy" were over in this step` {
					t.Errorf("it says %q", said)
				}
			})
		})
	}
}

func TestFinallyWithGroups(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, failing("Card"), flow("", shop)+"finally:\n  - group: {name: Leave, steps: [click: Menu, click: Card, click: Log out]}\n  - reload\n")
		want(t, run, scenarios.Passed, 1, "passed passed passed warning skipped passed")
		if groupsOf(run) != "Leave warning 0s" || !slices.Contains(run.Warnings, "finally: click Card: no Card") {
			t.Errorf("the groups are %s, the warnings %q", groupsOf(run), run.Warnings)
		}
	})
}

// The scope of a group is its steps', and theirs is inside it.
func TestScopeIsInherited(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := &browsertest.Fake{}
		run := play(t, fake, flow("vars: {id: pay}", "group:\n      name: Pay\n      steps:\n        - click: {text: Go, in: {css: form}}\n          in: {css: main}\n        - script: return 1\n"+
			"        - expect: {not_text: Error}\n    in: {css: \"#${id}\"}\n    frame: {css: iframe}"))
		want(t, run, scenarios.Passed, 1, "passed passed passed passed")
		var clicked, absent string
		for _, c := range fake.Calls() {
			switch c.Method {
			case "prepare":
				clicked = fmt.Sprint(c.Args[0].(map[string]any)["locator"])
			case "expect":
				if absent == "" {
					absent = fmt.Sprint(c.Args[0])
				}
			}
		}
		if !strings.Contains(clicked, "css: form, in: {css: main, in: {css: #pay}}") {
			t.Errorf("pressed on %s", clicked)
		}
		if !strings.Contains(absent, "#pay") {
			t.Errorf("the text is not looked for in the scope: %s", absent)
		}
		if frames := slices.DeleteFunc(fake.Methods(), func(m string) bool { return m != "Frame" }); len(frames) < 3 {
			t.Errorf("the frame was entered %d times: %v", len(frames), fake.Methods())
		}
	})
}

func TestFragments(t *testing.T) {
	fake := &browsertest.Fake{}
	run := playFiles(t, fake, map[string]string{
		"flow.yaml": "vars: {base: https://shop.example, name: outer, once: \"${random:8}\"}\nsteps:\n" +
			"  - use: {file: _login.yaml, with: {name: \"in ${name}\", token: \"${random:8}\"}}\n" +
			"  - use: {file: _login.yaml, with: {token: x}}\n    name: Once more\n" +
			"  - expect: ${greeting} ${name}\n",
		"_login.yaml": "params:\n  name: default ${name}\n  both: \"${name}!\"\n  token:\nsteps:\n  - goto: ${base}/${name}/${both}/${token}\n" +
			"  - goto: https://shop.example/${token}/${once}\n  - use: _inner.yaml\n  - save: {as: greeting, css: h1}\n",
		"_inner.yaml": "steps:\n  - goto: ${base}/inner/${name}/${once}\n",
	})
	if run.Outcome != scenarios.Passed {
		t.Fatalf("%s: %+v", run.Outcome, run.Failure)
	}
	wantTable := `1 goto "goto ${base}/${name}/${both}/${token}" _login.yaml:6 [] passed
2 goto "goto https://shop.example/${token}/${once}" _login.yaml:7 [] passed
3 goto "goto ${base}/inner/${name}/${once}" _inner.yaml:2 [] passed
4 save "save {as: greeting, css: h1}" _login.yaml:9 [] passed
5 goto "goto ${base}/${name}/${both}/${token}" _login.yaml:6 [Once more] passed
6 goto "goto https://shop.example/${token}/${once}" _login.yaml:7 [Once more] passed
7 goto "goto ${base}/inner/${name}/${once}" _inner.yaml:2 [Once more] passed
8 save "save {as: greeting, css: h1}" _login.yaml:9 [Once more] passed
9 expect "expect ${greeting} ${name}" .:6 [] passed
`
	if diff := cmp.Diff(wantTable, table(run)); diff != "" {
		t.Error(diff)
	}
	var went []string
	for _, c := range fake.Calls() {
		if c.Method == "Navigate" {
			went = append(went, strings.TrimPrefix(c.Args[0].(string), "https://shop.example/"))
		}
	}
	token := strings.TrimPrefix(went[0], "in outer/in outer!/")
	once := strings.TrimPrefix(went[1], token+"/")
	wanted := []string{
		"in outer/in outer!/" + token, token + "/" + once, "inner/in outer/" + once,
		"default outer/default outer!/x", "x/" + once, "inner/default outer/" + once,
	}
	if diff := cmp.Diff(wanted, went); diff != "" || len(token) != 8 || len(once) != 8 {
		t.Errorf("arguments are resolved once a use, vars once an attempt\n%s", diff)
	}
	if last := fake.Calls()[len(fake.Calls())-2]; !strings.Contains(fmt.Sprint(last.Args), "text outer") {
		t.Errorf("after the fragment, its saved value and the flow's own names are seen: %v", last.Args)
	}
}

// A secret stays one when it comes by a parameter.
func TestSecretsThroughParameters(t *testing.T) {
	t.Setenv("FLOW_SECRET", "tr0ub4dor&3")
	fake := &browsertest.Fake{}
	run := playFiles(t, fake, map[string]string{
		"flow.yaml":  "secrets: {password: {env: FLOW_SECRET}}\nsteps:\n  - use: {file: _fill.yaml, with: {pin: \"${password}\"}}\n  - expect: x\n",
		"_fill.yaml": "params: {pin: }\nsteps:\n  - use: {file: _fill-it.yaml, with: {it: \"x${pin}\"}}\n",
		"_fill-it.yaml": "params: {it: }\nsteps:\n  - fill: {label: a, value: \"${it}\"}\n" +
			"  - save: {as: seen, script: return 1, pattern: \"(.*)\"}\n    name: with ${it}\n",
	})
	if run.Outcome != scenarios.Passed {
		t.Fatalf("%+v", run.Failure)
	}
	for _, c := range fake.Calls() {
		if c.Method == "ready" && c.Args[0].(map[string]any)["secret"] != true {
			t.Errorf("the field is not covered in pictures: %v", c.Args)
		}
	}
	wantRedacted(t, run, "tr0ub4dor&3")
}

func TestWaitsSinceTheStepBefore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var since []time.Duration
		began := time.Now()
		fake := on("Exchanges", func(_ context.Context, c browsertest.Call) (any, error) {
			from := c.Args[0].(time.Time)
			since = append(since, from.Sub(began))
			return []browser.Exchange{{URL: "https://shop.example/api", Status: 200, Started: from, Answered: from}}, nil
		})
		run := play(t, fake, flow("", "wait: 1s", "group: {name: a, steps: [wait: 2s]}", "click: a\n    when: b", "wait: {response: '*/api'}", "wait: {request: '*/api'}"))
		want(t, run, scenarios.Passed, 1, "passed passed passed passed passed passed")
		if len(since) != 2 || since[0] != 3*time.Second || since[1] != 3*time.Second {
			t.Errorf("it listened since %v", since)
		}
	})
}

func TestDialogPlans(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		opened := false
		fake := &browsertest.Fake{Answer: func(_ context.Context, c browsertest.Call) (any, error) {
			switch {
			case c.Method == "Pointer":
				opened = true
			case c.Method == "Dialogs" && opened:
				return []browser.Dialog{{Kind: "confirm", Message: "Delete it?", Planned: 1}}, nil
			}
			return c.Usual()
		}}
		yaml := flow("retries: 0", "dialog: {accept: true, message: delete IT}", "reload", "click: Delete", "dialog: dismiss")
		run := play(t, fake, yaml)
		want(t, run, scenarios.Passed, 1, "passed passed passed warning passed")
		if w := run.Steps[3].Warning; w != "no dialog was opened after this step" {
			t.Errorf("the warning is %q", w)
		}
		opened = false
		run = play(t, fake, strings.Replace(yaml, "delete IT", "Pay now", 1))
		want(t, run, scenarios.Failed, 1, "passed passed failed skipped skipped")
		wantFailure(t, run, browser.ClassAssertion, 3, `expected a dialog that says "Pay now"; the confirm says "Delete it?"`)
	})
}

// The time of a bubble begins at midnight, where a code has just begun to live.
func TestOneTimeCodes(t *testing.T) {
	t.Setenv("FLOW_OTP", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq") // of RFC 6238, appendix B
	synctest.Test(t, func(t *testing.T) {
		fake := &browsertest.Fake{}
		var typed []string
		fake.Answer = func(_ context.Context, c browsertest.Call) (any, error) {
			if c.Method == "InsertText" {
				typed = append(typed, fmt.Sprintf("%s at %s", c.Args[0], time.Now().UTC().Format("15:04:05")))
			}
			return c.Usual()
		}
		fill := `fill: {label: Code, value: "${totp:otp}"}`
		run := play(t, fake, flow("secrets: {otp: {env: FLOW_OTP}}\nvars: {code: \"${totp:otp}\"}", fill, "wait: 26s", fill, "wait: 2s", `fill: {label: Code, value: "${code}"}`, "wait: 30s", `fill: {label: Code, value: "${code}"}`))
		want(t, run, scenarios.Passed, 1, "passed passed passed passed passed passed passed passed")
		var at []string
		codes := map[string]bool{}
		for _, entry := range typed {
			code, when, _ := strings.Cut(entry, " at ")
			at = append(at, when)
			codes[code] = true
		}
		if diff := cmp.Diff([]string{"00:00:00", "00:00:26", "00:00:30", "00:01:00"}, at); diff != "" || len(codes) != 3 {
			t.Errorf("entered %v\n%s", typed, diff)
		}
	})
}

// A code that is about to change is waited for, as long as the step has time.
func TestOneTimeCodeInHaste(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, &browsertest.Fake{}, flow("retries: 0\nvars: {otp: JBSWY3DPEHPK3PXP}", "wait: 28s", "fill: {label: Code, value: '${totp:otp}'}\n    timeout: 1s"))
		want(t, run, scenarios.Failed, 1, "passed failed skipped")
		wantFailure(t, run, browser.ClassTimeout, 2, "the one-time code of otp was about to change")
	})
}

// Built-in references are fresh at each use, where they stand in a step.
func TestFreshReferences(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := &browsertest.Fake{}
		want(t, play(t, fake, flow("vars: {id: '${uuid}'}", "goto: https://a/${random:8}/${uuid}/${id}", "goto: https://a/${random:8}/${uuid}/${id}", "expect: $${id}")), scenarios.Passed, 1, "passed passed passed passed")
		var went [][]string
		for _, c := range fake.Calls() {
			if c.Method == "Navigate" {
				went = append(went, strings.Split(c.Args[0].(string), "/"))
			}
			if c.Method == "expect" && strings.Contains(fmt.Sprint(c.Args), "$$") {
				t.Errorf("$${ is not what it stands for: %v", c.Args)
			}
		}
		if went[0][3] == went[1][3] || went[0][4] == went[1][4] || went[0][5] != went[1][5] {
			t.Errorf("went to %v", went)
		}
	})
}

// What a file is needed for is found before the run, or is the agent's fault.
func TestFiles(t *testing.T) {
	fake := &browsertest.Fake{}
	files := map[string]string{
		"flow.yaml": "retries: 0\nsteps:\n  - save: {as: name, css: h1}\n  - upload: {label: a, files: [photo.svg, \"${name}.svg\"]}\n" +
			"  - mock: {url: \"*/api*\", file: answer.json, headers: {X-Id: \"${name}\"}}\n  - mock: {url: \"*/api/2\", status: 503, body: \"no ${name}\", headers: {Content-Type: text/plain}}\n  - expect: x\n",
		"photo.svg": "<svg/>", "text.svg": "<svg/>", "answer.json": `{"a": 1}`,
	}
	run := playFiles(t, fake, files)
	if run.Outcome != scenarios.Passed {
		t.Fatalf("%+v", run.Failure)
	}
	var rules []browser.InterceptRule
	for _, c := range fake.Calls() {
		switch c.Method {
		case "SetFiles":
			paths := c.Args[1].([]string)
			if len(paths) != 2 || !filepath.IsAbs(paths[0]) || filepath.Base(paths[0]) != "photo.svg" || filepath.Base(paths[1]) != "text.svg" {
				t.Errorf("uploaded %v", paths)
			}
		case "Intercept":
			rules = append(rules, c.Args[0].([]browser.InterceptRule)...)
		}
	}
	wanted := []browser.InterceptRule{
		{URL: "*/api*", Status: 200, Headers: map[string]string{"X-Id": "text", "Content-Type": "application/json"}, Body: []byte(`{"a": 1}`)},
		{URL: "*/api/2", Status: 503, Headers: map[string]string{"Content-Type": "text/plain"}, Body: []byte("no text")},
	}
	if diff := cmp.Diff(wanted, rules); diff != "" {
		t.Errorf("mocked; -want +got\n%s", diff)
	}
	delete(files, "text.svg")
	run = playFiles(t, fake, files)
	if run.Outcome != scenarios.Errored || run.Failure.Class != browser.ClassInternal || !strings.Contains(run.Failure.Message, "text.svg does not exist") {
		t.Errorf("without the file: %s, %+v", run.Outcome, run.Failure)
	}
}

func TestCookiesAndTabs(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := &browsertest.Fake{}
		run := play(t, fake, flow("vars: {v: 1}", shop, "cookies: {set: [{name: a, value: 'x${v}', expires: 1d}, {name: b, value: '', url: 'https://b.example/', expires: '2030-01-31T12:00:00Z', secure: true, http_only: true, same_site: None}]}",
			"cookies: clear", "tab: {url: 'https://shop*'}", "tab: last", "scroll: {by: -600, in: {css: main}}", "dialog: {accept: 'Betty ${v}'}", "dialog: {accept: true}"))
		if run.Outcome != scenarios.Passed {
			t.Fatalf("%+v", run.Failure)
		}
		var set []browser.Cookie
		var answers []browser.DialogAnswer
		for _, c := range fake.Calls() {
			switch c.Method {
			case "SetCookies":
				set = c.Args[0].([]browser.Cookie)
			case "PlanDialog":
				answers = append(answers, c.Args[0].(browser.DialogAnswer))
			case "scroll":
				if by, _ := c.Args[0].(map[string]any)["by"].(float64); by != -600 {
					t.Errorf("scrolled %v", c.Args)
				}
			}
		}
		if len(set) != 2 || set[0].Value != "x1" || time.Until(set[0].Expires).Round(time.Hour) != 24*time.Hour {
			t.Errorf("set %+v", set)
		}
		second := browser.Cookie{Name: "b", URL: "https://b.example/", Expires: time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC), Secure: true, HTTPOnly: true, SameSite: "None"}
		if diff := cmp.Diff(second, set[1]); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if diff := cmp.Diff([]browser.DialogAnswer{{Accept: true, Text: "Betty 1"}, {Accept: true}}, answers); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// What a run gives to a cookie may be no value of one. It is not told: it may be a secret.
func TestCookieOfNoUse(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		run := play(t, &browsertest.Fake{}, flow("retries: 0", shop, "save: {as: v, script: return 1}", "cookies: {set: [{name: a, value: '${v}'}, {name: b, value: 'x;${v}'}]}"))
		want(t, run, scenarios.Failed, 1, "passed passed failed skipped")
		wantFailure(t, run, browser.ClassAssertion, 3, "the cookie b: the value of a cookie holds no ;")
	})
}

func TestPageSettings(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fake := &browsertest.Fake{}
		run := play(t, fake, flow("vars: {lang: de-DE}\ndevice: iphone 15\nlocale: ${lang}\nuser_agent: probe ${run.attempt}\ncolor_scheme: dark\n"+
			"geolocation: {latitude: 52.5, longitude: 13.4}\npage_timezone: Europe/Berlin\nblock: ['*://ads.example/*', '*${lang}*']\nthrottle: {network: slow-4g, cpu: 4}", shop, "tap: Pay", "reload"))
		if run.Outcome != scenarios.Passed {
			t.Fatalf("%+v", run.Failure)
		}
		o := fake.Calls()[0].Args[0].(browser.Options)
		slow := browser.NetworkProfiles()["slow-4g"]
		wanted := browser.Emulation{
			Scale: 3, Mobile: true, Touch: true, UserAgent: "probe 1", Locale: "de-DE", TimeZone: "Europe/Berlin", ColorScheme: "dark",
			Geolocation: &browser.Geolocation{Latitude: 52.5, Longitude: 13.4}, Network: &slow, CPU: 4,
		}
		if diff := cmp.Diff(wanted, o.Emulation); diff != "" || o.Viewport != (browser.Size{Width: 393, Height: 852}) {
			t.Errorf("%v\n%s", o.Viewport, diff)
		}
		uses := browser.FeatureConsole | browser.FeatureDialogs | browser.FeatureEmulation | browser.FeatureInterception | browser.FeatureTouch
		if o.Uses != uses {
			t.Errorf("it uses %s", o.Uses)
		}
		rules := []browser.InterceptRule{{URL: "*://ads.example/*", Abort: true}, {URL: "*de-DE*", Abort: true}}
		if c := fake.Calls()[1]; c.Method != "Intercept" || cmp.Diff(rules, c.Args[0]) != "" {
			t.Errorf("before the first step: %+v", c)
		}
	})
}
