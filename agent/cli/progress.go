package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"trackwalker/reporters"
	"trackwalker/scenarios"
	"trackwalker/scenarios/runner"
)

// progress shows a run as it goes on: a line a step; in a terminal a spinner on the one in work.
type progress struct {
	out      io.Writer
	scenario *scenarios.Scenario
	terminal bool

	mu      sync.Mutex
	current *runner.Event // the step in work
	started time.Time
	stop    chan struct{}
	done    sync.WaitGroup
}

func newProgress(out io.Writer, s *scenarios.Scenario) *progress {
	p := &progress{out: out, scenario: s, terminal: isTerminal(out), stop: make(chan struct{})}
	fmt.Fprintf(out, "%s\n", p.bold(s.Name))
	if p.terminal {
		p.done.Go(p.spin)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
}

// spin draws the line of the step in work again and again until close.
func (p *progress) spin() {
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.mu.Lock()
			if p.current != nil {
				fmt.Fprintf(p.out, "\r\x1b[K  %c %s  %s", frames[i%len(frames)], p.label(*p.current), seconds(time.Since(p.started)))
			}
			p.mu.Unlock()
		}
	}
}

func (p *progress) label(e runner.Event) string {
	name := reporters.Clip(reporters.Line(e.Step.Name), 80)
	if e.Step.Group != "" {
		name = p.dim(reporters.Clip(reporters.Line(e.Step.Group), 40)+" › ") + name
	}
	return fmt.Sprintf("%d/%d %s", e.Step.Index, e.Of, name)
}

func (p *progress) watch(e runner.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case runner.AttemptStarted:
		if e.Attempt > 1 {
			fmt.Fprintf(p.out, "  again, attempt %d\n", e.Attempt)
		}
	case runner.StepStarted:
		p.current, p.started = &e, time.Now()
		if p.terminal {
			fmt.Fprintf(p.out, "\r\x1b[K  %s %s", p.dim("·"), p.label(e))
		}
	case runner.StepEnded:
		p.current = nil
		if p.terminal {
			fmt.Fprint(p.out, "\r\x1b[K")
		}
		fmt.Fprintf(p.out, "  %s %s  %s\n", p.mark(e.Step.Outcome), p.label(e), p.dim(seconds(time.Duration(e.Step.DurationMS)*time.Millisecond)))
	}
}

// close ends the spinner.
func (p *progress) close() {
	close(p.stop)
	p.done.Wait()
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// summary says how the run ended, and where to look.
func (p *progress) summary(run *scenarios.Run) {
	attempts := ""
	if run.Attempts > 1 {
		attempts = fmt.Sprintf(", %d attempts", run.Attempts)
	}
	fmt.Fprintf(p.out, "%s %s %s in %s%s\n", p.mark(run.Outcome), p.bold(run.Scenario), run.Outcome, seconds(run.Duration()), attempts)
	if f := run.Failure; f != nil {
		p.failure(run, f)
	}
	for _, step := range run.Steps {
		if step.Warning != "" {
			fmt.Fprintf(p.out, "    warning: step %d %s (%s:%d): %s\n", step.Index, reporters.Line(step.Name), fileOf(run, step), step.Line, reporters.Line(step.Warning))
		}
	}
	for _, w := range run.Warnings {
		if slices.ContainsFunc(run.Steps, func(s scenarios.StepResult) bool { return s.Warning != "" && w == "finally: "+s.Name+": "+s.Warning }) {
			continue // told with its step
		}
		fmt.Fprintf(p.out, "    warning: %s\n", reporters.Line(w))
	}
	for _, a := range run.Artifacts {
		if a.Path != "" {
			fmt.Fprintf(p.out, "    picture: %s\n", a.Path)
		}
	}
}

func (p *progress) failure(run *scenarios.Run, f *scenarios.Failure) {
	if step := run.Step(f.Step); step != nil {
		fmt.Fprintf(p.out, "    step %d/%d %s (%s:%d)\n", f.Step, len(run.Steps), p.bold(reporters.Line(step.Name)), fileOf(run, *step), f.Line)
	}
	fmt.Fprintf(p.out, "    %s: %s\n", f.Class, p.red(reporters.Line(f.Message)))
	if f.Hint != "" {
		fmt.Fprintf(p.out, "    %s\n", reporters.Line(f.Hint))
	}
	if f.URL != "" {
		fmt.Fprintf(p.out, "    page: %s\n", reporters.Line(f.URL))
	}
}

// fileOf gives the file that a step stands in: the flow's, or a fragment.
func fileOf(run *scenarios.Run, step scenarios.StepResult) string {
	if step.File != "" {
		return step.File
	}
	return run.File
}

func (p *progress) mark(o scenarios.Outcome) string {
	switch o {
	case scenarios.Passed:
		return p.colour("32", "✓")
	case scenarios.Failed, scenarios.Errored:
		return p.colour("31", "✗")
	case scenarios.Warned:
		return p.colour("33", "!")
	default:
		return p.dim("-")
	}
}

func (p *progress) bold(s string) string { return p.colour("1", s) }
func (p *progress) dim(s string) string  { return p.colour("2", s) }
func (p *progress) red(s string) string  { return p.colour("31", s) }

func (p *progress) colour(code, s string) string {
	if !p.terminal || os.Getenv("NO_COLOR") != "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// seconds shows a duration as people read it.
func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
