package cdp

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// warehouse serves files in the ways in which sites do; ended is told when a client gives up /endless.
func warehouse(t *testing.T, ended chan<- struct{}) *httptest.Server {
	t.Helper()
	attach := func(w http.ResponseWriter, name string) {
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/report":
			attach(w, "report "+r.FormValue("of")+".csv")
			fmt.Fprint(w, "a,b\n1,2\n")
		case "/moved":
			http.Redirect(w, r, "/report?of=moved", http.StatusFound)
		case "/broken", "/torn":
			attach(w, "broken.bin")
			if r.URL.Path == "/broken" {
				w.Header().Set("Content-Length", "100000")
			}
			w.Write(make([]byte, 40_000))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/missing":
			http.NotFound(w, r)
		case "/huge", "/endless":
			attach(w, r.URL.Path[1:]+".bin")
			if r.URL.Path == "/huge" {
				w.Header().Set("Content-Length", "600000000")
			}
			w.Write(make([]byte, 1000))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			ended <- struct{}{}
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<a id=plain href="/report?of=plain">1</a> <a id=blank target=_blank href="/report?of=blank">2</a>
				<a id=moved href=/moved>3</a> <a id=named href=/text download="named.txt">4</a> <a id=broken href=/broken>5</a> <a id=torn href=/torn>5</a>
				<a id=missing href=/missing download>5</a>
				<a id=blob>6</a> <a id=huge href=/huge>7</a> <a id=endless href=/endless>8</a>
				<button id=popup onclick="window.open('/report?of=popup')">9</button>
				<script>
					const a = document.querySelector("#blob");
					a.download = "made.txt";
					a.href = URL.createObjectURL(new Blob(["made in the page"]));
					if (top == window) document.write("<iframe src='%s'></iframe>");
					addEventListener("message", () => document.querySelector("#plain").click());
				</script>`, otherSite("http://"+r.Host))
		}
	})
}

func allow(t *testing.T, s *session, dir string) {
	t.Helper()
	if err := s.Download(testContext(t), dir); err != nil {
		t.Fatal(err)
	}
}

// downloaded waits for the only download to end.
func downloaded(t *testing.T, s *session) browser.DownloadedFile {
	t.Helper()
	var f browser.DownloadedFile
	eventually(t, "the end of a download", func() bool {
		all := s.Downloads()
		if len(all) > 1 {
			t.Fatalf("there are %d: %+v", len(all), all)
		}
		if len(all) == 1 {
			f = all[0]
		}
		return f.Done || f.Failed != ""
	})
	return f
}

func TestDownloads(t *testing.T) {
	web := warehouse(t, nil)
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	eval[any](t, s, "loaded")
	for _, c := range []struct{ css, name, from, content string }{
		{"#plain", "report plain.csv", "/report?of=plain", "a,b\n1,2\n"},
		{"#blank", "report blank.csv", "/report?of=blank", "a,b\n1,2\n"},
		{"#popup", "report popup.csv", "/report?of=popup", "a,b\n1,2\n"},
		{"#moved", "report moved.csv", "/report?of=moved", "a,b\n1,2\n"},
		{"#named", "named.txt", "/text", ""},
		{"#blob", "made.txt", "blob:", "made in the page"},
		{"iframe", "report plain.csv", "localhost", "a,b\n1,2\n"},
	} {
		t.Run(c.css, func(t *testing.T) {
			allow(t, s, t.TempDir())
			if c.css == "iframe" {
				script[any](t, s, `document.querySelector("iframe").contentWindow.postMessage("", "*")`)
			} else {
				click(t, s, c.css)
			}
			settle(t, s)
			f := downloaded(t, s)
			if f.Name != c.name || !f.Done || f.Failed != "" || !strings.Contains(f.URL, c.from) {
				t.Errorf("got %+v", f)
			}
			content, err := os.ReadFile(f.Path)
			if err != nil || int64(len(content)) != f.Size || c.content != "" && string(content) != c.content {
				t.Errorf("the file has %q, %v; %d bytes were told", content, err, f.Size)
			}
			if got := eval[string](t, s, "href"); got != web.URL+"/" {
				t.Errorf("the page went to %s", got)
			}
		})
	}
	dir := t.TempDir()
	allow(t, s, dir)
	allow(t, s, "")
	click(t, s, "#plain")
	settle(t, s)
	if files, _ := os.ReadDir(dir); len(files) > 0 || len(s.Downloads()) > 0 {
		t.Errorf("what was not allowed gave %v, %v", files, s.Downloads())
	}
}

func TestDownloadsThatFail(t *testing.T) {
	ended := make(chan struct{}, 1)
	web := warehouse(t, ended)
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	eval[any](t, s, "loaded")

	for css, why := range map[string]string{"#broken": "it broke off before all of its 100000 bytes had come", "#torn": "it broke off before its end", "#missing": "the server answered 404 Not Found"} {
		allow(t, s, t.TempDir())
		click(t, s, css)
		if f := downloaded(t, s); f.Done || f.Failed != why {
			t.Errorf("one that breaks off: %+v", f)
		}
	}

	allow(t, s, t.TempDir())
	click(t, s, "#huge")
	if f := downloaded(t, s); f.Done || f.Failed != "it is larger than the 500 MB that a flow may download" {
		t.Errorf("one that is too large: %+v", f)
	}
	wantEnd(t, ended)

	dir := t.TempDir()
	allow(t, s, dir)
	click(t, s, "#endless")
	eventually(t, "the begin of a download", func() bool { return len(s.Downloads()) == 1 })
	allow(t, s, "")
	wantEnd(t, ended)
	eventually(t, "the end of its file", func() bool { files, _ := os.ReadDir(dir); return len(files) == 0 })
}

func wantEnd(t *testing.T, ended <-chan struct{}) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the download was not cancelled")
	}
}

func TestDownloadsOfTwoSessions(t *testing.T) {
	web := warehouse(t, nil)
	one, two, three := open(t, shared.get()), open(t, shared.get()), open(t, shared.get())
	for _, s := range []*session{one, two, three} {
		navigate(t, s, web.URL)
		eval[any](t, s, "loaded")
		allow(t, s, t.TempDir())
	}
	allow(t, three, "")
	for _, s := range []*session{one, two, three} {
		click(t, s, "#plain")
	}
	for _, s := range []*session{one, two} {
		if f := downloaded(t, s); !f.Done {
			t.Errorf("got %+v", f)
		}
	}
	if all := three.Downloads(); len(all) > 0 {
		t.Errorf("the third got %+v", all)
	}
}
