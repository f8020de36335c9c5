package runner

import (
	"context"

	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// scope is what references of one list of steps may name: the attempt's names, and around the steps of a fragment its
// arguments, one a layer, each hiding what has its name further out.
type scope struct {
	names *names

	outer *scope // nil: this is no layer
	name  string
	text  string // of the argument, resolved in from
	from  *scope
	value *string // nil: it does not last, and is resolved at each use
}

// bind gives the scope inside a fragment. Arguments are resolved now, once.
func (s *scope) bind(ctx context.Context, arguments []steps.Argument) (*scope, error) {
	inner := s
	for _, a := range arguments {
		from := s
		if a.Default {
			from = inner
		}
		layer := &scope{names: s.names, outer: inner, name: a.Name, text: a.Text, from: from}
		if !from.lastsShort(a.Text) {
			value, err := from.expand(ctx, a.Text)
			if err != nil {
				return nil, err
			}
			layer.value = &value
		}
		inner = layer
	}
	return inner, nil
}

// argument gives the layer of the argument of that name, or nil.
func (s *scope) argument(name string) *scope {
	for ; s.outer != nil; s = s.outer {
		if s.name == name {
			return s
		}
	}
	return nil
}

func (s *scope) expand(ctx context.Context, text string) (string, error) {
	return source.Expand(text, s.lookup(ctx))
}

// lookup gives what gives the values of references until ctx is over. It may wait for the next one-time code.
func (s *scope) lookup(ctx context.Context) func(source.Reference) (string, error) {
	return func(ref source.Reference) (string, error) { return s.get(ctx, ref) }
}

func (s *scope) get(ctx context.Context, ref source.Reference) (string, error) {
	if ref.Name == "totp" {
		secret, err := s.get(ctx, source.Reference{Name: ref.Argument})
		if err != nil {
			return "", err
		}
		return code(ctx, ref.Argument, secret)
	}
	a := s.argument(ref.Name)
	_, saved := s.names.saved[ref.Name]
	switch {
	case a != nil && a.value != nil:
		return *a.value, nil
	case a != nil:
		return a.from.expand(ctx, a.text)
	case !saved && s.lastsShort(s.names.texts[ref.Name]):
		return (&scope{names: s.names}).expand(ctx, s.names.texts[ref.Name])
	default:
		return s.names.lookup(ref)
	}
}

// isSecret reports whether a reference stands for a secret, or for something that holds one.
func (s *scope) isSecret(ref source.Reference) bool {
	if a := s.argument(ref.Name); a != nil {
		return holds(a.text, a.from.isSecret)
	}
	return s.names.isSecret(ref)
}

// lastsShort reports whether a text holds a one-time code, itself or by way of an argument or a var. One that was kept would
// be too old when it is entered.
func (s *scope) lastsShort(text string) bool {
	return holds(text, func(ref source.Reference) bool {
		if a := s.argument(ref.Name); a != nil {
			return a.value == nil
		}
		return ref.Name == "totp" || s.lastsShort(s.names.texts[ref.Name])
	})
}
