package source

import (
	"fmt"
	"strconv"
	"strings"
)

// Reference is one ${name} or ${name:argument} in a text.
type Reference struct {
	Name     string
	Argument string // after the colon
	HasArg   bool
}

// String gives the reference as it is written.
func (r Reference) String() string {
	if r.HasArg {
		return "${" + r.Name + ":" + r.Argument + "}"
	}
	return "${" + r.Name + "}"
}

// ValidName reports whether a var, a secret or a saved value can be called name.
func ValidName(name string) bool {
	for i, c := range []byte(name) {
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '.' || c == '-')) {
			return false
		}
	}
	return name != "" && len(name) <= 100
}

// segment is a stretch of literal text, or a reference.
type segment struct {
	literal string
	ref     *Reference
}

// maxReferences is how many references one text may hold.
const maxReferences = 1000

// split takes text apart. `$${` stands for `${`.
func split(text string) ([]segment, error) {
	var segments []segment
	refs := 0
	for text != "" {
		at := strings.Index(text, "${")
		if at < 0 {
			return append(segments, segment{literal: text}), nil
		}
		if at > 0 && text[at-1] == '$' {
			segments = append(segments, segment{literal: text[:at-1] + "${"})
			text = text[at+2:]
			continue
		}
		if at > 0 {
			segments = append(segments, segment{literal: text[:at]})
		}
		inner, rest, closed := strings.Cut(text[at+2:], "}")
		if !closed {
			return nil, fmt.Errorf("${%s is not closed: write } behind the name, or $${ for the two characters themselves", shorten(text[at+2:]))
		}
		name, arg, hasArg := strings.Cut(inner, ":")
		if !ValidName(name) {
			return nil, fmt.Errorf("${%s} is no reference: a name is letters, digits, _, - and dots; write $${ for the two characters themselves", shorten(inner))
		}
		if refs++; refs > maxReferences {
			return nil, fmt.Errorf("more than %d references stand in one text: split it", maxReferences)
		}
		segments = append(segments, segment{ref: &Reference{name, arg, hasArg}})
		text = rest
	}
	return segments, nil
}

// References gives the references in text, in order. The error says what is malformed.
func References(text string) ([]Reference, error) {
	segments, err := split(text)
	var refs []Reference
	for _, s := range segments {
		if s.ref != nil {
			refs = append(refs, *s.ref)
		}
	}
	return refs, err
}

// Expand gives text with every reference replaced by what lookup gives for it. What comes in is not looked at again.
func Expand(text string, lookup func(Reference) (string, error)) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	segments, err := split(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, s := range segments {
		if s.ref == nil {
			b.WriteString(s.literal)
			continue
		}
		value, err := lookup(*s.ref)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		if b.Len() > 2*MaxBytes {
			return "", fmt.Errorf("%s: the text is too long with its references resolved", shorten(text))
		}
	}
	return b.String(), nil
}

// Vars resolves vars, each once.
type Vars struct {
	texts  map[string]string
	other  func(Reference) (string, error)
	values map[string]string
	busy   map[string]bool
}

// NewVars gives the values of texts; other gives those of references in them that are no vars.
func NewVars(texts map[string]string, other func(Reference) (string, error)) *Vars {
	return &Vars{texts: texts, other: other, values: map[string]string{}, busy: map[string]bool{}}
}

// Has reports whether name is a var.
func (v *Vars) Has(name string) bool {
	_, is := v.texts[name]
	return is
}

// Value gives a var's value, with all references in it resolved.
func (v *Vars) Value(name string) (string, error) {
	if value, done := v.values[name]; done {
		return value, nil
	}
	if v.busy[name] {
		return "", fmt.Errorf("${%s} refers to itself", name)
	}
	v.busy[name] = true
	defer delete(v.busy, name)
	value, err := Expand(v.texts[name], func(ref Reference) (string, error) {
		if v.Has(ref.Name) {
			return v.Value(ref.Name)
		}
		return v.other(ref)
	})
	if err == nil && len(value) > MaxBytes {
		err = fmt.Errorf("${%s} is longer than %d bytes", name, MaxBytes)
	}
	if err != nil {
		return "", err
	}
	v.values[name] = value
	return value, nil
}

// BuiltIns gives the names of the references that are always there.
func BuiltIns() []string { return []string{"run.id", "run.attempt", "now", "uuid", "random", totpName} }

// MaxRandom is the longest ${random:n}.
const MaxRandom = 256

func checkBuiltIn(ref Reference) (err error, builtIn bool) { //nolint:revive // the error is the answer, not a failure
	switch ref.Name {
	case "run.id", "run.attempt", "uuid":
		if ref.HasArg {
			return fmt.Errorf("%s takes nothing after a colon: write ${%s}", ref, ref.Name), true
		}
		return nil, true
	case "now":
		if ref.HasArg && ref.Argument == "" {
			return fmt.Errorf("%s needs a layout after the colon, as ${now:2006-01-02}", ref), true
		}
		return nil, true
	case "random":
		if n, err := strconv.Atoi(ref.Argument); err != nil || n < 1 || n > MaxRandom {
			return fmt.Errorf("%s needs how many characters, from 1 to %d, as ${random:8}", ref, MaxRandom), true
		}
		return nil, true
	case totpName:
		if !ValidName(ref.Argument) {
			return fmt.Errorf("%s needs the name of the secret after the colon, as ${totp:otp}", ref), true
		}
		return nil, true
	default:
		return nil, false
	}
}
