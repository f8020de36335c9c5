package browser

import (
	"fmt"
	"slices"
	"strings"
)

// By is how a Locator looks for elements: the keys of the language.
type By string

// The ways to look. ByPlain is a plain string: what a person sees.
const (
	ByPlain       By = "plain"
	ByCSS         By = "css"
	ByXPath       By = "xpath"
	ByText        By = "text"
	ByLabel       By = "label"
	ByPlaceholder By = "placeholder"
	ByRole        By = "role"
	ByTestID      By = "testid"
	ByAlt         By = "alt"
	ByTooltip     By = "tooltip"
)

// Locator says which elements of a page are meant. Its JSON is what the page script reads.
type Locator struct {
	By      By       `json:"by"`
	Value   string   `json:"value"`
	Name    string   `json:"name,omitempty"` // ByRole: the accessible name
	Exact   bool     `json:"exact,omitempty"`
	HasText string   `json:"hasText,omitempty"`
	Nth     *int     `json:"nth,omitempty"` // 0 is the first, -1 the last
	In      *Locator `json:"in,omitempty"`
	// Frames are the frame elements to look in, outermost first, each looked for in the document of the one before. In is
	// looked for in the innermost. The page script does not see them.
	Frames []Locator `json:"-"`
}

// MapAll is Map for a list.
func MapAll(list []Locator, f func(string) (string, error)) ([]Locator, error) {
	var mapped []Locator
	for _, l := range list {
		m, err := l.Map(f)
		if err != nil {
			return nil, err
		}
		mapped = append(mapped, m)
	}
	return mapped, nil
}

// Scope is where locators are looked for: inside an element, inside frames; or anywhere.
type Scope struct {
	Frames []Locator
	In     *Locator // in the innermost of Frames; nil: anywhere in it
}

// String writes the locator as a person would in YAML.
func (l Locator) String() string {
	if (l.By == ByPlain || l.By == ByText) && !l.Exact && l.HasText == "" && l.Nth == nil && l.In == nil && l.Frames == nil {
		return fmt.Sprintf("%q", l.Value)
	}
	parts := []string{fmt.Sprintf("%s: %s", l.By, l.Value)}
	if l.By == ByPlain {
		parts[0] = fmt.Sprintf("%q", l.Value)
	}
	if l.Name != "" {
		parts = append(parts, "name: "+l.Name)
	}
	if l.HasText != "" {
		parts = append(parts, "has_text: "+l.HasText)
	}
	if l.Exact {
		parts = append(parts, "exact: true")
	}
	if l.Nth != nil {
		parts = append(parts, fmt.Sprintf("nth: %d", *l.Nth))
	}
	if l.In != nil {
		parts = append(parts, "in: "+l.In.String())
	}
	for _, frame := range l.Frames {
		parts = append(parts, "frame: "+frame.String())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Map gives the locator with f applied to every text in it, or f's first error.
func (l Locator) Map(f func(string) (string, error)) (Locator, error) {
	for _, text := range []*string{&l.Value, &l.Name, &l.HasText} {
		s, err := f(*text)
		if err != nil {
			return l, err
		}
		*text = s
	}
	if l.In != nil {
		in, err := l.In.Map(f)
		if err != nil {
			return l, err
		}
		l.In = &in
	}
	frames, err := MapAll(l.Frames, f)
	l.Frames = frames
	return l, err
}

// Locator gives l looked for in the scope. What l says of its own place is looked for in the scope, too.
func (s Scope) Locator(l Locator) Locator {
	l.Frames, l.In = l.place()
	inner := s.Inside(l.Frames, l.In)
	l.Frames, l.In = inner.Frames, inner.In
	return l
}

// Inside gives the scope inside frames in s, and there inside in.
func (s Scope) Inside(frames []Locator, in *Locator) Scope {
	for _, f := range frames {
		f = s.Locator(f)
		path := f.Frames
		f.Frames = nil
		s = Scope{Frames: append(slices.Clip(path), f)}
	}
	if in == nil {
		return s
	}
	inner := s.Locator(*in)
	s.Frames, inner.Frames = inner.Frames, nil
	s.In = &inner
	return s
}

// place gives where l is looked for: all its frames, those that its scope names too, and its scope without them.
func (l Locator) place() ([]Locator, *Locator) {
	if l.In == nil {
		return l.Frames, nil
	}
	in := *l.In
	in.Frames, in.In = in.place()
	frames := append(slices.Clip(l.Frames), in.Frames...)
	in.Frames = nil
	return frames, &in
}
