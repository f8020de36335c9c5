package cdp

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"

	"trackwalker/scenarios/browser"
)

const (
	consoleMessages = 200  // kept of a page: the first half, with the cause of the rest, and the last
	consoleText     = 2000 // runes kept of a message
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

// cut keeps the first n bytes of s at most, and no half rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// ConsoleMessages gives what the page has said since it was opened.
func (s *session) ConsoleMessages() []browser.ConsoleMessage { return s.console.messages() }

// hearConsole runs on the goroutine that reads events.
func (s *session) hearConsole(t *target, event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if t.isOwn(e.ExecutionContextID) {
			return
		}
		level := "info"
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeAssert:
			level = "error"
		case runtime.ConsoleAPICalledTypeWarning:
			level = "warning"
		case runtime.ConsoleAPICalledTypeDebug:
			level = "debug"
		case runtime.ConsoleAPICalledTypeClear, runtime.ConsoleAPICalledTypeEndGroup, runtime.ConsoleAPICalledTypeProfile,
			runtime.ConsoleAPICalledTypeProfileEnd:
			return
		}
		s.console.add(browser.ConsoleMessage{Level: level, Text: argumentsText(e.Args), URL: stackURL(e.StackTrace)})
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		if t.isOwn(d.ExecutionContextID) {
			return
		}
		from := d.URL
		if from == "" {
			from = stackURL(d.StackTrace)
		}
		s.console.add(browser.ConsoleMessage{Level: "error", Text: exceptionText(d), URL: from})
	case *cdplog.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "net::ERR_BLOCKED_BY_CLIENT") {
			return // the flow's own doing
		}
		if favicon(e.Entry.URL) {
			return
		}
		level := string(e.Entry.Level)
		if e.Entry.Level == cdplog.EntryLevelVerbose {
			level = "debug"
		}
		s.console.add(browser.ConsoleMessage{Level: level, Text: e.Entry.Text, URL: e.Entry.URL})
	}
}

// isOwn reports whether a context is of the page script, whose messages are no fault of the site.
func (t *target) isOwn(id runtime.ExecutionContextID) bool {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	for _, f := range t.tab.frames {
		if slices.ContainsFunc(f.own, func(w *world) bool { return w.in == t && w.number == id }) {
			return true
		}
	}
	return false
}

// favicon reports whether an address is of the picture that full browsers ask every site for, and that nobody misses.
func favicon(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Path == "/favicon.ico"
}

func stackURL(t *runtime.StackTrace) string {
	if t == nil || len(t.CallFrames) == 0 {
		return ""
	}
	return t.CallFrames[0].URL
}

// argumentsText writes the arguments of a console call as a developer's console would, with the places of a format filled.
func argumentsText(args []*runtime.RemoteObject) string {
	var b strings.Builder
	if len(args) > 1 && args[0].Type == runtime.RemoteObjectTypeString {
		format := objectText(args[0])
		args = args[1:]
		for {
			i := strings.IndexByte(format, '%')
			if i < 0 || i+1 == len(format) {
				break
			}
			b.WriteString(format[:i])
			verb := format[i+1]
			format = format[i+2:]
			switch {
			case verb == '%':
				b.WriteByte('%')
			case !strings.ContainsRune("sdifoOc", rune(verb)) || len(args) == 0:
				b.WriteByte('%')
				b.WriteByte(verb)
			case verb == 'c': // a style
				args = args[1:]
			default:
				b.WriteString(objectText(args[0]))
				args = args[1:]
			}
		}
		b.WriteString(format)
		if len(args) > 0 {
			b.WriteByte(' ')
		}
	}
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if b.Len() > consoleText {
			break
		}
		b.WriteString(objectText(a))
	}
	return b.String()
}

func objectText(o *runtime.RemoteObject) string {
	if o.Preview != nil && o.Subtype != runtime.RemoteObjectSubtypeError {
		return previewText(o.Preview)
	}
	switch {
	case o.Type == runtime.RemoteObjectTypeString:
		var s string
		if json.Unmarshal(o.Value, &s) == nil {
			return s
		}
		return string(o.Value)
	case o.UnserializableValue != "":
		return string(o.UnserializableValue)
	case o.Subtype == runtime.RemoteObjectSubtypeError:
		text, _, _ := strings.Cut(o.Description, "\n    at ")
		return text
	case len(o.Value) > 0:
		return string(o.Value)
	case o.Description != "":
		return o.Description
	}
	return string(o.Type)
}

func previewText(p *runtime.ObjectPreview) string {
	array := p.Subtype == runtime.ObjectPreviewSubtypeArray
	parts := make([]string, 0, len(p.Properties)+1)
	for _, f := range p.Properties {
		v := f.Value
		if f.Type == runtime.PropertyPreviewTypeString {
			v = fmt.Sprintf("%q", v)
		}
		if array {
			parts = append(parts, v)
		} else {
			parts = append(parts, f.Name+": "+v)
		}
	}
	if p.Overflow {
		parts = append(parts, "…")
	}
	switch {
	case array:
		return "[" + strings.Join(parts, ", ") + "]"
	case len(parts) == 0 && p.Description != "" && p.Description != "Object":
		return p.Description
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
