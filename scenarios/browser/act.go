package browser

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Gesture is what the pointer does to an element.
type Gesture string

// The gestures.
const (
	Click       Gesture = "click"
	DoubleClick Gesture = "double_click"
	RightClick  Gesture = "right_click"
	Hover       Gesture = "hover"
	Tap         Gesture = "tap" // with FeatureTouch
)

// PointOptions say where in the element the pointer acts, and what is held down meanwhile.
type PointOptions struct {
	At        []float64 // x, y from its top left corner, in CSS pixels; nil: its middle
	Modifiers []string  // Alt, Control, Meta, Shift
}

// Point waits until the one element is visible, stable, enabled and what receives the event, then plays the gesture on it.
func (p *Page) Point(ctx context.Context, l Locator, g Gesture, o PointOptions) error {
	if err := p.point(ctx, l, g, o); err != nil {
		return err
	}
	return p.settle(ctx)
}

// point is Point without waiting for a navigation that comes of it.
func (p *Page) point(ctx context.Context, l Locator, g Gesture, o PointOptions) error {
	needs := []string{"visible", "stable", "hit", "enabled", "armed"}
	if g == Hover {
		needs = []string{"visible", "stable", "hit"}
	}
	for {
		at, docs, err := p.prepare(ctx, l, needs, o.At)
		if err != nil {
			return err
		}
		if err := p.gesture(ctx, g, at, o.Modifiers); err != nil {
			return err
		}
		blocked := ""
		if g != Hover {
			blocked = p.blockedBy(ctx, docs)
		}
		if blocked == "" {
			return nil
		}
		if budget(ctx) == 0 {
			return cameBetween(blocked, l)
		}
	}
}

func cameBetween(what string, l Locator) error {
	return &Failure{Class: ClassNotActionable, Message: fmt.Sprintf("%s came between the pointer and %s", what, l)}
}

// prepare waits until the one element is as it needs to be, and gives the point of the page at which it receives events, and
// the documents that lead to it.
func (p *Page) prepare(ctx context.Context, l Locator, needs []string, offset []float64) (at Point, docs path, err error) {
	armed := slices.Contains(needs, "armed")
	for {
		err := p.within(ctx, l.Frames, func(longer context.Context, found path) error {
			docs = found
			var ready struct{ Point Point }
			if err := eval(ctx, longer, docs.inner(), "prepare", request{"locator": l, "needs": needs, "at": offset}, &ready); err != nil {
				return err
			}
			var err error
			at, err = p.outward(ctx, longer, docs, ready.Point, armed)
			return err
		})
		var failure *Failure
		again := len(l.Frames) > 0 && errors.As(err, &failure) && failure.Class == ClassNotActionable && budget(ctx) > 0
		if !again {
			return at, docs, err
		}
	}
}

// gesture plays a gesture at a point.
func (p *Page) gesture(ctx context.Context, g Gesture, at Point, modifiers []string) error {
	if g != Tap {
		return p.pointer(ctx, gestureEvents(g, at, modifiers))
	}
	toucher, ok := p.session.(Toucher)
	if !ok {
		return lacks("tap")
	}
	longer, cancel := graceful(ctx)
	defer cancel()
	if err := toucher.Tap(longer, at); err != nil {
		return p.explain(ctx, err)
	}
	return nil
}

// lacks is the failure of a browser that cannot do what a step asks. Such a scenario is refused when it is loaded.
func lacks(what string) error {
	return &Failure{Class: ClassInternal, Message: "this browser cannot " + what}
}

// pointer plays what was decided on in time, whatever is left of that.
func (p *Page) pointer(ctx context.Context, events []PointerEvent) error {
	longer, cancel := graceful(ctx)
	defer cancel()
	if err := p.session.Pointer(longer, events...); err != nil {
		return p.explain(ctx, err)
	}
	return nil
}

func gestureEvents(g Gesture, at Point, modifiers []string) []PointerEvent {
	events := []PointerEvent{{Kind: PointerMove, At: at, Modifiers: modifiers}}
	button, times := ButtonLeft, 1
	switch g {
	case Hover:
		return events
	case RightClick:
		button = ButtonRight
	case DoubleClick:
		times = 2
	}
	for i := range times {
		for _, kind := range []PointerKind{PointerDown, PointerUp} {
			events = append(events, PointerEvent{Kind: kind, At: at, Button: button, Clicks: i + 1, Modifiers: modifiers})
		}
	}
	return events
}

// blockedBy names what received the events in place of the element that was meant, in its document or in one around it. A
// document that is gone, or does not answer any more, took them.
func (p *Page) blockedBy(ctx context.Context, docs path) string {
	longer, cancel := graceful(ctx)
	defer cancel()
	blocked := ""
	for _, doc := range slices.Backward(docs) {
		var c struct{ Blocked string }
		if eval(ctx, longer, doc, "confirm", nil, &c) == nil && blocked == "" {
			blocked = c.Blocked
		}
	}
	return blocked
}

// settle waits for a navigation that the input before it set off.
func (p *Page) settle(ctx context.Context) error {
	longer, cancel := graceful(ctx)
	defer cancel()
	return arriving(p.explained(ctx, p.session.Settle(longer)), "the step set off a navigation, and the new page")
}

// arriving says in a time-out which page it was that did not arrive.
func arriving(err error, page string) error {
	var failure *Failure
	if errors.As(err, &failure) && failure.Class == ClassTimeout {
		failure.Message, failure.Hint = page+" did not arrive in time", "the server is slow, or the step needs a longer timeout"
	}
	return err
}

// Choice is one option of a list: by its label, its value or its index.
type Choice struct {
	Label *string `json:"label,omitempty"`
	Value *string `json:"value,omitempty"`
	Index *int    `json:"index,omitempty"`
}

// Select chooses options of a list, and no others.
func (p *Page) Select(ctx context.Context, l Locator, choices []Choice) error {
	if err := p.ask(ctx, l.Frames, "select", request{"locator": l, "choices": choices}, nil); err != nil {
		return err
	}
	return p.settle(ctx)
}

// Check makes a box checked, or not. A box that is so already is left alone.
func (p *Page) Check(ctx context.Context, l Locator, on bool) error {
	box, err := p.box(ctx, l)
	if err != nil || box.Checked == on {
		return err
	}
	if box.Radio {
		return p.checkRadio(ctx, l, box.What, on)
	}
	return p.checkBox(ctx, l, on)
}

type box struct {
	Checked, Radio bool
	What           string
}

func (p *Page) box(ctx context.Context, l Locator) (box, error) {
	var b box
	err := p.ask(ctx, l.Frames, "isChecked", request{"locator": l}, &b)
	return b, err
}

func (p *Page) checkRadio(ctx context.Context, l Locator, what string, on bool) error {
	if !on {
		return &Failure{Class: ClassNotActionable, Message: what + " cannot be unchecked", Hint: "check another one of its group"}
	}
	return p.checkBox(ctx, l, on)
}

// checkBox presses the box and waits until it shows it. A page that a press sends elsewhere has taken it.
func (p *Page) checkBox(ctx context.Context, l Locator, on bool) error {
	if err := p.Point(ctx, l, Click, PointOptions{}); err != nil {
		return err
	}
	for {
		b, err := p.box(ctx, l)
		var failure *Failure
		if errors.As(err, &failure) && failure.Class == ClassNotFound {
			return nil
		}
		if err != nil || b.Checked == on {
			return err
		}
		if budget(ctx) == 0 || p.pause(ctx, 50*time.Millisecond) != nil {
			return &Failure{Class: ClassNotActionable, Message: fmt.Sprintf("%s was pressed and did not change", b.What)}
		}
	}
}

// FieldKind says how the one field is filled: check, select or text.
func (p *Page) FieldKind(ctx context.Context, l Locator) (string, error) {
	var k struct{ Kind string }
	err := p.ask(ctx, l.Frames, "fieldKind", request{"locator": l}, &k)
	return k.Kind, err
}
