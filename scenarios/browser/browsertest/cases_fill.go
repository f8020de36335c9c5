package browsertest

import (
	"strings"

	"trackwalker/scenarios/browser"
)

func fillCases() []suiteCase {
	blocked := browser.ClassNotActionable
	logged := func(input string) string {
		return input + `<script>for (const kind of ['focus','input','change']) document.querySelector('input,textarea,[contenteditable]').addEventListener(kind, e => say(kind))</script>`
	}
	one := func(kind string) string {
		return `<label>It <input type="` + kind + `"></label><script>for (const kind of ['input','change']) document.querySelector('input').addEventListener(kind, e => say(kind))</script>`
	}
	filled := func(kind, text string) suiteCase {
		return suiteCase{name: "fill " + kind, page: one(kind), steps: []step{fill("It", text), expect(value("It", text)), said("input change"), fill("It", ""), expect(value("It", ""))}}
	}
	all := []suiteCase{
		{name: "fill fires input and change", page: logged(`<input value="old">`), steps: []step{fill(css("input"), "new"), expect(value(css("input"), "new")), said("focus input change")}},
		{name: "fill with nothing", page: logged(`<input value="old">`), steps: []step{fill(css("input"), ""), expect(value(css("input"), "")), said("focus input change")}},
		{name: "fill a text area", page: logged(`<textarea>old</textarea>`), steps: []step{fill(css("textarea"), "one\ntwo"), expect(value(css("textarea"), "one\ntwo"))}},
		{name: "fill what is editable", page: logged(`<div contenteditable><p>old <b>text</b></p></div>`), steps: []step{fill(css("div"), "new text"), expect(equals(css("div"), "new text")), fill(css("div"), ""), expect(equals(css("div"), ""))}},
		{name: "fill what is editable by its name", page: `<div contenteditable role="textbox" aria-label="Message"></div>`, steps: []step{fill("Message", "hello"), expect(value("Message", "hello"))}},
		{name: "fill emoji, CJK and right to left", page: logged(`<input>`), steps: []step{fill(css("input"), "🛒 購入 شراء é"), expect(value(css("input"), "🛒 購入 شراء é"))}},
		{name: "fill a huge text", page: logged(`<textarea></textarea><script>const huge = 'lamp '.repeat(20000)</script>`), steps: []step{fill(css("textarea"), strings.Repeat("lamp ", 20000)), expect(truthy("document.querySelector('textarea').value === huge"))}},
		{name: "fill a range", page: `<label>It <input type="range" min="0" max="10"></label>`, steps: []step{fill("It", "7"), expect(value("It", "7")), fill("It", "11")}, want: blocked},
		{name: "fill a colour", page: `<label>It <input type="color"></label>`, steps: []step{fill("It", "#AABBCC"), expect(value("It", "#aabbcc")), fill("It", "red")}, want: blocked},
		{name: "fill a date wrongly", page: one("date"), steps: []step{fill("It", "24.12.2026")}, want: blocked},
		{name: "fill a time wrongly", page: one("time"), steps: []step{fill("It", "5 pm")}, want: blocked},
		{name: "fill a number wrongly", page: one("number"), steps: []step{fill("It", "three")}, want: blocked},
		{name: "fill what is read-only", page: `<label>It <input readonly></label>`, steps: []step{fill("It", "x")}, want: blocked},
		{name: "fill what is disabled", page: `<label>It <input disabled></label>`, steps: []step{fill("It", "x")}, want: blocked},
		{name: "fill what is no field", page: `<button>It</button>`, steps: []step{fill("It", "x")}, want: blocked},
		{name: "fill a list", page: `<label>It <select><option>a</select></label>`, steps: []step{fill("It", "a")}, want: blocked},
		{name: "fill a box", page: `<label>It <input type="checkbox"></label>`, steps: []step{fill("It", "a")}, want: blocked},
		{name: "fill what becomes editable", page: `<label>It <input readonly></label>` + later("300", "document.querySelector('input').readOnly = false"), steps: []step{fill("It", "x"), expect(value("It", "x"))}},
		{name: "fill what is covered", page: `<label>It <input></label><div style="position:fixed;inset:0"></div>`, steps: []step{fill("It", "x"), expect(value("It", "x"))}},
		{name: "fill up to maxlength", page: `<label>It <input maxlength="4"></label>`, steps: []step{fill("It", "1234"), expect(value("It", "1234")), fill("It", "123456")}, want: blocked},
		{name: "fill a field with a mask", page: `<label>Phone <input oninput="value = value.replace(/[^0-9]/g, '').replace(/(...)(?=.)/g, '$1-')"></label>`, steps: []step{fill("Phone", "123456789"), expect(value("Phone", "123-456-789"))}},
		{name: "fill by the label's text", page: `<label for="it">It</label><p></p><input id="it">`, steps: []step{fill(text("It"), "x"), expect(value(css("input"), "x"))}},
		{name: "fill by what is around the field", page: `<my-field><div><input></div></my-field>`, steps: []step{fill(css("my-field"), "x"), expect(value(css("input"), "x"))}},
		{name: "fill a field that is controlled", page: "/site/controlled.html", steps: []step{fill("Name", "Ada"), expect(visible(text("Hello, Ada!"), true), value("Name", "Ada")), fill("Day", "2026-12-24"), expect(visible(text("on 2026-12-24"), true), value("Day", "2026-12-24")), fill("Name", ""), expect(visible(text("Hello, nobody!"), true), value("Name", ""))}},
		{name: "fill what moves the focus when it is full", page: `<input id="a" maxlength="2" oninput="if (value.length === 2) b.focus()" onchange="say('a changed')"><input id="b" onchange="say('b changed')">`, steps: []step{fill(css("#a"), "12"), expect(value(css("#a"), "12"), equals(css("#log"), "a changed"), focused(css("#b"), true))}},
		{name: "fill in a shadow root", page: card, steps: []step{fill("Amount", "7"), expect(value("Amount", "7"))}},
	}
	for kind, text := range map[string]string{
		"text": "Ada", "email": "ada@shop.example", "password": "pässword", "search": "lamp", "tel": "+49 30 1", "url": "https://shop.example/", "number": "12.5",
		"date": "2026-12-24", "time": "17:30", "datetime-local": "2026-12-24T17:30", "month": "2026-12", "week": "2026-W52",
	} {
		all = append(all, filled(kind, text))
	}
	return all
}

func keyboardCases() []suiteCase {
	field := `<label>It <input value="old"></label>`
	complete := `<label>City <input onkeydown="say(key(event))" oninput="cities.hidden = value !== 'Ber'"></label><ul id="cities" hidden><li onmousedown="document.querySelector('input').value = 'Berlin'; cities.hidden = true">Berlin</li></ul><script>const key = e => e.key + (e.code ? '' : '!')</script>`
	return []suiteCase{
		{name: "type key by key", page: complete, steps: []step{focus("City"), typeText("Ber"), said("B e r"), click(text("Berlin")), expect(value("City", "Berlin"))}},
		{name: "type into a field", page: field, steps: []step{typeInto("It", " and new"), expect(value("It", "old and new"))}},
		{name: "type what no keyboard has", page: `<textarea></textarea>`, steps: []step{typeInto(css("textarea"), "Zoë 購 🛒\nB"), expect(value(css("textarea"), "Zoë 購 🛒\nB"))}},
		{name: "type capitals and signs", page: `<input onkeypress="say(event.key)">`, steps: []step{typeInto(css("input"), "aB!?~"), expect(value(css("input"), "aB!?~")), said("a B ! ? ~")}},
		{name: "press Enter submits", page: `<form action="/page/found"><input name="q"></form>`, steps: []step{fill(css("input"), "lamp"), press("Enter"), where("/page/found?q=lamp")}},
		{name: "press Control+A and type", page: field, steps: []step{focus("It"), press("Control", "A"), typeText("new"), expect(value("It", "new"))}},
		{name: "press Tab", page: `<input id="a"><button id="b">Two</button><input id="c">`, steps: []step{focus(css("#a")), press("Tab"), expect(focused(css("#b"), true), focused(css("#a"), false)), press("Tab"), expect(focused(css("#c"), true)), press("Shift", "Tab"), expect(focused(css("#b"), true))}},
		{name: "press Escape", page: `<dialog>Terms</dialog><script>document.querySelector('dialog').showModal()</script>`, steps: []step{expect(visible(text("Terms"), true)), press("Escape"), expect(visible(text("Terms"), false))}},
		{name: "press Space on a button", page: says("Go", "gone"), steps: []step{focus("Go"), press("Space"), said("gone"), press("Enter"), said("gone gone")}},
		{name: "press arrows", page: `<label><input type="radio" name="r" value="1"> One</label><label><input type="radio" name="r"> Two</label>`, steps: []step{check("One"), press("ArrowDown"), expect(checked("Two", true))}},
		{name: "press edits", page: field, steps: []step{focus("It"), press("End"), press("Backspace"), press("Home"), press("Delete"), expect(value("It", "l"))}},
		{name: "press with shortcuts of the page", page: `<script>addEventListener('keydown', e => { if (e.ctrlKey && e.key === 'k') { e.preventDefault(); say('palette') } if (e.key === 'F2') say('F2') })</script>`, steps: []step{press("Control", "k"), press("F2"), said("palette F2")}},
		{name: "press PageDown scrolls", page: `<div style="height:5000px"></div>`, steps: []step{press("PageDown"), expect(truthy("scrollY > 0"))}},
		{name: "press Enter on a link", page: `<a href="/page/second">Next</a>`, steps: []step{focus("Next"), press("Enter"), where("/page/second")}},
		{name: "clear what was typed", page: `<input>`, steps: []step{typeInto(css("input"), "typed"), fill(css("input"), ""), expect(value(css("input"), ""))}},
		{name: "focus what is missing", page: field, steps: []step{focus("Street")}, want: browser.ClassNotFound},
	}
}

func listCases() []suiteCase {
	blocked := browser.ClassNotActionable
	colours := `<label>Colour <select id="colour" onchange="say('change')" oninput="say('input')"><option value="r">Red</option><option value="g">Green</option><option value="b" disabled>Blue</option><option value="l">Light green</option></select></label>`
	several := `<label>Sizes <select id="sizes" multiple><option selected>S</option><option>M</option><option>L</option></select></label>`
	return []suiteCase{
		{name: "select by label", page: colours, steps: []step{choose(label("Colour"), "Green"), expect(value(label("Colour"), "g")), said("input change")}},
		{name: "select by a part of the label", page: colours, steps: []step{choose(label("Colour"), "light"), expect(value(label("Colour"), "l"))}},
		{name: "select by value", page: colours, steps: []step{chooseValue("Colour", "g"), expect(value(label("Colour"), "g"))}},
		{name: "select by index", page: colours, steps: []step{choose("Colour", 1), expect(value("Colour", "g")), choose("Colour", -1), expect(value("Colour", "l"))}},
		{name: "select several", page: several, steps: []step{choose("Sizes", "M", "L"), expect(truthy("[...sizes.selectedOptions].map(o => o.value).join() === 'M,L'"))}},
		{name: "select several of a list for one", page: colours, steps: []step{choose("Colour", "Red", "Green")}, want: blocked},
		{name: "select what is disabled", page: colours, steps: []step{choose("Colour", "Blue")}, want: blocked},
		{name: "select what is missing", page: colours, steps: []step{choose("Colour", "Purple")}, want: browser.ClassNotFound},
		{name: "select an index that is missing", page: colours, steps: []step{choose("Colour", 4)}, want: browser.ClassNotFound},
		{name: "select of an empty list", page: `<label>Colour <select></select></label>`, steps: []step{choose("Colour", "Red")}, want: browser.ClassNotFound},
		{name: "select what comes late", page: colours + later("300", "colour.append(new Option('Purple', 'p'))"), steps: []step{choose("Colour", "Purple"), expect(value("Colour", "p"))}},
		{name: "select of what is no list", page: `<label>Colour <input></label>`, steps: []step{choose("Colour", "Red")}, want: blocked},
		{name: "select of what is hidden", page: `<label>Colour <select style="display:none"><option>Red</select></label>`, steps: []step{choose(label("Colour"), "Red")}, want: blocked},
		{name: "select in a group", page: `<label>City <select><optgroup label="Germany"><option>Berlin</optgroup><optgroup label="Japan" disabled><option>Tokyo</optgroup></select></label>`, steps: []step{choose("City", "Berlin"), choose("City", "Tokyo")}, want: blocked},
		{name: "select that navigates", page: `<label>Language <select onchange="location.href = '/page/' + value"><option>English<option>Deutsch</select></label>`, steps: []step{choose("Language", "Deutsch"), where("/page/Deutsch")}},
		{name: "select redraws a second list", page: `<label>Country <select id="c"><option>DE<option>JP</select></label><label>City <select id="d"><option>Berlin</select></label><script>c.onchange = () => setTimeout(() => d.innerHTML = '<option>Tokyo', 200)</script>`, steps: []step{choose("Country", "JP"), choose("City", "Tokyo"), expect(value("City", "Tokyo"))}},
		{name: "select one that is built of other elements", page: `<div role="combobox" aria-label="Colour" aria-expanded="false" tabindex="0" onclick="list.hidden = false">Red</div><div id="list" role="listbox" hidden><div role="option" onclick="say('green'); list.hidden = true">Green</div></div>`, steps: []step{click("Colour"), click("Green"), said("green")}},
	}
}
