package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// customer is a browser without scripts: it keeps cookies and follows redirects.
type customer struct {
	t    *testing.T
	base string
	http *http.Client
}

func open(t *testing.T, s *Shop) func() *customer {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return func() *customer {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &customer{t, server.URL, &http.Client{Jar: jar}}
	}
}

type answer struct {
	status int
	path   string
	body   string
}

func (c *customer) do(r *http.Request, err error) answer {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Request.URL.Path, string(b)}
}

func (c *customer) get(path string) answer {
	c.t.Helper()
	return c.do(http.NewRequest(http.MethodGet, c.base+path, nil))
}

func (c *customer) form(path string, fields ...string) answer {
	c.t.Helper()
	v := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(v.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return c.do(r, err)
}

func (c *customer) json(path string, body any) answer {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(http.NewRequest(http.MethodPost, c.base+path, bytes.NewReader(b)))
}

func (c *customer) logIn() answer {
	c.t.Helper()
	return c.form("/login", "email", Email, "password", Password, "next", "/checkout")
}

func (c *customer) add(id string, n int) answer {
	c.t.Helper()
	return c.json("/api/cart", map[string]any{"product": id, "quantity": n})
}

func parcel() map[string]any {
	return map[string]any{"name": "Ada Lovelace", "address": "12 Harbour Lane", "city": "Aarhus", "postcode": "8000", "delivery": "express", "terms": true}
}

func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d", a.path, a.status, status)
	}
	for _, x := range texts {
		if !strings.Contains(a.body, x) {
			t.Errorf("%s: no %q in\n%s", a.path, x, a.body)
		}
	}
}

func (a answer) lacks(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(a.body, text) {
		t.Errorf("%s: %q is there", a.path, text)
	}
}

func TestLogIn(t *testing.T) {
	c := open(t, New(Options{}))()
	if a := c.get("/account"); a.path != "/login" {
		t.Errorf("a stranger's account leads to %s", a.path)
	}
	c.form("/login", "email", Email, "password", "wrong").want(t, 422, "Wrong email or password", `value="ops@shop.example"`)
	c.form("/login", "email", "x@shop.example", "password", Password).want(t, 422, "Wrong email or password")
	c.form("/login", "email", " OPS@shop.example", "password", Password).want(t, 200, "Welcome back, Ada", "Order 1017", "Log out")
	if a := c.get("/login"); a.path != "/account" {
		t.Errorf("a second login leads to %s", a.path)
	}
	c.form("/logout").want(t, 200, "Log in")
	if a := c.get("/account"); a.path != "/login" {
		t.Errorf("after the logout, the account leads to %s", a.path)
	}
}

func TestLogInLeadsNowhereElse(t *testing.T) {
	visit := open(t, New(Options{}))
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/logout", ""} {
		if a := visit().form("/login", "email", Email, "password", Password, "next", next); a.path != "/account" {
			t.Errorf("next=%q leads to %s", next, a.path)
		}
	}
}

func TestLogInRenewsTheSession(t *testing.T) {
	s := New(Options{})
	before := s.visitors.change("", func(v *session) { v.set(s.lamps[0], 2) })
	after := s.visitors.renew(before)
	if v := s.visitors.read(before); len(v.cart) > 0 {
		t.Error("the old token is still good")
	}
	if v := s.visitors.read(after); count(v.cart) != 2 {
		t.Error("the cart was lost")
	}
}

func TestSearch(t *testing.T) {
	c := open(t, New(Options{}))()
	for _, x := range []struct{ query, want string }{
		{"", "Morel Halo Heron Opal Dune Kiln Fjord Alder Pebble Nimbus Lark Solstice"},
		{"?q=brass", "Halo Opal Lark"},
		{"?q=BRASS+ring", "Halo"},
		{"?category=floor", "Heron Alder"},
		{"?category=pendant&sort=price", "Nimbus Kiln Halo"},
		{"?category=pendant&sort=-price", "Halo Kiln Nimbus"},
		{"?category=wall&sort=name", "Lark Opal Solstice"},
		{"?q=sofa", ""},
		{"?category=nonsense", ""},
		{"?q=" + strings.Repeat("%F0%9F%92%A1", 1000), ""},
		{"?q=%00%ff%3Cscript%3E", ""},
	} {
		a := c.get("/api/products" + x.query)
		var got struct{ Products []struct{ Name string } }
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Products == nil {
			t.Fatalf("%s: %v in %s", x.query, err, a.body)
		}
		var names []string
		for _, p := range got.Products {
			names = append(names, p.Name)
		}
		if n := strings.Join(names, " "); n != x.want {
			t.Errorf("%s: %s, want %s", x.query, n, x.want)
		}
	}
}

func TestBuy(t *testing.T) {
	c := open(t, New(Options{}))()
	c.get("/").want(t, 200, "Good light", "Morel")
	c.get("/catalogue?q=%22%3E%3Cscript%3E").want(t, 200, "&#34;&gt;&lt;script&gt;")
	c.get("/product/halo").want(t, 200, "Add to cart", "€189.00")
	if a := c.get("/checkout"); a.path != "/login" {
		t.Errorf("a stranger's checkout leads to %s", a.path)
	}
	c.add("halo", 1).want(t, 200, `{"count":1}`)
	c.add("pebble", 1).want(t, 200, `{"count":2}`)
	c.get("/cart").want(t, 200, "€258.00", "Check out", "Remove Halo")
	c.form("/cart", "product", "pebble", "quantity", "3").want(t, 200, "€396.00")
	c.form("/cart", "product", "pebble", "quantity", "0").lacks(t, "Remove Pebble")
	c.json("/api/orders", parcel()).want(t, 401)
	if a := c.logIn(); a.path != "/checkout" {
		t.Fatalf("the login leads to %s", a.path)
	}
	c.get("/checkout").want(t, 200, "Full name", "I accept the terms", "Place order", "€189.00")
	c.json("/api/orders", map[string]any{"name": " ", "city": "a\nb", "delivery": "pigeon"}).
		want(t, 422, `"name":`, `"address":`, `"city":`, `"postcode":`, `"delivery":`, `"terms":`)
	c.json("/api/orders", parcel()).want(t, 201, `"order":1042`, `"/thanks/1042"`)
	c.json("/api/orders", parcel()).want(t, 409, "cart is empty")
	c.get("/thanks/1042").want(t, 200, "Thank you", "1042", "Aarhus", "€198.00")
	c.get("/account").want(t, 200, "Order 1042")
	if a := c.get("/checkout"); a.path != "/cart" {
		t.Errorf("an empty cart's checkout leads to %s", a.path)
	}
	c.form("/logout")
	c.get("/thanks/1042").want(t, 404)
}

func TestQuantityIsBounded(t *testing.T) {
	c := open(t, New(Options{}))()
	for range 5 {
		c.add("halo", 9)
	}
	c.get("/cart").want(t, 200, `value="9"`)
	c.form("/cart", "product", "halo", "quantity", "1000000").want(t, 200, `value="9"`)
	c.form("/cart", "product", "halo", "quantity", "-3").want(t, 200, "Your cart is empty")
}

// ready is a customer who has nothing left to do but place the order.
func ready(c *customer) *customer {
	c.add("halo", 1)
	c.logIn()
	return c
}

func TestSwitches(t *testing.T) {
	s := New(Options{})
	visit := open(t, s)
	seen := map[string]func(c *customer, broken bool){
		Checkout500: func(c *customer, broken bool) {
			if broken {
				ready(c).json("/api/orders", parcel()).want(t, 500)
				c.get("/cart").want(t, 200, "Remove Halo") // nothing was lost
			} else {
				ready(c).json("/api/orders", parcel()).want(t, 201)
			}
		},
		MissingButton: func(c *customer, broken bool) {
			if got := !strings.Contains(ready(c).get("/checkout").body, "Place order"); got != broken {
				t.Errorf("missing: %v, want %v", got, broken)
			}
		},
		CoveredButton: func(c *customer, broken bool) {
			if got := strings.Contains(ready(c).get("/checkout").body, "Accept all"); got != broken {
				t.Errorf("covered: %v, want %v", got, broken)
			}
		},
		JSError: func(c *customer, broken bool) {
			if got := !strings.Contains(c.get("/catalogue").body, `data-layout="grid"`); got != broken {
				t.Errorf("unknown layout: %v, want %v", got, broken)
			}
		},
		SlowCatalogue: nil, // needs a clock: see below
	}
	for _, x := range s.Switches() {
		check, ok := seen[x.Name]
		if !ok || x.Doc == "" || x.On {
			t.Errorf("%+v is unknown, undescribed or on", x)
		}
		if check == nil {
			continue
		}
		t.Run(x.Name, func(t *testing.T) {
			check(visit(), false)
			visit().form("/_switches", "name", x.Name, "on", "true").want(t, 200, `aria-checked="true"`)
			check(visit(), true)
			visit().form("/_switches", "name", x.Name, "on", "false").lacks(t, `aria-checked="true"`)

			mine := visit()
			mine.get("/?break="+x.Name).want(t, 200)
			mine.get("/_switches").want(t, 200, "on in your session")
			check(mine, true)
			check(visit(), false)
			mine.get("/?break=none")
			check(mine, false)
		})
	}
}

func TestBreakShowsAtOnce(t *testing.T) {
	c := open(t, New(Options{}))()
	c.get("/catalogue?break=js_error").want(t, 200, `data-layout="mosaic"`)
	c.get("/?break=nonsense").want(t, 400, `there is no switch "nonsense"`, "checkout_500")
}

func TestBreakOutlivesLogInAndOut(t *testing.T) {
	c := open(t, New(Options{}))()
	c.get("/?break=" + Checkout500)
	c.logIn()
	c.form("/logout")
	ready(c).json("/api/orders", parcel()).want(t, 500)
}

func TestSetUnknown(t *testing.T) {
	s := New(Options{})
	if err := s.Set("nonsense", true); err == nil || !strings.Contains(err.Error(), SlowCatalogue) {
		t.Errorf("error %v does not say what there is", err)
	}
	c := open(t, s)()
	c.form("/_switches", "name", "nonsense", "on", "true").want(t, 400)
	c.form("/_switches", "name", JSError, "on", "perhaps").want(t, 400)
}

func TestSlowCatalogue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Delay: 7 * time.Second})
		if err := s.Set(SlowCatalogue, true); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/products", nil))
		if d := time.Since(start); d != 7*time.Second || w.Code != 200 {
			t.Errorf("answered %d after %v", w.Code, d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/products", nil))
		if d := time.Since(start); d != time.Second {
			t.Errorf("held a visitor who had left for %v", d)
		}
	})
}

func TestCrossOriginIsRefused(t *testing.T) {
	c := open(t, New(Options{}))()
	for _, path := range []string{"/_switches", "/login", "/logout", "/cart", "/api/cart", "/api/orders"} {
		r, err := http.NewRequest(http.MethodPost, c.base+path, strings.NewReader("name=js_error&on=true"))
		if err == nil {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		if a := c.do(r, err); a.status != 403 {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := New(Options{Sessions: 10})
	s.orders.max = 5
	visit := open(t, s)
	first := visit()
	first.add("halo", 1)
	for range 20 {
		visit().get("/catalogue") // costs nothing
	}
	first.get("/cart").want(t, 200, "Remove Halo")
	if n := s.visitors.len(); n != 1 {
		t.Errorf("%d sessions for visitors who only looked", n)
	}
	for range 30 {
		c := ready(visit())
		c.json("/api/orders", parcel()).want(t, 201)
	}
	if n := s.visitors.len(); n != 10 || len(s.visitors.byToken) != 10 {
		t.Errorf("%d sessions, %d tokens", n, len(s.visitors.byToken))
	}
	if n := len(s.orders.all); n != 5 {
		t.Errorf("%d orders", n)
	}
	first.get("/cart").want(t, 200, "Your cart is empty")
	c := visit()
	c.logIn()
	c.get("/thanks/1042").want(t, 404)
	c.get("/thanks/1071").want(t, 200, "1071")
}

func TestIdleSessionsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		busy := s.visitors.change("", func(*session) {})
		idle := s.visitors.change("", func(*session) {})
		time.Sleep(sessionIdle)
		s.visitors.read(busy)
		time.Sleep(time.Second)
		if s.visitors.read(idle).token != "" || s.visitors.read(busy).token == "" || s.visitors.len() != 1 {
			t.Error("the wrong ones went")
		}
	})
}

func TestForeignTokenIsNotAdopted(t *testing.T) {
	s := New(Options{})
	if got := s.visitors.change("chosen", func(*session) {}); got == "chosen" || len(got) < 20 {
		t.Errorf("token %q", got)
	}
}

func TestHostileInput(t *testing.T) {
	s := New(Options{})
	c := open(t, s)()
	c.logIn()
	c.add("halo", 1)
	for _, path := range []string{
		"/product/..%2f..%2fgo.mod", "/product/%00", "/product/" + strings.Repeat("a", 5000), "/thanks/-1", "/thanks/99999999999999999999999",
		"/thanks/1e3", "/static/", "/static/lamps/", "/static/../shop.go", "/static/%2e%2e/pages/frame.html", "/pages/frame.html", "/%ff", "/nope",
	} {
		c.get(path).want(t, 404)
	}
	for _, body := range []string{
		"", "null", "[]", "{", `"x"`, `{"product":7}`, `{"product":"halo","quantity":1e99}`, `{"product":"halo","quantity":-1}`,
		`{"product":"<b>","quantity":1}`, strings.Repeat("[", 60000), `{"name":"` + strings.Repeat("x", maxBody) + `"}`,
	} {
		for _, path := range []string{"/api/cart", "/api/orders", "/cart", "/login", "/_switches"} {
			a := c.do(http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(body)))
			if a.status < 400 || a.status > 499 {
				t.Errorf("POST %.20q to %s: status %d", body, path, a.status)
			}
		}
	}
	long := parcel()
	long["name"] = strings.Repeat("é", 101)
	c.json("/api/orders", long).want(t, 422, `"name":`)
	r, err := http.NewRequest(http.MethodGet, c.base+"/?break=%zz;&break", nil)
	if err == nil {
		r.Header.Set("Cookie", `vesper="; vesper=x; =;`)
	}
	if a := c.do(r, err); a.status >= 500 {
		t.Errorf("status %d", a.status)
	}
}

func TestManyAtOnce(t *testing.T) {
	s := New(Options{Sessions: 8})
	visit := open(t, s)
	var wg sync.WaitGroup
	for range 8 {
		c := visit()
		wg.Go(func() {
			for i := range 10 {
				c.add("halo", 1)
				c.get(fmt.Sprintf("/?break=%s", s.Switches()[i%5].Name))
				c.get("/cart")
				c.logIn()
				c.json("/api/orders", parcel())
				_ = s.Set(JSError, i%2 == 0)
			}
		})
	}
	wg.Wait()
}

// A page may load nothing from elsewhere and run nothing of its own: the policy would refuse it, and a picture in
// the README would show it.
func TestPagesKeepToThePolicy(t *testing.T) {
	s := New(Options{})
	c := ready(open(t, s)())
	for _, path := range []string{"/", "/catalogue", "/product/opal", "/cart", "/checkout", "/account", "/_switches", "/nope"} {
		a := c.get(path)
		for _, bad := range []string{" style=", " onclick=", "<style", "http://", "https://", "ZgotmplZ", "<script>"} {
			a.lacks(t, bad)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(a.body, -1) {
			c.get(m[1]).want(t, 200)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/static/shop.js", nil))
	if p := w.Header().Get("Content-Security-Policy"); strings.Contains(p, "unsafe") || !strings.Contains(p, "script-src 'self'") {
		t.Errorf("policy %q", p)
	}
	r := httptest.NewRequest(http.MethodGet, "/static/shop.js", nil)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusNotModified {
		t.Errorf("status %d for a file that the browser has", w.Code)
	}
}

func TestEveryLampIsWhole(t *testing.T) {
	s := New(Options{})
	for _, p := range s.lamps {
		if _, err := fs.Stat(files, strings.TrimPrefix(p.Picture(), "/")); err != nil {
			t.Error(err)
		}
		if p.Alt == "" || p.Line == "" || p.Story == "" || p.Price <= 0 || p.Kind() == "Lamp" {
			t.Errorf("%s lacks something", p.ID)
		}
	}
}

func TestCents(t *testing.T) {
	for c, want := range map[Cents]string{0: "€0.00", 905: "€9.05", 123_456_789: "€1,234,567.89", 100_000: "€1,000.00"} {
		if got := c.String(); got != want {
			t.Errorf("%d is %s, want %s", c, got, want)
		}
	}
}
