package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func dragKind() Kind {
	fields := withLocator(source.Field{Key: "to", Type: "locator", Doc: "where it is let go", Required: true})
	return Kind{
		Name: "drag", Fields: fields,
		Doc:     "Presses on one element, moves to the middle of another and lets go there.",
		Example: "- goto: ${base}/workshop\n- drag: {text: Morel, in: {role: list, name: Shelf}, to: {testid: wishlist}}\n- expect: 1 lamp on your wish list.",
		Decode: func(n *source.Node) Action {
			o := n.Object(fields)
			a := dragAction{from: required(o)}
			if to := optionalLocator(o, "to"); to != nil {
				a.to = *to
			}
			return a
		},
	}
}

type dragAction struct{ from, to browser.Locator }

func (a dragAction) Do(ctx context.Context, x *Exec) error {
	from, err := x.Locator(a.from)
	if err != nil {
		return err
	}
	to, err := x.Locator(a.to)
	if err != nil {
		return err
	}
	return x.Page.Drag(ctx, from, to)
}
