package scenarios_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios"
)

// The seventh day of the week is Sunday, as the day 0 is.
func TestSundays(t *testing.T) {
	for seven, zero := range map[string]string{
		"0 8 * * 7": "0 8 * * 0", "0 8 * * 5-7": "0 8 * * 5,6,0", "0 8 * * 1,7": "0 8 * * 0,1", "0 8 * * 1-7/2": "0 8 * * 1,3,5,0", "7 7 7 7 *": "7 7 7 7 *",
		"0 8 * * 0-7": "0 8 * * 0-6", "0 8 * * 7-7": "0 8 * * 0",
	} {
		if diff := cmp.Diff(next(t, zero), next(t, seven)); diff != "" {
			t.Errorf("%s: -want +got\n%s", seven, diff)
		}
	}
	for _, wrong := range []string{"0 8 * * 8", "0 8 * * 7-1", "0 8 * * 17"} {
		if _, err := scenarios.ParseCron(wrong); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

// next gives the first times of an expression.
func next(t *testing.T, expression string) []time.Time {
	t.Helper()
	spec, err := scenarios.ParseCron(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	var all []time.Time
	at := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	for range 10 {
		at = spec.Next(at)
		all = append(all, at)
	}
	return all
}
