package reportertest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Request is one that a reporter sent.
type Request struct {
	N      int    // counted from 1
	Method string // the last part of its path: chat.postMessage; upload for a picture's bytes
	Header http.Header
	Body   []byte
}

// Fault is what goes wrong with a request. The zero Fault is none.
type Fault struct {
	Effect bool // it goes wrong after the request took effect: the answer alone is lost or wrong

	// One of:
	Status     int           // the answer's
	RetryAfter time.Duration // the answer is 429 (or Status), with this header
	Error      string        // the answer is Slack's ok:false with this word
	Lose       bool          // the connection ends without an answer
	Hang       bool          // no answer comes, until the client goes away
	Body       string        // the answer's, beside Status; alone: it is 200, and this
}

// gate stands before a fake service. It counts and keeps the requests, and plays the faults that a script wants.
type gate struct {
	server *httptest.Server
	inner  http.Handler
	closed chan struct{}
	once   sync.Once

	mu       sync.Mutex
	requests []Request
	script   func(Request) Fault
}

func (g *gate) open(t testing.TB, inner http.Handler) {
	g.inner = inner
	g.closed = make(chan struct{})
	g.server = httptest.NewServer(g)
	t.Cleanup(g.Close)
}

// Close ends the service before the test does.
func (g *gate) Close() {
	g.once.Do(func() {
		close(g.closed)
		g.server.Close()
	})
}

// Script lets f choose what goes wrong from now on; nil: nothing. It is called for one request at a time.
func (g *gate) Script(f func(Request) Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.script = f
}

// Down lets every request fail, until it is called with false. It takes the place of a script.
func (g *gate) Down(down bool) {
	if down {
		g.Script(func(Request) Fault { return Fault{Status: http.StatusServiceUnavailable} })
	} else {
		g.Script(nil)
	}
}

// Requests gives all that came, the oldest first.
func (g *gate) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

func (g *gate) enter(r *http.Request, body []byte) Fault {
	method := path.Base(r.URL.Path)
	if path.Base(path.Dir(r.URL.Path)) == "upload" {
		method = "upload"
	}
	return g.admit(method, r.Header.Clone(), body)
}

// admit keeps a request, and gives what is to go wrong with it.
func (g *gate) admit(method string, header http.Header, body []byte) Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	req := Request{N: len(g.requests) + 1, Method: method, Header: header, Body: body}
	g.requests = append(g.requests, req)
	if g.script == nil {
		return Fault{}
	}
	return g.script(req)
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f := g.enter(r, body)
	if f == (Fault{}) {
		g.inner.ServeHTTP(w, r)
		return
	}
	if f.Effect {
		g.inner.ServeHTTP(httptest.NewRecorder(), r)
	}
	f.play(w, r, g.closed)
}

func (f Fault) play(w http.ResponseWriter, r *http.Request, closed <-chan struct{}) {
	switch {
	case f.Error != "":
		answer(w, map[string]any{"ok": false, "error": f.Error})
	case f.RetryAfter > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
		if f.Status == 0 {
			f.Status = http.StatusTooManyRequests
		}
		http.Error(w, "not so fast", f.Status)
	case f.Status > 0:
		http.Error(w, cmp.Or(f.Body, "scripted"), f.Status)
	case f.Body != "":
		_, _ = io.WriteString(w, f.Body)
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-closed:
		}
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
}

func answer(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("answer: %v", err))
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}
