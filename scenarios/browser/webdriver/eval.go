package webdriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/tebeka/selenium"

	"trackwalker/scenarios/browser"
)

// document is the place of one document: the current tab's own, or what a frame element holds.
//
// Scripts run in a box, an object that the agent keeps in the document: it holds the page script, and the call that is
// under way. WebDriver knows no world of one's own. There the box hides in the page's own world, as a property of window
// that no loop over it shows and whose name nobody knows; it is put there when a document is first asked something. In
// Chrome the box is an object of the DevTools protocol that nothing in the page leads to (boxes).
type document struct {
	s       *session
	parent  *document           // nil: the tab's own document
	element selenium.WebElement // the frame element, in parent
	chrome  *place              // where Chrome has it; nil: it is reached by WebDriver's own commands
}

// A call is the body of a function of a box and (name or args). It must not throw and gives a promise of text: v and the
// result as JSON, or e and the message of what was thrown.
const (
	callOwn  = `(async () => { try { return "v" + JSON.stringify((await this.tw[name](...args)) ?? null) } catch (e) { return "e" + this.say(e) } })()`
	callSite = `(async () => { try {
	const result = await (async (args) => { %s
	})(args[0]);
	if (result === undefined) return "vnull";
	const text = JSON.stringify(result);
	return text === undefined ? "e" + %q + "a " + typeof result : "v" + text;
} catch (e) { return "e" + this.say(e) } })()`
	// once starts a call, or awaits the one that was started: a dialog makes the browser answer before the call does.
	once = `if (this.call !== id) {
	if (again) return "g";
	this.call = id;
	this.result = %s;
}
return this.result;`
	// say gives what was thrown, in one line.
	say = `(e) => {
	try {
		if (e !== null && typeof e === "object" && "message" in e) return e.name ? e.name + ": " + e.message : String(e.message);
		return typeof e === "string" ? e : JSON.stringify(e) ?? String(e);
	} catch { return String(e) }
}`
)

const noJSON = "the result cannot be turned into JSON: "

// Eval calls a function of the page script.
func (d *document) Eval(ctx context.Context, function string, args ...any) (json.RawMessage, error) {
	return d.call(ctx, false, callOwn, function, append([]any{}, args...))
}

// Script runs body in the page's own world.
func (d *document) Script(ctx context.Context, body string, args map[string]any) (json.RawMessage, error) {
	if args == nil {
		args = map[string]any{}
	}
	return d.call(ctx, true, fmt.Sprintf(callSite, body, noJSON), "", []any{args})
}

// call makes one call in the document as it is now.
func (d *document) call(ctx context.Context, site bool, body, name string, args []any) (json.RawMessage, error) {
	s := d.s
	if err := s.limitScripts(ctx, site); err != nil {
		return nil, err
	}
	s.last++
	for again := false; ; again = true {
		text, err := d.try(ctx, site, fmt.Sprintf(once, body), s.last, again, name, args)
		switch {
		case err != nil:
			return nil, err
		case text == "": // a dialog opened
			if err := s.answerDialogs(ctx); err != nil {
				return nil, err
			}
		case text[0] == 'g':
			return nil, browser.ErrDocumentGone
		case text[0] == 'e':
			return nil, scriptError(text[1:])
		default:
			return json.RawMessage(text[1:]), nil
		}
	}
}

// try makes the call once. An empty text: a dialog came between.
func (d *document) try(ctx context.Context, site bool, body string, id int, again bool, name string, args []any) (string, error) {
	if d.chrome != nil {
		return d.tryChrome(ctx, site, body, id, again, name, args)
	}
	if err := d.enter(ctx); err != nil {
		return "", err
	}
	script := fmt.Sprintf(`const [key, id, again, name, args, done] = arguments;
const box = window[Symbol.for(key)];
if (!box) done("a");
else Promise.resolve((function () { %s }).call(box)).then(done);`, body)
	for {
		raw, err := d.s.runAsync(ctx, script, d.s.key, id, again, name, args)
		var text string
		if err == nil && string(raw) != "null" {
			err = json.Unmarshal(raw, &text)
		}
		switch {
		case err != nil:
			return "", err
		case text != "a":
			return text, nil
		case again:
			return "g", nil
		}
		if err := d.settle(ctx); err != nil {
			return "", err
		}
	}
}

// settle puts the box into the document.
func (d *document) settle(ctx context.Context) error {
	d.s.last++
	_, err := d.s.run(ctx, `const [key, serial] = arguments;
if (window[Symbol.for(key)]) return;
const box = {serial, moves: 0, say: `+say+`, text: location.href === "about:blank" && document.body ? document.body.innerText : ""};
for (const kind of ["popstate", "hashchange"]) addEventListener(kind, () => box.moves++, true);
addEventListener("beforeunload", () => { box.leaving = true; setTimeout(() => box.leaving = false, 1000) }, true);
Object.defineProperty(window, Symbol.for(key), {value: box});
(function (globalThis) { `+d.s.options.InitScript+`
})(box);`, d.s.key, d.s.last)
	return err
}

// limitScripts sees to it that a script that comes to no end does not hold the driver for much longer than its step.
func (s *session) limitScripts(ctx context.Context, site bool) error {
	if s.driver.kind.chrome() && s.rescuer != nil {
		return nil
	}
	limit := defaultScriptLimit
	if deadline, ok := ctx.Deadline(); ok && site {
		// A power of two, so that it seldom changes.
		limit = time.Second << bits.Len64(uint64(max(time.Until(deadline), time.Second)/time.Second))
	}
	if limit == s.scriptLimit {
		return nil
	}
	if err := s.past(ctx, func() error { return s.wd.SetAsyncScriptTimeout(limit) }); err != nil {
		return err
	}
	s.scriptLimit = limit
	return nil
}

// enter makes the document the one that the driver's commands are about.
func (d *document) enter(ctx context.Context) error {
	s := d.s
	if s.frame == d || d.parent == nil && s.frame == nil {
		return nil
	}
	if d.parent != nil && d.parent.chrome == nil && s.frame == d.parent {
		return d.descend(ctx)
	}
	s.frame = nil
	if err := s.past(ctx, func() error { return s.wd.SwitchFrame(nil) }); err != nil {
		return scriptFailure(err)
	}
	if d.parent == nil {
		return nil
	}
	if err := d.parent.enter(ctx); err != nil {
		return err
	}
	return d.descend(ctx)
}

func (d *document) descend(ctx context.Context) error {
	if err := d.s.past(ctx, func() error { return d.s.wd.SwitchFrame(d.element) }); err != nil {
		return scriptFailure(err)
	}
	d.s.frame = d
	return nil
}

// Frame gives the document inside the frame element that a function of the page script returns.
func (d *document) Frame(ctx context.Context, function string) (browser.Document, error) {
	if d.chrome != nil {
		return d.frameOfChrome(ctx, function)
	}
	element, err := d.find(ctx, function)
	if err != nil {
		return nil, err
	}
	inner := &document{s: d.s, parent: d, element: element}
	return inner, inner.enter(ctx)
}

// find gives the element that a function of the page script returns.
func (d *document) find(ctx context.Context, function string) (selenium.WebElement, error) {
	if err := d.enter(ctx); err != nil {
		return nil, err
	}
	raw, err := d.s.run(ctx, `return window[Symbol.for(arguments[0])]?.tw[arguments[1]]() ?? null`, d.s.key, function)
	switch {
	case err != nil:
		return nil, err
	case string(raw) == "null":
		return nil, browser.ErrDocumentGone
	}
	return d.s.wd.DecodeElement([]byte(`{"value":` + string(raw) + `}`))
}

// SetFiles chooses files in the input that a function of the page script returns.
func (d *document) SetFiles(ctx context.Context, function string, paths []string) error {
	if d.chrome != nil && d.s.service != nil {
		return d.setFilesOfChrome(ctx, function, paths)
	}
	if d.s.service == nil {
		return &browser.Failure{Class: browser.ClassInternal, Message: "files cannot be chosen in a browser that runs on another machine yet"}
	}
	element, err := d.find(ctx, function)
	if err != nil {
		return err
	}
	return scriptFailure(d.s.past(ctx, func() error { return element.SendKeys(strings.Join(paths, "\n")) }))
}

// scriptFailure tells apart why the browser gave no result.
func scriptFailure(err error) error {
	message := messageOf(err)
	switch code := codeOf(err); code {
	case "":
		return err
	case "no such frame", "stale element reference", "no such element", "detached shadow root":
		return browser.ErrDocumentGone
	case "javascript error":
		if strings.Contains(message, "aborted by navigation") || strings.Contains(message, "unload") {
			return browser.ErrDocumentGone
		}
		// What a script throws is caught in the page: this one could not even be read.
		message = firstLine(strings.TrimPrefix(message, "javascript error: "))
		if !strings.Contains(message, "Error:") {
			message = "SyntaxError: " + message
		}
		return scriptError(message)
	case "script timeout", "timeout":
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

func scriptError(message string) error {
	// What JSON.stringify complains about is told like the rest.
	switch {
	case strings.Contains(message, "circular structure"), strings.Contains(message, "cyclic structure"), strings.Contains(message, "cyclic object"):
		message = noJSON + "it refers to itself"
	case strings.Contains(message, "serialize a BigInt"), strings.Contains(message, "serialize BigInt"), strings.Contains(message, "BigInt value can't be serialized"):
		message = noJSON + "a BigInt"
	case strings.TrimSpace(message) == "":
		message = "an exception without a message"
	}
	return &browser.ScriptError{Message: message}
}

// isGone reports whether the document was replaced.
func isGone(err error) bool { return errors.Is(err, browser.ErrDocumentGone) }
