package steps

import (
	"context"
	"slices"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func dialogKind() Kind {
	fields := []source.Field{
		{Key: "accept", Type: "text", Doc: "true; or the text for a prompt"},
		{Key: "dismiss", Type: "boolean", Doc: "true"},
		{Key: "message", Type: "text", Doc: "a part of what the dialog must say"},
	}
	return Kind{
		Name: "dialog", Plain: "`accept`, `dismiss`", Fields: fields,
		Doc: "Says how the next dialog (`alert`, `confirm`, `prompt`) is answered; it stands before the step that opens it. A wrong message fails " +
			"the step that opened the dialog. One that never opens is a warning.",
		Example: "- goto: ${base}/workshop\n- dialog: {accept: true, message: Cancel this repair}\n- click: Cancel my repair\n- expect: Repair cancelled.\n" +
			"- dialog: {accept: Betty}\n- click: Name your lamp\n- expect: Your lamp is called Betty.",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				return dialogAction{accept: n.OneOf("accept", "dismiss") == "accept"}
			}
			return decodeDialog(n.Object(fields))
		},
	}
}

func decodeDialog(o *source.Object) dialogAction {
	var a dialogAction
	accept, dismiss := o.Get("accept"), o.Get("dismiss")
	if (accept == nil) == (dismiss == nil) {
		o.Node.Problem("a dialog is either accepted or dismissed: write accept: true, accept: a text for the prompt, or dismiss: true")
	}
	if accept != nil {
		a.accept, a.text = true, accept.Templated()
		known, err := o.Node.Document().Names.Resolve(a.text)
		switch isText := accept.Quoted && known == a.text; {
		case err != nil || isText:
		case known == "true":
			a.text = ""
		case slices.Contains([]string{"false", "no", "off"}, known):
			accept.Problem("write dismiss: true; or %q in quotes if that is the text for the prompt", known)
		case slices.Contains([]string{"yes", "on"}, known):
			accept.Problem("write accept: true; or %q in quotes if that is the text for the prompt", known)
		}
	}
	if dismiss != nil && !dismiss.Bool() && !dismiss.Wrong() {
		dismiss.Problem("write accept: true")
	}
	if o.Has("message") {
		message := o.Templated("message", "")
		a.message = &message
	}
	return a
}

type dialogAction struct {
	accept  bool
	text    string
	message *string
}

func (a dialogAction) needs() browser.Features { return browser.FeatureDialogs }

func (a dialogAction) Do(_ context.Context, x *Exec) error {
	text, err := x.Text(a.text)
	if err != nil {
		return err
	}
	answer := browser.DialogAnswer{Accept: a.accept, Text: text}
	if a.message == nil {
		return x.Page.PlanDialog(answer, nil)
	}
	message, err := x.Text(*a.message)
	if err != nil {
		return err
	}
	return x.Page.PlanDialog(answer, &message)
}
