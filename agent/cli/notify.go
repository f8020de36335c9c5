package cli

import (
	"context"
	"fmt"

	"trackwalker/agent/app"
	"trackwalker/agent/config"
	"trackwalker/reporters"
)

// notify sends a sample through every reporter, after looking whether it can work.
func notify(ctx context.Context, in *invocation) error {
	in.withConfig()
	args, err := in.parse()
	if err != nil {
		return err
	}
	if len(args) != 1 || args[0] != "test" {
		return usageError{"the one thing to do here is: trackwalker notify test"}
	}
	conf, err := config.Find(*in.config)
	if err != nil {
		return inputError{err}
	}
	channels, err := app.Channels(conf, in.Stdout, in.quiet())
	if err != nil {
		return inputError{err}
	}
	ctx, stop := in.untilSignal(ctx)
	defer stop()
	failed, unsent := false, false
	for _, c := range channels {
		fmt.Fprintf(in.Stdout, "%s\n", c.Name)
		for _, f := range c.Reporter.Check(ctx) {
			in.finding(f)
		}
		if c.Printed != "" && len(conf.Reporters) > 0 {
			unsent = true
			in.finding(reporters.Finding{Message: "the sample was only printed: " + c.Printed, Hint: "set it where the agent runs"})
		}
		if err := app.SendSample(ctx, c.Reporter, conf.Location); err != nil {
			failed = true
			in.finding(reporters.Finding{Message: fmt.Sprintf("the sample was not delivered: %v", err), Hint: "mend what is said above, and try again"})
			continue
		}
		if c.Printed == "" {
			in.finding(reporters.Finding{OK: true, Message: "the sample was delivered"})
		}
	}
	if failed {
		return exit(exitAgent)
	}
	if unsent {
		return exit(exitInput)
	}
	return nil
}

// finding shows one thing that was looked at.
func (in *invocation) finding(f reporters.Finding) {
	mark := "✓"
	if !f.OK {
		mark = "✗"
	}
	fmt.Fprintf(in.Stdout, "  %s %s\n", mark, f.Message)
	if f.Hint != "" {
		fmt.Fprintf(in.Stdout, "      %s\n", f.Hint)
	}
}
