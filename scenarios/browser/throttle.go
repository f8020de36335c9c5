package browser

import "time"

// NetworkProfiles gives the networks that have names.
//
// The numbers are the presets of Chrome DevTools, which are Lighthouse's. They are what a page gets, not what the link gives:
// Chrome counts latency once a request, so the presets take a few round trips of the link for it, and 0.8 or 0.9 of its
// throughput. What was called Fast 3G there is called Slow 4G since 2024; both names are known here.
func NetworkProfiles() map[string]NetworkProfile {
	slow3G := NetworkProfile{Latency: 2000 * time.Millisecond, Download: 50_000, Upload: 50_000}    // 400 ms; 500 kbit/s
	slow4G := NetworkProfile{Latency: 562500 * time.Microsecond, Download: 180_000, Upload: 84_375} // 150 ms; 1.6 Mbit/s, 750 kbit/s
	fast4G := NetworkProfile{Latency: 165 * time.Millisecond, Download: 1_012_500, Upload: 168_750} // 60 ms; 9 Mbit/s, 1.5 Mbit/s
	return map[string]NetworkProfile{
		"slow-3g": slow3G, "fast-3g": slow4G, "slow-4g": slow4G, "fast-4g": fast4G, "4g": fast4G,
		"offline": {Offline: true},
	}
}
