// Package cli is the command line: one file per command, the exit statuses, and how errors are shown. What a command does
// beyond reading its arguments and printing lives in app and below.
package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"trackwalker/scenarios/source"
)

// Process is what a command has of the world: its arguments and its streams.
type Process struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Signals        <-chan os.Signal // interrupt and terminate
}

// The exit statuses, the same everywhere; of several, the highest.
const (
	exitOK     = 0
	exitFailed = 1 // a scenario failed
	exitInput  = 2 // usage, YAML, configuration
	exitAgent  = 3 // the agent's own fault
)

// command is one word of the command line.
type command struct {
	name, args, doc string
	run             func(ctx context.Context, c *invocation) error
}

func commands() []command {
	return []command{
		{"serve", "", "play every scenario of the folder on its schedule, until told to stop", serve},
		{"run", "FILE…", "play scenarios once, now", run},
		{"validate", "[PATH…]", "find every mistake in scenario files, without a browser", validate},
		{"init", "[URL]", "write agent.yaml and a first scenario in this folder", initialize},
		{"status", "", "say what a running agent knows", status},
		{"notify", "test", "send a sample through every reporter", notify},
		{"schema", "[agent]", "print the JSON Schema of scenario files, or of agent.yaml", schema},
		{"doctor", "", "check that this machine can play, and say what to do", doctor},
		{"demo", "", "serve the demo shop; with --play, play the example flows on it", demo},
		{"version", "", "print the version", version},
	}
}

// invocation is one call of a command.
type invocation struct {
	Process
	flags       *flag.FlagSet
	config      *string
	log         *slog.Logger
	takeSignals func() // has the command itself see to signals; until then, one ends the process
}

// exit is an error whose text has been shown already, with the status to end with.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a mistake on the command line.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

// Main runs the command that the arguments name and gives the exit status.
func Main(ctx context.Context, p Process) int {
	if len(p.Args) > 1 && p.Args[0] == "help" {
		p.Args = []string{p.Args[1], "--help"}
	}
	if len(p.Args) == 0 || p.Args[0] == "help" || p.Args[0] == "-h" || p.Args[0] == "--help" {
		help(p.Stdout)
		if len(p.Args) == 0 {
			return exitInput
		}
		return exitOK
	}
	name := p.Args[0]
	if name == "--version" {
		name = "version"
	}
	for _, c := range commands() {
		if c.name == name {
			return c.invoke(ctx, p)
		}
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	fmt.Fprintf(p.Stderr, "trackwalker: unknown command %q%s\nTry: trackwalker help\n", name, source.DidYouMean(name, names))
	return exitInput
}

func (c command) invoke(ctx context.Context, p Process) int {
	in := &invocation{Process: p, flags: flag.NewFlagSet(c.name, flag.ContinueOnError)}
	in.Args = p.Args[1:]
	in.log = slog.New(slog.NewTextHandler(p.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	in.flags.SetOutput(io.Discard)
	in.flags.Usage = func() {}
	in.takeSignals = exitAtSignal(p.Signals)
	defer in.takeSignals()
	err := c.run(ctx, in)
	var shown exit
	var usage usageError
	var problems source.Problems
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &shown):
		return int(shown)
	case errors.Is(err, flag.ErrHelp):
		c.usage(p.Stdout, in.flags)
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(p.Stderr, "trackwalker %s: %v\nTry: trackwalker %s --help\n", c.name, err, c.name)
		return exitInput
	case errors.As(err, &problems):
		// All of it: what else is wrong is told beside the problems, which begin with their places.
		fmt.Fprintln(p.Stderr, err)
		return exitInput
	case errors.As(err, new(inputError)):
		fmt.Fprintf(p.Stderr, "trackwalker %s: %v\n", c.name, err)
		return exitInput
	default:
		fmt.Fprintf(p.Stderr, "trackwalker %s: %v\n", c.name, err)
		return exitAgent
	}
}

// exitAtSignal has the first signal end the process, until the function that it gives was called.
func exitAtSignal(signals <-chan os.Signal) (stop func()) {
	stopped := make(chan struct{})
	go func() {
		select {
		case <-signals:
			os.Exit(exitAgent)
		case <-stopped:
		}
	}()
	// Sent, not closed: once it is taken, no signal goes astray here.
	return sync.OnceFunc(func() { stopped <- struct{}{} })
}

// inputError marks an error as the input's fault: exit status 2.
type inputError struct{ err error }

func (e inputError) Error() string { return e.err.Error() }

func (e inputError) Unwrap() error { return e.err }

// parse reads the flags, wherever they stand among the arguments, and gives the rest.
func (in *invocation) parse() ([]string, error) {
	var rest []string
	args := in.Args
	for {
		if err := in.flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{strings.ReplaceAll(err.Error(), " -", " --")}
		}
		args = in.flags.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// quiet is the log of a command that people watch: warnings and errors.
func (in *invocation) quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(in.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// silent is the log of a command that says all itself.
func (in *invocation) silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// none is parse for a command without arguments.
func (in *invocation) none() error {
	rest, err := in.parse()
	if err == nil && len(rest) > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q", rest[0])}
	}
	return err
}

// withConfig defines the flag --config.
func (in *invocation) withConfig() {
	in.config = in.flags.String("config", "", "the configuration `file`; default ./agent.yaml, if it is there")
}

func help(w io.Writer) {
	fmt.Fprintln(w, "Trackwalker replays user flows, written in YAML, against web sites in real browsers,\nand tells people what broke.\n\nUsage: trackwalker COMMAND [ARGUMENT…]")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-20s %s\n", c.name+" "+c.args, c.doc)
	}
	fmt.Fprintln(w, "\nExit status: 0 all passed, 1 a scenario failed, 2 the input is wrong, 3 the agent's own fault.\nFirst steps: trackwalker init https://your.site && trackwalker run scenarios/*.yaml")
}

func (c command) usage(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprintf(w, "Usage: trackwalker %s [FLAG…] %s\n\n%s.\n", c.name, c.args, strings.ToUpper(c.doc[:1])+c.doc[1:])
	flags.VisitAll(func(f *flag.Flag) {
		kind, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "\n  --%s %s\n        %s", f.Name, kind, text)
	})
	fmt.Fprintln(w)
}

func version(_ context.Context, in *invocation) error {
	if err := in.none(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(in.Stdout, "trackwalker "+versionText())
	return err
}

// release is the version that a build is given by -ldflags "-X trackwalker/agent/cli.release=…".
var release string

// versionText is what the build says of itself.
func versionText() string {
	text := cmp.Or(release, "(devel)")
	if info, ok := debug.ReadBuildInfo(); ok {
		if release == "" && info.Main.Version != "" {
			text = info.Main.Version
		}
		text += " " + info.GoVersion
	}
	return text
}
