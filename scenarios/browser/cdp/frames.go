package cdp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	cdptarget "github.com/chromedp/cdproto/target"

	"trackwalker/scenarios/browser"
)

// everyFrame reports whether frames with processes of their own become targets from the start, because what the session is
// asked to do must be done to them too. Otherwise they do when the first frame of their tab is asked for.
func (s *session) everyFrame() bool {
	const all = browser.FeatureNetwork | browser.FeatureInterception | browser.FeatureAuthenticator
	return s.options.Uses&all != 0 || s.options.Emulation != browser.Emulation{}
}

// splits reports whether those of t's tab do.
func (t *target) splits() bool {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.tab.split || t.s.everyFrame()
}

// splitFrames makes every frame in a target that has a process of its own a target, from now on.
func splitFrames(ctx context.Context, t *target) error {
	return do(ctx, t, cdptarget.SetAutoAttach, autoAttach("iframe"))
}

// Frame gives the document inside an element of the current tab.
func (s *session) Frame(ctx context.Context, function string) (browser.Document, error) {
	return s.tab().main().Frame(ctx, function)
}

// SetFiles chooses files in an element of the current tab.
func (s *session) SetFiles(ctx context.Context, function string, paths []string) error {
	return s.tab().main().SetFiles(ctx, function, paths)
}

// framePause is how long Frame waits before it looks again for what an element does not hold yet.
const framePause = 50 * time.Millisecond

// Frame gives the document inside an element.
func (f *frame) Frame(ctx context.Context, function string) (browser.Document, error) {
	if err := f.tab.splitOnce(ctx); err != nil {
		return nil, err
	}
	for {
		node, err := f.node(ctx, function)
		if err != nil {
			return nil, err
		}
		if node.FrameID != "" {
			return f.inner(node.FrameID)
		}
		// An object becomes a frame only when its document has begun to come.
		name := strings.ToLower(node.LocalName)
		if !slices.Contains([]string{"iframe", "frame", "object", "embed"}, name) {
			return nil, scriptError(fmt.Sprintf("<%s> is no frame", name))
		}
		select {
		case <-time.After(framePause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// splitOnce has the frames of a tab become targets.
func (t *target) splitOnce(ctx context.Context) error {
	if t.splits() {
		return nil
	}
	// At once: the frames that come of it ask whether theirs shall, too.
	t.setSplit(true)
	err := splitFrames(ctx, t)
	if err != nil {
		t.setSplit(false)
	}
	return err
}

func (t *target) setSplit(split bool) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.split = split
}

// inner gives the frame of an id in f.
func (f *frame) inner(id cdp.FrameID) (*frame, error) {
	s := f.tab.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.gone || f.tab.removed[id] {
		return nil, browser.ErrDocumentGone
	}
	in := f.tab.frame(id)
	in.parent = f
	return in, nil
}

// node describes the element that a function of the page script returns.
func (f *frame) node(ctx context.Context, function string) (*cdp.Node, error) {
	var node *cdp.Node
	err := f.element(ctx, function, func(ctx context.Context, o *remote) error {
		r, err := call(ctx, o.in, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: o.ObjectID})
		node = r.Node
		return err
	})
	return node, err
}

// element does something with the element that a function of the page script returns.
func (f *frame) element(ctx context.Context, function string, use func(context.Context, *remote) error) error {
	o, err := f.object(ctx, ownWorld, "([name]) => tw[name]()", []any{function}, false)
	if err != nil {
		return err
	}
	if o.ObjectID == "" {
		return scriptError("there is no such element")
	}
	// A reference keeps what it refers to. Without its document there is none.
	defer f.tab.s.driver.spawn(func() {
		ctx, cancel := o.in.background(openLimit)
		defer cancel()
		_ = do(ctx, o.in, runtime.ReleaseObject, runtime.ReleaseObjectParams{ObjectID: o.ObjectID})
	})
	if o.Subtype != runtime.RemoteObjectSubtypeNode {
		return scriptError("there is no such element")
	}
	return scriptFailure(f.tab.unless(ctx, func() bool { return o.world.gone }, browser.ErrDocumentGone, func(ctx context.Context) error {
		return use(ctx, o)
	}))
}

// SetFiles chooses files in an <input type=file>.
func (f *frame) SetFiles(ctx context.Context, function string, paths []string) error {
	err := f.element(ctx, function, func(ctx context.Context, o *remote) error {
		return do(ctx, o.in, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: o.ObjectID})
	})
	if m := protocolError(err); m != "" {
		return &browser.Failure{Class: browser.ClassNotActionable, Message: "the element does not take these files: " + m, Err: err}
	}
	return err
}
