package webdriver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/tebeka/selenium"

	"trackwalker/scenarios/browser"
)

// maxAnswer is how much of an answer is read: a picture of a whole page is the largest there is.
const maxAnswer = 256 << 20

// router is the transport below selenium, which has one HTTP client for the whole program, without a context and without a
// limit of time. Every session has a host name of its own in it, by which its requests are known; where they go to, and how
// long they may take, its wire says.
type router struct {
	mu    sync.Mutex
	last  int
	wires map[string]*wire
}

// theRouter is one because selenium's client is.
var theRouter = sync.OnceValue(func() *router {
	r := &router{wires: map[string]*wire{}}
	selenium.HTTPClient = &http.Client{Transport: r, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return r
})

func (r *router) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	w := r.wires[request.URL.Host]
	r.mu.Unlock()
	if w == nil {
		return nil, errors.New("the session is closed")
	}
	return w.roundTrip(request)
}

// wire is the way of one session to its driver. One command at a time is on it.
type wire struct {
	base      *url.URL
	transport http.RoundTripper
	host      string

	opened []byte // the answer that opened the session

	mu  sync.Mutex
	ctx context.Context // of the command in flight; nil: there is none
}

// newWire adds a wire. close takes it away.
func newWire(base *url.URL, t http.RoundTripper) *wire {
	r := theRouter()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	w := &wire{base: base, transport: t, host: strconv.Itoa(r.last) + ".session"}
	r.wires[w.host] = w
	return w
}

func (w *wire) close() {
	r := theRouter()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.wires, w.host)
}

// prefix is what selenium takes for the driver's address.
func (w *wire) prefix() string { return "http://" + w.host }

// under runs a command of selenium under a context.
func (w *wire) under(ctx context.Context, f func() error) error {
	w.mu.Lock()
	w.ctx = ctx
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.ctx = nil
		w.mu.Unlock()
	}()
	return f()
}

func (w *wire) roundTrip(given *http.Request) (*http.Response, error) {
	w.mu.Lock()
	ctx := w.ctx
	w.mu.Unlock()
	if ctx == nil {
		return nil, errors.New("no command is in flight")
	}
	request := given.Clone(ctx)
	target := *w.base
	target.Path += given.URL.Path
	target.User = nil
	request.URL, request.Host, request.RequestURI = &target, "", ""
	if u := w.base.User; u != nil {
		password, _ := u.Password()
		request.SetBasicAuth(u.Username(), password)
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	response, err := w.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the driver's answer has more than %d MiB", maxAnswer>>20)
	case !json.Valid(body):
		return nil, &notDriver{status: response.Status, body: cut(string(bytes.TrimSpace(body)), 200)}
	}
	if given.URL.Path == "/session" {
		w.opened = body
	}
	response.Header.Set("Content-Type", "application/json") // selenium takes no other
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// notDriver is an answer that no driver gives: from something between, or from something else.
type notDriver struct{ status, body string }

func (e *notDriver) Error() string {
	if e.body == "" {
		return e.status
	}
	return e.status + ": " + e.body
}

// send sends a command that selenium does not have, and gives the value of its answer. It runs under a context, as others.
func (w *wire) send(method, path string, body any) (json.RawMessage, error) {
	var content []byte
	if method == http.MethodPost {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequest(method, w.prefix()+path, bytes.NewReader(content)) //nolint:noctx // roundTrip adds it
	if err != nil {
		return nil, err
	}
	response, err := w.roundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var reply struct{ Value json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return reply.Value, nil
	}
	failed := &selenium.Error{HTTPCode: response.StatusCode}
	if json.Unmarshal(reply.Value, failed) != nil || failed.Err == "" {
		failed.Err, failed.Message = "unknown error", response.Status
	}
	return nil, failed
}

// codeOf gives the error code that a driver answered, or nothing.
func codeOf(err error) string { return answered(err).Err }

// messageOf gives the message of an error that a driver answered, or nothing.
func messageOf(err error) string { return answered(err).Message }

// answered gives what a driver answered. A Failure has been understood already.
func answered(err error) selenium.Error {
	if _, understood := errors.AsType[*browser.Failure](err); understood {
		return selenium.Error{}
	}
	if e, ok := errors.AsType[*selenium.Error](err); ok {
		return *e
	}
	return selenium.Error{}
}
