package cdp

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"trackwalker/scenarios/browser"
)

const (
	maxPicture   = 16384           // pixels; a higher picture costs the browser more memory than it is worth
	captureStall = 3 * time.Second // after which a page is brought to the front and asked once more
)

// Capture takes a PNG.
func (s *session) Capture(ctx context.Context, o browser.CaptureOptions) (picture []byte, err error) {
	err = s.onTab(func(t *target) error {
		picture, err = t.capture(ctx, o)
		return err
	})
	return picture, err
}

func (t *target) capture(ctx context.Context, o browser.CaptureOptions) ([]byte, error) {
	p := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, OptimizeForSpeed: new(true)}
	switch {
	case o.Clip != nil:
		p.Clip = &page.Viewport{X: o.Clip.X, Y: o.Clip.Y, Width: o.Clip.Width, Height: o.Clip.Height, Scale: 1}
		p.CaptureBeyondViewport = new(true)
	case o.Full:
		m, err := call(ctx, t, page.GetLayoutMetrics, cdp.Empty{})
		if err != nil {
			return nil, err
		}
		size := m.CSSContentSize
		p.Clip = &page.Viewport{Width: max(size.Width, 1), Height: min(max(size.Height, 1), maxPicture), Scale: 1}
		p.CaptureBeyondViewport = new(true)
	}
	if p.Clip != nil {
		if p.Clip.Width <= 0 || p.Clip.Height <= 0 {
			return nil, fmt.Errorf("a picture of %v × %v pixels cannot be taken", p.Clip.Width, p.Clip.Height)
		}
		p.Clip.Width, p.Clip.Height = min(p.Clip.Width, maxPicture), min(p.Clip.Height, maxPicture)
	}
	first, cancel := context.WithTimeout(ctx, captureStall)
	r, err := call(first, t, page.CaptureScreenshot, p)
	cancel()
	if err != nil && first.Err() != nil && ctx.Err() == nil && t.gone.Err() == nil {
		// The picture of a page that is not in front may never come.
		if err := do(ctx, t, page.BringToFront, cdp.Empty{}); err != nil {
			return nil, err
		}
		r, err = call(ctx, t, page.CaptureScreenshot, p)
	}
	if err != nil {
		return nil, err
	}
	return r.Data, nil
}
