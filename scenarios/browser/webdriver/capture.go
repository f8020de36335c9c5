package webdriver

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"

	"trackwalker/scenarios/browser"
)

const maxPicture = 16384 // pixels; a higher picture costs more memory than it is worth

// Capture takes a PNG.
func (s *session) Capture(ctx context.Context, o browser.CaptureOptions) ([]byte, error) {
	if o.Clip != nil && (o.Clip.Width <= 0 || o.Clip.Height <= 0) {
		return nil, fmt.Errorf("a picture of %v × %v pixels cannot be taken", o.Clip.Width, o.Clip.Height)
	}
	if err := s.top().enter(ctx); err != nil {
		return nil, err
	}
	if s.driver.kind.chrome() {
		return s.captureOfChrome(ctx, o)
	}
	// Only what is drawn is in the picture: what covers a secret must be there.
	start, err := s.view(ctx, lookAround)
	if err != nil {
		return nil, err
	}
	if o.Clip == nil && !o.Full {
		return s.screenshot(ctx)
	}
	return s.stitch(ctx, o, start)
}

// screenshot takes a picture of the viewport.
func (s *session) screenshot(ctx context.Context) (picture []byte, err error) {
	err = s.past(ctx, func() error {
		picture, err = s.wd.Screenshot()
		return err
	})
	return picture, err
}

// captureOfChrome takes what is beyond the viewport too, without scrolling there.
func (s *session) captureOfChrome(ctx context.Context, o browser.CaptureOptions) ([]byte, error) {
	p := object{"format": "png", "optimizeForSpeed": true}
	clip := o.Clip
	if clip == nil && o.Full {
		var m struct{ CSSContentSize browser.Clip }
		if err := s.cdpInto(ctx, "Page.getLayoutMetrics", nil, &m); err != nil {
			return nil, err
		}
		clip = &browser.Clip{Width: max(m.CSSContentSize.Width, 1), Height: max(m.CSSContentSize.Height, 1)}
	}
	if clip != nil {
		p["captureBeyondViewport"] = true
		p["clip"] = object{"x": clip.X, "y": clip.Y, "width": min(clip.Width, maxPicture), "height": min(clip.Height, maxPicture), "scale": 1}
	}
	var r struct{ Data string }
	if err := s.cdpInto(ctx, "Page.captureScreenshot", p, &r); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(r.Data)
}

// view is what a page is like to take pictures of, in CSS pixels.
type view struct {
	X, Y, Width, Height, PageWidth, PageHeight float64
}

// lookAround gives a view, once what was done before it is drawn.
const lookAround = `const done = arguments[0], e = document.scrollingElement ?? document.documentElement;
const look = () => done([scrollX, scrollY, innerWidth, innerHeight, Math.max(e.scrollWidth, innerWidth), Math.max(e.scrollHeight, innerHeight)]);
setTimeout(look, 500);
requestAnimationFrame(() => requestAnimationFrame(look));`

// stitch takes pictures of one viewport after another, scrolling, and makes one of them; then it scrolls back. What stands
// still while a page is scrolled is in each of them.
func (s *session) stitch(ctx context.Context, o browser.CaptureOptions, start view) ([]byte, error) {
	want := browser.Clip{Width: start.PageWidth, Height: start.PageHeight}
	if o.Clip != nil {
		want = *o.Clip
	}
	want.Width, want.Height = min(want.Width, maxPicture), min(want.Height, maxPicture)
	whole := image.NewRGBA(image.Rect(0, 0, int(math.Ceil(want.Width)), int(math.Ceil(want.Height))))
	defer func() {
		_, _ = s.view(context.WithoutCancel(ctx), scrollThen(start.X, start.Y))
	}()
	for y := want.Y; y < want.Y+want.Height; y += start.Height {
		for x := want.X; x < want.X+want.Width; x += start.Width {
			if err := s.addPart(ctx, whole, want, x, y); err != nil {
				return nil, err
			}
		}
	}
	var out bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, whole)
	return out.Bytes(), err
}

// addPart draws what the viewport shows once it was scrolled to x and y.
func (s *session) addPart(ctx context.Context, whole *image.RGBA, want browser.Clip, x, y float64) error {
	at, err := s.view(ctx, scrollThen(x, y))
	if err != nil {
		return err
	}
	picture, err := s.screenshot(ctx)
	if err != nil {
		return err
	}
	part, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("reading a picture of the browser: %w", err)
	}
	place := part.Bounds().Sub(part.Bounds().Min).Add(image.Pt(int(math.Round(at.X-want.X)), int(math.Round(at.Y-want.Y))))
	draw.Draw(whole, place, part, part.Bounds().Min, draw.Src)
	return nil
}

func scrollThen(x, y float64) string {
	return fmt.Sprintf("scrollTo({left: %v, top: %v, behavior: 'instant'});", x, y) + lookAround
}

func (s *session) view(ctx context.Context, script string) (view, error) {
	raw, err := s.runAsync(ctx, script)
	if err != nil {
		return view{}, err
	}
	var n []float64
	if err := json.Unmarshal(raw, &n); err != nil || len(n) != 6 {
		return view{}, fmt.Errorf("the page gives its size as %.100s", raw)
	}
	return view{n[0], n[1], n[2], n[3], n[4], n[5]}, nil
}
