package teams

import (
	"maps"
	"strings"

	"trackwalker/reporters"
)

// Teams takes 28 KB a message. With these limits, in characters of up to four bytes, a card stays below that.
const (
	maxDetail = 2000
	maxLines  = 40 // of it
	maxHint   = 500
	maxFact   = 200
)

// envelope gives what the workflow's trigger takes: a message with one card.
func envelope(n reporters.Notice) map[string]any {
	return map[string]any{
		"type": "message",
		"attachments": []any{map[string]any{
			"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card(n),
		}},
	}
}

// element is a part of an Adaptive Card.
type element map[string]any

// card makes the message an Adaptive Card. What people see stands in text runs: unlike text blocks they have no
// Markdown, and without a list of entities nobody is mentioned, so that nothing needs to be escaped.
func card(n reporters.Notice) element {
	msg := reporters.Compose(n)
	style := "attention"
	if !n.Incident.Open() {
		style = "good"
	}
	body := []element{container(style, line(run(msg.Headline, element{"size": "large", "weight": "bolder"})))}
	if msg.Struck != "" {
		body = append(body, line(run(msg.Struck, element{"isSubtle": true, "strikethrough": true})))
	}
	for _, f := range msg.Facts {
		body = append(body, tight(line(run(f.Name+": ", element{"weight": "bolder"}), run(reporters.Clip(f.Said(), maxFact), nil))))
	}
	if msg.Detail != "" {
		body = append(body, container("emphasis", detail(msg.Detail)...))
	}
	if msg.Hint != "" {
		body = append(body, line(run("💡 "+reporters.Clip(reporters.Line(msg.Hint), maxHint), nil)))
	}
	if msg.Note != "" {
		body = append(body, line(run(msg.Note, element{"size": "small", "isSubtle": true})))
	}
	c := element{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"fallbackText": escape(msg.Text), "msteams": element{"width": "Full"}, "body": body,
	}
	if msg.Page != "" {
		c["actions"] = []element{{"type": "Action.OpenUrl", "title": "Open the page", "url": msg.Page}}
	}
	return c
}

// detail is what went wrong, one element a line: runs have no line breaks.
func detail(text string) []element {
	var all []element
	for l := range strings.Lines(reporters.Clip(text, maxDetail)) {
		if len(all) == maxLines {
			return append(all, tight(line(run("…", nil))))
		}
		if l = strings.TrimRight(l, " \t\n"); l != "" {
			all = append(all, tight(line(run(l, element{"fontType": "monospace"}))))
		}
	}
	return all
}

// escape takes from s what Markdown would read in it, for the text of those whose Teams cannot show the card.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`).Replace(s)
}

func run(text string, look element) element {
	r := element{"type": "TextRun", "text": text}
	maps.Copy(r, look)
	return r
}

func line(runs ...element) element { return element{"type": "RichTextBlock", "inlines": runs} }

func tight(e element) element {
	e["spacing"] = "small"
	return e
}

func container(style string, items ...element) element {
	return element{"type": "Container", "style": style, "items": items}
}
