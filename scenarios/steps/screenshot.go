package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func screenshotKind() Kind {
	fields := []source.Field{
		{Key: "name", Type: "text", Doc: "what the picture is called", Required: true},
		{Key: "full", Type: "boolean", Doc: "the whole page, not only what is in view"},
		{Key: "of", Type: "locator", Doc: "only that element"},
		{Key: "mask", Type: "locators", Doc: "elements to cover"},
	}
	return Kind{
		Name: "screenshot", Plain: "name", Fields: fields,
		Doc:     "Keeps a picture of the page. Fields that a secret was filled into are covered.",
		Example: "- goto: ${base}/\n- screenshot: front page\n- screenshot: {name: navigation, of: {role: navigation, nth: 0}}",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return screenshotAction{name: n.Templated()}
			}
			o := n.Object(fields)
			a := screenshotAction{name: o.Templated("name", ""), full: o.Bool("full", false), of: optionalLocator(o, "of")}
			if of := o.Get("of"); of != nil && a.full {
				of.Problem("either full: true or of, not both")
			}
			if mask := o.Get("mask"); mask != nil {
				a.mask = decodeLocators(mask)
			}
			return a
		},
	}
}

type screenshotAction struct {
	name string
	full bool
	of   *browser.Locator
	mask []browser.Locator
}

func (a screenshotAction) Do(ctx context.Context, x *Exec) error {
	name, err := x.Text(a.name)
	if err != nil {
		return err
	}
	o := browser.PictureOptions{Full: a.full}
	if o.Of, err = x.optional(a.of); err != nil {
		return err
	}
	for _, l := range a.mask {
		resolved, err := x.Locator(l)
		if err != nil {
			return err
		}
		o.Mask = append(o.Mask, resolved)
	}
	png, err := x.Page.Picture(ctx, o)
	if err != nil {
		return err
	}
	x.Attach(name, png)
	return nil
}
