package browser

import "context"

// ScrollTo says where to scroll: exactly one is set.
type ScrollTo struct {
	Edge string   // top or bottom
	By   *float64 // pixels down; negative: up
	To   *Locator // into view
}

// Scroll scrolls what scope names, or the page.
func (p *Page) Scroll(ctx context.Context, scope Scope, to ScrollTo) error {
	r := request{}
	frames := scope.Frames
	switch {
	case to.To != nil:
		frames = to.To.Frames
		r["to"] = *to.To
	case to.By != nil:
		r["by"] = *to.By
	default:
		r["edge"] = to.Edge
	}
	if scope.In != nil && to.To == nil {
		r["in"] = *scope.In
	}
	return p.within(ctx, frames, func(longer context.Context, docs path) error {
		// What is in a frame shows only where the frame does.
		for _, d := range docs[:len(docs)-1] {
			if err := eval(ctx, longer, d, "showHeld", nil, nil); err != nil {
				return err
			}
		}
		return eval(ctx, longer, docs.inner(), "scroll", r, nil)
	})
}
