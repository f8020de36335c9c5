package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func fillKind() Kind {
	fields := withLocator(source.Field{Key: "value", Type: "text", Doc: "the text that the field shall hold", Required: true})
	return Kind{
		Name: "fill", Fields: fields,
		Doc:     "Replaces what stands in a field, and fires its input and change events. Dates are written as 2026-12-24, times as 17:30, colours as #aabbcc.",
		Example: "- goto: ${base}/login\n- fill: {label: Email, value: ada@shop.example}",
		Decode: func(n *source.Node) Action {
			o := n.Object(fields)
			return fillAction{required(o), o.Templated("value", "")}
		},
	}
}

func clearKind() Kind {
	return Kind{
		Name: "clear", Doc: "Empties a field.", Plain: "what a person sees", Fields: LocatorFields(),
		Example: "- goto: ${base}/login\n- fill: {label: Email, value: ada@shop.example}\n- clear: {label: Email}\n- expect: {label: Email, value: \"\"}",
		Decode:  func(n *source.Node) Action { return fillAction{locator: decodeLocator(n)} },
	}
}

type fillAction struct {
	locator browser.Locator
	value   string
}

func (a fillAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.Locator(a.locator)
	if err != nil {
		return err
	}
	return x.Page.Fill(ctx, l, x.entry(a.value))
}
