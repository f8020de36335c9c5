package schedule

import (
	"math/bits"
	"time"

	"github.com/robfig/cron/v3"

	"trackwalker/scenarios"
)

// allHours are the bits of the hour field when it does not choose among the hours.
const allHours = 1<<24 - 1

// Cron makes the plan of a scenario that is due by a cron expression of five fields (minute, hour, day of the month, month,
// day of the week), read in zone; nil is UTC.
//
// When the clocks change: an expression for every hour goes by real time, it keeps its rhythm and loses or repeats nothing.
// One that names hours goes by the clock on the wall: a time that comes twice is due the first time, and those that are
// jumped over are due together, once, at the moment of the jump.
func Cron(expression string, zone *time.Location) (Plan, error) {
	if zone == nil {
		zone = time.UTC
	}
	spec, err := scenarios.ParseCron(expression) // of clocks on walls, see wallClock
	if err != nil {
		return nil, err
	}
	if bits.OnesCount64(spec.Hour&allHours) == 24 {
		return everyHour{spec, zone}, nil
	}
	return namedHours{spec, zone}, nil
}

// everyHour goes by real time.
type everyHour struct {
	spec *cron.SpecSchedule
	zone *time.Location
}

func (c everyHour) Next(after time.Time) time.Time {
	// From one change of the clocks to the next the offset from UTC is fixed, so that wall clock and real time go together.
	at := after.In(c.zone)
	from := wallClock(at)
	for {
		_, offset := at.Zone()
		_, end := at.ZoneBounds()
		wall := c.spec.Next(from)
		if wall.IsZero() {
			return time.Time{}
		}
		next := wall.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || next.Before(end) {
			return next
		}
		at = end.In(c.zone)
		from = wallClock(at).Add(-time.Nanosecond) // the moment of the change may itself be due
	}
}

// namedHours goes by the clock on the wall.
type namedHours struct {
	spec *cron.SpecSchedule
	zone *time.Location
}

func (c namedHours) Next(after time.Time) time.Time {
	for wall := wallClock(after.In(c.zone)); ; {
		wall = c.spec.Next(wall)
		if wall.IsZero() {
			return time.Time{}
		}
		if next := firstShowing(wall, c.zone); next.After(after) {
			return next.UTC()
		}
	}
}

// wallClock is what the clock on the wall shows at t, as if it were UTC.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// firstShowing is the first moment at which the clock on a wall in zone shows wall, or has jumped over it.
func firstShowing(wall time.Time, zone *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	start, end := t.ZoneBounds()
	switch shown := wallClock(t); {
	case shown.After(wall): // wall was jumped over, and t is behind the jump
		return start
	case shown.Before(wall): // t is before it
		return end
	case start.IsZero():
		return t
	}
	// The clock may have shown wall once before, in the offset that ended at start.
	_, offset := start.Add(-time.Nanosecond).Zone()
	if earlier := wall.Add(-time.Duration(offset) * time.Second); earlier.Before(start) {
		return earlier
	}
	return t
}
