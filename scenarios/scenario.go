// Package scenarios is the scenario language and its record: Scenario and how it is loaded, Run and how it is written down.
//
// Playing a scenario lives in runner, judging its runs in incident, keeping them in the agent's store.
package scenarios

import (
	"iter"
	"regexp"
	"strings"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// Scenario is one user flow, loaded and found right.
type Scenario struct {
	Name        string
	File        string   // as it was named to the loader
	Fragments   []string // the files that it uses, by path
	Description string
	Tags        []string

	Every    time.Duration // 0: no interval
	Cron     string        // five fields; empty: none
	Timezone *time.Location

	Timeout time.Duration // of one attempt
	Retries int           // further attempts before the run counts as failed
	Browser string        // empty: the agent's first

	PageSettings

	Vars    map[string]string // all that it sees, with references, unresolved
	Secrets map[string]source.Secret

	Steps   []steps.Step
	Finally []steps.Step
	Budgets Budgets
	Alert   AlertPolicy
}

// Budgets are limits that fail a run which passed all its steps.
type Budgets struct {
	Total time.Duration // of the attempt; 0: none
}

// MissingSecrets says which of the scenario's secrets have no value now.
func (s *Scenario) MissingSecrets() []error {
	var missing []error
	for _, name := range sortedKeys(s.Secrets) {
		if _, err := s.Secrets[name].Reveal(); err != nil {
			missing = append(missing, err)
		}
	}
	return missing
}

// Needs gives what the scenario asks of its browser beyond the common.
func (s *Scenario) Needs() browser.Features {
	all := s.needs()
	for step := range s.Leaves() {
		all |= step.Needs()
	}
	return all
}

// Leaves gives the steps that do something themselves, in the order of play, those under finally last.
func (s *Scenario) Leaves() iter.Seq[steps.Step] {
	return func(yield func(steps.Step) bool) {
		for _, list := range [][]steps.Step{s.Steps, s.Finally} {
			for step := range steps.Leaves(list) {
				if !yield(step) {
					return
				}
			}
		}
	}
}

// maxName is how long a scenario's name may be.
const maxName = 100

// validName is what a scenario may be called.
func validName(name string) bool {
	return regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(name) && len(name) <= maxName
}

// ShortDuration writes a duration as people do in a scenario: 5m, not 5m0s.
func ShortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
