package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// path is the document that the frames of a locator lead to, after those around it, the page's own first.
type path []Document

func (d path) inner() Document { return d[len(d)-1] }

// within calls f with the documents that frames lead to, again as often as one of them is replaced meanwhile. What f asks of
// them may take until longer's deadline: see graceful.
func (p *Page) within(ctx context.Context, frames []Locator, f func(longer context.Context, docs path) error) error {
	longer, cancel := graceful(ctx)
	defer cancel()
	for {
		docs, err := p.enter(ctx, longer, frames)
		if err == nil {
			err = f(longer, docs)
		}
		if errors.Is(err, ErrDocumentGone) && ctx.Err() == nil {
			if p.pause(ctx, 20*time.Millisecond) == nil {
				continue
			}
			err = ctx.Err()
		}
		if err == nil {
			return nil
		}
		return p.pointOut(ctx, len(frames), inFrame(p.explain(ctx, err), frames))
	}
}

// enter finds the frame elements from the outermost on, each in the document of the one before, and waits for them.
func (p *Page) enter(ctx, longer context.Context, frames []Locator) (path, error) {
	return p.open(longer, frames, func() int64 { return budget(ctx) })
}

// enterNow is enter without waiting.
func (p *Page) enterNow(longer context.Context, frames []Locator) (path, error) {
	return p.open(longer, frames, func() int64 { return 0 })
}

func (p *Page) open(ctx context.Context, frames []Locator, budget func() int64) (path, error) {
	docs := path{p.session}
	for _, l := range frames {
		if err := eval(ctx, ctx, docs.inner(), "hold", request{"locator": l, "budget": budget()}, nil); err != nil {
			return nil, noFrame(err)
		}
		inner, err := docs.inner().Frame(ctx, "held")
		if err != nil {
			return nil, err
		}
		docs = append(docs, inner)
	}
	return docs, nil
}

// errNoFrame is the cause of a failure to find a frame.
var errNoFrame = errors.New("there is no such frame")

// noFrame notes in a failure that it was the frame that is not there.
func noFrame(err error) error {
	var failure *Failure
	if !errors.As(err, &failure) || failure.Class != ClassNotFound {
		return err
	}
	said := *failure
	said.Err = errNoFrame
	return &said
}

func isMissingFrame(err error) bool { return errors.Is(err, errNoFrame) }

// inFrame names the frame in a time-out: the rest of the page may be well.
func inFrame(err error, frames []Locator) error {
	var failure *Failure
	if len(frames) == 0 || !errors.As(err, &failure) || failure.Class != ClassTimeout {
		return err
	}
	said := *failure
	last := frames[len(frames)-1]
	last.Frames = nil
	said.Message = strings.Replace(said.Message, "the page did not answer", fmt.Sprintf("the document in the frame %s did not answer", last), 1)
	return &said
}

// lookInFrames is how long a step that failed may last longer, to see whether what it looked for is in a frame.
const lookInFrames = 600 * time.Millisecond

// pointOut says in the failure of a step that looked for something in the page itself that it is in one of its frames.
func (p *Page) pointOut(ctx context.Context, frames int, err error) error {
	var failure *Failure
	var m *miss
	if frames > 0 || !errors.As(err, &failure) || !errors.As(err, &m) || m.Absent == nil || m.Frames == 0 || errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookInFrames)
	defer cancel()
	said := *failure
	where, unseen := p.frameWith(look, *m.Absent, m.Frames)
	switch {
	case where != "":
		said.Hint = "it is in an iframe: add frame: " + where
	case unseen != "":
		said.Hint = strings.TrimPrefix(said.Hint+"; ", "; ") + "is it in an iframe? Then add frame: " + unseen
	}
	return &said
}

// frameWith gives the frame of the page in which a locator is visible, as it is written in a scenario; or "", and the first of
// those that could not be looked into.
func (p *Page) frameWith(ctx context.Context, l Locator, frames int) (where, unseen string) {
	for i := range min(frames, 5) {
		var found struct{ Written string }
		if err := eval(ctx, ctx, p.session, "holdNth", request{"nth": i}, &found); err != nil {
			break
		}
		visible, err := p.visibleInHeld(ctx, l)
		if visible {
			return found.Written, ""
		}
		if err != nil && unseen == "" {
			unseen = found.Written
		}
	}
	return "", unseen
}

// visibleInHeld looks into the frame that the page holds, without waiting.
func (p *Page) visibleInHeld(ctx context.Context, l Locator) (bool, error) {
	// One frame that does not answer leaves time for the others.
	ctx, cancel := context.WithTimeout(ctx, lookInFrames/2)
	defer cancel()
	inner, err := p.session.Frame(ctx, "held")
	if err != nil {
		return false, err
	}
	var v struct{ Visible bool }
	err = eval(ctx, ctx, inner, "isVisible", request{"locator": l, "budget": 0}, &v)
	return v.Visible, err
}

// outward maps a point of the innermost document to the viewport of the page. Every document on the way sees to it that the
// frame is what shows there, scrolling to it where it must. With armed, each guards it: see Page.blockedBy.
func (p *Page) outward(ctx, longer context.Context, docs path, at Point, armed bool) (Point, error) {
	for i := len(docs) - 2; i >= 0; i-- {
		var seen struct{ Point Point }
		r := request{"point": request{"x": at.X, "y": at.Y}, "armed": armed, "budget": min(budget(ctx), 500)}
		if err := eval(ctx, longer, docs[i], "through", r, &seen); err != nil {
			return at, err
		}
		at = seen.Point
	}
	return at, nil
}
