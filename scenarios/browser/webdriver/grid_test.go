package webdriver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// grid is a driver that runs elsewhere, without a browser: it answers as answers say, by method and path below the session.
// What they do not name succeeds.
type grid struct {
	*httptest.Server
	answers map[string]func(w http.ResponseWriter, r *http.Request)

	mu    sync.Mutex
	asked []string
}

func newGrid(t *testing.T, answers map[string]func(http.ResponseWriter, *http.Request)) *grid {
	t.Helper()
	g := &grid{answers: answers}
	g.Server = httptest.NewServer(g)
	t.Cleanup(func() { g.CloseClientConnections(); g.Close() })
	return g
}

func (g *grid) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/session/one")
	g.mu.Lock()
	g.asked = append(g.asked, what)
	g.mu.Unlock()
	body, _ := io.ReadAll(r.Body) // all of it, so that the server sees when the client leaves
	switch answer := g.answers[what]; {
	case answer != nil:
		answer(w, r)
	case what == "POST /session":
		value(w, object{"sessionId": "one", "capabilities": object{}})
	case what == "GET /window":
		value(w, "first")
	case strings.Contains(string(body), "outerWidth"):
		value(w, "[1280,800,1280,900]")
	case what == "POST /execute/sync":
		value(w, []any{1, 0, false, "about:blank", ""})
	case what == "GET /url":
		value(w, "about:blank")
	case what == "GET /alert/text":
		refuse(w, http.StatusNotFound, "no such alert", "")
	default:
		value(w, nil)
	}
}

func (g *grid) wasAsked(what string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.asked, what)
}

func value(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(object{"value": v})
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"value": object{"error": code, "message": message, "stacktrace": ""}})
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func refusing(status int, code, message string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, code, message) }
}

type answers = map[string]func(http.ResponseWriter, *http.Request)

// remote gives a driver of a Grid with a browser that does just what the standard says.
func remote(t *testing.T, address string, change ...func(*Config)) *Driver {
	c := Config{Browser: "firefox", URL: address}
	for _, f := range change {
		f(&c)
	}
	return newDriver(t, c)
}

// A Grid that gives no browser is the agent's trouble, and never the site's.
func TestGridThatGivesNoBrowser(t *testing.T) {
	const full = "Could not start a new session. Unable to find provider for session"
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		says   string
	}{
		"it is full":       {hang, "gave no browser within 300ms"},
		"it has no such":   {refusing(500, "session not created", full), "check browser and slots"},
		"it is no driver":  {http.NotFound, "does not answer as a driver does: 404 Not Found"},
		"it wants a login": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, "401 Unauthorized"},
		"its proxy is down": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
		}, "502 Bad Gateway"},
		"it hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "cannot be reached: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrid(t, answers{"POST /session": c.answer})
			g.Config.ErrorLog = nil
			d := remote(t, g.URL, func(c *Config) { c.OpenLimit = 300 * time.Millisecond })
			_, err := d.Open(testContext(t), browser.Options{})
			wantFailure(t, err, browser.ClassBrowser, c.says, g.URL)
		})
	}
	t.Run("it is down", func(t *testing.T) {
		g := newGrid(t, nil)
		g.Close()
		_, err := remote(t, g.URL).Open(testContext(t), browser.Options{})
		wantFailure(t, err, browser.ClassBrowser, "cannot be reached", "connection refused", "The site was not tried")
	})
	t.Run("its address is none", func(t *testing.T) {
		_, err := remote(t, "grid").Open(testContext(t), browser.Options{})
		wantFailure(t, err, browser.ClassBrowser, "the url in the browser's settings is not that of a driver")
	})
}

func TestGridWithAPassword(t *testing.T) {
	var user, password string
	g := newGrid(t, answers{"GET /window": func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		value(w, "first")
	}})
	u, err := url.Parse(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("ada", "s3cret!")
	open(t, remote(t, u.String()))
	if user != "ada" || password != "s3cret!" {
		t.Errorf("it was asked by %q with %q", user, password)
	}
	g.Close()
	_, err = remote(t, u.String()).Open(testContext(t), browser.Options{})
	wantFailure(t, err, browser.ClassBrowser, "cannot be reached")
	if strings.Contains(err.Error(), "s3cret!") {
		t.Errorf("the password is in %q", err)
	}
}

// A session that comes when nobody waits for it any more is given back.
func TestSessionThatComesLate(t *testing.T) {
	come := make(chan struct{})
	g := newGrid(t, answers{"POST /session": func(w http.ResponseWriter, _ *http.Request) {
		<-come
		value(w, object{"sessionId": "one", "capabilities": object{}})
	}})
	d := remote(t, g.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := d.Open(ctx, browser.Options{})
	wantFailure(t, err, browser.ClassBrowser, "did not open in time")
	close(come)
	eventually(t, "the session is given back", func() bool { return g.wasAsked("DELETE ") })
}

// A driver that hangs is cut off by the step's own time, and its session is thrown away.
func TestDriverThatHangs(t *testing.T) {
	g := newGrid(t, answers{"POST /url": hang, "POST /execute/async": hang})
	d := remote(t, g.URL)
	s := open(t, d)
	for name, call := range map[string]func(context.Context) error{
		"Navigate": func(ctx context.Context) error { return s.Navigate(ctx, "http://127.0.0.1/") },
		"Eval":     func(ctx context.Context) error { _, err := s.Eval(ctx, "add", 1, 2); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		started := time.Now()
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(started); took > 3*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		cancel()
	}
	s.Close()
	eventually(t, "the session is ended", func() bool { return g.wasAsked("DELETE ") })
	open(t, d)
}

// A driver that does not even end a session holds nobody up.
func TestCloseOfADriverThatHangs(t *testing.T) {
	g := newGrid(t, answers{"DELETE ": hang})
	d := New(Config{Browser: "firefox", URL: g.URL})
	open(t, d)
	started := time.Now()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took > closeLimit+5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Whatever a driver says when its browser is gone, the run is errored and not failed.
func TestBrowserElsewhereDies(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"the session ended": refusing(404, "invalid session id", "Unable to find session with ID: one"),
		"the browser left":  refusing(500, "unknown error", "disconnected: unable to connect to renderer"),
		"the page crashed":  refusing(500, "unknown error", "tab crashed"),
		"the node hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a proxy answers":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Bad gateway", http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrid(t, answers{"POST /execute/async": answer})
			s := open(t, remote(t, g.URL))
			_, err := s.Eval(testContext(t), "add", 1, 2)
			wantFailure(t, err, browser.ClassBrowser)
			wantFailure(t, s.Navigate(testContext(t), "about:blank"), browser.ClassBrowser)
		})
	}
}

// What is asked for shows what a flow and agent.yaml say.
func TestCapabilities(t *testing.T) {
	got, err := json.Marshal(kindOf("chrome").capabilities(Config{
		Path: "/opt/chrome", Args: []string{"--lang=de"}, Capabilities: map[string]any{"se:name": "shop", "timeouts": map[string]any{"script": 5}},
	}, false, browser.Options{IgnoreHTTPSErrors: true}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"acceptInsecureCerts":true`, `"binary":"/opt/chrome"`, `"--lang=de"`, `"se:name":"shop"`, `"script":5`, `"implicit":0`, `"pageLoadStrategy":"none"`,
		`"unhandledPromptBehavior":"ignore"`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	for _, local := range []string{"--no-sandbox", "--user-data-dir"} {
		if strings.Contains(string(got), local) {
			t.Errorf("%s is for browsers of this machine alone: %s", local, got)
		}
	}
}
