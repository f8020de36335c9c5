package cdp

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"trackwalker/scenarios/browser"
)

// asked is what a server was sent.
type asked struct {
	mu  sync.Mutex
	got []string
}

func (a *asked) add(r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	user, password, _ := r.BasicAuth()
	a.got = append(a.got, fmt.Sprintf("%s token=%s user=%s:%s", r.URL.Path, r.Header.Get("X-Token"), user, password))
}

func (a *asked) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.got, "\n")
}

func TestAuthenticate(t *testing.T) {
	var other, own asked
	third := serve(t, func(w http.ResponseWriter, r *http.Request) {
		other.add(r)
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.URL.Path == "/asks" {
			w.Header().Set("WWW-Authenticate", `Basic realm="other"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprint(w, "third")
	})
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		own.add(r)
		w.Header().Set("Content-Type", "text/html")
		switch user, password, _ := r.BasicAuth(); {
		case user != "ada" || password != "pass:word":
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "who are you?")
		case r.URL.Path == "/away":
			http.Redirect(w, r, third.URL+"/redirected", http.StatusFound)
		default:
			fmt.Fprintf(w, `welcome<img src="/own.png"><img src="%s/third.png">`, third.URL)
		}
	})
	s := open(t, shared.get())
	ctx := testContext(t)
	if err := s.Authenticate(ctx, strings.ToUpper(web.URL[:4])+web.URL[4:]+"/path", browser.Credentials{
		Headers: map[string]string{"x-token": "t1", "Accept-Language": "de"}, Username: "ada", Password: "pass:word",
	}); err != nil {
		t.Fatal(err)
	}
	navigate(t, s, web.URL+"/")
	if got := bodyText(t, s); got != "welcome" {
		t.Errorf("got %q", got)
	}
	script[any](t, s, "await fetch('"+third.URL+"/fetched', {mode: 'no-cors'}); await fetch('"+third.URL+"/asks', {mode: 'no-cors', credentials: 'include'})")
	eventually(t, "the pictures", func() bool {
		return strings.Contains(own.String(), "/own.png token=t1 user=ada:pass:word") && strings.Contains(other.String(), "/third.png")
	})
	navigate(t, s, web.URL+"/away")
	if got := eval[string](t, s, "href"); got != third.URL+"/redirected" {
		t.Errorf("at %s", got)
	}
	if got := other.String(); !strings.Contains(got, "/redirected") || !strings.Contains(got, "/fetched") || strings.Contains(got, "t1") || strings.Contains(got, "ada") {
		t.Errorf("the other origin was sent:\n%s", got)
	}

	wrong := open(t, shared.get())
	if err := wrong.Authenticate(ctx, web.URL, browser.Credentials{Username: "eve", Password: "x"}); err != nil {
		t.Fatal(err)
	}
	before := strings.Count(own.String(), "eve")
	navigate(t, wrong, web.URL+"/") // refused once, and not asked again
	if got := script[int](t, wrong, "return performance.getEntriesByType('navigation')[0].responseStatus"); got != 401 {
		t.Errorf("got %d with a wrong password", got)
	}
	if n := strings.Count(own.String(), "eve") - before; n != 1 {
		t.Errorf("the wrong password was tried %d times", n)
	}

	if err := s.Authenticate(ctx, "", browser.Credentials{}); err != nil {
		t.Fatal(err)
	}
	for _, origin := range []string{"shop.example", "file:///x", "http://"} {
		if err := s.Authenticate(ctx, origin, browser.Credentials{Username: "u"}); err == nil {
			t.Errorf("%s was taken for an origin", origin)
		}
	}
}

func TestNormalOrigin(t *testing.T) {
	for origin, want := range map[string]string{
		"HTTPS://Shop.Example:443/x?y": "https://shop.example", "http://a:80": "http://a", "http://a:8080/": "http://a:8080", "http://[::1]:80/": "http://[::1]",
	} {
		if got, err := normalOrigin(origin); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", origin, got, err, want)
		}
	}
}
