// Package source reads the YAML that people write: strictly, with a place for everything, and with all mistakes at once.
// It knows documents, values, references and secrets, and nothing of what a scenario or a configuration is.
package source

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one mistake in a file, told to the person who made it.
type Problem struct {
	File    string
	Line    int // from 1; 0: the whole file
	Column  int // from 1, in characters
	Message string
	Text    string // the line, to be shown with a caret under it; may be empty
}

// Error gives the place and the message on one line.
func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Show gives Error, and below it the line with a caret under the place.
func (p Problem) Show() string {
	if p.Line == 0 || strings.TrimSpace(p.Text) == "" {
		return p.Error()
	}
	text, column := excerpt(p.Text, p.Column)
	gutter := fmt.Sprintf("%5d | ", p.Line)
	bar := strings.Repeat(" ", len(gutter)-2) + "| "
	return fmt.Sprintf("%s\n%s%s\n%s%s^", p.Error(), gutter, text, bar, indent(text, column-1))
}

// excerpt cuts a very long line around column, so that the caret stays in sight, and leaves out what a terminal would obey.
func excerpt(line string, column int) (string, int) {
	const width = 120
	from := 0
	if count := utf8.RuneCountInString(line); count > width {
		from = max(0, min(column-1-width/2, count-width))
	}
	var b strings.Builder
	at := 0
	for _, r := range line {
		if at >= from+width {
			break
		}
		if control(r) {
			r = utf8.RuneError
		}
		if at >= from {
			b.WriteRune(r)
		}
		at++
	}
	return b.String(), column - from
}

// indent gives white space as wide as the first n characters of line: tabs stay tabs.
func indent(line string, n int) string {
	var b strings.Builder
	for _, r := range line {
		if n--; n < 0 {
			break
		}
		if r == '\t' {
			b.WriteRune('\t')
		} else {
			b.WriteRune(' ')
		}
	}
	return b.String()
}

// Problems are all mistakes of one or more files. It is an error that shows every one of them.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Show()
	}
	return strings.Join(lines, "\n")
}

// Sorted gives the problems in the order of their places, each once.
func (ps Problems) Sorted() Problems {
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(sorted)
}

// DidYouMean gives ` (did you mean x?)` for the candidate nearest to word, or the list of candidates when none is near and they
// are few, or nothing.
func DidYouMean(word string, candidates []string) string {
	best := nearest(word, slices.Values(candidates))
	if best == "" && len(candidates) > 0 && len(candidates) <= 36 {
		return fmt.Sprintf(" (here can be: %s)", strings.Join(candidates, ", "))
	}
	return hint(best)
}

func hint(best string) string {
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// farthest is how many changes may lie between a word and the one that was meant.
const farthest = 2

// nearest gives the candidate that word was meant to be, or nothing: the changes between them are few, and fewer than half of
// the word's letters. Of several, it is the first in the alphabet.
func nearest(word string, candidates iter.Seq[string]) string {
	length := utf8.RuneCountInString(word)
	best, distance := "", min(farthest+1, (length+1)/2)
	for c := range candidates {
		if apart := length - utf8.RuneCountInString(c); max(apart, -apart) > distance {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(c)); d < distance || d == distance && best != "" && c < best {
			best, distance = c, d
		}
	}
	return best
}

// longestWord is the longest that is compared.
const longestWord = 64

// editDistance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b
// (optimal string alignment).
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > longestWord || len(t) > longestWord {
		return max(len(s), len(t))
	}
	var rows [3][longestWord + 1]int // the row in work, and the two before it, in turn
	for j := range len(t) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		row, last, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(s)%3][len(t)]
}
