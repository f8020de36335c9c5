package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"trackwalker/agent/app"
	"trackwalker/agent/config"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/runner"
	"trackwalker/scenarios/source"
)

// variables are the values of --var name=value.
type variables map[string]string

func (v variables) String() string { return "" }

func (v variables) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found || !source.ValidName(name) {
		return errors.New("write it as name=value")
	}
	if slices.Contains(source.BuiltIns(), name) {
		return fmt.Errorf("${%s} is built in: choose another name", name)
	}
	v[name] = value
	return nil
}

func run(ctx context.Context, in *invocation) error {
	in.withConfig()
	vars := variables{}
	in.flags.Var(vars, "var", "`name=value` of a var; wins over the file's; may be given several times")
	output := in.flags.String("output", "text", "`text`, json or junit")
	artifacts := in.flags.String("artifacts", "artifacts", "the `folder` for screenshots")
	headed := in.flags.Bool("headed", false, "show the browser's window")
	browserName := in.flags.String("browser", "", "the `name` of the browser to play in")
	files, err := in.parse()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usageError{"name the scenario files to play"}
	}
	report, err := reportFor(*output)
	if err != nil {
		return err
	}
	conf, err := config.Find(*in.config)
	if err != nil {
		return inputError{err}
	}
	if *headed && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return inputError{errors.New("--headed shows a window, and there is no display here: DISPLAY is not set")}
	}
	if err := in.folder("artifacts"); err != nil {
		return inputError{err}
	}
	a := app.New(conf, app.Options{Log: in.quiet(), Headed: *headed, Vars: vars})
	flows, err := load(files, a.Env())
	if err != nil {
		return err
	}
	runners, err := runnersOf(a, flows, *browserName)
	if err != nil {
		return err
	}
	ctx, stop := in.untilSignal(ctx, a.Close)
	defer stop()
	defer a.Close()
	people := in.Stdout
	if *output != "text" {
		people = in.Stderr
	}
	runs := play(ctx, runners, flows, *artifacts, people)
	if err := report(in.Stdout, runs); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return statusOf(runs)
}

// folder says why a flag, if it is given, names no folder that files can be written to. Nothing is made that was not there.
func (in *invocation) folder(name string) error {
	given := false
	in.flags.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if !given {
		return nil
	}
	dir := in.flags.Lookup(name).Value.String()
	there := filepath.Clean(dir)
	for _, err := os.Stat(there); errors.Is(err, fs.ErrNotExist) && there != filepath.Dir(there); _, err = os.Stat(there) {
		there = filepath.Dir(there)
	}
	trial, err := os.MkdirTemp(there, ".trackwalker-")
	if err != nil {
		return fmt.Errorf("--%s %s is no folder that can be written to: %w", name, dir, errors.Unwrap(err))
	}
	return os.Remove(trial)
}

// load reads all files, and tells of everything wrong in any of them.
func load(files []string, env scenarios.Env) ([]*scenarios.Scenario, error) {
	var flows []*scenarios.Scenario
	var problems source.Problems
	var others []error
	var unique scenarios.Unique
	for _, file := range files {
		s, err := scenarios.LoadFile(file, env)
		if err == nil {
			err = unique.Add(s)
		}
		var wrong source.Problems
		switch {
		case errors.As(err, &wrong):
			problems = append(problems, wrong...)
		case err != nil:
			others = append(others, err)
		default:
			flows = append(flows, s)
			others = append(others, s.MissingSecrets()...)
		}
	}
	if len(problems) > 0 {
		others = append([]error{problems}, others...)
	}
	if len(others) > 0 {
		return nil, inputError{errors.Join(others...)}
	}
	return flows, nil
}

// runnersOf gives what plays each of the flows, in the browser of that name if there is one, or tells of everything that
// cannot be played.
func runnersOf(a *app.App, flows []*scenarios.Scenario, browserName string) ([]*runner.Runner, error) {
	var runners []*runner.Runner
	var wrong []error
	for _, s := range flows {
		if browserName != "" {
			s.Browser = browserName
		}
		r, err := a.Runner(s)
		told := func(other error) bool { return other.Error() == err.Error() }
		if err != nil && !slices.ContainsFunc(wrong, told) {
			wrong = append(wrong, err)
		}
		runners = append(runners, r)
	}
	if len(wrong) > 0 {
		return nil, inputError{errors.Join(wrong...)}
	}
	return runners, nil
}

// play plays the flows one after the other, each with its runner, showing each as it goes on.
func play(ctx context.Context, runners []*runner.Runner, flows []*scenarios.Scenario, artifacts string, people io.Writer) []*scenarios.Run {
	var runs []*scenarios.Run
	for i, s := range flows {
		view := newProgress(people, s)
		run := runners[i].Run(ctx, s, runner.Options{Watch: view.watch})
		view.close()
		if err := keep(run, artifacts); err != nil {
			lost(run, err)
		}
		view.summary(run)
		runs = append(runs, run)
	}
	return runs
}

// lost notes that pictures of a run were lost. A site that failed has failed all the same.
func lost(run *scenarios.Run, err error) {
	run.Warnings = append(run.Warnings, err.Error())
	if run.Outcome == scenarios.Passed {
		run.Outcome = scenarios.Errored
		run.Failure = &scenarios.Failure{Class: browser.ClassInternal, Message: err.Error()}
	}
}

// keep writes a run's artifacts into the folder and notes their paths.
func keep(run *scenarios.Run, dir string) error {
	for i := range run.Artifacts {
		a := &run.Artifacts[i]
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("the folder for artifacts cannot be made: %w; name another one with --artifacts", err)
		}
		name := fmt.Sprintf("%s-%s-%02d-%s.png", run.Scenario, run.ID[len(run.ID)-6:], a.Step, slug(a.Name))
		a.Path = filepath.Join(dir, name)
		if err := os.WriteFile(a.Path, a.Data, 0o644); err != nil {
			a.Path = ""
			return fmt.Errorf("a screenshot cannot be written: %w; is the disk full?", err)
		}
	}
	return nil
}

func slug(name string) string {
	s := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-"), "-")
	if s == "" {
		return "picture"
	}
	return s[:min(len(s), 40)]
}

// statusOf gives the exit status of runs, as an error.
func statusOf(runs []*scenarios.Run) error {
	status := exitOK
	for _, r := range runs {
		switch r.Outcome {
		case scenarios.Failed:
			status = max(status, exitFailed)
		case scenarios.Errored, scenarios.Aborted:
			status = max(status, exitAgent)
		}
	}
	if status == exitOK {
		return nil
	}
	return exit(status)
}

// untilSignal gives a context that the first signal ends. The next one calls hurry, if there is one, and the last ends the
// process.
func (in *invocation) untilSignal(ctx context.Context, hurry ...func()) (context.Context, func()) {
	in.takeSignals()
	ctx, cancel := context.WithCancel(ctx)
	acts := []func(){cancel}
	for _, h := range hurry {
		acts = append(acts, func() { go h() }) // so that the next signal is heard
	}
	acts = append(acts, func() { os.Exit(exitAgent) })
	done := make(chan struct{})
	go func() {
		for _, act := range acts {
			select {
			case <-in.Signals:
				act()
			case <-done:
				return
			}
		}
	}()
	return ctx, func() { close(done); cancel() }
}
