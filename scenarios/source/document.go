package source

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of one file. They stand far above what a person writes and far below what hurts.
const (
	MaxBytes = 1 << 20
	maxDepth = 64
	maxNodes = 100_000
	// maxProblems is how many problems of one file are told.
	maxProblems = 1000
)

// Document is one YAML file with what was found wrong in it so far.
type Document struct {
	Name     string // as in messages
	Root     *Node  // nil when the file could not be read as YAML
	Names    *Names // what references in it may name; the loader fills it while it reads
	problems Problems
	noted    map[place]bool // what problems holds
	lines    []string
	offsets  map[int][]int // line → where each of its characters begins; see rest
	reading  int           // counted from 1
}

// place is what tells the problems of a file apart.
type place struct {
	line, column int
	message      string
}

// Parse reads data as one YAML document. It always gives a Document; what is wrong is among its Problems.
func Parse(name string, data []byte) *Document {
	d := &Document{Name: name, Names: NewNames(), noted: map[place]bool{}, offsets: map[int][]int{}, reading: 1}
	if len(data) > MaxBytes {
		d.whole("the file is larger than %d bytes, which no flow needs: split it", MaxBytes)
		return d
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	d.lines = lineBreak().Split(text, -1)
	if d.readable() {
		d.parse(text)
	}
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
	if r.nodes > maxNodes || r.endless {
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

// full reports whether no further problem is told.
func (d *Document) full() bool { return len(d.problems) > maxProblems }

// At notes a problem at a place, once.
func (d *Document) At(line, column int, format string, args ...any) {
	if d.full() {
		return
	}
	if len(d.problems) == maxProblems {
		d.problems = append(d.problems, Problem{File: d.Name, Message: fmt.Sprintf("the file has more than %d mistakes: these are the first that were found", maxProblems)})
		return
	}
	p := Problem{File: d.Name, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
	at := place{line, column, p.Message}
	if d.noted[at] {
		return
	}
	d.noted[at] = true
	if line >= 1 && line <= len(d.lines) {
		p.Text = d.lines[line-1]
	}
	d.problems = append(d.problems, p)
}

// rest gives what stands in a line from a column on.
func (d *Document) rest(line, column int) (string, bool) {
	if line < 1 || line > len(d.lines) || column < 1 {
		return "", false
	}
	text := d.lines[line-1]
	if d.offsets[line] == nil {
		offsets := make([]int, 0, len(text)+1)
		for at := range text {
			offsets = append(offsets, at)
		}
		d.offsets[line] = append(offsets, len(text))
	}
	if column > len(d.offsets[line]) {
		return "", false
	}
	return text[d.offsets[line][column-1]:], true
}

func (d *Document) whole(format string, args ...any) { d.At(0, 0, format, args...) }

// syntax turns an error of the YAML library into a problem in words of ours.
func (d *Document) syntax(err error) {
	message, line := told(err)
	if m := regexp.MustCompile(`^unknown anchor '(.*)' referenced$`).FindStringSubmatch(message); m != nil {
		d.unknownAnchor(m[1])
		return
	}
	line = min(max(d.tabNear(line, message), 1), len(d.lines))
	for line > 1 && strings.TrimSpace(d.lines[line-1]) == "" {
		line-- // where the file ends
	}
	if column, is := d.strayComma(line); is && strings.Contains(message, "expected node content") {
		d.At(line, column, "this is not YAML: nothing stands before this comma: delete it, or, if it belongs to a text, write that text in quotes")
		return
	}
	line, column := d.fault(line, message)
	if at, is := d.cutKey(line - 1); is && strings.Contains(message, "expected key") {
		d.At(line-1, at, "this is not YAML: a key without a value%s", commentCure("could not find expected ':'", d.lines[line-2]))
		return
	}
	d.At(line, column, "this is not YAML: %s%s", message, syntaxCure(message, d.lines[line-1], column))
}

// cutKey finds the # in a line that, without what YAML takes for a comment, is a word and no key.
func (d *Document) cutKey(line int) (column int, is bool) {
	if line < 1 {
		return 0, false
	}
	before, after, found := strings.Cut(d.lines[line-1], " #")
	if !found || strings.Contains(before+" ", ": ") || strings.TrimSpace(before) == "" || !strings.Contains(after+" ", ": ") {
		return 0, false
	}
	return 2 + utf8.RuneCountInString(before), true
}

// told takes an error of the library apart. Its parser counts lines from 0, its scanner from 1; neither names the first line.
func told(err error) (message string, line int) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(message)
	if m == nil {
		return message, 1
	}
	line, _ = strconv.Atoi(m[1])
	if regexp.MustCompile(`^did not find expected (node content|key|'-' indicator|',' or|<)`).MatchString(m[2]) {
		line++
	}
	return m[2], line
}

// fault finds the place of an error. That of a block is told by the library with the line in which the block begins: it is
// where the text ends that is the shortest to have that error.
func (d *Document) fault(line int, message string) (int, int) {
	if regexp.MustCompile(`^did not find expected (key|'-' indicator|<)`).MatchString(message) {
		line += sort.Search(len(d.lines)-line, func(n int) bool { return d.fails(line+n, -1, message) })
	}
	if strings.Contains(message, "expected ',' or") {
		line = d.cutBracket(line)
	}
	text := d.lines[line-1]
	column := func(at int) int { return 1 + utf8.RuneCountInString(text[:at]) }
	if at := strings.Index(text, " #"); at > 0 && commentCure(message, text) != "" {
		return line, column(at + 1)
	}
	if at := strings.LastIndex(text, ": "); at > 0 && strings.Contains(message, "mapping values are not allowed") {
		return line, column(at)
	}
	for closing, opening := range map[string]string{"'}'": "{", "']'": "["} {
		if at := strings.LastIndex(text, opening); at > 0 && strings.HasSuffix(message, "expected ',' or "+closing) {
			return line, column(at)
		}
	}
	if tab := strings.IndexByte(leadingSpace(text), '\t'); tab >= 0 {
		return line, column(tab)
	}
	if !d.fails(line, -1, message) {
		return line, column(len(leadingSpace(text)))
	}
	return line, d.faultIn(line, message)
}

// cutBracket gives the line in which what YAML takes for a comment may hold the end of the bracket that opens in a line, or
// that line.
func (d *Document) cutBracket(line int) int {
	for l := line; l <= len(d.lines); l++ {
		text := d.lines[l-1]
		if l > line && leadingSpace(text) == "" {
			break
		}
		if _, after, found := strings.Cut(text, " #"); found && strings.ContainsAny(after, "}]") {
			return l
		}
	}
	return line
}

// faultIn gives the column of the first character of a line with which the text has an error.
func (d *Document) faultIn(line int, message string) int {
	n := utf8.RuneCountInString(d.lines[line-1])
	return min(1+sort.Search(n, func(i int) bool { return d.fails(line, i+1, message) }), max(n, 1))
}

// fails reports whether the text has an error when it ends with the first characters of a line; -1: with all of them.
func (d *Document) fails(line, characters int, message string) bool {
	last := d.lines[line-1]
	if characters >= 0 {
		rest, _ := d.rest(line, characters+1)
		last = last[:len(last)-len(rest)]
	}
	text := strings.Join(append(slices.Clone(d.lines[:line-1]), last), "\n")
	mark := unused(text)
	var doc yaml.Node
	err := decode(yaml.NewDecoder(strings.NewReader(hideQuestions(text, mark))), &doc, mark)
	if err == nil {
		return false
	}
	same, _ := told(err)
	return same == message
}

// strayComma finds a comma in a line that stands behind a comma, or behind the bracket that opens a list or a map.
func (d *Document) strayComma(line int) (column int, is bool) {
	var last, quote rune // the last that is no space; the quote that is open
	for l := line - 1; l > 0 && last == 0; l-- {
		last, _ = utf8.DecodeLastRuneInString(strings.TrimRight(d.lines[l-1], " \t"))
		if strings.TrimSpace(d.lines[l-1]) == "" {
			last = 0
		}
	}
	for _, r := range d.lines[line-1] {
		column++
		switch {
		case r == ' ' || r == '\t':
			continue
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
		case (r == '"' || r == '\'') && strings.ContainsRune(",{[:-", last):
			quote = r
		case r == ',' && strings.ContainsRune(",{[", last):
			return column, true
		}
		last = r
	}
	return 0, false
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
	if !strings.Contains(message, "cannot start any token") && !strings.Contains(message, "a tab character") {
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

func syntaxCure(message, line string, column int) string {
	runes := []rune(line)
	before := strings.TrimSpace(string(runes[:min(column-1, len(runes))]))
	switch {
	case strings.Contains(leadingSpace(line), "\t"):
		return "; the line begins with a tab: indent with spaces"
	case strings.Contains(message, "mapping values are not allowed"):
		return "; write text that holds a colon in quotes, and put each key on a line of its own"
	case strings.Contains(message, "cannot start any token"):
		return "; write text that begins with @, ` or % in quotes"
	case strings.Contains(message, "alphabetic or numeric character"):
		return "; write text that begins with * or & in quotes"
	case commentCure(message, line) != "":
		return commentCure(message, line)
	case strings.Contains(message, "did not find expected ',' or '}'") && strings.Contains(line, "${"):
		return "; inside {…} write a reference in quotes, as value: \"${password}\""
	case strings.Contains(message, "unexpected end of stream"):
		return "; a quote is opened and not closed, here or before"
	case strings.Contains(message, "expected key") && strings.HasSuffix(before, `"`), strings.Contains(message, "expected key") && strings.HasSuffix(before, "'"):
		return "; a text ends with the quote that it began with: put all of it in quotes"
	case strings.Contains(message, "did not find expected"), strings.Contains(message, "could not find expected"):
		return "; look at the indentation, at quotes and brackets that are not closed, and at a # or a comma in text without quotes"
	default:
		return ""
	}
}

// commentCure is the cure of an error that comes of a # in a line.
func commentCure(message, line string) string {
	before, text, found := strings.Cut(line, " #")
	bracket := strings.Contains(message, "node content") || strings.Contains(message, "expected ',' or")
	key := strings.Contains(message, "could not find expected ':'")
	if !found || !key && !(bracket && strings.ContainsAny(before+text, "{[,]}")) {
		return ""
	}
	return "; YAML takes " + shorten("#"+text) + " for a comment: write text that holds a # in quotes, a key as well"
}

// readable reports whether the file is text as YAML allows it, and notes the first character that is not: the library does
// not say where that stands.
func (d *Document) readable() bool {
	for i, line := range d.lines {
		column := 0
		for at, r := range line {
			column++
			switch {
			case r == utf8.RuneError && !strings.HasPrefix(line[at:], "\ufffd"):
				d.At(i+1, column, "this is not UTF-8: save the file as UTF-8")
				return false
			case control(r):
				d.At(i+1, column, "a text file has no character %U: delete it, or save the file as UTF-8", r)
				return false
			}
		}
	}
	return true
}

// control reports whether YAML allows a character of a line only as an escape in double quotes.
func control(r rune) bool {
	return unicode.IsControl(r) && r != '\t' || r == '\ufffe' || r == '\uffff'
}

// reader turns the library's nodes into ours: aliases written out, traps refused, depth and size bounded.
type reader struct {
	doc     *Document
	nodes   int
	inWork  []*yaml.Node // each inside the one before
	endless bool         // a value contains itself
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
	r.inWork = append(r.inWork, y)
	defer func() { r.inWork = r.inWork[:len(r.inWork)-1] }()
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

// comment is what YAML takes for one, though it may well have been meant as text.
type comment struct {
	text         string
	line, column int
}

// swallowed gives the comment behind a plain value when it may well have been meant as text: `Order #12`. Two spaces before
// the # and one after it show that a comment was meant.
func (r *reader) swallowed(y *yaml.Node) *comment {
	line, after, found := r.behind(y)
	if !found {
		return nil
	}
	text := strings.TrimLeft(after, " ")
	spaces := len(after) - len(text)
	if y.Value == "" {
		spaces = 1
	}
	if !strings.HasPrefix(text, "#") || spaces == 0 {
		return nil
	}
	deliberate := len(text) == 1 || text[1] == ' ' || strings.HasPrefix(text, "##")
	if deliberate && (spaces >= 2 || y.Value == "") {
		return nil
	}
	whole := r.doc.lines[line-1]
	return &comment{text: text, line: line, column: 1 + utf8.RuneCountInString(whole[:len(whole)-len(text)])}
}

// behind gives the line in which a plain value ends, and what stands behind it there. YAML folds the lines of a value, so it
// is looked for word by word.
func (r *reader) behind(y *yaml.Node) (line int, after string, found bool) {
	line = y.Line
	after, found = r.doc.rest(line, y.Column)
	for i, word := range strings.Fields(y.Value) {
		text := strings.TrimLeftFunc(after, unicode.IsSpace)
		for i > 0 && text == "" && line < len(r.doc.lines) {
			line++
			text = strings.TrimLeftFunc(r.doc.lines[line-1], unicode.IsSpace)
		}
		rest, is := strings.CutPrefix(text, word)
		if !is {
			return 0, "", false
		}
		after = rest
	}
	return line, after, found
}

func (r *reader) alias(y *yaml.Node, depth int) *Node {
	if y.Alias == nil || y.Alias.Kind == yaml.ScalarNode {
		r.doc.At(y.Line, y.Column, "*%s is an alias to YAML, not text: write the text in quotes", y.Value)
		return &Node{doc: r.doc, Line: y.Line, Column: y.Column, Kind: KindText, Text: "*" + y.Value, Quoted: true, raw: y}
	}
	if slices.Contains(r.inWork, y.Alias) {
		r.endless = true
		r.doc.At(y.Line, y.Column, "*%s is an alias of what it stands in, which would contain itself: write out what is meant", y.Value)
		return nil
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
	after, found := r.doc.rest(key.Line, key.Column+utf8.RuneCountInString(key.Value))
	return !found || !strings.HasPrefix(strings.TrimLeft(strings.TrimLeft(after, `"'`), " "), ":")
}

func braceCure(key *yaml.Node) string {
	if key.Kind == yaml.MappingNode {
		return ": write a value that begins with { in quotes"
	}
	return ""
}
