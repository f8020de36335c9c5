package webdriver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"trackwalker/scenarios/browser"
)

const (
	consoleMessages = 200  // kept of a session: the first half, with the cause of the rest, and the last
	consoleText     = 2000 // bytes kept of a message
)

// console keeps what pages say, in constant memory and constant time a message, however much they say.
type console struct {
	mu      sync.Mutex
	first   []browser.ConsoleMessage
	last    []browser.ConsoleMessage // a ring, once it is full
	next    int                      // in last: the oldest
	dropped int
}

func (c *console) add(m browser.ConsoleMessage) {
	m.Text = cut(m.Text, consoleText)
	m.URL = cut(m.URL, consoleText)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.first) < consoleMessages/2:
		c.first = append(c.first, m)
	case len(c.last) < consoleMessages/2:
		c.last = append(c.last, m)
	default:
		c.last[c.next] = m
		c.next = (c.next + 1) % len(c.last)
		c.dropped++
	}
}

// messages gives what was kept, with a line where something was dropped.
func (c *console) messages() []browser.ConsoleMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]browser.ConsoleMessage, 0, len(c.first)+len(c.last)+1)
	all = append(all, c.first...)
	if c.dropped > 0 {
		all = append(all, browser.ConsoleMessage{Level: "info", Text: fmt.Sprintf("… %d messages were left out …", c.dropped)})
	}
	all = append(all, c.last[c.next:]...)
	return append(all, c.last[:c.next]...)
}

// ConsoleMessages gives what pages have said since the session was opened.
func (s *chromeSession) ConsoleMessages() []browser.ConsoleMessage {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	raw, err := s.bare(ctx, "POST", "/se/log", object{"type": "browser"})
	var entries []logEntry
	if err == nil && json.Unmarshal(raw, &entries) == nil {
		for _, e := range entries {
			if m, ok := e.message(); ok {
				s.console.add(m)
			}
		}
	}
	return s.console.messages()
}

// logEntry is one of ChromeDriver's log: its message is the address, the place in it, and what was said, as JSON if it was a
// text that a page wrote to its console.
type logEntry struct{ Level, Message, Source string }

var (
	consolePlace = regexp.MustCompile(`^(\S+) (\d+:\d+|\d+) `)
	networkPlace = regexp.MustCompile(`^(\S+) - `)
)

func (e logEntry) message() (browser.ConsoleMessage, bool) {
	m := browser.ConsoleMessage{Text: e.Message, Level: "info"}
	switch e.Level {
	case "SEVERE":
		m.Level = "error"
	case "WARNING":
		m.Level = "warning"
	case "DEBUG":
		m.Level = "debug"
	}
	for _, place := range []*regexp.Regexp{consolePlace, networkPlace} {
		if found := place.FindStringSubmatch(m.Text); found != nil {
			m.URL, m.Text = found[1], m.Text[len(found[0]):]
			break
		}
	}
	m.Text = bare(m.Text)
	if e.Source == "javascript" {
		m.Text, _, _ = strings.Cut(strings.TrimPrefix(m.Text, "Uncaught "), "\n    at ")
	}
	u, err := url.Parse(m.URL)
	return m, err != nil || u.Path != "/favicon.ico" // full browsers ask every site for it, and nobody misses it
}

// bare takes the quotes off the texts among the arguments of a console call.
func bare(arguments string) string {
	var said []string
	for rest := arguments; strings.HasPrefix(rest, `"`); {
		quoted, err := strconv.QuotedPrefix(rest)
		var text string
		if err != nil || json.Unmarshal([]byte(quoted), &text) != nil {
			return arguments
		}
		said = append(said, text)
		rest = strings.TrimPrefix(rest[len(quoted):], " ")
		if !strings.HasPrefix(rest, `"`) && rest != "" {
			said = append(said, rest)
		}
	}
	if said == nil {
		return arguments
	}
	return strings.Join(said, " ")
}
