package slack

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"trackwalker/reporters"
)

// Check signs in, and looks at the token's scopes and at the channel. It sends nothing.
func (r *Reporter) Check(ctx context.Context) []reporters.Finding {
	me, err := r.api.AuthTestContext(ctx)
	if err != nil {
		return []reporters.Finding{bad(fmt.Sprintf("cannot sign in to Slack: %v", bare(err)), r.hint(err, "see that this machine reaches slack.com, and try again"))}
	}
	findings := []reporters.Finding{good("signed in to %s as @%s", me.Team, me.User)}
	channel, err := r.visible(ctx)
	findings = append(findings, r.scopes(me.Header, channel)...)
	return append(findings, r.membership(me.User, channel, err)...)
}

// need is a scope and what becomes of us without it.
type need struct {
	anyOf []string
	lost  string
}

func (r *Reporter) scopes(h http.Header, channel *slack.Channel) []reporters.Finding {
	granted := h.Get("X-OAuth-Scopes")
	if granted == "" {
		return []reporters.Finding{good("slack did not say which scopes the token has")}
	}
	history := []string{"channels:history", "groups:history"}
	list := []string{"channels:read", "groups:read"}
	if channel != nil { // we know which kind it is
		history, list = history[:1], list[:1]
		if channel.IsPrivate {
			history, list = []string{"groups:history"}, []string{"groups:read"}
		}
	}
	needs := []need{
		{[]string{"chat:write"}, "nothing can be posted"},
		{[]string{"files:write"}, "messages come without the picture of what broke"},
		{history, "an earlier message cannot be found, so that people may be told twice after a lost connection"},
	}
	if !isID(r.channel) {
		needs = append(needs, need{list, "the channel cannot be found by its name before the first message is posted, " +
			"so that people may be told twice after a lost connection"})
	}
	var findings []reporters.Finding
	for _, n := range needs {
		if !grants(granted, n.anyOf) {
			scope := strings.Join(n.anyOf, " or ")
			findings = append(findings, bad("the token lacks the scope "+scope+": "+n.lost,
				"at api.slack.com/apps, under OAuth & Permissions, Bot Token Scopes, add "+scope+", then Reinstall to Workspace"))
		}
	}
	if findings == nil {
		findings = append(findings, good("the token has all scopes that are needed"))
	}
	return findings
}

func grants(granted string, anyOf []string) bool {
	for g := range strings.SplitSeq(granted, ",") {
		for _, scope := range anyOf {
			if strings.TrimSpace(g) == scope {
				return true
			}
		}
	}
	return false
}

// visible gives the channel, or nil when it is not among those that the token may see.
func (r *Reporter) visible(ctx context.Context) (*slack.Channel, error) {
	if !isID(r.channel) {
		return r.lookUp(ctx)
	}
	c, err := r.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: r.channel})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (r *Reporter) membership(me string, c *slack.Channel, err error) []reporters.Finding {
	invite := "in Slack, write /invite @" + me + " in the channel"
	switch {
	case code(err) == "missing_scope" && isID(r.channel):
		return []reporters.Finding{good("the channel %s was not looked at: that takes the scope channels:read or groups:read", r.channel)}
	case code(err) == "missing_scope":
		return nil // said among the scopes
	case code(err) == "channel_not_found" || err == nil && c == nil:
		return []reporters.Finding{bad("there is no channel "+r.channel+" that the bot can see",
			"check its name; if it is a private channel, "+invite+" and add the scope groups:read")}
	case err != nil:
		return []reporters.Finding{bad(fmt.Sprintf("cannot look at the channel %s: %v", r.channel, bare(err)), r.hint(err, "try again"))}
	case c.IsArchived:
		return []reporters.Finding{bad("the channel #"+c.Name+" is archived", "in Slack, unarchive it, or name another channel")}
	case !c.IsMember && !c.IsIM:
		return []reporters.Finding{bad(fmt.Sprintf("the bot is not in the channel #%s", c.Name), invite)}
	}
	return []reporters.Finding{good("the bot is in the channel #%s (%s)", c.Name, c.ID)}
}

func good(format string, args ...any) reporters.Finding {
	return reporters.Finding{OK: true, Message: fmt.Sprintf(format, args...)}
}

func bad(message, hint string) reporters.Finding {
	return reporters.Finding{Message: message, Hint: hint}
}

// hint is the cure, or what else may help.
func (r *Reporter) hint(err error, otherwise string) string {
	if cure := r.cure(err); cure != "" {
		return cure
	}
	return otherwise
}
