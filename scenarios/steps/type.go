package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func typeKind() Kind {
	fields := withLocator(source.Field{Key: "value", Type: "text", Doc: "the text to type", Required: true})
	return Kind{
		Name: "type", Plain: "text into the focused element", Fields: fields,
		Doc:     "Types text key by key, for fields that listen to the keyboard. What stands in the field stays.",
		Example: "- goto: ${base}/catalogue\n- type: {label: Search, value: brass}",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return typeAction{value: n.Templated()}
			}
			o := n.Object(fields)
			l := required(o)
			return typeAction{&l, o.Templated("value", "")}
		},
	}
}

type typeAction struct {
	locator *browser.Locator
	value   string
}

func (a typeAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.optional(a.locator)
	if err != nil {
		return err
	}
	return x.Page.Type(ctx, l, x.entry(a.value))
}
