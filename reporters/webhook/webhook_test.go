package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/webhook"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func reporter(t *testing.T, url string) *webhook.Reporter {
	t.Helper()
	r, err := webhook.New(webhook.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReporter(t *testing.T) {
	reportertest.Run(t, reportertest.Target{
		Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
			h := reportertest.NewHook(t)
			return h, func() reporters.Reporter { return reporter(t, h.URL()) }
		},
		Forbidden: reportertest.Fault{Status: 404},
	})
}

func notice() reporters.Notice {
	start := time.Date(2026, 11, 22, 9, 58, 0, 0, time.UTC)
	run := &scenarios.Run{
		ID: "01935a3c", Scenario: "checkout", File: "checkout.yaml", Browser: "chromium", Location: "berlin-1",
		Started: start.Add(5 * time.Minute), DurationMS: 12_000, Attempts: 2, Outcome: scenarios.Failed,
		Steps: []scenarios.StepResult{
			{Index: 1, Kind: "goto", Name: "goto ${base}"}, {Index: 2, Kind: "click", Name: "Submit order"},
		},
		Failure: &scenarios.Failure{
			Class: browser.ClassNotActionable, Step: 2, Line: 6, Message: "button is covered by #cookie-banner",
			Hint: "close it first", URL: "https://shop.example/?a=1&b=2",
		},
	}
	return reporters.Notice{Location: "berlin-1", Incident: incident.Incident{
		ID: run.ID, Scenario: "checkout", Since: start, Opened: run.Ended(), Runs: 2, Version: 1, First: run,
	}}
}

func TestGolden(t *testing.T) {
	over := notice()
	over.Incident.Resolved = over.Incident.Since.Add(14 * time.Minute)
	over.Incident.Version, over.Incident.Runs = 2, 4
	budget := notice()
	budget.Sample = true
	budget.Incident.First.Failure = &scenarios.Failure{Class: browser.ClassBudget, Message: "total took 9.2s, its budget is 8s"}
	bare := notice()
	bare.Incident.First = nil
	for name, n := range map[string]reporters.Notice{"opened": notice(), "resolved": over, "sample-budget": budget, "bare": bare} {
		t.Run(name, func(t *testing.T) {
			h := reportertest.NewHook(t)
			if _, err := reporter(t, h.URL()).Report(context.Background(), n, nil); err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, h.Posts()[0].Body, "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			file := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	h := reportertest.NewHook(t)
	r := reporter(t, h.URL())
	over := notice()
	over.Incident.Version = 2
	over.Incident.Resolved = over.Incident.Opened.Add(time.Minute)
	var memory json.RawMessage
	for _, n := range []reporters.Notice{notice(), over} {
		var err error
		if memory, err = r.Report(context.Background(), n, memory); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"01935a3c/1", "01935a3c/2"} {
		header := h.Posts()[i].Header
		if header.Get("Idempotency-Key") != want || header.Get("Content-Type") != "application/json" || header.Get("User-Agent") != "trackwalker" {
			t.Errorf("headers of message %d: %v", i+1, header)
		}
	}
}

func TestAnswers(t *testing.T) {
	const passing, permanent = time.Duration(0), time.Duration(-1)
	for _, c := range []struct {
		fault reportertest.Fault
		want  time.Duration // to wait
	}{
		{reportertest.Fault{Status: 400}, permanent},
		{reportertest.Fault{Status: 401}, permanent},
		{reportertest.Fault{Status: 404}, permanent},
		{reportertest.Fault{Status: 410}, permanent},
		{reportertest.Fault{Status: 302}, permanent},
		{reportertest.Fault{Status: 408}, passing},
		{reportertest.Fault{Status: 425}, passing},
		{reportertest.Fault{Status: 429}, passing},
		{reportertest.Fault{Status: 500}, passing},
		{reportertest.Fault{Status: 503}, passing},
		{reportertest.Fault{Lose: true}, passing},
		{reportertest.Fault{Status: 429, RetryAfter: 5 * time.Second}, 5 * time.Second},
		{reportertest.Fault{Status: 503, RetryAfter: 120 * time.Second}, 2 * time.Minute},
		{reportertest.Fault{Status: 503, RetryAfter: 1000 * time.Hour}, time.Hour},
	} {
		h := reportertest.NewHook(t)
		h.Script(func(reportertest.Request) reportertest.Fault { return c.fault })
		memory, err := reporter(t, h.URL()).Report(context.Background(), notice(), nil)
		if err == nil || memory != nil {
			t.Errorf("%+v: memory %s, error %v", c.fault, memory, err)
			continue
		}
		got := passing
		if errors.As(err, new(*reporters.Permanent)) {
			got = permanent
		} else if later, ok := errors.AsType[*reporters.RetryAfter](err); ok {
			got = later.After
		}
		if got != c.want {
			t.Errorf("%+v: got %v", c.fault, err)
		}
		if strings.Contains(err.Error(), "/services/") {
			t.Errorf("the URL shows: %v", err)
		}
	}
}

func TestWhatTheEndpointSaysIsPassedOn(t *testing.T) {
	h := reportertest.NewHook(t)
	h.Script(func(reportertest.Request) reportertest.Fault {
		return reportertest.Fault{Status: http.StatusBadRequest}
	})
	_, err := reporter(t, h.URL()).Report(context.Background(), notice(), nil)
	if err == nil || !strings.Contains(err.Error(), "answered 400 Bad Request: scripted: check the URL") {
		t.Errorf("got %v", err)
	}
}

func TestURL(t *testing.T) {
	for _, url := range []string{"", "secret.example", "ftp://secret.example", "file:///secret", "https://", "http://%zz/secret"} {
		if _, err := webhook.New(webhook.Config{URL: url}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

func TestCheckOfAHostThatIsNotThere(t *testing.T) {
	h := reportertest.NewHook(t)
	url := h.URL()
	h.Close()
	findings := reporter(t, url).Check(context.Background())
	if len(findings) != 1 || findings[0].OK || findings[0].Hint == "" || strings.Contains(findings[0].Message, "/services/") {
		t.Errorf("found %+v", findings)
	}
}

func TestTextCallsNobody(t *testing.T) {
	for text, want := range map[string]string{
		"<!channel> <@U1> @all, @here":       "<\u200b!channel> <@\u200bU1> @\u200ball, @\u200bhere",
		"mail to ops@shop.example":           "mail to ops@shop.example",
		"a < b & b > c":                      "a < b & b > c",
		"(@channel) «@channel» see:@channel": "(@\u200bchannel) «@\u200bchannel» see:@\u200bchannel",
		"<#C1> @@here":                       "<\u200b#C1> @\u200b@\u200bhere",
	} {
		h := reportertest.NewHook(t)
		n := notice()
		n.Incident.First.Failure.Message = text
		if _, err := reporter(t, h.URL()).Report(context.Background(), n, nil); err != nil {
			t.Fatal(err)
		}
		said := h.Said()[0]
		if got := strings.TrimPrefix(said.Text, "checkout failed at step 2/2 “Submit order”: "); got != want || said.Pings {
			t.Errorf("%q: got %q", text, got)
		}
	}
}
