package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cookie gives the value of the page's cookie of that name, as soon as it is there.
func (p *Page) Cookie(ctx context.Context, name string) (string, error) {
	longer, cancel := graceful(ctx)
	defer cancel()
	for {
		cookies, err := p.session.Cookies(longer)
		if err != nil {
			return "", p.explain(ctx, err)
		}
		for _, c := range cookies {
			if c.Name == name {
				return c.Value, nil
			}
		}
		if budget(ctx) == 0 || p.pause(ctx, 100*time.Millisecond) != nil {
			return "", &Failure{Class: ClassNotFound, Message: fmt.Sprintf("the page has no cookie %q; it has: %s", name, cookieNames(cookies))}
		}
	}
}

func cookieNames(cookies []Cookie) string {
	if len(cookies) == 0 {
		return "none"
	}
	names := make([]string, len(cookies))
	for i, c := range cookies {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// SetCookies adds cookies. One that says nothing of where it belongs is the current page's.
func (p *Page) SetCookies(ctx context.Context, cookies []Cookie) error {
	cookies = slices.Clone(cookies)
	homeless := func(c Cookie) bool { return c.URL == "" && c.Domain == "" }
	if i := slices.IndexFunc(cookies, homeless); i >= 0 {
		address, _, err := p.Where(ctx)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(address, "http") {
			return &Failure{
				Class: ClassNavigation, Message: fmt.Sprintf("the cookie %q has no place: the page is %s", cookies[i].Name, address),
				Hint: "add url or domain to the cookie, or go to a page before",
			}
		}
		for i := range cookies {
			if homeless(cookies[i]) {
				cookies[i].URL = address
			}
		}
	}
	return p.explained(ctx, p.session.SetCookies(ctx, cookies))
}

// ClearCookies removes all cookies.
func (p *Page) ClearCookies(ctx context.Context) error {
	return p.explained(ctx, p.session.ClearCookies(ctx))
}
