package web

import (
	"fmt"
	"slices"
	"strings"

	"trackwalker/scenarios"
)

// strip is a drawing of runs, oldest at the left: a bar a run, as high as it took long.
type strip struct {
	Bars          []bar
	Width, Height int
	Said          string // the same in words
}

// bar is one run of a strip.
type bar struct {
	Result
	X, Y, Width, Height int
	Title               string
}

// newStrip draws the newest runs, at most so many, bars of a width in a strip of a height.
func newStrip(newest []Result, now moment, most, width, height int) strip {
	runs := slices.Clone(newest[:min(len(newest), most)])
	slices.Reverse(runs)
	gap := max(width*2/5, 2)
	s := strip{Height: height, Width: most * (width + gap)}
	longest := int64(1)
	for _, r := range runs {
		if r.Outcome == scenarios.Passed {
			longest = max(longest, r.DurationMS)
		}
	}
	counts := map[scenarios.Outcome]int{}
	for i, r := range runs {
		counts[r.Outcome]++
		b := bar{Result: r, Width: width, X: (most - len(runs) + i) * (width + gap)}
		switch r.Outcome {
		case scenarios.Passed: // leaves some room at the top, so that what failed stands out without its colour too
			b.Height = max(int(r.DurationMS*int64(height*3/4)/longest), 3)
		case scenarios.Failed, scenarios.Errored:
			b.Height = height
		default:
			b.Height = 3
		}
		b.Y = height - b.Height
		b.Title = fmt.Sprintf("%s, %s", r.Outcome, now.to(r.Started).Clock)
		if r.DurationMS > 0 {
			b.Title += ", " + took(r.Duration())
		}
		if r.Reason != "" {
			b.Title += ", " + r.Reason
		}
		s.Bars = append(s.Bars, b)
	}
	var said []string
	for _, o := range []scenarios.Outcome{scenarios.Passed, scenarios.Failed, scenarios.Errored, scenarios.Aborted, scenarios.Skipped} {
		if counts[o] > 0 {
			said = append(said, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	s.Said = "no runs yet"
	if len(said) > 0 {
		s.Said = fmt.Sprintf("last %d %s: %s", len(runs), plural(len(runs), "run", "runs"), strings.Join(said, ", "))
	}
	return s
}
