package source

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Secret says where a value is that is never printed, stored or shown. Its value is read when it is asked for.
type Secret struct {
	Name string
	Env  string // name of an environment variable, or
	File string // path, absolute or relative to the working directory; its last newline is dropped
	Line int
}

// SecretFields are the keys of a secret.
func SecretFields() []Field {
	return []Field{
		{Key: "env", Type: "text", Doc: "the environment variable that holds the value"},
		{Key: "file", Type: "text", Doc: "the file that holds the value; its last newline is dropped"},
	}
}

// Secret reads {env: NAME} or {file: PATH}; a relative path is taken from dir.
func (n *Node) Secret(name, dir string) Secret {
	if n.Kind == KindText || n.Kind == KindEmpty {
		n.Problem("a secret does not stand in the file: write {env: NAME} or {file: PATH}")
		return Secret{}
	}
	o := n.Object(SecretFields())
	s := Secret{Name: name, Env: o.Literal("env", ""), File: o.Literal("file", ""), Line: n.Line}
	if n.Kind == KindMap && o.Has("env") == o.Has("file") {
		n.Problem("a secret is either {env: NAME} or {file: PATH}")
	}
	if given := o.Get("env"); given != nil && !given.Wrong() && s.Env == "" {
		given.Problem("the name of an environment variable is missing, as {env: SHOP_PASSWORD}")
	}
	if given := o.Get("file"); given != nil && !given.Wrong() && s.File == "" {
		given.Problem("the path of a file is missing, as {file: /run/secrets/password}")
	}
	if s.File != "" && !filepath.IsAbs(s.File) {
		s.File = filepath.Join(dir, s.File)
	}
	return s
}

// ErrNotSet is the error of a secret that nobody gave a value.
var ErrNotSet = errors.New("not set")

// Reveal gives the value. The error wraps ErrNotSet, or says why the file could not be read.
func (s Secret) Reveal() (string, error) {
	if s.Env != "" {
		value := os.Getenv(s.Env)
		if value == "" {
			return "", fmt.Errorf("secret %s: environment variable %s is %w", s.Name, s.Env, ErrNotSet)
		}
		return value, nil
	}
	data, err := os.ReadFile(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("secret %s: file %s is %w: it does not exist", s.Name, s.File, ErrNotSet)
	}
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", s.Name, err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if value == "" {
		return "", fmt.Errorf("secret %s: file %s is %w: it is empty", s.Name, s.File, ErrNotSet)
	}
	return value, nil
}

// peek is Reveal where reading takes nothing away: not from a pipe.
func (s Secret) peek() (string, error) {
	if s.Env == "" {
		info, err := os.Stat(s.File)
		if err != nil || !info.Mode().IsRegular() || info.Size() > MaxBytes {
			return "", ErrNotSet
		}
	}
	return s.Reveal()
}

// LogValue keeps a secret's whereabouts out of logs as well.
func (s Secret) LogValue() slog.Value { return slog.StringValue("secret " + s.Name) }

// Redactor takes secrets out of text. Its zero value takes out nothing.
type Redactor struct {
	replacer *strings.Replacer
	forms    []string          // the longest first
	marks    map[string]string // what stands in place of a form
	loose    []loose
}

// loose is a secret as it may be written in URLs, or in other case.
type loose struct {
	re   *regexp.Regexp
	mark string
}

// NewRedactor takes out every value (name → value) in all the forms in which it may leave: as it is, URL- and JSON-encoded once
// or twice, HTML- and base64-encoded, also in the middle of a longer base64 text.
func NewRedactor(values map[string]string) Redactor {
	marks := map[string]string{} // form → what stands in its place
	var r Redactor
	for name, value := range values {
		if re := loosely(value); len(value) >= leastLoose && utf8.ValidString(value) && re != nil {
			r.loose = append(r.loose, loose{re, "[secret " + name + "]"})
		}
		for _, form := range forms(value) {
			marks[form] = "[secret " + name + "]"
		}
	}
	keys := make([]string, 0, len(marks))
	for form := range marks {
		keys = append(keys, form)
	}
	// The longest first: a secret that begins with another is taken out whole.
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, form := range keys {
		pairs = append(pairs, form, marks[form])
	}
	if len(pairs) == 0 {
		return Redactor{}
	}
	r.replacer, r.forms, r.marks = strings.NewReplacer(pairs...), keys, marks
	return r
}

// Text gives s without the secrets.
func (r Redactor) Text(s string) string {
	if r.replacer == nil {
		return s
	}
	s = r.replacer.Replace(s)
	for _, l := range r.loose {
		s = l.re.ReplaceAllLiteralString(s, l.mark)
	}
	return r.cutOff(s)
}

// leastLoose is the length from which on a secret is also looked for in other writing.
const leastLoose = 4

// leastCut is how many letters of a secret betray it where the rest was cut off.
const leastCut = 4

// cutOff takes out the beginnings of secrets that a shortened text ends with: before each ….
func (r Redactor) cutOff(s string) string {
	pieces := strings.Split(s, "…")
	for i, piece := range pieces[:len(pieces)-1] {
		best, mark := 0, ""
		for _, form := range r.forms {
			for n := min(len(form)-1, len(piece)); n >= leastCut && n > best; n-- {
				if strings.HasSuffix(piece, form[:n]) {
					best, mark = n, r.marks[form]
				}
			}
		}
		pieces[i] = piece[:len(piece)-best] + mark
	}
	return strings.Join(pieces, "…")
}

// forms gives the ways in which a value may be written.
func forms(value string) []string {
	if value == "" {
		return nil
	}
	all := []string{value}
	if len(value) < 4 {
		return all // encoded forms of so little are everywhere
	}
	for _, encode := range []func(string) string{url.QueryEscape, url.PathEscape, jsonPlain, jsonForHTML} {
		all = append(all, encode(value), encode(encode(value)))
	}
	all = append(all, inHTML(value)...)
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		all = append(all, base64Inside(encoding, value)...)
		if latin, fits := latin1(value); fits {
			all = append(all, base64Inside(encoding, latin)...) // btoa
		}
	}
	for line := range strings.SplitSeq(value, "\n") {
		if line = strings.TrimSpace(line); len(line) >= 8 && line != value {
			all = append(all, line) // a key of many lines leaves line by line
		}
	}
	return all
}

// inHTML gives value as pages are written: a browser that serialises one leaves quotes in text, writes double quotes in attributes
// as &quot;, and spaces that do not break as &nbsp;. Servers and libraries escape quotes each in their way.
func inHTML(value string) []string {
	var all []string
	for _, double := range []string{`"`, "&quot;", "&#34;", "&#x22;"} {
		for _, single := range []string{"'", "&#39;", "&#x27;", "&#039;", "&apos;"} {
			r := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, double, "'", single, "\u00a0", "&nbsp;")
			all = append(all, r.Replace(value))
		}
	}
	// In an attribute, browsers have long left < and > as they are.
	return append(all, strings.NewReplacer("&", "&amp;", `"`, "&quot;", "\u00a0", "&nbsp;").Replace(value))
}

// latin1 gives value with each character as the byte that it is in Latin-1, where it has nothing else.
func latin1(value string) (string, bool) {
	var all []byte
	for _, r := range value {
		if r > 0xff {
			return "", false
		}
		all = append(all, byte(r))
	}
	return string(all), true
}

// loosely matches value however a browser, JavaScript or a form writes it in a URL, and however CSS or a script changes its
// case: each character as it is, percent-encoded once or twice, and a space as +. Shorter values would match what they are not.
func loosely(value string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?i)")
	for _, r := range value {
		var encoded strings.Builder
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&encoded, "%%(?:25)?%02X", c)
		}
		b.WriteString("(?:" + regexp.QuoteMeta(string(r)) + "|" + encoded.String())
		switch r {
		case ' ':
			b.WriteString(`|\+|%2B`)
		case '\\':
			b.WriteString("|/")
		}
		b.WriteString(")")
	}
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil // longer than an expression can be: it is taken out as it is
	}
	return re
}

// jsonForHTML is JSON with the escapes for HTML.
func jsonForHTML(value string) string {
	quoted, err := json.Marshal(value)
	if err != nil {
		return value
	}
	return string(quoted[1 : len(quoted)-1])
}

// jsonPlain is JSON without the escapes for HTML.
func jsonPlain(value string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return value
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

// base64Inside gives the letters that value always makes in base64, whichever of the three alignments it falls on.
func base64Inside(encoding *base64.Encoding, value string) []string {
	var all []string
	for shift := range 3 {
		encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
		from := (shift*8 + 5) / 6
		to := (shift + len(value)) * 8 / 6
		if form := encoded[from:to]; len(form) >= 5 {
			all = append(all, form)
		}
	}
	return all
}

func list(words []string) string { return strings.Join(words, ", ") }
