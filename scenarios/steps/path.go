package steps

import (
	"fmt"
	"os"
	"path/filepath"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

// path is a file that a scenario names, relative to the file that names it.
type path struct {
	text string // with references
	dir  string
}

// readPath reads a path, and checks that its file is there, as far as it is known before the run.
func readPath(n *source.Node) path {
	p := path{n.Templated(), filepath.Dir(n.Document().Name)}
	if n.Wrong() {
		return p
	}
	if known, err := n.Document().Names.Resolve(p.text); err == nil {
		if _, err := p.find(known); err != nil {
			n.Problem("%v", err)
		}
	}
	return p
}

// find gives the absolute path of a file that is there.
func (p path) find(name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("the file has no name")
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.dir, name)
	}
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return "", fmt.Errorf("%s does not exist: a path is relative to the file that it stands in", name)
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder, not a file", name)
	}
	return filepath.Abs(name)
}

// resolve gives the absolute path of the file, which must be there.
func (p path) resolve(x *Exec) (string, error) {
	name, err := x.Text(p.text)
	if err != nil {
		return "", err
	}
	found, err := p.find(name)
	if err != nil {
		return "", &browser.Failure{Class: browser.ClassInternal, Message: err.Error(), Hint: "put the file there", Err: err}
	}
	return found, nil
}
