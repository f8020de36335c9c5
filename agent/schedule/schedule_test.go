package schedule_test

import (
	"testing"
	"time"

	"trackwalker/agent/schedule"
)

func must(t *testing.T, p schedule.Plan, err error) schedule.Plan {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone data here: %v", err)
	}
	return z
}

func TestEveryIsAFunctionOfNameIntervalAndClock(t *testing.T) {
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	p, err := schedule.Every("checkout", 5*time.Minute)
	p = must(t, p, err)
	first := p.Next(start)
	if d := first.Sub(start); d <= 0 || d > 5*time.Minute {
		t.Fatalf("first due %s after it was asked", d)
	}
	for d := time.Duration(0); d < 5*time.Minute; d += 1777 * time.Millisecond {
		if got, want := p.Next(first.Add(d)), first.Add(5*time.Minute); !got.Equal(want) {
			t.Fatalf("asked %s after a due time: %s, want %s", d, got, want)
		}
	}
	again, err := schedule.Every("checkout", 5*time.Minute)
	if got := must(t, again, err).Next(start); !got.Equal(first) {
		t.Errorf("the same scenario is due at %s and at %s", first, got)
	}
	// Stable for ever: a change of the hash would move every scenario on an upgrade.
	if want := time.Date(2026, 11, 22, 10, 3, 27, 101e6, time.UTC); !first.Equal(want) {
		t.Errorf("due at %s, want %s", first, want)
	}
}

func TestEverySpreadsScenarios(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var perMinute [5]int
	for i := range 500 {
		p, err := schedule.Every("flow-"+string(rune('a'+i%26))+string(rune('a'+i/26)), 5*time.Minute)
		perMinute[int(must(t, p, err).Next(start.Add(-time.Nanosecond)).Sub(start)/time.Minute)]++
	}
	for minute, n := range perMinute {
		if n < 60 || n > 140 {
			t.Errorf("minute %d of 5 has %d of 500 scenarios", minute, n)
		}
	}
}

func TestEveryRefuses(t *testing.T) {
	for _, interval := range []time.Duration{0, -time.Second, time.Microsecond, 1500 * time.Microsecond} {
		if _, err := schedule.Every("x", interval); err == nil {
			t.Errorf("an interval of %s is taken", interval)
		}
	}
}

func TestLatest(t *testing.T) {
	due := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for interval, want := range map[time.Duration]time.Duration{
		10 * time.Second: 10 * time.Second, time.Minute: time.Minute, time.Hour: time.Minute,
	} {
		p, err := schedule.Every("x", interval)
		due := must(t, p, err).Next(due)
		if got := schedule.Latest(p, due).Sub(due); got != want {
			t.Errorf("every %s: a play may start %s late, want %s", interval, got, want)
		}
	}
}

func TestCron(t *testing.T) {
	tests := []struct {
		name, expression, zone, after string
		want                          []string
	}{
		{
			"ten minutes in office hours", "*/10 8-18 * * 1-5", "Europe/Berlin", "2026-11-20T18:45:00+01:00",
			[]string{"2026-11-20T18:50:00+01:00", "2026-11-23T08:00:00+01:00", "2026-11-23T08:10:00+01:00"},
		},
		{"no zone is UTC", "30 6 * * *", "", "2026-07-01T06:30:00Z", []string{"2026-07-02T06:30:00Z"}},
		{"leap day", "0 0 29 2 *", "", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},

		// Berlin: 02:00 to 03:00 does not come on 2026-03-29, and comes twice on 2026-10-25.
		{
			"every half hour over the missing hour", "*/30 * * * *", "Europe/Berlin", "2026-03-29T01:30:00+01:00",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"},
		},
		{
			"every half hour over the double hour", "*/30 * * * *", "Europe/Berlin", "2026-10-25T02:00:00+02:00",
			[]string{"2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00"},
		},
		{
			"daily in the missing hour", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+01:00",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"},
		},
		{
			"several in the missing hour are one", "*/20 2-3 * * *", "Europe/Berlin", "2026-03-29T00:00:00+01:00",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00"},
		},
		{
			"daily in the double hour", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00+02:00",
			[]string{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"},
		},
		{
			"asked in the second of the double hour", "30 2 * * *", "Europe/Berlin", "2026-10-25T02:10:00+01:00",
			[]string{"2026-10-26T02:30:00+01:00"},
		},

		// Lord Howe moves by half an hour: back at 02:00 to 01:30 on 2026-04-05, on at 02:00 to 02:30 on 2026-10-04.
		{
			"half an hour back", "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00",
			[]string{"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"},
		},
		{
			"half an hour on", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"},
		},
		{
			"every hour over half an hour", "0 * * * *", "Australia/Lord_Howe", "2026-10-04T01:00:00+10:30",
			[]string{"2026-10-04T03:00:00+11:00"},
		},

		// São Paulo had no midnight on 2018-11-04, a Sunday.
		{
			"the missing midnight", "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00-03:00",
			[]string{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		},
		{
			"a day without midnight", "0 * * * 0", "America/Sao_Paulo", "2018-11-03T12:00:00-03:00",
			[]string{"2018-11-04T01:00:00-02:00", "2018-11-04T02:00:00-02:00"},
		},

		// Apia had no 2011-12-30.
		{
			"a day that was jumped over", "0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00",
			[]string{"2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := schedule.Cron(tt.expression, zone(t, tt.zone))
			p = must(t, p, err)
			after, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range tt.want {
				want, err := time.Parse(time.RFC3339, text)
				if err != nil {
					t.Fatal(err)
				}
				got := p.Next(after)
				if !got.Equal(want) {
					t.Fatalf("after %s due at %s, want %s", after, got.In(want.Location()), want)
				}
				after = got
			}
		})
	}
}

func TestCronRefuses(t *testing.T) {
	for _, expression := range []string{
		"", "* * * *", "* * * * * *", "61 * * * *", "@every 5m", "TZ=UTC", "TZ=Europe/Berlin * * * *", "CRON_TZ=", "0 0 30 2 *", "*/0 * * * *", "a b c d e",
	} {
		if _, err := schedule.Cron(expression, nil); err == nil {
			t.Errorf("%q is taken", expression)
		}
	}
}

func FuzzEvery(f *testing.F) {
	f.Add("checkout", int64(300_000), int64(1_800_000_000_000), int64(17))
	f.Add("", int64(1), int64(-5), int64(999))
	f.Fuzz(func(t *testing.T, name string, ms, at, step int64) {
		const century = 100 * 365 * 24 * 3600 * 1000
		if ms < 1 || ms > century || at < -century || at > 10*century {
			t.Skip()
		}
		interval := time.Duration(ms) * time.Millisecond
		p, err := schedule.Every(name, interval)
		if err != nil {
			t.Fatal(err)
		}
		after := time.UnixMilli(at)
		next := p.Next(after)
		if d := next.Sub(after); d <= 0 || d > interval {
			t.Fatalf("due %s after it was asked, of an interval of %s", d, interval)
		}
		if got := p.Next(next); got.Sub(next) != interval {
			t.Fatalf("%s and then %s: not an interval of %s", next, got, interval)
		}
		// Asked from anywhere between two due times, the answer is the same.
		between := next.Add(time.Duration(((step%ms)+ms)%ms) * time.Millisecond)
		if got := p.Next(between); !got.Equal(next.Add(interval)) {
			t.Fatalf("asked at %s: %s, want %s", between, got, next.Add(interval))
		}
	})
}

func FuzzCron(f *testing.F) {
	f.Add("*/10 8-18 * * 1-5", uint8(0), int64(1_774_746_000))
	f.Add("30 2 * * *", uint8(1), int64(1_792_890_000))
	f.Add("0 * * * 0", uint8(2), int64(1_541_200_000))
	f.Add("15 2 29 2 *", uint8(3), int64(1_541_200_000))
	f.Add("TZ= * * * *", uint8(4), int64(0))
	zones := []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "UTC"}
	f.Fuzz(func(t *testing.T, expression string, z uint8, at int64) {
		p, err := schedule.Cron(expression, zone(t, zones[int(z)%len(zones)]))
		if err != nil {
			t.Skip()
		}
		if at < 0 || at > 3_500_000_000 { // until 2080
			t.Skip()
		}
		after := time.Unix(at, 0)
		next := p.Next(after)
		if !next.After(after) {
			t.Fatalf("%q after %s due at %s", expression, after, next)
		}
		// Asked from anywhere before it, the answer is the same.
		for _, part := range []time.Duration{2, 3, 10, 1000} {
			between := after.Add(next.Sub(after) / part)
			if got := p.Next(between); !got.Equal(next) {
				t.Fatalf("%q after %s due at %s, after %s at %s", expression, after, next, between, got)
			}
		}
		if got := p.Next(next.Add(-time.Nanosecond)); !got.Equal(next) {
			t.Fatalf("%q just before %s due at %s", expression, next, got)
		}
	})
}
