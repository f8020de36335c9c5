package steps

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trackwalker/scenarios/source"
)

// MaxSteps is how many steps one flow may have, with those of the fragments that it uses.
const MaxSteps = 1000

// MaxDepth is how deep fragments may use fragments.
const MaxDepth = 20

// Reader reads the steps of one flow, and of the fragments that it uses. What is wrong is noted in the documents.
type Reader struct {
	flow      string
	kinds     []Kind                      // Table, which is not made anew for every step
	fragments map[string]*source.Document // by path; nil: it could not be read
	inWork    []string                    // the files being read, each used by the one before
	count     int                         // of steps so far
}

// NewReader gives a Reader of the flow, or of the fragment alone, of that document.
func NewReader(doc *source.Document) *Reader {
	return &Reader{flow: doc.Name, kinds: Table(), fragments: map[string]*source.Document{}, inWork: []string{filepath.Clean(doc.Name)}}
}

// Steps reads a list of steps.
func (r *Reader) Steps(n *source.Node) []Step {
	var all []Step
	for _, item := range n.List() {
		s, ok := r.step(item)
		if r.count > MaxSteps {
			return all // told already
		}
		if _, nests := s.Nested(); ok && nests {
			all = append(all, s)
			continue
		}
		if r.count++; r.count > MaxSteps {
			item.Problem("here %s has more than %d steps, those of fragments counted at each use: split the flow", r.flow, MaxSteps)
			return all
		}
		if ok {
			all = append(all, s)
		}
	}
	return all
}

// Problems gives what is wrong in the fragments that were used.
func (r *Reader) Problems() source.Problems {
	var all source.Problems
	for _, path := range r.Fragments() {
		if doc := r.fragments[path]; doc != nil {
			all = append(all, doc.Problems()...)
		}
	}
	return all.Sorted()
}

// Fragments gives the paths of the fragments that are used, those that could not be read among them.
func (r *Reader) Fragments() []string {
	paths := make([]string, 0, len(r.fragments))
	for path := range r.fragments {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// Document gives the document of a fragment that was read, or nil.
func (r *Reader) Document(file string) *source.Document { return r.fragments[file] }

// IsFragment reports whether a file of that name is a fragment, which flows use and which is none itself.
func IsFragment(name string) bool {
	base := filepath.Base(name)
	return strings.HasPrefix(base, "_") && strings.HasSuffix(base, ".yaml")
}

// FragmentFields are the keys of a fragment.
func FragmentFields() []source.Field {
	return []source.Field{
		{Key: "description", Type: "text", Doc: "what the fragment does, for people"},
		{Key: "params", Type: "params", Doc: "name → default, which may refer to those before it; empty: a flow has to give it by `with`"},
		{Key: "steps", Type: "steps", Doc: "what is played where the fragment is used", Required: true},
	}
}

// ReadFile reads a file of the language, and no more of it than one can have. The error says what is wrong in words for people.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist", path)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a scenario file", path)
	}
	return io.ReadAll(io.LimitReader(f, source.MaxBytes+1))
}

// open gives the document of the fragment at path, which n names, read now or before. nil: it cannot be used here.
func (r *Reader) open(n *source.Node, path string) *source.Document {
	if at := slices.Index(r.inWork, path); at >= 0 {
		circle := append(slices.Clone(r.inWork[at:]), path)
		n.Problem("%s uses itself: %s", filepath.Base(path), strings.Join(bases(circle), " → "))
		return nil
	}
	if len(r.inWork) > MaxDepth {
		n.Problem("fragments use fragments more than %d deep: %s", MaxDepth, strings.Join(bases(r.inWork), " → "))
		return nil
	}
	doc := r.fragments[path]
	if doc == nil {
		data, err := ReadFile(path)
		if err != nil {
			r.fragments[path] = nil // it may come to be
			n.Problem("%v%s", err, nearFragment(path))
			return nil
		}
		doc = source.Parse(path, data)
		r.fragments[path] = doc
	}
	if doc.Root == nil {
		return nil
	}
	return doc
}

func bases(paths []string) []string {
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = filepath.Base(p)
	}
	return names
}

// nearFragment names the fragment of the folder whose name is nearest.
func nearFragment(path string) string {
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "_*.yaml"))
	if s := source.DidYouMean(filepath.Base(path), bases(found)); s != "" {
		return s
	}
	return ": no fragment is there, and a path is relative to the file that uses it"
}

// Fragment reads a fragment whose parameters have the values given, where names are seen. n is where it is used; nil: it is
// read alone.
func (r *Reader) Fragment(doc *source.Document, names *source.Names, n *source.Node, given []source.Pair) ([]Step, []Argument) {
	doc.Reread(names)
	o := doc.Root.Object(FragmentFields())
	var arguments []Argument
	known := []string{}
	if params := o.Get("params"); params != nil && !params.Missing() {
		for _, p := range params.Map() {
			known = append(known, p.Key)
			checkParam(doc, p)
			a, argument := r.argument(doc, p, n, given)
			if argument.From == nil {
				argument.From = doc.Names // those before it
			}
			arguments = append(arguments, a)
			doc.Names = doc.Names.Bind(p.Key, argument)
		}
	}
	for _, g := range given {
		if !slices.Contains(known, g.Key) {
			n.Document().At(g.Line, g.Column, "%s has no parameter %q%s", filepath.Base(doc.Name), g.Key, source.DidYouMean(g.Key, known))
		}
	}
	steps := o.Get("steps")
	if steps == nil {
		return nil, arguments
	}
	list := r.Steps(steps)
	if len(steps.Items) == 0 && steps.Kind == source.KindList {
		steps.Problem("the fragment holds no step")
	}
	return list, arguments
}

func checkParam(doc *source.Document, p source.Pair) {
	switch {
	case !source.ValidName(p.Key):
		doc.At(p.Line, p.Column, "%q is no name: use letters, digits and _", p.Key)
	case slices.Contains(source.BuiltIns(), p.Key):
		doc.At(p.Line, p.Column, "${%s} is built in: choose another name", p.Key)
	}
}

// argument gives what one parameter stands for: what is given, or its default.
func (r *Reader) argument(doc *source.Document, p source.Pair, n *source.Node, given []source.Pair) (Argument, source.Argument) {
	if i := slices.IndexFunc(given, func(g source.Pair) bool { return g.Key == p.Key }); i >= 0 {
		value := given[i].Value
		text := value.Templated()
		return Argument{Name: p.Key, Text: text}, source.Argument{Text: text, From: n.Document().Names, Node: value}
	}
	if !p.Value.Missing() {
		text := p.Value.Templated()
		return Argument{Name: p.Key, Text: text, Default: true}, source.Argument{Text: text, Node: p.Value}
	}
	if n != nil {
		n.Problem("%s needs the parameter %s: write use: {file: %s, with: {%s: …}}", filepath.Base(doc.Name), p.Key, filepath.Base(doc.Name), p.Key)
	}
	return Argument{Name: p.Key}, source.Argument{}
}
