package slack

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"trackwalker/reporters"
)

// What Slack takes at most, in characters. A message of ours never comes near its limit of 50 blocks.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxFields  = 10
	maxAlt     = 2000
)

// blocks dresses the message for Slack; file is the ID of the uploaded picture, or "".
func (m message) blocks(file string) []slack.Block {
	bs := []slack.Block{slack.NewHeaderBlock(plainText(m.Headline, maxHeader))}
	if m.Struck != "" {
		bs = append(bs, section(markdown("~"+fit(m.Struck, maxSection-2)+"~")))
	}
	if len(m.Facts) > 0 {
		var fields []*slack.TextBlockObject
		for _, f := range m.Facts[:min(len(m.Facts), maxFields)] {
			value := fit(f.Text, maxField-200)
			if !f.At.IsZero() {
				value = date(f.At)
			}
			fields = append(fields, markdown("*"+fit(f.Name, 100)+"*\n"+value))
		}
		bs = append(bs, slack.NewSectionBlock(nil, fields, nil))
	}
	if m.Detail != "" {
		// Verbatim in a code block, which three back-ticks of the page's own would end.
		bs = append(bs, section(markdown("```"+fit(strings.ReplaceAll(m.Detail, "```", "'''"), maxSection-6)+"```")))
	}
	if m.Hint != "" {
		bs = append(bs, section(plainText("💡 "+m.Hint, maxSection)))
	}
	if m.Page != "" {
		bs = append(bs, section(markdown("Page: "+anchor(m.Page))))
	}
	if file != "" {
		bs = append(bs, slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: file}, fit(m.Alt, maxAlt), "", nil))
	}
	if m.Note != "" {
		bs = append(bs, slack.NewContextBlock("", plainText(m.Note, maxSection)))
	}
	return bs
}

func section(text *slack.TextBlockObject) slack.Block { return slack.NewSectionBlock(text, nil, nil) }

// markdown takes text that is escaped already. It is verbatim: Slack must not make links and mentions of its own out of it.
func markdown(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

func plainText(text string, limit int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, fit(text, limit), false, false)
}

// escape makes s harmless: <!channel> in a page's title must ping nobody.
func escape(s string) string { return slackutilsx.EscapeMessage(s) }

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

// date is a moment in the reader's own time zone, with one that does for all in the fallback.
func date(at time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty}, {time}|%s>", at.Unix(), reporters.Moment(at))
}

// anchor is a link; in its URL what would end it is percent-encoded.
func anchor(page string) string {
	label := strings.TrimPrefix(strings.TrimPrefix(page, "https://"), "http://")
	target := strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", "&", "&amp;").Replace(page)
	return "<" + target + "|" + fit(strings.ReplaceAll(label, "|", "%7C"), 120) + ">"
}
