package cdp

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"

	"trackwalker/scenarios/browser"
)

// Cookies gives the cookies that the page would be sent, those that no script can read too.
func (s *session) Cookies(ctx context.Context) (cookies []browser.Cookie, err error) {
	err = s.onTab(func(t *target) error {
		s.mu.Lock()
		address := t.page.address
		s.mu.Unlock()
		if address == "" {
			return nil // nothing was loaded yet
		}
		r, err := call(ctx, t, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
		for _, c := range r.Cookies {
			cookies = append(cookies, cookie(c))
		}
		return err
	})
	return cookies, err
}

func cookie(c *network.Cookie) browser.Cookie {
	b := browser.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: string(c.SameSite),
	}
	if !c.Session {
		b.Expires = time.UnixMilli(int64(c.Expires * 1000)).UTC()
	}
	return b
}

// SetCookies adds cookies to the session.
func (s *session) SetCookies(ctx context.Context, cookies []browser.Cookie) error {
	p := storage.SetCookiesParams{BrowserContextID: s.context}
	for _, c := range cookies {
		one := &network.CookieParam{
			Name: c.Name, Value: c.Value, URL: c.URL, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly,
			SameSite: network.CookieSameSite(c.SameSite),
		}
		if !c.Expires.IsZero() {
			one.Expires = cdp.TimeSinceEpoch(float64(c.Expires.UnixMilli()) / 1000)
		}
		p.Cookies = append(p.Cookies, one)
	}
	_, err := cdp.Call(ctx, s.in.browser, storage.SetCookies, p)
	if m := protocolError(err); m != "" {
		return &browser.Failure{
			Class: browser.ClassAssertion, Message: fmt.Sprintf("the browser does not take the cookies: %s", m), Err: err,
			Hint: "a cookie has a name, and a URL or a domain; one with SameSite None is secure, and a secure one is of an https address",
		}
	}
	return s.failure(err)
}

// ClearCookies removes all cookies of the session.
func (s *session) ClearCookies(ctx context.Context) error {
	_, err := cdp.Call(ctx, s.in.browser, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: s.context})
	return s.failure(err)
}

// failure is the error of a command to the browser, or the reason why there is no session any more.
func (s *session) failure(err error) error {
	if err == nil {
		return nil
	}
	return s.tab().failure(err)
}
