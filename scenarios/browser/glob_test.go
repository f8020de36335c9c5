package browser_test

import (
	"strings"
	"testing"

	"trackwalker/scenarios/browser"
)

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		glob, s string
		want    bool
	}{
		{"https://a.example/x", "https://a.example/x", true},
		{"https://a.example/x", "https://a.example/xy", false},
		{"https://a.example/x", "https://a.example/", false},
		{"*", "", true},
		{"*", "anything/at?all", true},
		{"", "", true},
		{"", "x", false},
		{"*/cart?id=*", "https://a.example/cart?id=7", true},
		{"*/cart?id=*", "https://a.example/cartXid=7", false}, // ? is itself
		{"*[1]", "a[1]", true},
		{"*[1]", "a1", false},
		{`*\d`, `x\d`, true},
		{"ab*ba", "aba", false}, // no character serves twice
		{"ab*ba", "abba", true},
		{"*a*b*a*", "xaxbxax", true},
		{"*a*b*a*", "xaxxax", false},
		{"**.png", "/x.png", true},
		{"*.png", "/x.PNG", false},
		{strings.Repeat("*a", 50) + "*b", strings.Repeat("a", 10000), false}, // without trying everything
	} {
		if got := browser.MatchGlob(c.glob, c.s); got != c.want {
			t.Errorf("%q covers %.40q: %v", c.glob, c.s, got)
		}
	}
}
