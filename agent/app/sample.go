package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"time"

	"github.com/google/uuid"

	"trackwalker/reporters"
	"trackwalker/reporters/incident"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

// sampleIncident gives the two states of the incident.
func sampleIncident(location string) []incident.Incident {
	now := time.Now().UTC()
	since := now.Add(-5 * time.Minute)
	run := &scenarios.Run{
		ID: uuid.Must(uuid.NewV7()).String(), Scenario: "sample", File: "sample.yaml", Browser: "chromium", Location: location,
		Started: since, DurationMS: 4312, Attempts: 2, Outcome: scenarios.Failed,
		Steps: []scenarios.StepResult{
			{Index: 1, Kind: "goto", Name: "goto ${base}/login", Line: 5, Outcome: scenarios.Passed, DurationMS: 412},
			{Index: 2, Kind: "click", Name: "click Log in", Line: 6, Outcome: scenarios.Failed, DurationMS: 3900},
			{Index: 3, Kind: "expect", Name: "expect Welcome back", Line: 7, Outcome: scenarios.Skipped},
		},
		Failure: &scenarios.Failure{
			Class: browser.ClassNotActionable, Step: 2, Line: 6, Message: `<button>Log in</button> is covered by #cookie-banner`,
			Hint: "this is a sample: nothing is broken", URL: "https://shop.example/login",
		},
	}
	open := incident.Incident{ID: run.ID, Scenario: run.Scenario, Since: since, Opened: now, Runs: 1, Version: 1, First: run}
	over := open
	over.Resolved, over.Version = now, 2
	return []incident.Incident{open, over}
}

// SendSample reports an incident that never was: as it opens, and as it is resolved.
func SendSample(ctx context.Context, r reporters.Reporter, location string) error {
	var memory json.RawMessage
	for _, i := range sampleIncident(location) {
		var err error
		if memory, err = reporters.Finish(ctx, r, sampleNotice(i, location), memory); err != nil {
			return err
		}
	}
	return nil
}

func sampleNotice(i incident.Incident, location string) reporters.Notice {
	picture := samplePicture()
	return reporters.Notice{Incident: i, Location: location, Sample: true, Picture: &reporters.Picture{
		Name: "sample.png", Media: "image/png", Size: int64(len(picture)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(picture)), nil },
	}}
}

// samplePicture draws a page with a banner over it.
func samplePicture() []byte {
	page := image.NewRGBA(image.Rect(0, 0, 640, 360))
	fill := func(r image.Rectangle, c color.Color) {
		draw.Draw(page, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	fill(page.Bounds(), color.White)
	fill(image.Rect(0, 0, 640, 48), color.RGBA{0x2b, 0x2f, 0x36, 0xff})
	for i := range 4 {
		fill(image.Rect(80, 90+i*40, 560-i*60, 110+i*40), color.RGBA{0xe4, 0xe6, 0xea, 0xff})
	}
	fill(image.Rect(0, 250, 640, 360), color.RGBA{0xf2, 0xb8, 0x3c, 0xff})
	var b bytes.Buffer
	if err := png.Encode(&b, page); err != nil {
		panic(fmt.Sprintf("encoding a picture in memory: %v", err)) // it cannot fail
	}
	return b.Bytes()
}
