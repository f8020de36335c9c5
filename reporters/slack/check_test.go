package slack_test

import (
	"context"
	"strings"
	"testing"

	"trackwalker/reporters"
	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/slack"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*reportertest.Slack, *slack.Config)
		want   []string // what is wrong, and the hint
	}{
		{"all is well", func(*reportertest.Slack, *slack.Config) {}, nil},
		{"wrong token", func(_ *reportertest.Slack, c *slack.Config) { c.Token = "xoxb-wrong" }, []string{
			"cannot sign in to Slack: invalid_auth", "copy the bot token",
		}},
		{"no chat:write", func(s *reportertest.Slack, _ *slack.Config) { s.Revoke("chat:write") }, []string{
			"lacks the scope chat:write: nothing can be posted", "add chat:write, then Reinstall",
		}},
		{"no files:write", func(s *reportertest.Slack, _ *slack.Config) { s.Revoke("files:write") }, []string{
			"lacks the scope files:write: messages come without the picture", "add files:write",
		}},
		{"no history", func(s *reportertest.Slack, _ *slack.Config) { s.Revoke("channels:history") }, []string{
			"lacks the scope channels:history: an earlier message cannot be found", "add channels:history",
		}},
		{"no history of a private channel", func(s *reportertest.Slack, c *slack.Config) {
			s.AddChannel(reportertest.Channel{ID: "C0SECRET1", Name: "secret", Private: true})
			s.Revoke("groups:history")
			c.Channel = "C0SECRET1"
		}, []string{"lacks the scope groups:history", "add groups:history"}},
		{"no list, by name", func(s *reportertest.Slack, _ *slack.Config) { s.Revoke("channels:read", "groups:read") }, []string{
			"lacks the scope channels:read or groups:read: the channel cannot be found by its name", "add channels:read or groups:read",
		}},
		{"no list, by ID", func(s *reportertest.Slack, c *slack.Config) {
			s.Revoke("channels:read", "groups:read")
			c.Channel = "C0ALERTS01"
		}, nil},
		{"no such channel", func(_ *reportertest.Slack, c *slack.Config) { c.Channel = "#alrets" }, []string{
			"there is no channel #alrets that the bot can see", "check its name",
		}},
		{"no such ID", func(_ *reportertest.Slack, c *slack.Config) { c.Channel = "C0NOTHING" }, []string{
			"there is no channel C0NOTHING", "check its name",
		}},
		{"not invited", func(s *reportertest.Slack, c *slack.Config) {
			s.AddChannel(reportertest.Channel{ID: "C0FOREIGN", Name: "foreign", Foreign: true})
			c.Channel = "#foreign"
		}, []string{"the bot is not in the channel #foreign", "/invite @trackwalker"}},
		{"archived", func(s *reportertest.Slack, c *slack.Config) {
			s.AddChannel(reportertest.Channel{ID: "C0OLDNEWS", Name: "old", Archived: true})
			c.Channel = "C0OLDNEWS"
		}, []string{"the channel #old is archived", "unarchive it"}},
		{"down", func(s *reportertest.Slack, _ *slack.Config) { s.Down(true) }, []string{
			"cannot sign in to Slack: slack server error: 503", "reaches slack.com",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := reportertest.NewSlack(t)
			conf := config(s)
			c.change(s, &conf)
			var wrong []reporters.Finding
			for _, f := range slack.New(conf).Check(context.Background()) {
				if f.Message == "" || f.OK == (f.Hint != "") {
					t.Errorf("found %+v", f)
				}
				if !f.OK {
					wrong = append(wrong, f)
				}
			}
			if c.want == nil {
				if len(wrong) != 0 {
					t.Errorf("found %+v", wrong)
				}
				return
			}
			if len(wrong) != 1 || !strings.Contains(wrong[0].Message, c.want[0]) || !strings.Contains(wrong[0].Hint, c.want[1]) {
				t.Errorf("found  %+v\nwanted %q", wrong, c.want)
			}
			if len(s.Messages("#alerts")) != 0 {
				t.Error("a check told people")
			}
		})
	}
}
