package cdp

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"trackwalker/scenarios/browser"
)

func TestPattern(t *testing.T) {
	for glob, want := range map[string]string{
		"*": "*", "https://a/b?c=*": `https://a/b\?c=*`, `a\b[1]`: `a\\b[1]`,
	} {
		if got := pattern(glob); got != want {
			t.Errorf("%s: got %s, want %s", glob, got, want)
		}
	}
}

func TestRules(t *testing.T) {
	rules := addRules(nil, []browser.InterceptRule{{URL: "*", Status: 1}, {URL: "http://a/*", Status: 2}, {URL: "http://a/b", Abort: true}})
	rules = addRules(rules, []browser.InterceptRule{{URL: "http://a/b", Status: 3}, {URL: "http://b/*", Status: 4}})
	if len(rules) != 4 {
		t.Errorf("there are %d rules: %+v", len(rules), rules)
	}
	for address, want := range map[string]int{"http://a/b": 3, "http://a/c": 2, "http://b/": 4, "http://c/": 1} {
		if r, ok := ruleFor(rules, address); !ok || r.Status != want {
			t.Errorf("%s: got %+v, %v", address, r, ok)
		}
	}
	if r, ok := ruleFor(rules[1:], "http://c/"); ok {
		t.Errorf("a rule for nothing: %+v", r)
	}
}

func TestAnswer(t *testing.T) {
	request := func(url, origin string) *network.Request {
		r := &network.Request{URL: url, Headers: network.Headers{}}
		if origin != "" {
			r.Headers["Origin"] = origin
		}
		return r
	}
	for _, c := range []struct {
		rule        browser.InterceptRule
		url, origin string
		want        string
	}{
		{browser.InterceptRule{}, "http://a/", "", "200"},
		{browser.InterceptRule{Body: []byte(` {"a": 1}`)}, "http://a/x", "", "200 Content-Type=application/json"},
		{browser.InterceptRule{Body: []byte(`{"a": 1`)}, "http://a/x", "", "200 Content-Type=text/plain; charset=utf-8"},
		{browser.InterceptRule{Body: []byte("<!doctype html>x"), Status: 500}, "http://a/x", "", "500 Content-Type=text/html; charset=utf-8"},
		{browser.InterceptRule{Body: []byte("f()"), Status: 299}, "http://a/x.js?v=1", "", "299 Status 299 Content-Type=text/javascript; charset=utf-8"},
		{browser.InterceptRule{Body: []byte("b{}")}, "http://a/x.CSS", "", "200 Content-Type=text/css; charset=utf-8"},
		{
			browser.InterceptRule{Body: []byte("x"), Headers: map[string]string{"content-type": "a/b", "access-control-allow-origin": "http://no", "X": "y"}},
			"http://a/x", "http://b", "200 Access-Control-Allow-Credentials=true X=y access-control-allow-origin=http://no content-type=a/b",
		},
		{
			browser.InterceptRule{Body: []byte("x")},
			"http://a/x", "http://b",
			"200 Access-Control-Allow-Credentials=true Access-Control-Allow-Origin=http://b Content-Type=text/plain; charset=utf-8",
		},
	} {
		p := answer(c.rule, request(c.url, c.origin))
		got := fmt.Sprint(p.ResponseCode)
		if p.ResponsePhrase != "" {
			got += " " + p.ResponsePhrase
		}
		for _, h := range p.ResponseHeaders {
			got += " " + h.Name + "=" + h.Value
		}
		if got != c.want {
			t.Errorf("%+v: got\n%s\nwant\n%s", c.rule, got, c.want)
		}
	}
}

// paths is a server that says what it was asked for.
type paths struct {
	mu    sync.Mutex
	count map[string]int
}

func (p *paths) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.count == nil {
		p.count = map[string]int{}
	}
	p.count[r.URL.Path]++
	p.mu.Unlock()
	w.Header().Set("Cache-Control", "max-age=1000")
	switch {
	case strings.HasSuffix(r.URL.Path, ".js"):
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, "globalThis.loaded = 'of the site'")
	default:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "of the site: "+r.URL.Path)
	}
}

func (p *paths) asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[path]
}

func intercepting(o *browser.Options) { o.Uses = browser.FeatureInterception | browser.FeatureNetwork }

func intercept(t *testing.T, s *session, rules ...browser.InterceptRule) {
	t.Helper()
	if err := s.Intercept(testContext(t), rules...); err != nil {
		t.Fatal(err)
	}
}

// consoleErrors gives the errors on the console.
func consoleErrors(s *session) []string {
	var all []string
	for _, m := range s.ConsoleMessages() {
		if m.Level == "error" {
			all = append(all, m.Text)
		}
	}
	return all
}

func TestIntercept(t *testing.T) {
	p := &paths{}
	web := serve(t, p.ServeHTTP)
	other := otherSite(web.URL)
	s := open(t, shared.get(), intercepting)
	intercept(t, s, browser.InterceptRule{URL: web.URL + "/api*", Body: []byte(`{"from": "the flow"}`)})
	navigate(t, s, web.URL+"/")
	get := func(url, options string) string {
		t.Helper()
		return script[string](t, s, fmt.Sprintf(`try { const r = await fetch(%q, {%s}); return r.status + " " + r.headers.get("content-type") + " " + await r.text() } catch (e) { return e.message }`, url, options))
	}
	want := func(url, options, want string) {
		t.Helper()
		if got := get(url, options); got != want {
			t.Errorf("%s gives %s, want %s", url, got, want)
		}
	}
	want("/api/1", "", `200 application/json {"from": "the flow"}`)
	want("/other", "", "200 text/html of the site: /other")

	t.Run("the last rule wins, from now on", func(t *testing.T) {
		want("/api?x", "", `200 application/json {"from": "the flow"}`)
		intercept(t, s, browser.InterceptRule{URL: web.URL + "/api?x", Status: 503, Headers: map[string]string{"Content-Type": "a/b"}, Body: []byte("gone")})
		want("/api?x", "", "503 a/b gone")
		want("/apiyx", "", `200 application/json {"from": "the flow"}`) // ? is no pattern
	})
	t.Run("another origin", func(t *testing.T) {
		intercept(t, s, browser.InterceptRule{URL: other + "/far", Body: []byte("far")})
		want(other+"/far", "", "200 text/plain; charset=utf-8 far")
		want(other+"/far", "credentials: 'include'", "200 text/plain; charset=utf-8 far")
		want(other+"/far", "method: 'PUT', headers: {'X-Own': '1', 'Content-Type': 'application/json'}", "200 text/plain; charset=utf-8 far")
		if n := p.asked("/far"); n != 0 {
			t.Errorf("the site was asked %d times", n)
		}
	})
	t.Run("redirect", func(t *testing.T) {
		intercept(t, s, browser.InterceptRule{URL: web.URL + "/old", Status: 302, Headers: map[string]string{"Location": "/new"}})
		want("/old", "", "200 text/html of the site: /new")
	})
	t.Run("several megabytes", func(t *testing.T) {
		intercept(t, s, browser.InterceptRule{URL: web.URL + "/big", Body: []byte(strings.Repeat("0123456789", 800_000))})
		if got := len(get("/big", "")); got != 8_000_000+len("200 text/plain; charset=utf-8 ") {
			t.Errorf("got %d bytes", got)
		}
	})
	t.Run("cached before", func(t *testing.T) {
		add := `await new Promise(done => { delete globalThis.loaded; const e = document.createElement("script"); e.src = "/cached.js"; e.onload = e.onerror = done; document.head.append(e) }); return String(globalThis.loaded)`
		if got := script[string](t, s, add); got != "of the site" {
			t.Fatal(got)
		}
		intercept(t, s, browser.InterceptRule{URL: web.URL + "/cached.js", Body: []byte("globalThis.loaded = 'of the flow'")})
		if got := script[string](t, s, add); got != "of the flow" {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("an answer that cannot be", func(t *testing.T) {
		intercept(t, s, browser.InterceptRule{URL: web.URL + "/odd", Headers: map[string]string{"a b": "c"}})
		want("/odd", "", "Failed to fetch")
		if got := strings.Join(consoleErrors(s), "\n"); !strings.Contains(got, "the browser does not take the mocked answer") {
			t.Errorf("the console says\n%s", got)
		}
	})
	t.Run("documents", func(t *testing.T) {
		intercept(t, s, browser.InterceptRule{URL: web.URL + "/page", Body: []byte("<title>mocked</title>page")}, browser.InterceptRule{URL: web.URL + "/no", Abort: true},
			browser.InterceptRule{URL: web.URL + "/moved", Status: 301, Headers: map[string]string{"Location": web.URL + "/page"}})
		navigate(t, s, web.URL+"/page#part")
		if got := bodyText(t, s); got != "page" {
			t.Errorf("the page shows %s", got)
		}
		navigate(t, s, web.URL+"/moved")
		if got := eval[string](t, s, "href"); got != web.URL+"/page" {
			t.Errorf("it is at %s", got)
		}
		wantFailure(t, s.Navigate(testContext(t), web.URL+"/no"), browser.ClassNavigation, "the flow blocks that address itself", "mock")
		navigate(t, s, web.URL+"/page")
	})
	t.Run("popups and frames of another site", func(t *testing.T) {
		intercept(t, s, browser.InterceptRule{URL: other + "/inside", Body: []byte("<body>inside<script>fetch('/deep').then(r => r.text()).then(x => parent.postMessage(x, '*'))</script>")},
			browser.InterceptRule{URL: other + "/deep", Body: []byte("deep")}, browser.InterceptRule{URL: web.URL + "/popup", Body: []byte("<body>popup")})
		got := script[string](t, s, `return await new Promise(done => { onmessage = e => done(e.data); const f = document.createElement("iframe"); f.src = "`+other+`/inside"; document.body.append(f) })`)
		if got != "deep" {
			t.Errorf("the frame got %s", got)
		}
		script[any](t, s, `window.open("/popup")`)
		switchToNewest(t, s)
		eventually(t, "the popup", func() bool { return strings.HasSuffix(eval[string](t, s, "href"), "/popup") })
		if got := bodyText(t, s); got != "popup" {
			t.Errorf("the popup shows %s", got)
		}
	})
	for _, path := range []string{"/api/1", "/api", "/old", "/big", "/page", "/moved", "/no", "/inside", "/deep", "/popup"} {
		if n := p.asked(path); n != 0 {
			t.Errorf("the site was asked %d times for %s", n, path)
		}
	}
}

func TestAbortIsNoError(t *testing.T) {
	p := &paths{}
	web := serve(t, p.ServeHTTP)
	other := otherSite(web.URL)
	s := open(t, shared.get(), intercepting)
	intercept(t, s, browser.InterceptRule{URL: "*/no/*", Abort: true}, browser.InterceptRule{URL: web.URL + "/", Body: []byte(`<body>
		<img src="/no/1.png"><script src="/no/2.js"></script><link rel=stylesheet href="/no/3.css"><script type=module src="` + other + `/no/4.js"></script>
		<iframe src="/no/5"></iframe><iframe src="` + other + `/no/6"></iframe>
		<script>navigator.sendBeacon("/no/7"); fetch("/no/8").catch(() => {}); fetch("` + other + `/no/9", {method: "PUT"}).catch(() => {});
		const x = new XMLHttpRequest(); x.open("GET", "` + other + `/no/10"); x.send()</script>`)})
	navigate(t, s, web.URL+"/")
	eval[any](t, s, "loaded")
	eventually(t, "all requests", func() bool {
		n := 0
		for _, e := range s.Exchanges(time.Time{}) {
			if e.Failed == "ERR_BLOCKED_BY_CLIENT" {
				n++
			}
		}
		return n >= 10
	})
	if got := consoleErrors(s); len(got) > 0 {
		t.Errorf("the console says\n%s", strings.Join(got, "\n"))
	}
	intercept(t, s, browser.InterceptRule{URL: "*/broken", Status: 500})
	script[any](t, s, `await fetch("/broken")`)
	eventually(t, "the error of a mocked 500", func() bool { return strings.Contains(strings.Join(consoleErrors(s), "\n"), "500") })
}

func TestInterceptWithServiceWorker(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/worker.js" {
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, `oninstall = () => skipWaiting(); onactivate = e => e.waitUntil(clients.claim()); onfetch = e => e.respondWith(new Response("of the worker"))`)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "of the site")
	})
	const register = `await navigator.serviceWorker.register("/worker.js"); await navigator.serviceWorker.ready;
		await Promise.race([new Promise(done => { if (navigator.serviceWorker.controller) done(); navigator.serviceWorker.oncontrollerchange = done }), new Promise(done => setTimeout(done, 1000))]);
		return await (await fetch("/api")).text()`
	plain := open(t, shared.get())
	navigate(t, plain, web.URL)
	if got := script[string](t, plain, register); got != "of the worker" {
		t.Errorf("without interception it is %s", got)
	}
	s := open(t, shared.get(), intercepting)
	navigate(t, s, web.URL)
	intercept(t, s, browser.InterceptRule{URL: "*/api", Body: []byte("of the flow")})
	if got := script[string](t, s, register); got != "of the flow" {
		t.Errorf("it is %s", got)
	}
	navigate(t, s, web.URL+"/page")
	if got := bodyText(t, s); got != "of the site" {
		t.Errorf("the page is %s", got)
	}
}

func TestInterceptWithAuthenticate(t *testing.T) {
	var own asked
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		own.add(r)
		w.Header().Set("Content-Type", "text/html")
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
		io.WriteString(w, "<body>of the site")
	})
	s := open(t, shared.get(), func(o *browser.Options) { o.Uses = browser.FeatureInterception | browser.FeatureAuthenticator })
	if err := s.Authenticate(testContext(t), web.URL, browser.Credentials{Headers: map[string]string{"X-Token": "t1"}, Username: "ada", Password: "p"}); err != nil {
		t.Fatal(err)
	}
	intercept(t, s, browser.InterceptRule{URL: web.URL + "/api", Body: []byte("of the flow")})
	navigate(t, s, otherSite(web.URL)+"/start")
	if got := script[string](t, s, "return document.body.innerText"); got != "of the site" {
		t.Errorf("got %s", got)
	}
	// A frame of the origin, on a page of another, and a popup.
	script[any](t, s, `document.body.innerHTML = "<iframe src='`+web.URL+`/frame'>"; window.open("`+web.URL+`/popup")`)
	eventually(t, "frame and popup", func() bool {
		return strings.Contains(own.String(), "/frame token=t1 user=ada:p") && strings.Contains(own.String(), "/popup token=t1 user=ada:p")
	})
	if strings.Contains(own.String(), "/start token=t1") {
		t.Error("the other origin was sent the headers")
	}
	navigate(t, s, web.URL+"/page")
	if got := script[string](t, s, `return await (await fetch("/api")).text()`); got != "of the flow" {
		t.Errorf("it is %s", got)
	}
}

// A link to what the flow blocks is explained, and the site is not asked.
func TestClickOnWhatIsAborted(t *testing.T) {
	p := &paths{}
	web := serve(t, p.ServeHTTP)
	s := open(t, shared.get(), intercepting)
	intercept(t, s, browser.InterceptRule{URL: "*/no", Abort: true}, browser.InterceptRule{URL: web.URL + "/", Body: []byte(`<a id=a href=/no>no</a>`)})
	navigate(t, s, web.URL+"/")
	click(t, s, "#a")
	wantFailure(t, s.Settle(testContext(t)), browser.ClassNavigation, "the flow blocks that address itself")
	if n := p.asked("/no"); n != 0 {
		t.Errorf("the site was asked %d times", n)
	}
}
