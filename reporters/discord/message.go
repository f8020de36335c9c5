package discord

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"trackwalker/reporters"
)

// What Discord takes at most, in characters; all texts of an embed together must not have more than 6000.
const (
	maxContent = 2000
	maxTitle   = 256
	maxDetail  = 1800
	maxHint    = 500
	maxValue   = 250
	maxFooter  = 400
	maxAlt     = 1024
	maxPicture = 9 << 20 // bytes: 10 MiB a request
)

const (
	red   = 0xd93025
	green = 0x188038
)

// message is what a webhook takes.
type message struct {
	Content     string       `json:"content"`
	Embeds      []embed      `json:"embeds"`
	Attachments []attachment `json:"attachments"` // all that the message shall have
	Mentions    mentions     `json:"allowed_mentions"`
}

// mentions says who may be called by a message. Its zero value: nobody, whatever the text says.
type mentions struct{}

func (mentions) MarshalJSON() ([]byte, error) { return []byte(`{"parse":[]}`), nil }

type embed struct {
	Title       string    `json:"title"`
	URL         string    `json:"url,omitempty"`
	Description string    `json:"description,omitempty"`
	Color       int       `json:"color"`
	Fields      []field   `json:"fields,omitempty"`
	Image       *image    `json:"image,omitempty"`
	Footer      *footer   `json:"footer,omitempty"`
	Timestamp   time.Time `json:"timestamp,omitzero"`
}

type field struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`
}

type image struct {
	URL string `json:"url"`
}

type footer struct {
	Text string `json:"text"`
}

type attachment struct {
	ID          json.RawMessage `json:"id"` // the number of a file that comes with the message, or the ID of one that it has
	Filename    string          `json:"filename,omitempty"`
	Description string          `json:"description,omitempty"`
}

// picture is one that comes with a message, or that the message has.
type picture struct {
	id    string // empty: it comes
	name  string
	media string
	data  []byte
}

// attach reads the notice's picture. Without one it gives nil.
func attach(n reporters.Notice) (*picture, error) {
	if n.Picture == nil {
		return nil, nil
	}
	data, err := n.Picture.Read(maxPicture)
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	name := map[string]string{"image/jpeg": "failure.jpg", "image/webp": "failure.webp"}[n.Picture.Media]
	return &picture{name: cmp.Or(name, "failure.png"), media: cmp.Or(n.Picture.Media, "image/png"), data: data}, nil
}

// build dresses the notice as an embed.
func build(n reporters.Notice, p *picture) message {
	msg := reporters.Compose(n)
	e := embed{Title: fit(msg.Headline, maxTitle), URL: msg.Page, Color: red, Timestamp: n.Incident.Opened.UTC()}
	if !n.Incident.Open() {
		e.Color, e.Timestamp = green, n.Incident.Resolved.UTC()
	}
	if msg.Detail != "" {
		// Verbatim in a code block, which three back-ticks of the page's own would end.
		e.Description = "```\n" + reporters.Clip(strings.ReplaceAll(msg.Detail, "```", "'''"), maxDetail) + "\n```"
	}
	if msg.Hint != "" {
		e.Description += "\n💡 " + fit(msg.Hint, maxHint)
	}
	for _, f := range msg.Facts {
		value := fit(f.Text, maxValue)
		if !f.At.IsZero() {
			value = fmt.Sprintf("<t:%d:f>", f.At.Unix()) // in the reader's own time zone
		}
		e.Fields = append(e.Fields, field{Name: f.Name, Value: value, Inline: true})
	}
	if msg.Note != "" {
		e.Footer = &footer{reporters.Clip(msg.Note, maxFooter)} // which has no Markdown
	}
	m := message{Embeds: []embed{e}, Attachments: []attachment{}}
	if p != nil {
		m.Embeds[0].Image = &image{"attachment://" + p.name}
		m.Attachments = []attachment{p.attachment(msg)}
	}
	return m
}

func (p *picture) attachment(msg reporters.Message) attachment {
	if p.id == "" {
		return attachment{ID: json.RawMessage("0"), Filename: p.name, Description: reporters.Clip(msg.Alt, maxAlt)}
	}
	id, err := json.Marshal(p.id)
	if err != nil {
		panic(err) // a string: it cannot fail
	}
	return attachment{ID: id}
}

// bare is the notice as text alone.
func bare(n reporters.Notice) message { return text(n.Summary()) }

func text(s string) message {
	return message{Content: fit(s, maxContent), Embeds: []embed{}, Attachments: []attachment{}}
}

// encode gives the media type and the bytes of a message: JSON, or a form of several parts when a picture comes with it.
func encode(m message, p *picture) (string, []byte, error) {
	payload, err := json.Marshal(m)
	if err != nil || p == nil || p.id != "" {
		return "application/json", payload, err
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, part := range []struct {
		disposition, media string
		data               []byte
	}{
		{`form-data; name="payload_json"`, "application/json", payload},
		{fmt.Sprintf(`form-data; name="files[0]"; filename=%q`, p.name), p.media, p.data},
	} {
		w, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {part.disposition}, "Content-Type": {part.media}})
		if err != nil {
			return "", nil, err
		}
		if _, err := w.Write(part.data); err != nil {
			return "", nil, err
		}
	}
	if err := form.Close(); err != nil {
		return "", nil, err
	}
	return form.FormDataContentType(), b.Bytes(), nil
}

// special is what means something in Discord's Markdown: mentions and links too.
const special = "\\`*_~|<>[]()#-:@"

// escape takes from s what Markdown would read in it.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fit escapes s and cuts it, between two characters and never inside an escape, so that the result has at most limit.
func fit(s string, limit int) string {
	if e := escape(s); utf8.RuneCountInString(e) <= limit {
		return e
	}
	var b strings.Builder
	left := limit - 1
	for _, r := range s {
		e := escape(string(r))
		if left -= utf8.RuneCountInString(e); left < 0 {
			break
		}
		b.WriteString(e)
	}
	return b.String() + "…"
}
