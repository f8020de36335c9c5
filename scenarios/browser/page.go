package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"
)

//go:generate go run ./script

// PageScript is what Page needs in every document: pass it as Options.InitScript.
//
//go:embed script/page.js
var PageScript string

// Page is the page of a session as the steps of a scenario see it. Its methods wait for what they need until ctx's
// deadline, and their errors are a *Failure that says the last reason, or ctx's own error when it was cancelled.
// One goroutine at a time uses it.
type Page struct {
	session     Session
	credentials *Credentials
	timings     json.RawMessage
	visited     bool
	blank       bool       // the flow itself went to about:blank
	concealed   []Document // those of frames that a secret was entered into
	plans       []plan     // of dialogs
}

// NewPage gives the page of a session that was opened with PageScript. credentials, if any, are sent to the origin of the
// first Goto.
func NewPage(s Session, credentials *Credentials) *Page {
	return &Page{session: s, credentials: credentials}
}

// answer is what every function of the page script gives.
type answer struct {
	Value json.RawMessage `json:"value"`
	Miss  *miss           `json:"miss"`
}

// miss is what was not so.
type miss struct {
	Class   Class    `json:"class"`
	Message string   `json:"message"`
	Hint    string   `json:"hint"`
	URL     string   `json:"url"`
	Absent  *Locator `json:"absent"` // what was looked for and is not there
	Final   bool     `json:"final"`  // it will never be so
	Frames  int      `json:"frames"` // how many frames the document has, where something is absent
}

func (m *miss) Error() string { return m.Message }

// request is the argument of a function of the page script.
type request = map[string]any

// grace is what a page has to answer when the time of the step is over. Until then it goes on trying, and what it then says
// of the reason is worth more than that time is over. On a busy machine that answer takes a while.
const grace = 900 * time.Millisecond

// graceful gives ctx with that much more time. A cancelled step ends at once.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	longer, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline.Add(grace))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// budget is how many milliseconds the page may go on trying.
func budget(ctx context.Context) int64 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 10_000
	}
	return max(0, time.Until(deadline).Milliseconds())
}

// ask calls a function of the page script in the document that frames lead to, again as often as that is replaced meanwhile,
// and decodes what it gives into out, unless that is nil.
func (p *Page) ask(ctx context.Context, frames []Locator, function string, r request, out any) error {
	return p.within(ctx, frames, func(longer context.Context, docs path) error {
		return eval(ctx, longer, docs.inner(), function, r, out)
	})
}

// eval calls a function of the page script once. It may go on trying until ctx's deadline, and has until longer's to answer.
func eval(ctx, longer context.Context, d Document, function string, r request, out any) error {
	if r == nil {
		r = request{}
	}
	if _, given := r["budget"]; !given {
		r = maps.Clone(r)
		r["budget"] = budget(ctx)
	}
	raw, err := d.Eval(longer, function, r)
	if err != nil {
		return err
	}
	return decode(raw, out)
}

func decode(raw json.RawMessage, out any) error {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return &Failure{Class: ClassInternal, Message: fmt.Sprintf("the page script answered %.100q", raw), Err: err}
	}
	if a.Miss != nil {
		return &Failure{Class: a.Miss.Class, Message: a.Miss.Message, Hint: a.Miss.Hint, URL: a.Miss.URL, Err: a.Miss}
	}
	if out == nil || len(a.Value) == 0 {
		return nil
	}
	if err := json.Unmarshal(a.Value, out); err != nil {
		return &Failure{Class: ClassInternal, Message: fmt.Sprintf("the page script answered %.100q", raw), Err: err}
	}
	return nil
}

// explain turns an error of the session into a Failure.
func (p *Page) explain(ctx context.Context, err error) error {
	var failure *Failure
	var script *ScriptError
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &script):
		return &Failure{Class: ClassScript, Message: script.Message, Err: err}
	case errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		return p.late(ctx)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrDocumentGone):
		return &Failure{Class: ClassNavigation, Message: "the page went away in the middle of the step", Err: err}
	default:
		return &Failure{Class: ClassBrowser, Message: "the browser answered: " + err.Error(), Err: err}
	}
}

// late is the failure of a page that did not answer before the step's time was over.
func (p *Page) late(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return &Failure{
		Class: ClassTimeout, Message: "the page did not answer: its JavaScript keeps it busy, or its document never arrives",
		Hint: "look at what the page does at this point, or give the step a longer timeout", Err: context.DeadlineExceeded,
	}
}

func (p *Page) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Where gives the page's URL and title. It does not wait.
func (p *Page) Where(ctx context.Context) (url, title string, err error) {
	var w struct{ URL, Title string }
	err = p.ask(ctx, nil, "where", nil, &w)
	return w.URL, w.Title, err
}

// Visible reports whether the locator is visible now or becomes so before ctx's deadline.
func (p *Page) Visible(ctx context.Context, l Locator) (bool, error) {
	var v struct{ Visible bool }
	err := p.ask(ctx, l.Frames, "isVisible", request{"locator": l}, &v)
	if isMissingFrame(err) {
		return false, nil
	}
	return v.Visible, err
}

// What says what Read reads of an element.
type What string

// What can be read of an element.
const (
	Text      What = "text"
	Value     What = "value"
	Attribute What = "attribute"
)

// Read gives the text, the value, or one attribute of the one element.
func (p *Page) Read(ctx context.Context, l Locator, what What, attribute string) (string, error) {
	var v struct{ Value string }
	err := p.ask(ctx, l.Frames, "read", request{"locator": l, "what": what, "attribute": attribute}, &v)
	return v.Value, err
}

// Script runs JavaScript, the body of an async function, in the page's own world, inside the frames if there are any, with
// args in scope, and gives what it returns: nil when the page went elsewhere before it did.
func (p *Page) Script(ctx context.Context, frames []Locator, body string, args map[string]any) (json.RawMessage, error) {
	var raw json.RawMessage
	began := false
	err := p.within(ctx, frames, func(_ context.Context, docs path) error {
		began = true
		var err error
		raw, err = docs.inner().Script(ctx, body, args)
		if errors.Is(err, ErrDocumentGone) {
			// A script that sends the page elsewhere has done its work.
			raw, err = nil, nil
		}
		return err
	})
	if err != nil && began {
		err = scripting(err)
	}
	return raw, err
}

// scripting names the script in a time-out.
func scripting(err error) error {
	var failure *Failure
	if errors.As(err, &failure) && failure.Class == ClassTimeout {
		failure.Message, failure.Hint = "the script did not come to an end in time", "it waits for something that does not come, or its loop never ends"
	}
	return err
}

// ConsoleMessages gives what the page wrote to the console, or nil where the driver does not hear it.
func (p *Page) ConsoleMessages() []ConsoleMessage {
	if c, ok := p.session.(Console); ok {
		return c.ConsoleMessages()
	}
	return nil
}
