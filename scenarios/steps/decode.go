package steps

import (
	"slices"
	"strings"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func (r *Reader) step(n *source.Node) (Step, bool) {
	switch n.Kind {
	case source.KindText:
		return r.bareStep(n)
	case source.KindMap:
	default:
		n.Problem("a step is wanted here, as `- click: Log in`, not %s", n.Kind)
		return Step{}, false
	}
	kind, value, ok := r.kindOf(n)
	if !ok {
		return Step{}, false
	}
	o := n.Object(append(CommonFields(), source.Field{Key: kind.Name}))
	s := Step{
		Kind: kind.Name, Name: o.Literal("name", defaultName(kind, value)), File: n.Document().Name, Line: n.Line,
		Optional: o.Bool("optional", false), Capture: o.Bool("capture", false),
		When: optionalLocator(o, "when"), In: optionalLocator(o, "in"), Frames: framesIn(o),
	}
	value.Outer = keysOf(CommonFields())
	s.Action = r.action(kind, value)
	if nest, is := s.Action.(nest); is {
		if s.Title = nest.title(o.Literal("name", ""), value); s.Title != "" {
			s.Name = s.Title
		}
	}
	s.Timeout = o.Duration("timeout", defaultTimeout(s.Action))
	if t := o.Get("timeout"); t != nil && !t.Wrong() && s.Timeout == 0 {
		t.Problem("a timeout is longer than 0s")
	}
	return s, s.Action != nil
}

// bareStep reads a kind that stands alone, as `- reload`.
func (r *Reader) bareStep(n *source.Node) (Step, bool) {
	kind, found := r.lookup(n.Text)
	if !found {
		word, _, _ := strings.Cut(n.Text, " ")
		if k, isKind := r.lookup(word); isKind {
			n.Problem("a colon is missing behind %s: write `- %s: …`", k.Name, k.Name)
		} else {
			n.Problem("unknown step %q%s", n.Text, r.kindMeant(n.Text))
		}
		return Step{}, false
	}
	if !kind.Bare {
		n.Problem("%s needs a value: write `- %s: …`", kind.Name, kind.Name)
		return Step{}, false
	}
	action := kind.Decode(nil)
	return Step{Kind: kind.Name, Name: kind.Name, File: n.Document().Name, Line: n.Line, Timeout: defaultTimeout(action), Action: action}, true
}

// kindOf finds the one kind key of a step.
func (r *Reader) kindOf(n *source.Node) (Kind, *source.Node, bool) {
	var found []source.Pair
	var unknown []source.Pair
	for _, p := range n.Pairs {
		switch _, isKind := r.lookup(p.Key); {
		case isKind:
			found = append(found, p)
		case !slices.ContainsFunc(CommonFields(), func(f source.Field) bool { return f.Key == p.Key }):
			unknown = append(unknown, p)
		}
	}
	switch {
	case len(found) == 1:
		kind, _ := r.lookup(found[0].Key)
		return kind, found[0].Value, true
	case len(found) > 1:
		n.Document().At(found[1].Line, found[1].Column, "a step has one kind: begin %s with - on a line of its own", found[1].Key)
	case len(unknown) > 0:
		for _, p := range unknown {
			n.Document().At(p.Line, p.Column, "unknown step %q%s", p.Key, r.kindMeant(p.Key))
		}
	default:
		n.Problem("the step does not say what to do: one of %s is missing", strings.Join(r.kindNames(), ", "))
	}
	return Kind{}, nil, false
}

func (r *Reader) action(kind Kind, value *source.Node) Action {
	decode := kind.Decode
	if kind.Nest != nil {
		decode = func(n *source.Node) Action { return kind.Nest(r, n) }
	}
	switch {
	case value.Missing() && kind.Bare:
		return decode(nil)
	case value.Kind == source.KindMap && (kind.Fields != nil || kind.AnyKeys):
		return decode(value)
	case value.Kind == source.KindText && kind.Plain != "":
		return decode(value)
	case kind.Bare && kind.Plain == "" && kind.Fields == nil:
		value.Problem("%s takes no value: write `- %s`", kind.Name, kind.Name)
	case value.Kind == source.KindEmpty && kind.Plain != "":
		value.Literal() // says what is wrong
	case value.Kind == source.KindText && kind.AnyKeys:
		value.Problem("%s needs a map: %s", kind.Name, kind.Doc)
	case value.Kind == source.KindText:
		value.Problem("%s needs a map: its keys are %s", kind.Name, strings.Join(keysOf(kind.Fields), ", "))
	default:
		value.Problem("%s takes %s, not %s", kind.Name, shapesOf(kind), value.Kind)
	}
	return nil
}

func shapesOf(kind Kind) string {
	if kind.Plain == "" {
		return "a map"
	}
	if kind.Fields == nil {
		return "text"
	}
	return "text or a map"
}

func keysOf(fields []source.Field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.Key
	}
	return keys
}

func (r *Reader) lookup(name string) (Kind, bool) {
	for _, k := range r.kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// kindMeant asks for the kind that other tools call by that name.
func (r *Reader) kindMeant(word string) string {
	others := map[string]string{
		"navigate": "goto", "open": "goto", "visit": "goto", "go": "goto", "url": "goto", "get": "goto", "refresh": "reload",
		"sleep": "wait", "pause": "wait", "delay": "wait", "wait_for": "wait", "waitfor": "wait",
		"assert": "expect", "verify": "expect", "see": "expect", "should": "expect", "expect_text": "expect", "wait_for_text": "expect",
		"input": "fill", "enter": "fill", "set": "fill", "sendkeys": "type", "send_keys": "type", "key": "press", "keys": "press",
		"tick": "check", "untick": "uncheck", "choose": "select", "switch_tab": "tab", "switch_to": "tab", "window": "tab", "popup": "tab",
		"alert": "dialog", "confirm": "dialog", "prompt": "dialog", "include": "use", "call": "use", "run": "use", "js": "script",
		"evaluate": "script", "execute": "script", "attach": "upload", "file": "upload", "dblclick": "double_click", "doubleclick": "double_click",
		"rightclick": "right_click", "drag_and_drop": "drag", "intercept": "mock", "cookie": "cookies",
	}
	if known := others[strings.ToLower(word)]; known != "" {
		return " (did you mean " + known + "?)"
	}
	return source.DidYouMean(word, r.kindNames())
}

func (r *Reader) kindNames() []string {
	var names []string
	for _, k := range r.kinds {
		names = append(names, k.Name)
	}
	return names
}

// defaultName is the kind and its value as written.
func defaultName(kind Kind, value *source.Node) string {
	name := strings.TrimSpace(kind.Name + " " + value.String())
	if r := []rune(name); len(r) > 100 {
		name = string(r[:99]) + "…"
	}
	return name
}

func defaultTimeout(a Action) time.Duration {
	switch a.(type) {
	case pauseFor, nest:
		return 0
	default:
		return DefaultTimeout
	}
}

// optionalLocator reads key's value as a locator, or gives nil when it is not there.
func optionalLocator(o *source.Object, key string) *browser.Locator {
	n := o.Get(key)
	if n == nil {
		return nil
	}
	l := decodeLocator(n)
	return &l
}
