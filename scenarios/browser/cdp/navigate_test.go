package cdp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// awkward serves answers that are no plain page.
func awkward(t *testing.T) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			io.WriteString(w, `<title>start</title>
				<a id=two href=/two>two</a> <a id=slow href=/slow>slow</a> <a id=none href=/204>204</a> <a id=file href=/file>file</a>
				<a id=save href=/two download>save</a> <a id=hash href="#part">hash</a> <a id=hang href=/hang>hang</a>
				<a id=reset href=/reset>reset</a> <a id=blank href=/two target=_blank>blank</a> <a id=mail href="mailto:x@y.example">mail</a>
				<a id=js href="javascript:void 0">js</a> <a id=local href="file:///etc/passwd">local</a>
				<form id=f action=/two method=post><input name=q><button id=post>post</button></form>
				<button id=location onclick="location.href = '/slow'">location</button>
				<button id=timer onclick="setTimeout(() => location = '/slow')">timer</button>
				<button id=push onclick="history.pushState(null, '', '/pushed')">push</button>
				<button id=nothing>nothing</button>`)
		case "/two":
			io.WriteString(w, "<title>two</title>two")
		case "/slow":
			time.Sleep(150 * time.Millisecond)
			io.WriteString(w, "<title>slow</title>slow")
		case "/loading":
			io.WriteString(w, "<title>loading</title>loading<img src=/hang>")
		case "/204":
			w.WriteHeader(http.StatusNoContent)
		case "/file":
			w.Header().Set("Content-Disposition", "attachment; filename=a.bin")
			io.WriteString(w, "data")
		case "/hang":
			<-r.Context().Done()
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/moved":
			http.Redirect(w, r, "/two", http.StatusFound)
		case "/to":
			w.Header().Set("Location", r.URL.RawQuery)
			w.WriteHeader(http.StatusFound)
		case "/500":
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, "sorry")
		case "/empty":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/leave":
			io.WriteString(w, "<script>location = '/two'</script>leaving")
		default:
			http.NotFound(w, r)
		}
	})
}

func TestNavigate(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	for path, title := range map[string]string{"/two": "two", "/slow": "slow", "/moved": "two", "/loading": "loading", "/#x": "start"} {
		navigate(t, s, web.URL+path) // /loading never loads, and yet is there
		if got := script[string](t, s, "return document.title || (await new Promise(r => addEventListener('DOMContentLoaded', r)), document.title)"); got != title {
			t.Errorf("%s: got %q, want %q", path, got, title)
		}
	}
	navigate(t, s, web.URL+"/")
	script[any](t, s, "window.kept = true")
	navigate(t, s, web.URL+"/#elsewhere") // within the document
	if !script[bool](t, s, "return window.kept && location.hash == '#elsewhere'") {
		t.Error("going to a part of the page loaded it again")
	}
	navigate(t, s, web.URL+"/leave")
	eventually(t, "the page's own redirect", func() bool { return eval[string](t, s, "href") == web.URL+"/two" })
	navigate(t, s, "about:blank")
	if got := eval[string](t, s, "href"); got != "about:blank" {
		t.Errorf("at %s", got)
	}
}

func TestNavigateRefuses(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	navigate(t, s, web.URL+"/two")
	for _, address := range []string{
		"file:///etc/passwd", "chrome://version", "javascript:alert(1)", "data:text/html,x", "view-source:" + web.URL, "about:version",
		"ftp://x.example/", "x", "", "http://", "https:///x", "http://[", "devtools://devtools/x",
	} {
		wantFailure(t, s.Navigate(testContext(t), address), browser.ClassNavigation, "cannot go to")
	}
	for _, to := range []string{"file:///etc/passwd", "chrome://version", "data:text/html,x", "about:blank", "javascript:1"} {
		err := s.Navigate(testContext(t), web.URL+"/to?"+to)
		if err == nil {
			t.Fatalf("a redirect to %s was followed", to)
		}
		if f := new(browser.Failure); !errors.As(err, &f) || f.Class.Ours() {
			t.Errorf("a redirect to %s: %v", to, err)
		}
		if got := eval[string](t, s, "href"); strings.HasPrefix(got, "file:") || strings.HasPrefix(got, "chrome:") || strings.HasPrefix(got, "data:") {
			t.Fatalf("at %s", got)
		}
	}
	navigate(t, s, web.URL)
	click(t, s, "#local")
	settle(t, s)
	if got := eval[string](t, s, "href"); got != web.URL+"/" {
		t.Errorf("a link led to %s", got)
	}
}

func TestNetworkErrors(t *testing.T) {
	web := awkward(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "secure") }))
	secure.Config.ErrorLog = silent()
	secure.StartTLS()
	t.Cleanup(secure.Close)
	s := open(t, shared.get())
	for address, want := range map[string][]string{
		closed.URL:           {"connection refused", "127.0.0.1", "net::ERR_CONNECTION_REFUSED"},
		web.URL + "/reset":   {"closed the connection", "net::ERR_EMPTY_RESPONSE"},
		web.URL + "/loop":    {"too many redirects", "net::ERR_TOO_MANY_REDIRECTS"},
		secure.URL:           {"TLS", "certificate", "ignore_https_errors", "net::ERR_CERT_"},
		"http://127.0.0.1:1": {"refuse that port", "net::ERR_UNSAFE_PORT"},
	} {
		err := s.Navigate(testContext(t), address)
		wantFailure(t, err, browser.ClassNetwork, want...)
		if f := new(browser.Failure); errors.As(err, &f) && f.URL != address {
			t.Errorf("the failure is about %q, want %q", f.URL, address)
		}
		// The page is the browser's error page, and works.
		if got := eval[string](t, s, "href"); got != "chrome-error://chromewebdata/" {
			t.Errorf("%s: at %s", address, got)
		}
		wantFailure(t, s.Reload(testContext(t)), browser.ClassNetwork)
	}
	for address, want := range map[string][]string{
		closed.URL:           {"connection refused", "nothing listens", "net::ERR_CONNECTION_REFUSED"},
		web.URL + "/reset":   {"closed the connection", "net::ERR_EMPTY_RESPONSE"},
		web.URL + "/loop":    {"too many redirects", "net::ERR_TOO_MANY_REDIRECTS"},
		secure.URL:           {"TLS", "certificate", "ignore_https_errors", "net::ERR_CERT_"},
		"http://x.invalid/a": {"net::ERR_NAME_NOT_RESOLVED"},
	} {
		navigate(t, s, web.URL)
		script[any](t, s, "document.querySelector('#reset').href = '"+address+"'")
		click(t, s, "#reset")
		if err := s.Settle(testContext(t)); !strings.HasPrefix(address, "http://x.") {
			wantFailure(t, err, browser.ClassNetwork, want...)
		} else if err == nil || !strings.Contains(err.Error(), want[0]) { // this machine may have no name server
			t.Errorf("%s: %v", address, err)
		}
		settle(t, s) // told once
	}

	lenient := open(t, shared.get(), func(o *browser.Options) { o.IgnoreHTTPSErrors = true })
	navigate(t, lenient, secure.URL)
	if got := bodyText(t, lenient); got != "secure" {
		t.Errorf("got %q", got)
	}
	wantFailure(t, s.Navigate(testContext(t), secure.URL), browser.ClassNetwork) // not for the others
}

// A navigation that fails once, and works when the browser asks again.
func TestNetworkErrorOnce(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/flaky" && r.Header.Get("Sec-Fetch-Mode") == "navigate" {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "<a id=a href=/flaky>a</a>")
	})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	click(t, s, "#a")
	wantFailure(t, s.Settle(testContext(t)), browser.ClassNetwork, "did not load", "net::ERR_FAILED")
}

// A document that ends in the middle is told at once, and not waited for until time is over.
func TestBrokenOff(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/chunked", "/subframe":
			io.WriteString(w, "<h1>part</h1>")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/short":
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, "<h1>part</h1>")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/404":
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, "none")
		default:
			io.WriteString(w, "<iframe src=/subframe></iframe><img src=/chunked>")
		}
	})
	s := open(t, shared.get(), func(o *browser.Options) { o.InitScript = browser.PageScript })
	page := browser.NewPage(s, nil)
	for _, wait := range []browser.Wait{browser.WaitLoad, browser.WaitDOMContentLoaded} {
		for path, code := range map[string]string{"/chunked": "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "/short": "net::ERR_CONTENT_LENGTH_MISMATCH"} {
			within(t, 10*time.Second, path, func() {
				wantFailure(t, page.Goto(testContext(t), web.URL+path, browser.GotoOptions{Wait: wait}), browser.ClassNetwork, "broke off", code)
			})
		}
	}
	if err := page.Goto(testContext(t), web.URL+"/", browser.GotoOptions{}); err != nil {
		t.Errorf("a frame and a picture that break off: %v", err)
	}
	if err := page.Goto(testContext(t), web.URL+"/404", browser.GotoOptions{Status: http.StatusNotFound}); err != nil {
		t.Error(err)
	}
}

// JavaScript that never ends does not keep the next page of the same site from coming, and what it was interrupted with does
// not reach that.
func TestNavigateFromABusyPage(t *testing.T) {
	web := site(t, map[string]string{
		"/busy": "busy",
		"/next": `<script>document.title = "next"</script>next`,
	})
	s := open(t, shared.get())
	navigate(t, s, web.URL+"/busy")
	ctx, cancel := context.WithTimeout(testContext(t), time.Second)
	defer cancel()
	if _, err := s.Eval(ctx, "spin"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the loop ended: %v", err)
	}
	navigate(t, s, web.URL+"/next")
	if got := bodyText(t, s); got != "next" || script[string](t, s, "return document.title") != "next" {
		t.Errorf("got %q", got)
	}
}

func TestHTTPErrors(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	for path, status := range map[string]int{"/500": 500, "/nowhere": 404, "/empty": 503} {
		navigate(t, s, web.URL+path)
		if got := script[int](t, s, "return performance.getEntriesByType('navigation')[0].responseStatus"); got != status {
			t.Errorf("%s: the page says %d, want %d", path, got, status)
		}
	}
}

func TestNoPage(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	navigate(t, s, web.URL+"/two")
	wantFailure(t, s.Navigate(testContext(t), web.URL+"/file"), browser.ClassNavigation, "download")
	wantFailure(t, s.Navigate(testContext(t), web.URL+"/204"), browser.ClassNavigation, "aborted")
	if got := eval[string](t, s, "href"); got != web.URL+"/two" {
		t.Errorf("at %s", got)
	}
	if files := script[string](t, s, "return 'alive'"); files != "alive" {
		t.Error(files)
	}
	saved := 0
	filepath.WalkDir(s.in.process.folder.path, func(path string, d os.DirEntry, err error) error {
		if err == nil && (d.Name() == "a.bin" || strings.HasSuffix(d.Name(), ".crdownload")) {
			saved++
		}
		return nil
	})
	if saved > 0 {
		t.Error("the download was saved")
	}
}

func TestHangingServer(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	ctx, cancel := context.WithTimeout(testContext(t), 200*time.Millisecond)
	defer cancel()
	within(t, 3*time.Second, "giving up", func() {
		if err := s.Navigate(ctx, web.URL+"/hang"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	// Until it is stopped, the browser holds every script back.
	if got := eval[string](t, s, "href"); got != web.URL+"/" {
		t.Errorf("at %s", got)
	}
	click(t, s, "#hang")
	ctx, cancel = context.WithTimeout(testContext(t), 200*time.Millisecond)
	defer cancel()
	if err := s.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := eval[string](t, s, "href"); got != web.URL+"/" {
		t.Errorf("at %s", got)
	}
	click(t, s, "#hang")
	if err := s.Interrupt(testContext(t)); err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	navigate(t, s, web.URL+"/two")
}

func TestSettle(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	for id, want := range map[string]string{
		"two": "/two", "slow": "/slow", "post": "/two", "location": "/slow", "timer": "/slow",
		"none": "/", "file": "/", "save": "/", "hash": "/#part", "push": "/pushed", "nothing": "/", "blank": "/", "mail": "/", "js": "/",
	} {
		for range 3 {
			navigate(t, s, web.URL)
			settle(t, s)
			click(t, s, "#"+id)
			settle(t, s)
			raw, err := s.Eval(testContext(t), "href") // the document after, and not the one before
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			if got := decode[string](t, raw); got != web.URL+want {
				t.Errorf("%s: at %s, want %s", id, got, want)
			}
		}
	}
	within(t, 50*time.Millisecond, "settling without input", func() { settle(t, s) })
}

// A click while the page still loads: the end of the old page's loading is not taken for the end of the navigation.
func TestSettleWhileLoading(t *testing.T) {
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			io.WriteString(w, `<a id=a href=/slow>a</a> <a id=none href=/204>204</a><img src=/img>`)
		case "/stuck":
			io.WriteString(w, `<a id=none href=/204>204</a><img src=/hang>`)
		case "/hang":
			<-r.Context().Done()
		case "/204":
			w.WriteHeader(http.StatusNoContent)
		case "/img":
			time.Sleep(30 * time.Millisecond)
		case "/slow":
			time.Sleep(80 * time.Millisecond)
			io.WriteString(w, "slow")
		}
	})
	s := open(t, shared.get())
	for range 10 {
		navigate(t, s, web.URL)
		eventually(t, "the link", func() bool { return script[bool](t, s, "return !!document.querySelector('#a')") })
		click(t, s, "#a")
		settle(t, s)
		if got := eval[string](t, s, "href"); got != web.URL+"/slow" {
			t.Fatalf("at %s", got)
		}
		for _, path := range []string{"/", "/stuck"} {
			navigate(t, s, web.URL+path)
			click(t, s, "#none")
			settle(t, s)
			if got := eval[string](t, s, "href"); got != web.URL+path {
				t.Fatalf("at %s", got)
			}
		}
	}
}

// The page tells of a commit before the browser has it in its books: what asks the browser must wait for that.
func TestRightAfterACommit(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	for range 10 {
		navigate(t, s, web.URL+"/")
		navigate(t, s, web.URL+"/two")
		if err := s.Traverse(testContext(t), -1); err != nil {
			t.Fatal(err)
		}
		if err := s.Reload(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if got := eval[string](t, s, "href"); got != web.URL+"/" {
			t.Fatalf("at %s", got)
		}
	}
}

func TestHistory(t *testing.T) {
	web := awkward(t)
	s := open(t, shared.get())
	ctx := testContext(t)
	if err := s.Traverse(ctx, 1); err != browser.ErrNoHistory {
		t.Errorf("got %v", err)
	}
	navigate(t, s, web.URL+"/")
	navigate(t, s, web.URL+"/two")
	for _, step := range []struct {
		delta int
		want  string
	}{{-1, "/"}, {1, "/two"}, {-1, "/"}} {
		if err := s.Traverse(ctx, step.delta); err != nil {
			t.Fatal(err)
		}
		if got := eval[string](t, s, "href"); got != web.URL+step.want {
			t.Errorf("at %s, want %s", got, step.want)
		}
	}
	script[any](t, s, "window.old = true; history.pushState(null, '', '/pushed')")
	if err := s.Traverse(ctx, -1); err != nil { // within the document
		t.Fatal(err)
	}
	if got := eval[string](t, s, "href"); got != web.URL+"/" {
		t.Errorf("at %s", got)
	}
	if err := s.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if got := script[string](t, s, "return typeof window.old"); got != "undefined" {
		t.Error("reload kept the document")
	}
	if err := s.Traverse(ctx, 5); err != browser.ErrNoHistory {
		t.Errorf("got %v", err)
	}
}

// A reload that gives no page is told, and does not wait for one.
func TestReloadWithoutAPage(t *testing.T) {
	var loads atomic.Int32
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && loads.Add(1) > 1 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		io.WriteString(w, "page")
	})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	wantFailure(t, s.Reload(testContext(t)), browser.ClassNavigation, "aborted")
}
