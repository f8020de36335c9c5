package teams_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"trackwalker/reporters"
	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/teams"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func reporter(t *testing.T, url string) *teams.Reporter {
	t.Helper()
	r, err := teams.New(teams.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReporter(t *testing.T) {
	reportertest.Run(t, reportertest.Target{
		Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
			s := reportertest.NewTeams(t)
			return s, func() reporters.Reporter { return reporter(t, s.URL()) }
		},
		Forbidden: reportertest.Fault{Status: 401},
	})
}

func TestGolden(t *testing.T) {
	for name, n := range reportertest.Goldens() {
		s := reportertest.NewTeams(t)
		if _, err := reporter(t, s.URL()).Report(context.Background(), n, nil); err != nil {
			t.Fatal(err)
		}
		reportertest.GoldenJSON(t, name+".golden.json", s.Requests()[0].Body, *update)
	}
}

// TestTheLargestCardIsTaken: of characters of four bytes, as many as a page can bring into each part.
func TestTheLargestCardIsTaken(t *testing.T) {
	s := reportertest.NewTeams(t)
	n := reportertest.Opened("0193")
	long := strings.Repeat("🚂🚃🚄 \"\\\n", 5000)
	run := n.Incident.First
	run.Browser, run.File, n.Location = long, long, long
	run.Steps[1].Name, run.Steps[1].Group = long, long
	run.Failure.Message, run.Failure.Hint = long, long
	run.Failure.URL = "https://shop.example/" + strings.Repeat("x", 1400)
	over := reportertest.Resolved(n)
	for _, n := range []reporters.Notice{n, over} {
		if _, err := reporter(t, s.URL()).Report(context.Background(), n, nil); err != nil {
			t.Error(err)
		}
	}
	for _, r := range s.Requests() {
		if len(r.Body) > 25_000 {
			t.Errorf("a card of %d bytes", len(r.Body))
		}
	}
}

func TestTheURLShowsNowhere(t *testing.T) {
	s := reportertest.NewTeams(t)
	s.Script(func(reportertest.Request) reportertest.Fault {
		return reportertest.Fault{Status: http.StatusForbidden, Body: "no rights for sig=" + s.Secret()}
	})
	r := reporter(t, s.URL())
	_, err := r.Report(context.Background(), reportertest.Opened("0193"), nil)
	if !errors.As(err, new(*reporters.Permanent)) || strings.Contains(err.Error(), s.Secret()) || !strings.Contains(err.Error(), "turned on") {
		t.Errorf("got %v", err)
	}
	s.Close()
	_, err = r.Report(context.Background(), reportertest.Opened("0193"), nil)
	if err == nil || strings.Contains(err.Error(), s.Secret()) {
		t.Errorf("got %v", err)
	}
	if f := r.Check(context.Background()); f[0].OK || f[0].Hint == "" || strings.Contains(f[0].Message, s.Secret()) {
		t.Errorf("found %+v", f)
	}
	if _, err := teams.New(teams.Config{URL: s.Secret()}); err == nil || strings.Contains(err.Error(), s.Secret()) {
		t.Errorf("got %v", err)
	}
}
