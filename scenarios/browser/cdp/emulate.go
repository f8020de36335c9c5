package cdp

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"

	"trackwalker/scenarios/browser"
)

// step is one thing to do to a target, by one command.
type step func(context.Context, *target) error

// emulation gives what makes a target present itself as the session's options say. What is not asked for costs nothing.
func (s *session) emulation(t *target) []step {
	e := s.options.Emulation
	var steps []step
	add := func(when bool, f step) {
		if when {
			steps = append(steps, f)
		}
	}
	add(t == t.tab, s.setViewport)
	add(e.Touch || s.options.Uses&browser.FeatureTouch != 0, func(ctx context.Context, t *target) error {
		return do(ctx, t, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5})
	})
	add(e.UserAgent != "" || e.Locale != "", func(ctx context.Context, t *target) error {
		return do(ctx, t, emulation.SetUserAgentOverride, userAgent(e))
	})
	add(e.Locale != "", func(ctx context.Context, t *target) error {
		return s.setting("locale", e.Locale, "write a language and perhaps a country, as de-DE",
			do(ctx, t, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: e.Locale}))
	})
	add(e.TimeZone != "", func(ctx context.Context, t *target) error {
		return s.setting("page_timezone", e.TimeZone, "write a name of the IANA database, in its letters, as Europe/Berlin",
			do(ctx, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: e.TimeZone}))
	})
	add(e.ColorScheme != "", func(ctx context.Context, t *target) error {
		return do(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: e.ColorScheme}},
		})
	})
	add(e.Geolocation != nil, func(ctx context.Context, t *target) error {
		return do(ctx, t, emulation.SetGeolocationOverride, emulation.SetGeolocationOverrideParams{
			Latitude: &e.Geolocation.Latitude, Longitude: &e.Geolocation.Longitude, Accuracy: new(1.0),
		})
	})
	add(e.Network != nil, func(ctx context.Context, t *target) error { return throttle(ctx, t, *e.Network) })
	add(e.Network != nil, func(ctx context.Context, t *target) error { return tellNetwork(ctx, t, *e.Network) })
	add(e.CPU > 1, func(ctx context.Context, t *target) error {
		return do(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: e.CPU})
	})
	return steps
}

// permit lets the pages of the session ask where they are, if they are told where that is.
func (s *session) permit(ctx context.Context) error {
	if s.options.Emulation.Geolocation == nil {
		return nil
	}
	_, err := cdp.Call(ctx, s.in.browser, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{
		Permission: &cdpbrowser.PermissionDescriptor{Name: "geolocation"}, Setting: cdpbrowser.PermissionSettingGranted, BrowserContextID: s.context,
	})
	return err
}

// setting tells of a setting that the browser refuses. Targets that share a process share these settings: the second one is
// told that they are in effect.
func (s *session) setting(name, value, hint string, err error) error {
	m := protocolError(err)
	switch {
	case m == "":
		return err
	case strings.Contains(m, "already in effect"):
		return nil
	}
	return &browser.Failure{
		Class: browser.ClassInternal, Message: fmt.Sprintf("the browser does not know the %s %q: %s", name, value, m), Hint: hint, Err: err,
	}
}

// setViewport gives a tab its size, and the screen that it is on: a phone's is as large as its page.
func (s *session) setViewport(ctx context.Context, t *target) error {
	size, e := s.options.Viewport, s.options.Emulation
	if size.Width <= 0 || size.Height <= 0 {
		size = browser.Size{Width: 1280, Height: 800}
	}
	p := emulation.SetDeviceMetricsOverrideParams{
		Width: int64(size.Width), Height: int64(size.Height), DeviceScaleFactor: max(e.Scale, 0), Mobile: e.Mobile,
		ScreenWidth: int64(size.Width), ScreenHeight: int64(size.Height),
	}
	if p.DeviceScaleFactor == 0 {
		p.DeviceScaleFactor = 1
	}
	if e.Mobile {
		p.ScreenOrientation = &emulation.ScreenOrientation{Type: emulation.ScreenOrientationTypePortraitPrimary}
		if size.Width > size.Height {
			p.ScreenOrientation = &emulation.ScreenOrientation{Type: emulation.ScreenOrientationTypeLandscapePrimary, Angle: 90}
		}
	}
	return do(ctx, t, emulation.SetDeviceMetricsOverride, p)
}

// throttle slows the network of a target down.
func throttle(ctx context.Context, t *target, n browser.NetworkProfile) error {
	return do(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{
			Offline: n.Offline, Latency: milliseconds(n.Latency), DownloadThroughput: speed(n.Download), UploadThroughput: speed(n.Upload),
		}},
	})
}

// tellNetwork tells its pages what their network is like.
func tellNetwork(ctx context.Context, t *target, n browser.NetworkProfile) error {
	return do(ctx, t, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: n.Offline, Latency: milliseconds(n.Latency), DownloadThroughput: speed(n.Download), UploadThroughput: speed(n.Upload),
	})
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// speed writes bytes a second as the browser does, to which none is not limited.
func speed(bytes int64) float64 {
	if bytes <= 0 {
		return -1
	}
	return float64(bytes)
}

// loadFailure explains one of the browser's net:: errors, which may be what the session's options ask for.
func (t *target) loadFailure(address, code string) error {
	if n := t.s.options.Emulation.Network; n != nil && n.Offline && code == "net::ERR_INTERNET_DISCONNECTED" {
		return &browser.Failure{
			Class: browser.ClassNetwork, Message: "the browser is offline, as the flow says: " + address, Hint: "take offline out of throttle", URL: address,
		}
	}
	return browser.LoadFailure(address, code)
}

// userAgent says who the browser is and which languages it wants: to the site, in headers, and to scripts. An empty user agent
// leaves the browser's own.
func userAgent(e browser.Emulation) emulation.SetUserAgentOverrideParams {
	return emulation.SetUserAgentOverrideParams{
		UserAgent: e.UserAgent, AcceptLanguage: languages(e.Locale), Platform: platform(e.UserAgent), UserAgentMetadata: clientHints(e),
	}
}

// languages gives what a browser of that locale accepts: with a country, then without.
func languages(locale string) string {
	language, _, country := strings.Cut(locale, "-")
	if !country {
		return locale
	}
	return locale + "," + language
}

// platform gives navigator.platform as the browsers of that user agent have it; empty: not known.
func platform(agent string) string {
	for _, p := range []struct{ in, is string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Macintosh", "MacIntel"}, {"Windows", "Win32"}, {"Android", "Linux armv81"}, {"Linux", "Linux x86_64"},
	} {
		if strings.Contains(agent, p.in) {
			return p.is
		}
	}
	return ""
}

// clientHints gives what Chrome says of itself beside its user agent; nil: the user agent is of another browser, which says
// nothing, or is Chrome's own, which says the truth.
func clientHints(e browser.Emulation) *emulation.UserAgentMetadata {
	version := regexp.MustCompile(`Chrome/((\d+)[\d.]*)`).FindStringSubmatch(e.UserAgent)
	if version == nil {
		return nil
	}
	brands := func(version, other string) []*emulation.UserAgentBrandVersion {
		return []*emulation.UserAgentBrandVersion{
			{Brand: "Not:A-Brand", Version: other}, {Brand: "Chromium", Version: version}, {Brand: "Google Chrome", Version: version},
		}
	}
	m := &emulation.UserAgentMetadata{
		Brands: brands(version[2], "8"), FullVersionList: brands(version[1], "8.0.0.0"), Mobile: strings.Contains(e.UserAgent, "Mobile"),
		Platform: "Linux", Architecture: "x86", Bitness: "64", FormFactors: []string{"Desktop"},
	}
	switch {
	case strings.Contains(e.UserAgent, "Android"):
		m.Platform, m.PlatformVersion, m.Architecture, m.Bitness, m.FormFactors = "Android", "10.0.0", "", "", []string{"Tablet"}
		if m.Mobile {
			m.FormFactors = []string{"Mobile"}
		}
	case strings.Contains(e.UserAgent, "Windows"):
		m.Platform, m.PlatformVersion = "Windows", "10.0.0"
	case strings.Contains(e.UserAgent, "Macintosh"):
		m.Platform, m.PlatformVersion = "macOS", "14.0.0"
	}
	return m
}
