package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/reporters/reportertest"
	"trackwalker/scenarios"
)

// FuzzText: whatever a page says, Slack takes the blocks, nobody is called, and no terminal is played tricks.
func FuzzText(f *testing.F) {
	f.Add("button is covered by #cookie-banner", "Submit order", "https://shop.example/a?b=c&d=e|f")
	f.Add("<!channel> ```", "<@U123> &amp; *x*", "javascript:alert(1)")
	f.Add(strings.Repeat("&", 4000), strings.Repeat("🚂", 500), "https://x/"+strings.Repeat("<|>", 300))
	f.Add("\x1b[2J\u202e\xff\x00", "", "https://user:secret@shop.example/")
	f.Fuzz(func(t *testing.T, message, name, url string) {
		start := time.Date(2026, 11, 22, 9, 58, 0, 0, time.UTC)
		n := reporters.Notice{Location: name, Incident: incident.Incident{
			ID: name, Scenario: name, Since: start, Opened: start, Version: 1,
			First: &scenarios.Run{
				Browser: name, File: name, Steps: []scenarios.StepResult{{Name: name, Group: message}},
				Failure: &scenarios.Failure{Step: 1, Message: message, Hint: name, URL: url},
			},
		}}
		over := n
		over.Incident.Resolved = start.Add(time.Hour)
		for _, n := range []reporters.Notice{n, over} {
			msg := build(n)
			blocks, err := json.Marshal(msg.blocks(""))
			if err != nil {
				t.Fatal(err)
			}
			said, err := reportertest.Read(escape(msg.Text), blocks)
			if err != nil {
				t.Fatal(err)
			}
			if said.Pings {
				t.Errorf("people are called by %s", blocks)
			}
			if printed := render(msg, nil, n.Over()); strings.ContainsAny(said.Text+said.Body+printed, "\x1b\x00\u202e\u0085\r") {
				t.Errorf("control characters pass: %q", printed)
			}
		}
	})
}

func FuzzFit(f *testing.F) {
	f.Add("a<b>&c", 7)
	f.Add(strings.Repeat("&", 10), 12)
	f.Add("🚂\xff", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 1 + (limit&0xff)%100
		got := fit(s, limit)
		if n := utf8.RuneCountInString(got); n > limit {
			t.Errorf("%d characters, more than %d: %q", n, limit, got)
		}
		if rest := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(got); strings.ContainsAny(rest, "&<>") {
			t.Errorf("an escape is cut or missing: %q", got)
		}
		if utf8.RuneCountInString(escape(s)) <= limit && got != escape(s) {
			t.Errorf("cut for nothing: %q", got)
		}
	})
}

func TestLink(t *testing.T) {
	for url, want := range map[string]string{
		"https://shop.example/a?b=c&d=<e>|f": "<https://shop.example/a?b=c&amp;d=%3Ce%3E%7Cf|shop.example/a?b=c&amp;d=&lt;e&gt;%7Cf>",
		"https://user:pw@shop.example/":      "<https://shop.example/|shop.example/>",
		"http://x":                           "<http://x|x>",
		"javascript:alert(1)":                "",
		"about:blank":                        "",
		"/cart":                              "",
		"https://x/\n":                       "<https://x/|x/>",
		"":                                   "",
	} {
		got := ""
		if page := reporters.Link(url); page != "" {
			got = anchor(page)
		}
		if got != want {
			t.Errorf("%q: got %s, wanted %s", url, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for line, want := range map[string]string{
		"":                      "",
		"short":                 "short",
		"two words":             "two|words",
		"exactly":               "exactly",
		"eightchr next":         "eightchr|next",
		"averyveryverylongword": "averyver|yverylon|gword",
		"   indent":             "   inden|t",
	} {
		if got := strings.Join(wrap(line, 8), "|"); got != want {
			t.Errorf("%q: got %q, wanted %q", line, got, want)
		}
	}
}
