package reporters

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Message is what people read of an incident, before a channel dresses it in its own format. Its texts are plain: no control
// characters, and nothing is escaped.
type Message struct {
	Text     string // one sentence that stands alone: the notification on a phone
	Headline string
	Struck   string // the headline that is no longer true
	Facts    []Fact
	Detail   string // what went wrong, as it was said; it may have several lines
	Hint     string
	Page     string // an http or https URL
	Alt      string // what the picture shows
	Note     string
}

// Fact is a short answer: a text, or a moment in the reader's time zone.
type Fact struct {
	Name string
	Text string
	At   time.Time
}

// Compose gives the message for the incident as it is.
func Compose(n Notice) Message {
	i := n.Incident
	msg := Message{Text: n.Summary(), Alt: altText(n), Note: note(n)}
	who := Clip(Line(i.Scenario), 100)
	failing := "🔴 " + who + " is failing"
	if n.Sample {
		failing = "🔴 Sample: " + who + " is failing"
	}
	if i.Open() {
		msg.Headline = failing
	} else {
		msg.Headline = "✅ " + strings.TrimSuffix(strings.TrimPrefix(failing, "🔴 "), "is failing") + n.Ending()
		msg.Struck = failing
		msg.add("Was down for", Words(i.Lasted(i.Resolved)))
	}
	msg.add("Failed step", where(n))
	msg.addTime("Since", i.Since)
	msg.addTime("Until", i.Resolved)
	if !i.Open() && i.Runs > 0 {
		msg.add("Failed runs", fmt.Sprint(i.Runs))
	}
	if run := i.First; run != nil {
		if run.Attempts > 0 && i.Open() {
			msg.add("Attempts", fmt.Sprint(run.Attempts))
		}
		msg.add("Browser", run.Browser)
		msg.add("Location", cmp.Or(n.Location, run.Location))
	} else {
		msg.add("Location", n.Location)
	}
	if f := n.Failure(); f != nil {
		msg.Detail = strings.TrimSpace(Plain(f.Message))
		msg.Hint = strings.TrimSpace(Plain(f.Hint))
		msg.Page = Link(f.URL)
	}
	return msg
}

func (m *Message) add(name, text string) {
	if text = Clip(Line(text), 300); text != "" {
		m.Facts = append(m.Facts, Fact{Name: name, Text: text})
	}
}

func (m *Message) addTime(name string, at time.Time) {
	if !at.IsZero() {
		m.Facts = append(m.Facts, Fact{Name: name, At: at})
	}
}

// where is the failed step and the group that it belongs to.
func where(n Notice) string {
	at := n.Where()
	if at == "" {
		return ""
	}
	if s := n.Incident.First.Step(n.Failure().Step); s != nil && s.Group != "" {
		at += " in “" + s.Group + "”"
	}
	return at
}

// note is the small print: where to look in the files, and by what name to ask for the incident.
func note(n Notice) string {
	var parts []string
	if n.Sample {
		parts = append(parts, "A sample, sent to try out the channel. Nothing is wrong.")
	}
	if run := n.Incident.First; run != nil && run.File != "" {
		file := filepath.Base(run.File)
		if f := n.Failure(); f != nil && f.Line > 0 {
			if s := run.Step(f.Step); s != nil && s.File != "" {
				file = filepath.Base(s.File)
			}
			file = fmt.Sprintf("%s:%d", file, f.Line)
		}
		parts = append(parts, file)
	}
	if n.Incident.ID != "" {
		parts = append(parts, "incident "+n.Incident.ID)
	}
	return Clip(Line(strings.Join(parts, " · ")), 400)
}

// altText says what the picture shows, for those who hear it.
func altText(n Notice) string {
	alt := "Screenshot of " + Line(n.Incident.Scenario)
	if at := n.Where(); at != "" {
		alt += " when step " + at + " failed"
	}
	return Clip(alt, 400)
}

// Over says in one line that the incident is over, to those who were told that it opened.
func (n Notice) Over() string {
	i := n.Incident
	text := fmt.Sprintf("✅ %s %s. It was down for %s.", Clip(Line(i.Scenario), 100), n.Ending(), Words(i.Lasted(i.Resolved)))
	if n.Sample {
		text += " (A sample: nothing was wrong.)"
	}
	return text
}

// Link lets pass what may be clicked on: an http or https URL without its user and password. Anything else gives "".
func Link(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(s) > 1500 {
		return ""
	}
	u.User = nil
	return u.String()
}

// Moment is a moment for those whose time zone is not known.
func Moment(at time.Time) string { return at.UTC().Format("2 Jan 2006, 15:04 UTC") }

// Said is the fact's answer, for a channel that cannot show moments in the reader's time zone.
func (f Fact) Said() string {
	if f.At.IsZero() {
		return f.Text
	}
	return Moment(f.At)
}
