package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"trackwalker/reporters"
)

// Terminal prints what people would read in Slack. It tells each version once, as long as its memory is kept.
type Terminal struct {
	mu sync.Mutex
	w  io.Writer
}

var _ reporters.Reporter = (*Terminal)(nil)

// NewTerminal gives a Terminal that writes each message to w by one call of Write.
func NewTerminal(w io.Writer) *Terminal { return &Terminal{w: w} }

// Report prints the message when it says something new, and with it the reply that Slack's thread would get.
func (t *Terminal) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	m := recall(raw)
	if err := ctx.Err(); err != nil {
		return m.keep(), err
	}
	if m.Told >= n.Incident.Version {
		return m.keep(), nil
	}
	var reply string
	if !n.Incident.Open() && m.Told > 0 {
		reply = n.Over()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := io.WriteString(t.w, render(build(n), n.Picture, reply)); err != nil {
		return m.keep(), fmt.Errorf("print the message: %w", err)
	}
	if m.Posted == 0 {
		m.Posted = n.Incident.Version
	}
	m.Told = n.Incident.Version
	return m.keep(), nil
}

// Check finds nothing that could be wrong.
func (t *Terminal) Check(context.Context) []reporters.Finding {
	return []reporters.Finding{{OK: true, Message: "messages are printed here, as they would look in Slack"}}
}

const (
	columns = 76 // of text, within the frame
	margin  = 14 // where the facts' answers begin
)

// render draws the message in a frame that is open to the right: how wide a terminal draws an emoji is anybody's guess.
func render(m message, p *reporters.Picture, reply string) string {
	var f frame
	f.WriteString("\n╭─ trackwalker " + strings.Repeat("─", columns-12) + "\n")
	f.lines("", m.Headline)
	if m.Struck != "" {
		f.lines("", "(before: "+m.Struck+")")
	}
	f.gap(len(m.Facts) > 0)
	for _, fact := range m.Facts {
		f.hang(fact.Name+strings.Repeat(" ", max(1, margin-len(fact.Name))), fact.Said())
	}
	f.gap(m.Detail+m.Hint != "")
	f.lines("▌ ", reporters.Clip(m.Detail, maxSection))
	if m.Hint != "" {
		f.hang("💡 ", m.Hint)
	}
	f.gap(m.Page != "" || p != nil)
	if m.Page != "" {
		f.hang("Page  ", m.Page)
	}
	if p != nil {
		f.hang("🖼  ", fmt.Sprintf("%s (%s)", reporters.Line(p.Name), size(p.Size)))
	}
	f.gap(m.Note != "")
	f.lines("", m.Note)
	if reply != "" {
		f.gap(true)
		f.hang("  ╰─ in the thread: ", reply)
	}
	f.WriteString("╰" + strings.Repeat("─", columns+2) + "\n")
	return f.String()
}

// frame collects lines behind a bar.
type frame struct{ strings.Builder }

func (f *frame) gap(wanted bool) {
	if wanted {
		f.WriteString("│\n")
	}
}

// lines writes text, each line of it behind prefix.
func (f *frame) lines(prefix, text string) {
	if text == "" {
		return
	}
	for line := range strings.Lines(text) {
		for _, part := range wrap(strings.TrimRight(line, " \n"), columns-utf8.RuneCountInString(prefix)) {
			f.WriteString(strings.TrimRight("│ "+prefix+part, " ") + "\n")
		}
	}
}

// hang writes text behind first, and what does not fit in one line below itself.
func (f *frame) hang(first, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(first))
	for line := range strings.Lines(text) {
		for _, part := range wrap(strings.TrimRight(line, " \n"), columns-len(indent)) {
			f.WriteString(strings.TrimRight("│ "+first+part, " ") + "\n")
			first = indent
		}
	}
}

// wrap breaks a line between words, and within those that are too long.
func wrap(line string, width int) []string {
	var parts []string
	rest := []rune(strings.ReplaceAll(line, "\t", "    "))
	for len(rest) > width {
		at := width
		for at > 0 && rest[at] != ' ' {
			at--
		}
		if strings.TrimSpace(string(rest[:at])) == "" {
			at = width
		}
		parts = append(parts, strings.TrimRight(string(rest[:at]), " "))
		rest = rest[at:]
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
	}
	return append(parts, string(rest))
}

// size gives bytes as people read them.
func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1000_000:
		return fmt.Sprintf("%d kB", (bytes+500)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
}
