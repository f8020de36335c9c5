package cdp

import (
	"fmt"
	"testing"

	"trackwalker/scenarios/browser"
)

const inputPage = `<body style="margin:0">
<form onsubmit="log.push('submit ' + this.q.value); return false"><input id=q name=q value="old text"></form>
<textarea id=a></textarea><button id=b style="position:absolute;left:100px;top:200px;width:80px;height:40px">b</button>
<script>
var log = [];
for (const type of ["mousemove", "mousedown", "mouseup", "click", "dblclick", "contextmenu", "auxclick"])
	b.addEventListener(type, e => log.push([type, e.clientX, e.clientY, e.button, e.buttons, e.detail, e.shiftKey, e.isTrusted].join()));
document.addEventListener("keydown", e => log.push(["down", e.key, e.code, e.keyCode, e.ctrlKey, e.shiftKey, e.isTrusted].join()));
document.addEventListener("keyup", e => log.push(["up", e.key, e.ctrlKey, e.shiftKey].join()));
document.addEventListener("input", e => log.push(["input", e.inputType, e.data].join()));
</script>`

func TestPointer(t *testing.T) {
	s := open(t, shared.get())
	navigate(t, s, site(t, map[string]string{"/": inputPage}).URL)
	ctx := testContext(t)
	p := browser.Point{X: 120, Y: 220}
	down := browser.PointerEvent{Kind: browser.PointerDown, At: p, Button: browser.ButtonLeft, Clicks: 1}
	up := browser.PointerEvent{Kind: browser.PointerUp, At: p, Button: browser.ButtonLeft, Clicks: 1}
	take := func() string {
		t.Helper()
		return fmt.Sprint(script[[]string](t, s, "return log.splice(0)"))
	}
	for _, c := range []struct {
		name   string
		events []browser.PointerEvent
		want   string
	}{
		{
			"click",
			[]browser.PointerEvent{{Kind: browser.PointerMove, At: p}, down, up},
			"[mousemove,120,220,0,0,0,false,true mousedown,120,220,0,1,1,false,true mouseup,120,220,0,0,1,false,true click,120,220,0,0,1,false,true]",
		},
		{
			"double click",
			[]browser.PointerEvent{down, up, {Kind: browser.PointerDown, At: p, Button: browser.ButtonLeft, Clicks: 2}, {Kind: browser.PointerUp, At: p, Button: browser.ButtonLeft, Clicks: 2}},
			"[mousedown,120,220,0,1,1,false,true mouseup,120,220,0,0,1,false,true click,120,220,0,0,1,false,true " +
				"mousedown,120,220,0,1,2,false,true mouseup,120,220,0,0,2,false,true click,120,220,0,0,2,false,true dblclick,120,220,0,0,2,false,true]",
		},
		{
			"right click with Shift",
			[]browser.PointerEvent{{Kind: browser.PointerDown, At: p, Button: browser.ButtonRight, Modifiers: []string{"Shift"}}, {Kind: browser.PointerUp, At: p, Button: browser.ButtonRight, Modifiers: []string{"Shift"}}},
			"[mousedown,120,220,2,2,1,true,true contextmenu,120,220,2,2,0,true,true mouseup,120,220,2,0,1,true,true auxclick,120,220,2,0,1,true,true]",
		},
		{
			"drag",
			[]browser.PointerEvent{down, {Kind: browser.PointerMove, At: browser.Point{X: 130, Y: 220}}, {Kind: browser.PointerUp, At: browser.Point{X: 130, Y: 220}, Button: browser.ButtonLeft}},
			"[mousedown,120,220,0,1,1,false,true mousemove,130,220,0,1,0,false,true mouseup,130,220,0,0,1,false,true click,130,220,0,0,1,false,true]",
		},
	} {
		if err := s.Pointer(ctx, c.events...); err != nil {
			t.Fatal(err)
		}
		if got := take(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if err := s.Pointer(ctx, browser.PointerEvent{Kind: browser.PointerMove, At: p, Modifiers: []string{"Hyper"}}); err == nil {
		t.Error("an unknown modifier was taken")
	}
	if err := s.Pointer(ctx, browser.PointerEvent{Kind: "jump"}); err == nil {
		t.Error("an unknown event was taken")
	}
}

func TestKeys(t *testing.T) {
	s := open(t, shared.get())
	navigate(t, s, site(t, map[string]string{"/": inputPage}).URL)
	ctx := testContext(t)
	press := func(chord ...string) {
		t.Helper()
		if err := s.Keys(ctx, chord...); err != nil {
			t.Fatalf("%v: %v", chord, err)
		}
	}
	value := func(id string) string {
		t.Helper()
		return script[string](t, s, "return document.getElementById('"+id+"').value")
	}
	script[any](t, s, "q.focus()")
	press("Control", "a")
	press("x")
	press("Shift", "y")
	press("Z")
	press("é")
	press("Space")
	press("!")
	if got := value("q"); got != "xYZé !" {
		t.Errorf("Control+a and typing gave %q", got)
	}
	press("Backspace")
	press("Home")
	press("Delete")
	press("ArrowRight")
	press("Shift", "End")
	press("Control", "c")
	press("End")
	press("Control", "v")
	if got := value("q"); got != "YZé Zé " {
		t.Errorf("editing gave %q", got)
	}
	press("Control", "A")
	if err := s.InsertText(ctx, "all at once €"); err != nil {
		t.Fatal(err)
	}
	if got := value("q"); got != "all at once €" {
		t.Errorf("InsertText gave %q", got)
	}
	press("Control", "z")
	if got := value("q"); got != "YZé Zé " {
		t.Errorf("undo gave %q", got)
	}
	script[any](t, s, "log.length = 0")
	press("Enter")
	if got := fmt.Sprint(script[[]string](t, s, "return log.splice(0)")); got != "[down,Enter,Enter,13,false,false,true submit YZé Zé  up,Enter,false,false]" {
		t.Errorf("Enter gave %s", got)
	}
	press("Tab")
	press("Enter")
	press("a")
	press("Tab")
	press("Shift", "Tab")
	if got := script[[]string](t, s, "return [document.activeElement.id, a.value]"); fmt.Sprint(got) != "[a \na]" {
		t.Errorf("Tab, Enter, a, Tab, Shift+Tab gave %q", got)
	}
	script[any](t, s, "log.length = 0")
	press("Control", "Shift", "F2")
	want := "[down,Control,ControlLeft,17,true,false,true down,Shift,ShiftLeft,16,true,true,true down,F2,F2,113,true,true,true up,F2,true,true up,Shift,true,false up,Control,false,false]"
	if got := fmt.Sprint(script[[]string](t, s, "return log.splice(0)")); got != want {
		t.Errorf("Control+Shift+F2:\n got %s\nwant %s", got, want)
	}
	for _, name := range []string{"Escape", "ArrowUp", "ArrowDown", "ArrowLeft", "PageUp", "PageDown", "F1", "F12", "Alt", "Meta", "Insert"} {
		press(name)
		if got := script[[]string](t, s, "return log.splice(0)"); len(got) < 1 || got[0][:len("down,"+name)] != "down,"+name {
			t.Errorf("%s gave %v", name, got)
		}
	}
	if err := s.Keys(ctx, "Return"); err == nil {
		t.Error("an unknown key was taken")
	}
}

// After a click or a key, pages that wait for idle time get it.
func TestIdleTimeAfterInput(t *testing.T) {
	s := open(t, shared.get())
	navigate(t, s, site(t, map[string]string{"/": inputPage}).URL)
	idle := func(after string) {
		t.Helper()
		for range 2 {
			if !script[bool](t, s, "return await new Promise(r => { requestIdleCallback(() => r(true)); setTimeout(r, 2000, false) })") {
				t.Fatalf("no idle time after %s", after)
			}
		}
	}
	for range 4 {
		script[any](t, s, "document.activeElement.blur()")
		click(t, s, "#b")
		settle(t, s)
		idle("a click")
		if err := s.Keys(testContext(t), "Tab"); err != nil {
			t.Fatal(err)
		}
		settle(t, s)
		idle("a key")
	}
}
