package cdp

import (
	"context"
	"io"
	"sync"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// transport is the pipe to one browser.
//
// The browser attaches us to new targets by itself, before they begin (Target.setAutoAttach). When chromedp attaches to a
// target, it asks for a session once more, and then switches on every domain that its own queries and waits could need: a
// mirror of the whole DOM, and an event for every request. Nothing here uses them, and no option leaves them out. So
// transport answers that by itself, and the browser never hears of it: the session is the one that is there already, the
// target is a worker, of which chromedp wants little, and the first command of each kind that it sends to one is done. A
// second one passes: that is ours, sent because it is needed.
type transport struct {
	pipe *chromedp.PipeConn

	incoming chan incoming
	closed   chan struct{}
	close    sync.Once

	mu       sync.Mutex
	attached map[cdptarget.ID]cdptarget.SessionID // by the browser, and not yet asked for
	answered map[faked]bool
	writing  map[cdptarget.SessionID]chan struct{} // closed at the next command
	answers  []*cdproto.Message
	wake     chan struct{} // holds one token while answers is not empty
}

type faked struct {
	session cdptarget.SessionID
	method  cdproto.MethodType
}

type incoming struct {
	message *cdproto.Message
	err     error
}

// newTransport reads what the browser writes from r and writes commands to w.
func newTransport(r io.ReadCloser, w io.WriteCloser) *transport {
	t := &transport{
		pipe:     chromedp.NewPipeConn(r, w),
		incoming: make(chan incoming),
		closed:   make(chan struct{}),
		attached: map[cdptarget.ID]cdptarget.SessionID{},
		answered: map[faked]bool{},
		writing:  map[cdptarget.SessionID]chan struct{}{},
		wake:     make(chan struct{}, 1),
	}
	go t.pump()
	return t
}

// unneeded gives the answer to a command that chromedp sends to every target and this package does not need.
func unneeded(m cdproto.MethodType) (answer string, ok bool) {
	switch string(m) {
	case runtime.CommandEnable, cdplog.CommandEnable, network.CommandEnable:
		return "{}", true
	case runtime.CommandEvaluate: // what are you?
		return `{"result":{"type":"object","className":"WorkerGlobalScope"}}`, true
	}
	return "", false
}

// Write sends a command, or answers it.
func (t *transport) Write(ctx context.Context, m *cdproto.Message) error {
	if r := t.ownAnswer(m); r != nil {
		t.give(r)
		return nil
	}
	err := t.pipe.Write(ctx, m)
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.writing[m.SessionID]; c != nil {
		close(c)
		delete(t.writing, m.SessionID)
	}
	return err
}

// written gives what is closed when the next command to a session was written.
func (t *transport) written(id cdptarget.SessionID) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.writing[id]
	if c == nil {
		c = make(chan struct{})
		t.writing[id] = c
	}
	return c
}

// ownAnswer gives the answer to a command that the browser shall not hear of, or nil.
func (t *transport) ownAnswer(m *cdproto.Message) *cdproto.Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m.Method == cdptarget.CommandAttachToTarget {
		var p cdptarget.AttachToTargetParams
		if jsonv2.Unmarshal(m.Params, &p) != nil || t.attached[p.TargetID] == "" {
			return nil
		}
		id := t.attached[p.TargetID]
		delete(t.attached, p.TargetID)
		return &cdproto.Message{ID: m.ID, Result: jsonv2.Value(`{"sessionId":"` + id + `"}`)}
	}
	result, ok := unneeded(m.Method)
	key := faked{m.SessionID, m.Method}
	if m.SessionID == "" || !ok || t.answered[key] {
		return nil
	}
	t.answered[key] = true
	return &cdproto.Message{ID: m.ID, SessionID: m.SessionID, Result: jsonv2.Value(result)}
}

// give hands a message to Read. The queue has no limit, because Read may be waiting for the very goroutine that writes.
func (t *transport) give(m *cdproto.Message) {
	t.mu.Lock()
	t.answers = append(t.answers, m)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// hear looks at what the browser says of sessions. That the session of a frame ends it tells to the session of its page, and
// chromedp listens for it in vain: so it is told once more.
func (t *transport) hear(m *cdproto.Message) {
	switch m.Method {
	case cdproto.EventTargetAttachedToTarget:
		var e cdptarget.EventAttachedToTarget
		if jsonv2.Unmarshal(m.Params, &e, chromedp.DefaultUnmarshalOptions) == nil && e.TargetInfo != nil {
			t.mu.Lock()
			t.attached[e.TargetInfo.TargetID] = e.SessionID
			t.mu.Unlock()
		}
	case cdproto.EventTargetDetachedFromTarget:
		var e cdptarget.EventDetachedFromTarget
		if jsonv2.Unmarshal(m.Params, &e, chromedp.DefaultUnmarshalOptions) != nil {
			return
		}
		t.mu.Lock()
		for id, session := range t.attached {
			if session == e.SessionID {
				delete(t.attached, id)
			}
		}
		for key := range t.answered {
			if key.session == e.SessionID {
				delete(t.answered, key)
			}
		}
		delete(t.writing, e.SessionID)
		t.mu.Unlock()
		if m.SessionID != "" {
			t.give(&cdproto.Message{Method: m.Method, Params: m.Params})
		}
	}
}

// Read gives the next message: one of the browser's or an answer of our own.
func (t *transport) Read(ctx context.Context, m *cdproto.Message) error {
	for {
		t.mu.Lock()
		if len(t.answers) > 0 {
			*m = *t.answers[0]
			t.answers = t.answers[1:]
			t.mu.Unlock()
			return nil
		}
		t.mu.Unlock()
		select {
		case in := <-t.incoming:
			if in.err != nil {
				return in.err
			}
			*m = *in.message
			t.hear(m)
			return nil
		case <-t.wake:
		case <-t.closed:
			return io.EOF
		}
	}
}

// pump moves messages from the pipe to Read, which cannot wait for the pipe and for an answer at once.
func (t *transport) pump() {
	for {
		m := new(cdproto.Message)
		err := t.pipe.Read(context.Background(), m)
		select {
		case t.incoming <- incoming{m, err}:
		case <-t.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

// Close closes both ends of the pipe, upon which the browser exits.
func (t *transport) Close() error {
	t.close.Do(func() { close(t.closed) })
	return t.pipe.Close()
}

// quit asks the browser to exit. chromedp keeps that command to itself, for browsers that it started.
func (t *transport) quit() error {
	return t.pipe.Write(context.Background(), &cdproto.Message{ID: quitID, Method: browser.CommandClose})
}

// resume lets a target begin that nobody wants to know more of.
func (t *transport) resume(id cdptarget.SessionID) error {
	return t.pipe.Write(context.Background(), &cdproto.Message{ID: resumeID, SessionID: id, Method: runtime.CommandRunIfWaitingForDebugger})
}

// The ids of commands whose answers nobody waits for are far above those that chromedp counts up from one, and within the 32
// bits that the browser reads.
const (
	quitID   = 1 << 30
	resumeID = quitID + 1
)

// SetDebugf is how chromedp hands over its protocol logger.
func (t *transport) SetDebugf(f func(string, ...any)) { t.pipe.SetDebugf(f) }

// allocator gives chromedp a browser that runs already, so that it neither starts nor stops one.
type allocator struct{ transport *transport }

func (a allocator) Allocate(ctx context.Context, o ...chromedp.BrowserOption) (*chromedp.Browser, error) {
	return chromedp.NewBrowserTransport(ctx, a.transport, o...)
}

func (allocator) Wait()          {}
func (allocator) Attaches() bool { return true }
