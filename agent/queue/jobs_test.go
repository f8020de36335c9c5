package queue

import (
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		0: 2 * time.Second, -time.Minute: 2 * time.Second, 4 * time.Second: 2 * time.Second, time.Minute: 30 * time.Second,
		20 * time.Minute: 10 * time.Minute, 24 * time.Hour: 10 * time.Minute,
	} {
		if got := retryAfter(age); got != want {
			t.Errorf("at the age of %s again after %s, want %s", age, got, want)
		}
	}
	// An hour of trouble costs some tries, not hundreds.
	tries, age := 0, time.Duration(0)
	for ; age < time.Hour; age += retryAfter(age) {
		tries++
	}
	if tries > 30 {
		t.Errorf("%d tries in an hour", tries)
	}
}

func TestQueueOf(t *testing.T) {
	seen := map[string]string{}
	for _, browser := range []string{"chromium", "webkit-2", "Grid", "grid", "grid ", "grid/1", "", "-", "a_b", "a-b", "x-"} {
		name := queueOf(browser)
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q share the queue %s", browser, other, name)
		}
		seen[name] = browser
	}
	if got := queueOf("chromium"); got != "play-chromium" {
		t.Errorf("the queue of chromium is %s", got)
	}
}
