package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func gotoKind() Kind {
	fields := []source.Field{
		{Key: "url", Type: "text", Doc: "where to: http, https or about:blank", Required: true},
		{Key: "wait", Type: "load|domcontentloaded|none", Doc: "how far the page must have come; default load"},
		{Key: "status", Type: "integer", Doc: "the HTTP status that is right; default any below 400"},
	}
	return Kind{
		Name: "goto", Plain: "URL (`http`, `https` or `about:blank`)", Fields: fields,
		Doc:     "Goes to a page and waits until it has loaded. A response of 400 or above, unless `status` names it, or a network error fails the step.",
		Example: "- goto: ${base}/\n- goto: {url: \"${base}/no-such-page\", status: 404}",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return gotoAction{url: urlText(n)}
			}
			o := n.Object(fields)
			a := gotoAction{}
			if u := o.Get("url"); u != nil {
				a.url = urlText(u)
			}
			if w := o.Get("wait"); w != nil {
				a.options.Wait = browser.Wait(w.OneOf("load", "domcontentloaded", "none"))
			}
			a.options.Status = o.Int("status", 0, 100)
			return a
		},
	}
}

// urlText reads a URL, and checks it as far as it is known before the run.
func urlText(n *source.Node) string {
	text := n.Templated()
	if n.Wrong() {
		return text
	}
	if known, err := n.Document().Names.Resolve(text); err == nil {
		if _, err := browser.CheckURL(known); err != nil {
			n.Problem("%v", err)
		}
	}
	return text
}

type gotoAction struct {
	url     string
	options browser.GotoOptions
}

func (a gotoAction) Do(ctx context.Context, x *Exec) error {
	url, err := x.Text(a.url)
	if err != nil {
		return err
	}
	return x.Page.Goto(ctx, url, a.options)
}
