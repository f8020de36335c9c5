package browsertest

import "trackwalker/scenarios/browser"

// framed gives a locator inside frames, the outermost first: a text is a CSS selector.
func framed(what any, frames ...any) browser.Locator {
	path := make([]browser.Locator, len(frames))
	for i, f := range frames {
		if s, is := f.(string); is {
			f = css(s)
		}
		path[i] = named(f)
	}
	return browser.Scope{}.Inside(path, nil).Locator(named(what))
}

func frameCases() []suiteCase {
	const frame = `<iframe id="pay" src="/site/pay.html"></iframe>`
	const other = `<iframe id="pay" src="http://other.test/site/pay.html"></iframe>`
	const banner = `<div id="cookie-banner" style="position:fixed;inset:0;background:#ccc">Cookies</div>`
	const tall = `<div style="height:3000px"></div>`
	pay := func(what any) browser.Locator { return framed(what, "#pay") }
	paid := expect(equals(pay(css("#log")), "paid 4111"))
	plays := []step{
		fill(pay("Card number"), "4111"), choose(pay("Bank"), "Green"), check(pay("Keep my card")), click(pay("Pay now")), paid,
		expect(value(pay("Card number"), "4111"), value(pay(css("#bank")), "Green"), checked(pay("Keep my card"), true), visible(pay("Pay now"), true), count(pay(css("input")), 2, 2)),
		reads(pay(css("#log")), browser.Text, "", "paid 4111"),
	}
	enters := []step{fill(pay("Card number"), "4111"), click(pay("Pay now")), paid}
	blocked := browser.ClassNotActionable
	return []suiteCase{
		{name: "frame", page: frame, steps: plays},
		{name: "frame of another origin", page: other, steps: plays},
		{name: "frame without src", page: `<iframe id="pay"></iframe><script>const d = pay.contentDocument; d.body.innerHTML = '<button>Pay now</button><p id="log"></p>'; d.querySelector('button').onclick = () => d.getElementById('log').append('paid')</script>`, steps: []step{click(pay("Pay now")), expect(equals(pay(css("#log")), "paid"))}},
		{name: "frame by srcdoc", page: `<iframe id="pay" srcdoc="<button onclick=&quot;log.append('paid')&quot;>Pay now</button><p id=log></p>"></iframe>`, steps: []step{click(pay("Pay now")), expect(equals(pay(css("#log")), "paid"))}},
		{name: "frame in a sandbox", page: `<iframe id="pay" sandbox="allow-scripts" src="/site/pay.html"></iframe>`, steps: enters},
		{name: "frame as an object", page: `<object id="pay" data="/site/pay.html" type="text/html"></object>`, steps: enters},
		{name: "frame of a frameset", page: `<!doctype html><title>Old</title><frameset cols="50%,50%"><frame name="menu" src="/page/menu"><frame name="main" src="/site/pay.html"></frameset>`, steps: []step{fill(framed("Card number", `frame[name="main"]`), "4111"), click(framed("next", `frame[name="menu"]`)), expect(visible(framed(role("heading", "next"), `frame[name="menu"]`), true))}},
		{name: "frames in one another", page: `<iframe id="outer" src="/site/outer.html"></iframe>`, steps: []step{fill(framed("Card number", "#outer", "#inner"), "4111"), click(framed("Pay now", "#outer", "#inner")), expect(equals(framed(css("#log"), "#outer", "#inner"), "paid 4111"), visible(framed("Outer", "#outer"), true))}},
		{name: "frames of other origins in one another", page: `<iframe id="outer" src="http://other.test/site/outer.html?other" style="border:11px solid"></iframe>`, steps: []step{fill(framed("Card number", "#outer", "#inner"), "4111"), click(framed("Pay now", "#outer", "#inner")), expect(equals(framed(css("#log"), "#outer", "#inner"), "paid 4111"))}},
		{name: "frames of one origin around another", page: `<iframe id="outer" src="/site/outer.html?other"></iframe>`, steps: []step{click(framed("Pay now", "#outer", "#inner")), expect(equals(framed(css("#log"), "#outer", "#inner"), "paid"))}},
		{name: "frame in a shadow root", page: `<my-pay></my-pay><script>document.querySelector('my-pay').attachShadow({mode: 'open'}).innerHTML = '<iframe id="pay" src="/site/pay.html"></iframe>'</script>`, steps: plays},
		{name: "frame with borders and padding", page: `<iframe id="pay" src="/site/pay.html" style="border:30px solid;padding:40px;margin:50px"></iframe>`, steps: plays},
		{name: "frame that is turned", page: `<div style="transform:translate(100px,100px) scale(.8);scale:1.5"><iframe id="pay" src="/site/pay.html" style="rotate:30deg;transform:skewX(10deg);border:10px solid"></iframe></div>`, steps: plays},
		{name: "frame that is zoomed", page: `<div style="zoom:1.5"><iframe id="pay" src="/site/pay.html" style="border:10px solid;padding:10px"></iframe></div>`, steps: plays},
		{name: "frame of another origin that is turned", page: `<iframe id="pay" src="http://other.test/site/pay.html" style="transform:rotate(20deg) scale(.9);border:10px solid;margin:100px"></iframe>`, steps: plays},
		{name: "frame below the fold", page: tall + `<iframe id="pay" src="/site/low.html"></iframe>` + tall, steps: []step{click(pay("Far below")), expect(equals(pay(css("#log")), "low"))}},
		{name: "frame of another origin below the fold", page: tall + `<iframe id="pay" src="http://other.test/site/low.html"></iframe>` + tall, steps: []step{click(pay("Far below")), expect(equals(pay(css("#log")), "low"))}},
		{name: "frame larger than the view", page: tall + `<iframe id="pay" src="http://other.test/site/low.html" style="height:6000px;width:3000px"></iframe>` + tall, steps: []step{click(pay("Far below")), expect(equals(pay(css("#log")), "low"))}},
		{name: "frame that comes late", page: later("300", `document.body.insertAdjacentHTML('beforeend', '`+frame+`')`), steps: plays},
		{name: "frame that goes elsewhere", page: other, steps: []step{click(pay("Terms")), click(pay("next")), expect(visible(pay(role("heading", "next")), true), url("/case/frame-that"))}},
		{name: "frame that is loaded again in the middle", page: frame + later("150", "pay.contentWindow.location.reload()") + later("300", "pay.contentWindow.location.reload()"), steps: []step{script("await new Promise(f => setTimeout(f, 100))"), expect(visible(pay("Nothing"), false)), click(pay("Pay now")), expect(visible(pay("Card number"), true))}},
		{name: "frame that is replaced", page: `<iframe id="pay" src="/page/wait"></iframe>` + later("300", `pay.outerHTML = '<iframe id="pay" src="http://other.test/site/pay.html"></iframe>'`), steps: plays},
		{name: "frame covered for a while", page: frame + banner + later("400", "document.getElementById('cookie-banner').remove()"), steps: enters},
		{name: "frame covered", page: frame + banner, steps: []step{click(pay("Pay now"))}, want: blocked},
		{name: "frame covered in the moment of the press", page: frame + `<div id="flash" style="display:none;position:fixed;inset:0">Flash</div><script>pay.onload = () => pay.contentWindow.addEventListener('mousemove', () => { flash.style.display = 'block'; setTimeout(() => flash.remove(), 300) }, true)</script>`, steps: []step{click(pay("Pay now")), expect(equals(pay(css("#log")), "paid"))}},
		{name: "frame that is hidden", page: `<iframe id="pay" src="/site/pay.html" style="visibility:hidden"></iframe>`, steps: []step{click(pay("Pay now"))}, want: blocked},
		{name: "frame that moves, then rests", page: `<style>@keyframes go{to{transform:translateX(300px)}}</style><iframe id="pay" src="/site/pay.html" style="animation:go 600ms linear 1 forwards"></iframe>`, steps: enters},
		{name: "frame that moves for ever", page: `<style>@keyframes go{to{transform:translateX(300px)}}</style><iframe id="pay" src="/site/pay.html" style="animation:go 2s linear infinite alternate"></iframe>`, steps: []step{click(pay("Pay now"))}, want: blocked},
		{name: "disabled in a frame", page: `<iframe id="pay" srcdoc="<button disabled>Pay now</button>"></iframe>`, steps: []step{click(pay("Pay now"))}, want: blocked},
		{name: "frame that is missing", page: frame, steps: []step{click(framed("Pay now", "#bill"))}, want: browser.ClassNotFound},
		{name: "frame that is missing, and there is none", page: `<p>text</p>`, steps: []step{click(framed("Pay now", "#bill"))}, want: browser.ClassNotFound},
		{name: "frame that is none", page: frame + `<div id="box">Box</div>`, steps: []step{click(framed("Pay now", "#box"))}, want: browser.ClassNotFound},
		{name: "frame as it is called", page: `<h2 id="h">Bank</h2><iframe src="/page/other" title="Advert"></iframe><iframe src="http://other.test/site/outer.html" title="Payment"></iframe><iframe aria-labelledby="h" src="/page/bank"></iframe>`, steps: []step{
			click(framed("Pay now", named("payment"), named("inner"))), expect(equals(framed(css("#log"), named("Payment"), named("Inner")), "paid"), visible(framed(role("heading", "bank"), named("Bank")), true)),
		}},
		{name: "frame by its name or id", page: `<iframe name="frame-top" src="/page/top"></iframe><iframe id="mce_0_ifr" src="/page/editor"></iframe><iframe id="mce_0_ifr_2" src="/page/second"></iframe>`, steps: []step{
			expect(visible(framed(role("heading", "top"), named("frame-top")), true), visible(framed(role("heading", "editor"), named("mce_0_ifr")), true)), click(framed("next", named("mce"))),
		}, want: browser.ClassAmbiguous},
		{name: "frame that is called otherwise", page: `<iframe title="Payment" src="/site/pay.html"></iframe>`, steps: []step{click(framed("Pay now", named("Checkout")))}, want: browser.ClassNotFound},
		{name: "frame that is loaded when it comes near", page: tall + tall + tall + `<iframe id="pay" loading="lazy" src="/site/pay.html"></iframe>` + tall, steps: enters},
		{name: "frame of another origin that is loaded when it comes near", page: tall + tall + tall + `<iframe id="pay" loading="lazy" src="http://other.test/site/pay.html"></iframe>` + tall, steps: []step{expect(visible(pay("Pay now"), true)), click(pay("Pay now"))}},
		{name: "missing, and a frame does not answer", page: `<iframe id="ad" src="http://other.test/hang"></iframe><h1>Shop</h1>`, steps: []step{click("Shop now")}, want: browser.ClassNotFound},
		{name: "frame of two", page: `<iframe src="/page/a"></iframe><iframe src="/page/b"></iframe>`, steps: []step{click(framed("next", "iframe"))}, want: browser.ClassAmbiguous},
		{name: "frame by its number", page: `<iframe src="/page/a"></iframe><iframe src="/page/b"></iframe>`, steps: []step{expect(visible(framed("b", nth(css("iframe"), 1)), true), visible(framed(role("heading", "a"), nth(css("iframe"), 0)), true))}},
		{name: "missing in a frame", page: frame, steps: []step{click(pay("Pay later"))}, want: browser.ClassNotFound},
		{name: "missing in a frame of another origin", page: other, steps: []step{expect(visible(pay("Paid"), true))}, want: browser.ClassAssertion},
		{name: "missing on the page, and it is in a frame", page: frame, steps: []step{click("Pay now")}, want: browser.ClassNotFound},
		{name: "missing on the page, and it is in a frame of another origin", page: `<iframe src="/page/first"></iframe><iframe title="Safe payment" src="http://other.test/site/pay.html"></iframe>`, steps: []step{fill("Card number", "4111")}, want: browser.ClassNotFound},
		{name: "expected on the page, and it is in a frame", page: `<iframe src="/page/first"></iframe>` + `<iframe src="/site/pay.html"></iframe>`, steps: []step{expect(visible(text("Keep my card"), true))}, want: browser.ClassAssertion},
		{name: "not in a frame", page: frame, steps: []step{expect(visible(framed("Pay now", "#bill"), false), count(framed("Pay now", "#bill"), 0, 0), visible(pay("Pay later"), false)), expect(visible(pay("Pay now"), false))}, want: browser.ClassAssertion},
		{name: "expect in a frame that is missing", page: frame, steps: []step{expect(visible(framed("Pay now", "#bill"), true))}, want: browser.ClassAssertion},
		{name: "expect on the page and in a frame", page: frame + `<h1>Shop</h1>`, steps: []step{expect(visible("Shop", true), visible(pay("Pay now"), true), title("Awkward"), status(200), notTextIn("Shop", "#pay"), truthyIn("document.title === 'Pay'", "#pay")), expect(visible("Shop", true), visible(pay("Paid"), true))}, want: browser.ClassAssertion},
		{name: "text that a frame may not hold", page: frame, steps: []step{expect(notText("Keep my card")), expect(notTextIn("Keep my card", "#pay"))}, want: browser.ClassAssertion},
		{name: "in something in a frame", page: `<iframe id="pay" srcdoc="<ul><li>one <button>Buy</button></li><li>two <button onclick=&quot;this.textContent='bought'&quot;>Buy</button></li></ul>"></iframe>`, steps: []step{click(framed(in(named("Buy"), hasText(css("li"), "two")), "#pay")), expect(equals(framed(nth(css("button"), 1), "#pay"), "bought"))}},
		{name: "script in a frame", page: other, steps: []step{scriptIn("return document.title", `"Pay"`, "#pay")}},
		{name: "script in a frame that is missing", page: other, steps: []step{scriptIn("return 1", "1", "#bill")}, want: browser.ClassNotFound},
		{name: "type in a frame", page: other, steps: []step{click(pay("Card number")), typeText("41"), typeInto(pay("Card number"), "11"), expect(value(pay("Card number"), "4111"), focused(pay("Card number"), true)), press("Tab"), expect(focused(pay("Bank"), true))}},
		{name: "focus in one frame after another", page: `<input id="own">` + frame + `<iframe id="second" src="http://other.test/site/pay.html"></iframe>`, steps: []step{typeInto(pay("Card number"), "1"), typeInto(framed("Card number", "#second"), "2"), typeInto(css("#own"), "3"), typeInto(pay("Card number"), "4"), expect(value(pay("Card number"), "14"), value(framed("Card number", "#second"), "2"), value(css("#own"), "3"))}},
		{name: "hover and double click in a frame", page: `<iframe id="pay" srcdoc="<style>b{display:none}p:hover b{display:inline}</style><p>Menu <b ondblclick=&quot;log.append('twice')&quot;>Lamps</b></p><i id=log></i>"></iframe>`, steps: []step{hover(pay("Menu")), doubleClick(pay("Lamps")), expect(equals(pay(css("#log")), "twice"))}},
		{name: "click at a point in a frame", page: `<iframe id="pay" style="border:20px solid" srcdoc="<body style='margin:0'><canvas width=200 height=100 onclick=&quot;log.append(event.offsetX + ',' + event.offsetY)&quot;></canvas><p id=log></p>"></iframe>`, steps: []step{clickAt(pay(css("canvas")), 30, 40), expect(equals(pay(css("#log")), "30,40"))}},
		{name: "drag in a frame", page: `<iframe id="pay" style="width:500px;height:300px" srcdoc="` + attributed(slider) + `"></iframe>`, steps: []step{drag(pay("Handle"), pay("Goal")), expect(truthyIn("document.getElementById('handle').offsetLeft > 250", "#pay"))}},
		{name: "upload in a frame", page: `<iframe id="pay" src="http://other.test/site/upload.html"></iframe>`, steps: []step{upload(pay("Photo"), "pay.html"), expect(equals(pay(css("#log")), "pay.html"))}},
		{name: "picture of what is in a frame", page: `<div style="height:2000px"></div>` + `<iframe id="pay" src="http://other.test/site/low.html" style="border:10px solid"></iframe>`, steps: []step{screenshot(browser.PictureOptions{Of: new(pay("Far below"))}), screenshot(browser.PictureOptions{Full: true, Mask: []browser.Locator{pay("Far below"), framed("Pay", "#bill")}})}},
		{name: "masked in a frame", page: other, steps: []step{coveredIn(browser.PictureOptions{Of: new(pay(css("#card"))), Mask: []browser.Locator{pay("Card number")}})}},
		{name: "secret in a frame", page: other, steps: []step{fillSecret(pay("Card number"), "4111"), coveredIn(browser.PictureOptions{Of: new(pay(css("#card")))}), typeSecret(pay("Card number"), "2"), coveredIn(browser.PictureOptions{Of: new(pay(css("#card")))}), script("pay.remove()"), screenshot(browser.PictureOptions{})}},
	}
}
