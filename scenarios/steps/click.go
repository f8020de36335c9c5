package steps

import (
	"context"
	"slices"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func clickKind() Kind {
	return pointKind(browser.Click, "Clicks what a person sees.", "- goto: ${base}/catalogue\n- click: {role: link, name: Cart}")
}

func doubleClickKind() Kind {
	return pointKind(browser.DoubleClick, "Clicks twice in a row.", "- goto: ${base}/catalogue\n- double_click: {role: heading, nth: 0}")
}

func rightClickKind() Kind {
	return pointKind(browser.RightClick, "Clicks with the right button.", "- goto: ${base}/catalogue\n- right_click: {role: heading, nth: 0}")
}

func hoverKind() Kind {
	return pointKind(browser.Hover, "Moves the pointer over an element.", "- goto: ${base}/catalogue\n- hover: {role: link, name: Cart}")
}

func tapKind() Kind {
	return pointKind(browser.Tap, "Touches what a person sees, as a finger does. Wants a browser that plays touches; see `device`.", "- goto: ${base}/workshop\n- tap: {testid: touch-lamp}\n- expect: The lamp is on.")
}

func pointKind(g browser.Gesture, doc, example string) Kind {
	fields := withLocator(
		source.Field{Key: "at", Type: "point", Doc: "[x, y] in pixels from the element's top left corner; default its middle"},
		source.Field{Key: "modifiers", Type: "modifiers", Doc: "keys held down: Alt, Control, Meta, Shift"},
	)
	return Kind{
		Name: string(g), Doc: doc + " Waits until it is visible, at rest, enabled and not covered.",
		Plain: "what a person sees", Fields: fields, Example: example,
		Decode: func(n *source.Node) Action {
			a := pointAction{gesture: g}
			var o *source.Object
			if a.locator, o = target(n, fields); o != nil {
				a.options = pointOptions(o)
			}
			return a
		},
	}
}

func pointOptions(o *source.Object) browser.PointOptions {
	var options browser.PointOptions
	if at := o.Get("at"); at != nil {
		for _, n := range at.List() {
			options.At = append(options.At, n.Float())
		}
		if at.Kind == source.KindList && len(options.At) != 2 {
			at.Problem("a point is two numbers, as [10, 20], not %d", len(options.At))
		}
	}
	if m := o.Get("modifiers"); m != nil {
		for _, n := range m.List() {
			options.Modifiers = append(options.Modifiers, n.OneOf(modifiers()...))
		}
	}
	return options
}

func (a pointAction) needs() browser.Features {
	if a.gesture == browser.Tap {
		return browser.FeatureTouch
	}
	return 0
}

type pointAction struct {
	gesture browser.Gesture
	locator browser.Locator
	options browser.PointOptions
}

func (a pointAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.Locator(a.locator)
	if err != nil {
		return err
	}
	return x.Page.Point(ctx, l, a.gesture, browser.PointOptions{At: slices.Clone(a.options.At), Modifiers: a.options.Modifiers})
}

func focusKind() Kind {
	return Kind{
		Name: "focus", Doc: "Gives an element the focus.", Plain: "what a person sees", Fields: LocatorFields(),
		Example: "- goto: ${base}/catalogue\n- focus: {label: Search}\n- type: brass",
		Decode:  func(n *source.Node) Action { return focusAction{decodeLocator(n)} },
	}
}

type focusAction struct{ locator browser.Locator }

func (a focusAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.Locator(a.locator)
	if err != nil {
		return err
	}
	return x.Page.Focus(ctx, l)
}
