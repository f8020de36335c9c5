package cdp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"

	"trackwalker/scenarios/browser"
)

// mouse is where the last event left it.
type mouse struct {
	at   browser.Point
	held int64 // the buttons that are down, as bits
}

// Pointer plays mouse events.
func (s *session) Pointer(ctx context.Context, events ...browser.PointerEvent) error {
	t := s.tab()
	for _, e := range events {
		modifiers, err := modifierBits(e.Modifiers)
		if err != nil {
			return err
		}
		p := input.DispatchMouseEventParams{X: e.At.X, Y: e.At.Y, Modifiers: modifiers, Button: input.MouseButtonNone}
		button, bit := input.MouseButtonLeft, int64(1)
		if e.Button == browser.ButtonRight {
			button, bit = input.MouseButtonRight, 2
		}
		switch e.Kind {
		case browser.PointerMove:
			p.Type = input.DispatchMouseEventTypeMouseMoved
			switch {
			case s.mouse.held&1 != 0:
				p.Button = input.MouseButtonLeft
			case s.mouse.held&2 != 0:
				p.Button = input.MouseButtonRight
			}
		case browser.PointerDown:
			p.Type, p.Button, p.ClickCount = input.DispatchMouseEventTypeMousePressed, button, int64(max(e.Clicks, 1))
			s.mouse.held |= bit
		case browser.PointerUp:
			p.Type, p.Button, p.ClickCount = input.DispatchMouseEventTypeMouseReleased, button, int64(max(e.Clicks, 1))
			s.mouse.held &^= bit
		default:
			return fmt.Errorf("unknown pointer event %q", e.Kind)
		}
		s.mouse.at = e.At
		p.Buttons = s.mouse.held
		if err := dispatch(ctx, t, input.DispatchMouseEvent, p); err != nil {
			return err
		}
	}
	return nil
}

// nudge moves the mouse by a pixel and back. After a click or a key the headless shell gives a page no idle time until the
// mouse has moved after the next frame, as a person's always does; pages that finish their work in requestIdleCallback
// would stand still. One move is not enough: it can go into the same frame.
func (s *session) nudge(ctx context.Context, t *target) {
	if s.mouse.held != 0 {
		return
	}
	for _, dx := range []float64{1, 0} {
		// Not moving is no failure of what was played.
		_ = dispatch(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: input.DispatchMouseEventTypeMouseMoved, X: s.mouse.at.X + dx, Y: s.mouse.at.Y, Button: input.MouseButtonNone,
		})
	}
}

// Keys plays key strokes.
func (s *session) Keys(ctx context.Context, chord ...string) error {
	downs, ups, err := strokes(chord)
	if err != nil {
		return err
	}
	t := s.tab()
	for _, p := range append(downs, ups...) {
		if err := dispatch(ctx, t, input.DispatchKeyEvent, p); err != nil {
			return err
		}
	}
	return nil
}

// InsertText enters text where the focus is.
func (s *session) InsertText(ctx context.Context, text string) error {
	return dispatch(ctx, s.tab(), input.InsertText, input.InsertTextParams{Text: text})
}

// dispatch sends an input event and waits until the page has handled it. A page that goes elsewhere upon it may never say
// so: then the event has done its work.
func dispatch[P any](ctx context.Context, t *target, c cdp.Command[P, cdp.Empty], params P) error {
	t.s.mu.Lock()
	if !t.page.input {
		t.page.input, t.page.before = true, t.page.failed
	}
	moves, pending := t.page.moves, t.page.pending
	t.s.mu.Unlock()
	left := func() bool { return t.page.moves != moves || t.page.pending && !pending }
	err := t.unless(ctx, left, errLeft, func(ctx context.Context) error { return do(ctx, t, c, params) })
	if errors.Is(err, errLeft) || errors.Is(err, browser.ErrDocumentGone) {
		return nil
	}
	return err
}

var errLeft = errors.New("the page is being left")

// strokes gives the key events of a chord.
func strokes(chord []string) (downs, ups []input.DispatchKeyEventParams, err error) {
	var modifiers int64
	for _, name := range chord {
		k, err := key(name)
		if err != nil {
			return nil, nil, err
		}
		bit := modifierBit(k.Key)
		modifiers |= bit
		p := input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeRawKeyDown, Modifiers: modifiers, Key: k.Key, Code: k.Code,
			WindowsVirtualKeyCode: k.Windows, NativeVirtualKeyCode: k.Native,
		}
		if k.Shift && len(chord) == 1 {
			p.Modifiers |= modifierShift
		}
		const commanding = modifierControl | modifierAlt | modifierMeta
		switch {
		case k.Text != "" && modifiers&commanding == 0:
			p.Type, p.Text, p.UnmodifiedText = input.DispatchKeyEventTypeKeyDown, k.Text, k.Unmodified
			if modifiers&modifierShift != 0 && utf8.RuneCountInString(name) == 1 {
				p.Key = strings.ToUpper(p.Key)
				p.Text = strings.ToUpper(p.Text)
			}
		case modifiers&commanding == modifierControl:
			// Without a window system nobody turns these keys into what they mean to an editor.
			p.Commands = editing(strings.ToLower(k.Key), modifiers&modifierShift != 0)
		}
		downs = append(downs, p)
		up := p
		up.Type, up.Text, up.UnmodifiedText, up.Commands = input.DispatchKeyEventTypeKeyUp, "", "", nil
		ups = append([]input.DispatchKeyEventParams{up}, ups...)
	}
	for i := range ups {
		modifiers &^= modifierBit(ups[i].Key)
		ups[i].Modifiers = modifiers
	}
	return downs, ups, nil
}

// editing gives the editor's commands for Control and key.
func editing(key string, shift bool) []string {
	switch {
	case key == "a":
		return []string{"selectAll"}
	case key == "c":
		return []string{"copy"}
	case key == "x":
		return []string{"cut"}
	case key == "v":
		return []string{"paste"}
	case key == "z" && shift, key == "y":
		return []string{"redo"}
	case key == "z":
		return []string{"undo"}
	}
	return nil
}

// key finds a key by its name in KeyboardEvent.key.
func key(name string) (*kb.Key, error) {
	if name == "Space" {
		name = " "
	}
	if r, n := utf8.DecodeRuneInString(name); n > 0 && n == len(name) {
		if k, ok := kb.Keys[r]; ok {
			return k, nil
		}
		// Of no key of this keyboard, yet typed: as an input method would.
		return &kb.Key{Key: name, Text: name, Unmodified: name, Print: true}, nil
	}
	switch name {
	// The table has the codes of the left keys, which no page compares with.
	case "Shift":
		return &kb.Key{Key: name, Code: "ShiftLeft", Windows: 16, Native: 16}, nil
	case "Control":
		return &kb.Key{Key: name, Code: "ControlLeft", Windows: 17, Native: 17}, nil
	case "Alt":
		return &kb.Key{Key: name, Code: "AltLeft", Windows: 18, Native: 18}, nil
	}
	for _, r := range slices.Sorted(maps.Keys(kb.Keys)) {
		if kb.Keys[r].Key == name {
			return kb.Keys[r], nil
		}
	}
	return nil, &browser.Failure{
		Class: browser.ClassInternal, Message: fmt.Sprintf("there is no key %q", name),
		Hint: "keys have the names of KeyboardEvent.key, as Enter, ArrowDown or a single character",
	}
}

// The bits of modifiers in the protocol.
const (
	modifierAlt     = 1
	modifierControl = 2
	modifierMeta    = 4
	modifierShift   = 8
)

func modifierBit(key string) int64 {
	switch key {
	case "Alt":
		return modifierAlt
	case "Control":
		return modifierControl
	case "Meta":
		return modifierMeta
	case "Shift":
		return modifierShift
	}
	return 0
}

func modifierBits(names []string) (int64, error) {
	var bits int64
	for _, n := range names {
		b := modifierBit(n)
		if b == 0 {
			return 0, &browser.Failure{
				Class: browser.ClassInternal, Message: fmt.Sprintf("%q is not a modifier", n), Hint: "the modifiers are Alt, Control, Meta and Shift",
			}
		}
		bits |= b
	}
	return bits, nil
}
