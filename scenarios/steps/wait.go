package steps

import (
	"context"
	"slices"
	"strings"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func waitKind() Kind {
	fields := append(expectFields(),
		source.Field{Key: "request", Type: "url glob", Doc: "a request that began since the start of the step before; a glob of its whole URL"},
		source.Field{Key: "response", Type: "url glob", Doc: "the same of a response; with `status` beside it, of that status"},
		source.Field{Key: "load", Type: "load|domcontentloaded|idle", Doc: "how far the page has come; idle: loaded, and for 500 ms no request in flight"},
	)
	return Kind{
		Name: "wait", Plain: "a duration", Fields: fields,
		Doc:     "Waits for a time, or for the same conditions as `expect`, or for what the page does. Wait for a condition wherever there is one: it is faster and never too short.",
		Example: "- goto: ${base}/catalogue\n- wait: 100ms\n- wait: {label: Search}\n- type: {label: Search, value: brass}\n- wait: {response: \"*/api/products*\", status: 200}",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return pauseFor(pause(n))
			}
			o := n.Object(fields)
			if !slices.ContainsFunc(doings(), o.Has) {
				return conditions(o)
			}
			return pageWait(o)
		},
	}
}

// doings are the keys of what a page does; each stands alone, but for response with status.
func doings() []string { return []string{"request", "response", "load"} }

func pageWait(o *source.Object) Action {
	alone := 1
	if o.Has("response") && o.Has("status") {
		alone = 2
	}
	if len(o.Node.Pairs) > alone {
		o.Node.Problem("request, response (with status) and load each stand alone: give every one a step of its own")
	}
	if load := o.Get("load"); load != nil {
		return loadAction(load.OneOf("load", "domcontentloaded", "idle"))
	}
	if request := o.Get("request"); request != nil {
		return requestAction{URL: URLGlob(request)}
	}
	return requestAction{URL: URLGlob(o.Get("response")), Response: true, Status: o.Int("status", 0, 100)}
}

// loadAction waits until the page has come so far.
type loadAction browser.LoadState

func (a loadAction) needs() browser.Features {
	if browser.LoadState(a) == browser.LoadIdle {
		return browser.FeatureNetwork
	}
	return 0
}

func (a loadAction) Do(ctx context.Context, x *Exec) error {
	return x.Page.WaitLoad(ctx, browser.LoadState(a))
}

// requestAction waits for a request, or a response.
type requestAction browser.RequestWant

func (a requestAction) asserts() bool           { return true }
func (a requestAction) needs() browser.Features { return browser.FeatureNetwork }

func (a requestAction) Do(ctx context.Context, x *Exec) error {
	want := browser.RequestWant(a)
	var err error
	if want.URL, err = x.Text(want.URL); err != nil {
		return err
	}
	want.Since = x.Since
	return x.Page.WaitRequest(ctx, want)
}

// pause reads a duration. What does not even begin like one was meant as a condition.
func pause(n *source.Node) time.Duration {
	if text := n.Text; n.Kind == source.KindText && text != "" && !strings.ContainsAny(text[:1], "0123456789.$-+") {
		n.Problem("%q is no duration, as 2s; to wait for what the page shows write `- expect: …`, or {text: …}; for the network {load: idle}", text)
		return 0
	}
	return n.Duration()
}

type pauseFor time.Duration

func (a pauseFor) Do(ctx context.Context, _ *Exec) error {
	t := time.NewTimer(time.Duration(a))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
