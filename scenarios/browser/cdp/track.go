package cdp

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// worldName names the isolated world of the page script.
const worldName = "trackwalker"

// pageState is what the events tell of a tab's main frame. It is guarded by session.mu.
type pageState struct {
	frame   cdp.FrameID
	commits map[cdp.LoaderID]bool
	address string       // of the document; empty before the first commit
	moves   int          // commits and navigations within the document
	starts  int          // of navigations to another document
	failed  string       // the address that the current document, one of the browser's own, stands for
	current cdp.LoaderID // of the document
	broken  string       // the net:: error with which the current document ended in the middle
	loading bool         // the document is not there in full
	input   bool         // input was played since Settle looked last
	before  string       // what failed was when the first of that input was played
	pending bool         // a navigation was asked for, and neither committed nor given up
	loader  cdp.LoaderID // of the pending navigation; empty until it has one
	clean   bool         // the pending navigation began when nothing else was loading
	asks    bool         // the pending navigation began before the page was asked whether it may be left
	leaving bool         // a dialog asks that
	stays   int          // how many of those said no
}

// world is an execution context, a set of globals for one document. It is guarded by session.mu, but for id and number.
type world struct {
	in     *target
	id     string // unique in the browser
	number runtime.ExecutionContextID
	gone   bool // the document was replaced
}

// worlds are those of one kind in a frame, the newest last. While a document is replaced by one of another process there are
// two: each process tells of its own, and the one that is left may do so last.
type worlds []*world

// frame is a place for a document in a tab: the tab's own, or that of an element like <iframe>. It keeps its identity when
// its document is replaced, also by one of another process. It is guarded by session.mu.
type frame struct {
	id     cdp.FrameID
	tab    *target
	parent *frame // nil of the main frame, and while it is not known
	own    worlds // of the page script
	site   worlds // the document's own
	gone   bool   // the place was taken away
}

// frame gives the frame of an id, which may be new.
func (t *target) frame(id cdp.FrameID) *frame {
	f := t.tab.frames[id]
	if f == nil {
		f = &frame{id: id, tab: t.tab}
		t.tab.frames[id] = f
	}
	return f
}

// dropWorlds ends the worlds that the process of a target had.
func (t *target) dropWorlds(in *target) {
	for _, f := range t.frames {
		f.drop(func(w *world) bool { return w.in == in })
	}
}

// drop ends those worlds of a frame of which is says true.
func (f *frame) drop(is func(*world) bool) {
	f.own.drop(is)
	f.site.drop(is)
}

func (all *worlds) drop(is func(*world) bool) {
	*all = slices.DeleteFunc(*all, func(w *world) bool {
		w.gone = w.gone || is(w)
		return w.gone
	})
}

// add takes in a new world, which replaces the one that the same process had.
func (all *worlds) add(w *world) {
	all.drop(func(old *world) bool { return old.in == w.in })
	*all = append(*all, w)
}

// world gives the one of the frame's document, or nil while there is none. A frame that is a target has its document there.
func (f *frame) world(all worlds) *world {
	if i := slices.IndexFunc(all, func(w *world) bool { return cdp.FrameID(w.in.id) == f.id }); i >= 0 {
		return all[i]
	}
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// dropInside takes away the frames in f: its document was replaced.
func (t *target) dropInside(f *frame) {
	for id, inner := range t.tab.frames {
		for up := inner.parent; up != nil; up = up.parent {
			if up == f {
				t.remove(id)
				break
			}
		}
	}
}

// maxRemoved is how many removed frames a tab remembers: a page can add and remove them without end.
const maxRemoved = 10_000

// remove takes a frame away. Its id is remembered, for a description of its element may still be on the way.
func (t *target) remove(id cdp.FrameID) {
	if f := t.tab.frames[id]; f != nil {
		f.gone = true
		f.drop(func(*world) bool { return true })
		delete(t.tab.frames, id)
	}
	if len(t.tab.removed) >= maxRemoved {
		clear(t.tab.removed)
	}
	t.tab.removed[id] = true
}

// track keeps what the events tell of documents. It runs on the goroutine that reads events.
func (t *target) track(event any) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if t.trackFrames(event) || t == t.tab && t.page.track(event) {
		t.s.change()
	}
}

// trackFrames keeps the frames of the tab, and reports whether anything changed.
func (t *target) trackFrames(event any) bool {
	switch e := event.(type) {
	case *runtime.EventExecutionContextCreated:
		var aux struct {
			Default bool        `json:"isDefault"`
			Frame   cdp.FrameID `json:"frameId"`
		}
		if json.Unmarshal(e.Context.AuxData, &aux) != nil || aux.Frame == "" || !aux.Default && e.Context.Name != worldName {
			return false
		}
		f := t.frame(aux.Frame)
		all := &f.own
		if aux.Default {
			all = &f.site
		}
		all.add(&world{in: t, id: e.Context.UniqueID, number: e.Context.ID})
	case *runtime.EventExecutionContextDestroyed:
		for _, f := range t.tab.frames {
			f.drop(func(w *world) bool { return w.in == t && w.id == e.ExecutionContextUniqueID })
		}
	case *runtime.EventExecutionContextsCleared:
		t.tab.dropWorlds(t)
	case *page.EventFrameAttached:
		delete(t.tab.removed, e.FrameID)
		t.frame(e.FrameID).parent = t.frame(e.ParentFrameID)
	case *page.EventFrameDetached:
		if e.Reason == page.FrameDetachedReasonSwap {
			return false
		}
		if f := t.tab.frames[e.FrameID]; f != nil {
			t.dropInside(f)
		}
		t.remove(e.FrameID)
	case *page.EventFrameNavigated:
		t.dropInside(t.frame(e.Frame.ID))
		return false
	default:
		return false
	}
	return true
}

// track keeps what the events tell of the main frame, and reports whether anything changed.
func (p *pageState) track(event any) bool {
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		if e.FrameID != p.frame || e.Disposition != page.ClientNavigationDispositionCurrentTab {
			return false
		}
		p.pending, p.loader = true, ""
	case *page.EventFrameStartedNavigating:
		if e.FrameID != p.frame || sameDocument(e.NavigationType) {
			return false
		}
		// One that the page asked for begins after that.
		p.asks = !p.pending || p.loader != ""
		p.pending, p.loader, p.clean = true, e.LoaderID, !p.loading
		p.starts++
	case *page.EventFrameNavigated:
		if e.Frame.ParentID != "" {
			return false
		}
		p.frame = e.Frame.ID
		if p.commits == nil {
			p.commits = map[cdp.LoaderID]bool{}
		}
		p.commits[e.Frame.LoaderID] = true
		p.moves++
		p.loading = true
		p.failed = e.Frame.UnreachableURL
		p.current, p.broken = e.Frame.LoaderID, ""
		p.address = e.Frame.URL + e.Frame.URLFragment
		if p.failed != "" {
			p.address = p.failed
		}
		if p.loader == "" || p.loader == e.Frame.LoaderID {
			p.pending, p.loader = false, ""
		}
	case *page.EventNavigatedWithinDocument:
		if e.FrameID != p.frame {
			return false
		}
		p.moves++
		p.address = e.URL
		if p.loader == "" {
			p.pending = false
		}
	case *page.EventFrameStoppedLoading:
		if e.FrameID != p.frame {
			return false
		}
		p.loading = false
		// Otherwise this may be about the document that is being left; awaitNavigation finds out.
		if p.clean {
			p.pending, p.loader = false, ""
		}
	default:
		return false
	}
	return true
}

// netError finds the name of a network error in what the browser logs of it.
var netError = regexp.MustCompile(`net::ERR_[A-Z0-9_]+`)

// hearLog keeps what the browser's log tells of the document itself: its loader is its request. It runs on the goroutine that
// reads events.
func (t *target) hearLog(e *cdplog.Entry) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if t == t.tab && e.NetworkRequestID != "" && cdp.LoaderID(e.NetworkRequestID) == t.page.current {
		t.page.broken = netError.FindString(e.Text)
	}
}

// giveUp ends a pending navigation that will not commit.
func (t *target) giveUp(id cdp.LoaderID) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if t.page.pending && t.page.loader == id {
		t.page.pending, t.page.loader = false, ""
		t.s.change()
	}
}

func sameDocument(t page.FrameStartedNavigatingNavigationType) bool {
	return t == page.FrameStartedNavigatingNavigationTypeSameDocument || t == page.FrameStartedNavigatingNavigationTypeHistorySameDocument
}
