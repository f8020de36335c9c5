package browsertest

import (
	"html"

	"trackwalker/scenarios/browser"
)

// attributed makes HTML fit for an attribute, as srcdoc.
func attributed(s string) string { return html.EscapeString(s) }

// slider has a handle that follows the pointer once it has gone five pixels.
const slider = `<style>#bar{position:relative;width:400px;height:30px;background:#ddd}#handle{position:absolute;width:30px;height:30px;background:#999;touch-action:none}#goal{position:absolute;left:300px;width:60px;height:30px}</style>
<div id="bar"><div id="goal" aria-label="Goal" role="button"></div><div id="handle" role="slider" aria-label="Handle"></div></div>
<script>
let from = null, going = false;
handle.onpointerdown = e => { from = e.clientX; handle.setPointerCapture(e.pointerId) };
handle.onpointermove = e => {
	if (from === null || !going && Math.abs(e.clientX - from) < 5) return;
	going = true;
	handle.style.left = e.clientX - bar.getBoundingClientRect().left - 15 + 'px';
};
handle.onpointerup = () => { from = null; going = false };
</script>`

// sortable is a list whose entries are put in order with the mouse: the one that is held goes where the pointer is.
const sortable = `<style>#list li{height:40px;background:#eee;margin:4px;user-select:none}</style>
<ol id="list"><li>One</li><li>Two</li><li>Three</li><li>Four</li></ol>
<script>
let held = null, y = 0;
list.onmousedown = e => { held = e.target.closest('li'); y = e.clientY; e.preventDefault() };
onmousemove = e => {
	if (!held || Math.abs(e.clientY - y) < 4) return;
	const over = document.elementFromPoint(e.clientX, e.clientY)?.closest('li');
	if (!over || over === held) return;
	const after = over.compareDocumentPosition(held) & Node.DOCUMENT_POSITION_PRECEDING;
	over[after ? 'after' : 'before'](held);
};
onmouseup = () => { if (held) say([...list.children].map(li => li.textContent).join('')); held = null };
</script>`

// cart takes what is dropped on it, as HTML does that. Its drop zone shows only while something is dragged.
const cart = `<style>#zone{height:0;overflow:hidden;background:#efe}.dragging #zone{height:150px}</style>
<div id="zone">Cart</div><p id="lamp" draggable="true">Lamp</p><p id="fixed">Fixed</p>
<script>
lamp.ondragstart = e => { e.dataTransfer.setData('text/plain', 'lamp'); setTimeout(() => document.body.className = 'dragging'); say('start') };
zone.ondragover = e => e.preventDefault();
zone.ondrop = e => { e.preventDefault(); say('dropped:' + e.dataTransfer.getData('text/plain')) };
lamp.ondragend = e => { document.body.className = ''; say('end:' + e.dataTransfer.dropEffect) };
</script>`

func dragCases() []suiteCase {
	blocked := browser.ClassNotActionable
	return []suiteCase{
		{name: "drag a slider", page: slider, steps: []step{drag("Handle", "Goal"), expect(truthy("Math.abs(handle.offsetLeft - 315) < 3"))}},
		{name: "drag a slider up against the edge", page: slider + `<style>body{margin:0}</style>`, steps: []step{drag("Handle", "Goal"), expect(truthy("Math.abs(handle.offsetLeft - 315) < 3")), drag("Handle", css("#bar")), expect(truthy("Math.abs(handle.offsetLeft - 185) < 3"))}},
		{name: "drag in a list", page: sortable, steps: []step{drag("One", "Three"), said("TwoThreeOneFour"), drag("Four", "Two"), said("TwoThreeOneFour FourTwoThreeOne")}},
		{name: "drag and drop", page: cart, steps: []step{drag("Lamp", "Cart"), said("start dropped:lamp end:copy")}},
		{name: "drag to what takes nothing", page: cart, steps: []step{drag("Lamp", "Fixed"), expect(contains(css("#log"), "end:none"))}},
		{name: "drag below the fold", page: `<p id="lamp" draggable="true">Lamp</p><div style="height:3000px"></div><div id="zone" style="height:50px">Cart</div><script>lamp.ondragstart = e => e.dataTransfer.setData('text', 'lamp'); zone.ondragover = e => e.preventDefault(); zone.ondrop = e => { e.preventDefault(); say(e.dataTransfer.getData('text')) }</script>`, steps: []step{drag("Lamp", "Cart"), said("lamp")}},
		{name: "drag what is covered", page: cart + `<div id="banner" style="position:fixed;inset:0">Cookies</div>`, steps: []step{drag("Lamp", "Fixed")}, want: blocked},
		{name: "drag what is missing", page: cart, steps: []step{drag("Desk", "Cart")}, want: browser.ClassNotFound},
		{name: "drag to what is missing", page: sortable, steps: []step{drag("One", "Nine")}, want: browser.ClassNotFound},
		{name: "drag to what is hidden", page: sortable + `<p hidden>Bin</p>`, steps: []step{drag("One", text("Bin"))}, want: blocked},
	}
}
