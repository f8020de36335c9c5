package app_test

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"trackwalker/agent/app"
	"trackwalker/agent/config"
	"trackwalker/reporters/reportertest"
)

func load(t *testing.T, text string) *config.Config {
	t.Helper()
	c, problems := config.Load("agent.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// TestEveryChannelIsWired: a sample goes through every type of reporter that the configuration knows.
func TestEveryChannelIsWired(t *testing.T) {
	hook, slackHook, pager := reportertest.NewHook(t), reportertest.NewSlackHook(t), reportertest.NewPagerDuty(t)
	slack, teams, discord := reportertest.NewSlack(t), reportertest.NewTeams(t), reportertest.NewDiscord(t)
	mail := reportertest.NewMailServer(t, reportertest.MailOptions{})
	for name, value := range map[string]string{
		"HOOK": hook.URL(), "SLACK_HOOK": slackHook.URL(), "KEY": pager.RoutingKey(), "TEAMS": teams.URL(), "DISCORD": discord.URL(), "SIGN": "a secret of some length",
		"TOKEN": slack.Token(),
	} {
		t.Setenv(name, value)
	}
	c := load(t, fmt.Sprintf(`
reporters:
  slack: {type: slack, token: {env: TOKEN}, channel: "#alerts", api_url: %q}
  slack-hook: {type: slack, webhook_url: {env: SLACK_HOOK}}
  hook: {type: webhook, url: {env: HOOK}, secret: {env: SIGN}}
  pager: {type: pagerduty, routing_key: {env: KEY}, api_url: %q}
  mail: {type: email, host: 127.0.0.1, port: %d, tls: none, from: a@shop.example, to: b@shop.example}
  teams: {type: teams, url: {env: TEAMS}}
  discord: {type: discord, url: {env: DISCORD}}
`, slack.URL(), pager.URL(), mail.Port()))
	places := map[string]interface{ Said() []reportertest.Said }{
		"slack": slack, "slack-hook": slackHook, "hook": hook, "pager": pager, "mail": mail, "teams": teams, "discord": discord,
	}
	channels, err := app.Channels(c, io.Discard, slog.New(slog.DiscardHandler))
	if err != nil || len(channels) != len(places) {
		t.Fatalf("%d channels, %v", len(channels), err)
	}
	for _, channel := range channels {
		for _, f := range channel.Reporter.Check(t.Context()) {
			if !f.OK {
				t.Errorf("%s: found %+v", channel.Name, f)
			}
		}
		if err := app.SendSample(t.Context(), channel.Reporter, "berlin-1"); err != nil {
			t.Errorf("%s: %v", channel.Name, err)
		}
		if said := places[channel.Name].Said(); len(said) == 0 || channel.Printed != "" {
			t.Errorf("%s: nothing arrives", channel.Name)
		}
	}
	if hook.Posts()[0].Header.Get("Webhook-Signature") == "" {
		t.Error("the webhook is not signed")
	}
}

// TestASecretThatIsNotSet stops the agent, but for Slack's, whose messages are printed.
func TestASecretThatIsNotSet(t *testing.T) {
	for _, entry := range []string{
		`{type: webhook, url: {env: NOT_SET_HERE}}`,
		`{type: webhook, url: "http://127.0.0.1:1", secret: {env: NOT_SET_HERE}}`,
		`{type: pagerduty, routing_key: {env: NOT_SET_HERE}}`,
		`{type: email, host: h, from: a@b.example, to: c@d.example, username: u, password: {env: NOT_SET_HERE}}`,
		`{type: teams, url: {env: NOT_SET_HERE}}`,
		`{type: discord, url: {env: NOT_SET_HERE}}`,
	} {
		_, err := app.Channels(load(t, "reporters: {name: "+entry+"}\n"), io.Discard, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "NOT_SET_HERE is not set") || !strings.Contains(err.Error(), "reporter name") {
			t.Errorf("%s: %v", entry, err)
		}
	}
	for _, entry := range []string{`{type: slack, token: {env: NOT_SET_HERE}, channel: x}`, `{type: slack, webhook_url: {env: NOT_SET_HERE}}`} {
		channels, err := app.Channels(load(t, "reporters: {name: "+entry+"}\n"), io.Discard, slog.New(slog.DiscardHandler))
		if err != nil || channels[0].Printed == "" {
			t.Errorf("%s: %v", entry, err)
		}
	}
}
