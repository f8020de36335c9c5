package browser

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Entry is text that is entered into a field. Text gives it at the very moment in which it is entered, for a one-time code
// would not wait; Secret keeps the field out of pictures.
type Entry struct {
	Text   func(context.Context) (string, error)
	Secret bool
}

// EntryOf gives an Entry of a text that is known.
func EntryOf(text string) Entry {
	return Entry{Text: func(context.Context) (string, error) { return text, nil }}
}

// Focus gives the one element the focus.
func (p *Page) Focus(ctx context.Context, l Locator) error {
	return p.ask(ctx, l.Frames, "focus", request{"locator": l}, nil)
}

// Fill replaces what stands in a field.
func (p *Page) Fill(ctx context.Context, l Locator, e Entry) error {
	var unknown error // why there is no text
	err := p.within(ctx, l.Frames, func(longer context.Context, docs path) error {
		var field struct{ Set bool }
		ready := func() error {
			return eval(ctx, longer, docs.inner(), "ready", request{"locator": l, "secret": e.Secret}, &field)
		}
		if err := ready(); err != nil {
			return err
		}
		p.conceal(docs, e)
		began := time.Now()
		var text string
		if text, unknown = e.Text(ctx); unknown != nil {
			return nil
		}
		// What had to be waited for meets a page that may have changed.
		if time.Since(began) > 100*time.Millisecond {
			if err := ready(); err != nil {
				return err
			}
		}
		err := p.put(ctx, longer, docs.inner(), text, e.Secret, field.Set)
		if errors.Is(err, ErrDocumentGone) {
			return nil // a field that sends the page elsewhere has taken its text
		}
		return err
	})
	if err == nil {
		err = unknown
	}
	if err != nil {
		return err
	}
	return p.settle(ctx)
}

// put enters a text into the field that was readied: by script if it is to be set, else as an input method does.
func (p *Page) put(ctx, longer context.Context, d Document, text string, secret, set bool) error {
	r := request{"value": text, "secret": secret}
	if set {
		return eval(ctx, longer, d, "set", r, nil)
	}
	var err error
	if text == "" {
		err = p.session.Keys(longer, "Delete")
	} else {
		err = p.session.InsertText(longer, text)
	}
	if err != nil {
		return err
	}
	return eval(ctx, longer, d, "filled", r, nil)
}

// conceal keeps in mind that a document of a frame holds a secret, for pictures.
func (p *Page) conceal(docs path, e Entry) {
	if e.Secret && len(docs) > 1 && !slices.Contains(p.concealed, docs.inner()) {
		p.concealed = append(p.concealed, docs.inner())
	}
}

// Type plays text key by key on what has the focus; l, unless it is nil, gets it first.
func (p *Page) Type(ctx context.Context, l *Locator, e Entry) error {
	docs, err := p.focused(ctx, l)
	if err != nil {
		return err
	}
	text, err := e.Text(ctx)
	if err != nil {
		return err
	}
	if e.Secret {
		p.conceal(docs, e)
		if err := p.concealing(ctx, docs, true); err != nil {
			return err
		}
	}
	for _, r := range text {
		if err := p.key(ctx, r); err != nil {
			return p.explain(ctx, err)
		}
	}
	if e.Secret {
		if err := p.concealing(ctx, docs, false); err != nil {
			return err
		}
	}
	return p.settle(ctx)
}

// concealing begins or ends keeping what has or gets the focus out of pictures: a code may be typed over several fields.
func (p *Page) concealing(ctx context.Context, docs path, on bool) error {
	longer, cancel := graceful(ctx)
	defer cancel()
	err := eval(ctx, longer, docs.inner(), "conceal", request{"on": on}, nil)
	if err == nil || errors.Is(err, ErrDocumentGone) {
		return nil
	}
	return p.explain(ctx, err)
}

// focused gives the documents that lead to what has the focus; l, unless it is nil, gets it first.
func (p *Page) focused(ctx context.Context, l *Locator) (docs path, err error) {
	if l != nil {
		err = p.within(ctx, l.Frames, func(longer context.Context, found path) error {
			docs = found
			return eval(ctx, longer, docs.inner(), "focus", request{"locator": *l}, nil)
		})
		return docs, err
	}
	err = p.within(ctx, nil, func(longer context.Context, found path) error {
		docs = found
		for {
			var has struct{ Frame bool }
			if err := eval(ctx, longer, docs.inner(), "hasFocus", nil, &has); err != nil || !has.Frame {
				return err
			}
			inner, err := docs.inner().Frame(longer, "held")
			if err != nil {
				return err
			}
			docs = append(docs, inner)
		}
	})
	return docs, err
}

func (p *Page) key(ctx context.Context, r rune) error {
	switch {
	case r == '\n':
		return p.session.Keys(ctx, "Enter")
	case r == '\t':
		return p.session.Keys(ctx, "Tab")
	case r < 0x7f:
		return p.session.Keys(ctx, string(r))
	default: // no keyboard has every letter; an input method enters these
		return p.session.InsertText(ctx, string(r))
	}
}

// Press plays a chord, as Control+A, on what has the focus; l, unless it is nil, gets it first.
func (p *Page) Press(ctx context.Context, l *Locator, chord []string) error {
	if l != nil {
		if err := p.Focus(ctx, *l); err != nil {
			return err
		}
	}
	if err := p.session.Keys(ctx, chord...); err != nil {
		return p.explain(ctx, err)
	}
	return p.settle(ctx)
}
