package browsertest

import "trackwalker/scenarios/browser"

func uploadCases() []suiteCase {
	blocked := browser.ClassNotActionable
	const photo = `<label>Photo <input type="file" onchange="say([...this.files].map(f => f.name + ':' + (f.size > 0)).join())"></label>`
	const styled = `<style>input{display:none}</style><div id="drop" style="padding:20px"><label>Choose a file <input type="file" multiple onchange="say([...this.files].map(f => f.name).join())"></label></div>`
	return []suiteCase{
		{name: "upload", page: photo, steps: []step{upload("Photo", "pay.html"), said("pay.html:true"), upload("Photo", "low.html"), said("pay.html:true low.html:true")}},
		{name: "upload to an input that is hidden", page: styled, steps: []step{upload("Choose a file", "pay.html", "low.html"), said("pay.html,low.html"), upload(css("#drop"), "pay.html"), said("pay.html,low.html pay.html")}},
		{name: "upload that is sent", page: `<form method="post" action="/post"><input type="file" name="f" onchange="form.submit()"></form>`, steps: []step{upload(css("input"), "pay.html"), expect(url("/post"))}},
		{name: "upload several to an input for one", page: photo, steps: []step{upload("Photo", "pay.html", "low.html")}, want: blocked},
		{name: "upload to what is disabled", page: `<label>Photo <input type="file" disabled></label>`, steps: []step{upload("Photo", "pay.html")}, want: blocked},
		{name: "upload to what takes none", page: `<button>Attach</button><input type="file" id="f">`, steps: []step{upload("Attach", "pay.html")}, want: blocked},
		{name: "upload where nothing takes files", page: `<button>Attach</button>`, steps: []step{upload("Attach", "pay.html")}, want: blocked},
		{name: "upload to one of several", page: `<div id="d"><input type="file" name="a"><input type="file" name="b"></div>`, steps: []step{upload(css("#d"), "pay.html")}, want: browser.ClassAmbiguous},
		{name: "upload to what is missing", page: photo, steps: []step{upload("Picture", "pay.html")}, want: browser.ClassNotFound},
	}
}

func scrollCases() []suiteCase {
	const tall = `<div style="height:3000px"></div>`
	const box = `<div id="box" style="height:100px;overflow:auto"><p style="height:2000px">Long</p></div>`
	const endless = `<ul id="list"></ul><script>let n = 0; const more = () => { for (let i = 0; i < 20; i++) list.insertAdjacentHTML('beforeend', '<li style="height:80px">Entry ' + ++n + '</li>') }; more(); onscroll = () => { if (n < 60 && scrollY + innerHeight > document.body.scrollHeight - 100) more() }</script>`
	return []suiteCase{
		{name: "scroll", page: tall + `<p>End</p>`, steps: []step{scrollTo("bottom"), expect(truthy("scrollY > 1000")), scrollTo("top"), expect(truthy("scrollY === 0")), scrollBy(600), expect(truthy("scrollY === 600")), scrollBy(-100), expect(truthy("scrollY === 500")), scrollInto("End"), expect(truthy("scrollY > 1000"))}},
		{name: "scroll a list without end", page: endless, steps: []step{scrollTo("bottom"), expect(visible(text("Entry 40"), true)), scrollTo("bottom"), expect(visible(text("Entry 60"), true))}},
		{name: "scroll what is in the page", page: box, steps: []step{scrollTo("bottom", css("#box")), expect(truthy("box.scrollTop > 1800")), scrollBy(-300, css("#box")), expect(truthy("box.scrollTop < 1700"))}},
		{name: "scroll a page that scrolls in a box", page: `<style>html,body{height:100%;margin:0;overflow:hidden}</style><main style="height:100%;overflow:auto">` + tall + `<p>End</p></main>`, steps: []step{scrollTo("bottom"), expect(truthy("document.querySelector('main').scrollTop > 1000"))}},
		{name: "scroll what does not scroll", page: `<p id="p">Short</p>`, steps: []step{scrollTo("bottom", css("#p"))}, want: browser.ClassNotActionable},
		{name: "scroll to what is hidden", page: `<p hidden>Short</p>`, steps: []step{scrollInto(text("Short"))}, want: browser.ClassNotActionable},
		{name: "scroll to what is missing", page: tall, steps: []step{scrollInto("End")}, want: browser.ClassNotFound},
	}
}

func tapCases() []suiteCase {
	const pad = `<button id="pad">Buy</button><script>for (const kind of ['touchstart', 'touchend', 'click']) pad.addEventListener(kind, e => { if (e.isTrusted) say(kind) })</script>`
	touch := browser.FeatureTouch
	return []suiteCase{
		{name: "tap", page: `<div style="height:2000px"></div>` + pad, needs: touch, steps: []step{tap("Buy"), said("touchstart touchend click")}},
		{name: "tap what is covered", page: pad + `<div id="banner" style="position:fixed;inset:0">Cookies</div>`, needs: touch, steps: []step{tap("Buy")}, want: browser.ClassNotActionable},
		{name: "tap what is missing", page: pad, needs: touch, steps: []step{tap("Sell")}, want: browser.ClassNotFound},
	}
}

func dialogCases() []suiteCase {
	const ask = `<button onclick="say(confirm('Delete the order?'))">Delete</button><button onclick="say(prompt('Your name?', 'Bob'))">Name</button>`
	const three = `<button onclick="say(confirm('one')); say(confirm('two')); say(confirm('three'))">Go</button>`
	const loop = `<button onclick="for (;;) alert('again')">Go</button>`
	accept, dismiss := browser.DialogAnswer{Accept: true}, browser.DialogAnswer{}
	dialogs := browser.FeatureDialogs
	return []suiteCase{
		{name: "dialog that is accepted", page: ask, needs: dialogs, steps: []step{plan(accept, "delete the"), click("Delete"), said("true"), planned(0), click("Delete"), said("true false")}},
		{name: "dialog that is dismissed", page: ask, needs: dialogs, steps: []step{plan(dismiss, ""), click("Delete"), said("false"), planned(0)}},
		{name: "dialog that is given a text", page: ask, needs: dialogs, steps: []step{plan(browser.DialogAnswer{Accept: true, Text: "Ada"}, ""), click("Name"), plan(accept, ""), click("Name"), plan(dismiss, ""), click("Name"), said("Ada Bob null"), planned(0)}},
		{name: "dialogs planned in a row", page: three, needs: dialogs, steps: []step{plan(accept, "one"), plan(dismiss, "two"), plan(accept, "three"), click("Go"), said("true false true"), planned(0)}},
		{name: "dialog that never opens", page: ask, needs: dialogs, steps: []step{plan(accept, ""), plan(accept, ""), click("Delete"), planned(1)}},
		{name: "dialog that says something else", page: ask, needs: dialogs, steps: []step{plan(accept, "Delete the cart?"), click("Delete"), planned(0)}, want: browser.ClassAssertion},
		{name: "dialog in a frame", page: `<iframe id="f" srcdoc="<button onclick=&quot;this.textContent = confirm('Sure?')&quot;>Go</button>"></iframe>`, needs: dialogs, steps: []step{plan(accept, "sure"), click(framed("Go", "#f")), expect(visible(framed("true", "#f"), true))}},
		{name: "alert a thousand times", alone: true, page: `<button onclick="for (let i = 0; i < 1000; i++) alert(i); say('over')">Go</button>`, needs: dialogs, steps: []step{click("Go"), said("over")}},
		{name: "alert without end", alone: true, page: loop, needs: dialogs, steps: []step{click("Go")}, want: browser.ClassTimeout},
		{name: "evidence of an alert without end", alone: true, page: loop, needs: dialogs, steps: []step{fails(click("Go"), browser.ClassTimeout, brief), evidence()}},
	}
}

func tabCases() []suiteCase {
	const links = `<a href="/page/second" target="_blank">Terms</a><a href="/page/third" target="shop">Shop</a><button onclick="say(window.open('/page/fourth', 'w', 'width=300,height=300') !== null)">Open</button>`
	const closing = `<button onclick="const w = window.open('about:blank'); w.document.write('<title>Sign in</title><button onclick=\'opener.say(1); window.close()\'>Sign in</button>')">Go</button>`
	missing := browser.ClassNotFound
	return []suiteCase{
		{name: "tab of a link", page: links, steps: []step{click("Terms"), tabAt("last"), expect(title("second"), url("/page/second")), click("next"), where("/page/next"), tabAt("first"), expect(title("Awkward"))}},
		{name: "tab by its title", page: links, steps: []step{click("Shop"), tabCalled("THIRD"), where("/page/third"), closeTab(), expect(title("Awkward"))}},
		{name: "tab by its URL", page: links, steps: []step{click("Open"), tabWithURL("*/page/fourth"), click("next"), where("/page/next"), screenshot(browser.PictureOptions{}), closeTab(), said("true")}},
		{name: "tab that opens late", page: later("300", "window.open('/slow/200/late')"), steps: []step{tabCalled("late"), where("/late")}},
		{name: "last tab, that opens late", page: later("300", "window.open('/page/late')"), steps: []step{tabAt("last"), where("/page/late")}},
		{name: "script in a tab whose page is on its way", page: `<a href="/slow/400/late" target="_blank">Terms</a>`, steps: []step{click("Terms"), tabAt("last"), gives("return location.pathname", nil, `"/slow/400/late"`)}},
		{name: "script in a tab that stays empty", page: `<button onclick="window.open('about:blank')">Go</button>`, steps: []step{click("Go"), tabAt("last"), gives("return location.href", nil, `"about:blank"`)}},
		{name: "tab whose page never comes", page: `<a href="/hang" target="_blank">Terms</a>`, steps: []step{click("Terms"), tabAt("last")}, want: browser.ClassTimeout},
		{name: "tab whose page does not load", page: `<a href="/close" target="_blank">Terms</a>`, steps: []step{click("Terms"), tabAt("last")}, want: browser.ClassNetwork},
		{name: "tab that closes itself", page: closing, steps: []step{click("Go"), tabCalled("Sign in"), click("Sign in"), expect(title("Awkward")), said("1")}},
		{name: "tabs, many", page: `<button onclick="for (let i = 0; i < 5; i++) window.open('/page/' + i)">Go</button>`, steps: []step{click("Go"), tabCalled("4"), tabCalled("2"), expect(url("/page/2")), closeTab(), tabAt("first"), expect(title("Awkward"))}},
		{name: "tab by a title that none has", page: links, steps: []step{click("Shop"), tabCalled("third"), tabCalled("fifth")}, want: missing},
		{name: "tab by a URL that none has", page: links, steps: []step{tabWithURL("*/page/second")}, want: missing},
		{name: "tab, the only one, cannot be closed", page: links, steps: []step{closeTab()}, want: missing},
	}
}

func downloadCases() []suiteCase {
	const page = `<a href="/download">Report</a><a href="/download/300">Slow</a><a href="/download/60000">Never</a><a href="/page/second">Page</a><button onclick="say('nothing')">Nothing</button>` +
		`<button onclick="const a = document.createElement('a'); a.href = window.URL.createObjectURL(new Blob(['x,y'])); a.download = 'made.csv'; a.click()">Make</button>`
	const sum, otherSum = "5be08c9684a1d25efcee09318204824278b08bbfb4aef973ffefd0b9d7478313", "492d5da1fa2dd98dbc3b7fb5ce27b98ab3a5ce0b9c86dbb9d9f5a6a5cbf6ac2e"
	no, downloads := browser.ClassAssertion, browser.FeatureDownloads
	return []suiteCase{
		{name: "download", page: page, needs: downloads, steps: []step{download("Report", browser.DownloadWant{}), download("Report", browser.DownloadWant{As: "rep*.csv", MinSize: 4, SHA256: sum}), expect(visible("Report", true))}},
		{name: "download that is slow", page: page, needs: downloads, steps: []step{download("Slow", browser.DownloadWant{As: "slow.csv", MinSize: 2000})}},
		{name: "download that the page makes", page: page, needs: downloads, steps: []step{download("Make", browser.DownloadWant{As: "made.csv", MinSize: 3})}},
		{name: "download of another name", itself: true, page: page, needs: downloads, steps: []step{download("Report", browser.DownloadWant{As: "*.pdf"})}, want: no},
		{name: "download that is too small", itself: true, page: page, needs: downloads, steps: []step{download("Report", browser.DownloadWant{MinSize: 1000})}, want: no},
		{name: "download of another sum", itself: true, page: page, needs: downloads, steps: []step{download("Report", browser.DownloadWant{SHA256: otherSum})}, want: no},
		{name: "download that does not end", page: page, needs: downloads, steps: []step{download("Never", browser.DownloadWant{})}, want: browser.ClassTimeout},
		{name: "download that does not begin", page: page, needs: downloads, steps: []step{download("Nothing", browser.DownloadWant{})}, want: no},
		{name: "download that is a page", page: page, needs: downloads, steps: []step{download("Page", browser.DownloadWant{})}, want: no},
		{name: "download of what is missing", page: page, needs: downloads, steps: []step{download("Invoice", browser.DownloadWant{})}, want: browser.ClassNotFound},
	}
}

func cookieCases() []suiteCase {
	return []suiteCase{
		{name: "cookies", page: `<p>page</p>`, steps: []step{
			setCookies(browser.Cookie{Name: "cart", Value: "42"}, browser.Cookie{Name: "lang", Value: "de", HTTPOnly: true}), open("/cookies"),
			expect(contains(css("p"), "cart=42"), contains(css("p"), "lang=de")), cookie("lang", "de"), clearCookies(), reload(), expect(equals(css("p"), "sent: .")),
		}},
		{name: "cookies before there is a page", steps: []step{setCookies(browser.Cookie{Name: "cart", Value: "42"})}, want: browser.ClassNavigation},
		{name: "cookie that was cleared", page: `<script>document.cookie = 'cart=42; path=/'</script>`, steps: []step{cookie("cart", "42"), clearCookies(), cookie("cart", "42")}, want: browser.ClassNotFound},
	}
}

func requestCases() []suiteCase {
	const stock = `<button onclick="fetch('/json').then(r => r.json()).then(o => say('stock ' + o.stock), e => say('failed'))">Ask</button>`
	const late = `<button onclick="setTimeout(() => fetch('/json?late=1'), 300)">Ask</button>`
	no, hears, mocks := browser.ClassAssertion, browser.FeatureNetwork, browser.FeatureInterception
	answer := func(body string) browser.InterceptRule {
		return browser.InterceptRule{URL: "*/json", Status: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: []byte(body)}
	}
	return []suiteCase{
		{name: "mock", page: stock, needs: mocks, steps: []step{click("Ask"), said("stock 3"), mock(answer(`{"stock": 0}`)), click("Ask"), said("stock 3 stock 0"), mock(answer(`{"stock": 9}`)), click("Ask"), said("stock 3 stock 0 stock 9")}},
		{name: "mock a page", needs: mocks, steps: []step{mock(browser.InterceptRule{URL: "*/page/second", Status: 200, Headers: map[string]string{"Content-Type": "text/html"}, Body: []byte("<title>Mocked</title>")}), open("/page/second"), expect(titleIs("Mocked"))}},
		{name: "mock that aborts", page: stock, needs: mocks, steps: []step{mock(browser.InterceptRule{URL: "*/json", Abort: true}), click("Ask"), said("failed")}},
		{name: "mock that answers 404 to a page", needs: mocks, steps: []step{mock(browser.InterceptRule{URL: "*/page/*", Status: 404}), open("/page/first")}, want: browser.ClassNavigation},
		{name: "mock that aborts a page", needs: mocks, steps: []step{mock(browser.InterceptRule{URL: "*/page/*", Abort: true}), open("/page/first")}, want: browser.ClassNavigation},
		{name: "wait for a request", page: late, needs: hears, steps: []step{click("Ask"), awaitRequest(browser.RequestWant{URL: "*/json?late=*"}), awaitRequest(browser.RequestWant{URL: "*/json*", Response: true, Status: 200})}},
		{name: "wait for a request that never comes", page: stock, needs: hears, steps: []step{click("Ask"), said("stock 3"), awaitRequest(browser.RequestWant{URL: "*/order"})}, want: no},
		{name: "wait for a request whose glob is too short", page: late, needs: hears, steps: []step{click("Ask"), awaitRequest(browser.RequestWant{URL: "*/json"})}, want: no},
		{name: "wait for a response of another status", page: stock, needs: hears, steps: []step{click("Ask"), awaitRequest(browser.RequestWant{URL: "*/json", Response: true, Status: 500})}, want: no},
		{name: "wait until idle", page: later("100", "fetch('/slow/700/x').then(() => say('answered'))"), needs: hears, steps: []step{awaitLoad(browser.LoadIdle), said("answered")}},
		{name: "wait until loaded", page: `<!doctype html><img src="/image/300"><script>onload = () => document.title = 'loaded'</script>`, needs: hears, steps: []step{awaitLoad("load"), expect(titleIs("loaded"))}},
		{name: "wait until a page is loaded that never is", page: `<img src="/image/hang">`, needs: hears, steps: []step{awaitLoad("load")}, want: browser.ClassTimeout},
		{name: "wait until a page is idle that never is", page: `<script>fetch('/hang')</script>`, needs: hears, steps: []step{awaitLoad(browser.LoadIdle)}, want: browser.ClassTimeout},
	}
}

// torrentCases are pages of which too much comes, or what is no page.
func torrentCases() []suiteCase {
	const events = `<p id="p"></p><script>new EventSource('/stream').onmessage = e => p.textContent = 'event ' + e.data</script>`
	const worker = `<p id="p"></p><button onclick="fetch('/worked').then(r => r.text()).then(t => p.textContent = t)">Ask</button><script>navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready).then(() => say('ready'))</script>`
	return []suiteCase{
		{name: "a service worker", page: worker, steps: []step{said("ready"), click("Ask"), expect(equals(css("#p"), "from the worker")), reload(), click("Ask"), expect(equals(css("#p"), "from the worker"))}},
		{name: "events without end", page: events, steps: []step{expect(contains(css("#p"), "event")), reload(), expect(contains(css("#p"), "event"))}},
		{name: "events without end, and idle", page: events, needs: browser.FeatureNetwork, steps: []step{awaitLoad(browser.LoadIdle)}},
		{name: "a page that is written without end", steps: []step{openWith("/stream/page", browser.GotoOptions{Wait: browser.WaitNone}), expect(visible(text("line 3"), true)), open("/page/first")}},
		{name: "a page that is written without end does not load", steps: []step{open("/stream/page")}, want: browser.ClassTimeout},
		{name: "a response of 100 MB", alone: true, page: `<button onclick="fetch('/huge').then(r => r.arrayBuffer()).then(b => say(b.byteLength >= 100 << 20))">Load</button>`, needs: browser.FeatureNetwork, steps: []step{click("Load"), said("true")}},
		{name: "ten thousand messages on the console", alone: true, page: `<script>for (let i = 0; i < 10000; i++) console.log('message ' + i)</script>` + says("Go", "gone"), needs: browser.FeatureConsole, steps: []step{click("Go"), said("gone"), expect(cleanConsole())}},
		{name: "ten thousand errors on the console", alone: true, page: `<script>for (let i = 0; i < 10000; i++) console.error('error ' + i)</script>` + says("Go", "gone"), needs: browser.FeatureConsole, steps: []step{click("Go"), said("gone"), expect(cleanConsole())}, want: browser.ClassAssertion},
	}
}
