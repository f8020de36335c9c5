package reporters

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"trackwalker/scenarios"
)

// Summary is the notice in one plain sentence that stands alone: on a lock screen, in a log, read aloud.
func (n Notice) Summary() string {
	i := n.Incident
	var b strings.Builder
	if n.Sample {
		b.WriteString("Sample, nothing is wrong: ")
	}
	b.WriteString(Line(i.Scenario))
	if i.Open() {
		b.WriteString(" failed")
	} else {
		fmt.Fprintf(&b, " %s. It was down for %s (%s)", n.Ending(), Words(i.Lasted(i.Resolved)), between(i.Since, i.Resolved))
	}
	if at := n.Where(); at != "" && i.Open() {
		b.WriteString(" at step " + at)
	} else if at != "" {
		b.WriteString(", failing at step " + at)
	}
	if f := n.Failure(); f != nil && f.Message != "" {
		b.WriteString(": " + Clip(Line(f.Message), 300))
	}
	return b.String()
}

// Ending says how the incident came to its end, as what follows the scenario's name.
func (n Notice) Ending() string {
	if reason := n.Incident.Reason; reason != "" {
		return "is closed: " + Line(reason)
	}
	return "works again"
}

// Failure is what went wrong, or nil when the run does not say.
func (n Notice) Failure() *scenarios.Failure {
	if n.Incident.First == nil {
		return nil
	}
	return n.Incident.First.Failure
}

// Where names the failed step, as 4/7 “Submit order”. It is empty when no single step failed, as with a budget.
func (n Notice) Where() string {
	f := n.Failure()
	if f == nil || f.Step < 1 {
		return ""
	}
	s := n.Incident.First.Step(f.Step)
	if s == nil {
		return fmt.Sprint(f.Step)
	}
	where := fmt.Sprintf("%d/%d", f.Step, len(n.Incident.First.Steps))
	if s.Name != "" {
		where += " “" + Clip(Line(s.Name), 120) + "”"
	}
	return where
}

// Words gives a duration as people say it: 45 s, 14 min, 2 h 5 min, 3 days 4 h.
func Words(d time.Duration) string {
	switch d = max(d, 0).Round(time.Second); {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d.Round(time.Minute)/time.Minute)
	case d < 48*time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute), " 0 min")
	default:
		return strings.TrimSuffix(fmt.Sprintf("%d days %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour), " 0 h")
	}
}

// between gives a stretch of time, naming a day that both ends share once.
func between(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	end := "15:04 UTC"
	if !from.Truncate(24 * time.Hour).Equal(to.Truncate(24 * time.Hour)) {
		end = "2 Jan 15:04 UTC"
	}
	return from.Format("2 Jan 15:04") + " to " + to.Format(end)
}

// Plain takes out of s what a text from a web page could play tricks with: control characters, terminal sequences, marks
// that turn the direction of writing. Line ends and tabs stay.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Line is s as Plain gives it, in one line, white space folded.
func Line(s string) string { return strings.Join(strings.Fields(Plain(s)), " ") }

// Clip cuts s to at most limit characters, the last of which then says that it was cut.
func Clip(s string, limit int) string {
	n := 0
	cut := 0 // where the text ends if it must make room for the mark
	for at := range s {
		if n == limit-1 {
			cut = at
		}
		if n == limit {
			return s[:cut] + "…"
		}
		n++
	}
	return s
}
