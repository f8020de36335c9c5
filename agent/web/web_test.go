package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios"
	"trackwalker/screenshots"
)

// The flag writes the goldens anew: go test ./agent/web -update
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	os.Exit(m.Run())
}

func handler(f *fake) http.Handler {
	return New(Options{Source: f, Listen: "127.0.0.1:8080", Zone: time.FixedZone("CET", 3600), Log: slog.New(slog.DiscardHandler)})
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	return ask(h, http.MethodGet, "localhost:8080", path)
}

func ask(h http.Handler, method, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if updating() {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; look at it, then write it anew with -update (-want +got):\n%s", file, diff)
	}
}

// TestPages holds every page in every state to its golden. The clock of a bubble stands at midnight, 1 January 2000, UTC.
func TestPages(t *testing.T) {
	sums := regexp.MustCompile(`/assets/[0-9a-f]{8}/`)
	tests := []struct {
		name, path string
		code       int
		status     func(now time.Time) Status
	}{
		{"empty", "/", 200, func(now time.Time) Status { return Status{Location: "local", Build: "v0.1.0", Started: now} }},
		{"waiting", "/", 200, func(now time.Time) Status {
			return Status{Location: "local", Build: "v0.1.0", Started: now, Flows: []Flow{{Name: "checkout", Schedule: "every 5m", Next: now.Add(time.Minute)}}}
		}},
		{"working", "/", 200, working},
		{"failing", "/", 200, func(now time.Time) Status { return failing(now, strings.Repeat("ef", 32)) }},
		{"hostile", "/", 200, hostile},
		{"flow-failing", "/flows/checkout", 200, func(now time.Time) Status { return failing(now, strings.Repeat("ef", 32)) }},
		{"flow-waiting", "/flows/year-end", 200, func(now time.Time) Status { return failing(now, "") }},
		{"flow-missing", "/flows/nope", 404, working},
		{"run-failed", "/runs/failed", 200, working},
		{"run-passed", "/runs/passed", 200, working},
		{"run-skipped", "/runs/skipped", 200, working},
		{"run-hostile", "/runs/hostile", 200, working},
		{"run-missing", "/runs/nope", 404, working},
		{"nothing", "/nope", 404, working},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := newFake(t, Status{})
			synctest.Test(t, func(t *testing.T) {
				now := time.Now()
				f := &fake{status: tt.status(now), artifacts: store.artifacts, runs: map[string]*scenarios.Run{
					"failed":  failedRun(now, screenshots.Ref{SHA256: strings.Repeat("ef", 32), Media: "image/png"}),
					"hostile": hostileRun(t, now),
					"passed":  {ID: "passed", Scenario: "login", Outcome: scenarios.Passed, Started: now.Add(-26 * time.Hour), DurationMS: 1200, Attempts: 1},
					"skipped": {ID: "skipped", Scenario: "login", Outcome: scenarios.Skipped, Reason: "overlap", Started: now.Add(-time.Second)},
				}}
				w := get(handler(f), tt.path)
				if w.Code != tt.code {
					t.Errorf("status %d, want %d", w.Code, tt.code)
				}
				golden(t, tt.name+".golden.html", sums.ReplaceAll(w.Body.Bytes(), []byte("/assets/sum/")))
			})
		})
	}
}

// TestHostile looks for what a browser would run, whatever the goldens say.
func TestHostile(t *testing.T) {
	now := time.Now()
	f := newFake(t, hostile(now))
	f.runs["hostile"] = hostileRun(t, now)
	for _, path := range []string{"/", "/runs/hostile", "/nope/%3Cscript%3Ealert(1)%3C/script%3E", "/flows/" + "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E"} {
		page := get(handler(f), path).Body.String()
		for _, bad := range []string{"<script>", "<img src=x", `href="javascript:`, ` onerror=alert(1)>`, ` onmouseover="x`, "\u202e", "\x1b", "<b>\"", "ZgotmplZ"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	f := newFake(t, working(time.Now()))
	for _, path := range []string{"/", "/nope", "/api/v1/status", "/api/nope", "/healthz", "/artifacts/nope"} {
		w := get(handler(f), path)
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Error("the policy allows what is inline")
	}
	page := get(handler(f), "/").Body.String()
	for _, inline := range []string{" style=", "<style", "<script>", " onclick", "data:"} {
		if strings.Contains(page, inline) {
			t.Errorf("the page holds %q, which its policy forbids", inline)
		}
	}
}

func TestMethods(t *testing.T) {
	h := handler(newFake(t, working(time.Now())))
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace} {
		if w := ask(h, method, "localhost", "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := ask(h, http.MethodHead, "localhost", "/"); w.Code != http.StatusOK {
		t.Errorf("HEAD: status %d", w.Code)
	}
}

func TestHosts(t *testing.T) {
	tests := []struct {
		listen string
		more   []string
		host   string
		ok     bool
	}{
		{"127.0.0.1:8080", nil, "127.0.0.1:8080", true},
		{"127.0.0.1:8080", nil, "localhost:9999", true}, // a forwarded port
		{"127.0.0.1:8080", nil, "LOCALHOST.", true},
		{"127.0.0.1:8080", nil, "[::1]:8080", true},
		{"127.0.0.1:8080", nil, "127.9.9.9", true},
		{"127.0.0.1:8080", nil, "evil.example:8080", false},
		{"127.0.0.1:8080", nil, "localhost.evil.example", false},
		{"127.0.0.1:8080", nil, "127.0.0.1.evil.example", false},
		{"127.0.0.1:8080", nil, "10.0.0.5:8080", false},
		{"127.0.0.1:8080", nil, "", false},
		{"10.0.0.5:8080", nil, "10.0.0.5:8080", true},
		{"10.0.0.5:8080", nil, "10.0.0.6:8080", false},
		{"[fd00::5]:8080", nil, "[fd00::5]:8080", true},
		{"agent.internal:8080", nil, "agent.internal:8080", true},
		{"0.0.0.0:8080", nil, "10.0.0.5:8080", true},
		{":8080", nil, "[fd00::5]:8080", true},
		{"[::]:8080", nil, "192.0.2.1", true},
		{":8080", nil, "localhost", true},
		{":8080", nil, "evil.example", false},
		{":8080", nil, "", false},
		{":8080", []string{"Status.example"}, "status.example", true},
		{":8080", []string{"status.example"}, "status.example.evil.example", false},
	}
	for _, tt := range tests {
		if got := newHosts(tt.listen, tt.more).accept(tt.host); got != tt.ok {
			t.Errorf("listening on %q, known as %v: a request for %q is accepted: %v, want %v", tt.listen, tt.more, tt.host, got, tt.ok)
		}
	}
	h := handler(newFake(t, working(time.Now())))
	for _, path := range []string{"/", "/api/v1/status", "/healthz", "/metrics"} {
		if w := ask(h, http.MethodGet, "evil.example", path); w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "checkout") {
			t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
		}
	}
}

func TestArtifacts(t *testing.T) {
	f := newFake(t, Status{})
	h := handler(f)
	shot := put(t, f.artifacts, picture(t), "image/png")
	page := put(t, f.artifacts, []byte("<html><script>alert(1)</script>"), "text/html")
	svg := put(t, f.artifacts, []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "image/svg+xml")
	nothing := put(t, f.artifacts, nil, "text/plain")

	w := get(h, "/artifacts/"+shot.SHA256)
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || !bytes.Equal(w.Body.Bytes(), picture(t)) || w.Header().Get("Cache-Control") != kept {
		t.Errorf("the picture: status %d, %v", w.Code, w.Header())
	}
	for _, ref := range []screenshots.Ref{page, svg, nothing} {
		w := get(h, "/artifacts/"+ref.SHA256)
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("a %s could be shown: status %d, %v", ref.Media, w.Code, h)
		}
	}
	for _, sum := range []string{strings.Repeat("0", 64), "..%2f..%2fagent.yaml", strings.ToUpper(shot.SHA256), shot.SHA256[:63], "tmp"} {
		if w := get(h, "/artifacts/"+sum); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", sum, w.Code)
		}
	}
}

func TestAssets(t *testing.T) {
	h := handler(newFake(t, working(time.Now())))
	page := get(h, "/").Body.String()
	urls := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(urls) != 3 {
		t.Fatalf("the page uses %d assets, want icon, style and script", len(urls))
	}
	media := map[string]string{".svg": "image/svg+xml", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
	for _, u := range urls {
		w := get(h, u[1])
		if got, want := w.Header().Get("Content-Type"), media[filepath.Ext(u[1])]; w.Code != 200 || got != want || w.Header().Get("Cache-Control") != kept {
			t.Errorf("%s: status %d, %s, want %s", u[1], w.Code, got, want)
		}
	}
	if w := get(h, "/assets/00000000/style.css"); w.Code != http.StatusNotFound {
		t.Errorf("an old style: status %d, want 404", w.Code)
	}
}

func TestAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		f := &fake{status: failing(now, strings.Repeat("ef", 32)), runs: map[string]*scenarios.Run{"r": failedRun(now, screenshots.Ref{})}}
		for i := range f.status.Flows {
			f.status.Flows[i].Recent = f.status.Flows[i].Recent[:min(2, len(f.status.Flows[i].Recent))]
		}
		w := get(handler(f), "/api/v1/status")
		if w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("it is %s", w.Header().Get("Content-Type"))
		}
		golden(t, "status.golden.json", w.Body.Bytes())
		var back Status
		if err := json.Unmarshal(w.Body.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		want := Judge(f.status)
		want.Ready = true
		if !cmp.Equal(back, want) {
			t.Errorf("what is read is not what was said:\n%s", cmp.Diff(want, back))
		}
		var run scenarios.Run
		if err := json.Unmarshal(get(handler(f), "/api/v1/runs/r").Body.Bytes(), &run); err != nil || !cmp.Equal(&run, f.runs["r"]) {
			t.Errorf("the run: %v\n%s", err, cmp.Diff(f.runs["r"], &run))
		}
		f.status = Status{}
		if body := get(handler(f), "/api/v1/status").Body.String(); strings.Contains(body, "null") {
			t.Errorf("a list is null:\n%s", body)
		}
		for _, path := range []string{"/api/v1/runs/nope", "/api/v2/status"} {
			if w := get(handler(f), path); w.Code != 404 || !strings.HasPrefix(w.Body.String(), "{\n  \"error\": ") {
				t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
			}
		}
	})
}

func TestSourceFails(t *testing.T) {
	f := newFake(t, Status{})
	f.err = errors.New("the disk is <full>")
	for path, want := range map[string]string{"/": "the disk is &lt;full&gt;", "/flows/x": "the disk is &lt;full&gt;", "/api/v1/status": `the disk is \u003cfull\u003e`} {
		if w := get(handler(f), path); w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
		}
	}
}

func TestHealth(t *testing.T) {
	f := newFake(t, Status{})
	h := handler(f)
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := get(h, path); w.Code != 200 || w.Body.String() != "ok\n" {
			t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
		}
	}
	f.live, f.reasons = errors.New("the schedule\nstands still"), []string{"no browser:\nnot found", "the disk is full"}
	if w := get(h, "/healthz"); w.Code != 503 || w.Body.String() != "the schedule stands still\n" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if w := get(h, "/readyz"); w.Code != 503 || w.Body.String() != "no browser: not found\nthe disk is full\n" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if w := get(h, "/metrics"); w.Code != 404 {
		t.Errorf("no metrics were given, and /metrics has status %d", w.Code)
	}
}

func TestServer(t *testing.T) {
	s := Server("127.0.0.1:0", http.NotFoundHandler())
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("a limit is missing: %+v", s)
	}
}
