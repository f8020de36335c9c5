package steps

import (
	"context"
	"strings"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func expectKind() Kind {
	return Kind{
		Name: "expect", Plain: "visible text appears", Fields: expectFields(),
		Doc: "Waits until the page is as expected. A locator alone means that it is visible. Several conditions must all hold at once. " +
			"The error shows what was wanted and what was last there.",
		Example: "- goto: ${base}/login\n- expect: {role: button, name: Log in, enabled: true}\n- expect: {url: /login, status: 200}\n- expect: {not_text: Welcome back}",
		Decode:  func(n *source.Node) Action { return decodeExpect(n) },
	}
}

func expectFields() []source.Field {
	return append(LocatorFields(),
		source.Field{Key: "visible", Type: "boolean", Doc: "one match is visible; false: none is"},
		source.Field{Key: "enabled", Type: "boolean", Doc: "it is enabled, or not"},
		source.Field{Key: "checked", Type: "boolean", Doc: "it is checked, or not"},
		source.Field{Key: "editable", Type: "boolean", Doc: "it takes text, or not"},
		source.Field{Key: "focused", Type: "boolean", Doc: "it has the focus, or not"},
		source.Field{Key: "contains", Type: "text", Doc: "a part of its text, case-insensitive"},
		source.Field{Key: "equals", Type: "text", Doc: "its whole text, case-sensitive"},
		source.Field{Key: "matches", Type: "regexp", Doc: "a regular expression (RE2) of its text"},
		source.Field{Key: "value", Type: "text", Doc: "a field's value, whole"},
		source.Field{Key: "attribute", Type: "texts by name", Doc: "{name: text}: attributes, whole"},
		source.Field{Key: "css_value", Type: "texts by name", Doc: "{name: text}: computed CSS properties, whole"},
		source.Field{Key: "count", Type: "count", Doc: "how many match, hidden ones too: a number, or {min, max}"},
		source.Field{Key: "url", Type: "text condition", Doc: "a part of the page's URL; or {equals} or {matches}"},
		source.Field{Key: "title", Type: "text condition", Doc: "a part of the page's title; or {equals} or {matches}"},
		source.Field{Key: "status", Type: "integer", Doc: "the HTTP status of the last navigation"},
		source.Field{Key: "script", Type: "text", Doc: "a JavaScript expression that becomes truthy; in the iframe that `frame` names"},
		source.Field{Key: "args", Type: "map", Doc: "beside script: what is in scope as `args`"},
		source.Field{Key: "console", Type: "console", Doc: "clean: no error so far; or {clean: true, ignore: [regexp]}"},
		source.Field{Key: "dialog", Type: "text", Doc: "a part of the message of a dialog that was opened; a `dialog` step says how it is answered"},
		source.Field{Key: "not_text", Type: "text", Doc: "text that is nowhere visible; inside `in` and `frame` where they are given"},
	)
}

// condition is a browser.Condition with references, and its regular expressions as text.
type condition struct {
	browser.Condition
	pattern string
	ignore  []string
}

type expectAction []condition

func (a expectAction) asserts() bool { return len(a) > 0 }

func (a expectAction) needs() browser.Features {
	var all browser.Features
	for _, c := range a {
		if c.Console != nil {
			all |= browser.FeatureConsole
		}
		if c.Dialog != nil {
			all |= browser.FeatureDialogs
		}
	}
	return all
}

func (a expectAction) Do(ctx context.Context, x *Exec) error {
	resolved := make([]browser.Condition, len(a))
	for i, c := range a {
		var err error
		if resolved[i], err = c.resolve(x); err != nil {
			return err
		}
	}
	return x.Page.Expect(ctx, resolved)
}

func (c condition) resolve(x *Exec) (browser.Condition, error) {
	r := c.Condition
	var err error
	if r.Locator, err = x.optional(r.Locator); err != nil {
		return r, err
	}
	for _, field := range []**string{&r.Contains, &r.Equals, &r.Value, &r.NotText, &r.Dialog} {
		if *field == nil {
			continue
		}
		text, err := x.Text(**field)
		if err != nil {
			return r, err
		}
		*field = &text
	}
	for _, field := range []**browser.Named{&r.Attribute, &r.CSS} {
		if *field == nil {
			continue
		}
		value, err := x.Text((*field).Value)
		if err != nil {
			return r, err
		}
		*field = &browser.Named{Name: (*field).Name, Value: value}
	}
	if r.Scope, err = x.scope(r.Scope); err != nil {
		return r, err
	}
	return c.resolveElsewhere(x, r)
}

// resolveElsewhere resolves what the page script does not test.
func (c condition) resolveElsewhere(x *Exec, r browser.Condition) (browser.Condition, error) {
	var err error
	if c.pattern != "" {
		if r.Matches, err = x.Pattern(c.pattern); err != nil {
			return r, err
		}
	}
	if r.Script != nil {
		args, err := x.args(r.Script.Args)
		if err != nil {
			return r, err
		}
		r.Script = &browser.Expression{JS: r.Script.JS, Args: args}
	}
	if r.Console != nil {
		r.Console = &browser.CleanConsole{}
		for _, pattern := range c.ignore {
			re, err := x.Pattern(pattern)
			if err != nil {
				return r, err
			}
			r.Console.Ignore = append(r.Console.Ignore, re)
		}
	}
	return r, nil
}

func decodeExpect(n *source.Node) expectAction {
	if n.Kind != source.KindMap {
		l := plainLocator(n, browser.ByText)
		return expectAction{visible(&l, true)}
	}
	o := n.Object(expectFields())
	return conditions(o)
}

// conditions reads all that a map expects.
func conditions(o *source.Object) expectAction {
	n := o.Node
	all := append(elementConditions(o), pageConditions(o)...)
	if len(all) == 0 && len(n.Pairs) == 0 {
		n.Problem("nothing is expected: name a locator, or one of url, title, status, script, console, dialog, not_text")
	}
	return all
}

func visible(l *browser.Locator, is bool) condition {
	return condition{Condition: browser.Condition{Locator: l, Visible: &is}}
}

// elementConditions reads the conditions of the one locator.
func elementConditions(o *source.Object) expectAction {
	l, found := locatorIn(o)
	var all expectAction
	add := func(key string, set func(*condition, *source.Node)) {
		n := o.Get(key)
		if n == nil {
			return
		}
		if !found {
			n.Problem("%s of which element? A locator is missing: one of %s", key, ways())
		}
		c := condition{Condition: browser.Condition{Locator: &l}}
		set(&c, n)
		all = append(all, c)
	}
	state := func(key string, field func(*condition) **bool) {
		add(key, func(c *condition, n *source.Node) { is := n.Bool(); *field(c) = &is })
	}
	text := func(key string, field func(*condition) **string) {
		add(key, func(c *condition, n *source.Node) { t := n.Templated(); *field(c) = &t })
	}
	state("visible", func(c *condition) **bool { return &c.Visible })
	state("enabled", func(c *condition) **bool { return &c.Enabled })
	state("checked", func(c *condition) **bool { return &c.Checked })
	state("editable", func(c *condition) **bool { return &c.Editable })
	state("focused", func(c *condition) **bool { return &c.Focused })
	text("contains", func(c *condition) **string { return &c.Contains })
	text("equals", func(c *condition) **string { return &c.Equals })
	text("value", func(c *condition) **string { return &c.Value })
	add("matches", func(c *condition, n *source.Node) { c.pattern = patternText(n) })
	add("count", func(c *condition, n *source.Node) { c.Count = decodeCount(n) })
	all = append(all, namedConditions(o, "attribute", &l, found, func(c *condition) **browser.Named { return &c.Attribute })...)
	all = append(all, namedConditions(o, "css_value", &l, found, func(c *condition) **browser.Named { return &c.CSS })...)
	if found && len(all) == 0 {
		all = append(all, visible(&l, true))
	}
	switch scoped := o.Has("not_text") || o.Has("script"); {
	case found || len(all) > 0:
	case scoped:
		withoutLocator(o, "in", "frame")
	default:
		withoutLocator(o)
	}
	return all
}

// namedConditions reads {name: text, …}, one condition for each.
func namedConditions(o *source.Object, key string, l *browser.Locator, found bool, field func(*condition) **browser.Named) expectAction {
	n := o.Get(key)
	if n == nil {
		return nil
	}
	if !found {
		n.Problem("%s of which element? A locator is missing: one of %s", key, ways())
	}
	var all expectAction
	for _, p := range n.Map() {
		c := condition{Condition: browser.Condition{Locator: l}}
		*field(&c) = &browser.Named{Name: p.Key, Value: p.Value.Templated()}
		all = append(all, c)
	}
	return all
}

func decodeCount(n *source.Node) *browser.Count {
	if n.Kind != source.KindMap {
		exactly := n.Int(0)
		return &browser.Count{Min: exactly, Max: &exactly}
	}
	o := n.Object([]source.Field{{Key: "min"}, {Key: "max"}})
	c := &browser.Count{Min: o.Int("min", 0, 0)}
	if o.Has("max") {
		most := o.Int("max", 0, 0)
		c.Max = &most
		known := !o.Get("max").Wrong() && (!o.Has("min") || !o.Get("min").Wrong())
		if known && most < c.Min {
			n.Problem("max (%d) is below min (%d)", most, c.Min)
		}
	} else if !o.Has("min") {
		n.Problem("count needs a number, or min, max or both")
	}
	return c
}

func pageConditions(o *source.Object) expectAction {
	var all expectAction
	for _, page := range []string{"url", "title"} {
		if n := o.Get(page); n != nil {
			all = append(all, textCondition(page, n)...)
		}
	}
	if n := o.Get("status"); n != nil {
		all = append(all, condition{Condition: browser.Condition{Page: "status", Status: n.Int(100)}})
	}
	if n := o.Get("not_text"); n != nil {
		text := n.Templated()
		if !n.Wrong() && strings.TrimSpace(text) == "" {
			n.Problem("the text that must not be there is empty")
		}
		all = append(all, condition{Condition: browser.Condition{NotText: &text, Scope: scopeIn(o)}})
	}
	if n := o.Get("dialog"); n != nil {
		text := n.Templated()
		all = append(all, condition{Condition: browser.Condition{Dialog: &text}})
	}
	if n := o.Get("script"); n != nil {
		all = append(all, condition{Condition: browser.Condition{Script: &browser.Expression{JS: n.Literal(), Args: decodeArgs(o)}, Scope: scopeIn(o)}})
	} else if args := o.Get("args"); args != nil {
		args.Problem("args stand beside script")
	}
	if n := o.Get("console"); n != nil {
		all = append(all, consoleCondition(n))
	}
	return all
}

// scopeIn reads where not_text and script of a map look.
func scopeIn(o *source.Object) browser.Scope {
	return browser.Scope{Frames: framesIn(o), In: optionalLocator(o, "in")}
}

// textCondition reads a substring, or {contains, equals, matches}.
func textCondition(page string, n *source.Node) expectAction {
	base := browser.Condition{Page: page}
	if n.Kind != source.KindMap {
		text := n.Templated()
		base.Contains = &text
		return expectAction{{Condition: base}}
	}
	o := n.Object([]source.Field{{Key: "contains"}, {Key: "equals"}, {Key: "matches"}})
	var all expectAction
	for key, field := range map[string]func(*condition) **string{
		"contains": func(c *condition) **string { return &c.Contains },
		"equals":   func(c *condition) **string { return &c.Equals },
	} {
		if o.Has(key) {
			c, text := condition{Condition: base}, o.Templated(key, "")
			*field(&c) = &text
			all = append(all, c)
		}
	}
	if m := o.Get("matches"); m != nil {
		all = append(all, condition{Condition: base, pattern: patternText(m)})
	}
	if len(all) == 0 {
		n.Problem("%s needs text, or one of contains, equals, matches", page)
	}
	return all
}

func consoleCondition(n *source.Node) condition {
	c := condition{Condition: browser.Condition{Console: &browser.CleanConsole{}}}
	if n.Kind != source.KindMap {
		n.OneOf("clean")
		return c
	}
	o := n.Object([]source.Field{{Key: "clean", Required: true}, {Key: "ignore"}})
	if clean := o.Get("clean"); clean != nil && !clean.Bool() {
		clean.Problem("only clean: true can be expected")
	}
	if ignore := o.Get("ignore"); ignore != nil {
		for _, item := range ignore.List() {
			c.ignore = append(c.ignore, patternText(item))
		}
	}
	return c
}

// patternText reads a regular expression and checks it, with its references as if they were a letter.
func patternText(n *source.Node) string {
	text := n.Templated()
	if text == "" {
		if !n.Wrong() {
			n.Problem("the regular expression is empty: it matches everything")
		}
		return ""
	}
	if _, err := source.References(text); err != nil {
		return "" // told already
	}
	if _, err := compile(text, func(source.Reference) (string, error) { return "x", nil }); err != nil {
		n.Problem("%v", err)
	}
	return text
}

func decodeArgs(o *source.Object) map[string]any {
	n := o.Get("args")
	if n == nil {
		return nil
	}
	n.Map()
	args, _ := n.Any().(map[string]any)
	return args
}
