package browsertest

import "trackwalker/scenarios/browser"

// says is a button that says so when it is pressed.
func says(name, what string) string {
	return `<button onclick="say('` + what + `')">` + name + `</button>`
}

// card is a page with open shadow roots in one another, a slot and a closed root.
const card = `<my-card id="card"><span slot="title">Slotted <b onclick="say('slotted')">title</b></span></my-card>
<script>
customElements.define('my-price', class extends HTMLElement {
	connectedCallback() {
		this.attachShadow({mode: 'open'}).innerHTML = '<p class="price">Price: <b>12 €</b></p><button class="buy">Buy now</button><label>Amount <input></label>';
		this.shadowRoot.querySelector('button').onclick = () => say('bought');
	}
});
customElements.define('my-card', class extends HTMLElement {
	connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = '<h2><slot name="title"></slot></h2><my-price></my-price>' }
});
</script>`

func locatorCases() []suiteCase {
	names := `<input id="a" aria-label="Search the shop"><span id="l1">Billing</span> <span id="l2">name</span><input id="b" aria-labelledby="l1 l2">
<label for="c">Email *</label><input id="c"><label>Phone: <input id="d"></label>
<label>Country <select id="e"><option>Germany</option><option>France</option></select></label>
<label>Password <input id="f" type="password"></label><label>Password again <input id="g" type="password"></label>`
	buttons := `<button id="a">Pay</button><button id="b" aria-label="Pay by card">x</button><button id="c"><img alt="Pay by bill" src="/image/0"></button>
<button id="d" title="Pay later"></button><div id="e" role="button" tabindex="0">Pay <span>never</span></div><a id="f" href="#">Terms</a><a id="g">No link</a>`
	list := `<ul><li>one <button onclick="say('1')">Buy</button></li><li>two <button onclick="say('2')">Buy</button></li><li>three <button onclick="say('3')">Buy</button></li></ul>`
	return []suiteCase{
		{name: "css", page: says("Go", "gone"), steps: []step{click(css("body > button")), said("gone")}},
		{name: "css that is none", page: says("Go", "gone"), steps: []step{click(css("button["))}, want: browser.ClassNotFound},
		{name: "css pierces shadow roots", page: card, steps: []step{click(css("button.buy")), said("bought")}},
		{name: "css across shadow roots", page: card, steps: []step{click(css("#card button.buy")), said("bought"), expect(visible(css("my-card > my-none"), false), visible(css("h1, my-card my-price p > b"), true))}},
		{name: "xpath", page: list, steps: []step{click(xpath("//li[2]/button")), said("2")}},
		{name: "xpath gives text", page: `<p>hello <b>there</b></p>`, steps: []step{expect(equals(xpath("//b/text()"), "there"))}},
		{name: "xpath in a scope", page: list, steps: []step{click(in(xpath("//button"), hasText(css("li"), "three"))), said("3")}},
		{name: "xpath that is none", page: list, steps: []step{click(xpath("//li["))}, want: browser.ClassNotFound},
		{name: "xpath of a number", page: list, steps: []step{click(xpath("count(//li)"))}, want: browser.ClassNotFound},
		{name: "text is the innermost element", page: `<div id="a"><div id="b"><p id="c">Total: 12 €</p></div></div>`, steps: []step{expect(attribute(text("total"), "id", "c"))}},
		{name: "text split over children", page: `<div id="a"><p id="b">Total: <b>12</b> <i>€</i></p></div>`, steps: []step{expect(attribute(text("Total: 12 €"), "id", "b"))}},
		{name: "text across a line break", page: `<p id="b">Hello<br>world</p>`, steps: []step{expect(equals(text("hello world"), "Hello world"))}},
		{name: "text folded", page: "<p>  Hello\n\t&nbsp; dear   \u200bworld </p>", steps: []step{expect(equals(text("hello dear world"), "Hello dear world"))}},
		{name: "text that CSS makes upper case", page: `<p style="text-transform:uppercase">pay now</p>`, steps: []step{expect(equals(exact(text("PAY NOW")), "PAY NOW"), visible(exact(text("pay now")), true), visible(exact(text("Pay now")), false))}},
		{name: "text in a shadow root", page: card, steps: []step{expect(equals(text("12 €"), "12 €"), count(text("12 €"), 1, 1))}},
		{name: "text in nested shadow roots", page: card, steps: []step{expect(equals(text("price: 12 €"), "Price: 12 €"), contains(css("#card"), "12 €"))}},
		{name: "text in a slot", page: card, steps: []step{click(text("title")), said("slotted")}},
		{name: "text of a submit button", page: `<form onsubmit="say('sent'); return false"><input type="submit" value="Send it"></form>`, steps: []step{click(text("send it")), said("sent")}},
		{name: "text in a script is none", page: `<p>Something</p><script>"only in a script"</script><style>/* only in a script */</style>`, steps: []step{expect(visible(text("only in a script"), false), notText("only in a script"))}},
		{name: "label for", page: names, steps: []step{fill(label("Email"), "x"), expect(value(css("#c"), "x"))}},
		{name: "label around", page: names, steps: []step{fill(label("phone"), "1"), expect(value(css("#d"), "1"))}},
		{name: "label by aria-label", page: names, steps: []step{fill(label("Search the shop"), "lamp"), expect(value(css("#a"), "lamp"))}},
		{name: "label by aria-labelledby", page: names, steps: []step{fill(label("Billing name"), "Ada"), expect(value(css("#b"), "Ada"))}},
		{name: "label around a list", page: names, steps: []step{choose(exact(label("Country")), "France"), expect(value(css("#e"), "France"))}},
		{name: "label whole before part", page: names, steps: []step{fill(label("Password"), "s"), expect(value(css("#f"), "s"), value(css("#g"), ""))}},
		{name: "label with a star, beside another", page: `<label>Password * <input id="a"></label><label>Password again * <input id="b"></label>`, steps: []step{fill(label("Password"), "s"), expect(value(css("#a"), "s"))}},
		{name: "label in a shadow root", page: card, steps: []step{fill(label("Amount"), "3"), expect(value(label("Amount"), "3"))}},
		{name: "label of none", page: names, steps: []step{fill(label("Passwort"), "s")}, want: browser.ClassNotFound},
		{name: "placeholder", page: `<input placeholder="Search the shop"><input placeholder="Coupon">`, steps: []step{fill(by(browser.ByPlaceholder, "coupon"), "10"), expect(value(css("input + input"), "10"))}},
		{name: "role with a name from content", page: buttons, steps: []step{expect(attribute(role("button", "Pay never"), "id", "e"))}},
		{name: "role with a name from aria-label", page: buttons, steps: []step{expect(attribute(role("button", "Pay by card"), "id", "b"))}},
		{name: "role with a name from a picture", page: buttons, steps: []step{expect(attribute(role("button", "Pay by bill"), "id", "c"))}},
		{name: "role with a name from the title", page: buttons, steps: []step{expect(attribute(role("button", "Pay later"), "id", "d"))}},
		{name: "role with an exact name", page: buttons, steps: []step{expect(attribute(exact(role("button", "Pay")), "id", "a"), count(exact(role("button", "pay")), 0, 0))}},
		{name: "role without a name", page: buttons, steps: []step{expect(count(role("link", ""), 1, 1))}},
		{name: "role in upper case", page: buttons, steps: []step{expect(count(role("BUTTON", ""), 5, 5))}},
		{
			name: "role of headings, lists and more", page: `<h1>A</h1><nav></nav><ul><li>x</ul><table><tr><td>y</table><input type="search"><input type="number"><textarea></textarea><select></select><progress></progress>`,
			steps: []step{expect(count(role("heading", "A"), 1, 1), count(role("navigation", ""), 1, 1), count(role("listitem", ""), 1, 1), count(role("cell", ""), 1, 1), count(role("searchbox", ""), 1, 1), count(role("spinbutton", ""), 1, 1), count(role("textbox", ""), 1, 1), count(role("combobox", ""), 1, 1), count(role("progressbar", ""), 1, 1))},
		},
		{name: "testid", page: `<button data-testid="pay" onclick="say('paid')">x</button><button data-testid="pay-later">y</button>`, steps: []step{click(by(browser.ByTestID, "pay")), said("paid"), expect(count(by(browser.ByTestID, "PAY"), 0, 0))}},
		{name: "alt", page: `<img alt="The brass lamp" src="/image/0" width="20" height="20" onclick="say('lamp')">`, steps: []step{click(by(browser.ByAlt, "brass lamp")), said("lamp")}},
		{name: "tooltip", page: `<i title="Delete the row" onclick="say('deleted')">x</i>`, steps: []step{click(by(browser.ByTooltip, "delete the row")), said("deleted")}},
		{name: "has_text", page: list, steps: []step{click(in(css("button"), hasText(css("li"), "TWO"))), said("2")}},
		{name: "nth", page: list, steps: []step{click(nth(text("Buy"), 0)), click(nth(text("Buy"), -1)), click(nth(text("Buy"), 1)), said("1 3 2")}},
		{name: "nth beyond the last", page: list, steps: []step{click(nth(text("Buy"), 3))}, want: browser.ClassNotFound},
		{name: "nth of a scope", page: list, steps: []step{click(in(role("button", "Buy"), nth(css("li"), -2))), said("2")}},
		{
			name: "in, nested", page: `<section aria-label="Cart"><div class="row"><button onclick="say('cart')">Remove</button></div></section><section aria-label="Wishes"><div class="row"><button onclick="say('wish')">Remove</button></div></section>`,
			steps: []step{click(in(in(named("Remove"), css(".row")), role("region", "Wishes"))), said("wish")},
		},
		{
			name: "in a part that is called so", page: `<section aria-label="Cart">` + says("Remove", "cart") + `</section><section aria-label="Wishes">` + says("Remove", "wish") + `</section>`,
			steps: []step{click(in(named("Remove"), "Wishes")), said("wish")},
		},
		{name: "in a scope that is missing", page: list, steps: []step{click(in(named("Buy"), css("#cart")))}, want: browser.ClassNotFound},
		{name: "in a shadow root", page: card, steps: []step{click(in(named("Buy now"), css("my-card"))), said("bought")}},
		{
			name: "emoji, CJK and right to left", page: `<button onclick="say('1')">🛒 Köp</button><button onclick="say('2')">購入する</button><button dir="rtl" onclick="say('3')">شراء الآن</button>`,
			steps: []step{click("🛒 Köp"), click("購入する"), click("شراء الآن"), click(in(text("購入"), css("body"))), said("1 2 3 2")},
		},
		{name: "several match", page: list, steps: []step{click("Buy")}, want: browser.ClassAmbiguous},
		{name: "many match", page: `<script>document.write('<button class="add" data-testid="add">Add to cart</button>'.repeat(40))</script>`, steps: []step{fill(css("button"), "x")}, want: browser.ClassAmbiguous},
		{name: "several match, until the page is redrawn", page: says("Buy", "old") + `<button id="b">Buy</button><script>setTimeout(() => document.getElementById('b').remove(), 300)</script>`, steps: []step{click("Buy"), said("old")}},
		{name: "none matches", page: `<button>Log in</button><a href="#">Log out</a><h1>Login page</h1>`, steps: []step{click("Log inn")}, want: browser.ClassNotFound},
		{name: "none matches on an empty page", page: `<p></p>`, steps: []step{click("Log in")}, want: browser.ClassNotFound},
		{name: "none matches, and the page says why", page: `<div role="alert">The session has expired.</div><button>Log in</button>`, steps: []step{click("Pay")}, want: browser.ClassNotFound},
		{
			name: "a form with fields that are called as properties", page: `<form onsubmit="say('sent'); return false"><input name="children" value="2"><input name="id"><input name="nodeName"><input name="parentElement"><input name="attributes"><input name="textContent"><label>Text <input name="text"></label><button name="submit">Search</button></form>`,
			steps: []step{fill(label("Text"), "x"), click("Search"), said("sent"), expect(visible(text("Text"), true), visible(in(css("button"), css("form")), true))},
		},
		{
			name: "a document with forms that are called as properties", page: `<form name="title"></form><form name="body"></form><form name="images"></form><form name="activeElement"></form><form name="documentElement"></form>` + says("Go", "gone"),
			steps: []step{click("Go"), said("gone"), expect(titleIs("Awkward")), screenshot(browser.PictureOptions{Full: true}), reload()},
		},
	}
}

func plainCases() []suiteCase {
	return []suiteCase{
		{name: "plain: control before text", page: `<h1 onclick="say('text')">Log in</h1>` + says("Log in", "control"), steps: []step{click("Log in"), said("control")}},
		{name: "plain: text where there is no control", page: `<div onclick="say('text')">Log in</div>`, steps: []step{click("Log in"), said("text")}},
		{name: "plain: whole before part", page: says("Log in with a code", "part") + says("Log in", "whole"), steps: []step{click("log in"), said("whole")}},
		{name: "plain: whole text before part of a control", page: says("Log in with a code", "part") + `<div onclick="say('whole')">Log in</div>`, steps: []step{click("log in"), said("whole")}},
		{name: "plain: visible before hidden", page: `<button style="display:none">Log in</button>` + says("Log in", "visible"), steps: []step{click("Log in"), said("visible")}},
		{name: "plain: visible part before hidden whole", page: `<button style="display:none">Log in</button>` + says("Log in here", "visible"), steps: []step{click("Log in"), said("visible")}},
		{name: "plain: a part counts in the end", page: says("Log in with a code", "part"), steps: []step{click("log in"), said("part")}},
		{name: "plain: a whole that comes late wins", page: says("Log in with a code", "part") + `<p></p><script>setTimeout(() => document.querySelector('p').innerHTML = '` + `<button onclick="say(&quot;whole&quot;)">Log in</button>` + `', 300)</script>`, steps: []step{click("log in"), said("whole")}},
		{
			name: "plain: every control", page: `<a href="#" onclick="say('link')">Link</a><div role="tab" onclick="say('tab')">Tab</div><div role="menuitem" onclick="say('item')">Item</div><label><input type="checkbox" onclick="say('box')">Box</label><label><input type="radio" onclick="say('radio')">Radio</label><div role="option" onclick="say('option')">Option</div><label>Field <input onclick="say('field')"></label><label>Secret <input type="password" onclick="say('secret')"></label><details><summary onclick="say('more')">More</summary></details>`,
			steps: []step{click("Link"), click("Tab"), click("Item"), click("Box"), click("Radio"), click("Option"), click("Field"), click("Secret"), click("More"), said("link tab item box radio option field secret more")},
		},
		{name: "plain: a field by its placeholder", page: `<input placeholder="Search">`, steps: []step{fill("Search", "x"), expect(value(css("input"), "x"))}},
		{name: "plain: a control in a control", page: `<a href="#" onclick="say('link')"><span role="button" onclick="say('button'); event.stopPropagation()">Open</span></a>`, steps: []step{click("Open"), said("button")}},
		{name: "plain: a button with a picture and text", page: `<button onclick="say('saved')"><svg width="10" height="10"><title>Disk</title></svg><span>Save</span></button>`, steps: []step{click("Save"), said("saved")}},
		{name: "plain: a link in a label", page: `<label><input type="checkbox" id="box"> I accept the <a href="#terms" onclick="say('terms')">terms</a></label>`, steps: []step{click("terms"), said("terms"), expect(checked(css("#box"), false))}},
		{name: "plain: a button in a card that is a link", page: `<a href="#x">Brass lamp 12 € ` + says("Add to cart", "added") + `</a>`, steps: []step{click("Add to cart"), said("added")}},
	}
}
