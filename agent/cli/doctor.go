package cli

import (
	"context"
	"fmt"
	"strings"

	"trackwalker/agent/app"
	"trackwalker/agent/config"
)

func doctor(ctx context.Context, in *invocation) error {
	in.withConfig()
	if err := in.none(); err != nil {
		return err
	}
	conf, err := config.Find(*in.config)
	if err != nil {
		return inputError{err}
	}
	// Its findings say what the log would.
	a := app.New(conf, app.Options{Log: in.silent()})
	ctx, stop := in.untilSignal(ctx, a.Close)
	defer stop()
	defer a.Close()
	worst := app.Fine
	app.Examine(ctx, a, func(f app.Finding) {
		worst = max(worst, f.Gravity)
		in.diagnosis(f)
	})
	switch worst {
	case app.Broken:
		fmt.Fprintln(in.Stdout, "\nThe agent cannot work here until what is marked ✗ is mended.")
		return exit(exitAgent)
	case app.WrongInput:
		fmt.Fprintln(in.Stdout, "\nThe agent could play here, but not with these settings: mend what is marked ✗.")
		return exit(exitInput)
	default:
		fmt.Fprintln(in.Stdout, "\nThe agent can work here.")
		return nil
	}
}

func (in *invocation) diagnosis(f app.Finding) {
	mark := map[app.Gravity]string{app.Fine: "✓", app.Worth: "!"}[f.Gravity]
	if mark == "" {
		mark = "✗"
	}
	message := strings.ReplaceAll(strings.TrimSpace(f.Message), "\n", "\n      ")
	fmt.Fprintf(in.Stdout, "%s %-18s %s\n", mark, f.Part, message)
	if f.Hint != "" {
		fmt.Fprintf(in.Stdout, "  %-18s → %s\n", "", f.Hint)
	}
}
