package source

import (
	"slices"
	"time"
)

// Field is one key that a map may hold: what is read, and what the schema and the reference say of it.
type Field struct {
	Key      string
	Type     string // as in Types
	Doc      string
	Required bool
}

// Object reads a map whose keys are known. Keys that are not among the fields are problems at once.
type Object struct {
	Node   *Node
	values map[string]*Node
	fields []Field
}

// Object reads the node as a map with those fields.
func (n *Node) Object(fields []Field) *Object {
	o := &Object{Node: n, values: map[string]*Node{}, fields: fields}
	if n.Kind != KindMap {
		n.Problem("a map (key: value) is wanted here, not %s; its keys are: %s", n.Kind, list(o.keys()))
		return o
	}
	for _, p := range n.Pairs {
		if !slices.Contains(o.keys(), p.Key) {
			if slices.Contains(n.Outer, p.Key) {
				n.doc.At(p.Line, p.Column, "%s stands one level further out: on a line of its own under the step", p.Key)
			} else {
				n.doc.At(p.Line, p.Column, "unknown key %q%s", p.Key, DidYouMean(p.Key, o.keys()))
			}
			continue
		}
		o.values[p.Key] = p.Value
	}
	for _, f := range fields {
		if f.Required && o.values[f.Key] == nil {
			n.Problem("%s is missing", f.Key)
		}
	}
	return o
}

func (o *Object) keys() []string {
	keys := make([]string, len(o.fields))
	for i, f := range o.fields {
		keys[i] = f.Key
	}
	return keys
}

// Get gives the value of key, or nil.
func (o *Object) Get(key string) *Node { return o.values[key] }

// Has reports whether key is there.
func (o *Object) Has(key string) bool { return o.values[key] != nil }

// read gives what f reads from key's value, or def where the key is not there.
func read[T any](o *Object, key string, def T, f func(*Node) T) T {
	if n := o.values[key]; n != nil {
		return f(n)
	}
	return def
}

// Literal, Templated, Bool, Int and Duration read key's value as Node's methods of these names do, or give def when it is
// not there.
func (o *Object) Literal(key, def string) string { return read(o, key, def, (*Node).Literal) }

// Templated: see Literal.
func (o *Object) Templated(key, def string) string { return read(o, key, def, (*Node).Templated) }

// Resolved: see Literal.
func (o *Object) Resolved(key, def string) string { return read(o, key, def, (*Node).Resolved) }

// Bool: see Literal.
func (o *Object) Bool(key string, def bool) bool { return read(o, key, def, (*Node).Bool) }

// Int: see Literal.
func (o *Object) Int(key string, def, least int) int {
	return read(o, key, def, func(n *Node) int { return n.Int(least) })
}

// Duration: see Literal.
func (o *Object) Duration(key string, def time.Duration) time.Duration {
	return read(o, key, def, (*Node).Duration)
}
