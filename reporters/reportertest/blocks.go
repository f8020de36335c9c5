package reportertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// seen is what blocks show a person.
type seen struct {
	text   string
	images []Image
	pings  bool
}

// Read gives a message without pictures as Slack shows it, or Slack's complaint about its blocks.
func Read(text string, blocks json.RawMessage) (Said, error) {
	s, problem := look(blocks, func(string) *picture { return nil })
	if problem != "" {
		return Said{}, errors.New(problem)
	}
	return Said{Text: visible(text), Body: s.text, Pings: s.pings || pings(text, false)}, nil
}

type textObject struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim"`
}

type block struct {
	Type      string          `json:"type"`
	Text      *textObject     `json:"text"`
	Fields    []textObject    `json:"fields"`
	Elements  []textObject    `json:"elements"`
	AltText   string          `json:"alt_text"`
	SlackFile json.RawMessage `json:"slack_file"`
}

// look reads blocks as strictly as Slack does. file gives an uploaded picture that can be shown, or nil.
func look(raw json.RawMessage, file func(id string) *picture) (seen, string) {
	var s seen
	var blocks []block
	if len(raw) == 0 {
		return s, ""
	}
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return s, "blocks are no list: " + err.Error()
	}
	if len(blocks) > 50 {
		return s, "more than 50 blocks"
	}
	var lines []string
	add := func(o *textObject, kind string, limit int) string {
		switch n := utf8.RuneCountInString(o.Text); {
		case o.Type != "plain_text" && (o.Type != "mrkdwn" || kind == "header"):
			return fmt.Sprintf("%s: text of type %q", kind, o.Type)
		case n == 0 || n > limit:
			return fmt.Sprintf("%s: %d characters, not 1 to %d", kind, n, limit)
		}
		lines = append(lines, visible(o.Text))
		s.pings = s.pings || pings(o.Text, o.Type == "mrkdwn" && !o.Verbatim)
		return ""
	}
	for i, b := range blocks {
		var problem string
		switch {
		case b.Type == "header" && b.Text != nil:
			problem = add(b.Text, "header", 150)
		case b.Type == "section" && (b.Text != nil || len(b.Fields) > 0) && len(b.Fields) <= 10:
			if b.Text != nil {
				problem = add(b.Text, "section", 3000)
			}
			for j := range b.Fields {
				if problem == "" {
					problem = add(&b.Fields[j], "field", 2000)
				}
			}
		case b.Type == "context" && len(b.Elements) > 0 && len(b.Elements) <= 10:
			for j := range b.Elements {
				if problem == "" {
					problem = add(&b.Elements[j], "context", 3000)
				}
			}
		case b.Type == "divider":
		case b.Type == "image" && b.AltText != "":
			var f struct{ ID string }
			_ = json.Unmarshal(b.SlackFile, &f)
			p := file(f.ID)
			if p == nil {
				problem = "invalid slack file"
				break
			}
			s.images = append(s.images, Image{Name: p.name, Alt: visible(b.AltText), Data: p.data})
		default:
			problem = fmt.Sprintf("a block of type %q that makes no sense", b.Type)
		}
		if problem != "" {
			return s, fmt.Sprintf("[ERROR] %s [json-pointer:/blocks/%d]", problem, i)
		}
	}
	s.text = strings.Join(lines, "\n")
	return s, ""
}

// visible is Slack's markup as a person reads it.
func visible(text string) string {
	text = regexp.MustCompile(`<!date\^[^|>]*\|([^>]*)>`).ReplaceAllString(text, "$1")
	text = regexp.MustCompile(`<https?:[^|>]*\|([^>]*)>`).ReplaceAllString(text, "$1")
	return html.UnescapeString(text)
}

// pings reports whether people would be called. loose: also by what is no markup, as @channel.
func pings(text string, loose bool) bool {
	called := regexp.MustCompile(`<!(channel|here|everyone|subteam)|<@\w`).MatchString(text)
	return called || loose && regexp.MustCompile(`(^|[^\pL\pN_])@(channel|here|everyone|all)\b`).MatchString(text)
}
