package browsertest

import "trackwalker/scenarios/browser"

// hostileCases are pages that change what scripts rely on, and pages of a kind that is rare.
func hostileCases() []suiteCase {
	form := `<form onsubmit="say('sent'); return false"><label>Email <input id="email"></label><label><input type="checkbox"> News</label><button>Send</button></form>`
	plays := []step{fill("Email", "ada@shop.example"), check("News"), click("Send"), expect(equals(css("#log"), "sent"), value("Email", "ada@shop.example"), checked("News", true)), screenshot(browser.PictureOptions{Mask: []browser.Locator{css("#email")}})}
	hostile := func(name, js string) suiteCase {
		return suiteCase{name: name, page: form + "<script>" + js + "</script>", steps: plays}
	}
	return []suiteCase{
		hostile("a page that redefines Array.prototype", `Array.prototype.map = Array.prototype.filter = Array.prototype.push = () => { throw new Error('mine') }; Array.prototype.extra = 1; Array.from = () => []; Object.entries = Object.keys = () => []`),
		hostile("a page that redefines JSON", `window.JSON = {stringify: () => '"mine"', parse: () => 'mine'}; Array.prototype.toJSON = Object.prototype.toJSON = String.prototype.toJSON = () => 'mine'`),
		hostile("a page that redefines Promise and timers", `window.Promise = undefined; window.setTimeout = () => 0; window.requestAnimationFrame = () => 0; performance.now = () => 0; Date.now = () => 0`),
		hostile("a page that redefines elements", `for (const name of ['getBoundingClientRect', 'getClientRects', 'matches', 'closest', 'querySelectorAll', 'getAttribute', 'scrollIntoView', 'checkVisibility', 'attachShadow']) Element.prototype[name] = () => { throw new Error('mine') }; Node.prototype.contains = () => false; document.elementsFromPoint = () => []; document.evaluate = null; window.getComputedStyle = () => ({}); HTMLElement.prototype.focus = () => {}`),
		hostile("a page that freezes everything", `for (const o of [Object.prototype, Array.prototype, Function.prototype, Element.prototype, window.tw = {}]) Object.freeze(o); Object.defineProperty(window, 'tw', {get() { throw new Error('mine') }})`),
		hostile("a page that stops every event", `for (const kind of ['pointermove', 'pointerover', 'mousemove', 'focus', 'keydown', 'scroll']) addEventListener(kind, e => e.stopImmediatePropagation(), true)`),
		{name: "CSP that allows nothing", steps: []step{open("/csp"), fill("Email", "a@b.c"), expect(value("Email", "a@b.c")), screenshot(browser.PictureOptions{Mask: []browser.Locator{css("input")}}), gives("return document.title", nil, `"Locked"`), click("Send"), expect(visible(text("received email=a%40b.c"), true))}},
		{name: "XHTML", steps: []step{open("/xhtml"), fill("Email", "a@b.c"), expect(value("Email", "a@b.c")), choose(label("Colour"), "green"), expect(value(css("#colour"), "green")), check("News"), expect(checked("News", true)), click("Send"), expect(visible("Sent", true), notText("nothing"), visible(role("heading", "Strict"), true)), screenshot(browser.PictureOptions{Mask: []browser.Locator{css("input")}})}},
		{name: "XHTML, none matches", steps: []step{open("/xhtml"), click("Sned")}, want: browser.ClassNotFound},
		{name: "quirks mode", page: `<html><title>Quirks</title><body><div style="height:4000px"></div><button onclick="document.title = 'paid'">Pay</button><div style="height:4000px"></div>`, steps: []step{expect(truthy("document.compatMode === 'BackCompat'")), click("Pay"), expect(titleIs("paid"))}},
		{name: "quirks mode, a short page", page: `<html><title>Quirks</title><body><div style="position:fixed;bottom:20px;right:20px"><button onclick="document.title = 'paid'">Pay</button></div>`, steps: []step{click("Pay"), expect(titleIs("paid"))}},
		{name: "a page that is a picture", steps: []step{open("/image/0"), expect(url("/image/0")), screenshot(browser.PictureOptions{}), evidence()}},
		{name: "a page of plain data", page: `<!-- nothing -->`, steps: []step{expect(visible(text("nothing"), false)), evidence()}},
		{name: "alert while the page loads", page: `<script>alert('Welcome!'); confirm('Sure?'); prompt('Who?')</script>` + says("Go", "gone"), steps: []step{click("Go"), said("gone")}},
		{name: "alert in a timer", page: says("Go", "gone") + later("50", "alert('Still there?'); say('closed')"), steps: []step{expect(contains(css("#log"), "closed")), click("Go"), expect(contains(css("#log"), "gone"))}},
		{name: "dialogs in a click", page: `<button onclick="alert('a'); say(confirm('b')); say(prompt('c'))">Go</button>`, steps: []step{click("Go"), said("false null"), expect(dialog("B"))}},
		{name: "expect a dialog that comes late", page: later("300", "alert('Order \\n 1042')"), steps: []step{expect(dialog("order 1042"))}},
		{name: "role and label inside a shadow host", page: `<x-f></x-f><script>customElements.define('x-f', class extends HTMLElement { connectedCallback() {
			this.attachShadow({mode: 'open'}).innerHTML = '<label>Nm <input></label><button onclick="this.textContent = \'Two\'">One</button>' } })</script>`, steps: []step{
			click(in(role("button", "One"), css("x-f"))), expect(visible(in(role("button", "Two"), css("x-f")), true)), fill(in(label("Nm"), css("x-f")), "Bob"), expect(value(in(label("Nm"), css("x-f")), "Bob")),
		}},
		{name: "focus what cannot have it", page: `<p id="p">text</p>`, steps: []step{focus(css("#p"))}, want: browser.ClassNotActionable},
		{name: "expect a dialog, and there is none", page: ``, steps: []step{expect(dialog("Sure?"))}, want: browser.ClassAssertion},
		{name: "expect a dialog, and another one opens", page: `<script>alert('Welcome!')</script>`, steps: []step{expect(dialog("Sure?"))}, want: browser.ClassAssertion},
		{name: "beforeunload", page: `<input><script>addEventListener('beforeunload', e => e.preventDefault())</script>`, steps: []step{fill(css("input"), "x"), click(css("input")), open("/page/first"), expect(title("first"))}},
		{name: "a popup", page: `<button onclick="window.open('/page/popup', 'p', 'width=300,height=300'); say('opened')">Open</button>` + says("Go", "gone"), steps: []step{click("Open"), said("opened"), click("Go"), said("opened gone"), screenshot(browser.PictureOptions{})}},
		{name: "a link to a new tab", page: `<a href="/page/tab" target="_blank" onclick="say('tab')">Open</a>` + says("Go", "gone"), steps: []step{click("Open"), click("Go"), said("tab gone")}},
		{name: "a page that is drawn anew by document.write", page: says("Go", "old") + later("300", "document.open(); document.write('<title>new</title><button onclick=\"document.title = 1\">Done</button>'); document.close()"), steps: []step{click("Done"), expect(titleIs("1"))}},
		{name: "frames around it", page: `<iframe srcdoc="<button>Pay</button>"></iframe>` + says("Pay", "paid"), steps: []step{click("Pay"), said("paid")}},
	}
}

// widgetCases are what sites build in place of what browsers have.
func widgetCases() []suiteCase {
	return []suiteCase{
		{
			name: "autocomplete", page: `<label>City <input role="combobox" oninput="clearTimeout(window.t); window.t = setTimeout(() => { cities.innerHTML = ['Berlin','Bern'].filter(c => c.startsWith(value)).map(c => '<li role=option>' + c + '</li>').join('') }, 150)"></label><ul id="cities" role="listbox" onclick="document.querySelector('input').value = event.target.textContent; this.innerHTML = ''"></ul>`,
			steps: []step{typeInto("City", "Ber"), click(role("option", "Bern")), expect(value("City", "Bern"))},
		},
		{
			name: "tabs", page: `<div role="tablist"><button role="tab" aria-selected="true" onclick="b.hidden = true; a.hidden = false">Details</button><button role="tab" onclick="a.hidden = true; b.hidden = false">Reviews</button></div><div id="a" role="tabpanel">Brass</div><div id="b" role="tabpanel" hidden>Five stars</div>`,
			steps: []step{click("Reviews"), expect(visible(text("Five stars"), true), visible(text("Brass"), false))},
		},
		{name: "a toast that goes", page: `<button onclick="toast.hidden = false; setTimeout(() => toast.hidden = true, 1500)">Save</button><div id="toast" role="status" hidden>Saved!</div>`, steps: []step{click("Save"), expect(visible(text("Saved!"), true)), expect(visible(text("Saved!"), false))}},
		{name: "a dialog that slides in", page: `<style>#d{position:fixed;top:0;right:0;width:300px;height:300px;background:#eee;transform:translateX(100%);transition:transform 400ms}#d.open{transform:none}</style><button onclick="d.classList.add('open')">Cart</button><div id="d">` + says("Check out", "out") + `</div>`, steps: []step{click("Cart"), click("Check out"), said("out")}},
		{name: "a spinner over the page", page: `<div id="spinner" style="position:fixed;inset:0;background:#fffc"></div>` + says("Go", "gone") + later("600", "spinner.remove()"), steps: []step{click("Go"), said("gone")}},
		{name: "a row of a table by its text", page: `<table><tr><td>Ada</td><td>` + says("Edit", "ada") + `</td></tr><tr><td>Bob</td><td>` + says("Edit", "bob") + `</td></tr></table>`, steps: []step{click(in(named("Edit"), hasText(role("row", ""), "Bob"))), said("bob")}},
	}
}
