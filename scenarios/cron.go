package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
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
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(sundays(expression))
	if err != nil {
		return nil, fmt.Errorf("%q is no cron expression: %s", expression, plainly(err))
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

// sundays gives an expression of five fields with 0 for the seventh day of the week.
func sundays(expression string) string {
	fields := strings.Fields(expression)
	items := strings.Split(fields[4], ",")
	for i, item := range items {
		m := regexp.MustCompile(`^(?:([0-7])-)?7(?:/([1-7]))?$`).FindStringSubmatch(item)
		if m == nil {
			continue
		}
		first, step := 7, 1
		if m[1] != "" {
			first = int(m[1][0] - '0')
		}
		if m[2] != "" {
			step = int(m[2][0] - '0')
		}
		var days []string
		for day := first; day <= 7; day += step {
			days = append(days, strconv.Itoa(day%7))
		}
		items[i] = strings.Join(days, ",")
	}
	fields[4] = strings.Join(items, ",")
	return strings.Join(fields, " ")
}

// plainly gives an error of the cron library without what only programmers understand.
func plainly(err error) string {
	return regexp.MustCompile(`^failed to parse int from (.*): strconv\..*$`).ReplaceAllString(err.Error(), `"$1" is neither a number nor a name`)
}
