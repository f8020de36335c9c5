package cli

import (
	"context"
	"fmt"

	"trackwalker/agent/config"
	"trackwalker/scenarios"
)

func schema(_ context.Context, in *invocation) error {
	what, err := in.parse()
	if err != nil {
		return err
	}
	text := scenarios.Schema()
	switch {
	case len(what) == 1 && what[0] == "agent":
		text = config.Schema()
	case len(what) > 0:
		return usageError{fmt.Sprintf("there is a schema of scenarios (no argument) and of the configuration (agent), not of %q", what[0])}
	}
	_, err = in.Stdout.Write(text)
	return err
}
