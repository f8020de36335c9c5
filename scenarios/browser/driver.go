// Package browser is the port to real browsers: Driver, Session and Failure, which every engine implements, and Page,
// which is written once over Session and holds all that locating, waiting, acting and expecting mean.
//
// What is true of one engine alone does not live here but in cdp, webdriver and their like; what a step of the scenario
// language looks like lives in steps.
package browser

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Driver opens isolated sessions in one kind of browser. It owns the browser's processes and is safe for concurrent use.
type Driver interface {
	// Supports says what sessions of this driver can do beyond Session. It starts nothing.
	Supports() Features
	// Open gives a session that shares no cookies, storage or cache with any other. The error is a *Failure of class
	// ClassBrowser when there is no working browser.
	Open(ctx context.Context, o Options) (Session, error)
	// Close ends the browser and everything it started. It returns when the processes are gone.
	Close() error
}

// Options are the page settings that must be known before the first page is opened.
type Options struct {
	Viewport          Size // zero: 1280 × 800
	InitScript        string
	IgnoreHTTPSErrors bool
	Emulation         Emulation // with FeatureEmulation
	// Uses are the features that will be used: a session need not be able to do what is not among them, nor pay for it.
	Uses Features
}

// Emulation is how the browser shall present itself. The zero value of each is the browser's own.
type Emulation struct {
	Scale       float64 // device pixels per CSS pixel
	Mobile      bool    // a mobile browser's viewport, scrollbars and client hints
	Touch       bool
	UserAgent   string
	Locale      string // BCP 47, as de-DE
	TimeZone    string // IANA, as Europe/Berlin
	ColorScheme string // light or dark
	Geolocation *Geolocation
	Network     *NetworkProfile
	CPU         float64 // how many times slower; 0 or 1: not
}

// Geolocation is in degrees.
type Geolocation struct{ Latitude, Longitude float64 }

// NetworkProfile slows a connection down.
type NetworkProfile struct {
	Latency  time.Duration // of every request, at least
	Download int64         // bytes a second; 0: not limited
	Upload   int64
	Offline  bool
}

// Size is in CSS pixels.
type Size struct{ Width, Height int }

// Point is in CSS pixels from the top left corner of the viewport.
type Point struct{ X, Y float64 }

// Session is one isolated browser context with one page. Its methods are thin: they do what is asked, once, and wait for
// nothing but the answer. One goroutine at a time uses it, but for Interrupt and Close.
//
// Every method obeys ctx. When the browser or the renderer dies, the method in flight and all later ones return a *Failure
// of class ClassBrowser at once, whatever ctx says.
type Session interface {
	// Document is the main document of the current tab.
	Document

	// Navigate goes to url and returns when the new document is committed, before it has loaded. A network error is a
	// *Failure of class ClassNetwork; a navigation that becomes a download one of class ClassNavigation.
	Navigate(ctx context.Context, url string) error
	// Reload and Traverse (-1 back, 1 forward) return when the document is committed; Traverse says ErrNoHistory when there
	// is nowhere to go.
	Reload(ctx context.Context) error
	Traverse(ctx context.Context, delta int) error
	// Settle waits until a navigation of the page that earlier input set off is committed or given up. It returns at once
	// when there is none.
	Settle(ctx context.Context) error

	// Pointer plays trusted pointer events, in order, and returns when the page has handled them.
	Pointer(ctx context.Context, events ...PointerEvent) error
	// Keys plays trusted key strokes on whatever has the focus: every key down, then all up in reverse order.
	// Names are those of KeyboardEvent.key (https://www.w3.org/TR/uievents-key/).
	Keys(ctx context.Context, chord ...string) error
	// InsertText enters text where the focus is, as a paste or an input method does: one input event for all of it.
	InsertText(ctx context.Context, text string) error

	// Capture takes a PNG.
	Capture(ctx context.Context, o CaptureOptions) ([]byte, error)
	// Cookies gives the cookies that the current page would be sent.
	Cookies(ctx context.Context) ([]Cookie, error)
	// SetCookies adds cookies; each has a URL or a Domain. ClearCookies removes all of the session.
	SetCookies(ctx context.Context, cookies []Cookie) error
	ClearCookies(ctx context.Context) error

	// Tabs gives the open tabs in the order in which they were opened, and the ID of the current one. When the current tab
	// closes itself, the one that opened it becomes the current one, else the last.
	Tabs(ctx context.Context) (tabs []Tab, current string, err error)
	// SwitchTab makes a tab the current one, once a navigation of it that is under way is committed or given up, and CloseTab
	// closes one. ErrNoTab: there is none of that ID any more, or it is the only one left.
	SwitchTab(ctx context.Context, id string) error
	CloseTab(ctx context.Context, id string) error
	// Interrupt ends JavaScript that keeps the page busy, so that evidence can be taken. Safe from any goroutine.
	Interrupt(ctx context.Context) error
	io.Closer
}

// Document is where scripts run: the main document of a tab, or what an element like <iframe> holds. It stands for the place,
// not for what was loaded there: after a navigation it is the new document. When the place itself is gone, every method says
// ErrDocumentGone.
type Document interface {
	// Eval calls function(...args) of the page script (Options.InitScript defines it) in the document, in a world
	// of its own where the driver has one, awaits the promise, and gives the result as JSON. ErrDocumentGone: the document
	// was replaced meanwhile; ask the next one. *ScriptError: it threw.
	Eval(ctx context.Context, function string, args ...any) (json.RawMessage, error)
	// Script runs body as the body of an async function in the page's own world, with args in scope.
	// Errors as of Eval.
	Script(ctx context.Context, body string, args map[string]any) (json.RawMessage, error)
	// Frame gives the document inside the frame element that function() of the page script returns, whatever its origin.
	Frame(ctx context.Context, function string) (Document, error)
	// SetFiles chooses files, by absolute paths, in the <input type=file> that function() of the page script returns.
	SetFiles(ctx context.Context, function string, paths []string) error
}

// Tab is one of the pages that a session holds: the first, and those that it has opened.
type Tab struct{ ID, URL, Title string }

// PointerKind is what a PointerEvent does.
type PointerKind string

// The pointer events that a Session plays.
const (
	PointerMove PointerKind = "move"
	PointerDown PointerKind = "down"
	PointerUp   PointerKind = "up"
)

// PointerEvent is one event of the mouse.
type PointerEvent struct {
	Kind      PointerKind
	At        Point
	Button    Button // of down and up
	Clicks    int    // of down and up: 1, or 2 for the second of a double click
	Modifiers []string
}

// Button is a mouse button: left or right.
type Button string

// The buttons.
const (
	ButtonLeft  Button = "left"
	ButtonRight Button = "right"
)

// CaptureOptions say what a picture shows: the viewport; the whole page; or a part of it.
type CaptureOptions struct {
	Full bool  // the whole page, up to 16384 pixels high
	Clip *Clip // in CSS pixels of the page
}

// Clip is a part of a page, in CSS pixels from its top left corner.
type Clip struct{ X, Y, Width, Height float64 }

// Cookie is one cookie (RFC 6265).
type Cookie struct {
	Name, Value, Domain, Path string
	URL                       string    // SetCookies: where it belongs, in place of Domain and Path
	Expires                   time.Time // zero: with the session
	Secure, HTTPOnly          bool
	SameSite                  string // Strict, Lax, None or empty
}

// Features are what a driver can do beyond Session. A step kind and a page setting declare what they need, so that a
// scenario is refused when it is loaded by a browser that lacks it.
type Features uint32

// The features, each with the optional interface of a Session that gives it.
const (
	FeatureConsole       Features = 1 << iota // Console
	FeatureAuthenticator                      // Authenticator
	FeatureDialogs                            // Dialogs
	FeatureNetwork                            // Network
	FeatureInterception                       // Interceptor
	FeatureDownloads                          // Downloads
	FeatureTouch                              // Toucher
	FeatureEmulation                          // Options.Emulation
)

// String names the features for a person.
func (f Features) String() string {
	var s string
	for _, n := range []struct {
		f    Features
		name string
	}{
		{FeatureConsole, "the console"},
		{FeatureAuthenticator, "headers and basic_auth"},
		{FeatureDialogs, "dialogs"},
		{FeatureNetwork, "hearing requests"},
		{FeatureInterception, "block and mock"},
		{FeatureDownloads, "downloads"},
		{FeatureTouch, "touch"},
		{FeatureEmulation, "emulating devices"},
	} {
		if f&n.f != 0 {
			if s != "" {
				s += ", "
			}
			s += n.name
		}
	}
	return s
}

// Console is a Session that hears what pages write to the console, their uncaught errors and failed requests.
type Console interface {
	// ConsoleMessages gives what was heard so far, the oldest first, capped.
	ConsoleMessages() []ConsoleMessage
}

// ConsoleMessage is one line of the console.
type ConsoleMessage struct {
	Level string `json:"level"` // error, warning, info, debug
	Text  string `json:"text"`
	URL   string `json:"url,omitempty"`
}

// Dialogs is a Session that tells which dialogs pages have opened, in any tab. A dialog is answered as soon as it opens, as the
// next answer that was planned says; without one it is dismissed, but for the one that asks whether a page may be left, which
// is accepted. When that is dismissed, as planned, Navigate, Reload and Traverse fail with ClassNavigation.
type Dialogs interface {
	// Dialogs gives those opened so far, the oldest first, capped.
	Dialogs() []Dialog
	// PlanDialog says how the next dialog is answered that no earlier plan answers.
	PlanDialog(a DialogAnswer)
}

// Dialog is one dialog that a page opened.
type Dialog struct {
	Kind    string // alert, confirm, prompt or beforeunload
	Message string
	URL     string
	Planned int // the number of the plan that answered it, counted from 1; 0: none
}

// DialogAnswer is how a dialog is answered.
type DialogAnswer struct {
	Accept bool
	Text   string // for a prompt; empty: what it proposes
}

// Network is a Session that hears the requests of its pages, in all tabs and frames.
type Network interface {
	// Exchanges gives the requests that began or were answered since a time, the oldest first, capped.
	Exchanges(since time.Time) []Exchange
	// Busy gives how many requests of the current tab are in flight, and since when that has been so.
	Busy() (inFlight int, since time.Time)
}

// Exchange is one request with its response. A redirect is an exchange of its own.
type Exchange struct {
	URL, Method string
	Status      int // 0: no response yet, or none
	Started     time.Time
	Answered    time.Time // when the response's head came; zero: not yet
	Failed      string    // why there is no response
}

// Interceptor is a Session that answers requests of its pages itself.
type Interceptor interface {
	// Intercept adds rules for the requests from now on, in all tabs and frames. Of those that match, the last one counts.
	Intercept(ctx context.Context, rules ...InterceptRule) error
}

// InterceptRule answers requests whose whole URL matches a glob: * is any characters.
type InterceptRule struct {
	URL     string
	Abort   bool // no answer: the request fails, and that is no error on the console
	Status  int
	Headers map[string]string
	Body    []byte
}

// Downloads is a Session whose pages may download files. Without Download, every download is refused.
type Downloads interface {
	// Download lets pages download into a folder, until it is called again with "".
	Download(ctx context.Context, dir string) error
	// Downloads gives those begun since the last call of Download, the oldest first.
	Downloads() []DownloadedFile
}

// DownloadedFile is a file that is or was downloaded.
type DownloadedFile struct {
	Name, URL string // as the site calls it, and where it is from
	Path      string // where it is
	Size      int64  // bytes so far
	Done      bool
	Failed    string // why it will never be done
}

// Loading is a Session that tells at once of a document that ends in the middle. Without it, that is one that never ends.
type Loading interface {
	// BrokenOff gives the error with which the current document ended in the middle, as net::ERR_CONNECTION_RESET, or
	// nothing.
	BrokenOff() string
}

// Toucher is a Session that plays trusted touches.
type Toucher interface {
	// Tap touches the page at a point and lets go.
	Tap(ctx context.Context, at Point) error
}

// Authenticator is a Session that adds headers and answers HTTP authentication for one origin.
type Authenticator interface {
	// Authenticate acts for requests to origin (scheme://host[:port]) alone, from now on.
	Authenticate(ctx context.Context, origin string, c Credentials) error
}

// Credentials are what Authenticator sends. An empty Username means no basic authentication.
type Credentials struct {
	Headers            map[string]string
	Username, Password string
}

// Class says what kind of thing went wrong. The names are the contract of the language.
type Class string

// The classes. The last two are the agent's own fault and never the site's.
const (
	ClassTimeout       Class = "timeout"
	ClassAssertion     Class = "assertion"
	ClassNotFound      Class = "not_found"
	ClassAmbiguous     Class = "ambiguous"
	ClassNotActionable Class = "not_actionable"
	ClassNavigation    Class = "navigation"
	ClassScript        Class = "script"
	ClassNetwork       Class = "network"
	ClassBudget        Class = "budget"
	ClassBrowser       Class = "browser"
	ClassInternal      Class = "internal"
)

// Ours reports whether the agent is to blame, not the site.
func (c Class) Ours() bool { return c == ClassBrowser || c == ClassInternal }

// Failure is why a step failed, told for the person who has to act on it.
type Failure struct {
	Class   Class
	Message string // what was wanted and what was there
	Hint    string // what to do; may be empty
	URL     string // of the page; may be empty
	Err     error  // the cause, for errors.Is; may be nil
}

func (f *Failure) Error() string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + " (" + f.Hint + ")"
}

func (f *Failure) Unwrap() error { return f.Err }

// ScriptError is an exception that JavaScript threw.
type ScriptError struct{ Message string }

func (e *ScriptError) Error() string { return e.Message }

// What callers of a Session branch on.
var (
	ErrDocumentGone = errors.New("the document was replaced")
	ErrNoHistory    = errors.New("the browser's history has no such entry")
	ErrNoTab        = errors.New("there is no such tab")
)

// EvidenceBudget is how long taking a picture and the rest of the evidence may last after a step failed.
const EvidenceBudget = 5 * time.Second
