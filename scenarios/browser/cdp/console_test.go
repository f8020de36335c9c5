package cdp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"trackwalker/scenarios/browser"
)

func TestConsole(t *testing.T) {
	web := site(t, map[string]string{"/": `<script>
		console.log("a %s %c100%% %x é%d", "b", "color: red", 1, null, undefined, {k: "v", n: [1]}, [1, "x"]); console.warn("careful"); console.debug("detail");
		console.error(new Error("bad")); console.assert(false, "not so"); console.info(NaN, -0, 10n, Symbol("s"), () => 1);
		setTimeout(() => { throw new TypeError("uncaught") });
		Promise.reject(new Error("unhandled"));
		fetch("/missing");
	</script><img src="/gone.png">`})
	s := open(t, shared.get())
	navigate(t, s, web.URL)
	want := []browser.ConsoleMessage{
		{Level: "info", Text: `a b 100% %x é1 null undefined {k: "v", n: Array(1)} [1, "x"]`},
		{Level: "info", Text: "NaN -0 10n Symbol(s) () => 1"},
		{Level: "warning", Text: "careful"},
		{Level: "debug", Text: "detail"},
		{Level: "error", Text: "Error: bad"},
		{Level: "error", Text: "not so"},
		{Level: "error", Text: "TypeError: uncaught"},
		{Level: "error", Text: "Error: unhandled"},
	}
	var all []browser.ConsoleMessage
	has := func(level, text, url string) bool {
		for _, m := range all {
			if m.Level == level && strings.Contains(m.Text, text) && strings.HasPrefix(m.URL, url) {
				return true
			}
		}
		return false
	}
	eventually(t, "the console", func() bool {
		all = s.ConsoleMessages()
		return has("error", "404", web.URL+"/missing") && has("error", "404", web.URL+"/gone.png") && has("error", "unhandled", "") && has("error", "uncaught", "")
	})
	for _, m := range want {
		if !has(m.Level, m.Text, web.URL) {
			t.Errorf("no %+v in %+v", m, all)
		}
	}
	eval[any](t, s, "say", "from the page script")
	eval[any](t, s, "sleep", 1)
	if all = s.ConsoleMessages(); has("error", "from the page script", "") {
		t.Error("the page script's own messages are told")
	}
}

func TestConsoleFlood(t *testing.T) {
	s := open(t, shared.get())
	navigate(t, s, site(t, map[string]string{"/": "x"}).URL)
	start := time.Now()
	script[any](t, s, `for (let i = 0; i < 10000; i++) console.log("message " + i, "x".repeat(3000)); console.error("the last")`)
	t.Logf("10,000 messages in %v", time.Since(start))
	var all []browser.ConsoleMessage
	eventually(t, "the last message", func() bool {
		all = s.ConsoleMessages()
		return all[len(all)-1].Text == "the last"
	})
	if len(all) != consoleMessages+1 {
		t.Errorf("%d messages are kept", len(all))
	}
	if !strings.HasPrefix(all[0].Text, "message 0 ") || len(all[0].Text) > consoleText+len("…") {
		t.Errorf("the first has %d bytes and begins %.30s", len(all[0].Text), all[0].Text)
	}
	if got := all[consoleMessages/2].Text; got != fmt.Sprintf("… %d messages were left out …", 10001-consoleMessages) {
		t.Errorf("in the middle: %s", got)
	}
	if got := all[consoleMessages/2+1].Text; !strings.HasPrefix(got, fmt.Sprintf("message %d ", 10001-consoleMessages/2)) {
		t.Errorf("after the gap: %.30s", got)
	}
}
