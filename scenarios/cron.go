package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// ParseCron reads a cron expression of five fields (minute, hour, day of the month, month, day of the week), as a clock on
// the wall shows them: in UTC. A day that never comes is an error.
func ParseCron(expression string) (*cron.SpecSchedule, error) {
	if strings.Contains(expression, "TZ=") {
		return nil, errors.New("the time zone of a cron expression is given by timezone")
	}
	if n := len(strings.Fields(expression)); n != 5 {
		return nil, fmt.Errorf("a cron expression has 5 fields (minute, hour, day, month, weekday), not %d", n)
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("%q is no cron expression: %w", expression, err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("the cron expression %q cannot be used", expression)
	}
	spec.Location = time.UTC
	if spec.Next(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("the cron expression %q names a day that never comes", expression)
	}
	return spec, nil
}
