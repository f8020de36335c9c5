package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Wait says how far a document must have come.
type Wait string

// How far a document must have come: its load event, its HTML parsed, or only committed.
const (
	WaitLoad             Wait = "load"
	WaitDOMContentLoaded Wait = "domcontentloaded"
	WaitNone             Wait = "none"
)

// GotoOptions say when a navigation is over, and which status of HTTP is right.
type GotoOptions struct {
	Wait   Wait // empty: WaitLoad
	Status int  // 0: any below 400
}

// Goto goes to address.
func (p *Page) Goto(ctx context.Context, address string, o GotoOptions) error {
	u, err := CheckURL(address)
	if err != nil {
		return &Failure{Class: ClassNavigation, Message: err.Error()}
	}
	if err := p.authenticate(ctx, u); err != nil {
		return err
	}
	p.blank = p.blank || address == "about:blank"
	if err := p.session.Navigate(ctx, address); err != nil {
		return p.navigating(ctx, address, err)
	}
	timings, err := p.loaded(ctx, address, o)
	if !p.visited && address != "about:blank" {
		p.visited = true
		p.timings = timings
	}
	return err
}

// CheckURL says what is wrong with an address that a page cannot be at.
func CheckURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no URL: %w", address, err)
	case address == "about:blank":
		return u, nil
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is not a URL that begins with http:// or https://", address)
	case u.Host == "":
		return nil, fmt.Errorf("%q names no host", address)
	}
	return u, nil
}

func (p *Page) authenticate(ctx context.Context, u *url.URL) error {
	if p.credentials == nil || u.Host == "" {
		return nil
	}
	a, ok := p.session.(Authenticator)
	if !ok {
		return &Failure{Class: ClassInternal, Message: "this browser cannot send headers or basic_auth"}
	}
	err := a.Authenticate(ctx, u.Scheme+"://"+u.Host, *p.credentials)
	if err != nil {
		return p.explain(ctx, err)
	}
	p.credentials = nil
	return nil
}

// navigating is explain for a navigation: its time-out names the server, not the page.
func (p *Page) navigating(ctx context.Context, address string, err error) error {
	failure := &Failure{}
	ok := errors.As(p.explain(ctx, err), &failure)
	if !ok {
		return ctx.Err()
	}
	if failure.Class == ClassTimeout {
		failure.Message = fmt.Sprintf("%s did not answer in time", address)
		failure.Hint = "the connection was made or tried, and no page came"
	}
	if failure.URL == "" {
		failure.URL = address
	}
	return failure
}

// loaded waits for the document that was just committed, and judges its status.
func (p *Page) loaded(ctx context.Context, address string, o GotoOptions) (json.RawMessage, error) {
	if o.Wait == "" {
		o.Wait = WaitLoad
	}
	l, err := p.awaitLoaded(ctx, address, o.Wait)
	if err != nil {
		return nil, err
	}
	wrong := l.Status >= http.StatusBadRequest
	if o.Status != 0 {
		wrong = l.Status != o.Status
	}
	if !wrong {
		return l.Timings, nil
	}
	message := fmt.Sprintf("%s answered %d %s", address, l.Status, http.StatusText(l.Status))
	if o.Status != 0 {
		message += fmt.Sprintf(", expected %d", o.Status)
	}
	return l.Timings, &Failure{Class: ClassNavigation, Message: message, URL: l.URL}
}

// load is what the page tells of a document that has loaded.
type load struct {
	Status  int
	Timings json.RawMessage
	URL     string
}

// breakLook is how often a document that does not end is asked whether it has broken off.
const breakLook = 250 * time.Millisecond

// awaitLoaded waits until the document has come as far as wanted, or has broken off before.
func (p *Page) awaitLoaded(ctx context.Context, address string, wait Wait) (load, error) {
	session, tells := p.session.(Loading)
	for {
		var l load
		r := request{"wait": wait}
		if tells {
			r["budget"] = min(budget(ctx), breakLook.Milliseconds())
		}
		err := p.ask(ctx, nil, "loaded", r, &l)
		if err == nil || !tells {
			return l, err
		}
		if code := session.BrokenOff(); code != "" {
			return l, brokenOff(address, code)
		}
		if budget(ctx) == 0 || !isTimeout(err) {
			return l, err
		}
	}
}

func isTimeout(err error) bool {
	var failure *Failure
	return errors.As(err, &failure) && failure.Class == ClassTimeout
}

func brokenOff(address, code string) error {
	return &Failure{
		Class: ClassNetwork, Message: fmt.Sprintf("the document broke off in the middle: %s (%s)", address, code), URL: address, Err: errors.New(code),
		Hint: "the server, or a proxy before it, ended its answer too early",
	}
}

// Reload loads the page again.
func (p *Page) Reload(ctx context.Context) error { return p.move(ctx, "back", p.session.Reload) }

// Traverse goes back (-1) or forward (1) in the browser's history.
func (p *Page) Traverse(ctx context.Context, delta int) error {
	where := "back"
	if delta > 0 {
		where = "forward"
	}
	return p.move(ctx, where, func(ctx context.Context) error {
		err := p.session.Traverse(ctx, delta)
		if err != nil || p.blank {
			return err
		}
		return p.unlessEmpty(ctx)
	})
}

// unlessEmpty goes back to the flow's first page from the empty one before it, which the browser began with.
func (p *Page) unlessEmpty(ctx context.Context) error {
	address, _, err := p.Where(ctx)
	if err != nil || address != "about:blank" {
		return err
	}
	_ = p.session.Traverse(ctx, 1) // so that the picture shows where the flow was
	return ErrNoHistory
}

func (p *Page) move(ctx context.Context, where string, move func(context.Context) error) error {
	address, _, err := p.Where(ctx)
	if err != nil {
		return err
	}
	if err := move(ctx); err != nil {
		if err == ErrNoHistory { //nolint:errorlint // it is never wrapped
			return &Failure{Class: ClassNavigation, Message: "there is no page to go " + where + " to", URL: address}
		}
		return p.navigating(ctx, address, err)
	}
	if address, _, err = p.Where(ctx); err != nil { // it is another one now
		return err
	}
	_, err = p.loaded(ctx, address, GotoOptions{})
	return err
}

// Timings are of the first page that Goto went to, as JSON; nil when there was none.
func (p *Page) Timings() json.RawMessage { return slices.Clone(p.timings) }
