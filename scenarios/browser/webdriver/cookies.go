package webdriver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"trackwalker/scenarios/browser"
)

// wireCookie is a cookie as WebDriver writes it.
type wireCookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Path     string `json:"path,omitempty"`
	Domain   string `json:"domain,omitempty"`
	Secure   bool   `json:"secure,omitempty"`
	HTTPOnly bool   `json:"httpOnly,omitempty"`
	Expiry   int64  `json:"expiry,omitempty"` // seconds; 0: with the session
	SameSite string `json:"sameSite,omitempty"`
}

// Cookies gives the cookies that the page would be sent, those that no script can read too.
func (s *session) Cookies(ctx context.Context) ([]browser.Cookie, error) {
	if err := s.top().enter(ctx); err != nil {
		return nil, err
	}
	raw, err := s.get(ctx, "/cookie")
	if codeOf(err) == "invalid cookie domain" {
		return nil, nil // nothing was loaded yet
	}
	if err != nil {
		return nil, err
	}
	var found []wireCookie
	if err := json.Unmarshal(raw, &found); err != nil {
		return nil, fmt.Errorf("the driver gives cookies as %.100s: %w", raw, err)
	}
	cookies := make([]browser.Cookie, len(found))
	for i, c := range found {
		cookies[i] = browser.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: c.SameSite}
		if c.Expiry != 0 {
			cookies[i].Expires = time.Unix(c.Expiry, 0).UTC()
		}
	}
	return cookies, nil
}

// SetCookies adds cookies. WebDriver itself takes those of the site of the current page alone; Chrome has a command for all.
func (s *session) SetCookies(ctx context.Context, cookies []browser.Cookie) error {
	if s.driver.kind.chrome() {
		return s.setCookiesOfChrome(ctx, cookies)
	}
	for _, c := range cookies {
		if err := s.setCookie(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) setCookie(ctx context.Context, c browser.Cookie) error {
	one := wireCookie{Name: c.Name, Value: c.Value, Path: c.Path, Domain: c.Domain, Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: c.SameSite}
	if !c.Expires.IsZero() {
		one.Expiry = c.Expires.Unix()
	}
	if u, err := url.Parse(c.URL); err == nil && c.URL != "" {
		if one.Domain == "" {
			one.Domain = u.Hostname()
		}
		one.Secure = one.Secure || u.Scheme == "https"
	}
	if one.Path == "" {
		one.Path = "/"
	}
	if err := s.top().enter(ctx); err != nil {
		return err
	}
	_, err := s.post(ctx, "/cookie", object{"cookie": one})
	if m := codeOf(err); m != "" {
		return &browser.Failure{
			Class: browser.ClassAssertion, Message: fmt.Sprintf("the browser does not take the cookie %s of %s: %s", c.Name, one.Domain, m), Err: err,
			Hint: "through WebDriver, cookies can be set for the site of the current page only: put the cookies step after the goto, and then reload",
		}
	}
	return err
}

func (s *session) setCookiesOfChrome(ctx context.Context, cookies []browser.Cookie) error {
	var all []object
	for _, c := range cookies {
		one := object{"name": c.Name, "value": c.Value, "secure": c.Secure, "httpOnly": c.HTTPOnly}
		for name, value := range map[string]string{"url": c.URL, "domain": c.Domain, "path": c.Path, "sameSite": c.SameSite} {
			if value != "" {
				one[name] = value
			}
		}
		if !c.Expires.IsZero() {
			one["expires"] = float64(c.Expires.UnixMilli()) / 1000
		}
		all = append(all, one)
	}
	err := s.cdpInto(ctx, "Network.setCookies", object{"cookies": all}, nil)
	if m := messageOf(err); m != "" {
		return &browser.Failure{
			Class: browser.ClassAssertion, Message: "the browser does not take the cookies: " + firstLine(m), Err: err,
			Hint: "a cookie has a name, and a URL or a domain; one with SameSite None is secure, and a secure one is of an https address",
		}
	}
	return err
}

// ClearCookies removes all cookies; through WebDriver those of the current page alone.
func (s *session) ClearCookies(ctx context.Context) error {
	if s.driver.kind.chrome() {
		return s.cdpInto(ctx, "Network.clearBrowserCookies", nil, nil)
	}
	// WebKit answers before they are gone.
	for until := time.Now().Add(time.Second); ; time.Sleep(5 * time.Millisecond) {
		if err := s.top().enter(ctx); err != nil {
			return err
		}
		if _, err := s.send(ctx, "DELETE", "/cookie", nil); err != nil && codeOf(err) != "invalid cookie domain" {
			return err
		}
		left, err := s.Cookies(ctx)
		switch {
		case err != nil || len(left) == 0:
			return err
		case time.Now().After(until):
			return &browser.Failure{Class: browser.ClassInternal, Message: fmt.Sprintf("the browser keeps the cookie %s", left[0].Name)}
		}
	}
}
