package webdriver

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"trackwalker/scenarios/browser"
)

// kind is what is peculiar to a browser and its driver.
type kind struct {
	browser  string // its name in capabilities
	program  string // the driver
	debian   string // the packages of Debian that hold it and what it needs; empty: there are none
	options  string // the capability that holds path, arguments and the like
	vendor   string // of the command that passes on the DevTools protocol; empty: there is none
	features browser.Features
	shared   bool // one driver process serves many sessions
	screen   bool // it has no mode without a window
	rootless bool // its sandbox does not work for root
	env      []string
	// preferred are names or paths of browsers that the driver would not take by itself.
	preferred []string
	// arguments are for the browser.
	arguments func(c Config, local bool) []string
}

// kindOf gives the kind of browser of a name. One that is not known is taken for one that does just what the standard says.
func kindOf(name string) kind {
	switch strings.ToLower(name) {
	case "", "chrome", "chromium":
		return chromeKind("chrome", "chromedriver", "goog")
	case "edge", "msedge", "microsoftedge":
		return chromeKind("MicrosoftEdge", "msedgedriver", "ms")
	case "firefox":
		return kind{
			browser: "firefox", program: "geckodriver", options: "moz:firefoxOptions", shared: true, features: browser.FeatureDialogs,
			arguments: func(c Config, _ bool) []string {
				if c.Headed {
					return nil
				}
				return []string{"-headless"}
			},
		}
	case "webkit", "minibrowser", "epiphany":
		return kind{
			browser: "MiniBrowser", program: "WebKitWebDriver", debian: "webkit2gtk-driver xvfb", options: "webkitgtk:browserOptions", screen: true, features: browser.FeatureDialogs,
			// Ends JavaScript that runs so many milliseconds without a pause: nothing else can, and until then there is no picture.
			env: []string{"JSC_watchdog=3000"},
			arguments: func(c Config, _ bool) []string {
				if c.Sandbox {
					return []string{"--automation", "--enable-sandbox"}
				}
				return []string{"--automation"}
			},
		}
	case "safari":
		return kind{browser: "safari", program: "safaridriver", features: browser.FeatureDialogs}
	}
	return kind{browser: name, program: name + "driver", features: browser.FeatureDialogs}
}

func chromeKind(name, program, vendor string) kind {
	options := map[string]string{"goog": "goog:chromeOptions", "ms": "ms:edgeOptions"}[vendor]
	var shell []string
	var debian string
	if vendor == "goog" {
		debian = "chromium-driver"
		// It needs less than half of the CPU time of the full browser.
		shell = []string{"/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell", "chrome-headless-shell", "headless_shell", "headless-shell"}
	}
	return kind{
		preferred: shell,
		browser:   name, program: program, debian: debian, options: options, vendor: vendor, shared: true, rootless: true, arguments: chromeArguments,
		features: browser.FeatureDialogs | browser.FeatureConsole | browser.FeatureEmulation | browser.FeatureTouch,
	}
}

func (k kind) chrome() bool { return k.vendor != "" }

// give gives a session with what this kind of browser adds.
func (k kind) give(s *session) browser.Session {
	if k.chrome() {
		return &chromeSession{s}
	}
	return s
}

// capabilities are what a session is asked for with; local: the browser runs on this machine.
func (k kind) capabilities(c Config, local bool, o browser.Options) map[string]any {
	all := map[string]any{
		"browserName": k.browser,
		// Waiting is done by Page, for what a step needs, and dialogs are answered as a flow says.
		"pageLoadStrategy":        "none",
		"unhandledPromptBehavior": "ignore",
		"timeouts":                map[string]any{"implicit": 0, "pageLoad": 300_000, "script": defaultScriptLimit.Milliseconds()},
	}
	if o.IgnoreHTTPSErrors {
		all["acceptInsecureCerts"] = true
	}
	if k.options != "" {
		options := map[string]any{}
		if path := k.binary(c, local); path != "" {
			options["binary"] = path
		}
		var args []string
		if k.arguments != nil {
			args = k.arguments(c, local)
		}
		if args = append(args, c.Args...); len(args) > 0 {
			options["args"] = args
		}
		if k.chrome() {
			options["perfLoggingPrefs"] = map[string]any{"enableNetwork": false, "enablePage": true}
			all[k.vendor+":loggingPrefs"] = map[string]any{"browser": "ALL", "performance": "ALL"}
		}
		all[k.options] = options
	}
	for name, value := range c.Capabilities {
		given, isMap := value.(map[string]any)
		own, both := all[name].(map[string]any)
		if isMap && both {
			own = maps.Clone(own)
			maps.Copy(own, given)
			value = own
		}
		all[name] = value
	}
	return all
}

// binary gives the path of the browser; empty: the driver looks for it.
func (k kind) binary(c Config, local bool) string {
	if c.Path != "" || !local || c.Headed {
		return c.Path
	}
	for _, name := range k.preferred {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// chromeArguments are those of cdp's that ChromeDriver does not give by itself.
func chromeArguments(c Config, local bool) []string {
	args := []string{
		"--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows",
		"--disable-back-forward-cache",
		"--disable-breakpad",
		"--disable-component-update",
		"--disable-features=" + strings.Join([]string{
			"AvoidUnnecessaryBeforeUnloadCheckSync", "HttpsUpgrades", "LensOverlay", "LocalNetworkAccessChecks", "MediaRouter",
			"OptimizationHints", "PaintHolding", "RenderDocument", "ThirdPartyStoragePartitioning", "Translate",
		}, ","),
		"--disable-ipc-flooding-protection",
		"--disable-renderer-backgrounding",
		"--disable-search-engine-choice-screen",
		"--allow-pre-commit-input",
		"--force-color-profile=srgb",
	}
	if !c.Headed {
		args = append(args, "--headless", "--hide-scrollbars", "--mute-audio",
			// A machine without a mouse is still tested as one with.
			"--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4")
	}
	if local {
		if !c.Sandbox {
			args = append(args, "--no-sandbox")
		}
		if smallSharedMemory("/dev/shm") {
			args = append(args, "--disable-dev-shm-usage")
		}
	}
	return slices.Clip(args)
}

// smallSharedMemory reports whether a browser would run out of shared memory in dir and crash, as it does with the 64 MB
// of a container by default.
func smallSharedMemory(dir string) bool {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return true
	}
	return s.Blocks*uint64(s.Bsize) < 512<<20
}
