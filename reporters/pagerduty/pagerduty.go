// Package pagerduty pages people through PagerDuty's Events API v2: an alert that opens with an incident and is resolved
// with it.
package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"trackwalker/reporters"
)

// DefaultAPI is where the Events API is, but for accounts in the European Union.
const DefaultAPI = "https://events.pagerduty.com"

// Config is what a Reporter needs to know.
type Config struct {
	RoutingKey string // of an integration “Events API v2”; a secret
	Severity   string // of the alerts: critical (the default), error, warning, info

	APIURL  string        // default DefaultAPI
	Timeout time.Duration // of one request; default 15 s
}

// Reporter triggers an alert when an incident opens, and resolves it when the incident is over. The two are tied by a key that
// is made of the incident's ID, by which PagerDuty takes a repeated event for the same: it tells exactly once.
//
// Nobody is paged for what is over: an incident that ends before its alert could be triggered is not told.
type Reporter struct {
	endpoint   *reporters.Endpoint
	routingKey string
	severity   string
}

var _ reporters.Reporter = (*Reporter)(nil)

// New gives a Reporter. It sends nothing.
func New(c Config) (*Reporter, error) {
	endpoint, err := reporters.NewEndpoint(reporters.EndpointConfig{
		Name: "pagerduty", URL: cmp.Or(c.APIURL, DefaultAPI), Timeout: c.Timeout, Secrets: []string{c.RoutingKey},
		Cure: "check the routing key: it is the Integration Key of the service's integration Events API v2",
	})
	if err != nil {
		return nil, err
	}
	return &Reporter{endpoint: endpoint, routingKey: c.RoutingKey, severity: cmp.Or(c.Severity, "critical")}, nil
}

// Report sends an event when the incident has changed since the last time.
func (r *Reporter) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	return reporters.Once(n, raw, func() error { return r.send(ctx, r.event(n)) })
}

func (r *Reporter) send(ctx context.Context, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("pagerduty: %w", err)
	}
	answer, err := r.endpoint.Send(ctx, reporters.Request{Path: "v2/enqueue", Body: body})
	if err != nil {
		return err
	}
	var said struct{ Status string }
	if json.Unmarshal(answer, &said) != nil || said.Status != "success" {
		return errors.New("pagerduty: the answer makes no sense: something that is not PagerDuty stands in between, or api_url is wrong")
	}
	return nil
}

// Check resolves an alert that never was, which PagerDuty takes without a trace: so it says whether the key is good.
func (r *Reporter) Check(ctx context.Context) []reporters.Finding {
	err := r.send(ctx, event{RoutingKey: r.routingKey, Action: "resolve", DedupKey: dedupKey("check")})
	if err == nil {
		return []reporters.Finding{{OK: true, Message: "PagerDuty takes events with this routing key; to see one, trackwalker notify test"}}
	}
	hint := "see that this machine reaches PagerDuty, and try again"
	if permanent, ok := errors.AsType[*reporters.Permanent](err); ok {
		err, hint = permanent, "copy the Integration Key of the service's integration Events API v2; an account in the EU needs api_url: https://events.eu.pagerduty.com"
	}
	return []reporters.Finding{{Message: err.Error(), Hint: hint}}
}
