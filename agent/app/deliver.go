package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"trackwalker/agent/queue"
	"trackwalker/agent/store"
	"trackwalker/reporters"
	"trackwalker/reporters/incident"
)

// deliver is the handler of delivery jobs: it brings one reporter up to date on one incident.
func (a *Agent) deliver(ctx context.Context, d queue.Deliver) error {
	reporter := a.reporters[d.Reporter]
	switch {
	case reporter != nil:
		return a.store.Deliver(ctx, d, func(ctx context.Context, told store.Delivery) (json.RawMessage, error) {
			return reporter.Report(ctx, reporters.Notice{
				Incident: told.Incident, Location: a.config.Location, Picture: a.picture(told.Incident), CutOff: told.CutOff,
			}, told.Memory)
		})
	case isPrinted(d.Reporter):
		return nil // whoever watched that terminal watches it no more
	default:
		// It may come back, with the next start.
		return &queue.Later{After: absentPause, Err: errors.New("its reporter cannot be used now: it is not in agent.yaml, or its token is not set")}
	}
}

// absentPause is the time between two looks at what nobody can tell.
const absentPause = time.Hour

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
