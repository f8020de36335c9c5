package web

import (
	"fmt"
	"time"

	"trackwalker/reporters"
)

// moment is a time as a page shows it, seen from another.
type moment struct {
	t       time.Time
	Text    string // 3 min ago
	Clock   string // 14:05, with the day if it is another one
	Full    string // with everything
	Machine string // for <time datetime>
}

// at is the time from which a page is seen.
func (s *site) at(now time.Time) moment { return moment{t: now.In(s.Zone)}.to(now) }

// to is t seen from m.
func (m moment) to(t time.Time) moment {
	t = t.In(m.t.Location())
	seen := moment{t: t, Full: t.Format("Monday, 2 January 2006, 15:04:05 MST"), Machine: t.Format(time.RFC3339)}
	switch d := m.t.Sub(t).Round(time.Second); {
	case d < 0:
		seen.Text = "in " + reporters.Words(-d)
	case d < 5*time.Second:
		seen.Text = "just now"
	default:
		seen.Text = reporters.Words(d) + " ago"
	}
	layout := "15:04"
	switch {
	case t.Year() != m.t.Year():
		layout = "2 Jan 2006 15:04"
	case t.YearDay() != m.t.YearDay():
		layout = "2 Jan 15:04"
	}
	seen.Clock = t.Format(layout)
	return seen
}

// Exact is the time of day with its seconds and zone.
func (m moment) Exact() string { return m.t.Format("15:04:05 MST") }

// took shows a duration as people read it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return reporters.Words(d)
	}
}
