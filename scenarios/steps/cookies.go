package steps

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

// CookieFields are the keys of a cookie.
func CookieFields() []source.Field {
	return []source.Field{
		{Key: "name", Type: "text", Doc: "what it is called", Required: true},
		{Key: "value", Type: "text", Doc: "what it holds", Required: true},
		{Key: "domain", Type: "text", Doc: "where it is sent; default the current page's host"},
		{Key: "path", Type: "text", Doc: "default /"},
		{Key: "url", Type: "text", Doc: "where it belongs, in place of domain and path"},
		{Key: "expires", Type: "text", Doc: "a time (RFC 3339) or from now on (1d); default with the session"},
		{Key: "secure", Type: "boolean", Doc: "sent over https only"},
		{Key: "http_only", Type: "boolean", Doc: "not seen by scripts"},
		{Key: "same_site", Type: "Strict|Lax|None", Doc: "whether other sites' requests carry it"},
	}
}

func cookiesKind() Kind {
	fields := []source.Field{{Key: "set", Type: "cookies", Doc: "a list of cookies to add", Required: true}}
	return Kind{
		Name: "cookies", Plain: "`clear`", Fields: fields, Items: CookieFields(),
		Doc:     "Removes all cookies, or adds some. One that says neither `domain` nor `url` is the current page's.",
		Example: "- goto: ${base}/\n- cookies: {set: [{name: theme, value: dark, expires: 1d}]}\n- save: {as: theme, cookie: theme}\n- cookies: clear",
		Decode: func(n *source.Node) Action {
			if n.Kind != source.KindMap {
				n.OneOf("clear")
				return cookiesAction{}
			}
			o := n.Object(fields)
			var a cookiesAction
			if set := o.Get("set"); set != nil {
				for _, item := range set.List() {
					a.set = append(a.set, decodeCookie(item))
				}
				if set.Kind == source.KindList && len(set.Items) == 0 {
					set.Problem("the list of cookies is empty")
				}
			}
			return a
		},
	}
}

// cookie is a browser.Cookie with references.
type cookie struct {
	browser.Cookie
	expires string
}

func decodeCookie(n *source.Node) cookie {
	o := n.Object(CookieFields())
	c := cookie{Cookie: browser.Cookie{
		Name: o.Templated("name", ""), Value: o.Templated("value", ""), Domain: o.Templated("domain", ""), Path: o.Templated("path", ""),
		Secure: o.Bool("secure", false), HTTPOnly: o.Bool("http_only", false),
	}, expires: o.Templated("expires", "")}
	if name := o.Get("name"); name != nil {
		checkKnown(name, c.Name, checkCookieName)
	}
	if value := o.Get("value"); value != nil {
		checkKnown(value, c.Value, checkCookieValue)
	}
	if u := o.Get("url"); u != nil {
		c.URL = urlText(u)
		if o.Has("domain") || o.Has("path") {
			u.Problem("either url, or domain and path, not both")
		}
	}
	if s := o.Get("same_site"); s != nil {
		c.SameSite = s.OneOf("Strict", "Lax", "None")
		if c.SameSite == "None" && !c.Secure {
			s.Problem("browsers refuse a cookie with same_site: None that is not secure: true")
		}
	}
	if e := o.Get("expires"); e != nil {
		checkKnown(e, c.expires, func(text string) error {
			_, err := expiry(text)
			return err
		})
	}
	return c
}

// checkKnown checks a text with references, as far as it is known before the run.
func checkKnown(n *source.Node, text string, check func(string) error) {
	if n.Wrong() {
		return
	}
	if known, err := n.Document().Names.Resolve(text); err == nil {
		if err := check(known); err != nil {
			n.Problem("%v", err)
		}
	}
}

var (
	noCookieName  = regexp.MustCompile(`^$|[=;,\s[:cntrl:]]`)
	noCookieValue = regexp.MustCompile(`^\s|\s$|[;[:cntrl:]]`)
)

func checkCookieName(name string) error {
	if noCookieName.MatchString(name) {
		return fmt.Errorf("%q is no name of a cookie: it has no spaces, commas, ; or =", name)
	}
	return nil
}

// checkCookieValue does not tell the value: it may hold a secret.
func checkCookieValue(value string) error {
	if noCookieValue.MatchString(value) {
		return errors.New("the value of a cookie holds no ; and no control characters, and has no spaces around it: encode it, as the site does")
	}
	return nil
}

// expiry reads a time, or a duration from now on.
func expiry(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	d, err := source.ParseDuration(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a time, as 2027-01-31T12:00:00Z, nor a duration, as 12h or 1d", text)
	}
	return time.Now().Add(d), nil
}

// cookiesAction adds cookies; without any it removes all.
type cookiesAction struct{ set []cookie }

func (a cookiesAction) Do(ctx context.Context, x *Exec) error {
	if a.set == nil {
		return x.Page.ClearCookies(ctx)
	}
	cookies := make([]browser.Cookie, len(a.set))
	for i, c := range a.set {
		var err error
		if cookies[i], err = c.resolve(x); err != nil {
			return err
		}
	}
	return x.Page.SetCookies(ctx, cookies)
}

func (c cookie) resolve(x *Exec) (browser.Cookie, error) {
	r := c.Cookie
	for _, field := range []*string{&r.Name, &r.Value, &r.Domain, &r.Path, &r.URL} {
		text, err := x.Text(*field)
		if err != nil {
			return r, err
		}
		*field = text
	}
	if err := errors.Join(checkCookieName(r.Name), checkCookieValue(r.Value)); err != nil {
		return r, &browser.Failure{Class: browser.ClassAssertion, Message: fmt.Sprintf("the cookie %s: %v", r.Name, err), Err: err}
	}
	if c.expires == "" {
		return r, nil
	}
	text, err := x.Text(c.expires)
	if err != nil {
		return r, err
	}
	if r.Expires, err = expiry(text); err != nil {
		return r, &browser.Failure{Class: browser.ClassNotFound, Message: fmt.Sprintf("the cookie %s: expires: %v", r.Name, err)}
	}
	return r, nil
}
