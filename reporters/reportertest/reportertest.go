// Package reportertest holds the suite that every reporter passes, and fakes of the services that reporters talk to, on
// loopback. Tests alone import it.
package reportertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"trackwalker/reporters"
)

// Target is a kind of reporter that Run tries.
type Target struct {
	// Open makes a place where nobody was told anything, and gives what an agent does at its start: make a reporter for it.
	Open func(t *testing.T) (Place, func() reporters.Reporter)
	// Edits: an incident is one message that is kept up to date, told exactly once whatever happens, with a reply in its
	// thread when it is over. Otherwise each change is a message of its own, told at least once.
	Edits bool
	// Twice: with Edits, people may see a message and its reply once more where an answer was lost: the place cannot be asked
	// what it got.
	Twice bool
	// Quiet: an incident that is over before it was told is not told at all, as with a pager.
	Quiet bool
	// Hasty: the place cannot ask to be left alone for a while, as with mail.
	Hasty bool
	// Pictures: the place can show them.
	Pictures bool
	// Forbidden is a fault that a person must mend. Without faults (the zero Fault) nothing is sent over a network, and
	// the parts of the suite that are about networks are left out.
	Forbidden Fault
	// Says reports whether people who see s read n. By default, when the texts are the same.
	Says func(s Said, n reporters.Notice) bool
}

// Place is where people read, and where its requests can be made to fail.
type Place interface {
	// Said gives what people see now, the oldest first.
	Said() []Said
	// Requests gives all that the reporters sent.
	Requests() []Request
	// Script lets f choose what goes wrong; nil: nothing.
	Script(f func(Request) Fault)
}

// Said is one message as people see it.
type Said struct {
	Text     string
	Body     string   // what else it shows
	Replies  []string // in its thread
	Pictures int
	Pings    bool // it calls people by name
}

// Run tries a kind of reporter.
func Run(t *testing.T, target Target) {
	if target.Says == nil {
		target.Says = func(s Said, n reporters.Notice) bool { return s.Text == n.Summary() }
	}
	for _, part := range []struct {
		name    string
		network bool
		run     func(*testing.T, *trial)
	}{
		{"an incident opens and is resolved", false, opensAndResolves},
		{"over before it was told", false, overBeforeTold},
		{"many incidents at once", false, many},
		{"a memory that cannot be read", false, unreadableMemory},
		{"a picture that cannot be read", false, brokenPicture},
		{"hostile text", false, hostile},
		{"no failure is known", false, bareIncident},
		{"a sample says so", false, sample},
		{"cancelled before", false, cancelledBefore},
		{"check sends nothing", false, checkSendsNothing},
		{"cancelled while waiting", true, cancelledWaiting},
		{"asked to wait", true, askedToWait},
		{"forbidden", true, forbidden},
		{"down for an hour", true, downForAnHour},
		{"an answer that is lost", true, lostAnswers},
		{"an answer of 500 after the effect", true, brokenAnswers},
		{"an answer that makes no sense", true, nonsense},
		{"killed between two requests", true, killed},
	} {
		if part.network && target.Forbidden == (Fault{}) {
			continue
		}
		t.Run(part.name, func(t *testing.T) { part.run(t, start(t, target)) })
	}
}

// trial is one place and the reporter that tells there.
type trial struct {
	Target
	place Place
	agent func() reporters.Reporter
	r     reporters.Reporter
}

func start(t *testing.T, target Target) *trial {
	place, agent := target.Open(t)
	return &trial{target, place, agent, agent()}
}

// report calls until all is told, or something is wrong.
func (x *trial) report(n reporters.Notice, memory json.RawMessage) (json.RawMessage, error) {
	return reporters.Finish(context.Background(), x.r, n, memory)
}

// settle calls as an agent does, until all is told. No kind of trouble that is over may take it more than a few calls.
func (x *trial) settle(t *testing.T, n reporters.Notice, memory json.RawMessage) json.RawMessage {
	t.Helper()
	var err error
	for range 6 {
		if memory, err = x.report(n, memory); err == nil {
			return memory
		}
	}
	t.Fatalf("does not come to an end: %v", err)
	return nil
}

func (x *trial) mustReport(t *testing.T, n reporters.Notice, memory json.RawMessage) json.RawMessage {
	t.Helper()
	memory, err := x.report(n, memory)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(memory) {
		t.Fatalf("the memory is no JSON: %q", memory)
	}
	return memory
}

// unchanged repeats a call that has nothing left to do.
func (x *trial) unchanged(t *testing.T, n reporters.Notice, memory json.RawMessage) json.RawMessage {
	t.Helper()
	before := len(x.place.Requests())
	again := x.mustReport(t, n, memory)
	if !bytes.Equal(memory, again) {
		t.Errorf("a repeat changes the memory from %s to %s", memory, again)
	}
	if after := len(x.place.Requests()); after != before {
		t.Errorf("a repeat sends %d requests", after-before)
	}
	return again
}

// told checks that people see these states of one incident, in this order, and nothing else.
func (x *trial) told(t *testing.T, twice bool, states ...reporters.Notice) {
	t.Helper()
	said := x.place.Said()
	last := states[len(states)-1]
	if x.Quiet && len(states) == 1 && !last.Incident.Open() {
		if len(said) != 0 {
			t.Fatalf("people see\n%s\nwanted nothing", show(said))
		}
		return
	}
	if x.Edits {
		x.toldByEdits(t, twice && x.Twice, said, states)
		return
	}
	var distinct []Said
	for _, s := range said {
		if twice && len(distinct) > 0 && distinct[len(distinct)-1].Text == s.Text {
			continue
		}
		distinct = append(distinct, s)
	}
	ok := len(distinct) == len(states)
	for i := 0; ok && i < len(states); i++ {
		ok = x.Says(distinct[i], states[i])
	}
	if !ok {
		t.Fatalf("people see\n%s\nwanted %d messages, the last of which says\n%s", show(said), len(states), last.Summary())
	}
}

// toldByEdits checks that people see one message that says the last state, with a reply when more than one was told.
func (x *trial) toldByEdits(t *testing.T, twice bool, said []Said, states []reporters.Notice) {
	t.Helper()
	last := states[len(states)-1]
	replies := 0
	if len(states) > 1 && !last.Incident.Open() {
		replies = 1
	}
	newest := Said{}
	if len(said) > 0 {
		newest = said[len(said)-1]
	}
	once := len(said) == 1 && len(newest.Replies) == replies
	if twice { // the reply may be to any of them, and come twice; once more where the memory was lost as well
		once = len(said) > 0 && len(said) <= 3 && len(newest.Replies) <= 2*replies
	}
	if !once || !x.Says(newest, last) {
		t.Fatalf("people see\n%s\nwanted one message with %d replies that says\n%s", show(said), replies, last.Summary())
	}
}

func show(said []Said) string {
	var b strings.Builder
	for _, s := range said {
		fmt.Fprintf(&b, "- %s", s.Text)
		for _, r := range s.Replies {
			fmt.Fprintf(&b, "\n  - %s", r)
		}
		b.WriteString("\n")
	}
	return b.String()
}
