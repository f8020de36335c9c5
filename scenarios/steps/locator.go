package steps

import (
	"slices"
	"strings"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

// LocatorFields are the keys of a locator.
func LocatorFields() []source.Field {
	return []source.Field{
		{Key: "css", Type: "text", Doc: "a CSS selector; pierces open shadow roots"},
		{Key: "xpath", Type: "text", Doc: "an XPath expression; does not pierce shadow roots"},
		{Key: "text", Type: "text", Doc: "the innermost element that contains it"},
		{Key: "label", Type: "text", Doc: "the field with that <label>, aria-label or aria-labelledby"},
		{Key: "placeholder", Type: "text", Doc: "the field with that placeholder"},
		{Key: "role", Type: "role", Doc: "the element with that ARIA role"},
		{Key: "name", Type: "text", Doc: "with role: the accessible name"},
		{Key: "testid", Type: "text", Doc: "the element with that data-testid, whole"},
		{Key: "alt", Type: "text", Doc: "the element with that alt text"},
		{Key: "tooltip", Type: "text", Doc: "the element with that title attribute"},
		{Key: "exact", Type: "boolean", Doc: "the whole text, case-sensitive"},
		{Key: "has_text", Type: "text", Doc: "only those that contain this text"},
		{Key: "nth", Type: "integer", Doc: "0 is the first, -1 the last"},
		{Key: "in", Type: "locator", Doc: "look inside that"},
		{Key: "frame", Type: "frames", Doc: "look inside that iframe; a list for nested ones, outermost first"},
	}
}

// waysToLook are the keys of which a locator has exactly one.
func waysToLook() []browser.By {
	return []browser.By{
		browser.ByCSS, browser.ByXPath, browser.ByText, browser.ByLabel, browser.ByPlaceholder, browser.ByRole,
		browser.ByTestID, browser.ByAlt, browser.ByTooltip,
	}
}

func ways() string {
	var names []string
	for _, by := range waysToLook() {
		names = append(names, string(by))
	}
	return strings.Join(names, ", ")
}

// withLocator gives a kind's own fields and those of a locator.
func withLocator(own ...source.Field) []source.Field { return append(own, LocatorFields()...) }

// decodeLocator reads a plain string, or a map that is nothing but a locator.
func decodeLocator(n *source.Node) browser.Locator {
	if n.Kind != source.KindMap {
		return plainLocator(n, browser.ByPlain)
	}
	o := n.Object(LocatorFields())
	l, found := locatorIn(o)
	if !found {
		n.Problem("a locator needs one of: %s", ways())
	}
	return l
}

func plainLocator(n *source.Node, by browser.By) browser.Locator {
	text := n.Templated()
	if !n.Wrong() && strings.TrimSpace(text) == "" {
		n.Problem("the text to look for is empty")
	}
	return browser.Locator{By: by, Value: text}
}

// locatorIn reads the locator's keys of a map that has others too. Without any way to look, found is false.
func locatorIn(o *source.Object) (l browser.Locator, found bool) {
	for _, by := range waysToLook() {
		n := o.Get(string(by))
		if n == nil {
			continue
		}
		if found {
			n.Problem("a locator looks in one way: %s or %s, not both; refine it with in, has_text or nth", l.By, by)
			continue
		}
		l, found = plainLocator(n, by), true
		if by == browser.ByRole {
			checkRole(n, l.Value)
		}
	}
	l.Name = o.Templated("name", "")
	if name := o.Get("name"); name != nil && found && l.By != browser.ByRole {
		name.Problem("name belongs to role; a %s locator is refined with has_text, in, exact or nth", l.By)
	}
	l.Exact = o.Bool("exact", false)
	l.HasText = o.Templated("has_text", "")
	l.In, l.Frames = optionalLocator(o, "in"), framesIn(o)
	if n := o.Get("nth"); n != nil {
		nth := n.Int(-1_000_000)
		l.Nth = &nth
	}
	return l, found
}

// framesIn reads what stands under frame: one locator, or a list of them, outermost first.
func framesIn(o *source.Object) []browser.Locator {
	n := o.Get("frame")
	if n == nil {
		return nil
	}
	if n.Kind != source.KindList {
		return []browser.Locator{decodeLocator(n)}
	}
	if len(n.Items) == 0 {
		n.Problem("the list of frames is empty: name an iframe, or leave frame out")
	}
	return decodeLocators(n)
}

// decodeLocators reads a list of locators.
func decodeLocators(n *source.Node) []browser.Locator {
	var all []browser.Locator
	for _, item := range n.List() {
		all = append(all, decodeLocator(item))
	}
	return all
}

// refiners are the keys that say more of a locator and are none themselves.
func refiners() []string { return []string{"name", "exact", "has_text", "nth", "in", "frame"} }

// withoutLocator notes the refiners of a map that holds no locator, but for those that say something there all the same.
func withoutLocator(o *source.Object, fine ...string) {
	for _, key := range refiners() {
		if n := o.Get(key); n != nil && !slices.Contains(fine, key) {
			n.Problem("%s refines a locator, and there is none: one of %s is missing", key, ways())
		}
	}
}

// required is locatorIn where there must be a locator.
func required(o *source.Object) browser.Locator {
	l, found := locatorIn(o)
	if !found && o.Node.Kind == source.KindMap {
		o.Node.Problem("it does not say which element: one of %s is missing", ways())
	}
	return l
}

// target reads a locator that is a plain string, or stands among a kind's own keys.
func target(n *source.Node, fields []source.Field) (browser.Locator, *source.Object) {
	if n.Kind != source.KindMap {
		return plainLocator(n, browser.ByPlain), nil
	}
	o := n.Object(fields)
	return required(o), o
}

func checkRole(n *source.Node, role string) {
	if strings.Contains(role, "${") || role == "" {
		return
	}
	for _, known := range Roles() {
		if strings.EqualFold(role, known) {
			return
		}
	}
	n.Problem("%q is no ARIA role%s", role, source.DidYouMean(role, Roles()))
}

// Roles gives the roles of WAI-ARIA 1.2 (https://www.w3.org/TR/wai-aria-1.2/#role_definitions) that elements can have.
func Roles() []string {
	return strings.Fields(`alert alertdialog application article banner blockquote button caption cell checkbox code
		columnheader combobox complementary contentinfo definition deletion dialog directory document emphasis feed figure
		form generic grid gridcell group heading img image insertion link list listbox listitem log main mark marquee math menu
		menubar menuitem menuitemcheckbox menuitemradio meter navigation note option paragraph progressbar radio radiogroup
		region row rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong subscript
		suggestion superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid
		treeitem none presentation`)
}
