package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func saveKind() Kind {
	fields := withLocator(
		source.Field{Key: "as", Type: "text", Doc: "the name under which later steps find it", Required: true},
		source.Field{Key: "attribute", Type: "text", Doc: "beside a locator: this attribute in place of the text"},
		source.Field{Key: "value", Type: "boolean", Doc: "beside a locator: the field's value in place of the text"},
		source.Field{Key: "url", Type: "boolean", Doc: "the page's URL"},
		source.Field{Key: "title", Type: "boolean", Doc: "the page's title"},
		source.Field{Key: "cookie", Type: "text", Doc: "the value of that cookie"},
		source.Field{Key: "script", Type: "text", Doc: "what this JavaScript, the body of an async function, returns"},
		source.Field{Key: "pattern", Type: "regexp", Doc: "keeps its first group, or the whole of what it matches"},
	)
	return Kind{
		Name: "save", Fields: fields, Doc: "Keeps a text of the page for later steps (`${name}`) and in the run's record.",
		Example: "- goto: ${base}/login\n- save: {as: address, url: true, pattern: \"//([^/]+)/\"}\n- goto: http://${address}/",
		Decode: func(n *source.Node) Action {
			o := n.Object(fields)
			a := saveAction{as: o.Literal("as", "")}
			a.read(o)
			if p := o.Get("pattern"); p != nil {
				a.pattern = patternText(p)
			}
			if as := o.Get("as"); as != nil && a.as != "" {
				if !source.ValidName(a.as) {
					as.Problem("%q is no name: use letters, digits and _", a.as)
				}
				n.Document().Names.Save(a.as)
			}
			return a
		},
	}
}

type saveAction struct {
	as, pattern string
	from        string // locator, url, title, cookie or script
	locator     browser.Locator
	what        browser.What
	attribute   string
	cookie      string
	script      string
}

// read finds the one thing that is saved.
func (a *saveAction) read(o *source.Object) {
	var sources []string
	l, found := locatorIn(o)
	if found {
		sources = append(sources, "locator")
		a.locator, a.what = l, browser.Text
	}
	for _, key := range []string{"url", "title"} {
		if o.Bool(key, false) {
			sources = append(sources, key)
		}
	}
	for _, key := range []string{"cookie", "script"} {
		if o.Has(key) {
			sources = append(sources, key)
		}
	}
	a.cookie, a.script = o.Templated("cookie", ""), o.Literal("script", "")
	if o.Has("attribute") {
		a.what, a.attribute = browser.Attribute, o.Templated("attribute", "")
	}
	if o.Bool("value", false) {
		if a.what == browser.Attribute {
			o.Get("value").Problem("either attribute or value, not both")
		}
		a.what = browser.Value
	}
	if a.what != "" && !found {
		o.Node.Problem("attribute and value stand beside a locator: one of %s", ways())
		return
	}
	if len(sources) != 1 {
		o.Node.Problem("save needs exactly one of: a locator, url: true, title: true, cookie, script")
		return
	}
	a.from = sources[0]
	switch a.from {
	case "script":
		a.locator = l // its frame
		withoutLocator(o, "frame")
	case "locator":
	default:
		withoutLocator(o)
	}
}

func (a saveAction) Do(ctx context.Context, x *Exec) error {
	re, err := x.Pattern(a.pattern)
	if err != nil {
		return err
	}
	for {
		text, err := a.get(ctx, x)
		if err != nil {
			return err
		}
		if m := re.FindStringSubmatch(text); a.pattern == "" {
			x.Save(a.as, text)
			return nil
		} else if m != nil {
			x.Save(a.as, m[min(1, len(m)-1)])
			return nil
		}
		if !again(ctx) {
			return &browser.Failure{Class: browser.ClassNotFound, Message: fmt.Sprintf("/%s/ does not match %q", a.pattern, cut(text, 300))}
		}
	}
}

// again pauses before another look, or reports false when the step has no time for one.
func again(ctx context.Context) bool {
	const pause = 100 * time.Millisecond
	if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < 2*pause {
		return false
	}
	return pauseFor(pause).Do(ctx, nil) == nil
}

// cut shortens a text, with … in place of the rest.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (a saveAction) get(ctx context.Context, x *Exec) (string, error) {
	switch a.from {
	case "url", "title":
		url, title, err := x.Page.Where(ctx)
		if a.from == "url" {
			return url, err
		}
		return title, err
	case "cookie":
		name, err := x.Text(a.cookie)
		if err != nil {
			return "", err
		}
		return x.Page.Cookie(ctx, name)
	case "script":
		frames, err := browser.MapAll(a.locator.Frames, x.Text)
		if err != nil {
			return "", err
		}
		raw, err := x.Page.Script(ctx, x.Scope.Inside(frames, nil).Frames, a.script, nil)
		if err != nil {
			return "", err
		}
		if raw == nil {
			return "", errNoResult
		}
		return plainText(raw), nil
	default:
		l, err := x.Locator(a.locator)
		if err != nil {
			return "", err
		}
		attribute, err := x.Text(a.attribute)
		if err != nil {
			return "", err
		}
		return x.Page.Read(ctx, l, a.what, attribute)
	}
}

var errNoResult = &browser.Failure{
	Class: browser.ClassScript, Message: "the page went elsewhere before the script gave a result",
	Hint: "wait for the page in a step before, as with expect: {url: …}",
}

// plainText gives a JSON string as its text, and anything else as it is.
func plainText(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s
	}
	return string(raw)
}
