package browser

import (
	"context"
	"math"
)

// dragSteps is into how many moves the way of a drag is parted: pages follow the pointer, and some count its moves.
const dragSteps = 8

// Drag presses on one element, moves to another and lets go there.
func (p *Page) Drag(ctx context.Context, from, to Locator) error {
	start, err := p.pressOn(ctx, from)
	if err != nil {
		return err
	}
	// Many a page takes a press for a drag only when the pointer has gone a few pixels, and shows only then where things may go.
	begun := Point{X: start.X + 6, Y: start.Y + 6}
	if start.X < 12 || start.Y < 12 {
		begun = Point{X: start.X - 6*sign(start.X-12), Y: start.Y - 6*sign(start.Y-12)}
	}
	if err := p.pointer(ctx, way(start, begun, 3)); err != nil {
		return err
	}
	goal, _, err := p.prepare(ctx, to, []string{"visible", "stable", "hit"}, nil)
	if err != nil {
		p.letGo(ctx, begun)
		return err
	}
	moves := way(begun, goal, dragSteps)
	// It settles there: what was under the pointer may have moved aside only when it came.
	moves = append(moves, PointerEvent{Kind: PointerMove, At: goal}, PointerEvent{Kind: PointerUp, At: goal, Button: ButtonLeft, Clicks: 1})
	if err := p.pointer(ctx, moves); err != nil {
		return err
	}
	return p.settle(ctx)
}

// pressOn presses on the one element and holds.
func (p *Page) pressOn(ctx context.Context, l Locator) (Point, error) {
	for {
		at, docs, err := p.prepare(ctx, l, []string{"visible", "stable", "hit", "enabled", "armed"}, nil)
		if err != nil {
			return at, err
		}
		press := []PointerEvent{{Kind: PointerMove, At: at}, {Kind: PointerDown, At: at, Button: ButtonLeft, Clicks: 1}}
		if err := p.pointer(ctx, press); err != nil {
			return at, err
		}
		blocked := p.blockedBy(ctx, docs)
		if blocked == "" {
			return at, nil
		}
		p.letGo(ctx, at)
		if budget(ctx) == 0 {
			return at, cameBetween(blocked, l)
		}
	}
}

// letGo releases the button where it was pressed, for what cannot be brought to its end.
func (p *Page) letGo(ctx context.Context, at Point) {
	_ = p.pointer(ctx, []PointerEvent{{Kind: PointerUp, At: at, Button: ButtonLeft, Clicks: 1}}) // the step has failed already
}

// way gives moves from one point to another, without the first point.
func way(from, to Point, moves int) []PointerEvent {
	events := make([]PointerEvent, moves)
	for i := range events {
		part := float64(i+1) / float64(moves)
		events[i] = PointerEvent{Kind: PointerMove, At: Point{X: from.X + (to.X-from.X)*part, Y: from.Y + (to.Y-from.Y)*part}}
	}
	return events
}

func sign(x float64) float64 { return math.Copysign(1, x) }
