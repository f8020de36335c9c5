package steps

import (
	"context"
	"fmt"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func formKind() Kind {
	return Kind{
		Name: "form", AnyKeys: true,
		Doc:     "Fills several fields, each named by its label: text, `true` or `false` for a box, an option's label for a list.",
		Example: "- goto: ${base}/login\n- form:\n    Email: ada@shop.example\n    Password: secret",
		Decode: func(n *source.Node) Action {
			var a formAction
			for _, p := range n.Map() {
				a = append(a, formField{label: p.Key, value: p.Value.Templated()})
				p.Value.CheckReferences(p.Key)
			}
			if len(a) == 0 {
				n.Problem("form names no field")
			}
			return a
		},
	}
}

type formField struct{ label, value string }

type formAction []formField

func (a formAction) Do(ctx context.Context, x *Exec) error {
	for _, f := range a {
		if err := f.fill(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

func (f formField) fill(ctx context.Context, x *Exec) error {
	l, err := x.Locator(browser.Locator{By: browser.ByLabel, Value: f.label})
	if err != nil {
		return err
	}
	kind, err := x.Page.FieldKind(ctx, l)
	if err != nil {
		return err
	}
	if kind == "text" {
		return x.Page.Fill(ctx, l, x.entry(f.value))
	}
	value, err := x.Text(f.value)
	if err != nil {
		return err
	}
	if kind == "select" {
		return x.Page.Select(ctx, l, []browser.Choice{{Label: &value}})
	}
	if value != "true" && value != "false" {
		return &browser.Failure{Class: browser.ClassNotActionable, Message: fmt.Sprintf("%q is a box: it takes true or false, not %q", f.label, value)}
	}
	return x.Page.Check(ctx, l, value == "true")
}
