package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize/english"

	"trackwalker/agent/app"
	"trackwalker/agent/config"
	"trackwalker/scenarios"
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

func validate(_ context.Context, in *invocation) error {
	in.withConfig()
	vars := variables{}
	in.flags.Var(vars, "var", "`name=value` of a var; wins over the file's; may be given several times")
	paths, err := in.parse()
	if err != nil {
		return err
	}
	conf, err := config.Find(*in.config)
	if err != nil {
		return inputError{err}
	}
	a := app.New(conf, app.Options{Log: in.log, Vars: vars})
	defer a.Close()
	if len(paths) == 0 {
		paths = []string{conf.Scenarios}
	}
	c := check{in: in, env: a.Env()}
	for _, path := range paths {
		c.path(path)
	}
	return c.verdict()
}

// check goes through files and tells of all that is wrong.
type check struct {
	in    *invocation
	env   scenarios.Env
	names scenarios.Unique
	files int
	wrong int
}

func (c *check) path(path string) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() && steps.IsFragment(path) {
		c.fragment(path)
		return
	}
	if err == nil && !info.IsDir() || filepath.Ext(path) == ".yaml" {
		s, err := scenarios.LoadFile(path, c.env)
		if err == nil {
			err = c.names.Add(s)
		}
		c.file(path, s, err)
		return
	}
	folder, err := scenarios.LoadFolder(path, c.env)
	if err != nil {
		c.file(path, nil, err)
		return
	}
	if len(folder.Files) == 0 {
		c.file(path, nil, fmt.Errorf("%s holds no scenario: no file that ends in .yaml and does not begin with _", path))
	}
	for _, file := range folder.Files {
		if err := folder.Broken[file]; err != nil {
			c.file(file, nil, err)
		}
	}
	for _, s := range folder.Scenarios {
		c.file(s.File, s, c.names.Add(s))
	}
	for _, file := range folder.Ignored {
		fmt.Fprintf(c.in.Stderr, "%s: warning: it is not played: the names of scenarios end in .yaml\n", file)
	}
}

// fragment looks at a fragment by itself.
func (c *check) fragment(path string) {
	if err := scenarios.CheckFragment(path, c.env); err != nil {
		c.file(path, nil, err)
		return
	}
	c.files++
	fmt.Fprintf(c.in.Stdout, "%s: the fragment is right, as far as it can be seen without a flow that uses it\n", path)
}

func (c *check) file(path string, s *scenarios.Scenario, err error) {
	c.files++
	if err != nil {
		c.wrong++
		if problems, ok := errors.AsType[source.Problems](err); ok {
			fmt.Fprintln(c.in.Stderr, problems.Error())
			return
		}
		fmt.Fprintln(c.in.Stderr, err)
		return
	}
	for _, missing := range s.MissingSecrets() {
		fmt.Fprintf(c.in.Stderr, "%s: warning: %v\n", path, missing)
	}
	plays := "only when asked to"
	switch {
	case s.Every > 0:
		plays = "every " + scenarios.ShortDuration(s.Every)
	case s.Cron != "":
		plays = fmt.Sprintf("at %q %s", s.Cron, s.Timezone)
	}
	count := 0
	for range s.Leaves() {
		count++
	}
	fmt.Fprintf(c.in.Stdout, "%s: %s is right: %s, plays %s\n", path, s.Name, english.Plural(count, "step", ""), plays)
}

func (c *check) verdict() error {
	if c.wrong == 0 {
		return nil
	}
	are := "are"
	if c.wrong == 1 {
		are = "is"
	}
	fmt.Fprintf(c.in.Stderr, "%d of %s %s wrong\n", c.wrong, english.Plural(c.files, "file", ""), are)
	return exit(exitInput)
}
