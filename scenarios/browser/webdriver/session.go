package webdriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tebeka/selenium"

	"trackwalker/scenarios/browser"
)

// session is one browser with one page.
type session struct {
	driver  *Driver
	service *service // nil: the driver runs elsewhere
	profile string   // name of the browser's folder; empty: not known
	options browser.Options
	wire    *wire
	wd      selenium.WebDriver
	path    string // of the session below the driver's address
	rescuer *rescuer

	gone context.Context // ends with the session, its browser or its driver; the cause is a *browser.Failure
	die  context.CancelCauseFunc

	close  sync.Once
	ending sync.Once
	endErr error         // valid after ending
	turn   chan struct{} // held by the command in flight

	dialogs dialogs
	console console

	// What follows belongs to the goroutine that uses the session.
	document           // of the current tab
	key         string // under which the page script is hidden in a document
	last        int    // call of a script
	frame       *document
	scriptLimit time.Duration
	errorPage   bool // the current document is one of the browser's own
	held        map[browser.Button]bool
	buttons     int    // the same as bits of the DevTools protocol
	pointed     bool   // input was played since Settle looked last
	tabs        []tab  // that are open
	orphaned    string // the opener of the current tab, when that has closed
	current     string // tab
}

const (
	defaultScriptLimit = 32 * time.Second
	answerGrace        = 250 * time.Millisecond // for an answer that is late already
)

// openSession asks the driver at base for a session.
func openSession(ctx context.Context, d *Driver, base *url.URL, service *service, o browser.Options) (*session, error) {
	s := &session{
		driver: d, service: service, options: o, wire: newWire(base, d.client), turn: make(chan struct{}, 1), key: "tw-" + strconv.FormatUint(rand.Uint64(), 36),
		scriptLimit: defaultScriptLimit, held: map[browser.Button]bool{},
	}
	parent := context.Background()
	if service != nil {
		parent = service.gone
	}
	s.gone, s.die = context.WithCancelCause(parent)
	s.document.s = s
	s.document.reset()
	err := s.ask(ctx)
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		if f := s.refused(ctx, err); f != nil {
			err = f
		}
		s.die(err)
		return nil, errors.Join(err, s.teardown())
	}
	return s, nil
}

// ask asks for the session.
func (s *session) ask(ctx context.Context) error {
	capabilities := s.driver.kind.capabilities(s.driver.config, s.service != nil, s.options)
	err := s.command(ctx, func() (err error) {
		s.wd, err = selenium.NewRemote(selenium.Capabilities(capabilities), s.wire.prefix())
		return err
	})
	if err != nil {
		return err
	}
	s.path = "/session/" + s.wd.SessionID()
	granted := readGranted(s.wire.opened)
	s.rescuer = newRescuer(granted, s.service != nil)
	if s.rescuer != nil {
		context.AfterFunc(s.gone, s.rescuer.leave)
	}
	if s.service != nil {
		s.profile = granted.profile()
	}
	return nil
}

// prepare sets the session up.
func (s *session) prepare(ctx context.Context) error {
	var err error
	if err := s.command(ctx, func() error { s.current, err = s.wd.CurrentWindowHandle(); return err }); err != nil {
		return err
	}
	s.tabs = []tab{{id: s.current}}
	if s.driver.kind.chrome() {
		// It may begin with a page of its own.
		if err := s.navigateChrome(ctx, "about:blank"); err != nil {
			return err
		}
		if _, _, err := s.standing(ctx); err != nil {
			return err
		}
		if err := s.cdpInto(ctx, "Page.resetNavigationHistory", nil, nil); err != nil {
			return err
		}
	}
	return s.dress(ctx)
}

// dress gives the current tab its size, and makes it present itself as the options say.
func (s *session) dress(ctx context.Context) error {
	if s.driver.kind.chrome() {
		if err := s.rescuer.stand(ctx, s.current); err != nil {
			s.driver.log.Debug("a busy page of this session cannot be interrupted", "error", err)
		}
		return s.emulate(ctx)
	}
	return s.resize(ctx)
}

// resize gives the window the size with which its page is as large as it shall be.
func (s *session) resize(ctx context.Context) error {
	want := s.viewport()
	for range 3 {
		raw, err := s.run(ctx, "return JSON.stringify([innerWidth, innerHeight, outerWidth, outerHeight])")
		if err != nil {
			return err
		}
		var text string
		var is [4]int
		if json.Unmarshal(raw, &text) != nil || json.Unmarshal([]byte(text), &is) != nil {
			return fmt.Errorf("the browser gives its size as %.100s", raw)
		}
		if is[0] == want.Width && is[1] == want.Height {
			return nil
		}
		raw, err = s.get(ctx, "/window/rect")
		if err != nil {
			return err
		}
		var window struct{ Width, Height int }
		if err := json.Unmarshal(raw, &window); err != nil {
			return err
		}
		rect := map[string]any{"width": window.Width + want.Width - is[0], "height": window.Height + want.Height - is[1]}
		if _, err := s.post(ctx, "/window/rect", rect); err != nil {
			return err
		}
	}
	return nil // a window manager decides otherwise
}

func (s *session) viewport() browser.Size {
	if v := s.options.Viewport; v.Width > 0 && v.Height > 0 {
		return v
	}
	return browser.Size{Width: 1280, Height: 800}
}

// refused explains why a driver gave no session, where that is known.
func (s *session) refused(ctx context.Context, err error) error {
	f := &browser.Failure{Class: browser.ClassBrowser, Err: err}
	m := messageOf(err)
	where := "the driver"
	if s.service == nil {
		// Nothing else of it: a name, a password or a key of the Grid's customer may stand in any other part.
		where = s.wire.base.Scheme + "://" + s.wire.base.Host
	}
	var other *notDriver
	switch {
	case errors.As(err, &other):
		f.Message, f.Hint = fmt.Sprintf("%s does not answer as a driver does: %s", where, other), "check url: a Grid's is as http://grid.example:4444"
	case m == "" && ctx.Err() != nil:
		f.Message = fmt.Sprintf("%s gave no browser within %v", where, s.driver.config.OpenLimit)
		if s.service == nil {
			f.Hint = "its slots are all in use, or it hangs; the site was not tried"
		}
	case m == "" && s.service == nil:
		f.Message, f.Hint = fmt.Sprintf("%s cannot be reached: %v", where, plain(err)), "is it running? The site was not tried"
	case m == "":
		return nil
	default:
		f.Message = fmt.Sprintf("%s gave no browser: %s", where, firstLine(m))
	}
	switch {
	case strings.Contains(m, "no matching capabilities") || strings.Contains(m, "Could not start a new session") || strings.Contains(m, "timed out"):
		f.Hint = "no node of the Grid has such a browser free: check browser and slots; the site was not tried"
	case strings.Contains(m, "No usable sandbox") || strings.Contains(m, "DevToolsActivePort") || strings.Contains(m, "exited"):
		f.Hint = "where the system does not allow the browser's sandbox and the pages are trusted, say sandbox: false for this browser in agent.yaml"
	case strings.Contains(m, "only supports"):
		f.Hint = "driver and browser must be of one version: update the older one"
	case strings.Contains(m, "cannot find"):
		f.Hint = "install the browser, or give its path in agent.yaml"
	}
	return f
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return cut(line, 300)
}

// plain takes selenium's made-up address off an error.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// command runs one command of selenium. One is in flight at a time; others wait for their turn.
func (s *session) command(ctx context.Context, f func() error) error {
	if s.gone.Err() != nil {
		return context.Cause(s.gone)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-s.gone.Done():
		return context.Cause(s.gone)
	case <-ctx.Done():
		return ctx.Err()
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.gone, cancel)()
	return s.failure(ctx, s.wire.under(limited, f))
}

// failure gives the reason why there is no session any more in place of an error, if that is so.
func (s *session) failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case s.gone.Err() != nil:
		return context.Cause(s.gone)
	case ctx.Err() != nil:
		return ctx.Err()
	case s.path == "":
		return err // of opening
	}
	code, message := codeOf(err), messageOf(err)
	switch {
	case code == "":
		if s.service != nil {
			// The connection ends before the process is reaped.
			select {
			case <-s.service.gone.Done():
				return context.Cause(s.gone)
			case <-time.After(answerGrace):
			}
		}
		s.die(&browser.Failure{Class: browser.ClassBrowser, Message: fmt.Sprintf("the driver does not answer: %v", plain(err)), Err: err})
	case strings.Contains(message, "tab crashed") || strings.Contains(message, "page crash"):
		s.die(&browser.Failure{
			Class: browser.ClassBrowser, Message: "the page's process in the browser crashed", Err: err,
			Hint: "often it ran out of memory: give the agent more, or play fewer flows at once",
		})
	case code == "unknown error" && message == "" && s.service != nil && s.service.childless():
		s.die(&browser.Failure{Class: browser.ClassBrowser, Message: "the browser died" + s.service.lastWords(), Err: err})
	case code == "invalid session id", strings.Contains(message, "disconnected"), strings.Contains(message, "not reachable"), strings.Contains(message, "not connected to DevTools"):
		s.die(&browser.Failure{Class: browser.ClassBrowser, Message: "the browser died: " + firstLine(code+": "+message), Err: err})
	default:
		return err
	}
	return context.Cause(s.gone)
}

// past runs a command, and answers the dialogs that stand in its way. When the tab has closed itself, another one is the
// current one.
func (s *session) past(ctx context.Context, f func() error) error {
	for {
		err := s.command(ctx, f)
		switch codeOf(err) {
		case "unexpected alert open":
			if err := s.answerDialogs(ctx); err != nil {
				return err
			}
		case "no such window":
			if err := s.adopt(ctx); err != nil {
				return err
			}
			return browser.ErrDocumentGone
		default:
			return err
		}
	}
}

// post, get and remove send commands that selenium does not have, or has wrong.
func (s *session) post(ctx context.Context, path string, body any) (json.RawMessage, error) {
	return s.send(ctx, "POST", path, body)
}

func (s *session) get(ctx context.Context, path string) (json.RawMessage, error) {
	return s.send(ctx, "GET", path, nil)
}

func (s *session) send(ctx context.Context, method, path string, body any) (value json.RawMessage, err error) {
	err = s.past(ctx, func() error {
		value, err = s.wire.send(method, s.path+path, body)
		return err
	})
	return value, err
}

// run runs the body of a function in the current frame and gives its result.
func (s *session) run(ctx context.Context, body string, args ...any) (value json.RawMessage, err error) {
	return s.execute(ctx, body, args, func(wd selenium.WebDriver) func(string, []any) ([]byte, error) { return wd.ExecuteScriptRaw })
}

// runAsync is run for a function that gives its result to its last argument.
func (s *session) runAsync(ctx context.Context, body string, args ...any) (value json.RawMessage, err error) {
	return s.execute(ctx, body, args, func(wd selenium.WebDriver) func(string, []any) ([]byte, error) { return wd.ExecuteScriptAsyncRaw })
}

func (s *session) execute(ctx context.Context, body string, args []any, how func(selenium.WebDriver) func(string, []any) ([]byte, error)) (json.RawMessage, error) {
	var reply struct{ Value json.RawMessage }
	err := s.past(ctx, func() error {
		raw, err := how(s.wd)(body, args)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &reply)
	})
	if err != nil {
		return nil, scriptFailure(err)
	}
	return reply.Value, nil
}

// Interrupt ends the JavaScript that keeps the page busy, and gives up a navigation. Where there is no way beside the driver
// to do that, it does nothing: the driver's own limits end what is in flight.
func (s *session) Interrupt(ctx context.Context) error {
	if s.gone.Err() != nil {
		return context.Cause(s.gone)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.rescuer.send(ctx, "Runtime.terminateExecution", "Page.stopLoading")
}

// Close ends the browser. It does the work later; Driver.Close waits for it.
func (s *session) Close() error {
	s.close.Do(func() {
		s.die(errClosed)
		// After Driver.Close there is nothing to tear down.
		s.driver.spawn(func() {
			if err := s.teardown(); err != nil {
				s.driver.log.Error("ending the browser", "error", err)
			}
		})
	})
	return nil
}

var errClosed = &browser.Failure{Class: browser.ClassInternal, Message: "the page was closed already"}

// teardown takes the session away, once; who comes second waits for that.
func (s *session) teardown() error {
	s.ending.Do(func() { s.endErr = s.end() })
	return s.endErr
}

// end ends the session at the driver. One that does not do that soon is left with it, or ended if it serves no other.
func (s *session) end() error {
	defer s.wire.close()
	defer s.driver.forget(s)
	if s.service != nil && !s.driver.kind.shared {
		return s.driver.end(s.service) // the browser ends with its driver
	}
	if s.wd != nil && (s.service == nil || s.service.gone.Err() == nil) {
		s.turn <- struct{}{} // what was in flight was given up
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		if err := s.wire.under(ctx, s.wd.Quit); err != nil {
			s.driver.log.Debug("the driver did not end a session", "error", plain(err))
		}
	}
	if s.profile != "" {
		return s.service.endBrowser(s.profile)
	}
	return nil
}

var _ browser.Session = (*session)(nil)
