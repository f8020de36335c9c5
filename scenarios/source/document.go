package source

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of one file. They stand far above what a person writes and far below what hurts.
const (
	MaxBytes = 1 << 20
	maxDepth = 64
	maxNodes = 100_000
)

// Document is one YAML file with what was found wrong in it so far.
type Document struct {
	Name     string // as in messages
	Root     *Node  // nil when the file could not be read as YAML
	Names    *Names // what references in it may name; the loader fills it while it reads
	problems Problems
	lines    []string
	reading  int // counted from 1
}

// Parse reads data as one YAML document. It always gives a Document; what is wrong is among its Problems.
func Parse(name string, data []byte) *Document {
	d := &Document{Name: name, Names: NewNames(), reading: 1}
	if len(data) > MaxBytes {
		d.whole("the file is larger than %d bytes, which no flow needs: split it", MaxBytes)
		return d
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	d.lines = lineBreak().Split(text, -1)
	if line, column, bad := invalidUTF8(text); bad {
		d.At(line, column, "this is not UTF-8: save the file as UTF-8")
		return d
	}
	d.parse(text)
	return d
}

// lineBreak matches where the YAML library ends a line: YAML 1.1 knows more breaks than 1.2.
func lineBreak() *regexp.Regexp { return regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]") }

func (d *Document) parse(text string) {
	mark := unused(text)
	decoder := yaml.NewDecoder(strings.NewReader(hideQuestions(text, mark)))
	var doc yaml.Node
	switch err := decode(decoder, &doc, mark); {
	case errors.Is(err, io.EOF):
		d.whole("the file is empty")
		return
	case err != nil:
		d.syntax(err)
		return
	}
	var second yaml.Node
	if err := decode(decoder, &second, mark); err == nil {
		d.At(max(second.Line, 1), max(second.Column, 1), "a second document begins here: one file is one document; move it to a file of its own")
	} else if !errors.Is(err, io.EOF) {
		d.syntax(err)
		return
	}
	if len(doc.Content) == 0 {
		d.whole("the file is empty")
		return
	}
	r := reader{doc: d}
	d.Root = r.node(doc.Content[0], 0)
	if r.nodes > maxNodes {
		d.Root = nil
	}
}

// decode is decoder.Decode with question marks shown again, and with a panic of the library, should there be one, as an error.
func decode(decoder *yaml.Decoder, node *yaml.Node, mark rune) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	err = decoder.Decode(node)
	showQuestions(node, mark)
	return err
}

// unused gives a character that text does not have, of those that Unicode leaves to private use.
func unused(text string) rune {
	mark := '\ue000'
	for strings.ContainsRune(text, mark) {
		mark++
	}
	return mark
}

// hideQuestions puts mark in place of each question mark inside a text. In {…} and […] the library ends a plain text at
// any of them, where YAML does not (https://yaml.org/spec/1.2.2/#733-plain-style); the one that stands before a complex key
// stays. Places do not move, for they are counted in characters.
func hideQuestions(text string, mark rune) string {
	var before, word rune // the character before, and the last that is no space, of the line
	return strings.Map(func(r rune) rune {
		starts := "[{,:-?" // what a complex key may stand behind, after a space
		if before == word {
			starts = "[{,"
		}
		hide := r == '?' && word != 0 && !strings.ContainsRune(starts, word)
		switch before = r; r {
		case '\n', '\r', '\u0085', '\u2028', '\u2029':
			before, word = 0, 0
		case ' ', '\t':
		default:
			word = r
		}
		if hide {
			return mark
		}
		return r
	}, text)
}

func showQuestions(node *yaml.Node, mark rune) {
	for _, s := range []*string{&node.Value, &node.Anchor, &node.Tag} {
		*s = strings.ReplaceAll(*s, string(mark), "?")
	}
	for _, n := range node.Content {
		showQuestions(n, mark)
	}
}

// Problems gives all that was found wrong, in order.
func (d *Document) Problems() Problems { return d.problems.Sorted() }

// Reread makes the document be read once more, with other names, as if nothing had been found wrong in what it says.
func (d *Document) Reread(names *Names) {
	d.Names = names
	d.reading++
}

// At notes a problem at a place.
func (d *Document) At(line, column int, format string, args ...any) {
	p := Problem{File: d.Name, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
	if line >= 1 && line <= len(d.lines) {
		p.Text = d.lines[line-1]
	}
	d.problems = append(d.problems, p)
}

func (d *Document) whole(format string, args ...any) { d.At(0, 0, format, args...) }

// syntax turns an error of the YAML library into a problem in words of ours.
func (d *Document) syntax(err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	if strings.HasPrefix(message, "did not find expected ','") {
		line++ // it is told with the line before
	}
	line = d.tabNear(line, message)
	if m := regexp.MustCompile(`^unknown anchor '(.*)' referenced$`).FindStringSubmatch(message); m != nil {
		d.unknownAnchor(m[1])
		return
	}
	line = min(max(line, 1), len(d.lines))
	text := d.lines[line-1]
	column := 1 + utf8.RuneCountInString(text) - utf8.RuneCountInString(strings.TrimLeft(text, " "))
	if at := strings.LastIndex(text, ": "); at > 0 && strings.Contains(message, "mapping values are not allowed") {
		column = 1 + utf8.RuneCountInString(text[:at])
	}
	cure := syntaxCure(message, text)
	d.At(line, column, "this is not YAML: %s%s", message, cure)
}

// unknownAnchor notes every place of an alias that the library names without its place.
func (d *Document) unknownAnchor(name string) {
	for i, line := range d.lines {
		if before, _, found := strings.Cut(line, "*"+name); found {
			d.At(i+1, 1+utf8.RuneCountInString(before), "*%s is an alias to YAML, not text: write the text in quotes", name)
		}
	}
	if len(d.problems) == 0 {
		d.whole("*%s is an alias to YAML, of no anchor: write the text in quotes", name)
	}
}

// tabNear finds the line with the tab that the library complains of, at most a line or two from where it does.
func (d *Document) tabNear(line int, message string) int {
	if !strings.Contains(message, "cannot start any token") {
		return line
	}
	for _, l := range []int{line, line + 1, line - 1} {
		if l >= 1 && l <= len(d.lines) && strings.Contains(leadingSpace(d.lines[l-1]), "\t") {
			return l
		}
	}
	return line
}

func leadingSpace(s string) string { return s[:len(s)-len(strings.TrimLeft(s, " \t"))] }

func syntaxCure(message, line string) string {
	switch {
	case strings.Contains(leadingSpace(line), "\t"):
		return "; the line begins with a tab: indent with spaces"
	case strings.Contains(message, "mapping values are not allowed"):
		return "; write text that holds a colon in quotes, and put each key on a line of its own"
	case strings.Contains(message, "cannot start any token"):
		return "; write text that begins with @, ` or % in quotes"
	case strings.Contains(message, "alphabetic or numeric character"):
		return "; write text that begins with * or & in quotes"
	case strings.Contains(message, "did not find expected ',' or '}'") && strings.Contains(line, "${"):
		return "; inside {…} write a reference in quotes, as value: \"${password}\""
	case strings.Contains(message, "unexpected end of stream"):
		return "; a quote is opened and not closed, here or before"
	case strings.Contains(message, "did not find expected"), strings.Contains(message, "could not find expected"):
		return "; look at the indentation, at quotes and brackets that are not closed, and at a # or a comma in text without quotes"
	default:
		return ""
	}
}

func invalidUTF8(text string) (line, column int, bad bool) {
	if utf8.ValidString(text) {
		return 0, 0, false
	}
	line, column = 1, 1
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return line, column, true
			}
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column, true
}

// reader turns the library's nodes into ours: aliases written out, traps refused, depth and size bounded.
type reader struct {
	doc   *Document
	nodes int
}

func (r *reader) node(y *yaml.Node, depth int) *Node {
	if r.nodes++; r.nodes > maxNodes {
		if r.nodes == maxNodes+1 {
			r.doc.At(y.Line, y.Column, "the file holds more than %d values, aliases written out: split it", maxNodes)
		}
		return nil
	}
	if depth > maxDepth {
		r.doc.At(y.Line, y.Column, "nested more than %d deep", maxDepth)
		return nil
	}
	n := &Node{doc: r.doc, Line: y.Line, Column: max(y.Column, 1), Kind: KindText, raw: y}
	switch y.Kind {
	case yaml.AliasNode:
		return r.alias(y, depth)
	case yaml.MappingNode:
		n.Kind = KindMap
		r.pairs(n, y, depth)
	case yaml.SequenceNode:
		n.Kind = KindList
		for _, item := range y.Content {
			if child := r.node(item, depth+1); child != nil {
				n.Items = append(n.Items, child)
			}
		}
	default:
		r.scalar(n, y)
	}
	return n
}

func (r *reader) scalar(n *Node, y *yaml.Node) {
	n.Text = y.Value
	if y.Anchor != "" {
		n.Problem("&%s is an anchor to YAML, not text: write the text in quotes", y.Anchor)
	}
	plain := y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	n.Quoted = !plain
	if plain && y.Value == "" {
		n.Kind = KindEmpty
	}
	if plain {
		n.comment = r.swallowed(y)
	}
	if plain && y.Tag != "" && strings.HasPrefix(y.Tag, "!") && !strings.HasPrefix(y.Tag, "!!") {
		n.Problem("%s is a tag to YAML, not text: write text that begins with ! in quotes", y.Tag)
	}
}

// swallowed gives the comment that ends a plain value's line when it may well have been meant as text: `Order #12`. Two
// spaces before the # and one after it show that a comment was meant.
func (r *reader) swallowed(y *yaml.Node) string {
	if y.Line < 1 || y.Line > len(r.doc.lines) {
		return ""
	}
	rest := []rune(r.doc.lines[y.Line-1])
	if y.Column-1 > len(rest) {
		return ""
	}
	after, found := strings.CutPrefix(string(rest[y.Column-1:]), y.Value)
	if !found {
		return ""
	}
	comment := strings.TrimLeft(after, " ")
	spaces := len(after) - len(comment)
	if y.Value == "" {
		spaces = 1
	}
	if !strings.HasPrefix(comment, "#") || spaces == 0 {
		return ""
	}
	deliberate := len(comment) == 1 || comment[1] == ' ' || strings.HasPrefix(comment, "##")
	if deliberate && (spaces >= 2 || y.Value == "") {
		return ""
	}
	return comment
}

func (r *reader) alias(y *yaml.Node, depth int) *Node {
	if y.Alias == nil || y.Alias.Kind == yaml.ScalarNode {
		r.doc.At(y.Line, y.Column, "*%s is an alias to YAML, not text: write the text in quotes", y.Value)
		return &Node{doc: r.doc, Line: y.Line, Column: y.Column, Kind: KindText, Text: "*" + y.Value, Quoted: true, raw: y}
	}
	n := r.node(y.Alias, depth+1)
	if n != nil {
		n.Line, n.Column = y.Line, y.Column
	}
	return n
}

func (r *reader) pairs(n *Node, y *yaml.Node, depth int) {
	seen := map[string]int{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Tag == "!!merge" || (key.Kind == yaml.ScalarNode && key.Value == "<<") {
			r.doc.At(key.Line, key.Column, "<< merges are not part of the language: write the keys out")
			continue
		}
		if key.Kind != yaml.ScalarNode {
			r.doc.At(key.Line, key.Column, "a key is text%s", braceCure(key))
			continue
		}
		if line, twice := seen[key.Value]; twice {
			r.doc.At(key.Line, key.Column, "%s stands here a second time; the first is in line %d: delete one", key.Value, line)
			continue
		}
		seen[key.Value] = key.Line
		if y.Style&yaml.FlowStyle != 0 && value.Kind == yaml.ScalarNode && value.Tag == "!!null" && value.Value == "" && r.stray(key) {
			r.doc.At(key.Line, key.Column, "%q stands alone after a comma: if the comma belongs to the text before it, write that text in quotes", key.Value)
			continue
		}
		if child := r.node(value, depth+1); child != nil {
			n.Pairs = append(n.Pairs, Pair{Key: key.Value, Line: key.Line, Column: key.Column, Value: child})
		}
	}
}

// stray reports whether a key of a flow map has no colon after it.
func (r *reader) stray(key *yaml.Node) bool {
	if key.Line > len(r.doc.lines) {
		return true
	}
	line := []rune(r.doc.lines[key.Line-1])
	at := min(key.Column-1+utf8.RuneCountInString(key.Value), len(line))
	return !strings.HasPrefix(strings.TrimLeft(strings.TrimLeft(string(line[at:]), `"'`), " "), ":")
}

func braceCure(key *yaml.Node) string {
	if key.Kind == yaml.MappingNode {
		return ": write a value that begins with { in quotes"
	}
	return ""
}
