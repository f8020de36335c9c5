package source

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Names are what references of one document may name. Those of a fragment are layers around those of the file that uses it:
// each layer may add one name, which hides what has the same name further out.
type Names struct {
	Vars    map[string]string // with references in them, unresolved
	Secrets map[string]Secret
	// Open names are not all known: those of a fragment that is read without a flow that uses it.
	Open bool

	saved    map[string]bool
	used     map[string]bool
	straight map[string]bool // vars that were found to lead to no circle

	outer    *Names // nil: this is not a layer, and the fields above are its own
	name     string // empty: the layer adds none
	argument Argument
	user     string // the flow that uses the fragment that the layer is around
}

// Argument is what a parameter of a fragment stands for.
type Argument struct {
	Text string // with references, which are resolved among From
	From *Names
	Node *Node // where it is written; nil: nowhere yet
}

// NewNames gives no names.
func NewNames() *Names {
	return &Names{Vars: map[string]string{}, Secrets: map[string]Secret{}, saved: map[string]bool{}, used: map[string]bool{}, straight: map[string]bool{}}
}

// Inside gives the names that a fragment sees which is used where n are seen, by the flow of that name.
func (n *Names) Inside(flow string) *Names { return &Names{outer: n, user: flow} }

// Bind gives the names with one more.
func (n *Names) Bind(name string, a Argument) *Names {
	return &Names{outer: n, user: n.user, name: name, argument: a}
}

// root gives the names without layers.
func (n *Names) root() *Names {
	for n.outer != nil {
		n = n.outer
	}
	return n
}

// bound gives the argument that name stands for, or nil.
func (n *Names) bound(name string) *Argument {
	for ; n.outer != nil; n = n.outer {
		if n.name == name && name != "" {
			return &n.argument
		}
	}
	return nil
}

// argumentOf gives the first argument that a text refers to, or nil.
func (n *Names) argumentOf(text string) *Argument {
	refs, err := References(text)
	for _, ref := range refs {
		if a := n.bound(ref.Name); err == nil && a != nil {
			return a
		}
	}
	return nil
}

// Save makes a saved value known from here on.
func (n *Names) Save(name string) { n.root().saved[name] = true }

// Used reports whether a reference named name, itself or by way of vars.
func (n *Names) Used(name string) bool {
	n = n.root()
	seen := map[string]bool{}
	var reaches func(string) bool
	reaches = func(from string) bool {
		if from == name {
			return true
		}
		if seen[from] {
			return false
		}
		seen[from] = true
		refs, err := References(n.Vars[from])
		return err == nil && slices.ContainsFunc(refs, func(ref Reference) bool { return reaches(ref.subject()) })
	}
	for from := range n.used {
		if reaches(from) {
			return true
		}
	}
	return false
}

// all gives every name that can be written here, in no order, for did-you-mean.
func (n *Names) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; n.outer != nil; n = n.outer {
			if n.name != "" && !yield(n.name) {
				return
			}
		}
		for _, names := range []iter.Seq[string]{maps.Keys(n.Vars), maps.Keys(n.Secrets), maps.Keys(n.saved), slices.Values(BuiltIns())} {
			for name := range names {
				if !yield(name) {
					return
				}
			}
		}
	}
}

// Check says what is wrong with the references in a text: one is malformed or names nothing.
func (n *Names) Check(text string) error {
	refs, err := References(text)
	for _, ref := range refs {
		if err == nil {
			err = n.check(ref)
		}
	}
	return err
}

// check says what is wrong with a reference where any name may stand.
func (n *Names) check(ref Reference) error {
	err, builtIn := checkBuiltIn(ref)
	switch {
	case err != nil:
		return err
	case builtIn && ref.Name == totpName:
		if n.defined(ref, ref.Argument) != nil {
			return fmt.Errorf("%s: the secret %s is missing%s: add %[2]s: {env: NAME} under secrets", ref, ref.Argument, hint(nearest(ref.Argument, n.all())))
		}
		return n.checkTOTP(ref)
	case builtIn:
		return nil
	}
	if err := n.defined(ref, ref.Name); err != nil {
		return err
	}
	if ref.HasArg {
		return fmt.Errorf("%s: only built-in references take an argument after a colon: write ${%s}", ref, ref.Name)
	}
	return nil
}

// defined says that the name in a reference names nothing, or notes that it is used.
func (n *Names) defined(ref Reference, name string) error {
	if n.bound(name) != nil {
		return nil // what it stands for was checked where it stands
	}
	root := n.root()
	root.used[name] = true
	_, isVar := root.Vars[name]
	_, isSecret := root.Secrets[name]
	if isVar || isSecret || root.saved[name] || root.Open {
		return nil
	}
	return n.undefined(ref, name)
}

func (n *Names) undefined(ref Reference, name string) error {
	hint := hint(nearest(name, n.all()))
	if n.user != "" {
		return fmt.Errorf("%s is not defined%s in %s, which uses this fragment: define it there, or list it under params here", ref, hint, n.user)
	}
	return fmt.Errorf("%s is not defined%s: define it under vars or secrets, or save it in a step before this one", ref, hint)
}

// checkTOTP says that a code cannot be made, as far as that is known now. A secret that is not set is told elsewhere.
func (n *Names) checkTOTP(ref Reference) error {
	value, err := n.known(Reference{Name: ref.Argument})
	if secret, is := n.root().Secrets[ref.Argument]; is && n.bound(ref.Argument) == nil {
		value, err = secret.peek()
	}
	if err != nil {
		return nil // not known now
	}
	return CheckTOTP(ref.Argument, value)
}

// Resolve gives text with its references resolved, where all of them are vars or parameters whose values are known before
// the run.
func (n *Names) Resolve(text string) (string, error) { return Expand(text, n.known) }

// errFromCaller is the error of a name that only the flow knows that uses the fragment.
var errFromCaller = errors.New("known to the flow that uses the fragment")

// known gives the value of a var or a parameter at load.
func (n *Names) known(ref Reference) (string, error) {
	if a := n.bound(ref.Name); a != nil && !ref.HasArg {
		if a.Node == nil {
			return "", errFromCaller
		}
		return a.From.Resolve(a.Text)
	}
	root := n.root()
	_, isVar := root.Vars[ref.Name]
	_, isSecret := root.Secrets[ref.Name]
	switch {
	case !isVar && (isSecret || root.saved[ref.Name] || slices.Contains(BuiltIns(), ref.Name)):
		return "", fmt.Errorf("%s is not known before the run: here only a var or a parameter can stand", ref)
	case !isVar && root.Open:
		return "", errFromCaller
	case !isVar:
		return "", n.undefined(ref, ref.Name)
	}
	if err := root.Circular(ref.Name); err != nil {
		return "", err
	}
	return NewVars(root.Vars, root.known).Value(ref.Name)
}

// Circular reports whether a var refers to itself, at whatever distance.
func (n *Names) Circular(name string) error {
	return n.circular(name, []string{name}, map[string]bool{name: true})
}

// circular looks at each var once: those in straight lead to no circle. busy holds what is in path.
func (n *Names) circular(name string, path []string, busy map[string]bool) error {
	refs, err := References(n.Vars[name])
	if err != nil {
		return nil // told elsewhere
	}
	for _, ref := range refs {
		to := ref.subject()
		if _, isVar := n.Vars[to]; !isVar || n.straight[to] {
			continue
		}
		next := append(path, to) // its room is free again when circular comes back
		if busy[to] {
			return fmt.Errorf("%s refers to itself: %s", ref, strings.Join(next, " → "))
		}
		busy[to] = true
		if err := n.circular(to, next, busy); err != nil {
			return err
		}
		delete(busy, to)
	}
	n.straight[name] = true
	return nil
}
