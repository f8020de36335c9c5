package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"trackwalker/agent/config"
	"trackwalker/scenarios"
	"trackwalker/scenarios/examples"
	"trackwalker/scenarios/examples/shop"
)

// demo serves the shop and, if asked to, runs the agent with the example flows on it.
func demo(ctx context.Context, in *invocation) error {
	address := in.flags.String("listen", "127.0.0.1:8090", "the `address` of the shop")
	play := in.flags.Bool("play", false, "run the agent with the example flows on the shop, its data in ./data")
	if err := in.none(); err != nil {
		return err
	}
	listener, err := listenNear(ctx, *address, *play)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: shop.New(shop.Options{}), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	in.takeSignals()
	url := "http://" + listener.Addr().String()
	fmt.Fprintf(in.Stdout, "The demo shop is at %s; break and mend it at %s/_switches\n", url, url)
	if *play {
		return in.playDemo(ctx, url)
	}
	ctx, stop := in.untilSignal(ctx)
	defer stop()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return nil
	}
}

// playDemo writes the example flows where they can be edited, and runs the agent on them.
func (in *invocation) playDemo(ctx context.Context, shopURL string) error {
	dir := filepath.Join("data", "demo")
	if err := writeDemo(dir); err != nil {
		return fmt.Errorf("writing the example flows: %w", err)
	}
	conf, err := config.Find(filepath.Join(dir, config.FileName))
	if err != nil {
		return inputError{err}
	}
	page, err := listenNear(ctx, conf.Listen, true)
	if err != nil {
		return err
	}
	conf.Listen = page.Addr().String()
	if err := page.Close(); err != nil {
		return err
	}
	fmt.Fprintf(in.Stdout, "The agent's page is at http://%s\nThe flows that it plays are in %s; edit one and see (they are written anew at each start)\n", conf.Listen, conf.Scenarios)
	fmt.Fprint(in.Stdout, "Screenshots and the database go to ./data. Ctrl-C ends it.\n\n")
	return in.runAgent(ctx, conf, map[string]string{"base": shopURL})
}

func writeDemo(dir string) error {
	flows, err := examples.Flows()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "flows"), 0o755); err != nil {
		return err
	}
	files := map[string]string{
		config.FileName: examples.DemoAgentFile(),
		filepath.Join("flows", scenarios.SchemaName): string(scenarios.Schema()),
	}
	for name, text := range flows {
		files[filepath.Join("flows", name)] = text
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// listenNear listens on address. When its port is taken and another will do, it takes one of the next ten.
func listenNear(ctx context.Context, address string, another bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usageError{fmt.Sprintf("%q is no address: write host:port", address)}
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return nil, usageError{fmt.Sprintf("%q is no address: its port is no number", address)}
	}
	tries := 1
	if another && first != 0 {
		tries = 10
	}
	var listen net.ListenConfig
	var all error
	for i := range tries {
		listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(first+i)))
		if err == nil {
			return listener, nil
		}
		all = errors.Join(all, err)
	}
	return nil, inputError{fmt.Errorf("the demo shop cannot listen on %s: name another address with --listen: %w", address, all)}
}
