// Package shop is Vesper, a small online shop for lamps that the bundled example flows are played on, and that the
// tests, the demo and the benchmarks use as a site of their own. It is one http.Handler without a database, without
// a goroutine and without a request to anybody else: everything that it shows is embedded.
//
// What lives here: the pages, their scripts and pictures, the small API behind them, and the switches that break
// them on purpose. What may not: anything about monitoring. The shop does not know that it is watched, so that a
// flow that works here works on a shop of your own.
//
// # Breaking it
//
// Each switch of [Switches] can be thrown for everybody, with [Shop.Set], on the page /_switches or by a form POST to
// it (name=checkout_500, on=true); or for one visitor alone, by opening any page with ?break=checkout_500, which is
// remembered in that visitor's session. ?break=none makes the shop whole again for that visitor. So one flow can see
// a broken shop while others see a healthy one.
//
// # Memory
//
// The shop is made to run for weeks under a monitor. A visitor costs nothing before there is something to remember
// (a login, a cart, a switch); sessions, carts and orders are capped, and the oldest go first.
package shop

import (
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// Email and Password are the account of the shop's best customer. It is Ada's.
const (
	Email    = "ops@shop.example"
	Password = "lamp-light"
)

const (
	firstName   = "Ada"
	cookieName  = "vesper"
	maxBody     = 64 << 10
	maxSessions = 4096
	maxOrders   = 1000
	sessionIdle = 2 * time.Hour
)

//go:embed pages static
var files embed.FS

// Options says how a shop differs from the default one. The zero value is ready to use.
type Options struct {
	// Delay is how long the switch slow_catalogue lets the product search take; 4 s when it is zero.
	Delay time.Duration
	// Sessions caps the visitors that are remembered at once; 4096 when it is zero.
	Sessions int
}

// Shop is the web site. It is safe for concurrent use. Time-outs of its connections are left to the server it is
// mounted in.
type Shop struct {
	lamps    []Product
	delay    time.Duration
	visitors *sessions
	orders   *orders
	switches *switchboard
	pages    map[string]*template.Template
	ticket   string // of the identity provider that the shop trusts
	handler  http.Handler
}

// New makes a shop in which everything works.
func New(o Options) *Shop {
	if o.Delay <= 0 {
		o.Delay = 4 * time.Second
	}
	if o.Sessions <= 0 {
		o.Sessions = maxSessions
	}
	s := &Shop{
		lamps:    lamps(),
		delay:    o.Delay,
		visitors: newSessions(o.Sessions, sessionIdle),
		orders:   newOrders(maxOrders),
		switches: newSwitchboard(),
		pages:    parsePages(),
		ticket:   rand.Text(),
	}
	s.handler = s.routes()
	return s
}

// ServeHTTP answers one request.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /catalogue", s.catalogue)
	mux.HandleFunc("GET /product/{id}", s.product)
	mux.HandleFunc("GET /cart", s.cart)
	mux.HandleFunc("POST /cart", s.changeCart)
	mux.HandleFunc("GET /checkout", s.checkout)
	mux.HandleFunc("GET /thanks/{order}", s.thanks)
	mux.HandleFunc("GET /login", s.login)
	mux.HandleFunc("POST /login", s.logIn)
	mux.HandleFunc("POST /logout", s.logOut)
	mux.HandleFunc("GET /account", s.account)
	mux.HandleFunc("GET /_switches", s.showSwitches)
	mux.HandleFunc("POST /_switches", s.setSwitch)
	mux.HandleFunc("GET /api/products", s.apiProducts)
	mux.HandleFunc("POST /api/cart", s.apiCart)
	mux.HandleFunc("POST /api/orders", s.apiOrders)
	s.workshopRoutes(mux)
	mux.Handle("GET /static/", static())
	mux.HandleFunc("/", s.notFound)
	return secure(s.remember(http.NewCrossOriginProtection().Handler(mux)))
}

// secure sets the headers that every answer carries and bounds what a request may send.
func secure(next http.Handler) http.Handler {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-cache")
		limit := int64(maxBody)
		if r.URL.Path == "/repairs" {
			limit = maxUpload
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// static serves the embedded files. They have no time of change, so one tag over all of them lets a browser keep
// what it has until the program is replaced.
func static() http.Handler {
	only, err := fs.Sub(files, "static") // the pages beside it are not for reading
	if err != nil {
		return http.NotFoundHandler()
	}
	server := http.StripPrefix("/static", http.FileServerFS(only))
	tag := tagOf(only)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") { // no listings
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", tag)
		server.ServeHTTP(w, r)
	})
}

func tagOf(files fs.FS) string {
	sum := sha256.New()
	_ = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error { // embedded files do not fail
		if err == nil && !d.IsDir() {
			b, _ := fs.ReadFile(files, path)
			sum.Write(b)
		}
		return err
	})
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
}
