package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// site is what the agent watches: every path is a page that works until it is taken down.
type site struct {
	server *httptest.Server

	mu     sync.Mutex
	down   map[string]bool
	visits map[string]int
	before func(page string, r *http.Request)
}

func newSite(t *testing.T) *site {
	s := &site{down: map[string]bool{}, visits: map[string]int{}, before: func(string, *http.Request) {}}
	s.server = httptest.NewServer(s)
	t.Cleanup(func() { s.server.CloseClientConnections(); s.server.Close() })
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := strings.TrimPrefix(r.URL.Path, "/")
	s.mu.Lock()
	s.visits[page]++
	before := s.before
	s.mu.Unlock()
	before(page, r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	text := "Welcome"
	if s.isDown(page) {
		w.WriteHeader(http.StatusInternalServerError)
		text = "Out of order"
	}
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><h1>%s</h1>`, text)
}

// set takes a page down, or brings it back.
func (s *site) set(page string, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down[page] = down
}

func (s *site) isDown(page string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down[page]
}

// visited is how often a page was asked for.
func (s *site) visited(page string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits[page]
}

// hook lets f be called before each page is answered, from now on.
func (s *site) hook(f func(page string, r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

// hold keeps visitors waiting until release is called.
func (s *site) hold() (release func()) {
	released := make(chan struct{})
	s.hook(func(_ string, r *http.Request) {
		select {
		case <-released:
		case <-r.Context().Done(): // the browser is gone
		}
	})
	return sync.OnceFunc(func() { close(released) })
}
