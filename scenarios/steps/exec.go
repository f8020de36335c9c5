package steps

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

// Exec is what one step acts with. The runner supplies it.
type Exec struct {
	Page  *browser.Page
	Scope browser.Scope // of the step's locators, resolved
	// Since is when the step before began; zero: there was none.
	Since time.Time
	// Play plays the steps inside the step; arguments are names for them alone.
	Play func(ctx context.Context, list []Step, arguments []Argument) error
	// Lookup gives the value of a reference.
	Lookup func(source.Reference) (string, error)
	// IsSecret reports whether a reference names a secret.
	IsSecret func(source.Reference) bool
	// Save keeps a value for later steps and for the run's record.
	Save func(name, value string)
	// Attach keeps a picture with the run.
	Attach func(name string, png []byte)
}

// Argument is a name that the steps of a fragment see.
type Argument struct {
	Name, Text string
	// Default: Text stands in the fragment and may refer to the arguments before it; else it is the caller's.
	Default bool
}

// Text gives s with its references resolved.
func (x *Exec) Text(s string) (string, error) { return source.Expand(s, x.Lookup) }

// Locator gives l with its references resolved, inside the step's scope.
func (x *Exec) Locator(l browser.Locator) (browser.Locator, error) {
	resolved, err := l.Map(x.Text)
	return x.Scope.Locator(resolved), err
}

// scope gives the place that s names with its references resolved, inside the step's own.
func (x *Exec) scope(s browser.Scope) (browser.Scope, error) {
	frames, err := browser.MapAll(s.Frames, x.Text)
	if err != nil || s.In == nil {
		return x.Scope.Inside(frames, nil), err
	}
	in, err := s.In.Map(x.Text)
	return x.Scope.Inside(frames, &in), err
}

// Inside gives what the step s acts with: its own scope is inside x's.
func (x *Exec) Inside(s Step) (browser.Scope, error) {
	return x.scope(browser.Scope{Frames: s.Frames, In: s.In})
}

// optional is Locator for one that may be nil.
func (x *Exec) optional(l *browser.Locator) (*browser.Locator, error) {
	if l == nil {
		return nil, nil
	}
	resolved, err := x.Locator(*l)
	return &resolved, err
}

// entry gives s as text to enter, its references resolved at that moment.
func (x *Exec) entry(s string) browser.Entry {
	return browser.Entry{Text: func(context.Context) (string, error) { return x.Text(s) }, Secret: x.holdsSecret(s)}
}

// holdsSecret reports whether s refers to a secret.
func (x *Exec) holdsSecret(s string) bool {
	refs, err := source.References(s)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(refs, x.IsSecret)
}

// Pattern compiles a regular expression in which references stand for their values, quoted.
func (x *Exec) Pattern(s string) (*regexp.Regexp, error) {
	return compile(s, x.Lookup)
}

func compile(pattern string, lookup func(source.Reference) (string, error)) (*regexp.Regexp, error) {
	quoted, err := source.Expand(pattern, func(ref source.Reference) (string, error) {
		value, err := lookup(ref)
		return regexp.QuoteMeta(value), err
	})
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(quoted)
	if err != nil {
		return nil, fmt.Errorf("%q is no regular expression: %w", pattern, err)
	}
	return re, nil
}

// args gives values with the references in their texts resolved.
func (x *Exec) args(v map[string]any) (map[string]any, error) {
	resolved, err := x.value(v)
	if err != nil {
		return nil, err
	}
	m, _ := resolved.(map[string]any)
	return m, nil
}

func (x *Exec) value(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return x.Text(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = x.value(v[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		m := make(map[string]any, len(v))
		for key := range v {
			var err error
			if m[key], err = x.value(v[key]); err != nil {
				return nil, err
			}
		}
		return m, nil
	default:
		return v, nil
	}
}
