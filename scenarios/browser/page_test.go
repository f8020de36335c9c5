package browser_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/browser/browsertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type call = browsertest.Call

// newPage gives a page of a fake that answers by f, which may be nil.
func newPage(t *testing.T, credentials *browser.Credentials, f func(context.Context, call) (any, error)) (*browser.Page, *browsertest.Fake) {
	t.Helper()
	fake := &browsertest.Fake{}
	s, err := fake.Open(context.Background(), browser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fake.Answer = f
	return browser.NewPage(s, credentials), fake
}

func limited(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func wantFailure(t *testing.T, err error, class browser.Class, words string) {
	t.Helper()
	var f *browser.Failure
	if !errors.As(err, &f) || f.Class != class || !strings.Contains(f.Message, words) {
		t.Errorf("got %v (%T), want a failure of class %s with %q", err, err, class, words)
	}
}

func pay() browser.Locator { return browser.Locator{By: browser.ByPlain, Value: "Pay"} }

func TestGestures(t *testing.T) {
	at := browser.Point{X: 10, Y: 20}
	move := browser.PointerEvent{Kind: browser.PointerMove, At: at}
	event := func(kind browser.PointerKind, button browser.Button, clicks int) browser.PointerEvent {
		return browser.PointerEvent{Kind: kind, At: at, Button: button, Clicks: clicks}
	}
	left, right, down, up := browser.ButtonLeft, browser.ButtonRight, browser.PointerDown, browser.PointerUp
	for gesture, want := range map[browser.Gesture][]browser.PointerEvent{
		browser.Click:       {move, event(down, left, 1), event(up, left, 1)},
		browser.DoubleClick: {move, event(down, left, 1), event(up, left, 1), event(down, left, 2), event(up, left, 2)},
		browser.RightClick:  {move, event(down, right, 1), event(up, right, 1)},
		browser.Hover:       {move},
	} {
		p, fake := newPage(t, nil, nil)
		if err := p.Point(limited(t, time.Minute), pay(), gesture, browser.PointOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, c := range fake.Calls() {
			if c.Method == "Pointer" && !reflect.DeepEqual(c.Args[0], want) {
				t.Errorf("%s plays %v", gesture, c.Args[0])
			}
		}
	}
}

// What comes between the pointer and the element costs another try, not the step.
func TestBlockedGesture(t *testing.T) {
	for blocked, want := range map[int]string{0: "prepare Pointer confirm Settle", 2: "prepare Pointer confirm prepare Pointer confirm prepare Pointer confirm Settle"} {
		left := blocked
		p, fake := newPage(t, nil, func(_ context.Context, c call) (any, error) {
			if c.Method == "confirm" && left > 0 {
				left--
				return map[string]any{"blocked": "#banner"}, nil
			}
			return c.Usual()
		})
		if err := p.Point(limited(t, time.Minute), pay(), browser.Click, browser.PointOptions{}); err != nil {
			t.Error(err)
		}
		if got := strings.Join(fake.Methods(), " "); got != want {
			t.Errorf("blocked %d times, the page was asked %s", blocked, got)
		}
	}
}

func TestBlockedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPage(t, nil, func(_ context.Context, c call) (any, error) {
			time.Sleep(50 * time.Millisecond)
			if c.Method == "confirm" {
				return map[string]any{"blocked": "#banner"}, nil
			}
			return c.Usual()
		})
		wantFailure(t, p.Point(limited(t, time.Second), pay(), browser.Click, browser.PointOptions{}), browser.ClassNotActionable, `#banner came between the pointer and "Pay"`)
	})
}

// The next document is asked when one is replaced.
func TestDocumentGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 3
		p, _ := newPage(t, nil, func(_ context.Context, c call) (any, error) {
			if left > 0 {
				left--
				return nil, browser.ErrDocumentGone
			}
			return c.Usual()
		})
		if _, title, err := p.Where(limited(t, time.Minute)); err != nil || title != "Fake" {
			t.Errorf("%q, %v", title, err)
		}
		left = 1 << 30
		_, _, err := p.Where(limited(t, time.Second))
		wantFailure(t, err, browser.ClassTimeout, "did not answer")
	})
}

// An answer that comes a little after the step's time still says more than that the time is over.
func TestAnswers(t *testing.T) {
	miss := browsertest.Miss{Class: browser.ClassNotFound, Message: "nothing there", Hint: "look", URL: "https://shop.example/"}
	for _, c := range []struct {
		name   string
		answer func(context.Context) (any, error)
		class  browser.Class
		words  string
	}{
		{"a miss", func(context.Context) (any, error) { return miss, nil }, browser.ClassNotFound, "nothing there"},
		{"a late miss", func(context.Context) (any, error) { time.Sleep(1500 * time.Millisecond); return miss, nil }, browser.ClassNotFound, "nothing there"},
		{"none", browsertest.Hang, browser.ClassTimeout, "did not answer"},
		{"nonsense", func(context.Context) (any, error) { return "nonsense", nil }, browser.ClassInternal, "the page script answered"},
		{"an exception", func(context.Context) (any, error) { return nil, &browser.ScriptError{Message: "TypeError: x"} }, browser.ClassScript, "TypeError: x"},
		{"a dead browser", func(context.Context) (any, error) {
			return nil, fmt.Errorf("wrapped: %w", &browser.Failure{Class: browser.ClassBrowser, Message: "it died"})
		}, browser.ClassBrowser, "it died"},
		{"an error of the driver", func(context.Context) (any, error) { return nil, errors.New("broken pipe") }, browser.ClassBrowser, "broken pipe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newPage(t, nil, func(ctx context.Context, _ call) (any, error) { return c.answer(ctx) })
				_, err := p.Visible(limited(t, time.Second), pay())
				wantFailure(t, err, c.class, c.words)
			})
		})
	}
}

// A caller that leaves gets its own error, at once.
func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _ call) (any, error) { return browsertest.Hang(ctx) }
		for name, f := range map[string]func(context.Context, *browser.Page) error{
			"Goto": func(ctx context.Context, p *browser.Page) error {
				return p.Goto(ctx, "https://shop.example/", browser.GotoOptions{})
			},
			"Point": func(ctx context.Context, p *browser.Page) error {
				return p.Point(ctx, pay(), browser.Click, browser.PointOptions{})
			},
			"Expect": func(ctx context.Context, p *browser.Page) error {
				return p.Expect(ctx, []browser.Condition{{Page: "status", Status: 200}})
			},
			"Script": func(ctx context.Context, p *browser.Page) error {
				_, err := p.Script(ctx, nil, "return 1", nil)
				return err
			},
			"Press": func(ctx context.Context, p *browser.Page) error { return p.Press(ctx, nil, []string{"Enter"}) },
		} {
			p, _ := newPage(t, nil, hang)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			time.AfterFunc(time.Second, cancel)
			started := time.Now()
			if err := f(ctx, p); !errors.Is(err, context.Canceled) || time.Since(started) > 2*time.Second {
				t.Errorf("%s: %v (%T) after %s", name, err, err, time.Since(started))
			}
		}
	})
}

func TestTyping(t *testing.T) {
	p, fake := newPage(t, nil, nil)
	field := pay()
	if err := p.Type(limited(t, time.Minute), &field, browser.EntryOf("aB 1\n\té購")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range fake.Calls() {
		if c.Method == "Keys" || c.Method == "InsertText" {
			got = append(got, fmt.Sprint(c.Method, c.Args))
		}
	}
	want := "Keys[[a]] Keys[[B]] Keys[[ ]] Keys[[1]] Keys[[Enter]] Keys[[Tab]] InsertText[é] InsertText[購]"
	if strings.Join(got, " ") != want || fake.Methods()[0] != "focus" {
		t.Errorf("played %s", strings.Join(got, " "))
	}
}

func TestFilling(t *testing.T) {
	for _, c := range []struct {
		text string
		set  bool
		want string
	}{
		{"text", false, "ready InsertText filled Settle"},
		{"", false, "ready Keys filled Settle"},
		{"2026-12-24", true, "ready set Settle"},
	} {
		p, fake := newPage(t, nil, func(_ context.Context, call call) (any, error) {
			if call.Method == "ready" {
				return map[string]any{"set": c.set}, nil
			}
			return call.Usual()
		})
		if err := p.Fill(limited(t, time.Minute), pay(), browser.EntryOf(c.text)); err != nil || strings.Join(fake.Methods(), " ") != c.want {
			t.Errorf("%q: %v, %v", c.text, err, fake.Methods())
		}
	}
}

func TestCredentials(t *testing.T) {
	p, fake := newPage(t, &browser.Credentials{Username: "ada"}, nil)
	for _, address := range []string{"about:blank", "https://shop.example:8443/a", "https://other.example/"} {
		if err := p.Goto(limited(t, time.Minute), address, browser.GotoOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var origins []any
	for _, c := range fake.Calls() {
		if c.Method == "Authenticate" {
			origins = append(origins, c.Args[0])
		}
	}
	if fmt.Sprint(origins) != "[https://shop.example:8443]" {
		t.Errorf("sent to %v", origins)
	}
	bare := &browsertest.Fake{Bare: true}
	s, err := bare.Open(context.Background(), browser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = browser.NewPage(s, &browser.Credentials{}).Goto(limited(t, time.Minute), "https://shop.example/", browser.GotoOptions{})
	wantFailure(t, err, browser.ClassInternal, "cannot send")
}

func TestGoto(t *testing.T) {
	for _, c := range []struct {
		address string
		status  int
		o       browser.GotoOptions
		class   browser.Class
		words   string
	}{
		{"https://shop.example/", 200, browser.GotoOptions{}, "", ""},
		{"https://shop.example/", 399, browser.GotoOptions{}, "", ""},
		{"https://shop.example/", 0, browser.GotoOptions{}, "", ""}, // not known
		{"https://shop.example/", 404, browser.GotoOptions{}, browser.ClassNavigation, "https://shop.example/ answered 404 Not Found"},
		{"https://shop.example/", 404, browser.GotoOptions{Status: 404}, "", ""},
		{"https://shop.example/", 200, browser.GotoOptions{Status: 404}, browser.ClassNavigation, "answered 200 OK, expected 404"},
		{"file:///etc/passwd", 200, browser.GotoOptions{}, browser.ClassNavigation, "begins with http"},
		{"https:///x", 200, browser.GotoOptions{}, browser.ClassNavigation, "names no host"},
		{"https://a b/", 200, browser.GotoOptions{}, browser.ClassNavigation, "is no URL"},
	} {
		p, _ := newPage(t, nil, func(_ context.Context, call call) (any, error) {
			if call.Method == "loaded" {
				return map[string]any{"status": c.status, "url": c.address, "timings": map[string]any{"ttfb_ms": 1}}, nil
			}
			return call.Usual()
		})
		err := p.Goto(limited(t, time.Minute), c.address, c.o)
		if c.class == "" && err != nil {
			t.Errorf("%s, status %d: %v", c.address, c.status, err)
		} else if c.class != "" {
			wantFailure(t, err, c.class, c.words)
		}
	}
}

// The timings are those of the first page alone, whatever became of it.
func TestTimings(t *testing.T) {
	n := 0
	p, _ := newPage(t, nil, func(_ context.Context, c call) (any, error) {
		if c.Method == "loaded" {
			n++
			return map[string]any{"status": 200, "timings": map[string]any{"load_ms": n}}, nil
		}
		return c.Usual()
	})
	for _, address := range []string{"about:blank", "https://shop.example/", "https://shop.example/b"} {
		if err := p.Goto(limited(t, time.Minute), address, browser.GotoOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(p.Timings()); got != `{"load_ms":2}` {
		t.Errorf("the timings are %s", got)
	}
}

func TestExpectWaits(t *testing.T) {
	yes := true
	l := pay()
	for _, c := range []struct {
		name      string
		answers   []any // of script; an error is thrown
		class     browser.Class
		scripts   int
		condition browser.Condition
	}{
		{"until it is true", []any{[]any{false, "0"}, []any{true, "1"}}, "", 2, browser.Condition{Script: &browser.Expression{JS: "x"}}},
		{"while it throws", []any{&browser.ScriptError{Message: "TypeError: no x"}, []any{true, "1"}}, "", 2, browser.Condition{Script: &browser.Expression{JS: "x"}}},
		{"not for what can never run", []any{&browser.ScriptError{Message: "SyntaxError: no"}}, browser.ClassScript, 1, browser.Condition{Script: &browser.Expression{JS: "x"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				p, _ := newPage(t, nil, func(_ context.Context, call call) (any, error) {
					if call.Method != "Script" {
						return call.Usual()
					}
					answer := c.answers[min(asked, len(c.answers)-1)]
					asked++
					if err, is := answer.(error); is {
						return nil, err
					}
					return answer, nil
				})
				err := p.Expect(limited(t, time.Minute), []browser.Condition{c.condition, {Locator: &l, Visible: &yes}})
				if c.class != "" {
					wantFailure(t, err, c.class, "")
				} else if err != nil {
					t.Error(err)
				}
				if asked != c.scripts {
					t.Errorf("the script ran %d times", asked)
				}
			})
		})
	}
}
