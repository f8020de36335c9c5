package web

import (
	"fmt"
	"time"

	"trackwalker/scenarios"
)

// State is how a flow stands, or all of them together.
type State string

// The states, from good to bad.
const (
	Working State = "working" // the last run passed
	Waiting State = "waiting" // it never played
	Errored State = "errored" // the agent could not play it; what the site does is not known
	Failed  State = "failed"  // the last run failed, which is no incident yet
	Failing State = "failing" // an incident is open
)

// rank orders the states: of several, the highest counts.
func (s State) rank() int {
	for i, each := range []State{Working, Waiting, Errored, Failed, Failing} {
		if s == each {
			return i
		}
	}
	return -1
}

// Judge fills in what follows from the rest of a status: the states, the headline, the version. Lists that are nil become
// empty.
func Judge(s Status) Status {
	s.Version = 1
	if s.At.IsZero() {
		s.At = time.Now()
	}
	open := map[string]time.Time{}
	for _, i := range s.Incidents {
		open[i.Flow] = i.Since
	}
	s.Flows = append([]Flow{}, s.Flows...)
	s.Incidents = append([]Incident{}, s.Incidents...)
	s.Problems = append([]Problem{}, s.Problems...)
	s.State = Waiting
	for i := range s.Flows {
		f := &s.Flows[i]
		f.Recent = append([]Result{}, f.Recent...)
		f.FailingFrom = open[f.Name]
		f.State = f.judge()
		if i == 0 || f.State.rank() > s.State.rank() {
			s.State = f.State
		}
	}
	for range s.Incidents { // one may be of a flow that is gone
		s.State = Failing
	}
	s.Headline = s.headline()
	return s
}

func (f *Flow) judge() State {
	switch {
	case !f.FailingFrom.IsZero():
		return Failing
	case f.Last == nil:
		return Waiting
	case f.Last.Outcome == scenarios.Failed:
		return Failed
	case f.Last.Outcome == scenarios.Passed:
		return Working
	default:
		return Errored
	}
}

// headline says the worst first, and never that all is well when something is not known.
func (s Status) headline() string {
	names := map[State][]string{}
	for _, i := range s.Incidents {
		names[Failing] = append(names[Failing], i.Flow)
	}
	for _, f := range s.Flows {
		if f.State != Failing {
			names[f.State] = append(names[f.State], f.Name)
		}
	}
	working := len(names[Working])
	switch {
	case len(names[Failing]) > 0:
		return one(names[Failing], "%s is failing", "%d flows are failing")
	case len(names[Failed]) > 0:
		return one(names[Failed], "%s failed its last run", "%d flows failed their last run")
	case len(names[Errored]) > 0:
		return one(names[Errored], "%s could not be played", "%d flows could not be played")
	case len(s.Flows) == 0:
		return "There is no flow to play"
	case working == 0:
		return "Nothing has played yet"
	case len(names[Waiting]) > 0:
		return fmt.Sprintf("%d of %d flows work, the rest never played", working, len(s.Flows))
	case working == 1:
		return s.Flows[0].Name + " works"
	default:
		return fmt.Sprintf("All %d flows work", working)
	}
}

// one says something of one by its name, of several by their number.
func one(names []string, single, several string) string {
	if len(names) == 1 {
		return fmt.Sprintf(single, names[0])
	}
	return fmt.Sprintf(several, len(names))
}
