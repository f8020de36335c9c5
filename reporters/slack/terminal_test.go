package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"trackwalker/reporters"
	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/slack"
)

// paper keeps what is written to it, one message a call.
type paper struct {
	mu    sync.Mutex
	pages []string
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages = append(p.pages, string(b))
	return len(b), nil
}

func (p *paper) Said() []reportertest.Said {
	var all []reportertest.Said
	for _, page := range p.pages {
		all = append(all, reportertest.Said{Text: page})
	}
	return all
}

func (*paper) Requests() []reportertest.Request                     { return nil }
func (*paper) Script(func(reportertest.Request) reportertest.Fault) {}

func TestTerminal(t *testing.T) {
	reportertest.Run(t, reportertest.Target{
		Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
			p := new(paper)
			terminal := slack.NewTerminal(p)
			return p, func() reporters.Reporter { return terminal }
		},
		Says: func(s reportertest.Said, n reporters.Notice) bool {
			want := "🔴 " + n.Incident.Scenario + " is failing\n"
			if !n.Incident.Open() {
				want = "✅ " + n.Incident.Scenario + " works again\n"
			}
			return strings.Contains(s.Text, want)
		},
	})
}

func TestTerminalThatIsGone(t *testing.T) {
	terminal := slack.NewTerminal(broken{})
	memory, err := terminal.Report(context.Background(), covered(), nil)
	if err == nil {
		t.Fatal("no error")
	}
	var b bytes.Buffer
	if _, err := slack.NewTerminal(&b).Report(context.Background(), covered(), memory); err != nil || b.Len() == 0 {
		t.Errorf("not told later: %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestMemoryOfOneIsForOneKind(t *testing.T) {
	var b bytes.Buffer
	memory, err := slack.NewTerminal(&b).Report(context.Background(), covered(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(memory, &m); err != nil || string(m["told"]) != "1" {
		t.Errorf("memory %s", memory)
	}
}
