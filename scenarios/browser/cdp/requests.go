package cdp

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdptarget "github.com/chromedp/cdproto/target"

	"trackwalker/scenarios/browser"
)

// What is kept of the requests of a session. The oldest are dropped.
const (
	maxRequests    = 10_000
	maxRequestText = 8 << 20 // bytes of all their addresses
)

// requestLog keeps the requests of a session, and knows which are in flight. Requests have ids that are unique in a browser:
// one that begins in one target may end in another, as that of a frame that another process takes over.
type requestLog struct {
	mu   sync.Mutex
	all  []*request // the oldest first
	text int        // bytes of their addresses
	open map[network.RequestID]*request
	tabs map[cdptarget.ID]*traffic
}

// request is one exchange. What ends it may never be told: the renderer that would tell is gone with its document.
type request struct {
	browser.Exchange
	id       network.RequestID
	from     cdptarget.ID // the target that told of it
	tab      cdptarget.ID
	loader   cdp.LoaderID
	frame    cdp.FrameID
	inFlight bool
}

// traffic is what a tab has in flight.
type traffic struct {
	inFlight int
	since    time.Time // it is so
}

// network gives what makes targets tell of their requests, if that is asked for.
func (s *session) network() []step {
	if s.options.Uses&browser.FeatureNetwork == 0 && s.options.Emulation.Network == nil {
		return nil
	}
	return []step{enableNetwork}
}

// enableNetwork has a target tell of its requests. The browser keeps no bodies for us.
func enableNetwork(ctx context.Context, t *target) error {
	return do(ctx, t, network.Enable, network.EnableParams{
		MaxTotalBufferSize: new(int64(0)), MaxResourceBufferSize: new(int64(0)), MaxPostDataSize: new(int64(0)),
	})
}

// Exchanges gives the requests that began or were answered since a time, in all tabs and frames.
func (s *session) Exchanges(since time.Time) []browser.Exchange { return s.requests.exchanges(since) }

// Busy gives what the current tab has in flight. Streams of events are not counted, nor are WebSockets: they never end.
func (s *session) Busy() (inFlight int, since time.Time) { return s.requests.busy(s.tab().id) }

// hear gets the events of a target that belongs to a tab, in order.
func (l *requestLog) hear(tab, from cdptarget.ID, event any, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		l.begin(tab, from, e, now)
	case *network.EventResponseReceived:
		if r := l.open[e.RequestID]; r != nil && r.Answered.IsZero() {
			r.Status, r.Answered = int(e.Response.Status), now
			if e.Type == network.ResourceTypeEventSource {
				l.land(r, now)
			}
		}
	case *network.EventLoadingFinished:
		l.end(e.RequestID, "", now)
	case *network.EventLoadingFailed:
		why, _, _ := strings.Cut(strings.TrimPrefix(e.ErrorText, "net::"), ".") // after the point is who it was
		l.end(e.RequestID, why, now)
	case *page.EventFrameNavigated:
		// The requests of the document before end with it.
		main := from == tab && e.Frame.ParentID == ""
		l.landAll(now, func(r *request) bool {
			return r.loader != e.Frame.LoaderID && (main && r.tab == tab || r.frame == e.Frame.ID)
		})
	case *page.EventFrameDetached:
		if e.Reason == page.FrameDetachedReasonRemove {
			l.landAll(now, func(r *request) bool { return r.frame == e.FrameID })
		}
	}
}

// leave is told that a target is gone.
func (l *requestLog) leave(from cdptarget.ID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.landAll(now, func(r *request) bool { return r.from == from })
}

// begin adds a request. Not all that the browser tells of is one of the page's: what is in an address itself, as data:, is
// none, nor are those that the browser makes of its own accord, as the question whether the page may ask another origin.
func (l *requestLog) begin(tab, from cdptarget.ID, e *network.EventRequestWillBeSent, now time.Time) {
	if !strings.HasPrefix(e.Request.URL, "http") || e.Type == network.ResourceTypePreflight || preflight(e.Request) || favicon(e.Request.URL) {
		return
	}
	if was := l.open[e.RequestID]; was != nil {
		if e.RedirectResponse == nil {
			return // another target tells of the same one
		}
		was.Status, was.Answered = int(e.RedirectResponse.Status), now
		l.end(e.RequestID, "", now)
	}
	r := &request{
		Exchange: browser.Exchange{URL: e.Request.URL, Method: e.Request.Method, Started: now},
		id:       e.RequestID, from: from, tab: tab, loader: e.LoaderID, frame: e.FrameID,
		inFlight: e.Type != network.ResourceTypeEventSource, // that one never ends
	}
	if l.open == nil {
		l.open = map[network.RequestID]*request{}
	}
	l.open[r.id] = r
	l.all = append(l.all, r)
	l.text += len(r.URL)
	for len(l.all) > maxRequests || l.text > maxRequestText && len(l.all) > 1 {
		l.drop(now)
	}
	if r.inFlight {
		l.count(tab, 1, now)
	}
}

// drop forgets the oldest request.
func (l *requestLog) drop(now time.Time) {
	r := l.all[0]
	l.all[0] = nil
	l.all = l.all[1:] // append moves the rest when it runs out of room
	l.text -= len(r.URL)
	l.land(r, now)
	if l.open[r.id] == r {
		delete(l.open, r.id)
	}
}

// end closes a request, which has failed if it was not answered.
func (l *requestLog) end(id network.RequestID, why string, now time.Time) {
	r := l.open[id]
	if r == nil {
		return
	}
	if r.Answered.IsZero() {
		r.Failed = why
	}
	delete(l.open, id)
	l.land(r, now)
}

// land takes a request out of the air.
func (l *requestLog) land(r *request, now time.Time) {
	if r.inFlight {
		r.inFlight = false
		l.count(r.tab, -1, now)
	}
}

func (l *requestLog) landAll(now time.Time, which func(*request) bool) {
	for _, r := range l.open {
		if r.inFlight && which(r) {
			l.land(r, now)
		}
	}
}

func (l *requestLog) count(tab cdptarget.ID, change int, now time.Time) {
	if l.tabs == nil {
		l.tabs = map[cdptarget.ID]*traffic{}
	}
	t := l.tabs[tab]
	if t == nil {
		t = &traffic{}
		l.tabs[tab] = t
	}
	t.inFlight += change
	t.since = now
}

// exchanges gives those that began or were answered since a time, the oldest first.
func (l *requestLog) exchanges(since time.Time) []browser.Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []browser.Exchange
	for _, r := range l.all {
		if !r.Started.Before(since) || !r.Answered.Before(since) {
			found = append(found, r.Exchange)
		}
	}
	return found
}

// busy gives what a tab has in flight, and since when that has been so: the zero time if it never had anything.
func (l *requestLog) busy(tab cdptarget.ID) (inFlight int, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.tabs[tab]; t != nil {
		return t.inFlight, t.since
	}
	return 0, time.Time{}
}
