package cdp

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"trackwalker/scenarios/browser"
)

// authenticator adds headers to requests for one origin, and answers its challenges.
type authenticator struct {
	origin string
	c      browser.Credentials

	mu    sync.Mutex
	tried map[fetch.RequestID]bool
}

// Authenticate acts for requests to origin from now on, whatever tab or frame sends them. Those requests are held until this
// package lets them go on, those to others are not. An empty origin, or credentials without content, end it. Workers are not
// reached: they are targets of their own to the browser.
func (s *session) Authenticate(ctx context.Context, origin string, c browser.Credentials) error {
	var a *authenticator
	if origin != "" && (len(c.Headers) > 0 || c.Username != "") {
		normal, err := normalOrigin(origin)
		if err != nil {
			return err
		}
		c.Headers = maps.Clone(c.Headers)
		a = &authenticator{origin: normal, c: c, tried: map[fetch.RequestID]bool{}}
	}
	s.mu.Lock()
	s.auth = a
	s.mu.Unlock()
	return s.interceptAll(ctx)
}

// normalOrigin writes an origin as the browser does: in small letters, without the scheme's own port.
func normalOrigin(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q is not an origin, as https://shop.example is", origin)
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := u.Port(); p != "" && !(u.Scheme == "http" && p == "80") && !(u.Scheme == "https" && p == "443") {
		host += ":" + p
	}
	return u.Scheme + "://" + host, nil
}

// answerChallenge gives the credentials once. A server that asks again for the same request does not accept them.
func (s *session) answerChallenge(t *target, e *fetch.EventAuthRequired) {
	ctx, cancel := t.background(openLimit)
	defer cancel()
	s.mu.Lock()
	a := s.auth
	s.mu.Unlock()
	r := &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}
	if a != nil && a.c.Username != "" && e.AuthChallenge.Source != fetch.AuthChallengeSourceProxy && a.covers(e.Request.URL) && a.first(e.RequestID) {
		r = &fetch.AuthChallengeResponse{
			Response: fetch.AuthChallengeResponseResponseProvideCredentials, Username: a.c.Username, Password: a.c.Password,
		}
	}
	_ = do(ctx, t, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: e.RequestID, AuthChallengeResponse: r})
}

func (a *authenticator) covers(address string) bool {
	o, err := normalOrigin(address)
	return err == nil && o == a.origin
}

func (a *authenticator) first(id fetch.RequestID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	again := a.tried[id]
	a.tried[id] = true
	return !again
}

// headers gives the headers of a request with ours in place of those of the same name; nil: they stay as they are. The
// document of a frame gets the credentials with them, because a full browser asks nobody for those of another site's.
func (a *authenticator) headers(e *fetch.EventRequestPaused, frame bool) []*fetch.HeaderEntry {
	ours := maps.Clone(a.c.Headers)
	if frame && a.c.Username != "" && e.ResourceType == network.ResourceTypeDocument {
		if ours == nil {
			ours = map[string]string{}
		}
		if !named(ours, "Authorization") {
			ours["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(a.c.Username+":"+a.c.Password))
		}
	}
	if len(ours) == 0 {
		return nil
	}
	var all []*fetch.HeaderEntry
	for _, name := range slices.Sorted(maps.Keys(e.Request.Headers)) {
		if !named(ours, name) {
			all = append(all, &fetch.HeaderEntry{Name: name, Value: fmt.Sprint(e.Request.Headers[name])})
		}
	}
	return append(all, entries(ours)...)
}

// named reports whether headers have one of that name.
func named(headers map[string]string, name string) bool {
	for n := range headers {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
