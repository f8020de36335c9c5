package app

import (
	"context"
	"encoding/json"
	"io"

	"trackwalker/agent/queue"
	"trackwalker/reporters"
	"trackwalker/reporters/incident"
)

// deliver is the handler of delivery jobs: it brings one reporter up to date on one incident.
func (a *Agent) deliver(ctx context.Context, d queue.Deliver) error {
	reporter := a.reporters[d.Reporter]
	if reporter == nil {
		reporter = a.reporters[d.Reporter+printedSuffix]
	}
	if reporter == nil {
		a.log.Warn("an incident is not told: its reporter is not in the configuration any more", "incident", d.Incident, "reporter", d.Reporter)
		return a.store.Told(ctx, d.Incident, d.Reporter, d.Version, nil, nil)
	}
	return a.store.Deliver(ctx, d, func(ctx context.Context, i incident.Incident, memory json.RawMessage) (json.RawMessage, error) {
		return reporter.Report(ctx, reporters.Notice{Incident: i, Location: a.config.Location, Picture: a.picture(i)}, memory)
	})
}

// picture gives the screenshot of the failure that opened the incident.
func (a *Agent) picture(i incident.Incident) *reporters.Picture {
	if i.First == nil {
		return nil
	}
	for _, artifact := range i.First.Artifacts {
		if artifact.Kind != "screenshot" || artifact.Name != "failure" || artifact.Ref.SHA256 == "" {
			continue
		}
		return &reporters.Picture{
			Name: i.Scenario + "-failure.png", Media: artifact.Media, Size: artifact.Ref.Size,
			Open: func() (io.ReadCloser, error) { return a.pictures.Open(artifact.Ref.SHA256) },
		}
	}
	return nil
}
