package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"trackwalker/agent/config"
	"trackwalker/reporters"
	"trackwalker/reporters/discord"
	"trackwalker/reporters/email"
	"trackwalker/reporters/pagerduty"
	"trackwalker/reporters/slack"
	"trackwalker/reporters/teams"
	"trackwalker/reporters/webhook"
	"trackwalker/scenarios/source"
)

// Channel is a reporter under its name in the configuration.
type Channel struct {
	Name     string
	Reporter reporters.Reporter
	// Printed says why the reporter's messages are printed instead of sent; empty: they are sent.
	Printed string
}

// printedSuffix ends the name of a reporter whose messages are only printed.
const printedSuffix = " (printed)"

// terminalName is what the reporter is called that prints, where the configuration names none.
const terminalName = "terminal"

// isPrinted reports whether a reporter's name is of one that only prints.
func isPrinted(name string) bool {
	return name == terminalName || strings.HasSuffix(name, printedSuffix)
}

// audience gives the names of the reporters that tell of an incident whose scenario names these; nil: all do. One that the
// configuration does not have, or not now, is among them: it is told when it is there.
func (a *Agent) audience(to []string) []string {
	if to == nil {
		return a.names()
	}
	names := slices.Clone(to)
	for i, name := range names {
		if a.reporters[name] == nil && a.reporters[name+printedSuffix] != nil {
			names[i] = name + printedSuffix
		}
	}
	return names
}

// Channels makes the reporters of the configuration. Slack without its token, and a configuration without reporters, print
// their messages to w.
func Channels(c *config.Config, w io.Writer, log *slog.Logger) ([]Channel, error) {
	if len(c.Reporters) == 0 {
		return []Channel{{Name: terminalName, Reporter: slack.NewTerminal(w), Printed: "the configuration names no reporter"}}, nil
	}
	var all []Channel
	for _, r := range c.Reporters {
		channel, err := makeChannel(r, w)
		if err != nil {
			return nil, fmt.Errorf("reporter %s: %w", r.Name, err)
		}
		if channel.Printed != "" {
			log.Warn("messages are printed here and sent nowhere", "reporter", r.Name, "why", channel.Printed)
		}
		all = append(all, channel)
	}
	return all, nil
}

func makeChannel(r config.Reporter, w io.Writer) (Channel, error) {
	c := Channel{Name: r.Name}
	x := &revealer{}
	var err error
	c.Reporter, err = makeReporter(r, x)
	if errors.Is(x.err, source.ErrNotSet) && r.Type == "slack" {
		// Under a name of its own: what was only printed is not told, and will be once there is a token.
		c.Name += printedSuffix
		c.Reporter, c.Printed = slack.NewTerminal(w), x.err.Error()
		return c, nil
	}
	return c, cmp.Or(x.err, err)
}

// revealer reads secrets, and keeps the first error.
type revealer struct{ err error }

func (x *revealer) text(v config.Value) string {
	text, err := v.Reveal()
	x.err = cmp.Or(x.err, err)
	return text
}

// makeReporter makes a reporter of the type that the configuration says. What it gives is of no use when x has an error.
func makeReporter(r config.Reporter, x *revealer) (reporters.Reporter, error) {
	switch r.Type {
	case "webhook":
		return webhook.New(webhook.Config{URL: x.text(r.URL), Secret: x.text(r.Secret)})
	case "pagerduty":
		return pagerduty.New(pagerduty.Config{RoutingKey: x.text(r.RoutingKey), Severity: r.Severity, APIURL: r.APIURL})
	case "email":
		return email.New(email.Config{
			Host: r.Host, Port: r.Port, TLS: r.TLS, Username: x.text(r.Username), Password: x.text(r.Password), From: r.From, To: r.To,
		})
	case "teams":
		return teams.New(teams.Config{URL: x.text(r.URL)})
	case "discord":
		return discord.New(discord.Config{URL: x.text(r.URL)})
	}
	if !r.WebhookURL.IsZero() {
		return slack.NewWebhook(slack.WebhookConfig{URL: x.text(r.WebhookURL)})
	}
	return slack.New(slack.Config{Token: x.text(r.Token), Channel: r.Channel, APIURL: r.APIURL}), nil
}
