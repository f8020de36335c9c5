package reportertest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

// Goldens are the notices that each channel's golden files show, by name.
func Goldens() map[string]reporters.Notice {
	start := time.Date(2026, 11, 22, 9, 58, 0, 0, time.UTC)
	run := func(failure scenarios.Failure) *scenarios.Run {
		return &scenarios.Run{
			ID: "01935a3c-7a00-7000-8000-000000000001", Scenario: "checkout", File: "scenarios/checkout.yaml", Browser: "chromium",
			Location: "berlin-1", Started: start.Add(5 * time.Minute), DurationMS: 12_000, Attempts: 2, Outcome: scenarios.Failed,
			Steps: []scenarios.StepResult{
				{Index: 1, Kind: "goto", Name: "goto ${base}/login", Line: 17, Outcome: scenarios.Passed},
				{Index: 2, Kind: "click", Name: "Submit order", Line: 22, Outcome: scenarios.Failed, Group: "order"},
				{Index: 3, Kind: "expect", Name: "expect Thank you", Line: 24, Outcome: scenarios.Skipped},
			},
			Failure: &failure,
		}
	}
	notice := func(failure scenarios.Failure) reporters.Notice {
		r := run(failure)
		return reporters.Notice{Location: "berlin-1", Incident: incident.Incident{
			ID: r.ID, Scenario: r.Scenario, Since: start, Opened: r.Ended(), Runs: 2, Version: 1, First: r,
		}}
	}
	open := notice(scenarios.Failure{
		Class: browser.ClassNotActionable, Step: 2, Line: 22, Message: "button is covered by #cookie-banner\nit stayed so for 10s",
		Hint: "close the banner in a step before this one", URL: "https://shop.example/checkout?cart=17&lang=en",
	})
	over := open
	over.Incident.Resolved, over.Incident.Version, over.Incident.Runs = start.Add(14*time.Minute), 2, 4
	sample := open
	sample.Sample = true
	bare := notice(scenarios.Failure{})
	bare.Incident.First, bare.Location = nil, ""
	return map[string]reporters.Notice{
		"open": open, "resolved": over, "sample": sample, "bare": bare,
		"hostile": notice(scenarios.Failure{
			Class: browser.ClassAssertion, Step: 2, Line: 22, URL: "javascript:alert(1)", Hint: "\x1b[31mred\x1b[0m **bold** :smile: @here",
			Message: "<!channel> @everyone <at>all</at> & ```code``` [ok](https://evil.example) <script>alert(1)</script> " + strings.Repeat("🚂&", 300),
		}),
	}
}

// Golden holds got to a file under testdata, or writes it there.
func Golden(t *testing.T, name, got string, update bool) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// GoldenJSON is Golden for a document, which is laid out to be read.
func GoldenJSON(t *testing.T, name string, got []byte, update bool) {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	Golden(t, name, strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(b.String()), update)
}
