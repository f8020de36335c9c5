package cdp

import (
	"testing"

	"trackwalker/scenarios/browser"
)

func TestTap(t *testing.T) {
	web := site(t, map[string]string{"/": `<button style="margin:50px">tap</button><script>
		var seen = [];
		for (const type of ["touchstart", "touchend", "pointerdown", "click"])
			document.querySelector("button").addEventListener(type, e => seen.push(type + (e.pointerType ? " " + e.pointerType : "") + (e.isTrusted ? "" : " untrusted")));
	</script>`})
	s := open(t, shared.get(), func(o *browser.Options) { o.Uses = browser.FeatureTouch })
	navigate(t, s, web.URL)
	if err := s.Tap(testContext(t), at(t, s, "button")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the click", func() bool {
		return script[string](t, s, `return seen.join()`) == "pointerdown touch,touchstart,touchend,click touch"
	})
	if !script[bool](t, s, `return "ontouchstart" in window && navigator.maxTouchPoints > 0`) {
		t.Error("the page does not see that there is a touch screen")
	}
}
