package source_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios/source"
)

func TestExpand(t *testing.T) {
	lookup := func(ref source.Reference) (string, error) {
		if ref.Name == "missing" {
			return "", errors.New("missing")
		}
		return "<" + ref.Name + "|" + ref.Argument + ">", nil
	}
	for text, want := range map[string]string{
		"":                        "",
		"plain":                   "plain",
		"${a}":                    "<a|>",
		"x${a}y${b.c}z":           "x<a|>y<b.c|>z",
		"${now:15:04 Mon}":        "<now|15:04 Mon>",
		"$${a}":                   "${a}",
		"$$${a}":                  "$${a}",
		"costs $5 and {a}":        "costs $5 and {a}",
		"${a}$${b}${c}":           "<a|>${b}<c|>",
		"ü${a}ü":                  "ü<a|>ü",
		"${missing}":              "error",
		"${}":                     "error",
		"${a b}":                  "error",
		"${a":                     "error",
		"what is not closed ${a ": "error",
	} {
		got, err := source.Expand(text, lookup)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q gives %q, want %q (%v)", text, got, want, err)
		}
	}
}

// FuzzExpand: what a reference gives is never looked at again, and text without references stays as it is.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"${a}", "$${a}", "a${b:c}d", "${", "}", "$$$${x}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := source.Expand(text, func(source.Reference) (string, error) { return "${x}", nil })
		refs, referr := source.References(text)
		if (err == nil) != (referr == nil) {
			t.Fatalf("Expand says %v, References %v", err, referr)
		}
		if err != nil {
			return
		}
		if !strings.Contains(text, "${") && got != text {
			t.Errorf("%q became %q", text, got)
		}
		if strings.Count(got, "${x}") < len(refs) {
			t.Errorf("%q has %d references and became %q", text, len(refs), got)
		}
	})
}

func TestVarsAreResolvedOnce(t *testing.T) {
	calls := 0
	vars := source.NewVars(map[string]string{"host": "h${n}", "base": "http://${host}", "self": "${self}"}, func(source.Reference) (string, error) {
		calls++
		return "1", nil
	})
	for range 2 {
		if got, err := vars.Value("base"); got != "http://h1" || err != nil {
			t.Errorf("base is %q, %v", got, err)
		}
	}
	if calls != 1 {
		t.Errorf("n was looked up %d times", calls)
	}
	if _, err := vars.Value("self"); err == nil {
		t.Error("a var that refers to itself has a value")
	}
}

// Long files are judged in little time: what is wrong is capped, and no value, line or chain of vars is gone through again
// and again.
func TestManyMistakes(t *testing.T) {
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"in one text":  {"a: \"" + strings.Repeat("${nope}", 100_000) + "\"", 1},
		"in one line":  {"[" + many("'${n%d}', ", 50_000) + "]", 1001},
		"in one file":  {many("- ${n%d}\n", 50_000), 1001},
		"all the same": {strings.Repeat("- ${nope}\n", 50_000), 1001},
	} {
		started := time.Now()
		d := source.Parse("f.yaml", []byte(c.text))
		d.Root.Any()
		if got := len(d.Problems()); got != c.want {
			t.Errorf("%s: %d problems, want %d", name, got, c.want)
		}
		_ = d.Problems().Error()
		if took := time.Since(started); took > 30*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
	names := source.NewNames()
	for i := range 30_000 {
		names.Vars[fmt.Sprint("v", i)] = fmt.Sprintf("${v%d}", i+1)
	}
	started := time.Now()
	for name := range names.Vars {
		if err := names.Circular(name); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("a chain of vars took %s", took)
	}
}

func TestVarsDoNotExplode(t *testing.T) {
	texts := map[string]string{"v0": "xxxxxxxxxx"}
	for i := 1; i < 40; i++ {
		last := "${v" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10)) + "}"
		texts["v"+string(rune('0'+i/10))+string(rune('0'+i%10))] = last + last
	}
	texts["v00"] = texts["v0"]
	if _, err := source.NewVars(texts, nil).Value("v39"); err == nil {
		t.Error("a text of 2^39 × 10 letters was made")
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"800ms": 800 * time.Millisecond, "5s": 5 * time.Second, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "1d12h": 36 * time.Hour, "0s": 0,
	} {
		if got, err := source.ParseDuration(text); got != want || err != nil {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "5 s", "-5s", "1.5d", "d", "1x", "99999999d", "36501d", "36500d1h", "999999d999999999h"} {
		if d, err := source.ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	for word, want := range map[string]string{
		"clik": " (did you mean click?)", "CLICK": " (did you mean click?)", "ecpect": " (did you mean expect?)", "goes": " (here can be: click, expect, goto)", "zzzzzz": " (here can be: click, expect, goto)",
	} {
		if got := source.DidYouMean(word, []string{"click", "expect", "goto"}); got != want {
			t.Errorf("%s:%s", word, got)
		}
	}
}

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte("12 34\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TRACKWALKER_TEST_SECRET", "geheim")
	for _, c := range []struct {
		secret source.Secret
		want   string
	}{
		{source.Secret{Name: "a", Env: "TRACKWALKER_TEST_SECRET"}, "geheim"},
		{source.Secret{Name: "b", File: file}, "12 34"},
	} {
		if got, err := c.secret.Reveal(); got != c.want || err != nil {
			t.Errorf("%s is %q, %v", c.secret.Name, got, err)
		}
	}
	for _, s := range []source.Secret{{Name: "c", Env: "TRACKWALKER_TEST_UNSET"}, {Name: "d", File: file + ".no"}} {
		if _, err := s.Reveal(); !errors.Is(err, source.ErrNotSet) {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestRedactorTakesEveryForm(t *testing.T) {
	const secret = `s3cr"t <&> pä/ss+w=rd`
	r := source.NewRedactor(map[string]string{"password": secret, "short": "ab"})
	quoted := jsonOf(t, secret)
	for name, text := range map[string]string{
		"as it is":    "typed " + secret + " into it",
		"query":       "https://x.test/?p=" + url.QueryEscape(secret),
		"path":        "https://x.test/" + url.PathEscape(secret),
		"json":        `{"p":` + quoted + `}`,
		"base64":      "Basic " + base64.StdEncoding.EncodeToString([]byte(secret)),
		"basic auth":  "Basic " + base64.StdEncoding.EncodeToString([]byte("ops:"+secret)),
		"basic auth2": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+secret+"!")),
		"component":   "https://x.test/?p=s3cr%22t%20%3C%26%3E%20p%C3%A4%2Fss%2Bw%3Drd",
		"url parser":  "https://x.test/?p=s3cr%22t%20%3C&%3E%20p%C3%A4/ss+w=rd",
		"lower case":  "https://x.test/?p=s3cr%22t%20%3c%26%3e%20p%c3%a4%2fss%2bw%3drd",
		"form":        "p=s3cr%22t+%3C%26%3E+p%C3%A4%2Fss%2Bw%3Drd",
		"browser":     "https://x.test/?p=s3cr%22t%20%3C%26%3e+p%c3%a4/ss%2Bw=rd",
		"upper case":  "HI S3CR\"T <&> PÄ/SS+W=RD",
		"cut off":     "the page says: Reset s3cr\"t <&…",
		"page":        `<p>s3cr"t &lt;&amp;&gt; pä/ss+w=rd</p>`,
		"attribute":   `<a title="s3cr&quot;t <&amp;> pä/ss+w=rd">`,
		"attribute2":  `<a title="s3cr&quot;t &lt;&amp;&gt; pä/ss+w=rd">`,
		"template":    `<a title="s3cr&#34;t &lt;&amp;&gt; pä/ss+w=rd">`,
		"url twice":   "https://x.test/?to=" + url.QueryEscape("/?p="+url.QueryEscape(secret)),
		"url twice2":  "https://x.test/?to=%2F%3Fp%3Ds3cr%2522t%2520%253C%2526%253E%2520p%25C3%25A4%252Fss%252Bw%253Drd",
		"json twice":  jsonOf(t, quoted),
		"json plain2": `"\"s3cr\\\"t <&> pä/ss+w=rd\""`,
		"btoa":        "Basic " + base64.StdEncoding.EncodeToString([]byte("s3cr\"t <&> p\xe4/ss+w=rd")),
		"btoa inside": "Basic " + base64.StdEncoding.EncodeToString([]byte("ops:s3cr\"t <&> p\xe4/ss+w=rd")),
		"url base64":  base64.URLEncoding.EncodeToString([]byte("x" + secret)),
	} {
		got := r.Text(text)
		if !strings.Contains(got, "[secret password]") || strings.Contains(got, "s3cr") {
			t.Errorf("%s: %s", name, got)
		}
		for _, form := range []string{secret, quoted, url.QueryEscape(secret)} {
			if strings.Contains(got, form) {
				t.Errorf("%s: %q is left in %s", name, form, got)
			}
		}
	}
	if got := r.Text("cab"); got != "c[secret short]" {
		t.Errorf("a short secret: %s", got)
	}
	if got := (source.Redactor{}).Text("all stays"); got != "all stays" {
		t.Error(got)
	}
}

func jsonOf(t *testing.T, value string) string {
	t.Helper()
	quoted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

// FuzzRedactor: no secret of some length comes through, in whichever company.
func FuzzRedactor(f *testing.F) {
	f.Add("hunter2hunter2", "before ", " after")
	f.Add("a\nb c d e f", "\"", "%")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < 4 || strings.Contains("[secret x]", secret) || strings.Contains(secret, "[secret") {
			t.Skip()
		}
		r := source.NewRedactor(map[string]string{"x": secret})
		if got := r.Text(secret); strings.Contains(got, secret) {
			t.Errorf("%q came through as %q", secret, got)
		}
		mark := before + secret + after
		if got := r.Text(mark); len(strings.ReplaceAll(got, "[secret x]", "")) > len(mark)-len(secret)+len("[secret x]") && strings.Contains(got, secret) {
			t.Errorf("%q came through as %q", mark, got)
		}
	})
}

func TestShowPutsTheCaretUnderThePlace(t *testing.T) {
	doc := source.Parse("a.yaml", []byte("ü: x\nkey:   y\n"))
	doc.At(2, 8, "no")
	doc.At(1, 4, "first")
	want := "a.yaml:1:4: first\n    1 | ü: x\n      |    ^\na.yaml:2:8: no\n    2 | key:   y\n      |        ^"
	if diff := cmp.Diff(want, doc.Problems().Error()); diff != "" {
		t.Error(diff)
	}
}

// What is wrong with a file as a whole is told with its place, which the YAML library does not always say.
func TestUnreadable(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		bomb += fmt.Sprintf("a%d: &a%[1]d [%s*a%d]\n", i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 8), i)
	}
	for text, want := range map[string]string{
		"a: b\r\nü: \"x\x00y\"\n":   "f.yaml:2:6: a text file has no character U+0000: delete it, or save the file as UTF-8\n    2 | ü: \"x\ufffdy\"\n      |      ^",
		"a: \x1b[31m\n":             "f.yaml:1:4: a text file has no character U+001B: delete it, or save the file as UTF-8\n    1 | a: \ufffd[31m\n      |    ^",
		"a: b\u0085c: \x7f\n":       "f.yaml:2:4: a text file has no character U+007F",
		"a: \ufffe\n":               "f.yaml:1:4: a text file has no character U+FFFE",
		"\ufeffa: b\n\nü: ä\xffb\n": "f.yaml:3:5: this is not UTF-8: save the file as UTF-8\n    3 | ü: ä\ufffdb\n      |     ^",
		"\xfe\xff\x00a":             "f.yaml:1:1: this is not UTF-8",
		"a: &x [*x]\n":              "f.yaml:1:8: *x is an alias of what it stands in, which would contain itself: write out what is meant\n    1 | a: &x [*x]\n      |        ^",
		"a: &x\n  b: {c: [*x]}\n":   "f.yaml:2:11: *x is an alias of what it stands in",
		"a: &x [&y [1, *y]]\n":      "f.yaml:1:15: *y is an alias of what it stands in",
		bomb:                        "f.yaml:1:31: the file holds more than 100000 values, aliases written out: split it",
		"a: " + strings.Repeat("[", 70) + strings.Repeat("]", 70): "f.yaml:1:68: nested more than 64 deep",
		"a: " + strings.Repeat("x", source.MaxBytes):              "f.yaml: the file is larger than 1048576 bytes, which no flow needs: split it",
	} {
		problems := source.Parse("f.yaml", []byte(text)).Problems()
		if len(problems) != 1 || !strings.HasPrefix(problems.Error(), want) {
			t.Errorf("%.40q gives\n%.400s\nwant\n%s", text, problems.Error(), want)
		}
	}
	for _, text := range []string{
		"a: \ufffd\tb\n", "a: \"\\0\\e\"\n", "a: &x [1]\nb: [*x, *x]\nc: *x\n", "a: " + strings.Repeat("x", source.MaxBytes-3),
	} {
		if problems := source.Parse("f.yaml", []byte(text)).Problems(); strings.Contains(problems.Error(), "character") || strings.Contains(problems.Error(), "contain itself") || strings.Contains(problems.Error(), "larger") {
			t.Errorf("%.40q gives\n%.400s", text, problems.Error())
		}
	}
}

// FuzzParse: whatever the bytes, there is a document or a problem, and reading every value of it never panics.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: b", "- x\n- {a: b, c}", "a: &x [1]\nb: *x", "\xff", "a: |\n  b\n", "? [a]\n: b", "a: #b", "\ta: b", "a: !t b", "---\n---\n", "a: &x [*x]", "a: \x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := source.Parse("f.yaml", data)
		if doc.Root == nil {
			if len(doc.Problems()) == 0 {
				t.Fatal("neither a document nor a problem")
			}
			return
		}
		read(doc.Root)
		_ = doc.Problems().Error()
	})
}

func read(n *source.Node) {
	_ = n.String()
	_ = n.Any()
	n.Templated()
	n.Duration()
	for _, item := range n.Items {
		read(item)
	}
	for _, p := range n.Pairs {
		read(p.Value)
	}
}

// TestTOTP: the codes of RFC 6238, appendix B, of which the language shows the last six digits.
func TestTOTP(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		code, left, err := source.TOTP("otp", secret, time.Unix(at, 0))
		if code != want || err != nil || left != time.Duration(30-at%30)*time.Second {
			t.Errorf("at %d: %s, %s, %v", at, code, left, err)
		}
	}
	same, _, _ := source.TOTP("otp", "JBSWY3DPEHPK3PXPJA", time.Unix(0, 0))
	for _, written := range []string{"jbsw y3dp ehpk 3pxp ja", "JBSWY3DPEHPK3PXPJA======", " jbsw-y3dp-ehpk-3pxp-ja\n"} {
		if code, _, err := source.TOTP("otp", written, time.Unix(0, 0)); code != same || err != nil {
			t.Errorf("%q: %s, %v", written, code, err)
		}
	}
	for _, wrong := range []string{"", " ", "====", "hunter2!", "0189"} {
		if err := source.CheckTOTP("otp", wrong); err == nil || !strings.Contains(err.Error(), "the value of otp is no base32 text") || wrong != "" && wrong != " " && strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// A question mark inside a plain text is a part of it, in flow collections too (YAML 1.2, 7.3.3).
func TestQuestionMarks(t *testing.T) {
	for text, want := range map[string]string{
		"a: {text: Forgot password?}":           "Forgot password?",
		"a: {text: Really ?, b: c}":             "Really ?",
		"a: {text: http://x.test/?q=1&r=?}":     "http://x.test/?q=1&r=?",
		"a: {text: \"in quotes? yes\"}":         "in quotes? yes",
		"a:\n  text: Why?":                      "Why?",
		"a:\n  text: |-\n    What?\n    ? so":   "What?\n? so",
		"a: {text: \ue000 is mine?}":            "\ue000 is mine?",
		"a: {text: größer? 😀?, b: [c?, d?]}":    "größer? 😀?",
		"# really?\na: {text: a?b} # is it? no": "a?b",
	} {
		d := source.Parse("a.yaml", []byte(text))
		if d.Root == nil || len(d.Root.Pairs) != 1 {
			t.Errorf("%q: %v", text, d.Problems())
			continue
		}
		inner := d.Root.Pairs[0].Value
		if len(inner.Pairs) == 0 || inner.Pairs[0].Key != "text" || inner.Pairs[0].Value.Text != want {
			t.Errorf("%q gives %q, want %q", text, inner, want)
		}
	}
	for _, text := range []string{"? a\n: b", "{? a : b}", "[? a]"} {
		if d := source.Parse("a.yaml", []byte(text)); strings.Contains(d.Problems().Error(), "\ue000") {
			t.Errorf("%q: %v", text, d.Problems())
		}
	}
}
