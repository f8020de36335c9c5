// Package discord tells people in Discord by a channel's webhook, which can also change and illustrate what it posted.
package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"trackwalker/reporters"
)

// Config is what a Reporter needs to know.
type Config struct {
	URL     string        // https://discord.com/api/webhooks/…; who knows it can post, so it is a secret
	Timeout time.Duration // of one request; default 15 s
}

// Reporter keeps one message an incident up to date, with the failure's picture, and posts a line when it is over: a message
// that is changed calls nobody's attention. Discord cannot be asked what a webhook posted, so that after a lost answer people
// may see a message twice, and never not at all.
type Reporter struct {
	endpoint *reporters.Endpoint
}

var _ reporters.Reporter = (*Reporter)(nil)

const cure = "see that the webhook is still there: in the channel's settings, under Integrations; copy its URL anew"

// New gives a Reporter. It sends nothing.
func New(c Config) (*Reporter, error) {
	endpoint, err := reporters.NewEndpoint(reporters.EndpointConfig{Name: "discord webhook", URL: c.URL, Timeout: c.Timeout, Cure: cure})
	if err != nil {
		return nil, err
	}
	return &Reporter{endpoint: endpoint}, nil
}

// memory is what is kept of one incident between two calls.
type memory struct {
	Message string `json:"message,omitempty"` // its ID; empty: none that we know of
	Picture string `json:"picture,omitempty"` // ID of the message's attachment
	File    string `json:"file,omitempty"`    // the attachment's name
	Posted  int    `json:"posted,omitempty"`  // the incident's version that it was posted with
	Told    int    `json:"told,omitempty"`    // the version that it says
	Over    bool   `json:"over,omitempty"`    // the line that tells of the end is posted
}

// recall reads a memory. One that cannot be read is as good as none.
func recall(raw json.RawMessage) memory {
	var m memory
	if json.Unmarshal(raw, &m) != nil {
		return memory{}
	}
	return m
}

func (m memory) keep() json.RawMessage {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return b
}

// Report brings the channel up to date.
func (r *Reporter) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	m := recall(raw)
	err := r.bring(ctx, n, &m)
	return m.keep(), err
}

func (r *Reporter) bring(ctx context.Context, n reporters.Notice, m *memory) error {
	if m.Message != "" && m.Told < n.Incident.Version {
		err := r.update(ctx, n, m)
		if err != nil && !deleted(err) {
			return err
		}
		if err != nil {
			*m = memory{} // who deletes a message shall hear of the next change all the same
		}
	}
	if m.Message == "" {
		return r.post(ctx, n, m)
	}
	// A message that was posted when all was over already says everything.
	if !n.Incident.Open() && m.Posted < m.Told && !m.Over {
		if _, err := r.send(ctx, http.MethodPost, "", text(n.Over()), nil); err != nil {
			return err
		}
		m.Over = true
	}
	return nil
}

// post creates the message. When its picture cannot be shown it is told without, and the error says so once.
func (r *Reporter) post(ctx context.Context, n reporters.Notice, m *memory) error {
	p, trouble := attach(n)
	got, err := r.tell(ctx, http.MethodPost, "", n, p)
	if p != nil && tooLarge(err) {
		trouble = err
		p = nil
		got, err = r.tell(ctx, http.MethodPost, "", n, nil)
	}
	if err != nil {
		return err
	}
	*m = memory{Message: got.ID, Posted: n.Incident.Version, Told: n.Incident.Version}
	if p != nil && len(got.Attachments) > 0 {
		m.Picture, m.File = got.Attachments[0].ID, p.name
	}
	if trouble != nil {
		// In other words than trouble's own: it may be a Permanent one, while what matters is told.
		return errors.New("discord webhook: the message is told, without its picture: " + trouble.Error())
	}
	return nil
}

// update makes the message say what n says. It keeps its picture.
func (r *Reporter) update(ctx context.Context, n reporters.Notice, m *memory) error {
	var p *picture
	if m.Picture != "" {
		p = &picture{id: m.Picture, name: m.File}
	}
	if _, err := r.tell(ctx, http.MethodPatch, "messages/"+m.Message, n, p); err != nil {
		return err
	}
	m.Told = n.Incident.Version
	return nil
}

// tell sends a message as it should look; if Discord refuses that, as bare text: people are told whatever a page's text did
// to the layout. A refusal means that nothing was sent.
func (r *Reporter) tell(ctx context.Context, method, path string, n reporters.Notice, p *picture) (posted, error) {
	got, err := r.send(ctx, method, path, build(n, p), p)
	if status(err) == http.StatusBadRequest {
		return r.send(ctx, method, path, bare(n), nil)
	}
	return got, err
}

// posted is what Discord answers.
type posted struct {
	ID          string
	Attachments []struct{ ID string }
}

var errNonsense = errors.New("discord webhook: the answer makes no sense: something that is not Discord stands in between, or the URL is wrong")

func (r *Reporter) send(ctx context.Context, method, path string, m message, p *picture) (posted, error) {
	media, body, err := encode(m, p)
	if err != nil {
		return posted{}, fmt.Errorf("discord webhook: %w", err)
	}
	answer, err := r.endpoint.Send(ctx, reporters.Request{
		Method: method, Path: path, Query: url.Values{"wait": {"true"}}, Media: media, Body: body,
	})
	if err != nil {
		return posted{}, err
	}
	var got posted
	if json.Unmarshal(answer, &got) != nil || got.ID == "" {
		return posted{}, errNonsense
	}
	return got, nil
}

// status is that of the answer, or 0 for any other error.
func status(err error) int {
	if e, ok := errors.AsType[*reporters.Refusal](err); ok {
		return e.Status
	}
	return 0
}

func tooLarge(err error) bool { return status(err) == http.StatusRequestEntityTooLarge }

// deleted: the message is gone, while the webhook may be there.
func deleted(err error) bool {
	const unknownMessage = 10008
	e, ok := errors.AsType[*reporters.Refusal](err)
	var said struct{ Code int }
	return ok && e.Status == http.StatusNotFound && json.Unmarshal(e.Body, &said) == nil && said.Code == unknownMessage
}

// Check asks for the webhook's name, and sends nothing.
func (r *Reporter) Check(ctx context.Context) []reporters.Finding {
	answer, err := r.endpoint.Send(ctx, reporters.Request{Method: http.MethodGet})
	var hook struct{ Name string }
	if err == nil && (json.Unmarshal(answer, &hook) != nil || hook.Name == "") {
		err = errNonsense
	}
	if err != nil {
		hint := "see that this machine reaches discord.com, and try again"
		if errors.As(err, new(*reporters.Permanent)) {
			hint = cure
		}
		return []reporters.Finding{{Message: err.Error(), Hint: hint}}
	}
	return []reporters.Finding{{OK: true, Message: "Discord knows the webhook as " + reporters.Clip(reporters.Line(hook.Name), 80)}}
}
