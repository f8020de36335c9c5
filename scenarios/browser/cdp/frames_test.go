package cdp

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

// frameScript has functions that give elements.
const frameScript = initScript + `
Object.assign(tw, {
	byID: id => document.getElementById(id),
	frame: () => document.querySelector("iframe, frame, object, embed") ?? document.querySelector("#host").shadowRoot.querySelector("iframe"),
	second: () => document.querySelectorAll("iframe")[1],
	body: () => document.body,
	missing: () => null,
	input: () => document.querySelector("input"),
	text: async () => {
		while (document.readyState == "loading") await new Promise(done => setTimeout(done, 5));
		return document.body.innerText.trim();
	},
})`

func openFrames(t *testing.T, d *Driver, change ...func(*browser.Options)) *session {
	t.Helper()
	return open(t, d, append(change, func(o *browser.Options) { o.InitScript = frameScript })...)
}

// eachIsolation runs a test with frames of other sites in processes of their own, as a full browser has them, and, as the
// headless shell has them, in that of their page.
func eachIsolation(t *testing.T, f func(*testing.T, *Driver)) {
	t.Run("together", func(t *testing.T) {
		f(t, newDriver(t, func(c *Config) { c.flags = []string{"--disable-site-isolation-trials"} }))
	})
	t.Run("isolated", func(t *testing.T) { f(t, newDriver(t, isolated)) })
}

func isolated(c *Config) { c.flags = []string{"--site-per-process"} }

// elsewhere gives the address under another name, which is another site to the browser.
func elsewhere(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

// inFrame gives the document in the first frame of d.
func inFrame(t *testing.T, d browser.Document) browser.Document {
	t.Helper()
	f, err := d.Frame(testContext(t), "frame")
	if err != nil {
		t.Fatalf("entering a frame: %v", err)
	}
	return f
}

// frameText gives what a document shows, the one that is there in the end.
func frameText(t *testing.T, d browser.Document) string {
	t.Helper()
	ctx := testContext(t)
	for {
		raw, err := d.Eval(ctx, "text")
		if err == browser.ErrDocumentGone {
			continue
		}
		if err != nil {
			t.Fatalf("the text of a frame: %v", err)
		}
		return decode[string](t, raw)
	}
}

func wantText(t *testing.T, d browser.Document, want string) {
	t.Helper()
	eventually(t, "the text "+want, func() bool { return frameText(t, d) == want })
}

// frames gives a site whose pages hold the address of another site in place of OTHER.
func frames(t *testing.T, pages map[string]string) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		other := "http://localhost"
		if strings.HasPrefix(r.Host, "localhost") {
			other = "http://a.localhost"
		}
		_, port, _ := strings.Cut(r.Host, ":")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(body, "OTHER", other+":"+port))
	}).URL
}

func TestFrame(t *testing.T) { eachIsolation(t, testFrame) }

func testFrame(t *testing.T, d *Driver) {
	web := frames(t, map[string]string{
		"/same":      `top<iframe src="/leaf"></iframe>`,
		"/other":     `top<iframe src="OTHER/leaf"></iframe>`,
		"/srcdoc":    `top<iframe srcdoc="leaf"></iframe>`,
		"/sandbox":   `top<iframe sandbox src="/leaf"></iframe>`,
		"/sandboxed": `top<iframe sandbox="allow-scripts" src="OTHER/leaf"></iframe>`,
		"/shadow":    `top<div id=host></div><script>host.attachShadow({mode: "open"}).innerHTML = '<iframe src="OTHER/leaf"></iframe>'</script>`,
		"/frameset":  `<frameset cols="*"><frame src="/leaf"></frameset>`,
		"/object":    `top<object data="/leaf" type="text/html"></object>`,
		"/embed":     `top<embed src="/leaf" type="text/html">`,
		"/far":       `top<object data="OTHER/leaf" type="text/html"></object>`,
		"/written":   `top<iframe></iframe><script>document.querySelector("iframe").contentDocument.body.textContent = "leaf"</script>`,
		"/opened":    `top<iframe></iframe><script>d = document.querySelector("iframe").contentDocument; d.open(); d.write("leaf"); d.close()</script>`,
		"/js":        `top<iframe src="javascript:'leaf'"></iframe>`,
		"/blob":      `top<iframe></iframe><script>document.querySelector("iframe").src = URL.createObjectURL(new Blob(["leaf"], {type: "text/html"}))</script>`,
		"/data":      `top<iframe src="data:text/html,leaf"></iframe>`,
		"/leaf":      `leaf`,
		"/leaf2":     `second`,
	})
	s := openFrames(t, d)
	for _, path := range []string{
		"/same", "/other", "/srcdoc", "/sandbox", "/sandboxed", "/shadow", "/frameset", "/object", "/embed", "/far", "/written", "/opened",
		"/js", "/blob", "/data",
	} {
		t.Run(path[1:], func(t *testing.T) {
			navigate(t, s, web+path)
			eval[any](t, s, "loaded")
			f := inFrame(t, s)
			wantText(t, f, "leaf")
			if raw, err := f.Script(testContext(t), "return [document.body.innerText.trim(), typeof tw]", nil); err != nil || string(raw) != `["leaf","undefined"]` {
				if path != "/sandbox" {
					t.Errorf("by script: %s, %v", raw, err)
				}
			}
		})
	}
}

// The frames of a page that has only just begun to come are waited for.
func TestFrameOfANewDocument(t *testing.T) { eachIsolation(t, testFrameOfANewDocument) }

func testFrameOfANewDocument(t *testing.T, d *Driver) {
	slow := make(chan struct{})
	web := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/leaf" {
			<-slow
			fmt.Fprint(w, "leaf")
			return
		}
		fmt.Fprintf(w, `top<iframe src="%s/leaf"></iframe>`, elsewhere("http://"+r.Host))
	})
	time.AfterFunc(300*time.Millisecond, func() { close(slow) })
	s := openFrames(t, d)
	navigate(t, s, web.URL)
	wantText(t, s, "top")
	wantText(t, inFrame(t, s), "leaf")
}

func TestNestedFrames(t *testing.T) { eachIsolation(t, testNestedFrames) }

func testNestedFrames(t *testing.T, d *Driver) {
	web := frames(t, map[string]string{
		"/":  `0<iframe src="OTHER/1"></iframe>`,
		"/1": `1<iframe src="/2"></iframe>`,
		"/2": `2<iframe src="OTHER/3"></iframe>`,
		"/3": `3<iframe srcdoc="4<iframe src='OTHER/5'></iframe>"></iframe>`,
		"/5": `5`,
	})
	for name, uses := range map[string]browser.Features{"lazily": 0, "from the start": browser.FeatureNetwork} {
		t.Run(name, func(t *testing.T) {
			s := openFrames(t, d, func(o *browser.Options) { o.Uses = uses })
			navigate(t, s, web)
			in := browser.Document(s)
			for i := range 6 {
				wantText(t, in, fmt.Sprint(i))
				if i < 5 {
					in = inFrame(t, in)
				}
			}
			if raw, err := in.Script(testContext(t), "return location.hostname", nil); err != nil || string(raw) != `"localhost"` {
				t.Errorf("the innermost is at %s, %v", raw, err)
			}
			// The place is gone with what it is in.
			script[any](t, s, "document.querySelector('iframe').remove()")
			wantGone(t, in)
		})
	}
}

func wantGone(t *testing.T, d browser.Document) {
	t.Helper()
	within(t, 5*time.Second, "telling that a frame is gone", func() {
		eventually(t, "the end of a frame", func() bool {
			_, err := d.Eval(testContext(t), "text")
			if err != nil && err != browser.ErrDocumentGone {
				t.Fatalf("got %v", err)
			}
			return err != nil
		})
		_, err := d.Script(testContext(t), "return 1", nil)
		if err != browser.ErrDocumentGone {
			t.Errorf("Script: got %v", err)
		}
		if _, err := d.Frame(testContext(t), "frame"); err != browser.ErrDocumentGone {
			t.Errorf("Frame: got %v", err)
		}
	})
}

// A document stands for its place: whatever is loaded there, and by whichever process.
func TestFrameGoesElsewhere(t *testing.T) { eachIsolation(t, testFrameGoesElsewhere) }

func testFrameGoesElsewhere(t *testing.T, d *Driver) {
	web := frames(t, map[string]string{
		"/":     `top<iframe src="about:blank"></iframe>`,
		"/leaf": `leaf`, "/two": `two`, "/three": `three`, "/four": "four",
	})
	s := openFrames(t, d)
	navigate(t, s, web)
	eval[any](t, s, "loaded")
	f := inFrame(t, s)
	wantText(t, f, "")
	_, port, _ := strings.Cut(strings.TrimPrefix(web, "http://"), ":")
	for _, to := range []string{web + "/leaf", "http://localhost:" + port + "/two", "http://localhost:" + port + "/leaf", "http://a.localhost:" + port + "/three", web + "/four", "about:blank", "http://localhost:" + port + "/two"} {
		script[any](t, s, fmt.Sprintf("document.querySelector('iframe').src = %q", to))
		want := to[strings.LastIndex(to, "/")+1:]
		if to == "about:blank" {
			want = ""
		}
		wantText(t, f, want)
	}
	t.Run("reload", func(t *testing.T) {
		result := make(chan error, 1)
		go func() {
			_, err := f.Eval(testContext(t), "never")
			result <- err
		}()
		if _, err := f.Eval(testContext(t), "add", 1, 2); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Script(testContext(t), "setTimeout(() => location.reload())", nil); err != nil {
			t.Fatal(err)
		}
		if err := <-result; err != browser.ErrDocumentGone {
			t.Errorf("got %v", err)
		}
		wantText(t, f, "two")
	})
	t.Run("added anew", func(t *testing.T) {
		script[any](t, s, "i = document.querySelector('iframe'); p = i.parentNode; i.remove(); p.append(i)")
		wantGone(t, f)
		wantText(t, inFrame(t, s), "two")
	})
	t.Run("the page goes elsewhere", func(t *testing.T) {
		f := inFrame(t, s)
		wantText(t, f, "two")
		navigate(t, s, web+"/four")
		wantGone(t, f)
	})
}

func TestNoFrame(t *testing.T) {
	s := openFrames(t, shared.get())
	navigate(t, s, site(t, map[string]string{"/": "x"}).URL)
	for _, function := range []string{"body", "missing", "nothing", "boom"} {
		_, err := s.Frame(testContext(t), function)
		if _, ok := err.(*browser.ScriptError); !ok {
			t.Errorf("%s: got %v", function, err)
		}
	}
}

// Input goes to where the page shows a frame, and keys to the frame with the focus.
func TestInputInAFrame(t *testing.T) { eachIsolation(t, testInputInAFrame) }

func testInputInAFrame(t *testing.T, d *Driver) {
	web := frames(t, map[string]string{
		"/":     `<body style="margin:0"><iframe style="position:absolute;left:100px;top:50px;border:0" src="OTHER/form"></iframe>`,
		"/form": `<body style="margin:0"><input style="position:absolute;left:10px;top:20px;width:80px;height:20px"><script>got = []; for (const n of ["mousedown", "click", "keydown", "input"]) addEventListener(n, e => got.push(n + e.isTrusted))</script>`,
	})
	s := openFrames(t, d)
	navigate(t, s, web)
	eval[any](t, s, "loaded")
	f := inFrame(t, s)
	if _, err := f.Eval(testContext(t), "loaded"); err != nil {
		t.Fatal(err)
	}
	p := browser.Point{X: 150, Y: 80}
	if err := s.Pointer(testContext(t), browser.PointerEvent{Kind: browser.PointerMove, At: p},
		browser.PointerEvent{Kind: browser.PointerDown, At: p, Clicks: 1}, browser.PointerEvent{Kind: browser.PointerUp, At: p, Clicks: 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.InsertText(testContext(t), "né"); err != nil {
		t.Fatal(err)
	}
	if err := s.Keys(testContext(t), "x"); err != nil {
		t.Fatal(err)
	}
	raw, err := f.Script(testContext(t), "return [document.querySelector('input').value, got.join()]", nil)
	if want := `["néx","mousedowntrue,clicktrue,inputtrue,keydowntrue,inputtrue"]`; err != nil || string(raw) != want {
		t.Errorf("got %s, %v; want %s", raw, err, want)
	}
}

// A frame's process may die without its page.
func TestFrameCrash(t *testing.T) {
	web := frames(t, map[string]string{"/": `top<iframe src="OTHER/leaf"></iframe>`, "/leaf": "leaf"})
	s := openFrames(t, newDriver(t, isolated))
	navigate(t, s, web)
	eval[any](t, s, "loaded")
	f := inFrame(t, s)
	wantText(t, f, "leaf")
	result := make(chan error, 1)
	go func() {
		_, err := f.Eval(testContext(t), "never")
		result <- err
	}()
	if _, err := f.Eval(testContext(t), "add", 1, 2); err != nil {
		t.Fatal(err)
	}
	killFrame(t, s, f.(*frame))
	select {
	case err := <-result:
		if err != browser.ErrDocumentGone {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("a frame whose process died is waited for")
	}
	wantText(t, s, "top")
	script[any](t, s, "document.querySelector('iframe').src += '?again'")
	wantText(t, f, "leaf")
}

func renderers(s *session) []proc {
	return processes(func(p proc) bool {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
		return p.uses(s.in.process.folder.path) && strings.Contains(string(b), "--type=renderer")
	})
}

// killFrame kills the renderer that a frame is in: the one that uses up the most time while the frame is busy.
func killFrame(t *testing.T, s *session, f *frame) {
	t.Helper()
	ctx, cancel := context.WithTimeout(testContext(t), 300*time.Millisecond)
	defer cancel()
	before := map[int]int64{}
	for _, p := range renderers(s) {
		before[p.pid] = cpuTime(t, p.pid)
	}
	_, _ = f.Script(ctx, "while (true);", nil)
	var busy int
	var most int64
	for _, p := range renderers(s) {
		if used := cpuTime(t, p.pid) - before[p.pid]; used > most {
			busy, most = p.pid, used
		}
	}
	if busy == 0 {
		t.Fatal("found no renderer")
	}
	if err := syscall.Kill(busy, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// cpuTime gives the time that a process has used, in clock ticks.
func cpuTime(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var user, system int64
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return user + system
}

func TestSetFiles(t *testing.T) { eachIsolation(t, testSetFiles) }

func testSetFiles(t *testing.T, d *Driver) {
	dir := t.TempDir()
	var paths []string
	for _, name := range []string{"one.txt", "zwei ä.txt"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	const form = `<input type=file multiple hidden><script>got = []; for (const n of ["input", "change"]) document.querySelector("input").addEventListener(n, () => got.push(n))</script>`
	web := frames(t, map[string]string{"/": form, "/framed": `<iframe src="OTHER/"></iframe>`})
	s := openFrames(t, d)
	for _, path := range []string{"/", "/framed"} {
		navigate(t, s, web+path)
		eval[any](t, s, "loaded")
		d := browser.Document(s)
		if path == "/framed" {
			d = inFrame(t, s)
			wantText(t, d, "")
			if _, err := d.Eval(testContext(t), "loaded"); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.SetFiles(testContext(t), "input", paths); err != nil {
			t.Fatal(err)
		}
		raw, err := d.Script(testContext(t), "const files = [...document.querySelector('input').files]; return [files.map(f => f.name), await files[0].text(), got]", nil)
		if want := `[["one.txt","zwei ä.txt"],"one.txt",["input","change"]]`; err != nil || string(raw) != want {
			t.Errorf("%s: got %s, %v; want %s", path, raw, err, want)
		}
	}
	wantFailure(t, s.SetFiles(testContext(t), "body", paths), browser.ClassNotActionable, "does not take these files")
}
