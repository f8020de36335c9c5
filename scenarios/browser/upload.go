package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Upload chooses files, by absolute paths, in the one file input. It need not be visible; its label or what is around it
// stands for it.
func (p *Page) Upload(ctx context.Context, l Locator, paths []string) error {
	for _, path := range paths {
		if err := uploadable(path); err != nil {
			return err
		}
	}
	err := p.within(ctx, l.Frames, func(longer context.Context, docs path) error {
		if err := eval(ctx, longer, docs.inner(), "holdFileInput", request{"locator": l, "files": len(paths)}, nil); err != nil {
			return err
		}
		return docs.inner().SetFiles(longer, "held", paths)
	})
	if err != nil {
		return err
	}
	return p.settle(ctx)
}

// uploadable says why a file cannot be given to a page. Browsers say nothing, or stop.
func uploadable(path string) error {
	if !filepath.IsAbs(path) {
		return &Failure{Class: ClassInternal, Message: fmt.Sprintf("the path %q of a file to upload is not absolute", path)}
	}
	f, err := os.Open(path)
	if err != nil {
		return &Failure{
			Class: ClassInternal, Message: "the file to upload cannot be read: " + err.Error(),
			Hint: "paths are relative to the scenario's file", Err: err,
		}
	}
	return f.Close()
}
