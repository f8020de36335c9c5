package reportertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Slack is a fake of Slack's Web API, as far as a reporter needs it: what is posted, updated and uploaded is kept as people
// would see it, and it is as strict as Slack about scopes, membership, blocks and metadata.
type Slack struct {
	gate

	mu       sync.Mutex
	scopes   []string
	channels []*channel
	files    []*picture
	pageSize int
	delay    int
	lastTS   int64 // µs
}

// Channel is a channel of a Slack.
type Channel struct {
	ID, Name string
	Private  bool
	Archived bool
	Foreign  bool // the bot is not in it
}

// Message is one as people see it.
type Message struct {
	TS       string
	Text     string // what a notification says
	Body     string // what the blocks show: each text in a line of its own
	Images   []Image
	Replies  []Message // in its thread
	Edits    int       // how often it was updated
	Pings    bool      // people were called by it
	Blocks   json.RawMessage
	Metadata json.RawMessage
}

// Image is a picture in a message.
type Image struct {
	Name, Alt string
	Data      []byte
}

type channel struct {
	Channel
	messages []*Message // the oldest first
}

type picture struct {
	id, name string
	length   int
	data     []byte
	complete bool
	looks    int // so many more until it is processed
}

// NewSlack opens a workspace that ends with the test. The bot is in its channel #alerts and has every scope that helps.
func NewSlack(t testing.TB) *Slack {
	s := &Slack{
		scopes: []string{
			"chat:write", "files:write", "files:read", "channels:history", "groups:history", "channels:read", "groups:read",
		},
		pageSize: 1000,
	}
	s.AddChannel(Channel{ID: "C0ALERTS01", Name: "alerts"})
	s.open(t, http.HandlerFunc(s.serve))
	return s
}

// URL is that of the API.
func (s *Slack) URL() string { return s.server.URL + "/api/" }

// Token is the one that is valid.
func (s *Slack) Token() string { return "xoxb-1-valid" }

// AddChannel makes a channel.
func (s *Slack) AddChannel(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels = append(s.channels, &channel{Channel: c})
}

// SetScopes says what the token may do.
func (s *Slack) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = scopes
}

// Revoke takes scopes from the token.
func (s *Slack) Revoke(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = slices.DeleteFunc(slices.Clone(s.scopes), func(g string) bool { return slices.Contains(scopes, g) })
}

// SetPageSize makes answers no longer than n items, whatever limit is asked for.
func (s *Slack) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageSize = n
}

// SetPictureDelay makes pictures that are uploaded from now on take so many questions until they are processed.
func (s *Slack) SetPictureDelay(questions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = questions
}

// Chat lets a person write in a channel.
func (s *Slack) Chat(channel, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(channel)
	c.messages = append(c.messages, &Message{TS: s.ts(), Text: text})
}

// Delete lets a person delete a message.
func (s *Slack) Delete(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(channel)
	c.messages = slices.DeleteFunc(c.messages, func(m *Message) bool { return m.TS == ts })
}

// Messages gives what a person sees in a channel (a name or an ID), the oldest first.
func (s *Slack) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, m := range s.find(channel).messages {
		copied := *m
		copied.Replies = slices.Clone(m.Replies)
		all = append(all, copied)
	}
	return all
}

// Said gives what people see in #alerts, the oldest first.
func (s *Slack) Said() []Said {
	var all []Said
	for _, m := range s.Messages("#alerts") {
		one := Said{Text: m.Text, Body: m.Body, Pictures: len(m.Images), Pings: m.Pings}
		for _, r := range m.Replies {
			one.Replies = append(one.Replies, r.Text)
			one.Pings = one.Pings || r.Pings
		}
		all = append(all, one)
	}
	return all
}

func (s *Slack) find(name string) *channel {
	name = strings.TrimPrefix(name, "#")
	for _, c := range s.channels {
		if c.ID == name || c.Name == name {
			return c
		}
	}
	return nil
}

// ts gives a message's name: its time, unique.
func (s *Slack) ts() string {
	s.lastTS = max(s.lastTS+1, time.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}
