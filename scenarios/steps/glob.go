package steps

import (
	"regexp"

	"trackwalker/scenarios/source"
)

// URLGlob reads a glob that covers a whole URL, and checks, as far as it is known before the run, that any URL can match it.
func URLGlob(n *source.Node) string {
	text := n.Templated()
	if n.Wrong() {
		return text
	}
	known, err := n.Document().Names.Resolve(text)
	switch {
	case err != nil:
	case known == "":
		n.Problem("the URL is empty: write a glob, as */api/products*")
	case !regexp.MustCompile(`^(?i:[a-z][a-z0-9+.-]*)?[*:]`).MatchString(known):
		n.Problem("no URL is like %q: a glob covers the whole URL, so write *%s, or begin with http:// or https://", known, known)
	}
	return text
}
