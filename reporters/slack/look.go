package slack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"trackwalker/reporters"
)

const (
	pageSize = 200 // messages; what Slack recommends at most
	maxPages = 50  // a message that so many others cover is not looked for further
	maxLooks = 3   // failed calls after which people are told unseen

	// skew is how far the agent's clock may run ahead of Slack's.
	skew = time.Hour
)

// find looks for the incident's message: a former call may have been killed after it had posted it.
func (r *Reporter) find(ctx context.Context, n reporters.Notice, m *memory) error {
	err := r.search(ctx, n, m)
	if err == nil || blind(err) {
		return nil
	}
	err = r.explain("look for an earlier message", err)
	// A history that stays broken must not silence us. Where no post of ours can be there, posting is safe all the same.
	if m.Looks++; m.Looks > maxLooks && !m.Sent && ctx.Err() == nil && !branches(err) {
		return nil
	}
	return err
}

func (r *Reporter) search(ctx context.Context, n reporters.Notice, m *memory) error {
	channel, err := r.resolve(ctx)
	if err != nil || channel == "" {
		return err
	}
	p := slack.GetConversationHistoryParameters{
		ChannelID: channel, Limit: pageSize, IncludeAllMetadata: true,
		Oldest: fmt.Sprintf("%d.000000", max(n.Incident.Opened.Add(-skew).Unix(), 0)),
	}
	for range maxPages {
		page, err := r.api.GetConversationHistoryContext(ctx, &p)
		if err != nil {
			return err
		}
		for _, msg := range page.Messages { // the newest first
			if marked(msg, n.Incident.ID, partMessage) && msg.Timestamp != m.Lost {
				m.adopt(channel, msg)
				return nil
			}
		}
		if p.Cursor = page.ResponseMetaData.NextCursor; p.Cursor == "" {
			return nil
		}
	}
	return nil
}

// findReply gives the ts of our reply in the message's thread, or "".
func (r *Reporter) findReply(ctx context.Context, n reporters.Notice, m *memory) (string, error) {
	p := slack.GetConversationRepliesParameters{
		ChannelID: m.Channel, Timestamp: m.TS, Limit: pageSize, IncludeAllMetadata: true,
	}
	for range maxPages {
		replies, _, next, err := r.api.GetConversationRepliesContext(ctx, &p)
		if blind(err) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		for _, msg := range replies {
			if marked(msg, n.Incident.ID, partReply) {
				return msg.Timestamp, nil
			}
		}
		if p.Cursor = next; next == "" {
			break
		}
	}
	return "", nil
}

// isID tells an ID from a name: names have no capitals.
func isID(channel string) bool {
	if len(channel) < 7 || !strings.ContainsRune("CGD", rune(channel[0])) {
		return false
	}
	return strings.Trim(channel, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func (r *Reporter) channelID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.id
}

func (r *Reporter) setChannelID(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.id = id
}

// resolve gives the channel's ID, or "" when the token may not see a channel of that name. History can be read by ID alone.
func (r *Reporter) resolve(ctx context.Context) (string, error) {
	if id := r.channelID(); id != "" {
		return id, nil
	}
	c, err := r.lookUp(ctx)
	if err != nil || c == nil {
		return "", err
	}
	r.setChannelID(c.ID)
	return c.ID, nil
}

// lookUp finds the channel by its name among those that the token may see; nil: it is not among them.
func (r *Reporter) lookUp(ctx context.Context) (*slack.Channel, error) {
	c, err := r.list(ctx, "public_channel", "private_channel")
	if code(err) == "missing_scope" {
		// Private channels take groups:read, which a bot in public ones does without.
		return r.list(ctx, "public_channel")
	}
	return c, err
}

func (r *Reporter) list(ctx context.Context, types ...string) (*slack.Channel, error) {
	name := strings.TrimPrefix(r.channel, "#")
	p := slack.GetConversationsParameters{Types: types, ExcludeArchived: true, Limit: 1000}
	for {
		channels, next, err := r.api.GetConversationsContext(ctx, &p)
		if err != nil {
			return nil, err
		}
		for i := range channels {
			if channels[i].Name == name {
				return &channels[i], nil
			}
		}
		if p.Cursor = next; next == "" {
			return nil, nil
		}
	}
}
