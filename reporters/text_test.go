package reporters_test

import (
	"strings"
	"testing"
	"testing/quick"
	"time"
	"unicode/utf8"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
)

func TestSummary(t *testing.T) {
	start := time.Date(2026, 11, 22, 9, 58, 0, 0, time.UTC)
	open := func(step int, message string) reporters.Notice {
		return reporters.Notice{Incident: incident.Incident{
			Scenario: "checkout", Since: start, Version: 1,
			First: &scenarios.Run{
				Steps:   []scenarios.StepResult{{Name: "goto ${base}"}, {Name: "Submit\n order"}, {}},
				Failure: &scenarios.Failure{Step: step, Message: message},
			},
		}}
	}
	over := func(n reporters.Notice, lasted time.Duration) reporters.Notice {
		n.Incident.Resolved = start.Add(lasted)
		return n
	}
	sample := open(2, "it is gone")
	sample.Sample = true
	for _, c := range []struct {
		n    reporters.Notice
		want string
	}{
		{open(2, "button is covered"), "checkout failed at step 2/3 “Submit order”: button is covered"},
		{open(3, "it has\nno name"), "checkout failed at step 3/3: it has no name"},
		{open(0, "total took 9 s"), "checkout failed: total took 9 s"},
		{open(9, "no such step"), "checkout failed at step 9: no such step"},
		{open(0, ""), "checkout failed"},
		{reporters.Notice{Incident: incident.Incident{Scenario: "checkout"}}, "checkout failed"},
		{sample, "Sample, nothing is wrong: checkout failed at step 2/3 “Submit order”: it is gone"},
		{
			over(open(2, "button is covered"), 14*time.Minute),
			"checkout works again. It was down for 14 min (22 Nov 09:58 to 10:12 UTC), failing at step 2/3 “Submit order”: button is covered",
		},
		{
			over(open(0, ""), 50*time.Hour),
			"checkout works again. It was down for 2 days 2 h (22 Nov 09:58 to 24 Nov 11:58 UTC)",
		},
	} {
		if got := c.n.Summary(); got != c.want {
			t.Errorf("got    %s\nwanted %s", got, c.want)
		}
	}
	if got := open(2, strings.Repeat("x", 10_000)).Summary(); utf8.RuneCountInString(got) > 400 {
		t.Errorf("a summary of %d characters", len(got))
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                  "0 s",
		400 * time.Millisecond:        "0 s",
		89 * time.Second:              "89 s",
		90 * time.Second:              "2 min",
		14 * time.Minute:              "14 min",
		119*time.Minute + time.Second: "119 min",
		2 * time.Hour:                 "2 h",
		125 * time.Minute:             "2 h 5 min",
		48 * time.Hour:                "2 days",
		76 * time.Hour:                "3 days 4 h",
	} {
		if got := reporters.Words(d); got != want {
			t.Errorf("%s: got %q, wanted %q", d, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	if got := reporters.Plain("a\x1b[2J\tb\r\nc\u202ed\u2066\x00\xff\u009b🚂"); got != "a[2J\tb\ncd\uFFFD🚂" {
		t.Errorf("got %q", got)
	}
	if got := reporters.Line(" a \n\t b\x00 "); got != "a b" {
		t.Errorf("got %q", got)
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		s     string
		limit int
		want  string
	}{{"", 5, ""}, {"12345", 5, "12345"}, {"123456", 5, "1234…"}, {"🚂🚂🚂", 2, "🚂…"}, {"ab", 1, "…"}} {
		if got := reporters.Clip(c.s, c.limit); got != c.want {
			t.Errorf("%q to %d: got %q", c.s, c.limit, got)
		}
	}
	within := func(s string, limit uint8) bool {
		return utf8.RuneCountInString(reporters.Clip(s, int(limit)+1)) <= int(limit)+1
	}
	if err := quick.Check(within, nil); err != nil {
		t.Error(err)
	}
}
