package browsertest

import (
	"embed"
	"fmt"
	"html"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed site
var files embed.FS

// Site is the awkward web site. Beside the given pages (path → HTML, or what stands between the tags of the body; other.test in
// it is the same site as another origin) it has:
//
//	/site/NAME           the files of the folder site
//	/status/CODE         an answer with that status, and a page
//	/empty/CODE          the same without a body
//	/redirect/N          N redirects, then a page
//	/loop                redirects to itself
//	/slow/MS/PAGE        a page whose first byte takes that long
//	/trickle/MS          a page whose head comes at once, and the rest later
//	/hang                never answers
//	/close               closes the connection without an answer
//	/image/hang          a picture that never comes; /image/MS one that comes later
//	/post                shows the form that was sent to it
//	/download            a file, no page; /download/MS one of which the last half comes that much later
//	/stream              events without end
//	/stream/page         a page that is written without end
//	/huge                100 MB of text
//	/worker.js           a service worker that answers /worked with "from the worker"
//	/json                {"stock": 3}
//	/cookies             shows the cookies that were sent to it
//	/xhtml               XHTML, as application/xhtml+xml
//	/csp                 a page that allows itself nothing
//	/page/NAME           a page of that title
func Site(pages map[string]string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /site/", http.FileServerFS(files))
	mux.HandleFunc("GET /status/{code}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(number(r, "code"))
		fmt.Fprintf(w, "<title>Status</title><h1>This is status %s</h1>", r.PathValue("code"))
	})
	mux.HandleFunc("GET /empty/{code}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(number(r, "code")) })
	mux.HandleFunc("GET /redirect/{left}", redirect)
	mux.HandleFunc("GET /loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("GET /slow/{ms}/{name}", func(w http.ResponseWriter, r *http.Request) {
		pause(r, time.Duration(number(r, "ms"))*time.Millisecond)
		titled(w, r)
	})
	mux.HandleFunc("GET /trickle/{ms}", trickle)
	mux.HandleFunc("GET /hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /close", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /image/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /image/{ms}", func(w http.ResponseWriter, r *http.Request) {
		pause(r, time.Duration(number(r, "ms"))*time.Millisecond)
		w.Header().Set("Content-Type", "image/svg+xml")
		io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>`)
	})
	mux.HandleFunc("POST /post", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprintf(w, "<title>Received</title><p>received %s</p>", html.EscapeString(r.PostForm.Encode()))
	})
	mux.HandleFunc("GET /download", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=report.csv")
		io.WriteString(w, "a,b\n")
	})
	mux.HandleFunc("GET /download/{ms}", slowDownload)
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		endless(w, r, func(n int) string { return fmt.Sprintf("data: %d\n\n", n) })
	})
	mux.HandleFunc("GET /stream/page", func(w http.ResponseWriter, r *http.Request) {
		typed("text/html", "<!doctype html><title>Endless</title><h1>Endless</h1>")(w, r)
		endless(w, r, func(n int) string { return fmt.Sprintf("<p>line %d</p>", n) })
	})
	mux.HandleFunc("GET /huge", huge)
	mux.HandleFunc("GET /worker.js", typed("text/javascript", `addEventListener('install', () => skipWaiting());
addEventListener('activate', e => e.waitUntil(clients.claim()));
addEventListener('fetch', e => { if (e.request.url.endsWith('/worked')) e.respondWith(new Response('from the worker')) })`))
	mux.HandleFunc("GET /json", typed("application/json", `{"stock": 3}`))
	mux.HandleFunc("GET /cookies", func(w http.ResponseWriter, r *http.Request) {
		typed("text/html; charset=utf-8", "<!doctype html><title>Cookies</title><p>sent: "+html.EscapeString(r.Header.Get("Cookie"))+".</p>")(w, r)
	})
	mux.HandleFunc("GET /xhtml", typed("application/xhtml+xml", xhtmlPage))
	mux.HandleFunc("GET /csp", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'")
		typed("text/html; charset=utf-8", cspPage)(w, r)
	})
	mux.HandleFunc("GET /page/{name}", titled)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for path, page := range pages {
		if page != "" && !strings.HasPrefix(page, "/") {
			mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
				typed("text/html; charset=utf-8", strings.ReplaceAll(whole(page), "other.test", elsewhere(r.Host)))(w, r)
			})
		}
	}
	return mux
}

// elsewhere gives the site's other host: it is the same at 127.0.0.1 and at localhost, which are two origins.
func elsewhere(host string) string {
	if name, port, ok := strings.Cut(host, ":"); ok && name == "127.0.0.1" {
		return "localhost:" + port
	}
	return strings.Replace(host, "localhost", "127.0.0.1", 1)
}

// whole makes a document of what stands between the tags of a body. Its pages note what happens to them by say().
func whole(page string) string {
	if strings.HasPrefix(page, "<!") || strings.HasPrefix(page, "<html") {
		return page
	}
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Awkward</title>
<script>function say(text) { document.getElementById('log').append(text + ' ') }</script>
<body><output id="log" style="position:fixed;right:0;bottom:0;font-size:1px;pointer-events:none"></output>
` + page
}

func typed(media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		io.WriteString(w, body)
	}
}

func titled(w http.ResponseWriter, r *http.Request) {
	name := html.EscapeString(r.PathValue("name"))
	typed("text/html; charset=utf-8", fmt.Sprintf("<!doctype html><title>%s</title><h1>%s</h1><a href=next>next</a>", name, name))(w, r)
}

func redirect(w http.ResponseWriter, r *http.Request) {
	if left := number(r, "left"); left > 0 {
		http.Redirect(w, r, "/redirect/"+strconv.Itoa(left-1), http.StatusFound)
		return
	}
	typed("text/html", "<title>Arrived</title><h1>Arrived</h1>")(w, r)
}

func trickle(w http.ResponseWriter, r *http.Request) {
	typed("text/html", "<!doctype html><title>Trickle</title><h1>The head</h1>"+strings.Repeat(" ", 1024))(w, r)
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	pause(r, time.Duration(number(r, "ms"))*time.Millisecond)
	io.WriteString(w, "<p>The tail</p>")
}

// slowDownload sends half of a file of 2000 bytes, and after a while the rest.
func slowDownload(w http.ResponseWriter, r *http.Request) {
	half := strings.Repeat("a,b\n", 250)
	w.Header().Set("Content-Type", "text/csv")
	w.Header().Set("Content-Disposition", "attachment; filename=slow.csv")
	w.Header().Set("Content-Length", strconv.Itoa(2*len(half)))
	io.WriteString(w, half)
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	pause(r, time.Duration(number(r, "ms"))*time.Millisecond)
	io.WriteString(w, half)
}

// endless writes until the client is gone.
func endless(w http.ResponseWriter, r *http.Request, line func(n int) string) {
	for n := 0; r.Context().Err() == nil; n++ {
		io.WriteString(w, line(n))
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		pause(r, 50*time.Millisecond)
	}
}

func huge(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	part := []byte(strings.Repeat("lamp ", 20<<10))
	for left := 100 << 20; left > 0 && r.Context().Err() == nil; left -= len(part) {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.PathValue(name))
	if err != nil {
		return http.StatusNotFound
	}
	return n
}

func pause(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
}

// silent is where the server writes what clients do to it on purpose.
func silent() *log.Logger { return slog.NewLogLogger(slog.DiscardHandler, 0) }

const xhtmlPage = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Strict</title></head><body>
<h1>Strict</h1>
<label for="email">Email</label> <input id="email" type="email"/>
<label>Colour <select id="colour"><option>red</option><option>green</option></select></label>
<label><input type="checkbox" id="news"/> News</label>
<button onclick="this.textContent = 'Sent'">Send</button>
<script>/* nothing */</script>
</body></html>`

const cspPage = `<!doctype html><title>Locked</title><h1>Locked</h1>
<form method="post" action="/post"><label>Email <input name="email"></label> <button>Send</button></form>`
