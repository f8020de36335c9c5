// Command trackwalker replays user flows against web sites, in real browsers, and tells people what broke.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // cron expressions have time zones, and a small image may not know them

	"trackwalker/agent/cli"
)

func main() {
	// The first signal asks the command to end; cli gives up waiting at the second.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(cli.Main(context.Background(), cli.Process{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Signals: signals,
	}))
}
