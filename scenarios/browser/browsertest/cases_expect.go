package browsertest

import (
	"regexp"

	"trackwalker/scenarios/browser"
)

func expectCases() []suiteCase {
	no := browser.ClassAssertion
	states := `<h1 id="t">Welcome  back,<br>Ada!</h1><input id="on" value="Berlin " data-x=" a  b "><input id="off" disabled><input id="ro" readonly><label><input type="checkbox" id="box" checked> News</label><button style="color:#ff0000" class="a  b">Pay</button><p hidden>Secret</p>`
	late := `<p id="p">one</p>` + later("300", "p.textContent = 'two'; document.title = 'changed'; history.pushState({}, '', '/page/pushed'); window.ready = {now: true}")
	cases := []suiteCase{
		{name: "expect text", page: states, steps: []step{expect(visible(text("welcome back, ada"), true), visible(text("Secret"), false), visible(text("nowhere"), false))}},
		{name: "expect text that is nowhere", page: states, steps: []step{expect(visible(text("Welcome Ada"), true))}, want: no},
		{name: "expect text that is hidden", page: states, steps: []step{expect(visible(text("Secret"), true))}, want: no},
		{name: "expect text, and the page says why not", page: `<div role="alert">The card was declined.</div>`, steps: []step{expect(visible(text("Thank you"), true))}, want: no},
		{name: "expect it not to be visible", page: states, steps: []step{expect(visible(css("#t"), false))}, want: no},
		{name: "expect enabled", page: states, steps: []step{expect(enabled(css("#on"), true), enabled(css("#off"), false)), expect(enabled(css("#off"), true))}, want: no},
		{name: "expect not enabled", page: states, steps: []step{expect(enabled(css("#on"), false))}, want: no},
		{name: "expect checked", page: states, steps: []step{expect(checked("News", true)), expect(checked("News", false))}, want: no},
		{name: "expect editable", page: states, steps: []step{expect(editable(css("#on"), true), editable(css("#ro"), false), editable(css("#off"), false)), expect(editable(css("#ro"), true))}, want: no},
		{name: "expect focused", page: states, steps: []step{focus(css("#on")), expect(focused(css("#on"), true), focused(css("#ro"), false)), expect(focused(css("#ro"), true))}, want: no},
		{name: "expect contains", page: states, steps: []step{expect(contains(css("#t"), "BACK, ada")), expect(contains(css("#t"), "Bob"))}, want: no},
		{name: "expect equals", page: states, steps: []step{expect(equals(css("#t"), "Welcome back, Ada!")), expect(equals(css("#t"), "welcome back, ada!"))}, want: no},
		{name: "expect a value", page: states, steps: []step{expect(value(css("#on"), "Berlin ")), expect(value(css("#on"), "Berlin"))}, want: no},
		{name: "expect a value of what has none", page: states, steps: []step{expect(value(css("#t"), "x"))}, want: no},
		{name: "expect matches", page: states, steps: []step{expect(matches(css("#t"), `(?i)^welcome .*\bada!$`)), expect(matches(css("#t"), `^Bye\z`))}, want: no},
		{name: "expect an attribute", page: states, steps: []step{expect(attribute(css("#on"), "data-x", "a b")), expect(attribute(css("#on"), "data-x", "c"))}, want: no},
		{name: "expect an attribute that is missing", page: states, steps: []step{expect(attribute(css("#on"), "data-y", "c"))}, want: no},
		{name: "expect CSS", page: states, steps: []step{expect(cssValue("Pay", "color", "rgb(255, 0, 0)")), expect(cssValue("Pay", "color", "rgb(0, 255, 0)"))}, want: no},
		{name: "expect a count", page: states, steps: []step{expect(count(css("input"), 4, 4), count(css("input"), 1), count(css("input"), 0, 9), count(css("p"), 1, 1), count(css("table"), 0, 0)), expect(count(css("input"), 5, 5))}, want: no},
		{name: "expect at least", page: states, steps: []step{expect(count(css("input"), 5))}, want: no},
		{name: "expect at most", page: states, steps: []step{expect(count(css("input"), 0, 2))}, want: no},
		{name: "expect a URL", page: states, steps: []step{expect(url("/CASE/expect"), urlMatches(`expect-a-url$`)), expect(url("/cart"))}, want: no},
		{name: "expect a URL to match", page: states, steps: []step{expect(urlMatches(`^https:`))}, want: no},
		{name: "expect a title", page: states, steps: []step{expect(title("awk"), titleIs("Awkward")), expect(titleIs("awkward"))}, want: no},
		{name: "expect a status", page: states, steps: []step{expect(status(200)), expect(status(201))}, want: no},
		{name: "expect a script", page: states, steps: []step{expect(truthy("document.title")), expect(truthy("document.querySelectorAll('table').length"))}, want: no},
		{name: "expect a script that throws", page: states, steps: []step{expect(truthy("window.app.ready"))}, want: browser.ClassScript},
		{name: "expect a script that throws at first", page: late, steps: []step{expect(truthy("window.ready.now"))}},
		{name: "expect a script that is none", page: states, steps: []step{expect(truthy("1 +"))}, want: browser.ClassScript},
		{name: "expect a script that waits", page: states, steps: []step{expect(truthy("await new Promise(f => setTimeout(f, 100, true))"))}},
		{name: "expect not_text", page: states, steps: []step{expect(notText("Secret")), expect(notText("welcome"))}, want: no},
		{name: "expect a clean console", page: `<script>console.log('fine'); console.warn('hm'); console.error('cart is broken', 42)</script>`, steps: []step{expect(cleanConsole(`^cart .*\d`)), expect(cleanConsole(`other`))}, want: no},
		{name: "expect a clean console of a page that throws", page: `<script>null.x</script>`, steps: []step{expect(cleanConsole())}, want: no},
		{name: "expect of several", page: `<p>a</p><p>b</p>`, steps: []step{expect(contains(css("p"), "a"))}, want: browser.ClassAmbiguous},
		{name: "expect of none", page: states, steps: []step{expect(enabled("Buy", true))}, want: no},
		{name: "expect of a selector that is none", page: states, steps: []step{expect(visible(css("p["), true))}, want: no},
		{name: "expect becomes true", page: late, steps: []step{expect(equals(css("#p"), "two"), title("changed"), url("pushed"), notText("one"), visible(text("one"), false), truthy("window.ready"), matches(css("#p"), "^tw"))}},
		{name: "expect that becomes true for a moment", page: `<p id="p">one</p><script>setInterval(() => p.textContent = p.textContent === 'one' ? 'two' : 'one', 150)</script>`, steps: []step{expect(equals(css("#p"), "two")), expect(equals(css("#p"), "one"))}},
		{name: "expect all at once", page: `<p id="a">1</p><p id="b">1</p>` + later("200", "a.textContent = 2") + later("400", "b.textContent = 2"), steps: []step{expect(equals(css("#a"), "2"), equals(css("#b"), "2"))}},
		{name: "expect all, of which one is not so", page: states, steps: []step{expect(visible(css("#t"), true), equals("Pay", "Pay"), count(css("input"), 9, 9))}, want: no},
		{name: "expect over a navigation", page: `<p>one</p>` + later("300", "location.href = '/page/second'"), steps: []step{expect(visible(text("second"), true), status(200), truthy("document.title === 'second'"))}},
		{name: "expect of an option", page: `<select><option>Red</option><option selected>Green</option></select>`, steps: []step{expect(visible(role("option", "Green"), true), visible(role("option", "Red"), false))}},
		{name: "expect of a huge text", page: `<p id="p"></p><script>p.textContent = 'lamp '.repeat(50000) + 'end'</script>`, steps: []step{expect(contains(css("#p"), "lamp end")), expect(contains(css("#p"), "no end"))}, want: no},
	}
	for i := range cases {
		if cases[i].name == "expect matches" {
			cases[i].steps = append([]step{expect(condition{"url matches RE2", browser.Condition{Page: "url", Matches: regexp.MustCompile(`\Ahttp(?-s:.)+\z`)}})}, cases[i].steps...)
		}
	}
	return cases
}

func readCases() []suiteCase {
	page := `<p id="total">Total: <b>12</b> €</p><input id="city" value="Berlin"><a href="/order/1042" data-id=" 7 ">Order</a>`
	return []suiteCase{
		{name: "read text", page: page, steps: []step{reads(css("#total"), browser.Text, "", "Total: 12 €")}},
		{name: "read a value", page: page, steps: []step{reads(css("#city"), browser.Value, "", "Berlin")}},
		{name: "read an attribute", page: page, steps: []step{reads("Order", browser.Attribute, "href", "/order/1042"), reads("Order", browser.Attribute, "data-id", " 7 ")}},
		{name: "read an attribute that is missing", page: page, steps: []step{reads("Order", browser.Attribute, "rel", "")}, want: browser.ClassNotFound},
		{name: "read what comes late", page: `<p></p>` + later("300", "document.querySelector('p').innerHTML = '<b>12</b>'"), steps: []step{reads(css("b"), browser.Text, "", "12")}},
		{name: "read a cookie", page: `<script>document.cookie = 'cart=42; path=/'</script>`, steps: []step{cookie("cart", "42")}},
		{name: "read a cookie that is missing", page: `<script>document.cookie = 'cart=42; path=/'</script>`, steps: []step{cookie("session", "")}, want: browser.ClassNotFound},
		{name: "script", page: page, steps: []step{gives("return document.title", nil, `"Awkward"`), gives("return args.a + args.b.length", map[string]any{"a": 1, "b": []any{1, "x"}}, "3"), gives("await new Promise(f => setTimeout(f, 50)); return {a: [1, null]}", nil, `{"a":[1,null]}`), gives("window.x = 1", nil, "null")}},
		{name: "script that throws", page: page, steps: []step{script("throw new Error('the cart is empty')")}, want: browser.ClassScript},
		{name: "script that throws a text", page: page, steps: []step{script("throw 'the cart is empty'")}, want: browser.ClassScript},
		{name: "script that is none", page: page, steps: []step{script("return (")}, want: browser.ClassScript},
		{name: "script that never ends", page: page, steps: []step{script("await new Promise(() => {})")}, want: browser.ClassTimeout},
		{name: "script that navigates", page: page, steps: []step{script("location.href = '/page/second'"), expect(title("second"))}},
		{name: "screenshots", page: page + `<div style="height:3000px"></div><p id="end">end</p>`, steps: []step{screenshot(browser.PictureOptions{}), screenshot(browser.PictureOptions{Full: true}), screenshot(browser.PictureOptions{Of: new(css("#end")), Mask: []browser.Locator{css("#end"), css("table")}}), expect(count(css("body ~ div"), 0, 0))}},
		{name: "screenshot of what is missing", page: page, steps: []step{screenshot(browser.PictureOptions{Of: new(css("#none"))})}, want: browser.ClassNotFound},
	}
}
