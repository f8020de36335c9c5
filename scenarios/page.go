package scenarios

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// PageSettings say how the browser presents itself to pages. The zero value of each is the browser's own. Texts may hold
// references.
type PageSettings struct {
	Viewport          browser.Size
	Device            string // a name of browser.Devices
	Locale            string
	UserAgent         string
	ColorScheme       string
	Geolocation       *browser.Geolocation
	TimeZone          string
	Headers           map[string]string
	BasicAuth         *BasicAuth
	IgnoreHTTPSErrors bool
	Block             []string // URL globs
	Network           *browser.NetworkProfile
	CPU               float64
}

// BasicAuth is sent to the origin of the first goto. Both may hold references.
type BasicAuth struct{ Username, Password string }

// PageFields are the keys of page settings, in a scenario file and in agent.yaml.
func PageFields() []source.Field {
	return []source.Field{
		{Key: "viewport", Type: "size", Doc: "width x height in pixels; default 1280x800"},
		{Key: "device", Type: "device", Doc: "a phone or tablet to be like, in place of viewport, as iPhone 15 or iPhone 15 landscape"},
		{Key: "locale", Type: "text", Doc: "of the browser, as de-DE"},
		{Key: "user_agent", Type: "text", Doc: "what the browser says that it is"},
		{Key: "color_scheme", Type: "light|dark", Doc: "what the page is told of the user's wish"},
		{Key: "geolocation", Type: "geolocation", Doc: "{latitude, longitude} in degrees; pages may ask for it"},
		{Key: "page_timezone", Type: "text", Doc: "of the browser, as Europe/Berlin"},
		{Key: "headers", Type: "texts by name", Doc: "HTTP headers, sent to the first goto's origin only"},
		{Key: "basic_auth", Type: "basic auth", Doc: "{username, password}, sent to the first goto's origin only"},
		{Key: "ignore_https_errors", Type: "boolean", Doc: "accept certificates that are wrong"},
		{Key: "block", Type: "url globs", Doc: "a list of URL globs whose requests fail, as \"*://ads.example/*\""},
		{Key: "throttle", Type: "throttle", Doc: "{network, cpu}: a slower network, as slow-4g, and a computer so many times slower"},
	}
}

// PageDefinitions gives the schemas of the types that only page settings have.
func PageDefinitions() map[string]any {
	var devices []string
	for _, d := range browser.Devices() {
		devices = append(devices, d.Name)
	}
	ref := map[string]any{"$ref": "#/definitions/reference"}
	text := map[string]any{"$ref": "#/definitions/text"}
	either := func(all ...any) map[string]any { return map[string]any{"anyOf": all} }
	return map[string]any{
		"size":        either(map[string]any{"type": "string", "pattern": `^\d+x\d+$`}, ref),
		"device":      either(map[string]any{"enum": devices}, text),
		"geolocation": source.SchemaOf(geolocationFields()),
		"basic_auth":  source.SchemaOf([]source.Field{{Key: "username", Type: "text", Required: true}, {Key: "password", Type: "text", Required: true}}),
		"url_glob":    map[string]any{"type": "string", "minLength": 1},
		"url_globs":   map[string]any{"type": "array", "items": map[string]any{"$ref": "#/definitions/url_glob"}},
		"network":     either(map[string]any{"enum": networks()}, ref),
		"throttle":    source.SchemaOf(throttleFields()),
	}
}

func geolocationFields() []source.Field {
	return []source.Field{
		{Key: "latitude", Type: "number", Doc: "degrees, from -90 to 90", Required: true},
		{Key: "longitude", Type: "number", Doc: "degrees, from -180 to 180", Required: true},
	}
}

func throttleFields() []source.Field {
	return []source.Field{
		{Key: "network", Type: "network", Doc: "the name of a profile"},
		{Key: "cpu", Type: "number", Doc: "how many times slower, from 1 to 20"},
	}
}

func networks() []string { return slices.Sorted(maps.Keys(browser.NetworkProfiles())) }

// DecodePage reads the page settings of a file; those that it does not name are the base's.
func DecodePage(o *source.Object, base PageSettings) PageSettings {
	p := base
	if n := o.Get("viewport"); n != nil {
		p.Viewport, p.Device = viewport(n), ""
	}
	if n := o.Get("device"); n != nil {
		p.Device, p.Viewport, p.UserAgent = device(n), browser.Size{}, ""
		if o.Has("viewport") {
			n.Problem("either device or viewport, not both: a device has a screen of its own")
		}
	}
	p.Locale, p.UserAgent = o.Templated("locale", p.Locale), o.Templated("user_agent", p.UserAgent)
	if n := o.Get("locale"); n != nil {
		checkLocale(n, p.Locale)
	}
	if n := o.Get("user_agent"); n != nil && p.UserAgent == "" && !n.Wrong() {
		n.Problem("the user agent is empty: write what the browser shall say, or leave it out")
	}
	if n := o.Get("color_scheme"); n != nil {
		p.ColorScheme = n.OneOf("light", "dark")
	}
	if n := o.Get("geolocation"); n != nil {
		p.Geolocation = geolocation(n)
	}
	if n := o.Get("page_timezone"); n != nil {
		p.TimeZone = zone(n).String()
	}
	if n := o.Get("headers"); n != nil {
		p.Headers = steps.Headers(n)
	}
	if n := o.Get("basic_auth"); n != nil {
		auth := n.Object([]source.Field{{Key: "username", Required: true}, {Key: "password", Required: true}})
		p.BasicAuth = &BasicAuth{auth.Templated("username", ""), auth.Templated("password", "")}
	}
	p.IgnoreHTTPSErrors = o.Bool("ignore_https_errors", p.IgnoreHTTPSErrors)
	if n := o.Get("block"); n != nil {
		p.Block = nil
		for _, item := range n.List() {
			p.Block = append(p.Block, steps.URLGlob(item))
		}
	}
	if n := o.Get("throttle"); n != nil {
		p.throttle(n)
	}
	return p
}

func viewport(n *source.Node) browser.Size {
	m := regexp.MustCompile(`^(\d{1,5})x(\d{1,5})$`).FindStringSubmatch(n.Resolved())
	if n.Wrong() {
		return browser.Size{}
	}
	if m == nil {
		n.Problem("%q is no size: write width x height in pixels, as 1280x800", n.Text)
		return browser.Size{}
	}
	w, _ := strconv.Atoi(m[1])
	h, _ := strconv.Atoi(m[2])
	if w < 100 || h < 100 || w > 7680 || h > 7680 {
		n.Problem("%s: each side is from 100 to 7680 pixels", n.Text)
	}
	return browser.Size{Width: w, Height: h}
}

func device(n *source.Node) string {
	name := n.Resolved()
	if n.Wrong() {
		return ""
	}
	d, known := browser.FindDevice(name)
	if !known {
		var names []string
		for _, d := range browser.Devices() {
			names = append(names, d.Name)
		}
		n.Problem("unknown device %q%s", name, source.DidYouMean(name, names))
	}
	return d.Name
}

// checkLocale looks at the form of a language tag (BCP 47), as far as it is known before the run.
func checkLocale(n *source.Node, text string) {
	known, err := n.Document().Names.Resolve(text)
	if err == nil && !n.Wrong() && !regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`).MatchString(known) {
		n.Problem("%q is no locale: write a language and, behind a -, a country, as de or de-DE", known)
	}
}

func geolocation(n *source.Node) *browser.Geolocation {
	o := n.Object(geolocationFields())
	return &browser.Geolocation{Latitude: degrees(o, "latitude", 90), Longitude: degrees(o, "longitude", 180)}
}

func degrees(o *source.Object, key string, most float64) float64 {
	n := o.Get(key)
	if n == nil {
		return 0
	}
	d := n.Float()
	if !n.Wrong() && !(d >= -most && d <= most) {
		n.Problem("a %s is from -%g to %g degrees", key, most, most)
	}
	return d
}

func (p *PageSettings) throttle(n *source.Node) {
	o := n.Object(throttleFields())
	if !o.Has("network") && !o.Has("cpu") && n.Kind == source.KindMap {
		n.Problem("throttle needs network, cpu or both")
	}
	if network := o.Get("network"); network != nil {
		profile := browser.NetworkProfiles()[network.OneOf(networks()...)]
		p.Network = &profile
	}
	if cpu := o.Get("cpu"); cpu != nil {
		if p.CPU = cpu.Float(); !cpu.Wrong() && !(p.CPU >= 1 && p.CPU <= 20) {
			cpu.Problem("cpu is how many times slower, from 1 to 20")
		}
	}
}

// zone reads a time zone. UTC stands in for what is none.
func zone(n *source.Node) *time.Location {
	name := n.Resolved()
	if n.Wrong() {
		return time.UTC
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		n.Problem("%q is no time zone: write one as Europe/Berlin", name)
		return time.UTC
	}
	return location
}

// texts gives all texts of the settings that may hold references.
func (p PageSettings) texts() []string {
	all := append([]string{p.Locale, p.UserAgent}, p.Block...)
	for _, name := range sortedKeys(p.Headers) {
		all = append(all, p.Headers[name])
	}
	if p.BasicAuth != nil {
		all = append(all, p.BasicAuth.Username, p.BasicAuth.Password)
	}
	return all
}

// needs gives what the settings ask of the browser beyond the common.
func (p PageSettings) needs() browser.Features {
	var all browser.Features
	if len(p.Headers) > 0 || p.BasicAuth != nil {
		all |= browser.FeatureAuthenticator
	}
	if len(p.Block) > 0 {
		all |= browser.FeatureInterception
	}
	if p.Device != "" || p.Locale != "" || p.UserAgent != "" || p.ColorScheme != "" || p.Geolocation != nil || p.TimeZone != "" || p.Network != nil || p.CPU > 1 {
		all |= browser.FeatureEmulation
	}
	return all
}

// Options gives what a session is opened with; text resolves references.
func (p PageSettings) Options(text func(string) (string, error)) (browser.Options, error) {
	o := browser.Options{Viewport: p.Viewport, IgnoreHTTPSErrors: p.IgnoreHTTPSErrors}
	if d, known := browser.FindDevice(p.Device); known {
		o.Viewport, o.Emulation = d.Viewport, d.Emulation
	}
	if o.Viewport == (browser.Size{}) {
		o.Viewport = browser.Size{Width: 1280, Height: 800}
	}
	e := &o.Emulation
	e.ColorScheme, e.Geolocation, e.TimeZone, e.Network, e.CPU = p.ColorScheme, p.Geolocation, p.TimeZone, p.Network, p.CPU
	agent, err := text(p.UserAgent)
	if err != nil {
		return o, err
	}
	if agent != "" {
		e.UserAgent = agent
	}
	e.Locale, err = text(p.Locale)
	return o, err
}

// settingNeeds gives what one page setting asks of the browser.
func settingNeeds(key string) browser.Features {
	switch key {
	case "headers", "basic_auth":
		return browser.FeatureAuthenticator
	case "block":
		return browser.FeatureInterception
	case "viewport", "ignore_https_errors":
		return 0
	default:
		return browser.FeatureEmulation
	}
}
