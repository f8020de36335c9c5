package app

import (
	"errors"
	"log/slog"
	"path/filepath"

	"trackwalker/agent/config"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/browser/cdp"
	"trackwalker/scenarios/browser/webdriver"
)

// newDriver makes the driver of a browser. It starts nothing. url is that of its settings, revealed.
func newDriver(b config.Browser, url string, o Options) browser.Driver {
	dir, log := "", o.Log
	if o.ProfileDir != "" {
		dir = filepath.Join(o.ProfileDir, b.Name)
	}
	if log != nil {
		log = log.With("browser", b.Name)
	}
	if b.Driver == "webdriver" {
		return webdriver.New(webdriver.Config{
			Browser: b.Browser, Command: b.Command, URL: url, Path: b.Path, Sandbox: b.Sandbox, Headed: o.Headed, Args: b.Args,
			Capabilities: b.Capabilities, ProfileDir: dir, Slots: b.Slots, OpenLimit: b.OpenTimeout, Log: log,
		})
	}
	return cdp.New(cdp.Config{
		Path: b.Path, Sandbox: b.Sandbox, Headed: o.Headed, ProxyURL: b.Proxy, ProfileDir: dir, Slots: b.Slots, Log: log,
	})
}

// supports says what a browser can do, whether the secrets in its settings are set or not.
func supports(b config.Browser) browser.Features { return newDriver(b, "", Options{}).Supports() }

// sweep removes what a killed agent left of a browser, whichever driver the browser had then.
func sweep(dir string, log *slog.Logger) error {
	return errors.Join(cdp.Sweep(dir, log), webdriver.Sweep(dir, log))
}
