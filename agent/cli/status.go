package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"trackwalker/agent/config"
	"trackwalker/agent/web"
	"trackwalker/reporters"
	"trackwalker/scenarios"
)

const (
	answerTimeout = 15 * time.Second // of a running agent
	healthTimeout = 5 * time.Second
	maxAnswer     = 64 << 20 // bytes
)

func status(ctx context.Context, in *invocation) error {
	in.withConfig()
	output := in.flags.String("output", "text", "`text` or json")
	health := in.flags.Bool("health", false, "only whether the agent lives, for a container's health check")
	if err := in.none(); err != nil {
		return err
	}
	if *output != "text" && *output != "json" {
		return usageError{fmt.Sprintf("--output is text or json, not %q", *output)}
	}
	conf, err := config.Find(*in.config)
	if err != nil {
		return inputError{err}
	}
	if conf.Listen == "" {
		return fmt.Errorf("the agent of %s cannot be asked: it serves no page (listen: off); name an address there, as 127.0.0.1:8080", conf.File)
	}
	ctx, stop := in.untilSignal(ctx)
	defer stop()
	at := reach(conf.Listen)
	if *health {
		_, err := askAgent(ctx, at, "/healthz", healthTimeout)
		return err
	}
	document, err := askAgent(ctx, at, "/api/v1/status", answerTimeout)
	if err != nil {
		return err
	}
	var s web.Status
	if err := json.Unmarshal(document, &s); err != nil {
		return fmt.Errorf("what answers at %s is no agent, or one of another version: %w", at, err)
	}
	if s.Version != 1 {
		return fmt.Errorf("what answers at %s is no agent, or one of another version: its document says version %d, not 1", at, s.Version)
	}
	if err := writeStatus(in.Stdout, *output, at, document, s); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	return verdict(s)
}

// verdict gives the exit status: of what fails and what is the agent's own fault, the highest.
func verdict(s web.Status) error {
	code := exitOK
	if s.State == web.Failing || s.State == web.Failed {
		code = exitFailed
	}
	for _, f := range s.Flows {
		if f.State == web.Errored {
			code = exitAgent
		}
	}
	if !s.Ready {
		code = exitAgent
	}
	if code == exitOK {
		return nil
	}
	return exit(code)
}

// reach is the address at which an agent that listens there is reached from this machine.
func reach(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "http://" + listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// askAgent gets a document of the agent at an address.
func askAgent(ctx context.Context, at, path string, limit time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at+path, nil)
	if err != nil {
		return nil, inputError{fmt.Errorf("listen in the configuration is no address: %w", err)}
	}
	// The agent is on this machine or near it: no proxy of the environment's stands between.
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, noAnswer(at, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, noAnswer(at, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("what answers at %s says %s: %s", at, response.Status, complaint(body))
	}
	return body, nil
}

func noAnswer(at string, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return fmt.Errorf("no agent answers at %s: %w\nStart one with `trackwalker serve`, or name with --config the configuration whose `listen` says where it is", at, err)
}

// complaint is what an answer that is none says of itself.
func complaint(body []byte) string {
	var document struct{ Error string }
	if err := json.Unmarshal(body, &document); err == nil && document.Error != "" {
		return reporters.Clip(reporters.Line(document.Error), 500)
	}
	return reporters.Clip(reporters.Line(string(body)), 200)
}

func writeStatus(w io.Writer, output, at string, document []byte, s web.Status) error {
	var text bytes.Buffer
	if output == "json" {
		text.Write(document)
	} else {
		v := statusView{progress: &progress{out: &text, terminal: isTerminal(w)}, at: at, status: s}
		v.show()
	}
	_, err := w.Write(text.Bytes())
	return err
}

// statusView shows a status to people. What comes from sites is shown without what a terminal would obey.
type statusView struct {
	*progress
	at     string
	status web.Status
}

func (v statusView) show() {
	s := v.status
	v.print("%s\n", v.bold(reporters.Line(s.Headline)))
	v.print("%s\n", v.dim(fmt.Sprintf("%s, %s, up for %s, %s", reporters.Line(s.Location), reporters.Line(s.Build), reporters.Words(s.At.Sub(s.Started)), v.at)))
	v.flows()
	for _, i := range s.Incidents {
		v.incident(i)
	}
	for _, p := range s.Problems {
		v.print("\n%s %s\n%s", v.colour("33", "!"), v.bold(reporters.Line(p.About)), indent(p.Text))
	}
	if n := s.DeliveriesWaiting; n > 0 {
		v.print("\nMessages to people that are not sent yet: %d\n", n)
	}
}

func (v statusView) print(format string, args ...any) { fmt.Fprintf(v.out, format, args...) }

// flows is the table: a line a flow, and one more for what failed.
func (v statusView) flows() {
	if len(v.status.Flows) == 0 {
		return
	}
	rows := [][]string{{"FLOW", "LAST RUN", "TOOK", "NEXT"}}
	for _, f := range v.status.Flows {
		rows = append(rows, v.row(f))
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	v.print("\n")
	for n, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		line = strings.TrimRight(line, " ")
		if n == 0 {
			v.print("  %s\n", v.dim(line))
			continue
		}
		f := v.status.Flows[n-1]
		v.print("%s %s\n", v.stateMark(f.State), line)
		if f.Last != nil && f.Last.Failure != nil {
			v.print("    %s\n", v.dim(where(*f.Last.Failure)+": "+reporters.Clip(reporters.Line(f.Last.Failure.Message), 120)))
		}
	}
}

func (v statusView) row(f web.Flow) []string {
	last, took, next := "never played", "", reporters.Line(f.Schedule)
	if r := f.Last; r != nil {
		last = fmt.Sprintf("%s %s ago", r.Outcome, reporters.Words(v.status.At.Sub(r.Started)))
		took = seconds(r.Duration())
	}
	switch wait := f.Next.Sub(v.status.At); {
	case f.Playing:
		next = "playing now"
	case f.Next.IsZero():
	case wait < 0:
		next = "due " + reporters.Words(-wait) + " ago"
	default:
		next = "in " + reporters.Words(wait)
	}
	return []string{reporters.Clip(reporters.Line(f.Name), 60), last, took, next}
}

func (v statusView) stateMark(s web.State) string {
	switch s {
	case web.Working:
		return v.mark(scenarios.Passed)
	case web.Failing, web.Failed:
		return v.mark(scenarios.Failed)
	case web.Errored:
		return v.mark(scenarios.Warned)
	default:
		return v.mark(scenarios.Skipped)
	}
}

func (v statusView) incident(i web.Incident) {
	at := v.status.At
	v.print("\n%s %s is failing for %s, since %s, %d failed runs\n", v.mark(scenarios.Failed), v.bold(reporters.Line(i.Flow)),
		reporters.Words(at.Sub(i.Since)), i.Since.Local().Format("2 Jan 15:04"), i.Runs)
	if i.First == nil {
		return
	}
	if f := i.First.Failure; f != nil {
		v.print("    %s\n%s", v.bold(where(*f)), v.red(indent(f.Message)))
		if f.Hint != "" {
			v.print("%s", indent(f.Hint))
		}
		if f.URL != "" {
			v.print("    page: %s\n", reporters.Line(f.URL))
		}
	}
	v.print("    run: %s/runs/%s\n", v.at, url.PathEscape(i.First.Run))
}

// where names the failed step, or what failed when it was no step.
func where(f web.Failure) string {
	switch {
	case f.Step == 0:
		return reporters.Line(f.Class)
	case f.Steps == 0:
		return fmt.Sprintf("step %d %s", f.Step, reporters.Clip(reporters.Line(f.Name), 80))
	default:
		return fmt.Sprintf("step %d/%d %s", f.Step, f.Steps, reporters.Clip(reporters.Line(f.Name), 80))
	}
}

// indent is a text of several lines below something.
func indent(text string) string {
	var out strings.Builder
	for line := range strings.Lines(strings.TrimRight(reporters.Plain(text), "\n") + "\n") {
		out.WriteString("    " + line)
	}
	return out.String()
}
