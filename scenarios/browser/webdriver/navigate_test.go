package webdriver

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

func TestNetworkErrors(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/close", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=a.csv")
		io.WriteString(w, "a,b\n")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<title>First</title>") })
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	down := httptest.NewServer(mux)
	down.Close()
	secure := httptest.NewUnstartedServer(mux)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	eachBrowser(t, func(t *testing.T, name string) {
		d := newDriver(t, Config{Browser: name})
		s := open(t, d)
		for address, want := range map[string]struct {
			class browser.Class
			says  string
		}{
			down.URL:              {browser.ClassNetwork, "connection refused"},
			server.URL + "/close": {browser.ClassNetwork, "closed the connection without an answer"},
			server.URL + "/loop":  {browser.ClassNetwork, "too many redirects"},
			server.URL + "/none":  {browser.ClassNavigation, "the navigation was aborted"},
			server.URL + "/file":  {browser.ClassNavigation, "gives a download, not a page"},
			secure.URL:            {browser.ClassNetwork, "TLS: the certificate is not signed"},
		} {
			t.Run(want.says, func(t *testing.T) {
				wantFailure(t, s.Navigate(testContext(t), address), want.class, want.says)
				navigate(t, s, server.URL)
				if title := script[string](t, s, "return document.title"); title != "First" {
					t.Errorf("after it the page is %q", title)
				}
			})
		}
		t.Run("certificate ignored", func(t *testing.T) {
			s, err := d.Open(testContext(t), browser.Options{IgnoreHTTPSErrors: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			navigate(t, s, secure.URL)
		})
	})
}

// A server that never answers ends with the step's time, and the session goes on.
func TestServerThatHangs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
		}
		io.WriteString(w, "<title>First</title>")
	}))
	defer server.Close()
	defer server.CloseClientConnections()
	eachBrowser(t, func(t *testing.T, name string) {
		s := open(t, newDriver(t, Config{Browser: name}))
		navigate(t, s, server.URL)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		started := time.Now()
		if err := s.Navigate(ctx, server.URL+"/hang"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it says %v", err)
		}
		navigate(t, s, server.URL+"/second")
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
