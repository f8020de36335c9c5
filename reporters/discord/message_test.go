package discord

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzFit: the text is what it was, or its beginning, and nothing in it means anything to Markdown.
func FuzzFit(f *testing.F) {
	f.Add("a*b_c <@1>", 7)
	f.Add(strings.Repeat("\\", 10), 5)
	f.Add("🚂`", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		s = strings.ToValidUTF8(s, "")
		limit = 1 + (limit&0xff)%100
		got := fit(s, limit)
		if n := utf8.RuneCountInString(got); n > limit {
			t.Errorf("%d characters, more than %d: %q", n, limit, got)
		}
		escapes := regexp.MustCompile(`\\([\\` + "`" + `*_~|<>\[\]()#\-:@])`)
		if rest := escapes.ReplaceAllString(got, ""); strings.ContainsAny(rest, special) {
			t.Errorf("an escape is cut or missing: %q", got)
		}
		shown := escapes.ReplaceAllString(got, "$1")
		if begin, cut := strings.CutSuffix(shown, "…"); shown != s && (!cut || !strings.HasPrefix(s, begin)) {
			t.Errorf("%q shows %q", s, shown)
		}
	})
}
