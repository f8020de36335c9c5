package source

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Kind is the shape of a Node.
type Kind string

// The shapes, named for messages.
const (
	KindText  Kind = "text"
	KindEmpty Kind = "nothing"
	KindMap   Kind = "a map"
	KindList  Kind = "a list"
)

// Node is one value of a document, and where it stands. Its methods read it as what is wanted there; when it is something
// else they note a problem and give the zero value, so that reading goes on and finds the next one.
type Node struct {
	Line, Column int
	Kind         Kind
	Text         string // of KindText: exactly as written
	Quoted       bool
	Items        []*Node  // of KindList
	Pairs        []Pair   // of KindMap
	Outer        []string // keys that belong to the map around this one, and are told so when they stand in it

	doc     *Document
	raw     *yaml.Node
	comment *comment
	wrong   int // the reading of the document in which a problem was noted; see Document.Reread
}

// Pair is one key of a map with its value.
type Pair struct {
	Key          string
	Line, Column int
	Value        *Node
}

// Document gives the document that the node stands in.
func (n *Node) Document() *Document { return n.doc }

// Problem notes a problem at the node. When YAML took a part of its text for a comment, that is the problem.
func (n *Node) Problem(format string, args ...any) {
	if n.comment != nil && n.Kind == KindText {
		n.commented()
		return
	}
	n.wrong = n.doc.reading
	n.doc.At(n.Line, n.Column, format, args...)
}

// refuse notes that the node's value is not what is wanted here. What an argument brought is wrong where that is written.
func (n *Node) refuse(format string, args ...any) {
	n.wrong = n.doc.reading
	message := fmt.Sprintf(format, args...)
	at, names := n, n.doc.Names
	for a := names.argumentOf(n.Text); a != nil && a.Node != nil; a = names.argumentOf(a.Text) {
		at, names = a.Node, a.From
	}
	if at != n && at.Wrong() {
		return // told already
	}
	if at != n {
		message += fmt.Sprintf(" (%s:%d wants it so)", n.doc.Name, n.Line)
	}
	at.Problem("%s", message)
}

// Wrong reports whether a problem was noted at the node, so that no other follows from it.
func (n *Node) Wrong() bool { return n.wrong == n.doc.reading }

// Missing reports whether nothing is written where a value could stand.
func (n *Node) Missing() bool { return n.Kind == KindEmpty && n.comment == nil }

// Literal reads any scalar as text, exactly as written, without looking for references in it.
func (n *Node) Literal() string {
	switch {
	case n.Wrong():
	case n.Kind == KindEmpty && n.comment == nil:
		n.Problem("text is wanted here, and there is none: write it behind the colon, or \"\" for the empty text")
	case n.Kind != KindText && n.comment != nil:
		n.Problem("text is wanted here, and YAML takes %s for a comment: write it in quotes", n.comment.text)
	case n.Kind != KindText:
		n.Problem("text is wanted here, not %s%s", n.Kind, n.quoteCure())
	case n.comment != nil:
		n.commented()
	default:
		return n.Text
	}
	return ""
}

// commented notes that a part of the text is a comment to YAML: at the #, when the text spans lines.
func (n *Node) commented() {
	line, column := n.Line, n.Column
	if n.comment.line != line {
		line, column = n.comment.line, n.comment.column
	}
	n.wrong = n.doc.reading
	n.doc.At(line, column, "YAML takes %s for a comment: write the text in quotes, or put two spaces before the # and one after it", shorten(n.comment.text))
}

// Templated reads text that may hold references, and checks that each of them is defined.
func (n *Node) Templated() string {
	text := n.Literal()
	n.CheckReferences(text)
	return text
}

// CheckReferences notes a problem for every reference in text that is malformed or names nothing.
func (n *Node) CheckReferences(text string) {
	refs, err := References(text)
	if err != nil {
		n.Problem("%v", err)
	}
	var columns []int
	for i, ref := range refs {
		if n.doc.full() {
			return
		}
		if err := n.doc.Names.check(ref); err != nil {
			if columns == nil {
				columns = n.columnsOf(refs)
			}
			n.doc.At(n.Line, columns[i], "%v", err)
		}
	}
}

// columnsOf gives the places of the references in a text that stands on one line; in others, the place of the text.
func (n *Node) columnsOf(refs []Reference) []int {
	columns := make([]int, len(refs))
	rest, _ := n.doc.rest(n.Line, n.Column)
	column := n.Column
	for i, ref := range refs {
		head, tail, found := strings.Cut(rest, ref.String())
		if !found {
			columns[i], rest = n.Column, ""
			continue
		}
		columns[i] = column + utf8.RuneCountInString(head)
		column, rest = columns[i]+utf8.RuneCountInString(ref.String()), tail
	}
	return columns
}

// Resolved reads text whose references are known when the file is loaded: vars. They are resolved in it.
func (n *Node) Resolved() string {
	text, _ := n.known()
	return text
}

func (n *Node) known() (string, bool) {
	text := n.Literal()
	if n.Wrong() {
		return "", false
	}
	expanded, err := n.doc.Names.Resolve(text)
	if errors.Is(err, errFromCaller) {
		n.wrong = n.doc.reading // nothing follows from what is not known
		return "", false
	}
	if err != nil {
		n.refuse("%v", err)
		return "", false
	}
	return expanded, true
}

// Duration reads 800ms, 5s, 2m, 1d and their like. It is never negative.
func (n *Node) Duration() time.Duration {
	text, ok := n.known()
	if !ok {
		return 0
	}
	d, err := ParseDuration(text)
	if err != nil {
		n.refuse("%v", err)
	}
	return d
}

// maxDuration is as long as a hundred years.
const maxDuration = 36500 * 24 * time.Hour

// ParseDuration reads a duration as Go writes it, and days. It is never negative.
func ParseDuration(text string) (time.Duration, error) {
	if strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("%q is no duration: one is never negative", text)
	}
	if regexp.MustCompile(`\d\.\d*d`).MatchString(text) {
		return 0, fmt.Errorf("%q is no duration: days are whole; write the rest in hours, as 1d12h", text)
	}
	rest := text
	var days time.Duration
	if m := regexp.MustCompile(`^(\d{1,5})d`).FindStringSubmatch(text); m != nil {
		count, _ := strconv.Atoi(m[1])
		days = time.Duration(count) * 24 * time.Hour
		rest = strings.TrimPrefix(text, m[0])
		if rest == "" {
			rest = "0s"
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 {
		cure := "800ms, 5s, 2m, 1h30m or 7d"
		if _, numeric := strconv.ParseFloat(text, 64); numeric == nil {
			cure = text + "s or " + text + "ms"
		}
		return 0, fmt.Errorf("%q is no duration: write it with its unit, as %s", text, cure)
	}
	if d > maxDuration-days {
		return 0, fmt.Errorf("%q is too long: the longest duration is 36500d", text)
	}
	return days + d, nil
}

// Int reads a whole number that is not below least.
func (n *Node) Int(least int) int {
	text, ok := n.known()
	if !ok {
		return least
	}
	i, err := strconv.Atoi(text)
	if err != nil {
		n.refuse("a whole number is wanted here, not %q", text)
		return least
	}
	if i < least {
		n.refuse("%d is too small: the least is %d", i, least)
		return least
	}
	return i
}

// Float reads a number.
func (n *Node) Float() float64 {
	text, ok := n.known()
	if !ok {
		return 0
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		n.refuse("a number is wanted here, not %q", text)
	}
	return f
}

// Bool reads true or false.
func (n *Node) Bool() bool {
	text, ok := n.known()
	if ok && text != "true" && text != "false" {
		n.refuse("true or false is wanted here, not %q", text)
	}
	return text == "true"
}

// OneOf reads one of a few words.
func (n *Node) OneOf(words ...string) string { return n.OneOfOr("", words...) }

// OneOfOr is OneOf with what to do when it is none of them.
func (n *Node) OneOfOr(cure string, words ...string) string {
	text, ok := n.known()
	if !ok {
		return ""
	}
	if slices.Contains(words, text) {
		return text
	}
	if cure != "" {
		cure = "; " + cure
	}
	n.refuse("%q is none of: %s%s%s", text, strings.Join(words, ", "), hint(nearest(text, slices.Values(words))), cure)
	return ""
}

// List gives the items of a list. A single value that is no list is a problem.
func (n *Node) List() []*Node {
	if n.Kind == KindText && len(n.Text) < 60 {
		n.Problem("a list is wanted here: write it in brackets, as [%s]", n.Text)
		return nil
	}
	if n.Kind != KindList {
		n.Problem("a list is wanted here, not %s: begin each item with - on a line of its own", n.Kind)
		return nil
	}
	return n.Items
}

// Strings reads a list of texts, or a single one.
func (n *Node) Strings() []string {
	if n.Kind != KindList {
		return []string{n.Templated()}
	}
	var all []string
	for _, item := range n.Items {
		all = append(all, item.Templated())
	}
	return all
}

// Map gives the keys of a map, whatever they are called.
func (n *Node) Map() []Pair {
	if n.Kind != KindMap {
		n.Problem("a map (key: value) is wanted here, not %s", n.Kind)
		return nil
	}
	return n.Pairs
}

// Any reads a value of any shape with YAML's own types: numbers stay numbers. References in its texts are checked.
func (n *Node) Any() any {
	switch n.Kind {
	case KindMap:
		m := map[string]any{}
		for _, p := range n.Pairs {
			m[p.Key] = p.Value.Any()
		}
		return m
	case KindList:
		list := []any{}
		for _, item := range n.Items {
			list = append(list, item.Any())
		}
		return list
	case KindEmpty:
		return nil
	default:
		if n.Quoted {
			return n.Templated()
		}
		switch n.raw.Tag {
		case "!!int", "!!float", "!!bool", "!!null":
			var v any
			if err := n.raw.Decode(&v); err == nil {
				return v
			}
		}
		return n.Templated()
	}
}

func (n *Node) quoteCure() string {
	if n.raw != nil && n.Kind == KindMap && n.raw.Style&yaml.FlowStyle != 0 {
		return ": write text that begins with { in quotes"
	}
	return ""
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// String gives the value as a person would write it on one line, without quotes and comments.
func (n *Node) String() string {
	switch n.Kind {
	case KindMap:
		parts := make([]string, len(n.Pairs))
		for i, p := range n.Pairs {
			parts[i] = p.Key + ": " + p.Value.String()
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case KindList:
		parts := make([]string, len(n.Items))
		for i, item := range n.Items {
			parts[i] = item.String()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case KindEmpty:
		return ""
	default:
		return strings.Join(strings.Fields(n.Text), " ")
	}
}
