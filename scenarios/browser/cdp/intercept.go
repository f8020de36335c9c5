package cdp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"

	"trackwalker/scenarios/browser"
)

// Intercept adds rules. They are for what the browser would ask the network for; WebSockets and what workers ask for are not
// reached.
func (s *session) Intercept(ctx context.Context, rules ...browser.InterceptRule) error {
	s.mu.Lock()
	s.rules = addRules(s.rules, rules)
	s.mu.Unlock()
	if err := s.interceptAll(ctx); err != nil {
		return err
	}
	return s.eachTarget(ctx, forget)
}

// forget empties the store from which a page takes scripts and pictures that it had before, without a request that could be
// intercepted. To the browser that is part of switching its cache off, which is switched on again at once.
func forget(ctx context.Context, t *target) error {
	for _, off := range []bool{true, false} {
		if err := do(ctx, t, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: off}); err != nil {
			return err
		}
	}
	return nil
}

// interception gives what makes a new target hold the requests that it is to hold.
func (s *session) interception() []step {
	var steps []step
	if s.options.Uses&browser.FeatureInterception != 0 {
		steps = append(steps, bypassServiceWorkers)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in.full || s.auth != nil || len(s.rules) > 0 {
		steps = append(steps, s.intercept)
	}
	return steps
}

// bypassServiceWorkers has requests go to the network, where rules are for them: a worker would answer from its own store.
func bypassServiceWorkers(ctx context.Context, t *target) error {
	return do(ctx, t, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true})
}

// interceptAll tells the browser what is held of all targets that are there. Those to come are told when they are prepared.
func (s *session) interceptAll(ctx context.Context) error { return s.eachTarget(ctx, s.intercept) }

// eachTarget does something to all targets that are there and prepared, or about to be.
func (s *session) eachTarget(ctx context.Context, f step) error {
	for _, t := range s.targets() {
		select {
		case <-t.prepared:
		case <-t.gone.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := f(ctx, t); err != nil && t.gone.Err() == nil {
			return err
		}
	}
	if s.gone.Err() != nil {
		return context.Cause(s.gone)
	}
	return nil
}

// intercept tells the browser which of a target's requests it holds for us: those that credentials or a rule are for.
func (s *session) intercept(ctx context.Context, t *target) error {
	s.mu.Lock()
	p := held(s.in.full, s.auth, s.rules)
	s.mu.Unlock()
	if len(p.Patterns) == 0 {
		return do(ctx, t, fetch.Disable, cdp.Empty{})
	}
	return do(ctx, t, fetch.Enable, p)
}

// held gives the requests that are to be held, which may be none.
func held(full bool, a *authenticator, rules []browser.InterceptRule) fetch.EnableParams {
	p := fetch.EnableParams{HandleAuthRequests: new(full || a != nil && a.c.Username != "")}
	if a != nil {
		p.Patterns = append(p.Patterns, &fetch.RequestPattern{URLPattern: pattern(a.origin + "/*")})
	}
	for _, r := range rules {
		p.Patterns = append(p.Patterns, &fetch.RequestPattern{URLPattern: pattern(r.URL)})
	}
	if full {
		// It asks a person for the password, and holds the page until one comes. The headless shell does not.
		for _, t := range []network.ResourceType{network.ResourceTypeDocument, network.ResourceTypeXHR, network.ResourceTypeFetch} {
			p.Patterns = append(p.Patterns, &fetch.RequestPattern{ResourceType: t})
		}
	}
	return p
}

// pattern writes a glob as the browser does, to which ? is any one character and \ an escape.
func pattern(glob string) string {
	return strings.NewReplacer(`\`, `\\`, `?`, `\?`).Replace(glob)
}

// addRules gives rules with more of them. One for the same addresses as an earlier one takes its place, so that a flow that
// changes its mind again and again does not gather rules.
func addRules(rules, more []browser.InterceptRule) []browser.InterceptRule {
	rules = slices.Clone(rules)
	for _, m := range more {
		rules = slices.DeleteFunc(rules, func(r browser.InterceptRule) bool { return r.URL == m.URL })
		m.Headers, m.Body = maps.Clone(m.Headers), bytes.Clone(m.Body)
		rules = append(rules, m)
	}
	return rules
}

// ruleFor gives the last rule that matches an address.
func ruleFor(rules []browser.InterceptRule, address string) (browser.InterceptRule, bool) {
	for _, r := range slices.Backward(rules) {
		if browser.MatchGlob(r.URL, address) {
			return r, true
		}
	}
	return browser.InterceptRule{}, false
}

// answerRequest ends the hold on a request: as a rule says, or to the site, with headers if they are for it.
func (s *session) answerRequest(t *target, e *fetch.EventRequestPaused) {
	ctx, cancel := t.background(openLimit)
	defer cancel()
	s.mu.Lock()
	a, rules := s.auth, s.rules
	s.mu.Unlock()
	// What fails here is a request that was cancelled meanwhile, but for an answer that the browser does not take.
	rule, ok := ruleFor(rules, e.Request.URL)
	switch {
	case !ok:
		p := fetch.ContinueRequestParams{RequestID: e.RequestID}
		if a != nil && a.covers(e.Request.URL) {
			p.Headers = a.headers(e, string(e.FrameID) != string(t.tab.id))
		}
		_ = do(ctx, t, fetch.ContinueRequest, p)
	case preflight(e.Request):
		_ = do(ctx, t, fetch.FulfillRequest, mayAsk(e))
	case rule.Abort:
		_ = do(ctx, t, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
	default:
		p := answer(rule, e.Request)
		p.RequestID = e.RequestID
		err := do(ctx, t, fetch.FulfillRequest, p)
		if m := protocolError(err); m != "" && do(ctx, t, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonFailed}) == nil {
			s.console.add(browser.ConsoleMessage{Level: "error", Text: "the browser does not take the mocked answer: " + m, URL: e.Request.URL})
		}
	}
}

// preflight reports whether the browser asks whether the page may send a request to another origin.
func preflight(r *network.Request) bool {
	return r.Method == http.MethodOptions && header(r, "Access-Control-Request-Method") != ""
}

// mayAsk allows that.
func mayAsk(e *fetch.EventRequestPaused) fetch.FulfillRequestParams {
	h := allowOrigin(header(e.Request, "Origin"))
	h["Access-Control-Allow-Methods"] = header(e.Request, "Access-Control-Request-Method")
	if names := header(e.Request, "Access-Control-Request-Headers"); names != "" {
		h["Access-Control-Allow-Headers"] = names
	}
	return fetch.FulfillRequestParams{RequestID: e.RequestID, ResponseCode: http.StatusNoContent, ResponseHeaders: entries(h)}
}

func allowOrigin(origin string) map[string]string {
	return map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
}

// answer gives a rule's answer to a request. What the rule leaves open is so that the page can use it: the media type, and
// that a page of another origin may read it.
func answer(rule browser.InterceptRule, r *network.Request) fetch.FulfillRequestParams {
	h := map[string]string{}
	if len(rule.Body) > 0 {
		h["Content-Type"] = mediaType(r.URL, rule.Body)
	}
	if origin := header(r, "Origin"); origin != "" {
		maps.Copy(h, allowOrigin(origin))
	}
	for name, value := range rule.Headers {
		for ours := range h {
			if strings.EqualFold(ours, name) {
				delete(h, ours)
			}
		}
		h[name] = value
	}
	p := fetch.FulfillRequestParams{ResponseCode: int64(rule.Status), ResponseHeaders: entries(h), Body: rule.Body}
	if p.ResponseCode == 0 {
		p.ResponseCode = http.StatusOK
	}
	if http.StatusText(int(p.ResponseCode)) == "" {
		p.ResponsePhrase = fmt.Sprintf("Status %d", p.ResponseCode) // the browser knows none either
	}
	return p
}

// mediaType guesses what a body is. Scripts and style sheets are known by their address: they look like any text, and are
// of no use to a page as such.
func mediaType(address string, body []byte) string {
	if u, err := url.Parse(address); err == nil {
		switch strings.ToLower(path.Ext(u.Path)) {
		case ".js", ".mjs":
			return "text/javascript; charset=utf-8"
		case ".css":
			return "text/css; charset=utf-8"
		case ".svg":
			return "image/svg+xml"
		}
	}
	if b := bytes.TrimSpace(body); len(b) > 0 && strings.IndexByte(`{["`, b[0]) >= 0 && json.Valid(b) {
		return "application/json"
	}
	return http.DetectContentType(body)
}

// header gives a header of a request, or nothing.
func header(r *network.Request, name string) string {
	for n, v := range r.Headers {
		if strings.EqualFold(n, name) {
			return fmt.Sprint(v)
		}
	}
	return ""
}

// entries writes headers in the order of their names.
func entries(h map[string]string) []*fetch.HeaderEntry {
	var all []*fetch.HeaderEntry
	for _, name := range slices.Sorted(maps.Keys(h)) {
		all = append(all, &fetch.HeaderEntry{Name: name, Value: h[name]})
	}
	return all
}
