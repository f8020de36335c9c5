// Package webhook tells any HTTP endpoint, by POST, in a JSON document of our own that also carries the field "text" that
// chat systems like Mattermost look for. What is special about one service does not live here but in a package of its own.
package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"trackwalker/reporters"
)

// Config is what a Reporter needs to know.
type Config struct {
	URL     string        // http or https; it may hold a secret and is never shown
	Secret  string        // signs what is posted; empty: nothing is signed. See sign
	Timeout time.Duration // of one request; default 15 s
}

// Reporter posts a Document when an incident opens and another when it is resolved; one alone when it is over before the
// first could be delivered. A delivery may come twice, with the same Idempotency-Key, and never not at all.
type Reporter struct {
	endpoint *reporters.Endpoint
	key      []byte // nil: nothing is signed
}

var _ reporters.Reporter = (*Reporter)(nil)

// New gives a Reporter. It sends nothing.
func New(c Config) (*Reporter, error) {
	key, err := signingKey(c.Secret)
	if err != nil {
		return nil, err
	}
	endpoint, err := reporters.NewEndpoint(reporters.EndpointConfig{
		Name: "webhook", URL: c.URL, Timeout: c.Timeout, Cure: "check the URL, and what the endpoint wants", Secrets: []string{c.Secret},
	})
	if err != nil {
		return nil, err
	}
	return &Reporter{endpoint: endpoint, key: key}, nil
}

// Report posts the incident when it has changed since the last time.
func (r *Reporter) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	return reporters.Once(n, raw, func() error { return r.post(ctx, n) })
}

func (r *Reporter) post(ctx context.Context, n reporters.Notice) error {
	body, err := json.Marshal(document(n))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	id := fmt.Sprintf("%s/%d", n.Incident.ID, n.Incident.Version)
	header := http.Header{"Idempotency-Key": {id}}
	if r.key != nil {
		sign(header, r.key, id, time.Now(), body)
	}
	_, err = r.endpoint.Send(ctx, reporters.Request{Header: header, Body: body})
	return err
}

// Check looks whether the endpoint's host answers, and sends nothing: a webhook has no request that means nothing.
func (r *Reporter) Check(ctx context.Context) []reporters.Finding {
	return []reporters.Finding{r.endpoint.Reach(ctx)}
}
