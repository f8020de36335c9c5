package pagerduty_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trackwalker/reporters"
	"trackwalker/reporters/pagerduty"
	"trackwalker/reporters/reportertest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func reporter(t *testing.T, c pagerduty.Config) *pagerduty.Reporter {
	t.Helper()
	r, err := pagerduty.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReporter(t *testing.T) {
	reportertest.Run(t, reportertest.Target{
		Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
			p := reportertest.NewPagerDuty(t)
			return p, func() reporters.Reporter {
				return reporter(t, pagerduty.Config{RoutingKey: p.RoutingKey(), APIURL: p.URL()})
			}
		},
		Edits: true, Quiet: true,
		Forbidden: reportertest.Fault{Status: 400},
		Says: func(s reportertest.Said, n reporters.Notice) bool {
			over := !n.Incident.Open()
			n.Incident.Resolved = time.Time{} // the alert keeps its text
			return s.Text == n.Summary() && (len(s.Replies) == 1) == over
		},
	})
}

func TestGolden(t *testing.T) {
	for name, n := range reportertest.Goldens() {
		p := reportertest.NewPagerDuty(t)
		r := reporter(t, pagerduty.Config{RoutingKey: p.RoutingKey(), APIURL: p.URL(), Severity: "error"})
		if _, err := r.Report(context.Background(), n, nil); err != nil {
			t.Fatal(err)
		}
		reportertest.GoldenJSON(t, name+".golden.json", p.Requests()[0].Body, *update)
	}
}

func TestTheKeyShowsNowhere(t *testing.T) {
	p := reportertest.NewPagerDuty(t)
	const wrong = "R9999999999999999999999999999999"
	r := reporter(t, pagerduty.Config{RoutingKey: wrong, APIURL: p.URL()})
	_, err := r.Report(context.Background(), reportertest.Opened("0193"), nil)
	if !errors.As(err, new(*reporters.Permanent)) || !strings.Contains(err.Error(), "'routing_key' is invalid") || !strings.Contains(err.Error(), "Integration Key") {
		t.Errorf("got %v", err)
	}
	findings := r.Check(context.Background())
	if len(findings) != 1 || findings[0].OK || findings[0].Hint == "" {
		t.Errorf("found %+v", findings)
	}
	for _, text := range []string{err.Error(), findings[0].Message, findings[0].Hint} {
		if strings.Contains(text, wrong) {
			t.Errorf("the key shows: %s", text)
		}
	}
}

// TestTheSecondTriggerChangesNothing: an alert that people may have acknowledged is not opened anew.
func TestTheSecondTriggerChangesNothing(t *testing.T) {
	p := reportertest.NewPagerDuty(t)
	r := reporter(t, pagerduty.Config{RoutingKey: p.RoutingKey(), APIURL: p.URL()})
	for range 3 {
		if _, err := r.Report(context.Background(), reportertest.Opened("0193"), nil); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	for _, req := range p.Requests() {
		var e struct {
			Key string `json:"dedup_key"`
		}
		if err := json.Unmarshal(req.Body, &e); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	if len(p.Said()) != 1 || strings.Join(keys, " ") != "trackwalker/0193 trackwalker/0193 trackwalker/0193" {
		t.Errorf("%d alerts by the keys %v", len(p.Said()), keys)
	}
}

func TestCheckOfAnAPIThatIsNotThere(t *testing.T) {
	p := reportertest.NewPagerDuty(t)
	r := reporter(t, pagerduty.Config{RoutingKey: p.RoutingKey(), APIURL: p.URL()})
	p.Script(func(reportertest.Request) reportertest.Fault {
		return reportertest.Fault{Body: "<html>Hotel network</html>"}
	})
	if f := r.Check(context.Background()); f[0].OK || !strings.Contains(f[0].Message, "not PagerDuty") {
		t.Errorf("found %+v", f)
	}
	p.Close()
	if f := r.Check(context.Background()); f[0].OK || !strings.Contains(f[0].Hint, "reaches PagerDuty") {
		t.Errorf("found %+v", f)
	}
}
