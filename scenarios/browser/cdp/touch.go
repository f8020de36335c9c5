package cdp

import (
	"context"

	"github.com/chromedp/cdproto/input"

	"trackwalker/scenarios/browser"
)

// Tap touches the page at a point and lets go. The browser makes a click of it.
func (s *session) Tap(ctx context.Context, at browser.Point) error {
	return s.onTab(func(t *target) error {
		for _, p := range []input.DispatchTouchEventParams{
			{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at.X, Y: at.Y}}},
			{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}},
		} {
			if err := dispatch(ctx, t, input.DispatchTouchEvent, p); err != nil {
				return err
			}
		}
		return nil
	})
}
