package reporters_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"trackwalker/reporters"
)

func endpoint(t *testing.T, c reporters.EndpointConfig) *reporters.Endpoint {
	t.Helper()
	c.Name, c.Cure = "test", "do this"
	e, err := reporters.NewEndpoint(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEndpointAddsToItsURL: what stands in the URL stays.
func TestEndpointAddsToItsURL(t *testing.T) {
	var got *http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r; w.Write([]byte("fine")) }))
	defer s.Close()
	e := endpoint(t, reporters.EndpointConfig{URL: s.URL + "/hook?thread=1"})
	said, err := e.Send(t.Context(), reporters.Request{Path: "messages/2", Query: url.Values{"wait": {"true"}}, Body: []byte("{}")})
	if err != nil || string(said) != "fine" {
		t.Fatal(string(said), err)
	}
	if got.Method != http.MethodPost || got.URL.Path != "/hook/messages/2" || got.URL.Query().Encode() != "thread=1&wait=true" ||
		got.Header.Get("Content-Type") != "application/json" || got.Header.Get("User-Agent") != "trackwalker" {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}
}

// TestEndpointHidesItsURL, whatever goes wrong and whatever the answer says.
func TestEndpointHidesItsURL(t *testing.T) {
	const token, sig, password = "tokenThatIsSecretAndLong", "signatureThatIsSecretToo", "passwordOfTheURL"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "Cannot POST "+r.RequestURI+" with "+r.Header.Get("Authorization")+" "+token+" "+sig+" key-of-mine", http.StatusForbidden)
	}))
	address := strings.Replace(s.URL, "http://", "http://user:"+password+"@", 1) + "/hook/" + token + "?sig=" + sig
	e := endpoint(t, reporters.EndpointConfig{URL: address, Secrets: []string{"key-of-mine"}})
	_, forbidden := e.Send(t.Context(), reporters.Request{})
	s.Close()
	_, gone := e.Send(t.Context(), reporters.Request{})
	_, wrong := reporters.NewEndpoint(reporters.EndpointConfig{Name: "test", URL: "http://%zz/" + token})
	finding := e.Reach(t.Context())
	for _, text := range []string{forbidden.Error(), gone.Error(), wrong.Error(), finding.Message, finding.Hint} {
		for _, secret := range []string{token, sig, password, "key-of-mine"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows in: %s", secret, text)
			}
		}
	}
	if !errors.As(forbidden, new(*reporters.Permanent)) || !strings.Contains(forbidden.Error(), "403 Forbidden: Cannot POST") || !strings.HasSuffix(forbidden.Error(), ": do this") {
		t.Errorf("got %v", forbidden)
	}
	if errors.As(gone, new(*reporters.Permanent)) || finding.OK {
		t.Errorf("got %v, found %+v", gone, finding)
	}
}

func TestEndpointDoesNotWaitForEver(t *testing.T) {
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer s.Close()
	defer close(over)
	e := endpoint(t, reporters.EndpointConfig{URL: s.URL, Timeout: 50 * time.Millisecond})
	_, err := e.Send(t.Context(), reporters.Request{})
	if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(*reporters.Permanent)) {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0.4": time.Second, "0": time.Second, "1e9": time.Hour, "Inf": time.Hour,
		"Mon, 02 Jan 2006 15:04:05 GMT": time.Second, "Fri, 31 Dec 9999 23:59:59 GMT": time.Hour,
		"": 0, "soon": 0, "-3": 0, "NaN": 0,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		_, err := endpoint(t, reporters.EndpointConfig{URL: s.URL}).Send(t.Context(), reporters.Request{})
		s.Close()
		var got time.Duration
		if later, ok := errors.AsType[*reporters.RetryAfter](err); ok {
			got = later.After
		}
		if err == nil || got != want {
			t.Errorf("%q: got %v", header, err)
		}
	}
}
