package slack_test

import (
	"context"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/slack"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
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

// covered is the incident that the goldens tell of.
func covered() reporters.Notice {
	start := time.Date(2026, 11, 22, 9, 58, 0, 0, time.UTC)
	run := &scenarios.Run{
		ID: "01935a3c-7a00-7000-8000-000000000001", Scenario: "checkout", File: "scenarios/checkout.yaml", Browser: "chromium",
		Location: "berlin-1", Started: start.Add(5 * time.Minute), DurationMS: 12_000, Attempts: 2, Outcome: scenarios.Failed,
		Steps: []scenarios.StepResult{
			{Index: 1, Kind: "goto", Name: "goto ${base}/login", Line: 17, Outcome: scenarios.Passed},
			{Index: 2, Kind: "form", Name: "form", Line: 18, Outcome: scenarios.Passed},
			{Index: 3, Kind: "click", Name: "Log in", Line: 19, Outcome: scenarios.Passed},
			{Index: 4, Kind: "click", Name: "Submit order", Line: 22, Outcome: scenarios.Failed, Group: "order"},
			{Index: 5, Kind: "expect", Name: "expect Thank you", Line: 24, Outcome: scenarios.Skipped},
		},
		Failure: &scenarios.Failure{
			Class: browser.ClassNotActionable, Step: 4, Line: 22, Message: "button is covered by #cookie-banner\nit stayed so for 10s",
			Hint: "close the banner in a step before this one", URL: "https://shop.example/checkout?cart=17&lang=en",
		},
	}
	return reporters.Notice{
		Location: "berlin-1",
		Incident: incident.Incident{
			ID: run.ID, Scenario: "checkout", Since: start, Opened: run.Ended(), Runs: 2, Version: 1, First: run,
		},
	}
}

func over(n reporters.Notice, lasted time.Duration) reporters.Notice {
	n.Incident.Resolved = n.Incident.Since.Add(lasted)
	n.Incident.Version++
	n.Incident.Runs += 3
	return n
}

func notices() map[string]reporters.Notice {
	all := map[string]reporters.Notice{}
	all["open"] = covered()
	all["resolved"] = over(covered(), 14*time.Minute)

	picture := covered()
	picture.Picture = reportertest.Picture(strings.Repeat("PNG", 50_000))
	all["picture"] = picture
	all["picture-resolved"] = over(picture, 26*time.Hour)

	sample := covered()
	sample.Sample = true
	all["sample"] = sample
	all["sample-resolved"] = over(sample, time.Minute)

	budget := covered()
	budget.Incident.First.Failure = &scenarios.Failure{Class: browser.ClassBudget, Message: "total took 9.2s, its budget is 8s"}
	all["budget"] = budget

	hostile := covered()
	hostile.Incident.First.Failure = &scenarios.Failure{
		Class: browser.ClassAssertion, Step: 9, Line: 99, Message: "<!channel> & ```code``` " + strings.Repeat("&", 700),
		Hint: "\x1b[31mred\x1b[0m *bold* :smile: @here", URL: "javascript:alert(1)",
	}
	all["hostile"] = hostile

	bare := covered()
	bare.Incident.First = nil
	bare.Location = ""
	all["bare"] = bare
	return all
}

func TestGoldenBlocks(t *testing.T) {
	for name, n := range notices() {
		t.Run(name, func(t *testing.T) {
			s := reportertest.NewSlack(t)
			newAgent(t, config(s)).must(n)
			if only(t, s).Pings {
				t.Error("people are called")
			}
			golden(t, name+".golden.json", lastMessage(t, s))
		})
	}
}

// lastMessage is what was sent last of a message, to be read by people.
func lastMessage(t *testing.T, s *reportertest.Slack) string {
	t.Helper()
	var form url.Values
	for _, r := range s.Requests() {
		if strings.HasPrefix(r.Method, "chat.") {
			var err error
			if form, err = url.ParseQuery(string(r.Body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := json.MarshalIndent(struct {
		Text     string          `json:"text"`
		Blocks   json.RawMessage `json:"blocks"`
		Metadata json.RawMessage `json:"metadata"`
	}{form.Get("text"), json.RawMessage(form.Get("blocks")), json.RawMessage(form.Get("metadata"))}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b)) + "\n"
}

func TestGoldenTerminal(t *testing.T) {
	for name, n := range notices() {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			terminal := slack.NewTerminal(&b)
			var memory json.RawMessage
			if name == "resolved" { // which was told before
				var err error
				if memory, err = slack.NewTerminal(new(strings.Builder)).Report(context.Background(), covered(), nil); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := terminal.Report(context.Background(), n, memory); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".golden.txt", b.String())
		})
	}
}
