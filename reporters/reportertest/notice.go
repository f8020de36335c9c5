package reportertest

import (
	"io"
	"strings"
	"time"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

// Opened is a notice of an incident that opened a minute ago. Its parts are the caller's to change.
func Opened(id string) reporters.Notice {
	now := time.Now().Truncate(time.Second)
	run := &scenarios.Run{
		ID: id, Scenario: "checkout", File: "checkout.yaml", Browser: "chromium", Location: "berlin-1",
		Started: now.Add(-70 * time.Second), DurationMS: 10_000, Attempts: 2, Outcome: scenarios.Failed,
		Steps: []scenarios.StepResult{
			{Index: 1, Kind: "goto", Name: "goto ${base}/cart", Line: 5, Outcome: scenarios.Passed, DurationMS: 400},
			{Index: 2, Kind: "click", Name: "Submit order", Line: 6, Outcome: scenarios.Failed, DurationMS: 9000},
			{Index: 3, Kind: "expect", Name: "expect Thank you", Line: 7, Outcome: scenarios.Skipped},
		},
		Failure: &scenarios.Failure{
			Class: browser.ClassNotActionable, Step: 2, Line: 6, Message: "button is covered by #cookie-banner",
			Hint: "close the banner in a step before", URL: "https://shop.example/cart?a=1&b=2",
		},
	}
	return reporters.Notice{
		Location: "berlin-1",
		Incident: incident.Incident{
			ID: id, Scenario: "checkout", Since: now.Add(-6 * time.Minute), Opened: now.Add(-time.Minute), Runs: 2, Version: 1, First: run,
		},
	}
}

// Resolved is the notice of the same incident when it is over.
func Resolved(n reporters.Notice) reporters.Notice {
	n.Incident.Resolved = n.Incident.Opened.Add(10 * time.Minute)
	n.Incident.Version++
	n.Incident.Runs++
	return n
}

// Picture is a picture of those bytes.
func Picture(data string) *reporters.Picture {
	return &reporters.Picture{
		Name: "checkout-failure.png", Media: "image/png", Size: int64(len(data)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil },
	}
}

// Hostile is text that a page could hold to do harm. It is no shorter than what any place takes.
func Hostile() string {
	return "<!channel> <@U012345> @here @all </script>& ```*_~ \x1b[2J\x1b]0;owned\x07\u202etxt.exe\x00\xff 🚂 <https://evil.example|ok> " +
		strings.Repeat("&<>`long ", 2000)
}
