package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"

	"trackwalker/reporters"
)

// WebhookConfig is what a Webhook needs to know.
type WebhookConfig struct {
	URL     string        // https://hooks.slack.com/services/…; who knows it can post, so it is a secret
	Timeout time.Duration // of one request; default 15 s
}

// Webhook tells through an incoming webhook: a message when an incident opens and another when it is over. A webhook takes
// no pictures, changes no messages and cannot be asked what it got, so that a message may come twice, and never not at all.
type Webhook struct {
	url    string
	client *http.Client
}

var _ reporters.Reporter = (*Webhook)(nil)

// NewWebhook gives a Webhook. It sends nothing.
func NewWebhook(c WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("slack webhook: the URL must begin with https:// (or http://)") // and is not shown
	}
	return &Webhook{url: c.URL, client: client(c.Timeout)}, nil
}

// Report posts a message when the incident has changed since the last one.
func (w *Webhook) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	m := recall(raw)
	if m.Told >= n.Incident.Version {
		return m.keep(), nil
	}
	if err := w.post(ctx, build(n)); err != nil {
		return m.keep(), err
	}
	m.Told = n.Incident.Version
	return m.keep(), nil
}

func (w *Webhook) post(ctx context.Context, msg message) error {
	no := false
	hook := slack.WebhookMessage{
		Text: escape(msg.Text), Parse: "none", UnfurlLinks: &no, UnfurlMedia: &no,
		Blocks: &slack.Blocks{BlockSet: msg.blocks("")},
	}
	err := slack.PostWebhookCustomHTTPContext(ctx, w.url, w.client, &hook)
	if status(err) == http.StatusBadRequest { // that was nothing that could be shown: bare text will do
		hook.Blocks = nil
		err = slack.PostWebhookCustomHTTPContext(ctx, w.url, w.client, &hook)
	}
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("slack webhook: post the message: %w", bare(err))
	if after, ok := patience(err); ok {
		return &reporters.RetryAfter{After: after, Err: wrapped}
	}
	if s := status(err); s >= 300 && s < 500 && s != http.StatusRequestTimeout && s != http.StatusTooEarly {
		return &reporters.Permanent{Err: fmt.Errorf(
			"%w: the webhook is gone or wrong; make a new one at api.slack.com/apps under Incoming Webhooks", wrapped)}
	}
	return wrapped
}

// status is that of the answer, or 0 for any other error.
func status(err error) int {
	if e, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return e.Code
	}
	return 0
}

// Check can say little: a webhook only shows that it works when a message is sent.
func (w *Webhook) Check(context.Context) []reporters.Finding {
	u, err := url.Parse(w.url)
	if err == nil && u.Host == "hooks.slack.com" && u.Scheme != "https" {
		return []reporters.Finding{{
			Message: "the webhook's URL is not encrypted",
			Hint:    "write https:// in place of http://",
		}}
	}
	return []reporters.Finding{{
		OK:      true,
		Message: "a webhook can only be tried by sending: trackwalker notify test",
	}}
}
