package steps

import (
	"context"

	"trackwalker/scenarios/source"
)

func scriptKind() Kind {
	fields := []source.Field{
		{Key: "run", Type: "text", Doc: "JavaScript, the body of an async function", Required: true},
		{Key: "args", Type: "map", Doc: "what is in scope as `args`; keeps YAML's types"},
	}
	return Kind{
		Name: "script", Plain: "JavaScript, the body of an async function", Fields: fields,
		Doc:     "Runs JavaScript in the page, or beside `frame` in that iframe. What it throws fails the step. References are not resolved in it: values come by `args`.",
		Example: "- goto: ${base}/\n- script: {run: \"if (!location.href.startsWith(args.base)) throw new Error('elsewhere')\", args: {base: \"${base}\"}}",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return scriptAction{js: n.Literal()}
			}
			o := n.Object(fields)
			return scriptAction{o.Literal("run", ""), decodeArgs(o)}
		},
	}
}

type scriptAction struct {
	js   string
	args map[string]any
}

func (a scriptAction) Do(ctx context.Context, x *Exec) error {
	args, err := x.args(a.args)
	if err != nil {
		return err
	}
	_, err = x.Page.Script(ctx, x.Scope.Frames, a.js, args)
	return err
}
