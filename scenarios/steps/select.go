package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func selectKind() Kind {
	fields := withLocator(
		source.Field{Key: "option", Type: "texts", Doc: "the option's label, or a list of them"},
		source.Field{Key: "value", Type: "texts", Doc: "the option's value attribute, or a list of them"},
		source.Field{Key: "index", Type: "integers", Doc: "the option's place, 0 is the first, or a list of them"},
	)
	return Kind{
		Name: "select", Fields: fields, Doc: "Chooses one option of a list, or several where it takes several.",
		Example: "- goto: ${base}/catalogue\n- select: {label: Category, index: 1}",
		Decode: func(n *source.Node) Action {
			o := n.Object(fields)
			return selectAction{required(o), choices(o)}
		},
	}
}

func choices(o *source.Object) []browser.Choice {
	var all []browser.Choice
	ways := 0
	for _, key := range []string{"option", "value", "index"} {
		n := o.Get(key)
		if n == nil {
			continue
		}
		ways++
		items := []*source.Node{n}
		if n.Kind == source.KindList {
			items = n.Items
		}
		for _, item := range items {
			all = append(all, choice(key, item))
		}
	}
	if ways != 1 && o.Node.Kind == source.KindMap {
		o.Node.Problem("select needs exactly one of option, value or index")
	}
	return all
}

func choice(key string, n *source.Node) browser.Choice {
	if key == "index" {
		i := n.Int(-1_000_000)
		return browser.Choice{Index: &i}
	}
	text := n.Templated()
	if key == "value" {
		return browser.Choice{Value: &text}
	}
	return browser.Choice{Label: &text}
}

type selectAction struct {
	locator browser.Locator
	choices []browser.Choice
}

func (a selectAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.Locator(a.locator)
	if err != nil {
		return err
	}
	resolved := make([]browser.Choice, len(a.choices))
	for i, c := range a.choices {
		if resolved[i], err = resolveChoice(x, c); err != nil {
			return err
		}
	}
	return x.Page.Select(ctx, l, resolved)
}

func resolveChoice(x *Exec, c browser.Choice) (browser.Choice, error) {
	for _, field := range []**string{&c.Label, &c.Value} {
		if *field == nil {
			continue
		}
		text, err := x.Text(**field)
		if err != nil {
			return c, err
		}
		*field = &text
	}
	return c, nil
}
