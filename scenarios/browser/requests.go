package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Intercept adds rules for the requests from now on.
func (p *Page) Intercept(ctx context.Context, rules ...InterceptRule) error {
	session, ok := p.session.(Interceptor)
	if !ok {
		return lacks("block or mock requests")
	}
	return p.explained(ctx, session.Intercept(ctx, rules...))
}

// RequestWant says which request or response is waited for.
type RequestWant struct {
	URL      string // a glob that covers all of it
	Response bool   // wait for its response, not for the request alone
	Status   int    // of the response; 0: any
	Since    time.Time
}

// WaitRequest waits for a request, or its response, that began or came since a time.
func (p *Page) WaitRequest(ctx context.Context, w RequestWant) error {
	session, ok := p.session.(Network)
	if !ok {
		return lacks("hear requests")
	}
	for {
		heard := session.Exchanges(w.Since)
		if slices.ContainsFunc(heard, w.met) {
			return nil
		}
		if budget(ctx) == 0 || p.pause(ctx, 50*time.Millisecond) != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return p.unlessDead(ctx, w.failure(heard))
		}
	}
}

// unlessDead gives err, or the failure of a browser that has died: nothing would ever come of it.
func (p *Page) unlessDead(ctx context.Context, err error) error {
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	_, _, dead := p.session.Tabs(look)
	if failure, ok := errors.AsType[*Failure](dead); ok {
		return failure
	}
	return err
}

func (w RequestWant) met(e Exchange) bool {
	if !MatchGlob(w.URL, e.URL) {
		return false
	}
	if !w.Response {
		return !e.Started.Before(w.Since)
	}
	return !e.Answered.IsZero() && !e.Answered.Before(w.Since) && (w.Status == 0 || w.Status == e.Status)
}

func (w RequestWant) failure(heard []Exchange) error {
	what := "request to"
	if w.Response {
		what = "response from"
		if w.Status != 0 {
			what = fmt.Sprintf("response %d from", w.Status)
		}
	}
	f := &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected a %s %s; none came", what, w.URL)}
	near := w.nearest(heard)
	switch {
	case len(near) > 0:
		f.Message += "; heard: " + strings.Join(near, ", ")
		f.Hint = "a glob covers the whole URL, its query too: * is any characters"
	case len(heard) == 0:
		f.Message += ", and no other request either"
	default:
		f.Message += "; " + otherExchanges(heard)
		f.Hint = "a glob covers the whole URL, from https:// on: * is any characters"
	}
	return f
}

// otherExchanges names the last few.
func otherExchanges(all []Exchange) string {
	const most = 5
	var names []string
	for _, e := range all[max(0, len(all)-most):] {
		names = append(names, e.String())
	}
	list := strings.Join(names, ", ")
	if len(all) > most {
		return fmt.Sprintf("%d others, the last: %s", len(all), list)
	}
	return "others: " + list
}

// nearest gives what was heard that is most like what was wanted: the same URL, else the same path, else the same host.
func (w RequestWant) nearest(heard []Exchange) []string {
	wanted, _, _ := strings.Cut(w.URL, "?")
	tail := wanted[strings.LastIndex(strings.TrimRight(wanted, "*/"), "/")+1:]
	tail = strings.Trim(tail, "*/")
	likes := []func(string) bool{
		func(address string) bool { return MatchGlob(w.URL, address) },
		func(address string) bool {
			u, err := url.Parse(address)
			return err == nil && tail != "" && strings.Contains(u.Path, tail)
		},
		func(address string) bool {
			u, err := url.Parse(address)
			return err == nil && u.Host != "" && strings.Contains(wanted, u.Host)
		},
	}
	for _, like := range likes {
		var found []string
		for i := len(heard) - 1; i >= 0 && len(found) < 5; i-- {
			if like(heard[i].URL) {
				found = append(found, heard[i].String())
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// String tells of the exchange in an error.
func (e Exchange) String() string {
	outcome := "no answer yet"
	switch {
	case e.Failed != "":
		outcome = e.Failed
	case e.Status != 0:
		outcome = fmt.Sprint(e.Status)
	}
	return fmt.Sprintf("%s %s (%s)", e.Method, shorten(e.URL), outcome)
}

// LoadState is how far a page must have come: as Wait, or idle.
type LoadState string

// LoadIdle: its load event has come and for 500 ms no request was in flight.
const LoadIdle LoadState = "idle"

const idleTime = 500 * time.Millisecond

// WaitLoad waits until the current page has come so far.
func (p *Page) WaitLoad(ctx context.Context, s LoadState) error {
	if err := p.settle(ctx); err != nil {
		return err
	}
	wait := Wait(s)
	if s == LoadIdle {
		wait = WaitLoad
	}
	if err := p.ask(ctx, nil, "loaded", request{"wait": wait}, nil); err != nil {
		return err
	}
	if s != LoadIdle {
		return nil
	}
	return p.waitIdle(ctx)
}

func (p *Page) waitIdle(ctx context.Context) error {
	session, ok := p.session.(Network)
	if !ok {
		return lacks("hear requests")
	}
	for {
		inFlight, since := session.Busy()
		rest := idleTime - time.Since(since)
		if inFlight == 0 && rest <= 0 {
			return nil
		}
		if budget(ctx) == 0 || p.pause(ctx, 50*time.Millisecond) != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return p.unlessDead(ctx, busy(session, inFlight))
		}
	}
}

// busy is the failure of a page whose requests never come to rest.
func busy(session Network, inFlight int) error {
	f := &Failure{
		Class: ClassTimeout, Message: fmt.Sprintf("the page was never without requests for %s", idleTime),
		Hint: "a page that asks its server again and again never becomes idle: wait for what it shows instead",
	}
	if inFlight > 0 {
		f.Message += fmt.Sprintf("; in flight: %d", inFlight)
	}
	all := session.Exchanges(time.Time{})
	var last []string
	for i := len(all) - 1; i >= 0 && len(last) < 3; i-- {
		if e := all[i]; inFlight == 0 || e.Status == 0 && e.Failed == "" {
			last = append(last, e.String())
		}
	}
	if len(last) > 0 {
		f.Message += ": " + strings.Join(last, ", ")
	}
	return f
}
