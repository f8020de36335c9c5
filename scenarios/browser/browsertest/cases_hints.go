package browsertest

import "trackwalker/scenarios/browser"

// hintCases are first attempts that people make, and what is said of those that are wrong.
func hintCases() []suiteCase {
	missing, blocked := browser.ClassNotFound, browser.ClassNotActionable
	const figures = `<style>.figure p{display:none}.figure:hover p{display:block}</style>` +
		`<div class="figure"><img alt="Avatar" src="/image/0" width="40" height="40"><p><a href="#" onclick="say('one')">Profile</a></p></div>` +
		`<div class="figure"><img alt="Avatar" src="/image/0" width="40" height="40"><p><a href="#" onclick="say('two')">Profile</a></p></div>`
	const boxes = `<form id="boxes"><input type="checkbox"> one<br><input type="checkbox" checked> two</form>`
	const languages = `<select id="list"><option>Javascript</option><option>VBScript</option></select>`
	const shop = `<button id="login" class="radius primary">Log in</button><img alt="User Avatar" src="/image/0"><i title="Delete the row">x</i><b data-testid="total">12</b><input placeholder="Coupon: code">`
	const imageMap = `<div style="height:3000px"></div><img usemap="#map" src="/image/0" width="200" height="100"><map name="map"><area shape="rect" coords="10,10,60,60" onclick="say('rect')"><area id="c" shape="circle" coords="130,50,20" alt="Round" onclick="say('circle')"><area id="p" shape="poly" coords="160,10,190,10,190,40" href="/page/second"></map>`
	return []suiteCase{
		{name: "nth counts what is hidden", page: figures, steps: []step{hover(nth(by(browser.ByAlt, "Avatar"), 1)), click(nth(text("Profile"), 1)), said("two")}},
		{name: "nth of what is hidden", page: figures, steps: []step{hover(nth(by(browser.ByAlt, "Avatar"), 1)), click(nth(text("Profile"), 0))}, want: blocked},
		{name: "nth beyond the last, hidden ones counted", page: figures, steps: []step{click(nth(text("Profile"), 2))}, want: missing},
		{name: "nth beyond the last whole match", page: says("Add", "1") + says("Add a lamp", "2"), steps: []step{click(nth(text("Add"), 0)), said("1"), click(nth(text("Add"), 1))}, want: missing},
		{name: "select what a longer word begins with", page: languages, steps: []step{choose(css("#list"), "Java")}, want: missing},
		{name: "select what comes after a longer one", page: languages + later("300", "list.innerHTML = '<option>Java beans</option><option>Java</option>'"), steps: []step{choose(css("#list"), "java"), expect(value(css("#list"), "Java"))}},
		{name: "select a part that several have", page: `<select id="list"><option>Dark green</option><option>Light green</option></select>`, steps: []step{choose(css("#list"), "green")}, want: missing},
		{name: "click on an option of a closed list", page: `<label>Colour <select><option>Red</option><option>Dark green</option></select></label>`, steps: []step{click("Dark green")}, want: blocked},
		{name: "click on an option of a closed list without a label", page: languages, steps: []step{click(text("VBScript"))}, want: blocked},
		{name: "check by the text behind a box", page: boxes, steps: []step{check("one"), uncheck(label("two")), expect(checked("one", true), checked(nth(css("input"), 1), false))}},
		{name: "check what is beside boxes", page: boxes, steps: []step{check(css("#boxes"))}, want: blocked},
		{name: "check where there is no box", page: `<p>News</p>`, steps: []step{check("News")}, want: blocked},
		{name: "an alt text as a plain string", page: shop, steps: []step{hover("User Avatar")}, want: missing},
		{name: "a tooltip as a plain string", page: shop, steps: []step{click("Delete the row")}, want: missing},
		{name: "a test id as a plain string", page: shop, steps: []step{click("total")}, want: missing},
		{name: "a placeholder as a text", page: shop, steps: []step{click(text("Coupon: code"))}, want: missing},
		{name: "an id as a plain string", page: shop, steps: []step{click("#login")}, want: missing},
		{name: "a CSS selector as a plain string", page: shop, steps: []step{click("button.radius")}, want: missing},
		{name: "an XPath as a plain string", page: shop, steps: []step{click("//button[@class='radius']")}, want: missing},
		{name: "expect what is a CSS selector", page: shop, steps: []step{expect(visible("#login", true))}, want: browser.ClassAssertion},
		{name: "a text with a stop", page: shop, steps: []step{click("Log in.now")}, want: missing},
		{name: "areas of an image", page: imageMap, steps: []step{click(css("area[shape=rect]")), click(by(browser.ByAlt, "Round")), said("rect circle"), click(css("#p")), where("/page/second")}},
		{name: "areas of an image that are links", page: `<img usemap="#map" src="/image/0" width="200" height="100" style="border:3px solid;padding:2px"><map name="map"><area shape="rect" coords="10,10,60,60" alt="Kitchen" href="#kitchen"><area shape="circle" coords="130,50,20" alt="Garden" aria-label="The garden" href="#garden"><area shape="poly" coords="160,10,190,10,190,90,160,90,160,80,185,80,185,20,160,20" alt="Bath" href="#bath"></map>`, steps: []step{
			expect(visible("Kitchen", true), count(role("link", ""), 3)), click("Kitchen"), where("#kitchen"), click(role("link", "The garden")), where("#garden"), click("Bath"), where("#bath"),
		}},
		{name: "area of an image that is hidden", page: imageMap + `<style>img{display:none}</style>`, steps: []step{click(css("#c"))}, want: blocked},
		{name: "click at a point of what begins between pixels", page: `<div style="position:absolute;left:57.625px;top:30.5px;width:60px;height:40px" onclick="say((event.clientX - this.offsetLeft) + ',' + (event.clientY - this.offsetTop))">Here</div>`, steps: []step{clickAt("Here", 3, 4), said("3,4")}},
		{name: "covered by a notice", page: `<div id="notice" style="position:fixed;inset:0"><p>We use cookies</p><button>Accept all</button></div><button>Pay</button>`, steps: []step{click("Pay")}, want: blocked},
		{name: "console that is about to be written to", page: `<button onclick="fetch('/status/503').then(r => { if (!r.ok) throw new Error('no stock') })">Buy</button>`, needs: browser.FeatureConsole, steps: []step{click("Buy"), expect(cleanConsole())}, want: browser.ClassAssertion},
		{name: "console that is clean while a picture never comes", page: `<img src="/image/hang">`, needs: browser.FeatureConsole | browser.FeatureNetwork, steps: []step{expect(cleanConsole())}},
	}
}
