package cdp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	cdptarget "github.com/chromedp/cdproto/target"

	"trackwalker/scenarios/browser"
)

func TestEval(t *testing.T) {
	s := open(t, shared.get())
	ctx := testContext(t)
	for _, c := range []struct {
		function string
		args     []any
		want     string
	}{
		{"add", []any{1, 2}, "3"},
		{"add", []any{"a", " "}, `"a "`},
		{"echo", []any{nil, map[string]any{"__proto__": "x", "k": []int{1}}, `</script>"'` + "`${x}\n"}, `[null,{"__proto__":"x","k":[1]},"</script>\"'` + "`${x}\\n" + `"]`},
		{"echo", []any{"", []int{}, map[string]any{}, nil, false, 0}, `["",[],{},null,false,0]`},
		{"echo", nil, "[]"},
		{"nothing", nil, "null"},
		{"sleep", []any{1}, "null"},
	} {
		got, err := s.Eval(ctx, c.function, c.args...)
		if err != nil {
			t.Errorf("%s: %v", c.function, err)
		} else if c.want != string(got) && !strings.Contains(c.want, "__proto__") {
			t.Errorf("%s gave %s, want %s", c.function, got, c.want)
		}
	}
	for function, want := range map[string]string{
		"boom":     "TypeError: it went wrong",
		"unknown":  "is not a function",
		"nan":      "cannot be turned into JSON: NaN",
		"toString": "",
	} {
		_, err := s.Eval(ctx, function)
		if want == "" {
			continue
		}
		var e *browser.ScriptError
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) || strings.Contains(e.Message, "\n") {
			t.Errorf("%s: got %v (%T), want a ScriptError with %q", function, err, err, want)
		}
	}
	if _, err := s.Eval(ctx, "add", func() {}); err == nil {
		t.Error("a Go function was taken as an argument")
	}
}

func TestWorldsAreApart(t *testing.T) {
	web := site(t, map[string]string{"/": `<script>var own = 1; var seen = typeof tw</script>`})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	eval[any](t, s, "mark")
	if got := eval[map[string]string](t, s, "page"); got["marked"] != "boolean" || got["own"] != "undefined" {
		t.Errorf("the page script sees %v", got)
	}
	if got := script[[]string](t, s, "return [typeof marked, typeof own, seen, typeof tw]"); fmt.Sprint(got) != "[undefined number undefined undefined]" {
		t.Errorf("the page sees %v", got)
	}
}

func TestScript(t *testing.T) {
	s := open(t, shared.get())
	ctx := testContext(t)
	for _, c := range []struct {
		body string
		args map[string]any
		want string
	}{
		{"return 1 + 1", nil, "2"},
		{"", nil, "null"},
		{"return args.a + args.b.c", map[string]any{"a": "x", "b": map[string]any{"c": "y"}}, `"xy"`},
		{"return Object.keys(args)", nil, "[]"},
		{"await new Promise(r => setTimeout(r, 5)); return [1, null, undefined, NaN] // done", nil, "[1,null,null,null]"},
		{"return new Date(0)", nil, `"1970-01-01T00:00:00.000Z"`},
		{"return {toJSON: () => 7}", nil, "7"},
		{"return this === globalThis", nil, "true"},
		{"Object.assign(window, {result: 'a', text: 'b', run: 'c', list: 'd', body: 'e', f: 'f'})", nil, "null"},
		{"return [result, text, run, list, f, body].join()", nil, `"a,b,c,d,f,e"`},
	} {
		got, err := s.Script(ctx, c.body, c.args)
		if err != nil || string(got) != c.want {
			t.Errorf("%s gave %s, %v; want %s", c.body, got, err, c.want)
		}
	}
	for body, want := range map[string]string{
		"throw new Error('so sad')":            "so sad",
		"throw 'a string'":                     "a string",
		"throw {code: 5}":                      "Object",
		"return undefinedName":                 "undefinedName is not defined",
		"return (":                             "SyntaxError",
		"await Promise.reject(new Error('x'))": "x",
		"return () => 1":                       "cannot be turned into JSON: a function",
		"const a = {}; a.a = a; return a":      "cannot be turned into JSON: it refers to itself",
		"return 1n":                            "cannot be turned into JSON: a BigInt",
		"return Symbol('s')":                   "cannot be turned into JSON",
	} {
		_, err := s.Script(ctx, body, nil)
		var e *browser.ScriptError
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) {
			t.Errorf("%s: got %v (%T), want a ScriptError with %q", body, err, err, want)
		}
	}
}

// The policy of a page does not keep out what is sent to it.
func TestScriptUnderContentSecurityPolicy(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'none'; require-trusted-types-for 'script'; sandbox allow-scripts")
		fmt.Fprint(w, "<p>strict")
	})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	if got := eval[int](t, s, "add", 1, 2); got != 3 {
		t.Errorf("got %d", got)
	}
	if got := bodyText(t, s); got != "strict" {
		t.Errorf("got %q", got)
	}
}

func TestDocumentGone(t *testing.T) {
	other := site(t, map[string]string{"/": "other"})
	web := site(t, map[string]string{"/": "first", "/two": "second"})
	s := open(t, shared.get())
	for _, to := range []string{web.URL + "/two", other.URL, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)} {
		navigate(t, s, web.URL)
		for name, hang := range map[string]func(context.Context) error{
			"Eval": func(ctx context.Context) error { _, err := s.Eval(ctx, "never"); return err },
			"Script": func(ctx context.Context) error {
				_, err := s.Script(ctx, "await new Promise(r => window.held = r)", nil)
				return err
			},
		} {
			result := make(chan error, 1)
			go func() { result <- hang(testContext(t)) }()
			eval[int](t, s, "add", 1, 2)
			navigate(t, s, to)
			if err := <-result; err != browser.ErrDocumentGone {
				t.Errorf("%s while going to %s: got %v, want ErrDocumentGone", name, to, err)
			}
			if got := eval[string](t, s, "href"); strings.TrimSuffix(got, "/") != to {
				t.Errorf("at %s, want %s", got, to)
			}
		}
	}
}

// A page that goes elsewhere all the time gives the current document or says that it is gone, and never another's.
func TestEvalAcrossManyNavigations(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		fmt.Sscanf(r.URL.Path, "/%d", &n)
		fmt.Fprintf(w, "<p id=n>%d</p>", n)
		if n < 40 {
			fmt.Fprintf(w, "<script>setTimeout(() => location = '/%d', %d)</script>", n+1, n%7)
		}
	})
	s := open(t, shared.get())
	navigate(t, s, web.URL+"/0")
	ctx := testContext(t)
	gone := 0
	for {
		raw, err := s.Eval(ctx, "href")
		if err == browser.ErrDocumentGone {
			gone++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if decode[string](t, raw) == web.URL+"/40" {
			break
		}
	}
	t.Logf("%d times gone", gone)
}

func TestInterrupt(t *testing.T) {
	s := open(t, shared.get())
	navigate(t, s, site(t, map[string]string{"/": "<p>here"}).URL)
	for name, spin := range map[string]func(context.Context) error{
		"Eval":   func(ctx context.Context) error { _, err := s.Eval(ctx, "spin"); return err },
		"Script": func(ctx context.Context) error { _, err := s.Script(ctx, "while (true);", nil); return err },
	} {
		result := make(chan error, 1)
		go func() { result <- spin(testContext(t)) }()
		untilBusy(t, s)
		within(t, 3*time.Second, "a picture of a busy page", func() {
			if err := s.Interrupt(testContext(t)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Capture(testContext(t), browser.CaptureOptions{}); err != nil {
				t.Fatal(err)
			}
		})
		var e *browser.ScriptError
		if err := <-result; !errors.As(err, &e) || !strings.Contains(e.Message, "interrupted") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// untilBusy waits until a page does not answer.
func untilBusy(t *testing.T, s *session) {
	for err := error(nil); err == nil; {
		ctx, cancel := context.WithTimeout(testContext(t), 300*time.Millisecond)
		_, err = s.Eval(ctx, "add", 1, 2)
		cancel()
	}
}

// A page that is busy from the start, or in a click, is interrupted all the same.
func TestInterruptOfThePagesOwnScript(t *testing.T) {
	web := site(t, map[string]string{"/": `<p>here<button onclick="while (true);">b</button>`})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	p := at(t, s, "button")
	result := make(chan error, 1)
	go func() {
		result <- s.Pointer(testContext(t),
			browser.PointerEvent{Kind: browser.PointerDown, At: p, Button: browser.ButtonLeft, Clicks: 1},
			browser.PointerEvent{Kind: browser.PointerUp, At: p, Button: browser.ButtonLeft, Clicks: 1})
	}()
	untilBusy(t, s)
	if err := s.Interrupt(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	if got := eval[int](t, s, "add", 1, 2); got != 3 {
		t.Errorf("got %d", got)
	}
}

func TestCapture(t *testing.T) {
	web := site(t, map[string]string{
		"/":     `<body style="margin:0;background:#123456"><div style="height:3000px"></div><div style="background:red;height:10px;width:20px"></div>`,
		"/high": `<body style="margin:0"><div style="height:40000px;background:linear-gradient(red,blue)"></div>`,
	})
	s := open(t, shared.get(), func(o *browser.Options) { o.Viewport = browser.Size{Width: 640, Height: 480} })
	navigate(t, s, web.URL)
	eval[any](t, s, "loaded")
	for _, c := range []struct {
		o    browser.CaptureOptions
		w, h int
	}{
		{browser.CaptureOptions{}, 640, 480},
		{browser.CaptureOptions{Full: true}, 640, 3010},
		{browser.CaptureOptions{Clip: &browser.Clip{X: 5, Y: 3000, Width: 20, Height: 10}}, 20, 10},
	} {
		b, err := s.Capture(testContext(t), c.o)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if size := img.Bounds().Size(); size.X != c.w || size.Y != c.h {
			t.Errorf("%+v: got %v, want %d × %d", c.o, size, c.w, c.h)
		}
		if c.o.Clip != nil {
			if r, g, _, _ := img.At(2, 2).RGBA(); r>>8 != 255 || g != 0 {
				t.Errorf("the clip shows %v, want red", img.At(2, 2))
			}
		}
	}
	if got := script[[]int](t, s, "return [innerWidth, innerHeight, screen.width, devicePixelRatio]"); fmt.Sprint(got) != "[640 480 640 1]" {
		t.Errorf("after the pictures, the viewport is %v", got)
	}
	if _, err := s.Capture(testContext(t), browser.CaptureOptions{Clip: &browser.Clip{}}); err == nil {
		t.Error("an empty clip was taken")
	}
	navigate(t, s, web.URL+"/high")
	eval[any](t, s, "loaded")
	b, err := s.Capture(testContext(t), browser.CaptureOptions{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil || c.Height != maxPicture {
		t.Errorf("got %d pixels, %v; want %d", c.Height, err, maxPicture)
	}
}

func TestDefaultViewport(t *testing.T) {
	s := open(t, shared.get())
	if got := script[[]int](t, s, "return [innerWidth, innerHeight]"); fmt.Sprint(got) != "[1280 800]" {
		t.Errorf("got %v", got)
	}
}

func TestCookieOfNoUse(t *testing.T) {
	s := open(t, shared.get())
	err := s.SetCookies(testContext(t), []browser.Cookie{{Name: "a", Value: "1;2", URL: "http://shop.example/"}})
	wantFailure(t, err, browser.ClassAssertion, "does not take the cookies")
}

func TestSessionsShareNothing(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if u := r.URL.Query().Get("u"); u != "" {
			http.SetCookie(w, &http.Cookie{Name: "user", Value: u, Path: "/", HttpOnly: true})
		}
		fmt.Fprint(w, "<p>hello")
	})
	a, b := open(t, shared.get()), open(t, shared.get())
	navigate(t, a, web.URL+"/?u=ada")
	script[any](t, a, "localStorage.setItem('k', 'v'); (await caches.open('c')).put('/x', new Response('y'))")
	navigate(t, b, web.URL+"/other?u=bob")
	if got := script[[]any](t, b, "return [localStorage.length, (await caches.keys()).length]"); fmt.Sprint(got) != "[0 0]" {
		t.Errorf("the other session sees %v", got)
	}
	for s, want := range map[*session]string{a: "ada", b: "bob"} {
		cookies, err := s.Cookies(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		if len(cookies) != 1 || cookies[0] != (browser.Cookie{Name: "user", Value: want, Domain: "127.0.0.1", Path: "/", HTTPOnly: true}) {
			t.Errorf("got %+v, want user=%s", cookies, want)
		}
		// Each is in front for itself.
		if got := script[[]any](t, s, "return [document.hasFocus(), document.visibilityState]"); fmt.Sprint(got) != "[true visible]" {
			t.Errorf("got %v", got)
		}
	}
}

func TestDialogs(t *testing.T) {
	web := site(t, map[string]string{
		"/":     `<script>var got = [alert("one"), confirm("two?"), prompt("three", "x")]; setTimeout(() => { alert("late"); got.push("late") }, 20)</script><button onclick="alert('click'); got.push('click')">b</button>`,
		"/stay": `<script>onbeforeunload = e => { e.preventDefault(); return "stay" }</script><button>b</button>`,
		"/next": `next`,
	})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	eventually(t, "the late dialog", func() bool { return script[int](t, s, "return got.length") == 4 })
	click(t, s, "button")
	settle(t, s)
	if got := script[[]any](t, s, "return got"); fmt.Sprint(got) != "[<nil> false <nil> late click]" {
		t.Errorf("the page was answered %v", got)
	}
	var said []string
	for _, m := range s.ConsoleMessages() {
		if m.Level == "info" {
			said = append(said, m.Text)
		}
	}
	for _, want := range []string{`dialog alert "one" was dismissed`, `dialog confirm "two?" was dismissed`, `dialog prompt "three" was dismissed`, `dialog alert "late" was dismissed`} {
		if !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("the console does not say %s but %q", want, said)
		}
	}
	navigate(t, s, web.URL+"/stay")
	click(t, s, "button") // only a page that was touched may ask
	settle(t, s)
	navigate(t, s, web.URL+"/next")
	if got := eval[string](t, s, "href"); got != web.URL+"/next" {
		t.Errorf("at %s, the page was not left", got)
	}
}

func TestPopups(t *testing.T) {
	content := map[string]string{
		"/":      `<button id=o onclick="w = window.open('/popup')">o</button><button id=n onclick="window.count = (window.count || 0) + 1">n</button><a id=b target=_blank href=/popup>b</a>`,
		"/popup": `<script>alert("from the popup")</script>popup`,
	}
	web := site(t, content)
	d := newDriver(t)
	s := open(t, d)
	if s.in.full {
		web = site(t, map[string]string{"/": content["/"], "/popup": "quiet"}) // a dialog of a popup blocks its opener there
	}
	navigate(t, s, web.URL)
	click(t, s, "#o")
	settle(t, s)
	click(t, s, "#b")
	settle(t, s)
	eventually(t, "the popups", func() bool { return pages(t, s.in) == 3 })
	click(t, s, "#n")
	if got := script[[]any](t, s, "return [count, document.hasFocus(), document.visibilityState, location.pathname]"); fmt.Sprint(got) != "[1 true visible /]" {
		t.Errorf("behind its popups, the page has %v", got)
	}
	if _, err := s.Capture(testContext(t), browser.CaptureOptions{}); err != nil {
		t.Error(err)
	}
	s.Close()
	eventually(t, "the end of the popups", func() bool { return pages(t, s.in) == 0 })
}

// A tab that nothing of its opener holds has no process of its own until it is let begin.
func TestTabsWithoutOpener(t *testing.T) {
	var h headersOf
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		fmt.Fprintf(w, `<a id=a target=_blank rel=noopener href=/new>a</a> <a id=b target=_blank href=/implied>b</a>
			<a id=c target=_blank rel=noopener href="%s/other">c</a> <a id=d target=_blank href=/mocked>d</a>`, otherSite("http://"+r.Host))
	})
	s := open(t, shared.get(), func(o *browser.Options) {
		o.Emulation = browser.Emulation{UserAgent: "Walker/1.0", TimeZone: "Asia/Tokyo", Locale: "de-DE"}
		o.Uses = browser.FeatureInterception | browser.FeatureNetwork
	})
	if err := s.Intercept(testContext(t), browser.InterceptRule{URL: "*/mocked", Body: []byte("<p>not from the site</p>")}); err != nil {
		t.Fatal(err)
	}
	navigate(t, s, web.URL+"/")
	first, _, _ := s.Tabs(testContext(t))
	for css, path := range map[string]string{"#a": "/new", "#b": "/implied", "#c": "/other", "#d": "/mocked"} {
		click(t, s, css)
		settle(t, s)
		tabs, _, err := s.Tabs(testContext(t))
		if err != nil || len(tabs) != 2 {
			t.Fatalf("%s: %v, %v", path, tabs, err)
		}
		switchToNewest(t, s)
		eventually(t, "the document of "+path, func() bool { return strings.HasSuffix(eval[string](t, s, "href"), path) })
		if got := script[string](t, s, `return [navigator.userAgent, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone].join()`); got != "Walker/1.0,de-DE,Asia/Tokyo" {
			t.Errorf("%s: the page has %s", path, got)
		}
		wanted := "Walker/1.0"
		if path == "/mocked" {
			wanted = ""
			if got := bodyText(t, s); got != "not from the site" {
				t.Errorf("%s says %s", path, got)
			}
		}
		if got := h.get(path, "User-Agent"); got != wanted {
			t.Errorf("the site got a request for %s from %q", path, got)
		}
		if !slices.ContainsFunc(s.Exchanges(time.Time{}), func(e browser.Exchange) bool { return strings.HasSuffix(e.URL, path) }) {
			t.Errorf("the first request of %s was not heard", path)
		}
		_, current, _ := s.Tabs(testContext(t))
		if err := s.CloseTab(testContext(t), current); err != nil {
			t.Fatal(err)
		}
		if err := s.SwitchTab(testContext(t), first[0].ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPageClosesItself(t *testing.T) {
	web := site(t, map[string]string{"/": "x"})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	result := make(chan error, 1)
	go func() {
		_, err := s.Eval(testContext(t), "never")
		result <- err
	}()
	eval[int](t, s, "add", 1, 2)
	// The first page of a window may not close it by script; the browser does it here.
	if _, err := cdproto.Call(testContext(t), s.in.browser, cdptarget.CloseTarget, cdptarget.CloseTargetParams{TargetID: s.tab().id}); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, <-result, browser.ClassNavigation, "closed itself")
	_, err := s.Eval(testContext(t), "add", 1, 2)
	wantFailure(t, err, browser.ClassNavigation, "closed itself")
}

func TestClosedSession(t *testing.T) {
	s := open(t, shared.get())
	result := make(chan error, 1)
	go func() {
		_, err := s.Eval(testContext(t), "never")
		result <- err
	}()
	eval[int](t, s, "add", 1, 2)
	within(t, time.Second, "closing", func() { s.Close() })
	wantFailure(t, <-result, browser.ClassInternal, "closed already")
	wantFailure(t, s.Navigate(testContext(t), "about:blank"), browser.ClassInternal, "closed already")
}
