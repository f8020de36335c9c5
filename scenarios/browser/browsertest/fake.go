package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"trackwalker/scenarios/browser"
)

// Fake is a browser.Driver without a browser. A page in it is all that a flow could wish for: every navigation arrives, every
// element is there and ready, every expectation holds. What shall be otherwise, Answer says.
type Fake struct {
	// Answer gives the result of a call, or calls c.Usual for what a good page does. An error becomes the method's own; a
	// Miss is what the page script says when something is not so. nil: everything is as usual.
	Answer func(ctx context.Context, c Call) (any, error)
	// Console is what every page of it wrote.
	Console []browser.ConsoleMessage
	// Bare sessions have none of the optional interfaces.
	Bare bool

	mu     sync.Mutex
	calls  []Call
	opened int
	open   int
}

// Call is one call of a session's method.
type Call struct {
	Session int    // counted from 1
	Method  string // Open, Navigate, Keys …; of Eval the function of the page script, as prepare or expect
	Args    []any  // without ctx, and of Eval without the function
	session *fakeSession
}

// Miss is what the page script answers when something is not so.
type Miss struct {
	Class   browser.Class `json:"class"`
	Message string        `json:"message"`
	Hint    string        `json:"hint"`
	URL     string        `json:"url"`
}

// Hang answers nothing until the caller gives up.
func Hang(ctx context.Context) (any, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Calls gives what was called so far, in order. What is only asked after, again and again, is not among it: ConsoleMessages,
// Dialogs, Exchanges, Busy, Downloads.
func (f *Fake) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Methods gives the names of what was called, but for what says nothing of the flow: opening and closing.
func (f *Fake) Methods() []string {
	var names []string
	for _, c := range f.Calls() {
		if c.Method != "Open" && c.Method != "Close" {
			names = append(names, c.Method)
		}
	}
	return names
}

// OpenSessions gives how many sessions are open now, and how many there ever were.
func (f *Fake) OpenSessions() (now, ever int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open, f.opened
}

// Supports implements browser.Driver.
func (f *Fake) Supports() browser.Features {
	if f.Bare {
		return 0
	}
	return browser.FeatureConsole | browser.FeatureAuthenticator | browser.FeatureDialogs | browser.FeatureNetwork |
		browser.FeatureInterception | browser.FeatureDownloads | browser.FeatureTouch | browser.FeatureEmulation
}

// Open implements browser.Driver.
func (f *Fake) Open(ctx context.Context, o browser.Options) (browser.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.opened++
	s := &fakeSession{fake: f, number: f.opened, history: []string{"about:blank"}}
	f.mu.Unlock()
	if _, err := s.call(ctx, "Open", o); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.open++
	f.mu.Unlock()
	if f.Bare {
		return struct{ browser.Session }{s}, nil
	}
	return s, nil
}

// Close implements browser.Driver.
func (f *Fake) Close() error { return nil }

type fakeSession struct {
	fake    *Fake
	number  int
	history []string
	at      int
	heard   []browser.Exchange
	dir     string // for downloads

	mu     sync.Mutex
	closed bool
}

func (s *fakeSession) call(ctx context.Context, method string, args ...any) (any, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil, &browser.Failure{Class: browser.ClassInternal, Message: "the page was closed already"}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.fake.mu.Lock()
	s.fake.calls = append(s.fake.calls, Call{Session: s.number, Method: method, Args: args, session: s})
	s.fake.mu.Unlock()
	return s.answer(ctx, method, args...)
}

// answer is call without noting it.
func (s *fakeSession) answer(ctx context.Context, method string, args ...any) (any, error) {
	c := Call{Session: s.number, Method: method, Args: args, session: s}
	if s.fake.Answer == nil {
		return c.Usual()
	}
	return s.fake.Answer(ctx, c)
}

type object = map[string]any

// Usual gives what a good page answers.
func (c Call) Usual() (any, error) {
	s := c.session
	switch c.Method {
	case "Navigate":
		address := c.Args[0].(string)
		if _, err := browser.CheckURL(address); err != nil {
			return nil, &browser.Failure{Class: browser.ClassNavigation, Message: err.Error()}
		}
		s.history = append(s.history[:s.at+1], address)
		s.at++
		s.heard = append(s.heard, browser.Exchange{URL: address, Method: "GET", Status: 200, Started: time.Now(), Answered: time.Now()})
	case "Traverse":
		to := s.at + c.Args[0].(int)
		if to < 0 || to >= len(s.history) {
			return nil, browser.ErrNoHistory
		}
		s.at = to
	case "Script":
		return []any{true, "true"}, nil
	case "Capture":
		return onePixel()
	case "Cookies":
		return []browser.Cookie{}, nil
	case "loaded":
		return object{"status": 200, "url": s.history[s.at], "timings": object{"ttfb_ms": 1.5, "load_ms": 20}}, nil
	case "where":
		return object{"url": s.history[s.at], "title": "Fake"}, nil
	case "prepare":
		return object{"point": object{"x": 10, "y": 20}}, nil
	case "isVisible":
		return object{"visible": true}, nil
	case "isChecked":
		return object{"checked": true, "what": "<input>"}, nil
	case "fieldKind":
		return object{"kind": "text"}, nil
	case "read":
		return object{"value": "text"}, nil
	case "clip":
		return object{"x": 0, "y": 0, "width": 1, "height": 1}, nil
	case "through":
		return object{"point": c.Args[0].(object)["point"]}, nil
	case "clipThrough":
		return c.Args[0].(object)["box"], nil
	case "conceal", "confirm", "expect", "filled", "focus", "hasFocus", "hold", "holdFileInput", "holdNth", "mask", "ready", "scroll", "select", "set",
		"showHeld", "unmask":
		return object{}, nil
	case "Dialogs", "Exchanges", "Busy":
	case "Downloads":
		return s.report()
	case "Frame", "SetFiles", "SetCookies", "ClearCookies", "Tabs", "SwitchTab", "CloseTab", "PlanDialog", "Intercept", "Download", "Tap":
	case "Open", "Reload", "Settle", "Pointer", "Keys", "InsertText", "Interrupt", "Authenticate":
	default:
		return nil, &browser.ScriptError{Message: "TypeError: tw[name] is not a function"}
	}
	return nil, nil
}

func onePixel() (any, error) {
	var b bytes.Buffer
	err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)))
	return b.Bytes(), err
}

func (s *fakeSession) do(ctx context.Context, method string, args ...any) error {
	_, err := s.call(ctx, method, args...)
	return err
}

func (s *fakeSession) Navigate(ctx context.Context, url string) error {
	return s.do(ctx, "Navigate", url)
}
func (s *fakeSession) Reload(ctx context.Context) error { return s.do(ctx, "Reload") }
func (s *fakeSession) Traverse(ctx context.Context, delta int) error {
	return s.do(ctx, "Traverse", delta)
}
func (s *fakeSession) Settle(ctx context.Context) error    { return s.do(ctx, "Settle") }
func (s *fakeSession) Interrupt(ctx context.Context) error { return s.do(ctx, "Interrupt") }
func (s *fakeSession) Pointer(ctx context.Context, events ...browser.PointerEvent) error {
	return s.do(ctx, "Pointer", events)
}

func (s *fakeSession) Keys(ctx context.Context, chord ...string) error {
	return s.do(ctx, "Keys", chord)
}

func (s *fakeSession) InsertText(ctx context.Context, text string) error {
	return s.do(ctx, "InsertText", text)
}

func (s *fakeSession) Authenticate(ctx context.Context, origin string, c browser.Credentials) error {
	return s.do(ctx, "Authenticate", origin, c)
}

// Eval answers as the page script does: a value or a miss.
func (s *fakeSession) Eval(ctx context.Context, function string, args ...any) (json.RawMessage, error) {
	result, err := s.call(ctx, function, args...)
	if err != nil {
		return nil, err
	}
	if miss, is := result.(Miss); is {
		return json.Marshal(object{"miss": miss})
	}
	return json.Marshal(object{"value": result})
}

func (s *fakeSession) Script(ctx context.Context, body string, args map[string]any) (json.RawMessage, error) {
	result, err := s.call(ctx, "Script", body, args)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

func (s *fakeSession) Capture(ctx context.Context, o browser.CaptureOptions) ([]byte, error) {
	result, err := s.call(ctx, "Capture", o)
	picture, _ := result.([]byte)
	return picture, err
}

func (s *fakeSession) Cookies(ctx context.Context) ([]browser.Cookie, error) {
	result, err := s.call(ctx, "Cookies")
	cookies, _ := result.([]browser.Cookie)
	return cookies, err
}

// Frame gives the session itself: all frames of a fake page are alike.
func (s *fakeSession) Frame(ctx context.Context, function string) (browser.Document, error) {
	return s, s.do(ctx, "Frame", function)
}

func (s *fakeSession) SetFiles(ctx context.Context, function string, paths []string) error {
	return s.do(ctx, "SetFiles", function, paths)
}

func (s *fakeSession) SetCookies(ctx context.Context, cookies []browser.Cookie) error {
	return s.do(ctx, "SetCookies", cookies)
}

func (s *fakeSession) ClearCookies(ctx context.Context) error { return s.do(ctx, "ClearCookies") }

func (s *fakeSession) Tabs(ctx context.Context) ([]browser.Tab, string, error) {
	result, err := s.call(ctx, "Tabs")
	tabs, _ := result.([]browser.Tab)
	if len(tabs) == 0 {
		tabs = []browser.Tab{{ID: "1", URL: s.history[s.at], Title: "Fake"}}
	}
	return tabs, tabs[0].ID, err
}

func (s *fakeSession) SwitchTab(ctx context.Context, id string) error {
	return s.do(ctx, "SwitchTab", id)
}

func (s *fakeSession) CloseTab(ctx context.Context, id string) error {
	return s.do(ctx, "CloseTab", id)
}

// Dialogs gives what Answer says, a []browser.Dialog; usually none.
func (s *fakeSession) Dialogs() []browser.Dialog {
	result, _ := s.answer(context.Background(), "Dialogs")
	dialogs, _ := result.([]browser.Dialog)
	return dialogs
}

func (s *fakeSession) PlanDialog(a browser.DialogAnswer) {
	_ = s.do(context.Background(), "PlanDialog", a)
}

// Exchanges gives what Answer says, a []browser.Exchange; usually the navigations since then, all answered with 200.
func (s *fakeSession) Exchanges(since time.Time) []browser.Exchange {
	result, _ := s.answer(context.Background(), "Exchanges", since)
	if said, is := result.([]browser.Exchange); is {
		return said
	}
	return slices.DeleteFunc(slices.Clone(s.heard), func(e browser.Exchange) bool { return e.Started.Before(since) })
}

// Busy is how many requests Answer says are in flight, an int; usually none.
func (s *fakeSession) Busy() (int, time.Time) {
	result, _ := s.answer(context.Background(), "Busy")
	n, _ := result.(int)
	return n, time.Time{}
}

func (s *fakeSession) Intercept(ctx context.Context, rules ...browser.InterceptRule) error {
	return s.do(ctx, "Intercept", rules)
}

func (s *fakeSession) Download(ctx context.Context, dir string) error {
	err := s.do(ctx, "Download", dir)
	if err == nil {
		s.dir = dir
	}
	return err
}

// Downloads gives what Answer says, a []browser.DownloadedFile; usually a report.csv of four bytes.
func (s *fakeSession) Downloads() []browser.DownloadedFile {
	result, _ := s.answer(context.Background(), "Downloads")
	files, _ := result.([]browser.DownloadedFile)
	return files
}

// report is the file that every click downloads.
func (s *fakeSession) report() (any, error) {
	if s.dir == "" {
		return nil, nil
	}
	path := filepath.Join(s.dir, "report.csv")
	err := os.WriteFile(path, []byte("a,b\n"), 0o600)
	return []browser.DownloadedFile{{Name: "report.csv", URL: s.history[s.at], Path: path, Size: 4, Done: err == nil}}, err
}

func (s *fakeSession) Tap(ctx context.Context, at browser.Point) error { return s.do(ctx, "Tap", at) }

func (s *fakeSession) ConsoleMessages() []browser.ConsoleMessage {
	return slices.Clone(s.fake.Console)
}

func (s *fakeSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.fake.mu.Lock()
	defer s.fake.mu.Unlock()
	s.fake.open--
	s.fake.calls = append(s.fake.calls, Call{Session: s.number, Method: "Close"})
	return nil
}
