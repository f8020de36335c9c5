// Package slack tells people in Slack, by a bot's token (Reporter) or by an incoming webhook (Webhook), and shows on a
// terminal what they would read (Terminal). It builds each message once and dresses it for the three.
//
// Nothing else imports slack-go. What is told, when, and how often a delivery is tried again is decided elsewhere.
package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"trackwalker/reporters"
)

// Config is what a Reporter needs to know.
type Config struct {
	Token   string // of a bot, xoxb-…
	Channel string // its name, as #alerts, or its ID, which a renaming does not change

	APIURL      string        // default Slack's own
	Timeout     time.Duration // of one request; default 15 s
	PictureWait time.Duration // how long a call waits for Slack to process a picture; default 30 s
}

// Reporter keeps one message an incident up to date in a channel, with the failure's picture, and says in its thread when
// it is over.
//
// It tells exactly once, also when it is killed between any two requests: before it creates something it looks in the
// channel's history for what bears the incident's metadata. That takes the scope channels:history (groups:history in a
// private channel); without it, a cut-off call may be told twice.
type Reporter struct {
	api         *slack.Client
	channel     string // as configured
	pictureWait time.Duration

	mu sync.Mutex
	id string // of the channel; empty until it is known
}

var _ reporters.Reporter = (*Reporter)(nil)

// New gives a Reporter. It sends nothing; Check tells whether the configuration works.
func New(c Config) *Reporter {
	r := &Reporter{
		channel:     strings.TrimSpace(c.Channel),
		pictureWait: cmp.Or(c.PictureWait, 30*time.Second),
		api: slack.New(c.Token,
			slack.OptionHTTPClient(client(c.Timeout)),
			slack.OptionAPIURL(strings.TrimSuffix(cmp.Or(c.APIURL, slack.APIURL), "/")+"/")),
	}
	if isID(r.channel) {
		r.id = r.channel
	}
	return r
}

// client never follows a redirect: Slack sends none, and a token must not travel on to where one leads.
func client(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       cmp.Or(timeout, 15*time.Second),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Report brings the channel up to date: the text first, and in calls that have nothing to say in words, the picture.
func (r *Reporter) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	m := recall(raw)
	m.Sent = m.Sent || n.CutOff
	before := m
	err := r.tell(ctx, n, &m)
	switch {
	case err != nil || !m.lacksPicture(n):
	case m.saysMoreThan(before):
		err = reporters.ErrMore
	default:
		err = r.picture(ctx, n, &m)
	}
	return m.keep(), err
}

// tell brings the words up to date.
func (r *Reporter) tell(ctx context.Context, n reporters.Notice, m *memory) error {
	for range 2 { // a message that cannot be changed any more may have a successor already
		if m.TS == "" {
			if err := r.find(ctx, n, m); err != nil {
				return err
			}
		}
		if m.TS == "" || m.Told >= n.Incident.Version {
			break
		}
		err := r.update(ctx, n, m)
		if err == nil {
			break
		}
		if !gone(err) {
			return r.explain("update the message", err)
		}
		m.forget()
	}
	if m.TS == "" {
		if err := r.post(ctx, n, m); err != nil {
			return r.explain("post the message", err)
		}
	}
	// A message that was posted when all was over already says everything.
	if m.Told == n.Incident.Version && !n.Incident.Open() && m.Posted < m.Told && m.Reply == "" {
		return r.reply(ctx, n, m)
	}
	return nil
}

// post creates the message.
func (r *Reporter) post(ctx context.Context, n reporters.Notice, m *memory) error {
	m.Sent = true
	to := cmp.Or(r.channelID(), r.channel)
	posted := m.asPosted(n)
	return dress(build(n), posted.shown(), func(opts ...slack.MsgOption) error {
		channel, ts, err := r.api.PostMessageContext(ctx, to, append(opts,
			slack.MsgOptionMetadata(posted.metadata(n, partMessage)),
			slack.MsgOptionParse(false),
			slack.MsgOptionDisableLinkUnfurl(),
			slack.MsgOptionDisableMediaUnfurl())...)
		if err == nil && ts == "" {
			err = errNonsense
		}
		if code(err) == "channel_not_found" && !isID(r.channel) {
			r.setChannelID("") // there may be a new one of that name
		}
		if err != nil {
			return err
		}
		*m = posted
		m.Channel, m.TS = channel, ts
		r.setChannelID(channel)
		return nil
	})
}

// update makes the message say what n says.
func (r *Reporter) update(ctx context.Context, n reporters.Notice, m *memory) error {
	next := *m
	next.Told = n.Incident.Version
	err := dress(build(n), m.shown(), func(opts ...slack.MsgOption) error {
		return r.change(ctx, n, next, opts...)
	})
	if err == nil {
		*m = next
	}
	return err
}

// change sends one update of the message that m names.
func (r *Reporter) change(ctx context.Context, n reporters.Notice, m memory, opts ...slack.MsgOption) error {
	_, ts, _, err := r.api.UpdateMessageContext(ctx, m.Channel, m.TS, append(opts,
		slack.MsgOptionMetadata(m.metadata(n, partMessage)),
		slack.MsgOptionParse(false))...) // chat.update would link names by itself
	if err == nil && ts == "" {
		err = errNonsense
	}
	return err
}

// reply says in the message's thread that the incident is over, so that those who follow it hear of it.
func (r *Reporter) reply(ctx context.Context, n reporters.Notice, m *memory) error {
	ts, err := r.findReply(ctx, n, m)
	if err == nil && ts == "" {
		_, ts, err = r.api.PostMessageContext(ctx, m.Channel,
			slack.MsgOptionTS(m.TS),
			slack.MsgOptionText(escape(n.Over()), false),
			slack.MsgOptionMetadata(m.metadata(n, partReply)),
			slack.MsgOptionParse(false),
			slack.MsgOptionDisableLinkUnfurl(),
			slack.MsgOptionDisableMediaUnfurl())
		if err == nil && ts == "" {
			err = errNonsense
		}
	}
	if threadless(err) {
		ts, err = noReply, nil
	}
	if err != nil {
		return r.explain("reply in the thread", err)
	}
	m.Reply = ts
	return nil
}

// dress sends a message as it should look; if Slack refuses its blocks, without the picture, and then as bare text: people
// are told whatever a page's text did to the layout. A refusal of the blocks means that nothing was sent.
func dress(msg message, file string, send func(...slack.MsgOption) error) error {
	text := slack.MsgOptionText(escape(msg.Text), false)
	err := send(text, slack.MsgOptionBlocks(msg.blocks(file)...))
	if refused(err) && file != "" {
		err = send(text, slack.MsgOptionBlocks(msg.blocks("")...))
	}
	if refused(err) {
		err = send(text, slack.MsgOptionBlocks()) // none, and an update takes away those that are there
	}
	return err
}
