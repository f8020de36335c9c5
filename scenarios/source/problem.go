// Package source reads the YAML that people write: strictly, with a place for everything, and with all mistakes at once.
// It knows documents, values, references and secrets, and nothing of what a scenario or a configuration is.
package source

import (
	"cmp"
	"fmt"
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

// excerpt cuts a very long line around column, so that the caret stays in sight.
func excerpt(line string, column int) (string, int) {
	const width = 120
	runes := []rune(line)
	if len(runes) <= width {
		return line, column
	}
	from := max(0, min(column-1-width/2, len(runes)-width))
	return string(runes[from : from+width]), column - from
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

// DidYouMean gives ` (did you mean "x"?)` for the candidate nearest to word, or the list of candidates when none is near
// and they are few, or nothing.
func DidYouMean(word string, candidates []string) string {
	best, distance := "", 1+utf8.RuneCountInString(word)/2
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(c)); d < distance {
			best, distance = c, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(" (did you mean %s?)", best)
	case len(candidates) > 0 && len(candidates) <= 36:
		return fmt.Sprintf(" (here can be: %s)", strings.Join(candidates, ", "))
	default:
		return ""
	}
}

// editDistance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b
// (optimal string alignment).
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > 64 || len(t) > 64 {
		return max(len(s), len(t))
	}
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range t {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
