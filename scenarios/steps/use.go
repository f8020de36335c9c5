package steps

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"trackwalker/scenarios/source"
)

func useKind() Kind {
	fields := []source.Field{
		{Key: "file", Type: "text", Doc: "the fragment: a file whose name begins with _, relative to this one", Required: true},
		{Key: "with", Type: "texts by name", Doc: "{parameter: value}"},
	}
	return Kind{
		Name: "use", Plain: "fragment file", Fields: fields,
		Doc: "Plays the steps of a fragment: a file that holds `params` and `steps`. It sees the names of the file that uses it, and its " +
			"parameters hide those of the same name. What it saves is seen after it.",
		Example: "- use: {file: _log-in.yaml, with: {email: ops@shop.example}}\n- expect: Welcome back",
		Files: map[string]string{"_log-in.yaml": "params:\n  email:                  # required\n  password: lamp-light\nsteps:\n" +
			"  - goto: ${base}/login\n  - form: {Email: \"${email}\", Password: \"${password}\"}\n  - click: Log in\n"},
		Nest: func(r *Reader, n *source.Node) Action {
			file, given := n, []source.Pair(nil)
			if n.Kind == source.KindMap {
				o := n.Object(fields)
				if file = o.Get("file"); file == nil {
					return nil
				}
				if with := o.Get("with"); with != nil && !with.Missing() {
					given = with.Map()
				}
			}
			return r.use(n, file, given)
		},
	}
}

// use reads a fragment where n uses it.
func (r *Reader) use(n, file *source.Node, given []source.Pair) Action {
	name := file.Resolved()
	if file.Wrong() {
		return nil
	}
	path := filepath.Clean(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(n.Document().Name), path)
	}
	if !rightlyNamed(file, name, path) {
		return nil
	}
	doc := r.open(file, path)
	if doc == nil {
		return nil
	}
	r.inWork = append(r.inWork, path)
	defer func() { r.inWork = r.inWork[:len(r.inWork)-1] }()
	list, arguments := r.Fragment(doc, n.Document().Names.Inside(r.flow), n, given)
	if len(list) == 0 {
		return nil // told already
	}
	return useAction{list, arguments}
}

func rightlyNamed(file *source.Node, name, path string) bool {
	base := filepath.Base(name)
	_, err := os.Stat(path)
	switch {
	case IsFragment(name):
		return true
	case strings.HasPrefix(base, "_"):
		file.Problem("a fragment's name ends in .yaml: rename %s", base)
	case strings.HasSuffix(base, ".yaml") && errors.Is(err, fs.ErrNotExist):
		file.Problem("%s does not exist%s; a fragment's name begins with _", name, nearFragment(path))
	case strings.HasSuffix(base, ".yaml"):
		file.Problem("%s is a flow, and only fragments can be used: move the steps that both need into a file _%s", base, base)
	default:
		file.Problem("%q is no fragment: a fragment's name begins with _ and ends in .yaml, as _log-in.yaml", name)
	}
	return false
}

type useAction struct {
	steps     []Step
	arguments []Argument
}

func (a useAction) nested() []Step                            { return a.steps }
func (a useAction) title(given string, _ *source.Node) string { return given }
func (a useAction) asserts() bool                             { return anyAsserts(a.steps) }

func (a useAction) Do(ctx context.Context, x *Exec) error { return x.Play(ctx, a.steps, a.arguments) }
