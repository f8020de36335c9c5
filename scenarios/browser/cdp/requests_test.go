package cdp

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdptarget "github.com/chromedp/cdproto/target"

	"trackwalker/scenarios/browser"
)

// logged is a requestLog with a clock that ticks once an event, from second 1.
type logged struct {
	requestLog
	t     *testing.T
	clock time.Time
}

func newLogged(t *testing.T) *logged { return &logged{t: t, clock: time.Unix(0, 0)} }

func (l *logged) tell(tab, from string, event any) {
	l.clock = l.clock.Add(time.Second)
	l.hear(cdptarget.ID(tab), cdptarget.ID(from), event, l.clock)
}

func (l *logged) wantBusy(tab string, inFlight int, since int64) {
	l.t.Helper()
	if n, at := l.busy(cdptarget.ID(tab)); n != inFlight || at.Unix() != since {
		l.t.Errorf("%s has %d in flight since second %d, want %d since %d", tab, n, at.Unix(), inFlight, since)
	}
}

func (l *logged) wantExchanges(since int64, want ...string) {
	l.t.Helper()
	var got []string
	for _, e := range l.exchanges(time.Unix(since, 0)) {
		s := fmt.Sprintf("%s %s %d started %d", e.Method, e.URL, e.Status, e.Started.Unix())
		if !e.Answered.IsZero() {
			s += fmt.Sprintf(" answered %d", e.Answered.Unix())
		}
		if e.Failed != "" {
			s += " failed " + e.Failed
		}
		got = append(got, s)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		l.t.Errorf("since %d:\n%s\nwant\n%s", since, g, w)
	}
}

func sent(id, loader, url string, change ...func(*network.EventRequestWillBeSent)) *network.EventRequestWillBeSent {
	e := &network.EventRequestWillBeSent{
		RequestID: network.RequestID(id), LoaderID: cdp.LoaderID(loader), FrameID: "main", Request: &network.Request{URL: url, Method: "GET"},
	}
	for _, f := range change {
		f(e)
	}
	return e
}

func responded(id string, status int64) *network.EventResponseReceived {
	return &network.EventResponseReceived{RequestID: network.RequestID(id), Response: &network.Response{Status: status}}
}

func finished(id string) *network.EventLoadingFinished {
	return &network.EventLoadingFinished{RequestID: network.RequestID(id)}
}

func failed(id, why string) *network.EventLoadingFailed {
	return &network.EventLoadingFailed{RequestID: network.RequestID(id), ErrorText: why}
}

func committed(frame, parent, loader string) *page.EventFrameNavigated {
	return &page.EventFrameNavigated{Frame: &cdp.Frame{ID: cdp.FrameID(frame), ParentID: cdp.FrameID(parent), LoaderID: cdp.LoaderID(loader)}}
}

func TestRequestLog(t *testing.T) {
	l := newLogged(t)
	if n, since := l.busy("a"); n != 0 || !since.IsZero() {
		t.Errorf("a new tab has %d in flight since %v", n, since)
	}
	l.tell("a", "a", sent("1", "L1", "http://x/old"))
	redirected := sent("1", "L1", "http://x/new")
	redirected.RedirectResponse = &network.Response{Status: 302}
	l.tell("a", "a", redirected)
	l.wantBusy("a", 1, 2)
	l.tell("a", "a", responded("1", 200))
	l.tell("a", "a", committed("main", "", "L1"))
	l.wantBusy("a", 1, 2) // its body is still coming
	l.tell("a", "a", finished("1"))
	l.wantBusy("a", 0, 5)
	l.tell("a", "a", sent("2", "L1", "http://x/api", func(e *network.EventRequestWillBeSent) { e.Request.Method = "POST" }))
	l.tell("a", "worker", sent("2", "", "http://x/api")) // told twice
	l.tell("a", "a", failed("2", "net::ERR_BLOCKED_BY_CLIENT.Inspector"))
	l.tell("b", "b", sent("3", "L2", "http://x/popup"))
	l.tell("a", "a", sent("4", "L1", "data:text/plain,x"))
	l.tell("a", "a", sent("5", "L1", "http://x/api", func(e *network.EventRequestWillBeSent) {
		e.Type, e.Request.Method = network.ResourceTypePreflight, "OPTIONS"
	}))
	l.tell("a", "a", sent("6", "L1", "http://x/favicon.ico"))
	l.wantBusy("a", 0, 8)
	l.wantBusy("b", 1, 9)
	l.tell("c", "c", responded("unknown", 200))
	l.tell("b", "frame of b", responded("3", 500)) // it ends in another target
	l.wantExchanges(0,
		"GET http://x/old 302 started 1 answered 2",
		"GET http://x/new 200 started 2 answered 3",
		"POST http://x/api 0 started 6 failed ERR_BLOCKED_BY_CLIENT",
		"GET http://x/popup 500 started 9 answered 14")
	l.wantExchanges(3, // answered then, or begun later
		"GET http://x/new 200 started 2 answered 3",
		"POST http://x/api 0 started 6 failed ERR_BLOCKED_BY_CLIENT",
		"GET http://x/popup 500 started 9 answered 14")
	l.tell("b", "frame of b", failed("3", "net::ERR_ABORTED"))
	l.wantExchanges(10, "GET http://x/popup 500 started 9 answered 14") // there was a response
	l.wantBusy("b", 0, 15)
}

func TestRequestsThatNobodyEnds(t *testing.T) {
	l := newLogged(t)
	l.tell("a", "a", sent("1", "L1", "http://x/hangs"))
	l.tell("a", "a", sent("2", "L1", "http://x/events", func(e *network.EventRequestWillBeSent) { e.Type = network.ResourceTypeEventSource }))
	l.wantBusy("a", 1, 1)
	l.tell("a", "a", sent("3", "L2", "http://x/frame", func(e *network.EventRequestWillBeSent) { e.FrameID = "frame" }))
	l.tell("a", "a", committed("frame", "main", "L2"))
	l.wantBusy("a", 2, 3)
	l.tell("a", "a", sent("4", "L2", "http://x/in frame", func(e *network.EventRequestWillBeSent) { e.FrameID = "frame" }))
	l.tell("a", "a", &page.EventFrameDetached{FrameID: "frame", Reason: page.FrameDetachedReasonSwap})
	l.wantBusy("a", 3, 5)
	l.tell("a", "a", &page.EventFrameDetached{FrameID: "frame", Reason: page.FrameDetachedReasonRemove})
	l.wantBusy("a", 1, 7)
	l.tell("a", "worker", sent("5", "", "http://x/of worker"))
	l.wantBusy("a", 2, 8)
	l.leave("worker", time.Unix(9, 0))
	l.wantBusy("a", 1, 9)
	l.tell("a", "a", sent("6", "L3", "http://x/next page"))
	l.tell("a", "a", committed("main", "", "L3")) // the first document is gone with all that it waited for
	l.wantBusy("a", 1, 10)
	l.tell("a", "a", finished("6"))
	l.wantBusy("a", 0, 11)
	l.tell("a", "a", finished("1")) // told late
	l.wantBusy("a", 0, 11)
}

func TestRequestLogIsBounded(t *testing.T) {
	l := newLogged(t)
	for i := range 3 * maxRequests {
		l.tell("a", "a", sent(fmt.Sprint(i), "L1", fmt.Sprintf("http://x/%d", i)))
	}
	all := l.exchanges(time.Time{})
	if len(all) != maxRequests || all[0].URL != fmt.Sprintf("http://x/%d", 2*maxRequests) || len(l.open) != maxRequests {
		t.Errorf("%d are kept from %s on, %d are open", len(all), all[0].URL, len(l.open))
	}
	l.wantBusy("a", maxRequests, 3*maxRequests)
	long := "http://x/" + strings.Repeat("y", 1<<20)
	for i := range 20 {
		l.tell("a", "a", sent(fmt.Sprint("long", i), "L1", long))
	}
	if n := len(l.exchanges(time.Time{})); n != 7 {
		t.Errorf("%d long ones are kept", n)
	}
}

func TestNetwork(t *testing.T) {
	release := make(chan struct{})
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/old":
			http.Redirect(w, r, "/new", http.StatusFound)
		case "/missing":
			http.NotFound(w, r)
		case "/hangs":
			w.(http.Flusher).Flush()
			select {
			case <-release:
			case <-r.Context().Done():
			}
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "data: x\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/cached":
			w.Header().Set("Cache-Control", "max-age=1000")
			io.WriteString(w, "cached")
		default:
			io.WriteString(w, "<body>page")
		}
	})
	s := open(t, shared.get(), func(o *browser.Options) { o.Uses = browser.FeatureNetwork })
	idle := func(what string, want int) {
		t.Helper()
		eventually(t, what, func() bool { n, _ := s.Busy(); return n == want })
	}
	seen := func(since time.Time) string {
		var all []string
		for _, e := range s.Exchanges(since) {
			all = append(all, fmt.Sprintf("%s %s %d %s", e.Method, strings.TrimPrefix(e.URL, web.URL), e.Status, e.Failed))
		}
		return strings.Join(all, "\n")
	}
	want := func(since time.Time, want ...string) {
		t.Helper()
		eventually(t, strings.Join(want, ", "), func() bool { return seen(since) == strings.Join(want, "\n") })
	}
	navigate(t, s, web.URL+"/old")
	idle("the page", 0)
	want(time.Time{}, "GET /old 302 ", "GET /new 200 ")
	_, since := s.Busy()

	start := time.Now()
	script[any](t, s, `await fetch("/missing", {method: "POST", body: "x"}); await (await fetch("/cached")).text(); await (await fetch("/cached")).text();
		new Image().src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
		globalThis.events = new EventSource("/events"); await new Promise(done => events.onmessage = done);
		await fetch("http://127.0.0.1:1/", {mode: "no-cors"}).catch(() => {})`)
	idle("the requests", 0)
	want(start, "POST /missing 404 ", "GET /cached 200 ", "GET /cached 200 ", "GET /events 200 ", "GET http://127.0.0.1:1/ 0 ERR_UNSAFE_PORT")
	if _, later := s.Busy(); !later.After(since) {
		t.Errorf("idle since %v, and later since %v", since, later)
	}

	script[any](t, s, `fetch("/hangs")`)
	idle("a request that hangs", 1)
	close(release)
	idle("its end", 0)

	// Frames of another site, and popups, which have a count of their own.
	start = time.Now()
	script[any](t, s, `document.body.innerHTML = "<iframe src='`+otherSite(web.URL)+`/frame'></iframe>"`)
	eventually(t, "the frame", func() bool { return strings.Contains(seen(start), "GET "+otherSite(web.URL)+"/frame 200") })
	idle("the frame's end", 0)
	release = make(chan struct{})
	script[any](t, s, `window.open("/hangs?popup")`)
	eventually(t, "the popup", func() bool { return strings.Contains(seen(start), "GET /hangs?popup 200") })
	idle("the first tab", 0)
	switchToNewest(t, s)
	idle("the popup", 1)
	close(release)
	idle("the popup's end", 0)

	// What a document left unfinished ends with it.
	release = make(chan struct{})
	defer close(release)
	script[any](t, s, `fetch("/hangs?left")`)
	idle("a request that hangs", 1)
	navigate(t, s, otherSite(web.URL)+"/away")
	idle("another document", 0)
}
