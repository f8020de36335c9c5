package browser

import (
	"context"
	"errors"
	"slices"
	"time"
)

// PictureOptions say what a picture shows, and what is covered in it.
type PictureOptions struct {
	Full bool
	Of   *Locator
	Mask []Locator
}

// Picture takes a PNG of the viewport, the whole page or one element. Masked elements, and fields that a secret was
// filled into, are covered, in frames too.
func (p *Page) Picture(ctx context.Context, o PictureOptions) ([]byte, error) {
	capture := CaptureOptions{Full: o.Full}
	if o.Of != nil {
		clip, err := p.clip(ctx, *o.Of)
		if err != nil {
			return nil, err
		}
		capture.Clip = &clip
	}
	covered, err := p.cover(ctx, o.Mask)
	longer, cancel := graceful(ctx)
	defer cancel()
	var png []byte
	if err == nil {
		png, err = p.session.Capture(longer, capture)
	}
	uncovered := uncover(ctx, longer, covered)
	if err == nil {
		err = uncovered
	}
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	return png, nil
}

// clip gives the part of the page in which the one element shows.
func (p *Page) clip(ctx context.Context, l Locator) (Clip, error) {
	var c Clip
	err := p.within(ctx, l.Frames, func(longer context.Context, docs path) error {
		if err := eval(ctx, longer, docs.inner(), "clip", request{"locator": l}, &c); err != nil {
			return err
		}
		for i := len(docs) - 2; i >= 0; i-- {
			if err := eval(ctx, longer, docs[i], "clipThrough", request{"box": request{"x": c.X, "y": c.Y, "width": c.Width, "height": c.Height}}, &c); err != nil {
				return err
			}
		}
		return nil
	})
	return c, err
}

// cover covers what shall not be seen, and gives the documents in which it has done so.
func (p *Page) cover(ctx context.Context, mask []Locator) ([]Document, error) {
	longer, cancel := graceful(ctx)
	defer cancel()
	masks := map[Document][]Locator{p.session: {}}
	docs := append([]Document{p.session}, p.concealed...)
	for _, l := range mask {
		in, err := p.enterNow(longer, l.Frames)
		if isMissingFrame(err) {
			continue // nothing to cover
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, in.inner())
		masks[in.inner()] = append(masks[in.inner()], l)
	}
	var covered []Document
	for _, d := range docs {
		if slices.Contains(covered, d) {
			continue
		}
		err := p.coverIn(ctx, longer, d, masks[d])
		if errors.Is(err, ErrDocumentGone) && d != Document(p.session) {
			p.concealed = slices.DeleteFunc(p.concealed, func(c Document) bool { return c == d })
			continue
		}
		covered = append(covered, d)
		if err != nil {
			return covered, err
		}
	}
	return covered, nil
}

// coverIn covers in one document. One that is being replaced is asked again: its place remains.
func (p *Page) coverIn(ctx, longer context.Context, d Document, mask []Locator) error {
	if mask == nil {
		mask = []Locator{}
	}
	for try := 0; ; try++ {
		err := eval(ctx, longer, d, "mask", request{"locators": mask}, nil)
		if !errors.Is(err, ErrDocumentGone) || try == 5 || p.pause(longer, 20*time.Millisecond) != nil {
			return err
		}
	}
}

// uncover takes the covers away. A document that is gone has none.
func uncover(ctx, longer context.Context, docs []Document) error {
	var first error
	for _, d := range docs {
		if err := eval(ctx, longer, d, "unmask", nil, nil); err != nil && !errors.Is(err, ErrDocumentGone) && first == nil {
			first = err
		}
	}
	return first
}

// Evidence is what is kept of the moment in which a step failed.
type Evidence struct {
	URL     string
	Picture []byte // PNG; nil when none could be taken
	Err     error  // why there is no picture
}

// Evidence takes a picture of the page as it is, on a budget of its own. A page that JavaScript keeps busy is interrupted.
// ctx should outlive the step that failed.
func (p *Page) Evidence(ctx context.Context) Evidence {
	ctx, cancel := context.WithTimeout(ctx, EvidenceBudget-grace)
	defer cancel()
	e := p.evidence(ctx, time.Second-grace)
	if e.Picture != nil || ctx.Err() != nil {
		return e
	}
	if err := p.session.Interrupt(ctx); err != nil {
		return Evidence{Err: err}
	}
	return p.evidence(ctx, EvidenceBudget)
}

func (p *Page) evidence(ctx context.Context, limit time.Duration) Evidence {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var e Evidence
	e.URL, _, e.Err = p.Where(ctx)
	if e.Err == nil {
		e.Picture, e.Err = p.Picture(ctx, PictureOptions{})
	}
	return e
}
