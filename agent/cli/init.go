package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"trackwalker/agent/config"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/examples"
)

// initialize writes the files of a first set-up into this folder. A file that is there already is left alone.
func initialize(_ context.Context, in *invocation) error {
	args, err := in.parse()
	if err != nil {
		return err
	}
	if len(args) > 1 {
		return usageError{"name one URL"}
	}
	address, err := in.address(args)
	if err != nil {
		return err
	}
	name := scenarioName(address)
	files := []struct{ path, content string }{
		{config.FileName, examples.AgentFile(os.Geteuid() == 0)},
		{config.SchemaName, string(config.Schema())},
		{filepath.Join("scenarios", name+".yaml"), examples.FirstScenario(name, address)},
		{filepath.Join("scenarios", scenarios.SchemaName), string(scenarios.Schema())},
	}
	if info, err := os.Stat("scenarios"); err == nil && !info.IsDir() {
		return inputError{errors.New("scenarios is here already, and is no folder: nothing was written; move it away first")}
	}
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return inputError{fmt.Errorf("%s is here already: nothing was written; move it away first", f.path)}
		}
	}
	if err := os.MkdirAll("scenarios", 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeNew(f.path, f.content); err != nil {
			return err
		}
		fmt.Fprintf(in.Stdout, "wrote %s\n", f.path)
	}
	fmt.Fprintf(in.Stdout, "\nNow play it:            trackwalker run %s\nWatch it all the time:  trackwalker serve\nIs all here it needs?   trackwalker doctor\n", files[2].path)
	return nil
}

// address takes the URL from the arguments, or asks for it.
func (in *invocation) address(args []string) (string, error) {
	text := ""
	if len(args) == 1 {
		text = args[0]
	} else {
		fmt.Fprint(in.Stdout, "Which site shall be watched? Its URL: ")
		line, err := bufio.NewReader(in.Stdin).ReadString('\n')
		if err != nil && line == "" {
			fmt.Fprintln(in.Stdout)
			return "", usageError{"no URL was given: trackwalker init https://your.site"}
		}
		text = strings.TrimSpace(line)
	}
	if text != "" && !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := browser.CheckURL(text)
	if err != nil {
		return "", usageError{err.Error()}
	}
	if u.Host == "" || strings.ContainsAny(text, "\"\\\n\r\t ") {
		return "", usageError{fmt.Sprintf("%q is no URL of a site", text)}
	}
	if u.User != nil {
		return "", usageError{"leave user and password out of the URL: they would stand in a file. Write into the scenario: basic_auth: {username: …, password: \"${password}\"} and secrets: {password: {env: SITE_PASSWORD}}"}
	}
	return text, nil
}

// scenarioName makes a name of the site's host.
func scenarioName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "home"
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(host, "-"), "-")
	if name == "" {
		return "home"
	}
	return name[:min(len(name), 60)]
}

// writeNew writes a file that must not be there yet.
func writeNew(path, content string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return inputError{fmt.Errorf("%s is here already: it is left alone; move it away first", path)}
	}
	if err != nil {
		return err
	}
	if _, err := f.WriteString(content); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
