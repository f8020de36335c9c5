package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"trackwalker/scenarios/browser"
)

// step is one thing that a case does to a page; text is how a scenario says it.
type step struct {
	text string
	do   func(ctx context.Context, base string, p *browser.Page) error
}

func pageStep(text string, do func(ctx context.Context, p *browser.Page) error) step {
	return step{text, func(ctx context.Context, _ string, p *browser.Page) error { return do(ctx, p) }}
}

// named gives a locator: a plain string is what a person sees.
func named(what any) browser.Locator {
	if l, ok := what.(browser.Locator); ok {
		return l
	}
	return browser.Locator{By: browser.ByPlain, Value: what.(string)}
}

func by(way browser.By, value string) browser.Locator { return browser.Locator{By: way, Value: value} }
func css(value string) browser.Locator                { return by(browser.ByCSS, value) }
func xpath(value string) browser.Locator              { return by(browser.ByXPath, value) }
func text(value string) browser.Locator               { return by(browser.ByText, value) }
func label(value string) browser.Locator              { return by(browser.ByLabel, value) }

func role(role, name string) browser.Locator {
	return browser.Locator{By: browser.ByRole, Value: role, Name: name}
}

func exact(l browser.Locator) browser.Locator                { l.Exact = true; return l }
func nth(l browser.Locator, n int) browser.Locator           { l.Nth = &n; return l }
func hasText(l browser.Locator, text string) browser.Locator { l.HasText = text; return l }
func in(l browser.Locator, scope any) browser.Locator {
	s := named(scope)
	return browser.Scope{}.Inside(nil, &s).Locator(l)
}

func point(g browser.Gesture, what any, o browser.PointOptions) step {
	l := named(what)
	said := fmt.Sprintf("%s: %s", g, l)
	if o.At != nil {
		said += fmt.Sprintf(" at %v", o.At)
	}
	if o.Modifiers != nil {
		said += " with " + strings.Join(o.Modifiers, "+")
	}
	return pageStep(said, func(ctx context.Context, p *browser.Page) error { return p.Point(ctx, l, g, o) })
}

func click(what any) step       { return point(browser.Click, what, browser.PointOptions{}) }
func doubleClick(what any) step { return point(browser.DoubleClick, what, browser.PointOptions{}) }
func rightClick(what any) step  { return point(browser.RightClick, what, browser.PointOptions{}) }
func hover(what any) step       { return point(browser.Hover, what, browser.PointOptions{}) }

func clickWith(what any, modifiers ...string) step {
	return point(browser.Click, what, browser.PointOptions{Modifiers: modifiers})
}

func clickAt(what any, x, y float64) step {
	return point(browser.Click, what, browser.PointOptions{At: []float64{x, y}})
}

func focus(what any) step {
	l := named(what)
	return pageStep("focus: "+l.String(), func(ctx context.Context, p *browser.Page) error { return p.Focus(ctx, l) })
}

func fill(what any, value string) step {
	l := named(what)
	return pageStep(fmt.Sprintf("fill: %s with %q", l, value), func(ctx context.Context, p *browser.Page) error { return p.Fill(ctx, l, browser.EntryOf(value)) })
}

func typeText(value string) step {
	return pageStep(fmt.Sprintf("type: %q", value), func(ctx context.Context, p *browser.Page) error { return p.Type(ctx, nil, browser.EntryOf(value)) })
}

func typeInto(what any, value string) step {
	l := named(what)
	return pageStep(fmt.Sprintf("type: %s with %q", l, value), func(ctx context.Context, p *browser.Page) error { return p.Type(ctx, &l, browser.EntryOf(value)) })
}

func press(keys ...string) step {
	return pageStep("press: "+strings.Join(keys, "+"), func(ctx context.Context, p *browser.Page) error { return p.Press(ctx, nil, keys) })
}

// choose selects options: a text is a label, a number an index.
func choose(what any, options ...any) step {
	choices := make([]browser.Choice, len(options))
	for i, o := range options {
		switch o := o.(type) {
		case string:
			choices[i].Label = &o
		case int:
			choices[i].Index = &o
		}
	}
	return chooseBy(what, fmt.Sprint(options...), choices...)
}

func chooseValue(what any, value string) step {
	return chooseBy(what, "value "+value, browser.Choice{Value: &value})
}

func chooseBy(what any, said string, choices ...browser.Choice) step {
	l := named(what)
	return pageStep(fmt.Sprintf("select: %s of %s", said, l), func(ctx context.Context, p *browser.Page) error { return p.Select(ctx, l, choices) })
}

func check(what any) step   { return box("check", what, true) }
func uncheck(what any) step { return box("uncheck", what, false) }

func box(verb string, what any, on bool) step {
	l := named(what)
	return pageStep(verb+": "+l.String(), func(ctx context.Context, p *browser.Page) error { return p.Check(ctx, l, on) })
}

// open goes to a path of the site, or to a whole URL.
func open(path string) step { return openWith(path, browser.GotoOptions{}) }

func openWith(path string, o browser.GotoOptions) step {
	said := "goto: " + path
	if o.Wait != "" {
		said += " wait: " + string(o.Wait)
	}
	if o.Status != 0 {
		said += fmt.Sprint(" status: ", o.Status)
	}
	return step{said, func(ctx context.Context, base string, p *browser.Page) error {
		if strings.HasPrefix(path, "/") {
			path = base + path
		}
		return p.Goto(ctx, path, o)
	}}
}

func reload() step {
	return pageStep("reload", func(ctx context.Context, p *browser.Page) error { return p.Reload(ctx) })
}

func traverse(delta int) step {
	return pageStep(map[int]string{-1: "back", 1: "forward"}[delta], func(ctx context.Context, p *browser.Page) error { return p.Traverse(ctx, delta) })
}

func script(js string) step {
	return pageStep("script: "+js, func(ctx context.Context, p *browser.Page) error {
		_, err := p.Script(ctx, nil, js, nil)
		return err
	})
}

// gives wants a script to give that JSON.
func gives(js string, args map[string]any, want string) step {
	return pageStep("script: "+js, func(ctx context.Context, p *browser.Page) error {
		got, err := p.Script(ctx, nil, js, args)
		if err == nil && string(got) != want {
			err = fmt.Errorf("it gives %s, want %s", got, want)
		}
		return err
	})
}

// reads wants an element to give that text, value or attribute.
func reads(what any, kind browser.What, attribute, want string) step {
	l := named(what)
	return pageStep(fmt.Sprintf("save: %s %s %s", kind, attribute, l), func(ctx context.Context, p *browser.Page) error {
		got, err := p.Read(ctx, l, kind, attribute)
		if err == nil && got != want {
			err = fmt.Errorf("it reads %q, want %q", got, want)
		}
		return err
	})
}

func expect(conditions ...condition) step {
	said := make([]string, len(conditions))
	all := make([]browser.Condition, len(conditions))
	for i, c := range conditions {
		said[i], all[i] = c.text, c.is
	}
	return pageStep("expect: "+strings.Join(said, ", "), func(ctx context.Context, p *browser.Page) error { return p.Expect(ctx, all) })
}

// condition is one that is expected, as a scenario says it.
type condition struct {
	text string
	is   browser.Condition
}

func element(what any, said string, set func(*browser.Condition)) condition {
	l := named(what)
	c := condition{strings.TrimSpace(l.String() + " " + said), browser.Condition{Locator: &l}}
	set(&c.is)
	return c
}

func onPage(page, said string, set func(*browser.Condition)) condition {
	c := condition{page + " " + said, browser.Condition{Page: page}}
	set(&c.is)
	return c
}

func dialog(says string) condition {
	return condition{"dialog: " + says, browser.Condition{Dialog: &says}}
}

func visible(what any, is bool) condition {
	return element(what, fmt.Sprint("visible: ", is), func(c *browser.Condition) { c.Visible = &is })
}

func enabled(what any, is bool) condition {
	return element(what, fmt.Sprint("enabled: ", is), func(c *browser.Condition) { c.Enabled = &is })
}

func checked(what any, is bool) condition {
	return element(what, fmt.Sprint("checked: ", is), func(c *browser.Condition) { c.Checked = &is })
}

func editable(what any, is bool) condition {
	return element(what, fmt.Sprint("editable: ", is), func(c *browser.Condition) { c.Editable = &is })
}

func focused(what any, is bool) condition {
	return element(what, fmt.Sprint("focused: ", is), func(c *browser.Condition) { c.Focused = &is })
}

func contains(what any, s string) condition {
	return element(what, "contains: "+s, func(c *browser.Condition) { c.Contains = &s })
}

func equals(what any, s string) condition {
	return element(what, "equals: "+s, func(c *browser.Condition) { c.Equals = &s })
}

func value(what any, s string) condition {
	return element(what, "value: "+s, func(c *browser.Condition) { c.Value = &s })
}

func matches(what any, re string) condition {
	return element(what, "matches: "+re, func(c *browser.Condition) { c.Matches = regexp.MustCompile(re) })
}

func attribute(what any, name, s string) condition {
	return element(what, "attribute "+name+": "+s, func(c *browser.Condition) { c.Attribute = &browser.Named{Name: name, Value: s} })
}

func cssValue(what any, name, s string) condition {
	return element(what, "css_value "+name+": "+s, func(c *browser.Condition) { c.CSS = &browser.Named{Name: name, Value: s} })
}

func count(what any, least int, most ...int) condition {
	n := &browser.Count{Min: least}
	said := fmt.Sprint("count: at least ", least)
	if len(most) > 0 {
		n.Max = &most[0]
		said = fmt.Sprintf("count: %d to %d", least, most[0])
	}
	return element(what, said, func(c *browser.Condition) { c.Count = n })
}

func notText(s string) condition {
	return condition{"not_text: " + s, browser.Condition{NotText: &s}}
}

func url(s string) condition {
	return onPage("url", "contains "+s, func(c *browser.Condition) { c.Contains = &s })
}

func title(s string) condition {
	return onPage("title", "contains "+s, func(c *browser.Condition) { c.Contains = &s })
}

func titleIs(s string) condition {
	return onPage("title", "equals "+s, func(c *browser.Condition) { c.Equals = &s })
}

func urlMatches(re string) condition {
	return onPage("url", "matches "+re, func(c *browser.Condition) { c.Matches = regexp.MustCompile(re) })
}

func status(n int) condition {
	return onPage("status", fmt.Sprint(n), func(c *browser.Condition) { c.Status = n })
}

func truthy(js string) condition {
	return condition{"script " + js, browser.Condition{Script: &browser.Expression{JS: js}}}
}

func cleanConsole(ignore ...string) condition {
	c := &browser.CleanConsole{}
	for _, re := range ignore {
		c.Ignore = append(c.Ignore, regexp.MustCompile(re))
	}
	return condition{strings.TrimSpace("console clean " + strings.Join(ignore, " ")), browser.Condition{Console: c}}
}

// said expects what the page's own say() has written so far.
func said(s string) step { return expect(equals(css("#log"), s)) }

// fails wants a step to fail with a class within a time, and goes on: for what is done after a failure.
func fails(s step, class browser.Class, within time.Duration) step {
	return step{s.text, func(ctx context.Context, base string, p *browser.Page) error {
		limited, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		var f *browser.Failure
		if err := s.do(limited, base, p); !errors.As(err, &f) || f.Class != class {
			return fmt.Errorf("%v, want a failure of class %s", err, class)
		}
		return nil
	}}
}

// both is one step after another, of which either may fail.
func both(first, second step) step {
	return step{first.text + "; " + second.text, func(ctx context.Context, base string, p *browser.Page) error {
		if err := first.do(ctx, base, p); err != nil {
			return err
		}
		return second.do(ctx, base, p)
	}}
}

// evidence wants a picture of the page within the budget of evidence.
func evidence() step {
	return pageStep("evidence", func(ctx context.Context, p *browser.Page) error {
		started := time.Now()
		e := p.Evidence(ctx)
		if took := time.Since(started); took > browser.EvidenceBudget+time.Second {
			return fmt.Errorf("it took %s", took)
		}
		return picture(e.Picture, e.Err)
	})
}

func screenshot(o browser.PictureOptions) step {
	said := "screenshot"
	if o.Full {
		said += " full"
	}
	if o.Of != nil {
		said += " of " + o.Of.String()
	}
	return pageStep(said, func(ctx context.Context, p *browser.Page) error { return picture(p.Picture(ctx, o)) })
}

func picture(raw []byte, err error) error {
	if err == nil && !strings.HasPrefix(string(raw), "\x89PNG") {
		err = fmt.Errorf("there is no picture, but %.20q", raw)
	}
	return err
}

// where wants the page's URL to end so.
func where(suffix string) step {
	return pageStep("the URL is "+suffix, func(ctx context.Context, p *browser.Page) error {
		got, _, err := p.Where(ctx)
		if err == nil && !strings.HasSuffix(got, suffix) {
			err = fmt.Errorf("it is %s", got)
		}
		return err
	})
}

// timed wants a number of the first page's timings.
func timed(name string) step {
	return pageStep("timing "+name, func(_ context.Context, p *browser.Page) error {
		var found map[string]float64
		if err := json.Unmarshal(p.Timings(), &found); err != nil {
			return err
		}
		if found[name] <= 0 {
			return fmt.Errorf("it was not measured: %v", found)
		}
		return nil
	})
}

// cookie wants the page to have a cookie.
func cookie(name, want string) step {
	return pageStep("save: cookie "+name, func(ctx context.Context, p *browser.Page) error {
		got, err := p.Cookie(ctx, name)
		if err == nil && got != want {
			err = fmt.Errorf("it is %q, want %q", got, want)
		}
		return err
	})
}

func notTextIn(s string, frame string) condition {
	return condition{fmt.Sprintf("not_text: %s in the frame %s", s, frame), browser.Condition{NotText: &s, Scope: browser.Scope{Frames: []browser.Locator{css(frame)}}}}
}

func truthyIn(js, frame string) condition {
	return condition{fmt.Sprintf("script %s in the frame %s", js, frame), browser.Condition{Script: &browser.Expression{JS: js}, Scope: browser.Scope{Frames: []browser.Locator{css(frame)}}}}
}

// scriptIn wants a script in a frame to give that JSON.
func scriptIn(js, want, frame string) step {
	return pageStep(fmt.Sprintf("script: %s in the frame %s", js, frame), func(ctx context.Context, p *browser.Page) error {
		got, err := p.Script(ctx, []browser.Locator{css(frame)}, js, nil)
		if err == nil && string(got) != want {
			err = fmt.Errorf("it gives %s, want %s", got, want)
		}
		return err
	})
}

func secret(text string) browser.Entry {
	e := browser.EntryOf(text)
	e.Secret = true
	return e
}

func fillSecret(what any, value string) step {
	l := named(what)
	return pageStep(fmt.Sprintf("fill: %s with a secret", l), func(ctx context.Context, p *browser.Page) error { return p.Fill(ctx, l, secret(value)) })
}

func typeSecret(what any, value string) step {
	l := named(what)
	return pageStep(fmt.Sprintf("type: %s with a secret", l), func(ctx context.Context, p *browser.Page) error { return p.Type(ctx, &l, secret(value)) })
}

// coveredIn wants a picture that shows nothing but a cover.
func coveredIn(o browser.PictureOptions) step {
	return pageStep("covered in a screenshot of "+o.Of.String(), func(ctx context.Context, p *browser.Page) error {
		raw, err := p.Picture(ctx, o)
		if err != nil {
			return err
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		b := img.Bounds()
		for y := b.Min.Y + 1; y < b.Max.Y-1; y++ {
			for x := b.Min.X + 1; x < b.Max.X-1; x++ {
				if r, g, b, _ := img.At(x, y).RGBA(); r>>8 != 0x55 || g>>8 != 0x55 || b>>8 != 0x55 {
					return fmt.Errorf("the pixel at %d, %d of %v is not covered", x, y, img.Bounds())
				}
			}
		}
		return nil
	})
}

func drag(from, to any) step {
	f, t := named(from), named(to)
	return pageStep(fmt.Sprintf("drag: %s to %s", f, t), func(ctx context.Context, p *browser.Page) error { return p.Drag(ctx, f, t) })
}

// upload chooses files of the folder site.
func upload(what any, names ...string) step {
	l := named(what)
	_, here, _, _ := runtime.Caller(0)
	paths := make([]string, len(names))
	for i, n := range names {
		paths[i] = filepath.Join(filepath.Dir(here), "site", n)
	}
	return pageStep(fmt.Sprintf("upload: %s with %s", l, strings.Join(names, ", ")), func(ctx context.Context, p *browser.Page) error { return p.Upload(ctx, l, paths) })
}
