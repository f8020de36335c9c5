package steps

import (
	"context"
	"slices"
	"strings"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func pressKind() Kind {
	fields := withLocator(source.Field{Key: "key", Type: "text", Doc: "the key, as Enter, Control+A or Shift+Tab", Required: true})
	return Kind{
		Name: "press", Plain: "key, as `Enter`, `Control+A`, `Shift+Tab`", Fields: fields,
		Doc:     "Presses a key, or several at once.",
		Example: "- goto: ${base}/login\n- press: {label: Email, key: Tab}",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return pressAction{chord: chord(n)}
			}
			o := n.Object(fields)
			l := required(o)
			a := pressAction{locator: &l}
			if k := o.Get("key"); k != nil {
				a.chord = chord(k)
			}
			return a
		},
	}
}

func modifiers() []string { return []string{"Alt", "Control", "Meta", "Shift"} }

// Keys gives the keys that have a name; every single character is a key too.
func Keys() []string {
	return append(modifiers(), strings.Fields(`Enter Tab Escape Backspace Delete Insert Space ArrowUp ArrowDown ArrowLeft
		ArrowRight Home End PageUp PageDown F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12`)...)
}

// chord reads keys joined by +; the plus key itself is written `+` or `Control++`.
func chord(n *source.Node) []string {
	text := n.Literal()
	if text == "" {
		return nil
	}
	var keys []string
	for rest := text; rest != ""; {
		at := strings.Index(rest[1:], "+")
		if at < 0 {
			keys = append(keys, rest)
			break
		}
		keys = append(keys, rest[:at+1])
		if rest = rest[at+2:]; rest == "" {
			n.Problem("a key is missing behind the last + of %q", text)
		}
	}
	for i, key := range keys {
		known := slices.Contains(Keys(), key) || len([]rune(key)) == 1
		switch {
		case !known:
			n.Problem("unknown key %q%s", key, keyMeant(key))
		case i < len(keys)-1 && !slices.Contains(modifiers(), key):
			n.Problem("before the + stand only %s, not %s", strings.Join(modifiers(), ", "), key)
		}
	}
	return keys
}

// keyMeant asks for the key that is known by another name elsewhere.
func keyMeant(key string) string {
	others := map[string]string{
		"ctrl": "Control", "ctl": "Control", "cmd": "Meta", "command": "Meta", "super": "Meta", "win": "Meta", "option": "Alt", "opt": "Alt",
		"return": "Enter", "esc": "Escape", "del": "Delete", "ins": "Insert", "spacebar": "Space", "pgup": "PageUp", "pgdn": "PageDown",
		"up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight",
	}
	if known := others[strings.ToLower(key)]; known != "" {
		return " (did you mean " + known + "?)"
	}
	return source.DidYouMean(key, Keys())
}

type pressAction struct {
	locator *browser.Locator
	chord   []string
}

func (a pressAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.optional(a.locator)
	if err != nil {
		return err
	}
	return x.Page.Press(ctx, l, a.chord)
}
