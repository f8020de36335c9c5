package slack

import (
	"encoding/json"
	"time"

	"github.com/slack-go/slack"

	"trackwalker/reporters"
)

// memory is what is kept of one incident between two calls.
type memory struct {
	Channel string `json:"channel,omitempty"` // ID
	TS      string `json:"ts,omitempty"`      // of the message; empty: none that we know of
	Posted  int    `json:"posted,omitempty"`  // the incident's version that it was posted with
	Told    int    `json:"told,omitempty"`    // the version that it says
	Reply   string `json:"reply,omitempty"`   // ts of the reply in its thread, or noReply
	Lost    string `json:"lost,omitempty"`    // ts of a message of ours that cannot be changed any more

	File    string       `json:"file,omitempty"` // the uploaded picture
	Picture pictureState `json:"picture,omitempty"`
	Tries   int          `json:"tries,omitempty"`  // calls in which Slack refused the picture
	Failing time.Time    `json:"failing,omitzero"` // since when showing it fails for other reasons

	Sent  bool `json:"sent,omitempty"`  // a post may have reached Slack
	Looks int  `json:"looks,omitempty"` // calls that failed to look for the message
}

// noReply stands for a reply to a message that somebody deleted meanwhile: who does that has read it.
const noReply = "none"

// pictureState is empty until the picture is shown or given up.
type pictureState string

const (
	pictureShown   pictureState = "shown"
	pictureGivenUp pictureState = "given up"
)

// recall reads a memory. One that cannot be read is as good as none: the message is looked for.
func recall(raw json.RawMessage) memory {
	var m memory
	if json.Unmarshal(raw, &m) != nil {
		return memory{}
	}
	return m
}

func (m memory) keep() json.RawMessage {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return b
}

// forget is for a message that somebody deleted. The picture is still in Slack.
func (m *memory) forget() {
	*m = memory{Lost: m.TS, File: m.File, Picture: m.Picture, Tries: m.Tries, Failing: m.Failing}
}

// saysMoreThan reports whether words were told since before.
func (m memory) saysMoreThan(before memory) bool {
	return m.TS != before.TS || m.Told != before.Told || m.Reply != before.Reply
}

// lacksPicture reports whether a picture is to be added to the message.
func (m memory) lacksPicture(n reporters.Notice) bool {
	return n.Picture != nil && m.Picture == "" && m.Told == n.Incident.Version
}

func (m memory) asPosted(n reporters.Notice) memory {
	m.Posted, m.Told, m.Reply = n.Incident.Version, n.Incident.Version, ""
	return m
}

// shown is the picture that the message has, or "".
func (m memory) shown() string {
	if m.Picture == pictureShown {
		return m.File
	}
	return ""
}

// eventType marks what we send; Slack wants such a name.
const eventType = "trackwalker_incident"

// What a message that bears the metadata is.
const (
	partMessage = "message"
	partReply   = "reply"
)

// metadata travels with a message, unseen, and holds all that memory must know of it.
func (m memory) metadata(n reporters.Notice, part string) slack.SlackMetadata {
	p := map[string]any{
		"incident": n.Incident.ID, "part": part, "version": m.Told, "posted": m.Posted,
	}
	if f := m.shown(); f != "" {
		p["file"] = f
	}
	return slack.SlackMetadata{EventType: eventType, EventPayload: p}
}

// marked reports whether a message is the part of the incident that we look for.
func marked(m slack.Message, incident, part string) bool {
	p := m.Metadata.EventPayload
	return m.Metadata.EventType == eventType && p["incident"] == incident && p["part"] == part
}

// adopt takes over a message that was found.
func (m *memory) adopt(channel string, found slack.Message) {
	p := found.Metadata.EventPayload
	m.Channel, m.TS = channel, found.Timestamp
	m.Told, m.Posted = number(p["version"]), number(p["posted"])
	if f, ok := p["file"].(string); ok {
		m.File, m.Picture = f, pictureShown
	}
}

func number(v any) int {
	f, _ := v.(float64) // as JSON has it
	return int(f)
}
