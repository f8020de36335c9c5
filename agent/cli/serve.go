package cli

import (
	"context"
	"errors"
	"log/slog"

	"trackwalker/agent/app"
	"trackwalker/agent/config"
)

func serve(ctx context.Context, in *invocation) error {
	in.withConfig()
	if err := in.none(); err != nil {
		return err
	}
	conf, err := config.Find(*in.config)
	if err != nil {
		return inputError{err}
	}
	return in.runAgent(ctx, conf, nil)
}

// runAgent plays until a signal comes: the first lets runs end, the second does not.
func (in *invocation) runAgent(ctx context.Context, conf *config.Config, vars map[string]string) error {
	if err := errors.Join(conf.MissingSecrets()...); err != nil {
		return inputError{err}
	}
	// From here on a signal is a stop and no failure, also while the agent starts.
	first, hurry, done := in.twoSignals(ctx)
	defer done()
	agent, err := app.NewAgent(ctx, conf, app.AgentOptions{Log: in.log, Out: in.Stdout, Vars: vars, Version: versionText()})
	if err != nil {
		return err
	}
	defer agent.Close()
	if err := agent.Load(); err != nil {
		return inputError{err}
	}
	return agent.Run(first, hurry)
}

// twoSignals gives a context that the first signal ends, and one that the second ends.
func (in *invocation) twoSignals(parent context.Context) (first, second context.Context, done func()) {
	in.takeSignals()
	first, endFirst := context.WithCancel(parent)
	second, endSecond := context.WithCancel(parent)
	over := make(chan struct{})
	go func() {
		for _, end := range []func(){
			func() {
				in.log.Info("stopping: runs in work may end; a second signal ends them at once", slog.Duration("at_most", app.DrainTimeout))
				endFirst()
			},
			endSecond,
		} {
			select {
			case <-in.Signals:
				end()
			case <-over:
				return
			}
		}
	}()
	return first, second, func() { close(over); endFirst(); endSecond() }
}
