// Package teams tells people in Microsoft Teams, by the webhook of a workflow that posts Adaptive Cards.
package teams

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"trackwalker/reporters"
)

// Config is what a Reporter needs to know.
type Config struct {
	URL     string        // of the workflow's trigger; who knows it can post, so it is a secret
	Timeout time.Duration // of one request; default 15 s
}

// Reporter posts a card when an incident opens and another when it is over. A workflow changes no card, takes no pictures and
// cannot be asked what it got, so that a card may come twice, and never not at all.
type Reporter struct {
	endpoint *reporters.Endpoint
}

var _ reporters.Reporter = (*Reporter)(nil)

// New gives a Reporter. It sends nothing.
func New(c Config) (*Reporter, error) {
	endpoint, err := reporters.NewEndpoint(reporters.EndpointConfig{
		Name: "teams webhook", URL: c.URL, Timeout: c.Timeout,
		Cure: "see that the workflow is still there and turned on, and copy the URL of its trigger anew",
	})
	if err != nil {
		return nil, err
	}
	return &Reporter{endpoint: endpoint}, nil
}

// Report posts a card when the incident has changed since the last one.
func (r *Reporter) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	return reporters.Once(n, raw, func() error { return r.post(ctx, n) })
}

func (r *Reporter) post(ctx context.Context, n reporters.Notice) error {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false) // a < would take six bytes of the few that Teams takes
	if err := e.Encode(envelope(n)); err != nil {
		return fmt.Errorf("teams webhook: %w", err)
	}
	_, err := r.endpoint.Send(ctx, reporters.Request{Body: body.Bytes()})
	return err
}

// Check looks whether the workflow's host answers, and sends nothing: a workflow has no request that means nothing.
func (r *Reporter) Check(ctx context.Context) []reporters.Finding {
	return []reporters.Finding{r.endpoint.Reach(ctx)}
}
