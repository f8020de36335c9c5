package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func tabKind() Kind {
	fields := []source.Field{
		{Key: "url", Type: "url glob", Doc: "of the tab's whole URL: * is any characters"},
		{Key: "title", Type: "text", Doc: "a part of the tab's title"},
	}
	return Kind{
		Name: "tab", Plain: "`close`, `first`, `last`", Fields: fields,
		Doc:     "Waits for a tab and the page that is on its way into it, and goes on there, or closes the one at hand. A link that opens a new tab leaves the flow in the old one.",
		Example: "- goto: ${base}/workshop\n- click: Warranty terms\n- tab: {title: Warranty}\n- expect: {role: heading, name: Warranty}\n- tab: close\n- expect: {url: /workshop}",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return tabAction{Position: n.OneOfOr("to go to a tab by its title write {title: …}", "close", "first", "last")}
			}
			o := n.Object(fields)
			var a tabAction
			if o.Has("url") == o.Has("title") {
				n.Problem("a tab is found by either url or title")
			}
			if u := o.Get("url"); u != nil {
				a.URL = URLGlob(u)
			}
			if t := o.Get("title"); t != nil {
				if a.Title = t.Templated(); a.Title == "" && !t.Wrong() {
					t.Problem("the title is empty: every tab has that")
				}
			}
			return a
		},
	}
}

// tabAction is where to go, with references; its Position may be close, too.
type tabAction browser.TabChoice

func (a tabAction) Do(ctx context.Context, x *Exec) error {
	if a.Position == "close" {
		return x.Page.CloseTab(ctx)
	}
	var err error
	if a.URL, err = x.Text(a.URL); err != nil {
		return err
	}
	if a.Title, err = x.Text(a.Title); err != nil {
		return err
	}
	return x.Page.SwitchTab(ctx, browser.TabChoice(a))
}
