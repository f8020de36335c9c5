// Package schedule says when a scenario is due. Everything here is a pure function of the scenario's name, its interval or
// cron expression, and the time that is asked about: nothing is remembered, and two agents come to the same due times. What
// waits for those times lives elsewhere.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// maxLate is how long after its due time a play may still start, however seldom the scenario is due.
const maxLate = time.Minute

// Plan gives the due times of one scenario.
type Plan interface {
	// Next is the first due time after the given one, in UTC and whole milliseconds. It does not depend on when it is asked.
	Next(after time.Time) time.Time
}

// Latest is the last moment at which a play that was due at due may start; after it the play is skipped as late. It is a
// minute later, or the next due time when that comes first.
func Latest(p Plan, due time.Time) time.Time {
	latest := due.Add(maxLate)
	if next := p.Next(due); !next.IsZero() && next.Before(latest) {
		return next
	}
	return latest
}

// Every makes the plan of a scenario that is due once in each interval. Its place in the interval comes from its name, so
// that many scenarios of one interval do not all start together. The interval is at least a millisecond, in whole ones.
func Every(name string, interval time.Duration) (Plan, error) {
	if interval < time.Millisecond {
		return nil, errors.New("the interval must be at least 1ms")
	}
	if interval%time.Millisecond != 0 {
		return nil, fmt.Errorf("the interval %s must be in whole milliseconds", interval)
	}
	sum := sha256.Sum256([]byte(name))
	ms := interval.Milliseconds()
	offset := int64(binary.BigEndian.Uint64(sum[:8]) % uint64(ms))
	return every{interval: ms, offset: offset}, nil
}

// every is due at each moment whose milliseconds since 1970 leave offset when divided by interval.
type every struct{ interval, offset int64 }

func (e every) Next(after time.Time) time.Time {
	past := (after.UnixMilli() - e.offset) % e.interval // since the last due time
	if past < 0 {
		past += e.interval
	}
	return time.UnixMilli(after.UnixMilli() - past + e.interval).UTC()
}
