package browsertest

import "trackwalker/scenarios/browser"

// later runs JavaScript in a page after some time.
func later(ms, js string) string {
	return "<script>setTimeout(() => { " + js + " }, " + ms + ")</script>"
}

func actionabilityCases() []suiteCase {
	banner := `<div id="cookie-banner" style="position:fixed;inset:0;background:#ccc"><div id="inner"><p>We use <b>cookies</b></p></div></div>`
	header := `<header style="position:fixed;top:0;left:0;right:0;height:120px;background:#ccc">Header</header>`
	moving := `<style>@keyframes go{from{transform:translateX(0)}to{transform:translateX(300px)}}</style><button style="animation:go 2s linear infinite alternate">Catch</button>`
	tall := `<div style="height:3000px"></div>`
	blocked := browser.ClassNotActionable
	return []suiteCase{
		{name: "hidden", page: `<button style="display:none">Pay</button>`, steps: []step{click("Pay")}, want: blocked},
		{name: "hidden by visibility", page: `<div style="visibility:hidden"><button>Pay</button></div>`, steps: []step{click("Pay")}, want: blocked},
		{name: "hidden in closed details", page: `<details><summary>More</summary><button>Pay</button></details>`, steps: []step{click("Pay")}, want: blocked},
		{name: "without a size", page: `<button style="width:0;height:0;padding:0;border:0;overflow:hidden">Pay</button>`, steps: []step{click("Pay")}, want: blocked},
		{name: "disabled", page: `<button id="pay" disabled>Pay</button>`, steps: []step{click("Pay")}, want: blocked},
		{name: "disabled by its fieldset", page: `<fieldset disabled><button>Pay</button></fieldset>`, steps: []step{click("Pay")}, want: blocked},
		{name: "disabled by aria-disabled around it", page: `<div aria-disabled="true"><div role="button">Pay</div></div>`, steps: []step{click("Pay")}, want: blocked},
		{name: "text in a disabled button", page: `<button disabled><span>Pay</span></button>`, steps: []step{click(text("Pay"))}, want: blocked},
		{name: "label of a disabled box", page: `<label><input type="checkbox" disabled> News</label>`, steps: []step{click(text("News"))}, want: blocked},
		{name: "becomes enabled", page: `<button disabled onclick="say('paid')">Pay</button>` + later("300", "document.querySelector('button').disabled = false"), steps: []step{click("Pay"), said("paid")}},
		{name: "becomes visible", page: `<button hidden onclick="say('paid')">Pay</button>` + later("300", "document.querySelector('button').hidden = false"), steps: []step{click("Pay"), said("paid")}},
		{name: "appears late", page: `<p></p>` + later("300", `document.querySelector('p').innerHTML = "<button onclick=say('paid')>Pay</button>"`), steps: []step{click("Pay"), said("paid")}},
		{name: "moves, then rests", page: `<style>@keyframes go{from{transform:translateX(0)}to{transform:translateX(300px)}}</style><button style="animation:go 500ms linear 1 forwards" onclick="say('caught')">Catch</button>`, steps: []step{click("Catch"), said("caught")}},
		{name: "moves for ever", page: moving, steps: []step{click("Catch")}, want: blocked},
		{name: "covered for a while", page: banner + says("Pay", "paid") + later("400", "document.getElementById('cookie-banner').remove()"), steps: []step{click("Pay"), said("paid")}},
		{name: "covered", page: banner + `<button>Pay</button>`, steps: []step{click("Pay")}, want: blocked},
		{name: "covered by what has no id", page: `<div class="overlay" style="position:fixed;inset:0"></div><button>Pay</button>`, steps: []step{click("Pay")}, want: blocked},
		{name: "covered by its own sibling", page: `<div style="position:relative"><button>Pay</button><span style="position:absolute;inset:0">New!</span></div>`, steps: []step{click("Pay")}, want: blocked},
		{name: "under a sticky header", page: header + tall + says("Pay", "paid") + tall, steps: []step{script("scrollTo(0, document.querySelector('button').offsetTop - 20)"), click("Pay"), said("paid")}},
		{name: "between a sticky header and a sticky footer", page: header + `<footer style="position:fixed;bottom:0;left:0;right:0;height:120px;background:#ccc">Footer</footer>` + tall + says("Pay", "paid") + tall, steps: []step{click("Pay"), said("paid")}},
		{name: "below the fold", page: tall + says("Pay", "paid"), steps: []step{click("Pay"), said("paid")}},
		{name: "below the fold, with smooth scrolling", page: `<style>html{scroll-behavior:smooth}</style>` + tall + says("Pay", "paid"), steps: []step{click("Pay"), said("paid")}},
		{name: "in a scroller", page: `<div style="height:100px;overflow:auto"><div style="height:900px"></div>` + says("Pay", "paid") + `<div style="height:900px"></div></div>`, steps: []step{click("Pay"), said("paid")}},
		{name: "in a scroller in a scroller", page: tall + `<div style="height:200px;overflow:auto"><div style="height:900px"></div><div style="height:100px;width:200px;overflow:auto"><div style="height:500px;width:900px"></div><div style="padding-left:700px">` + says("Pay", "paid") + `</div></div></div>` + tall, steps: []step{click("Pay"), said("paid")}},
		{name: "out of reach", page: `<div style="position:fixed;left:-500px;top:0">` + says("Pay", "paid") + `</div>`, steps: []step{click("Pay")}, want: blocked},
		{name: "cut off by a box that does not scroll", page: `<div style="height:20px;width:200px;overflow:clip"><div style="height:100px"></div><button>Pay</button></div><p>below</p>`, steps: []step{click("Pay")}, want: blocked},
		{name: "pointer-events none", page: `<div id="shell"><button style="pointer-events:none">Pay</button></div>`, steps: []step{click("Pay")}, want: blocked},
		{name: "transparent", page: `<button style="opacity:0" onclick="say('paid')">Pay</button>`, steps: []step{click("Pay"), said("paid")}},
		{name: "display contents", page: `<a href="#" style="display:contents" onclick="say('paid')"><span>Pay</span></a>`, steps: []step{click("Pay"), said("paid")}},
		{name: "inert behind a modal dialog", page: `<dialog id="terms"><p>Terms</p>` + says("Accept", "accepted") + `</dialog><button>Pay</button><script>document.querySelector('dialog').showModal()</script>`, steps: []step{click("Accept"), said("accepted"), click("Pay")}, want: blocked},
		{name: "popover", page: `<button popovertarget="menu">Menu</button><div id="menu" popover>` + says("Settings", "settings") + `</div>`, steps: []step{expect(visible("Settings", false)), click("Menu"), click("Settings"), said("settings")}},
		{name: "details", page: `<details><summary>More</summary>` + says("Pay", "paid") + `</details>`, steps: []step{click("More"), click("Pay"), said("paid")}},
		{name: "replaced between being found and being pressed", page: `<div id="app"></div><script>
const draw = () => { document.getElementById('app').innerHTML = "<button onclick=say('paid')>Pay</button>" };
draw(); const timer = setInterval(draw, 30); setTimeout(() => clearInterval(timer), 600);
</script>`, steps: []step{click("Pay"), expect(contains(css("#log"), "paid"))}},
		{name: "covered in the moment of the press", page: says("Pay", "paid") + `<div id="flash" style="display:none;position:fixed;inset:0" onclick="say('flash')"></div>
<script>let first = true; addEventListener('mousemove', () => { if (!first) return; first = false; flash.style.display = 'block'; setTimeout(() => flash.style.display = 'none', 300) }, true)</script>`, steps: []step{click("Pay"), said("paid")}},
	}
}

func pointerCases() []suiteCase {
	events := `<button id="b">Press</button><script>for (const kind of ['pointerdown','mousedown','pointerup','mouseup','click','dblclick','contextmenu']) document.getElementById('b').addEventListener(kind, e => { if (e.isTrusted) say(kind + (e.detail || '')) })</script>`
	keys := `<button onclick="say(['shiftKey','ctrlKey','altKey','metaKey'].filter(k => event[k]).join('+') || 'none')">Press</button>`
	return []suiteCase{
		{name: "click is trusted and whole", page: events, steps: []step{click("Press"), said("pointerdown mousedown1 pointerup mouseup1 click1")}},
		{name: "double click", page: events, steps: []step{doubleClick("Press"), said("pointerdown mousedown1 pointerup mouseup1 click1 pointerdown mousedown2 pointerup mouseup2 click2 dblclick2")}},
		{name: "right click", page: events, steps: []step{rightClick("Press"), expect(contains(css("#log"), "contextmenu"))}},
		{name: "hover opens a menu", page: `<style>ul{display:none}div:hover ul{display:block}</style><div><b>Menu</b><ul><li><a href="#" onclick="say('lamps')">Lamps</a></li></ul></div>`, steps: []step{hover("Menu"), click("Lamps"), said("lamps")}},
		{name: "hover over what is disabled", page: `<button disabled title="Sold out">Pay</button>`, steps: []step{hover("Pay"), expect(truthyHover("button"))}},
		{name: "click with Shift", page: keys, steps: []step{clickWith("Press", "Shift"), clickWith("Press", "Control", "Alt"), click("Press"), said("shiftKey ctrlKey+altKey none")}},
		{name: "click at a point of a canvas", page: `<canvas width="300" height="200" onclick="say(event.offsetX + ',' + event.offsetY)"></canvas>`, steps: []step{clickAt(css("canvas"), 20, 150), clickAt(css("canvas"), 0, 0), said("20,150 0,0")}},
		{name: "click at a point below the fold", page: `<canvas width="300" height="3000" onclick="say(event.offsetX + ',' + event.offsetY)"></canvas>`, steps: []step{clickAt(css("canvas"), 20, 2500), said("20,2500")}},
		{name: "click in a drawing", page: `<svg width="200" height="100"><g id="g" onclick="say('group')"><circle cx="50" cy="50" r="20"/></g><rect id="r" x="100" y="20" width="60" height="60" onclick="say('rect')"/><text x="10" y="90" onclick="say('text')">Legend</text></svg>`, steps: []step{click(css("#r")), click(css("#g")), click("Legend"), said("rect group text")}},
		{name: "click on a link over two lines", page: `<p style="width:160px;font:20px monospace">Read our <a href="#" onclick="say('read'); return false">terms and conditions</a> first</p>`, steps: []step{click("terms and conditions"), said("read")}},
		{name: "click on what is turned", page: `<button style="transform:rotate(45deg) scale(1.5);margin:100px" onclick="say('turned')">Turned</button>`, steps: []step{click("Turned"), said("turned")}},
		{name: "click on a page that is zoomed", page: `<style>html{zoom:1.5}body{zoom:1.2}</style><div style="height:2000px"></div>` + says("Zoomed", "zoomed"), steps: []step{click("Zoomed"), said("zoomed")}},
		{name: "click on what is partly out of view", page: `<button style="position:fixed;left:-150px;top:50px;width:200px" onclick="say('partly')">Partly</button>`, steps: []step{click("Partly"), said("partly")}},
		{name: "click on what is larger than the view", page: `<div id="big" style="width:5000px;height:5000px;background:#eee" onclick="say('big')">Big</div>`, steps: []step{click(css("#big")), said("big")}},
		{name: "click on a huge page", page: `<div style="height:200000px;width:50000px;position:relative"><button style="position:absolute;left:49000px;top:199000px" onclick="say('far')">Far</button></div>`, steps: []step{click("Far"), said("far")}},
		{name: "click on what removes itself", page: `<button onclick="say('gone'); this.remove()">Close</button>`, steps: []step{click("Close"), said("gone"), expect(visible("Close", false))}},
		{name: "click on what removes itself when it is pressed", page: `<button onmousedown="say('gone'); this.remove()">Close</button>`, steps: []step{click("Close"), said("gone")}},
		{name: "click that navigates", page: `<a href="/page/second">Next</a>`, steps: []step{click("Next"), where("/page/second"), expect(visible(text("second"), true))}},
		{name: "click that navigates slowly", page: `<a href="/slow/500/second">Next</a>`, steps: []step{click("Next"), where("/slow/500/second")}},
		{name: "click that navigates by script", page: `<button onclick="location.href = '/page/second'">Next</button>`, steps: []step{click("Next"), where("/page/second")}},
		{name: "click that navigates in a timer", page: `<button onclick="setTimeout(() => location.href = '/page/second', 200)">Next</button>`, steps: []step{click("Next"), expect(url("/page/second")), click("next"), where("/page/next")}},
		{name: "click that submits", page: `<form method="post" action="/post"><input name="a" value="1 & 2"><button name="b" value="3">Send</button></form>`, steps: []step{click("Send"), expect(visible(text("received a=1+%26+2&b=3"), true), url("/post"))}},
		{name: "click on text in a button", page: `<button onclick="say('paid')"><i>Pay</i> now</button>`, steps: []step{click(css("i")), said("paid")}},
		{name: "click on a label", page: `<label for="box">News</label> <input type="checkbox" id="box">`, steps: []step{click(text("News")), expect(checked(css("#box"), true))}},
		{name: "click in an open shadow root", page: card, steps: []step{click("Buy now"), said("bought")}},
		{name: "click before the page is hydrated", page: `<button>Count</button>` + later("500", "document.querySelector('button').onclick = () => say('counted')"), steps: []step{click("Count"), expect(equals(css("#log"), ""))}},
		{name: "scrolled up by the page itself", page: `<div style="height:3000px"></div>` + says("Pay", "paid") + `<script>let n = 0; addEventListener('scroll', () => { if (n++ < 2) scrollTo(0, 0) })</script>`, steps: []step{click("Pay"), said("paid")}},
		{name: "a list that draws only what is seen", page: `<div id="list" style="height:200px;overflow:auto"><div style="height:20000px;position:relative"></div></div><script>
const list = document.getElementById('list');
const draw = () => { const first = Math.floor(list.scrollTop / 20); list.firstChild.innerHTML = Array.from({length: 12}, (_, i) => "<button style='position:absolute;height:20px;top:" + (first + i) * 20 + "px' onclick=say(" + (first + i) + ")>Row " + (first + i) + "</button>").join('') };
draw(); list.onscroll = draw;
</script>`, steps: []step{click(exact(role("button", "Row 11"))), said("11"), script("list.scrollTop = 10000"), click(exact(role("button", "Row 503"))), said("11 503")}},
	}
}

func truthyHover(css string) condition {
	return truthy("document.querySelector('" + css + "').matches(':hover')")
}

func boxCases() []suiteCase {
	blocked := browser.ClassNotActionable
	hidden := `<style>.switch input{position:absolute;opacity:0;width:0;height:0}.switch i{display:inline-block;width:40px;height:20px;background:#999}</style>`
	custom := `<div role="checkbox" aria-checked="mixed" tabindex="0" onclick="this.setAttribute('aria-checked', this.getAttribute('aria-checked') !== 'true')">All</div><div role="switch" aria-checked="false" tabindex="0" onclick="this.setAttribute('aria-checked', this.getAttribute('aria-checked') !== 'true')">Dark</div>`
	radios := `<label><input type="radio" name="pay" value="card" onchange="say(value)"> Card</label><label><input type="radio" name="pay" value="bill" onchange="say(value)"> Bill</label>`
	return []suiteCase{
		{name: "check", page: `<label><input type="checkbox" onchange="say('changed')"> News</label>`, steps: []step{check("News"), check("News"), expect(checked("News", true)), uncheck("News"), uncheck("News"), expect(checked("News", false)), said("changed changed")}},
		{name: "check a radio button", page: radios, steps: []step{check("Bill"), check("Bill"), expect(checked("Bill", true), checked("Card", false)), said("bill")}},
		{name: "uncheck a radio button", page: radios, steps: []step{check("Bill"), uncheck("Bill")}, want: blocked},
		{name: "check what has the role", page: custom, steps: []step{check("All"), check(role("switch", "Dark")), expect(checked("All", true), checked("Dark", true)), uncheck("Dark"), expect(checked("Dark", false))}},
		{name: "check what is undecided", page: `<label><input type="checkbox"> All</label><script>document.querySelector('input').indeterminate = true</script>`, steps: []step{expect(checked("All", false)), check("All"), expect(checked("All", true))}},
		{name: "check what is hidden behind its label", page: hidden + `<label class="switch"><input type="checkbox" id="dark"><i></i> Dark mode</label>`, steps: []step{check("Dark mode"), expect(checked(css("#dark"), true)), uncheck(css("#dark")), expect(checked(label("Dark mode"), false))}},
		{name: "check what is hidden behind a label with a link", page: hidden + `<label class="switch" style="display:inline-block"><input type="checkbox" id="ok"> I accept the <a href="#terms" onclick="say('terms')">general terms and conditions of sale</a></label>`, steps: []step{check(css("#ok")), expect(checked(css("#ok"), true), equals(css("#log"), ""))}},
		{name: "check what refuses", page: `<label><input type="checkbox" onclick="return false"> News</label>`, steps: []step{check("News")}, want: blocked},
		{name: "check what is disabled", page: `<label><input type="checkbox" disabled> News</label>`, steps: []step{check("News")}, want: blocked},
		{name: "check what is no box", page: `<label>News <input></label>`, steps: []step{check("News")}, want: blocked},
		{name: "check what sends the page elsewhere", page: `<label><input type="checkbox" onchange="location.href = '/page/second'"> Only in stock</label>`, steps: []step{check("Only in stock"), where("/page/second")}},
		{name: "check what the page redraws", page: `<div id="app"></div><script>let on = false; const draw = () => { app.innerHTML = '<label><input type="checkbox"' + (on ? ' checked' : '') + '> News</label>'; document.querySelector('input').onchange = () => { on = !on; setTimeout(draw, 50) } }; draw()</script>`, steps: []step{check("News"), expect(checked("News", true))}},
	}
}
