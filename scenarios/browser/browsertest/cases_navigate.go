package browsertest

import (
	"time"

	"trackwalker/scenarios/browser"
)

func navigationCases() []suiteCase {
	wait := func(path string, w browser.Wait) step { return openWith(path, browser.GotoOptions{Wait: w}) }
	status200 := func(path string, code int) step { return openWith(path, browser.GotoOptions{Status: code}) }
	image := `<!doctype html><title>Picture</title><p>The page</p><img src="/image/hang">`
	return []suiteCase{
		{name: "goto", steps: []step{open("/page/first"), where("/page/first"), expect(title("first"), status(200)), timed("ttfb_ms"), timed("load_ms")}},
		{name: "goto about:blank", steps: []step{open("about:blank"), where("about:blank")}},
		{name: "goto 404", steps: []step{open("/status/404")}, want: browser.ClassNavigation},
		{name: "goto 500", steps: []step{open("/status/500")}, want: browser.ClassNavigation},
		{name: "goto 404 that is wanted", steps: []step{status200("/status/404", 404), expect(status(404), visible(text("This is status 404"), true))}},
		{name: "goto another status than is wanted", steps: []step{status200("/page/first", 404)}, want: browser.ClassNavigation},
		{name: "goto 500 without a body", steps: []step{open("/empty/500")}, want: browser.ClassNavigation},
		{name: "goto 204", steps: []step{open("/page/first"), open("/empty/204")}, want: browser.ClassNavigation},
		{name: "goto a download", steps: []step{open("/download")}, want: browser.ClassNavigation},
		{name: "goto through redirects", steps: []step{open("/redirect/3"), where("/redirect/0"), expect(status(200))}},
		{name: "goto a redirect loop", itself: true, steps: []step{open("/loop")}, want: browser.ClassNetwork},
		{name: "goto where nothing listens", steps: []step{open("http://127.0.0.1:6/")}, want: browser.ClassNetwork},
		{name: "goto a name that is none", steps: []step{open("http://no-such-host.invalid/")}, want: browser.ClassNetwork},
		{name: "goto what closes the connection", steps: []step{open("/close")}, want: browser.ClassNetwork},
		{name: "goto what never answers", steps: []step{open("/page/first"), open("/hang")}, want: browser.ClassTimeout},
		{name: "goto what is no URL", steps: []step{open("ftp://site.test/")}, want: browser.ClassNavigation},
		{name: "goto after a failure", steps: []step{fails(open("/hang"), browser.ClassTimeout, 500*time.Millisecond), evidence(), open("/page/first"), fails(open("/close"), browser.ClassNetwork, generous), evidence(), open("/page/second"), expect(title("second"))}},
		{name: "goto a slow first byte", steps: []step{open("/slow/700/late"), expect(title("late"))}},
		{name: "goto a page in two parts", steps: []step{wait("/trickle/600", browser.WaitNone), expect(visible(text("The head"), true), visible(text("The tail"), false)), expect(visible(text("The tail"), true)), open("/trickle/300"), expect(visible(text("The tail"), true))}},
		{name: "goto the same page with a fragment", steps: []step{open("/page/first"), open("/page/first#part"), where("#part")}},
		{name: "wait for load, with a picture that hangs", page: image, steps: []step{openWith("/case/wait-for-load--with-a-picture-that-hangs", browser.GotoOptions{})}, want: browser.ClassTimeout},
		{name: "wait for domcontentloaded, with a picture that hangs", page: image, steps: []step{expect(visible(text("The page"), true))}},
		{name: "wait for none, with a picture that hangs", steps: []step{wait("/trickle/60000", browser.WaitNone), expect(visible(text("The head"), true))}},
		{name: "wait for the HTML, which does not end", steps: []step{wait("/trickle/60000", browser.WaitDOMContentLoaded)}, want: browser.ClassTimeout},
		{name: "load waits for a picture", page: `<!doctype html><img src="/image/400"><script>onload = () => document.title = 'loaded'</script>`, steps: []step{reload(), expect(titleIs("loaded"))}},
		{name: "meta refresh", page: `<!doctype html><meta http-equiv="refresh" content="0;url=/page/second"><p>first</p>`, steps: []step{expect(url("/page/second")), click("next"), where("/page/next")}},
		{name: "location in a timer", page: `<p>first</p>` + later("300", "location.href = '/page/second'"), steps: []step{click("next"), where("/page/next")}},
		{name: "location again and again", page: `<!doctype html><script>const n = Number(location.hash.slice(1)); if (n < 5) setTimeout(() => { location.hash = n + 1; location.reload() }, 30); else document.write('<button onclick="document.title = 1">Done</button>')</script>`, steps: []step{click("Done"), expect(titleIs("1"))}},
		{name: "reload", page: says("Go", "gone"), steps: []step{click("Go"), said("gone"), reload(), said("")}},
		{name: "back and forward", steps: []step{open("/page/first"), open("/page/second"), traverse(-1), where("/page/first"), traverse(1), where("/page/second"), click("next"), traverse(-1), where("/page/second")}},
		{name: "back from the first page", steps: []step{open("/page/first"), fails(traverse(-1), browser.ClassNavigation, generous), where("/page/first"), traverse(-1)}, want: browser.ClassNavigation},
		{name: "back to a page that is empty on purpose", steps: []step{open("about:blank"), open("/page/first"), traverse(-1), where("about:blank")}},
		{name: "forward from the last page", steps: []step{open("/page/first"), traverse(1)}, want: browser.ClassNavigation},
		{
			name: "pushState", page: `<h1>One</h1><a href="#" onclick="history.pushState({}, '', '/case/pushstate?two'); draw(); return false">Two</a><script>function draw() { document.querySelector('h1').textContent = location.search ? 'Two' : 'One' } onpopstate = draw</script>`,
			steps: []step{click("Two"), where("?two"), expect(visible(role("heading", "Two"), true)), traverse(-1), where("/case/pushstate"), expect(visible(role("heading", "One"), true)), traverse(1), expect(visible(role("heading", "Two"), true), urlMatches(`/case/\w+\?two$`))},
		},
		{name: "hash", page: `<a href="#part">Part</a>`, steps: []step{click("Part"), where("#part"), traverse(-1), where("/case/hash")}},
		{name: "back to a form", page: `<form method="post" action="/post"><input name="a"><button>Send</button></form>`, steps: []step{fill(css("input"), "1"), click("Send"), expect(visible(text("received a=1"), true)), traverse(-1), expect(visible("Send", true)), click("Send")}},
		{name: "click to where nothing listens", page: `<a href="http://127.0.0.1:6/">Away</a>`, steps: []step{click("Away")}, want: browser.ClassNetwork},
		{name: "click to what never answers", page: `<a href="/hang">Away</a>`, steps: []step{click("Away")}, want: browser.ClassTimeout},
		{name: "click to 404", page: `<a href="/status/404">Away</a>`, steps: []step{click("Away"), expect(status(404))}},
		{name: "click to 204", page: `<a href="/empty/204">Away</a><p>still here</p>`, steps: []step{click("Away"), expect(visible(text("still here"), true))}},
		{name: "click to a download", page: `<a href="/download">Report</a><p>still here</p>`, steps: []step{click("Report"), expect(visible(text("still here"), true))}},
		{name: "click to mail", page: `<a href="mailto:a@shop.example">Write</a><p>still here</p>`, steps: []step{click("Write"), expect(visible(text("still here"), true))}},
	}
}

func busyCases() []suiteCase {
	spin := `<button onclick="while (true);">Spin</button>`
	return []suiteCase{
		{name: "click that never ends", alone: true, page: spin, steps: []step{click("Spin")}, want: browser.ClassTimeout},
		{name: "evidence of a click that never ends", alone: true, page: spin, steps: []step{fails(click("Spin"), browser.ClassTimeout, time.Second), evidence(), click("Spin")}, want: browser.ClassTimeout},
		{name: "goto from a click that never ends", alone: true, page: spin, steps: []step{fails(click("Spin"), browser.ClassTimeout, time.Second), open("/page/first"), expect(title("first"))}},
		{name: "a page that never ends", alone: true, page: `<p>Head</p><script>setTimeout(() => { while (true); }, 200)</script>`, steps: []step{fails(expect(visible(text("Later"), true)), browser.ClassTimeout, time.Second), evidence(), open("/page/first")}},
		{name: "a page that is busy for a while", page: says("Go", "gone") + later("100", "const end = Date.now() + 800; while (Date.now() < end);"), steps: []step{script("await new Promise(f => setTimeout(f, 120))"), click("Go"), said("gone")}},
		{name: "a page that writes without end", page: `<ul></ul><script>let n = 0; setInterval(() => { document.querySelector('ul').innerHTML = '<li>' + n++ }, 5)</script>` + says("Go", "gone"), steps: []step{click("Go"), said("gone")}},
		{name: "a page of ten thousand elements", page: "/site/many.html", steps: []step{click("Row 9999 open"), expect(titleIs("opened 9999")), expect(visible(text("Row 5000"), true), notText("Row 20000"))}},
		{name: "a renderer that dies", alone: true, page: `<button onclick="setTimeout(() => { const all = []; for (;;) all.push(new Array(2e7).fill(1.5)) })">Eat</button>`, steps: []step{fails(both(click("Eat"), expect(visible(text("never"), true))), browser.ClassBrowser, generous)}},
	}
}
