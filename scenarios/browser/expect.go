package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Condition is one thing that is expected. Exactly one of its kinds of test is set. Its JSON is what the page script reads.
type Condition struct {
	Locator *Locator `json:"locator,omitempty"`
	Page    string   `json:"page,omitempty"` // url, title or status

	Visible  *bool   `json:"visible,omitempty"`
	Enabled  *bool   `json:"enabled,omitempty"`
	Checked  *bool   `json:"checked,omitempty"`
	Editable *bool   `json:"editable,omitempty"`
	Focused  *bool   `json:"focused,omitempty"`
	Count    *Count  `json:"count,omitempty"`
	Contains *string `json:"contains,omitempty"`
	Equals   *string `json:"equals,omitempty"`
	Value    *string `json:"value,omitempty"`

	Attribute *Named  `json:"attribute,omitempty"`
	CSS       *Named  `json:"css,omitempty"`
	NotText   *string `json:"notText,omitempty"`
	Status    int     `json:"status,omitempty"`

	Matches *regexp.Regexp `json:"-"` // RE2, of the element's text or the page's url or title
	Script  *Expression    `json:"-"`
	Console *CleanConsole  `json:"-"`
	Dialog  *string        `json:"-"` // part of the message of a dialog that was opened

	Scope Scope `json:"-"` // of NotText and Script, which have no locator
}

// Count is a range of numbers of elements; Max nil: no upper end.
type Count struct {
	Min int  `json:"min"`
	Max *int `json:"max"`
}

// Named is a name with the value that it should have.
type Named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Expression is JavaScript that becomes truthy.
type Expression struct {
	JS   string
	Args map[string]any
}

// CleanConsole expects no error on the console but those that Ignore matches.
type CleanConsole struct{ Ignore []*regexp.Regexp }

// Expect waits until all conditions hold at once. The failure says what was wanted and what was last there.
func (p *Page) Expect(ctx context.Context, conditions []Condition) error {
	groups, elsewhere := splitConditions(conditions)
	// What is tested in one document waits there, else all are asked in turn.
	patient := len(groups) == 1 && len(groups[0].frames) == 0
	for {
		mayMend := true
		var unmet error
		for i := 0; unmet == nil && i < len(groups); i++ {
			mayMend, unmet = p.inPage(ctx, groups[i], patient)
		}
		for i := 0; unmet == nil && i < len(elsewhere); i++ {
			mayMend, unmet = p.elsewhere(ctx, elsewhere[i])
		}
		if unmet == nil && p.unquiet(ctx, elsewhere) {
			for i := 0; unmet == nil && i < len(elsewhere); i++ {
				mayMend, unmet = p.elsewhere(ctx, elsewhere[i])
			}
		}
		if unmet == nil || !mayMend || budget(ctx) == 0 || p.pause(ctx, 100*time.Millisecond) != nil {
			return unmet
		}
	}
}

// unquiet waits, where a clean console is expected, for errors that are just on their way, and reports whether it did: until the
// page has been without requests for a moment, but no longer than quietMost, or than the step may take.
func (p *Page) unquiet(ctx context.Context, conditions []Condition) bool {
	if !slices.ContainsFunc(conditions, func(c Condition) bool { return c.Console != nil }) {
		return false
	}
	network, hears := p.session.(Network)
	started := time.Now()
	for p.pause(ctx, 20*time.Millisecond) == nil {
		rested := time.Since(started)
		if hears {
			inFlight, since := network.Busy()
			switch {
			case rested >= quietMost:
				return true
			case inFlight > 0:
				continue
			}
			rested = min(rested, time.Since(since))
		}
		if rested >= quiet {
			return true
		}
	}
	return true
}

const (
	quiet     = 300 * time.Millisecond
	quietMost = 2 * time.Second
)

// group are conditions that the page script tests in one document.
type group struct {
	frames     []Locator
	conditions []Condition
}

// splitConditions parts the conditions that the page script tests, by document, from those that are tested outside of pages.
func splitConditions(all []Condition) (groups []group, elsewhere []Condition) {
	for _, c := range all {
		if c.Script != nil || c.Console != nil || c.Dialog != nil {
			elsewhere = append(elsewhere, c)
			continue
		}
		frames := c.frames()
		i := slices.IndexFunc(groups, func(g group) bool { return reflect.DeepEqual(g.frames, frames) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{frames: frames})
		}
		groups[i].conditions = append(groups[i].conditions, c)
	}
	return groups, elsewhere
}

func (c Condition) frames() []Locator {
	if c.Locator != nil {
		return c.Locator.Frames
	}
	return c.Scope.Frames
}

// holdsWithout reports whether a condition holds where there is no document for it.
func (c Condition) holdsWithout() bool {
	return c.Visible != nil && !*c.Visible || c.Count != nil && c.Count.Min == 0 || c.NotText != nil
}

// inPage says what is not so of conditions, and whether that may change. Only where it is patient it waits.
func (p *Page) inPage(ctx context.Context, g group, patient bool) (mayMend bool, unmet error) {
	var seen struct{ Values []*string }
	r := request{"conditions": wire(g.conditions)}
	if patient {
		if err := p.ask(ctx, nil, "expect", r, &seen); err != nil {
			return false, err
		}
		return true, unmatched(g.conditions, seen.Values)
	}
	longer, cancel := graceful(ctx)
	defer cancel()
	docs, err := p.enterNow(longer, g.frames)
	if err == nil {
		r["budget"] = 0
		err = eval(ctx, longer, docs.inner(), "expect", r, &seen)
	}
	switch {
	case err == nil:
		return true, unmatched(g.conditions, seen.Values)
	case isMissingFrame(err):
		for _, c := range g.conditions {
			if !c.holdsWithout() {
				return true, asAssertion(err)
			}
		}
		return true, nil
	default:
		return mayChange(err), inFrame(p.explain(ctx, err), g.frames)
	}
}

// mayChange reports whether a condition that does not hold may come to hold: what the page says, unless it says for ever.
func mayChange(err error) bool {
	var m *miss
	return errors.Is(err, ErrDocumentGone) || errors.As(err, &m) && !m.Final
}

// asAssertion says of a failure that it is an expectation that did not come true.
func asAssertion(err error) error {
	var failure *Failure
	if !errors.As(err, &failure) {
		return err
	}
	said := *failure
	said.Class = ClassAssertion
	return &said
}

// wire gives the conditions as the page script reads them.
func wire(conditions []Condition) []map[string]any {
	list := make([]map[string]any, len(conditions))
	for i, c := range conditions {
		raw, _ := json.Marshal(c) // plain data: it cannot fail
		_ = json.Unmarshal(raw, &list[i])
		if c.Matches != nil {
			list[i]["matches"] = true
		}
		if c.NotText != nil && c.Scope.In != nil {
			list[i]["in"] = c.Scope.In
		}
	}
	return list
}

func unmatched(conditions []Condition, values []*string) error {
	for i, c := range conditions {
		if c.Matches == nil || i >= len(values) || values[i] == nil {
			continue
		}
		if found := *values[i]; !c.Matches.MatchString(found) {
			what := map[string]string{"url": "the URL", "title": "the title"}[c.Page]
			if c.Locator != nil {
				what = "the text of " + c.Locator.String()
			}
			return &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected %s to match /%s/, found %q", what, c.Matches, found)}
		}
	}
	return nil
}

// elsewhere says what is not so of a condition, and whether that may change.
func (p *Page) elsewhere(ctx context.Context, c Condition) (mayMend bool, unmet error) {
	switch {
	case c.Script != nil:
		return p.truthy(ctx, c.Scope.Frames, *c.Script)
	case c.Dialog != nil:
		return true, p.dialog(*c.Dialog)
	}
	for _, m := range p.ConsoleMessages() {
		if m.Level == "error" && !matchesAny(c.Console.Ignore, m.Text) {
			// What is on the console stays there.
			return false, &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected no error on the console, found: %s%s", m.Text, from(m.URL))}
		}
	}
	return true, nil
}

// dialog says whether a dialog with that text was opened.
func (p *Page) dialog(text string) error {
	session, ok := p.session.(Dialogs)
	if !ok {
		return &Failure{Class: ClassInternal, Message: "this browser does not tell of dialogs"}
	}
	found := "none was opened"
	for _, d := range session.Dialogs() {
		if strings.Contains(foldCase(d.Message), foldCase(text)) {
			return nil
		}
		found = fmt.Sprintf("the last one was the %s %q", d.Kind, d.Message)
	}
	return &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected a dialog that says %q; %s", text, found)}
}

// foldCase makes texts comparable as the language compares them: white space folded, case ignored.
func foldCase(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func from(url string) string {
	if url == "" {
		return ""
	}
	return ", from " + url
}

func matchesAny(patterns []*regexp.Regexp, text string) bool {
	for _, re := range patterns {
		if re.MatchString(text) {
			return true
		}
	}
	return false
}

func (p *Page) truthy(ctx context.Context, frames []Locator, e Expression) (mayMend bool, unmet error) {
	longer, cancel := graceful(ctx)
	defer cancel()
	docs, err := p.enterNow(longer, frames)
	if isMissingFrame(err) {
		return true, asAssertion(err)
	}
	var raw json.RawMessage
	if err == nil {
		raw, err = docs.inner().Script(longer, "const value = await ("+e.JS+"\n); return [Boolean(value), typeof value === 'object' ? JSON.stringify(value) : String(value)]", e.Args)
	}
	var script *ScriptError
	switch {
	case errors.Is(err, ErrDocumentGone):
		return true, &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected %s to become true; the page was just being replaced", e.JS)}
	case errors.As(err, &script):
		// What it throws may be of a page that is not ready; what is no JavaScript stays so.
		failure := &Failure{Class: ClassScript, Message: fmt.Sprintf("%s: %s", e.JS, script.Message), Err: err}
		return !strings.HasPrefix(script.Message, "SyntaxError"), failure
	case err != nil:
		return mayChange(err), scripting(p.explain(ctx, err))
	}
	var result [2]any
	if err := json.Unmarshal(raw, &result); err == nil && result[0] == true {
		return true, nil
	}
	return true, &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected %s to become true, it is %v", e.JS, result[1])}
}
