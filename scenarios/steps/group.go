package steps

import (
	"context"
	"slices"

	"trackwalker/scenarios/source"
)

func groupKind() Kind {
	fields := []source.Field{
		{Key: "name", Type: "text", Doc: "what the group is called; may stand beside `group` as well"},
		{Key: "steps", Type: "steps", Doc: "what is played", Required: true},
	}
	return Kind{
		Name: "group", Fields: fields,
		Doc: "Plays several steps, timed as one transaction. Its `when`, `optional`, `timeout`, `in` and `frame` are for all of them: when one of an " +
			"optional group fails, the rest of the group is skipped and the run goes on.",
		Example: "- group:\n    name: Log in\n    steps:\n      - goto: ${base}/login\n      - form: {Email: ops@shop.example, Password: lamp-light}\n" +
			"      - click: Log in\n      - expect: Welcome back\n  timeout: 20s",
		Nest: func(r *Reader, n *source.Node) Action {
			o := n.Object(fields)
			a := groupAction{name: o.Literal("name", "")}
			list := o.Get("steps")
			if list == nil {
				return nil
			}
			a.steps = r.Steps(list)
			if list.Kind == source.KindList && len(list.Items) == 0 {
				list.Problem("the group holds no step")
			}
			return a
		},
	}
}

type groupAction struct {
	name  string
	steps []Step
}

func (a groupAction) nested() []Step { return a.steps }
func (a groupAction) asserts() bool  { return anyAsserts(a.steps) }

func (a groupAction) title(given string, n *source.Node) string {
	if given == "" && a.name == "" && !n.Wrong() {
		n.Problem("the group has no name: write group: {name: Log in, steps: […]}")
	}
	if given != "" {
		return given
	}
	return a.name
}

func (a groupAction) Do(ctx context.Context, x *Exec) error { return x.Play(ctx, a.steps, nil) }

func anyAsserts(list []Step) bool { return slices.ContainsFunc(list, Step.Asserts) }
