package cli

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"trackwalker/scenarios"
)

// reportFor gives the writer of an output format.
func reportFor(format string) (func(io.Writer, []*scenarios.Run) error, error) {
	switch format {
	case "text":
		return func(io.Writer, []*scenarios.Run) error { return nil }, nil // it was shown as it went on
	case "json":
		return writeJSON, nil
	case "junit":
		return writeJUnit, nil
	default:
		return nil, usageError{fmt.Sprintf("--output is text, json or junit, not %q", format)}
	}
}

// document is what --output json prints.
type document struct {
	Version int               `json:"version"`
	Outcome scenarios.Outcome `json:"outcome"`
	Runs    []*scenarios.Run  `json:"runs"`
}

func writeJSON(w io.Writer, runs []*scenarios.Run) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(document{Version: 1, Outcome: worst(runs), Runs: runs})
}

// worst is the outcome of several runs: the one that the exit status speaks of.
func worst(runs []*scenarios.Run) scenarios.Outcome {
	rank := map[scenarios.Outcome]int{scenarios.Passed: 1, scenarios.Failed: 2, scenarios.Aborted: 3, scenarios.Errored: 4}
	overall := scenarios.Passed
	for _, r := range runs {
		if rank[r.Outcome] > rank[overall] {
			overall = r.Outcome
		}
	}
	return overall
}

// The elements of a JUnit report, as CI servers read them: a suite, a case a scenario.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		ClassName string       `xml:"classname,attr"`
		File      string       `xml:"file,attr"`
		Time      string       `xml:"time,attr"`
		Failure   *junitReason `xml:"failure,omitempty"`
		Error     *junitReason `xml:"error,omitempty"`
		Skipped   *junitReason `xml:"skipped,omitempty"`
		Out       string       `xml:"system-out,omitempty"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

func writeJUnit(w io.Writer, runs []*scenarios.Run) error {
	suite := junitSuite{Name: "trackwalker"}
	var total time.Duration
	for _, r := range runs {
		total += r.Duration()
		suite.add(r)
	}
	suite.Time = fmt.Sprintf("%.3f", total.Seconds())
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

func (s *junitSuite) add(r *scenarios.Run) {
	c := junitCase{Name: r.Scenario, ClassName: "trackwalker." + r.Scenario, File: r.File, Time: fmt.Sprintf("%.3f", r.Duration().Seconds()), Out: stepList(r)}
	reason := &junitReason{Message: r.Reason}
	if f := r.Failure; f != nil {
		file := r.File
		if step := r.Step(f.Step); step != nil {
			file = fileOf(r, *step)
		}
		if f.Line > 0 {
			file = fmt.Sprintf("%s:%d", file, f.Line)
		}
		reason = &junitReason{Message: f.Message, Type: string(f.Class), Text: fmt.Sprintf("%s: %s\n%s\n%s", file, f.Message, f.Hint, f.URL)}
	}
	s.Tests++
	switch r.Outcome {
	case scenarios.Passed:
	case scenarios.Failed:
		s.Failures++
		c.Failure = reason
	case scenarios.Errored:
		s.Errors++
		c.Error = reason
	default:
		s.Skipped++
		c.Skipped = reason
	}
	s.Cases = append(s.Cases, c)
}

func stepList(r *scenarios.Run) string {
	var text strings.Builder
	for _, step := range r.Steps {
		text.WriteString(fmt.Sprintf("%d %s %s %d ms\n", step.Index, step.Outcome, step.Name, step.DurationMS))
	}
	for _, a := range r.Artifacts {
		text.WriteString(fmt.Sprintf("[[ATTACHMENT|%s]]\n", a.Path))
	}
	return text.String()
}
