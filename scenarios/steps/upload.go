package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func uploadKind() Kind {
	fields := withLocator(
		source.Field{Key: "file", Type: "text", Doc: "the file, relative to the one that names it"},
		source.Field{Key: "files", Type: "texts", Doc: "several files, in place of `file`"},
	)
	return Kind{
		Name: "upload", Fields: fields,
		Doc:     "Chooses files in a file input, which need not be visible.",
		Example: "- goto: ${base}/workshop\n- upload: {label: Photos of the lamp, file: lamp.svg}\n- expect: {role: list, name: Chosen photos, contains: lamp.svg}",
		Files:   map[string]string{"lamp.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><circle cx=\"4\" cy=\"4\" r=\"4\"/></svg>\n"},
		Decode: func(n *source.Node) Action {
			o := n.Object(fields)
			return uploadAction{required(o), uploadPaths(o)}
		},
	}
}

func uploadPaths(o *source.Object) []path {
	file, files := o.Get("file"), o.Get("files")
	switch {
	case file != nil && files != nil:
		files.Problem("either file or files, not both")
	case file != nil:
		return []path{readPath(file)}
	case files == nil:
		if o.Node.Kind == source.KindMap {
			o.Node.Problem("upload needs file, or files with a list of them")
		}
	case files.Kind != source.KindList:
		return []path{readPath(files)}
	case len(files.Items) == 0:
		files.Problem("the list of files is empty")
	default:
		var all []path
		for _, item := range files.Items {
			all = append(all, readPath(item))
		}
		return all
	}
	return nil
}

type uploadAction struct {
	locator browser.Locator
	files   []path
}

func (a uploadAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.Locator(a.locator)
	if err != nil {
		return err
	}
	paths := make([]string, len(a.files))
	for i, f := range a.files {
		if paths[i], err = f.resolve(x); err != nil {
			return err
		}
	}
	return x.Page.Upload(ctx, l, paths)
}
