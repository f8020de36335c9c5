package reportertest

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"trackwalker/reporters"
)

// The part of the suite in which the network, the service or the agent fails.

// cancelledWaiting is told to stop while its first, second, … request gets no answer.
func cancelledWaiting(t *testing.T, x *trial) {
	open := Opened("0193-waiting")
	for k := 1; ; k++ {
		x := start(t, x.Target)
		ctx, cancel := context.WithCancel(context.Background())
		var hung atomic.Bool
		x.place.Script(func(r Request) Fault {
			if r.N < k {
				return Fault{}
			}
			hung.Store(true)
			cancel()
			return Fault{Hang: true}
		})
		memory, err := x.r.Report(ctx, open, nil)
		cancel()
		if !hung.Load() {
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("request %d: got %v", k, err)
		}
		x.place.Script(nil)
		x.settle(t, open, memory)
		x.told(t, true, open)
	}
}

func askedToWait(t *testing.T, x *trial) {
	if x.Hasty {
		t.Skip("it cannot ask for that")
	}
	open := Opened("0193-wait")
	x.place.Script(func(Request) Fault { return Fault{RetryAfter: 7 * time.Second} })
	memory, err := x.report(open, nil)
	var later *reporters.RetryAfter
	if !errors.As(err, &later) || later.After != 7*time.Second {
		t.Fatalf("got %v", err)
	}
	if n := len(x.place.Requests()); n != 1 {
		t.Errorf("%d requests, one of which was to wait", n)
	}
	x.place.Script(nil)
	x.settle(t, open, memory)
	x.told(t, false, open)
}

func forbidden(t *testing.T, x *trial) {
	open := Opened("0193-forbidden")
	x.place.Script(func(Request) Fault { return x.Forbidden })
	memory, err := x.report(open, nil)
	if _, ok := errors.AsType[*reporters.Permanent](err); !ok {
		t.Fatalf("got %v", err)
	}
	x.place.Script(nil) // mended
	x.settle(t, open, memory)
	x.told(t, false, open)
}

func downForAnHour(t *testing.T, x *trial) {
	open := Opened("0193-down")
	x.place.Script(func(Request) Fault { return Fault{Status: 503} })
	var memory json.RawMessage
	var err error
	for range 20 {
		if memory, err = x.report(open, memory); err == nil {
			t.Fatal("no error while nobody hears")
		}
		if errors.As(err, new(*reporters.Permanent)) {
			t.Fatalf("an outage is no permanent error: %v", err)
		}
	}
	x.place.Script(nil)
	over := Resolved(open)
	x.settle(t, over, memory)
	x.told(t, false, over)
}

func lostAnswers(t *testing.T, x *trial) { failOnce(t, x.Target, Fault{Effect: true, Lose: true}) }

func brokenAnswers(t *testing.T, x *trial) { failOnce(t, x.Target, Fault{Effect: true, Status: 500}) }

func nonsense(t *testing.T, x *trial) {
	failOnce(t, x.Target, Fault{Effect: true, Body: "<html><body>Please log in to the network</body></html>"})
}

// failOnce lets the first request fail in one trial, the second in the next, …: the agent lives and remembers.
func failOnce(t *testing.T, target Target, f Fault) {
	for k := 1; ; k++ {
		x := start(t, target)
		var failed atomic.Bool
		x.place.Script(func(r Request) Fault {
			if r.N != k {
				return Fault{}
			}
			failed.Store(true)
			return f
		})
		open := Opened("0193-fails")
		if target.Pictures {
			open.Picture = Picture("PNG")
		}
		memory := x.settle(t, open, nil)
		x.told(t, true, open)
		over := Resolved(open)
		memory = x.settle(t, over, memory)
		x.told(t, true, open, over)
		x.unchanged(t, over, memory)
		if said := x.place.Said(); target.Pictures && said[0].Pictures != 1 {
			t.Errorf("request %d failed, and the message shows %d pictures", k, said[0].Pictures)
		}
		if !failed.Load() {
			return
		}
	}
}

// killed ends the agent at its first request in one trial, at its second in the next, …: the request takes effect, and what
// the call would have returned is lost. A new agent knows what the last completed call returned.
func killed(t *testing.T, x *trial) {
	open := Opened("0193-killed")
	if x.Pictures {
		open.Picture = Picture("PNG")
	}
	over := Resolved(open)
	t.Run("as it opens", func(t *testing.T) {
		killEach(t, x.Target, func(x *trial) json.RawMessage { return nil }, open)
	})
	t.Run("as it is resolved", func(t *testing.T) {
		killEach(t, x.Target, func(x *trial) json.RawMessage { return x.settle(t, open, nil) }, open, over)
	})
	t.Run("as it is told after the end", func(t *testing.T) {
		killEach(t, x.Target, func(x *trial) json.RawMessage { return nil }, over)
	})
	t.Run("as it is resolved, with nothing remembered", func(t *testing.T) {
		killEach(t, x.Target, func(x *trial) json.RawMessage { x.settle(t, open, nil); return nil }, open, over)
	})
}

func killEach(t *testing.T, target Target, before func(*trial) json.RawMessage, states ...reporters.Notice) {
	t.Helper()
	last := states[len(states)-1]
	for k := 1; ; k++ {
		x := start(t, target)
		memory := before(x)
		first := len(x.place.Requests())
		var died atomic.Bool
		x.place.Script(func(r Request) Fault {
			if r.N-first < k {
				return Fault{}
			}
			effect := !died.Load()
			died.Store(true)
			return Fault{Effect: effect, Lose: true}
		})
		_, err := x.report(last, memory)
		if !died.Load() {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		x.place.Script(nil)
		x.r = x.agent()
		memory = x.settle(t, last, memory)
		x.told(t, true, states...)
		x.unchanged(t, last, memory)
		if said := x.place.Said(); target.Pictures && said[len(said)-1].Pictures != 1 {
			t.Errorf("killed at request %d, the message shows %d pictures", k, said[len(said)-1].Pictures)
		}
	}
}
