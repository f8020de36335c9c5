// Package reporters is the port to the places where people are told: Reporter and Notice. Every channel is a package
// below it. Who decides what is told lives in incident; who keeps and repeats deliveries lives in the agent.
package reporters

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"trackwalker/reporters/incident"
)

// Reporter brings a channel's view of one incident up to date.
type Reporter interface {
	// Report makes the channel say what n says. memory is what the last call for this incident returned (a Slack message's
	// id), nil at first; what is returned is kept for it even when err is not nil. Called again with the same state, it
	// changes nothing. Two calls for one incident and one reporter never overlap.
	//
	// The error may be, or wrap, ErrMore, a *RetryAfter or a *Permanent; any other is tried again after a while.
	Report(ctx context.Context, n Notice, memory json.RawMessage) (json.RawMessage, error)
	// Check looks whether a report could be delivered, without sending one, and says all that is wrong.
	Check(ctx context.Context) []Finding
}

// Notice is the newest state of one incident, and what shows it.
type Notice struct {
	Incident incident.Incident
	Location string   // of the agent that tells
	Picture  *Picture // of the failure; nil when there is none
	Sample   bool     // no real incident: `notify test` sends it
	// CutOff: a call was begun after the one that memory is of, and what it gave was never kept, for the agent was killed. It
	// may have told all or nothing.
	CutOff bool
}

// Picture is the failure's screenshot.
type Picture struct {
	Name  string // of the file, as checkout-failure.png
	Media string
	Size  int64 // bytes
	// Open gives the picture's bytes; the caller closes it.
	Open func() (io.ReadCloser, error)
}

// Read takes the picture into memory, so that no request outlives an open file. The most is limit bytes.
func (p *Picture) Read(limit int64) ([]byte, error) {
	f, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) == 0:
		return nil, errors.New("it is empty")
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	}
	return data, nil
}

// Finding is one thing that Check looked at.
type Finding struct {
	OK      bool
	Message string // what was found
	Hint    string // what to do; empty when OK
}

// ErrMore is what Report returns when all that matters is told, and something is left that may take long, as a picture.
// Called again, it goes on with that. Nobody else's message waits for it, and a newer state of the incident ends it.
var ErrMore = errors.New("told; a picture is still to come")

// Finish is Report to its very end, for a caller who has nothing else to tell.
func Finish(ctx context.Context, r Reporter, n Notice, memory json.RawMessage) (json.RawMessage, error) {
	for {
		var err error
		if memory, err = r.Report(ctx, n, memory); !errors.Is(err, ErrMore) {
			return memory, err
		}
		n.CutOff = false
	}
}

// RetryAfter is an error that goes away: not before After.
type RetryAfter struct {
	After time.Duration
	Err   error
}

func (e *RetryAfter) Error() string { return fmt.Sprintf("%v (again in %s)", e.Err, e.After) }

func (e *RetryAfter) Unwrap() error { return e.Err }

// Permanent is an error that a person must mend: a revoked token, a channel that is gone.
type Permanent struct{ Err error }

func (e *Permanent) Error() string { return e.Err.Error() }

func (e *Permanent) Unwrap() error { return e.Err }
