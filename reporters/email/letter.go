package email

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"trackwalker/reporters"
)

// What people read at most, in characters, and the largest picture, in bytes: many servers take 10 MB a mail, of which
// base64 leaves three quarters.
const (
	maxDetail  = 8000
	maxPicture = 7 << 20
)

// letter is a mail before it is addressed.
type letter struct {
	id      string
	thread  string // id of the thread's first mail; empty: this is it
	subject string
	text    string
	html    string
	picture []byte // nil: none
	media   string
	name    string
	alt     string
}

//go:embed letter.html
var letterHTML string

// write makes the letter. The error says why its picture is missing.
func (r *Reporter) write(n reporters.Notice) (letter, error) {
	msg := reporters.Compose(n)
	msg.Detail = reporters.Clip(msg.Detail, maxDetail)
	l := letter{id: r.id(n, n.Incident.Version), subject: subject(n), text: plainText(msg), alt: msg.Alt}
	if n.Incident.Version > 1 {
		l.thread = r.id(n, 1)
	}
	var trouble error
	if n.Picture != nil {
		if l.picture, trouble = n.Picture.Read(maxPicture); trouble != nil {
			trouble = fmt.Errorf("read the picture: %w", trouble)
		}
		l.media, l.name = cmp.Or(n.Picture.Media, "image/png"), cmp.Or(reporters.Line(n.Picture.Name), "failure.png")
	}
	var b bytes.Buffer
	t := template.Must(template.New("letter").Parse(letterHTML))
	if err := t.Execute(&b, letterView{Message: msg, Open: n.Incident.Open(), Picture: l.picture != nil}); err != nil {
		panic(err) // texts alone, into memory: it cannot fail
	}
	l.html = b.String()
	return l, trouble
}

// letterView is what the HTML shows.
type letterView struct {
	reporters.Message
	Open    bool
	Picture bool
}

// id is made of the incident and its version: a repeated mail has the same, and the second finds the first by it.
func (r *Reporter) id(n reporters.Notice, version int) string {
	name := strings.Map(func(c rune) rune {
		if c < 128 && strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", c) {
			return c
		}
		return '-'
	}, n.Incident.ID)
	_, domain, _ := strings.Cut(r.from.Address, "@")
	return fmt.Sprintf("trackwalker.%s.%d@%s", name, version, domain)
}

// subject stays the same while the incident lasts and when it is over, but for the Re: that makes it an answer: mail programs
// keep in one thread what has one subject. The first line of the text says how things are.
func subject(n reporters.Notice) string {
	s := reporters.Clip(reporters.Line(n.Incident.Scenario), 100) + " failed"
	if at := n.Where(); at != "" {
		s += " at step " + at
	}
	if n.Sample {
		s = "Sample: " + s
	}
	if n.Incident.Version > 1 {
		s = "Re: " + s
	}
	return s
}

// plainText is the letter for those who read no HTML.
func plainText(msg reporters.Message) string {
	var b strings.Builder
	b.WriteString(msg.Text + "\n\n" + msg.Headline + "\n")
	for _, f := range msg.Facts {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Said())
	}
	if msg.Detail != "" {
		b.WriteString("\n")
		for l := range strings.Lines(msg.Detail) {
			b.WriteString("    " + strings.TrimRight(l, " \n") + "\n")
		}
	}
	for _, part := range []struct{ name, text string }{{"Hint: ", msg.Hint}, {"Page: ", msg.Page}, {"-- \n", msg.Note}} {
		if part.text != "" {
			b.WriteString("\n" + part.name + part.text + "\n")
		}
	}
	return b.String()
}

// address makes the letter a mail to one recipient.
func (r *Reporter) address(l letter, to *mail.Address) *gomail.Msg {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(r.from)
	m.ToMailAddress(to)
	m.Subject(l.subject)
	m.SetDateWithValue(time.Now())
	m.SetMessageIDWithValue(l.id)
	if l.thread != "" {
		m.SetGenHeader(gomail.HeaderInReplyTo, "<"+l.thread+">")
		m.SetGenHeader(gomail.HeaderReferences, "<"+l.thread+">")
	}
	// No machine shall answer: not "I am on holiday", to an alert.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetBodyString(gomail.TypeTextPlain, l.text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.html)
	if l.picture != nil {
		m.EmbedReadSeeker(l.name, bytes.NewReader(l.picture),
			gomail.WithFileContentID("<failure>"), gomail.WithFileContentType(gomail.ContentType(l.media)), gomail.WithFileDescription(l.alt))
	}
	return m
}
