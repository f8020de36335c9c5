package cdp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/runtime"

	"trackwalker/scenarios/browser"
)

// Eval calls a function of the page script in its isolated world.
func (s *session) Eval(ctx context.Context, function string, args ...any) (json.RawMessage, error) {
	return s.tab().main().Eval(ctx, function, args...)
}

// Script runs body in the page's own world.
func (s *session) Script(ctx context.Context, body string, args map[string]any) (json.RawMessage, error) {
	return s.tab().main().Script(ctx, body, args)
}

// main gives the frame of the tab's own document.
func (t *target) main() *frame {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.frame(t.page.frame)
}

// Eval calls a function of the page script in its isolated world.
func (f *frame) Eval(ctx context.Context, function string, args ...any) (json.RawMessage, error) {
	// Constant, so that the browser compiles it once.
	const declaration = "([name, args]) => tw[name](...args)"
	return f.call(ctx, ownWorld, declaration, []any{function, append([]any{}, args...)})
}

// Script runs body in the document's own world.
func (f *frame) Script(ctx context.Context, body string, args map[string]any) (json.RawMessage, error) {
	if args == nil {
		args = map[string]any{}
	}
	// The result is turned into JSON in the page, as JavaScript does it: dates become text, NaN null. No name but args is in
	// the body's sight: the page may have globals of the others.
	declaration := `function () {
	return (async (run, args) => {
		const result = await run(args);
		if (result === undefined) return "null";
		const text = JSON.stringify(result);
		if (text === undefined) throw new TypeError("` + noJSON + `a " + typeof result);
		return text;
	})(async (args) => {` + body + `
	}, arguments[0][0]);
}`
	raw, err := f.call(ctx, siteWorld, declaration, []any{args})
	if err != nil {
		return nil, err
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, fmt.Errorf("reading the result of a script: %w", err)
	}
	return json.RawMessage(text), nil
}

const noJSON = "the result cannot be turned into JSON: "

func ownWorld(f *frame) *world  { return f.world(f.own) }
func siteWorld(f *frame) *world { return f.world(f.site) }

// call calls a function in the world that pick chooses, and gives its result by value. All arguments come as one list,
// because the protocol library leaves out an argument that is empty, as "" and {} are; nil is none.
func (f *frame) call(ctx context.Context, pick func(*frame) *world, declaration string, args []any) (json.RawMessage, error) {
	o, err := f.object(ctx, pick, declaration, args, true)
	switch {
	case err != nil:
		return nil, err
	case o.UnserializableValue != "":
		return nil, scriptError(noJSON + string(o.UnserializableValue))
	case len(o.Value) == 0:
		return json.RawMessage("null"), nil
	}
	return json.RawMessage(o.Value), nil
}

// object is call with the result as the browser has it: its value, or a reference that is good in the returned target.
func (f *frame) object(ctx context.Context, pick func(*frame) *world, declaration string, args []any, byValue bool) (*remote, error) {
	params := runtime.CallFunctionOnParams{FunctionDeclaration: declaration, AwaitPromise: new(true), ReturnByValue: &byValue, Silent: new(true)}
	if args != nil {
		b, err := json.Marshal(args)
		if err != nil {
			return nil, fmt.Errorf("an argument of a script cannot be turned into JSON: %w", err)
		}
		params.Arguments = []*runtime.CallArgument{{Value: jsonv2.Value(b)}}
	}
	var w *world
	if err := f.tab.wait(ctx, func() bool { w = pick(f); return w != nil || f.gone }); err != nil {
		return nil, err
	}
	if w == nil {
		return nil, browser.ErrDocumentGone
	}
	params.UniqueContextID = w.id

	var r runtime.CallFunctionOnResult
	err := f.tab.unless(ctx, func() bool { return w.gone }, browser.ErrDocumentGone, func(ctx context.Context) (err error) {
		r, err = call(ctx, w.in, runtime.CallFunctionOn, params)
		return err
	})
	switch {
	case err != nil:
		return nil, scriptFailure(err)
	case r.ExceptionDetails != nil:
		return nil, scriptError(exceptionText(r.ExceptionDetails))
	}
	return &remote{r.Result, w.in, w}, nil
}

// remote is a value of a document.
type remote struct {
	*runtime.RemoteObject
	in    *target
	world *world
}

// scriptFailure tells apart why the browser gave no result.
func scriptFailure(err error) error {
	m := protocolError(err)
	for _, gone := range []string{
		"Execution context was destroyed", "Cannot find context", "Inspected target navigated or closed",
		"uniqueContextId not found", "Cannot find default execution context", "Could not find object with given id",
	} {
		if strings.Contains(m, gone) {
			return browser.ErrDocumentGone
		}
	}
	switch {
	case strings.Contains(m, "Promise was collected"):
		return scriptError("the script waits for something that can never happen")
	case strings.Contains(m, "Execution was terminated"):
		return scriptError("the script was interrupted")
	case strings.Contains(m, "chain is too long") || strings.Contains(m, "returned by value"):
		return scriptError(noJSON + "it refers to itself or to something of the browser")
	}
	return err
}

func scriptError(message string) error {
	// What JSON.stringify complains about is told like the rest.
	if strings.Contains(message, "Converting circular structure to JSON") {
		message = noJSON + "it refers to itself"
	}
	if _, why, ok := strings.Cut(message, "Do not know how to serialize "); ok {
		message = noJSON + why
	}
	return &browser.ScriptError{Message: message}
}

// exceptionText gives what was thrown, in one line, without the stack.
func exceptionText(e *runtime.ExceptionDetails) string {
	text := strings.TrimPrefix(e.Text, "Uncaught ")
	if o := e.Exception; o != nil {
		switch {
		case o.Description != "":
			text, _, _ = strings.Cut(o.Description, "\n    at ")
		case len(o.Value) > 0:
			text = string(o.Value)
			var s string
			if json.Unmarshal(o.Value, &s) == nil {
				text = s
			}
		}
	}
	if strings.TrimSpace(text) == "" {
		text = "an exception without a message"
	}
	return text
}
