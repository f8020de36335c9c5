package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func scrollKind() Kind {
	fields := withLocator(source.Field{Key: "by", Type: "number", Doc: "pixels down, of the page or of what `in` names; negative: up"})
	return Kind{
		Name: "scroll", Plain: "`top`, `bottom`", Fields: fields,
		Doc:     "Scrolls to an end of the page, to an element, or by a distance. `in` beside `top`, `bottom` and `by` scrolls that element.",
		Example: "- goto: ${base}/journal\n- scroll: bottom\n- scroll: {testid: notes}\n- scroll: {by: 300, in: {testid: notes}}\n- scroll: top",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return scrollAction{to: browser.ScrollTo{Edge: n.OneOfOr("to scroll an element into view write {text: …} or another locator", "top", "bottom")}}
			}
			o := n.Object(fields)
			by := o.Get("by")
			if by == nil {
				l := required(o)
				return scrollAction{to: browser.ScrollTo{To: &l}}
			}
			pixels := by.Float()
			if _, found := locatorIn(o); found {
				by.Problem("either by or a locator, not both; what is scrolled stands under in")
			} else {
				withoutLocator(o, "in", "frame")
			}
			return scrollAction{to: browser.ScrollTo{By: &pixels}, scope: scopeIn(o)}
		},
	}
}

type scrollAction struct {
	to    browser.ScrollTo
	scope browser.Scope // beside by
}

func (a scrollAction) Do(ctx context.Context, x *Exec) error {
	to := a.to
	var err error
	if to.To, err = x.optional(to.To); err != nil {
		return err
	}
	if to.To != nil {
		return x.Page.Scroll(ctx, browser.Scope{}, to) // the locator has its scope in it
	}
	scope, err := x.scope(a.scope)
	if err != nil {
		return err
	}
	return x.Page.Scroll(ctx, scope, to)
}
