package config

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trackwalker/scenarios/source"
)

// Browser is one entry of browsers.
type Browser struct {
	Name    string
	Driver  string // one of browserDrivers
	Slots   int    // runs at a time
	Path    string // of the browser; empty: found by itself
	Sandbox bool
	Proxy   string // cdp

	Browser      string         // webdriver: which one
	Command      []string       // webdriver: the driver's program with its arguments; nil: the usual one
	URL          Value          // webdriver: of a driver or Grid that runs elsewhere; then nothing is started
	Args         []string       // webdriver: for the browser
	Capabilities map[string]any // webdriver: further ones, with the types of JSON
	OpenTimeout  time.Duration  // webdriver: to get a browser; 0: the driver's own
}

// browserDriver says which keys, beside driver and slots, a browser of a driver has.
type browserDriver struct {
	name  string
	needs []string
	may   []string
}

func browserDrivers() []browserDriver {
	return []browserDriver{
		{"cdp", nil, []string{"path", "sandbox", "proxy"}},
		{"webdriver", []string{"browser"}, []string{"command", "url", "path", "sandbox", "args", "capabilities", "open_timeout"}},
	}
}

func browserDriverNames() []string {
	var names []string
	for _, d := range browserDrivers() {
		names = append(names, d.name)
	}
	return names
}

// knownBrowsers are those whose driver is found by itself.
func knownBrowsers() []string {
	return []string{"chrome", "chromium", "edge", "firefox", "safari", "webkit", "MiniBrowser"}
}

// BrowserFields are the keys of an entry of browsers.
func BrowserFields() []source.Field {
	return []source.Field{
		{
			Key: "driver", Type: strings.Join(browserDriverNames(), "|"), Required: true,
			Doc: "cdp: Chromium and its kin, over the DevTools protocol; webdriver: any browser, by its W3C WebDriver program or a Selenium Grid",
		},
		{Key: "slots", Type: "integer", Doc: "how many runs at a time; default 2"},
		{Key: "path", Type: "text", Doc: "of the browser's program; default: found by itself, chromium-headless-shell first"},
		{Key: "sandbox", Type: "boolean", Doc: "false turns the browser's sandbox off, as it must be for root; default true"},
		{Key: "proxy", Type: "text", Doc: "cdp: http://host:port, for all that the browser fetches"},
		{Key: "browser", Type: "text", Doc: "webdriver: chrome, edge, firefox, safari, webkit, or another one that the Grid or the command has"},
		{Key: "command", Type: "texts", Doc: "webdriver: the driver's program with its arguments; default: the usual one of the browser, as chromedriver"},
		{Key: "url", Type: "value", Doc: "webdriver: a driver or Grid that runs elsewhere, as http://grid:4444; one with a password as {env: NAME}"},
		{Key: "args", Type: "texts", Doc: "webdriver: further arguments of the browser"},
		{Key: "capabilities", Type: "map", Doc: "webdriver: further capabilities, as the driver's documentation names them"},
		{Key: "open_timeout", Type: "duration", Doc: "webdriver: how long to wait for a browser; default 1m, with url 5m"},
	}
}

func (l *loader) browsers() {
	n := l.o.Get("browsers")
	if n == nil {
		return
	}
	l.c.Browsers = nil
	for _, p := range n.Map() {
		o := p.Value.Object(BrowserFields())
		b := l.browser(p.Key, o)
		checkBrowserKeys(b, o)
		checkBrowser(b, o)
		l.c.Browsers = append(l.c.Browsers, b)
	}
	if len(l.c.Browsers) == 0 {
		n.Problem("there is no browser to play in: write `chromium: {driver: cdp}`")
	}
}

func (l *loader) browser(name string, o *source.Object) Browser {
	b := Browser{
		Name: name, Slots: o.Int("slots", 2, 1), Path: l.program(o.Literal("path", "")), Sandbox: o.Bool("sandbox", true),
		Proxy: o.Literal("proxy", ""), Browser: o.Resolved("browser", ""), URL: l.value(o.Get("url"), name+" url"),
		Command: words(o.Get("command")), Args: words(o.Get("args")), OpenTimeout: o.Duration("open_timeout", 0),
	}
	b.Driver = oneOf(o, "driver", browserDriverNames())
	if len(b.Command) > 0 {
		b.Command[0] = l.program(b.Command[0])
	}
	if n := o.Get("capabilities"); n != nil && len(n.Map()) > 0 {
		b.Capabilities, _ = l.resolved(n, n.Any()).(map[string]any)
	}
	return b
}

// program gives the path of a program: one with a slash is relative to the file, another one is looked for in PATH.
func (l *loader) program(path string) string {
	if strings.Contains(path, "/") && !filepath.IsAbs(path) {
		return filepath.Join(l.dir, path)
	}
	return path
}

// words reads a text, which is split at its spaces, or a list of texts, which are not. Nil gives nothing.
func words(n *source.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind != source.KindList {
		return strings.Fields(n.Resolved())
	}
	var all []string
	for _, item := range n.Items {
		all = append(all, item.Resolved())
	}
	return all
}

// resolved puts in what the texts in v, the value of n, refer to. A name that is not defined was noted when they were read.
func (l *loader) resolved(n *source.Node, v any) any {
	switch v := v.(type) {
	case string:
		text, err := l.doc.Names.Resolve(v)
		if err != nil && l.doc.Names.Check(v) == nil {
			n.Problem("%q: %v", v, err)
		}
		return text
	case []any:
		for i := range v {
			v[i] = l.resolved(n, v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = l.resolved(n, v[key])
		}
	}
	return v
}

// checkBrowserKeys finds what is missing, and what the other driver has.
func checkBrowserKeys(b Browser, o *source.Object) {
	i := slices.IndexFunc(browserDrivers(), func(d browserDriver) bool { return d.name == b.Driver })
	if i < 0 {
		return
	}
	d := browserDrivers()[i]
	for _, f := range BrowserFields() {
		n, common := o.Get(f.Key), f.Key == "driver" || f.Key == "slots"
		switch {
		case n == nil && slices.Contains(d.needs, f.Key):
			o.Node.Problem("%s is missing: write which one, as browser: chrome, firefox or webkit", f.Key)
		case n == nil || common || slices.Contains(d.needs, f.Key) || slices.Contains(d.may, f.Key):
		case f.Key == "proxy":
			n.Problem(`proxy is no key of a webdriver browser: write capabilities: {proxy: {proxyType: manual, httpProxy: "host:port", sslProxy: "host:port"}}`)
		default:
			n.Problem("%s is no key of a %s browser: it goes with driver: webdriver", f.Key, b.Driver)
		}
	}
}

// checkBrowser finds values that are none, and keys that do not go together.
func checkBrowser(b Browser, o *source.Object) {
	if b.Slots > 64 {
		o.Get("slots").Problem("%d slots are more than one machine plays: the most is 64", b.Slots)
	}
	if n := o.Get("proxy"); n != nil && !n.Wrong() {
		if u, err := url.Parse(b.Proxy); err != nil || u.Host == "" {
			n.Problem("%q is no proxy: write http://host:port", b.Proxy)
		}
	}
	if n := o.Get("url"); n != nil && !n.Wrong() && b.URL.Secret == nil && !isWebURL(b.URL.Literal) {
		n.Problem("this is no address of a driver: write it as http://grid.example:4444") // what it is may hold a password
	}
	if n := o.Get("command"); n != nil && !n.Wrong() && len(b.Command) == 0 {
		n.Problem("there is no program: write it as command: chromedriver")
	}
	if n := o.Get("open_timeout"); n != nil && !n.Wrong() && b.OpenTimeout == 0 {
		n.Problem("an open_timeout is longer than 0s")
	}
	if b.Driver != "webdriver" {
		return
	}
	known := slices.ContainsFunc(knownBrowsers(), func(name string) bool { return strings.EqualFold(name, b.Browser) })
	if n := o.Get("browser"); n != nil && !n.Wrong() && !known && !o.Has("command") && !o.Has("url") {
		n.Problem("the driver of %q is not known%s: name its program under command, or a Grid that has it under url",
			b.Browser, source.DidYouMean(b.Browser, knownBrowsers()))
	}
	if own := strings.ToLower(b.Browser); o.Has("sandbox") && (own == "firefox" || own == "safari") {
		o.Get("sandbox").Problem("%s has a sandbox that no setting turns off: take the key away", own)
	}
	if o.Has("url") && o.Has("command") {
		o.Get("command").Problem("either command or url: with url, nothing is started here")
	}
	if o.Has("url") && o.Has("sandbox") {
		o.Get("sandbox").Problem("sandbox is for browsers that are started here: with url, say it where the Grid starts them")
	}
}
