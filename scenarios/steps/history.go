package steps

import (
	"context"

	"trackwalker/scenarios/source"
)

func reloadKind() Kind {
	return historyKind("reload", "Loads the page again.", "- goto: ${base}/\n- reload", 0)
}

func backKind() Kind {
	return historyKind("back", "Goes back to the page before, as the browser's button does.", "- goto: ${base}/\n- goto: ${base}/catalogue\n- back", -1)
}

func forwardKind() Kind {
	return historyKind("forward", "Goes forward again after `back`.", "- goto: ${base}/\n- goto: ${base}/catalogue\n- back\n- forward", 1)
}

func historyKind(name, doc, example string, delta int) Kind {
	return Kind{Name: name, Doc: doc, Bare: true, Example: example, Decode: func(*source.Node) Action { return historyAction(delta) }}
}

// historyAction is how far to go; 0 reloads.
type historyAction int

func (a historyAction) Do(ctx context.Context, x *Exec) error {
	if a == 0 {
		return x.Page.Reload(ctx)
	}
	return x.Page.Traverse(ctx, int(a))
}
