package webdriver

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"trackwalker/scenarios/browser"
)

// Pointer plays mouse events. In Chrome it does so by the protocol's own command: ChromeDriver's actions ask scripts of the
// page's world for the size of the view, which a page can lead astray, and between two requests they forget a button that is
// held.
func (s *session) Pointer(ctx context.Context, events ...browser.PointerEvent) error {
	for _, e := range events {
		if err := checkEvent(e); err != nil {
			return err
		}
	}
	if s.driver.kind.chrome() {
		return s.pointerOfChrome(ctx, events)
	}
	return s.act(ctx, s.pointerActions(events)...)
}

func checkEvent(e browser.PointerEvent) error {
	switch e.Kind {
	case browser.PointerMove, browser.PointerDown, browser.PointerUp:
	default:
		return fmt.Errorf("unknown pointer event %q", e.Kind)
	}
	for _, name := range e.Modifiers {
		if modifierBits[name] == 0 {
			return &browser.Failure{
				Class: browser.ClassInternal, Message: fmt.Sprintf("%q is not a modifier", name), Hint: "the modifiers are Alt, Control, Meta and Shift",
			}
		}
	}
	return nil
}

// modifierBits are those of the DevTools protocol.
var modifierBits = map[string]int{"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

// pointerActions gives events as the actions of a mouse, and of a keyboard whose modifiers are held meanwhile.
func (s *session) pointerActions(events []browser.PointerEvent) []source {
	var ticks, modifiers []object
	for _, e := range events {
		button := 0
		if e.Button == browser.ButtonRight {
			button = 2
		}
		switch e.Kind {
		case browser.PointerMove:
			// The standard's first edition knows no fractions of pixels.
			ticks = append(ticks, object{"type": "pointerMove", "duration": 0, "origin": "viewport", "x": math.Round(e.At.X), "y": math.Round(e.At.Y)})
		case browser.PointerDown:
			s.held[e.Button] = true
			ticks = append(ticks, object{"type": "pointerDown", "button": button})
		case browser.PointerUp:
			delete(s.held, e.Button)
			ticks = append(ticks, object{"type": "pointerUp", "button": button})
		}
	}
	if len(events) > 0 {
		for _, name := range events[0].Modifiers {
			modifiers = append(modifiers, object{"type": "keyDown", "value": keys[name]})
		}
	}
	mouse := source{"type": "pointer", "id": "mouse", "parameters": object{"pointerType": "mouse"}}
	if len(modifiers) == 0 {
		return []source{mouse.plays(ticks)}
	}
	// One tick of all devices is at once: the keys go down before, and up after.
	waits := slices.Repeat([]object{pause}, len(modifiers))
	downUp := slices.Concat(modifiers, slices.Repeat([]object{pause}, len(ticks)))
	for _, m := range modifiers {
		downUp = append(downUp, object{"type": "keyUp", "value": m["value"]})
	}
	return []source{keyboard().plays(downUp), mouse.plays(slices.Concat(waits, ticks, waits))}
}

func (s *session) pointerOfChrome(ctx context.Context, events []browser.PointerEvent) error {
	s.pointed = true
	for _, e := range events {
		button, bit := "left", 1
		if e.Button == browser.ButtonRight {
			button, bit = "right", 2
		}
		p := object{"x": e.At.X, "y": e.At.Y, "button": "none"}
		modifiers := 0
		for _, name := range e.Modifiers {
			modifiers |= modifierBits[name]
		}
		p["modifiers"] = modifiers
		switch e.Kind {
		case browser.PointerMove:
			p["type"] = "mouseMoved"
			for held := range s.held {
				p["button"] = string(held)
			}
		case browser.PointerDown:
			p["type"], p["button"], p["clickCount"] = "mousePressed", button, max(e.Clicks, 1)
			s.held[e.Button] = true
			s.buttons |= bit
		case browser.PointerUp:
			p["type"], p["button"], p["clickCount"] = "mouseReleased", button, max(e.Clicks, 1)
			delete(s.held, e.Button)
			s.buttons &^= bit
		}
		p["buttons"] = s.buttons
		if err := s.dispatch(ctx, "Input.dispatchMouseEvent", p); err != nil {
			return err
		}
	}
	return nil
}

// dispatch plays an event once. One that opens a dialog, or makes the page go elsewhere, has done its work.
func (s *session) dispatch(ctx context.Context, method string, params object) error {
	raw, err := s.cdp(ctx, method, params)
	switch {
	case err != nil && (gone(err) || isGone(err)):
		return nil
	case err == nil && string(raw) == "null":
		return s.answerDialogs(ctx)
	}
	return err
}

var pause = object{"type": "pause", "duration": 0}

// source is a device of WebDriver's actions.
type source object

func (s source) plays(ticks []object) source {
	s["actions"] = ticks
	return s
}

func keyboard() source { return source{"type": "key", "id": "keyboard"} }

// touches is a finger that touches a point and lets go.
func touches(at browser.Point) source {
	return source{"type": "pointer", "id": "finger", "parameters": object{"pointerType": "touch"}}.plays([]object{
		{"type": "pointerMove", "duration": 0, "origin": "viewport", "x": at.X, "y": at.Y},
		{"type": "pointerDown", "button": 0},
		{"type": "pointerUp", "button": 0},
	})
}

// act plays actions on the page, and forgets the devices when nothing is held: two clicks are not one double click.
func (s *session) act(ctx context.Context, sources ...source) error {
	if err := s.top().enter(ctx); err != nil {
		return err
	}
	s.pointed = true
	_, err := s.post(ctx, "/actions", object{"actions": sources})
	switch {
	case err != nil && (isGone(scriptFailure(err)) || gone(err)):
		return nil // the page is being left: the event has done its work
	case err != nil:
		return err
	case len(s.held) > 0:
		return nil
	}
	_, err = s.bare(ctx, "DELETE", "/actions", nil)
	if codeOf(err) != "" {
		return nil // a dialog is open, or the page is being left
	}
	return err
}

// Keys plays key strokes.
func (s *session) Keys(ctx context.Context, chord ...string) error {
	var downs, ups []object
	for _, name := range chord {
		value, err := key(name)
		if err != nil {
			return err
		}
		downs = append(downs, object{"type": "keyDown", "value": value})
		ups = append([]object{{"type": "keyUp", "value": value}}, ups...)
	}
	return s.act(ctx, keyboard().plays(append(downs, ups...)))
}

func key(name string) (string, error) {
	if name == "Space" {
		return " ", nil
	}
	if utf8.RuneCountInString(name) == 1 {
		return name, nil
	}
	if value, ok := keys[name]; ok {
		return value, nil
	}
	return "", &browser.Failure{
		Class: browser.ClassInternal, Message: fmt.Sprintf("there is no key %q", name),
		Hint: "keys have the names of KeyboardEvent.key, as Enter, ArrowDown or a single character",
	}
}

// keys are the characters that stand for keys in WebDriver.
var keys = map[string]string{
	"Cancel": "\ue001", "Help": "\ue002", "Backspace": "\ue003", "Tab": "\ue004", "Clear": "\ue005", "Enter": "\ue006", "Shift": "\ue008",
	"Control": "\ue009", "Alt": "\ue00a", "Pause": "\ue00b", "Escape": "\ue00c", "PageUp": "\ue00e", "PageDown": "\ue00f", "End": "\ue010",
	"Home": "\ue011", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Insert": "\ue016",
	"Delete": "\ue017", "F1": "\ue031", "F2": "\ue032", "F3": "\ue033", "F4": "\ue034", "F5": "\ue035", "F6": "\ue036", "F7": "\ue037",
	"F8": "\ue038", "F9": "\ue039", "F10": "\ue03a", "F11": "\ue03b", "F12": "\ue03c", "Meta": "\ue03d",
}

// InsertText enters text where the focus is. WebDriver has no command for that: Chrome's own is used where there is one,
// else the page's editing command, which gives the page the same trusted events, and where that does not work (a document
// that is no HTML) the text is typed key by key.
func (s *session) InsertText(ctx context.Context, text string) error {
	if s.driver.kind.chrome() {
		s.pointed = true
		return s.dispatch(ctx, "Input.insertText", object{"text": text})
	}
	// It begins in the frame whose script was asked last: that has given the focus to the field. The browser need not have
	// given it to the frame as well.
	for {
		raw, err := s.run(ctx, insert, text)
		if err != nil {
			return err
		}
		s.pointed = true
		switch {
		case string(raw) == "true":
			return nil
		case string(raw) == `"nothing"`:
			return &browser.Failure{
				Class: browser.ClassNotActionable, Message: "nothing has the focus to take the text",
				Hint: "WebKit gives the focus to a field in a frame of another site only once that frame was clicked: click the field in a step before",
			}
		case !strings.HasPrefix(string(raw), "{"):
			return s.typeText(ctx, text)
		}
		if err := s.descendTo(ctx, raw); err != nil {
			return err
		}
	}
}

// insert enters a text into the element with the focus, or gives the frame that has it. false: it cannot; nothing: there is none.
const insert = `let element = document.activeElement;
while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
if (element && /^(i?frame|object|embed)$/i.test(element.tagName)) return element;
if ((!element || element === document.body || element === document.documentElement) && !element?.isContentEditable && document.designMode !== "on") return "nothing";
try { return document.execCommand("insertText", false, arguments[0]) } catch { return false }`

// descendTo goes into a frame that no document of ours stands for.
func (s *session) descendTo(ctx context.Context, raw json.RawMessage) error {
	element, err := s.wd.DecodeElement([]byte(`{"value":` + string(raw) + `}`))
	if err != nil {
		return err
	}
	s.frame = &document{s: s}
	return scriptFailure(s.past(ctx, func() error { return s.wd.SwitchFrame(element) }))
}

func (s *session) typeText(ctx context.Context, text string) error {
	var ticks []object
	for _, r := range text {
		ticks = append(ticks, object{"type": "keyDown", "value": string(r)}, object{"type": "keyUp", "value": string(r)})
	}
	if len(ticks) == 0 {
		return nil
	}
	return s.act(ctx, keyboard().plays(ticks))
}
