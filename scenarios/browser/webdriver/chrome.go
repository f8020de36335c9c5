package webdriver

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tebeka/selenium"

	"trackwalker/scenarios/browser"
)

// chromeSession is a session of Chrome or Edge, with what their driver adds to the standard.
type chromeSession struct{ *session }

// cdp sends a command of the DevTools protocol to the current tab, by the driver's own command for that, and gives its
// result. It is null when a dialog opened before there was one.
func (s *session) cdp(ctx context.Context, method string, params any) (json.RawMessage, error) {
	if params == nil {
		params = map[string]any{}
	}
	return s.post(ctx, "/"+s.driver.kind.vendor+"/cdp/execute", map[string]any{"cmd": method, "params": params})
}

// cdpInto is cdp for a result that is wanted, over dialogs if need be: for commands that may be repeated.
func (s *session) cdpInto(ctx context.Context, method string, params, into any) error {
	for {
		raw, err := s.cdp(ctx, method, params)
		if err != nil {
			return err
		}
		if string(raw) == "null" {
			if err := s.answerDialogs(ctx); err != nil {
				return err
			}
			continue
		}
		if into == nil {
			return nil
		}
		return json.Unmarshal(raw, into)
	}
}

type object = map[string]any

// place is where Chrome has a document, and the boxes in it: of the page script, in a world of its own, and of the page's
// world. They are gone with the document, and made anew in the next.
type place struct {
	frame     string // of the protocol; empty: the tab's own
	element   string // the frame element, an object of the box of the document around
	own, site string // objects of the protocol
}

func (d *document) tryChrome(ctx context.Context, site bool, body string, id int, again bool, name string, args []any) (string, error) {
	box, fresh, err := d.box(ctx, site)
	if err != nil {
		return "", err
	}
	if fresh && again {
		return "g", nil
	}
	var r struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		ExceptionDetails *exception `json:"exceptionDetails"`
	}
	raw, err := d.s.cdp(ctx, "Runtime.callFunctionOn", object{
		"objectId": box, "functionDeclaration": "function (id, again, name, args) { " + body + " }",
		"arguments":    []any{object{"value": id}, object{"value": again}, object{"value": name}, object{"value": args}},
		"awaitPromise": true, "returnByValue": true, "silent": true,
	})
	switch {
	case err != nil:
		if gone(err) {
			d.chrome.own, d.chrome.site = "", ""
			return "", browser.ErrDocumentGone
		}
		return "", chromeFailure(err)
	case string(raw) == "null":
		return "", nil
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return "", err
	}
	if r.ExceptionDetails != nil {
		return "", scriptError(r.ExceptionDetails.text())
	}
	text, ok := r.Result.Value.(string)
	if !ok || text == "" {
		return "", fmt.Errorf("the page answered %.100s", raw)
	}
	return text, nil
}

type exception struct {
	Text      string `json:"text"`
	Exception struct {
		Description string `json:"description"`
	} `json:"exception"`
}

func (e *exception) text() string {
	if d, _, _ := strings.Cut(e.Exception.Description, "\n    at "); d != "" {
		return d
	}
	return strings.TrimPrefix(e.Text, "Uncaught ")
}

// gone reports whether a command failed because its document is no more.
func gone(err error) bool {
	m := messageOf(err)
	for _, sign := range []string{
		"no such execution context", "Execution context was destroyed", "Cannot find context", "Inspected target navigated or closed",
		"Could not find object", "Cannot find default execution context", "No frame for given id", "frame was detached",
	} {
		if strings.Contains(m, sign) {
			return true
		}
	}
	return false
}

// chromeFailure gives the message of a command of the protocol that failed.
func chromeFailure(err error) error {
	m := messageOf(err)
	switch {
	case strings.Contains(m, "Promise was collected"):
		return scriptError("the script waits for something that can never happen")
	case strings.Contains(m, "Execution was terminated"):
		return scriptError("the script was interrupted")
	}
	return err
}

// box gives the box of the document as it is now, and whether it had to be made.
func (d *document) box(ctx context.Context, site bool) (id string, fresh bool, err error) {
	c := d.chrome
	if site && c.site != "" {
		return c.site, false, nil
	}
	if !site && c.own != "" {
		return c.own, false, nil
	}
	if site {
		c.site, err = d.makeSiteBox(ctx)
		return c.site, true, err
	}
	c.own, err = d.makeOwnBox(ctx)
	return c.own, true, err
}

func (d *document) makeOwnBox(ctx context.Context) (string, error) {
	frame := d.chrome.frame
	if frame == "" {
		frame = d.s.current // the main frame of a tab has its name
	}
	var world struct{ ExecutionContextID int }
	if err := d.s.cdpInto(ctx, "Page.createIsolatedWorld", object{"frameId": frame, "worldName": "trackwalker"}, &world); err != nil {
		return "", goneOr(err)
	}
	return d.s.makeBox(ctx, object{"contextId": world.ExecutionContextID}, d.s.options.InitScript)
}

// makeSiteBox makes the box of the page's own world.
func (d *document) makeSiteBox(ctx context.Context) (string, error) {
	if d.chrome.frame == "" {
		return d.s.makeBox(ctx, object{}, "")
	}
	// The protocol gives a frame's own world by an object of it alone.
	var owner struct {
		Node struct{ ContentDocument struct{ BackendNodeID int } }
	}
	if err := d.s.cdpInto(ctx, "DOM.describeNode", object{"objectId": d.chrome.element, "pierce": true, "depth": 1}, &owner); err != nil {
		return "", goneOr(err)
	}
	var inner struct{ Object struct{ ObjectID string } }
	if err := d.s.cdpInto(ctx, "DOM.resolveNode", object{"backendNodeId": owner.Node.ContentDocument.BackendNodeID}, &inner); err != nil {
		return "", goneOr(err)
	}
	var made struct{ Result struct{ ObjectID string } }
	err := d.s.cdpInto(ctx, "Runtime.callFunctionOn", object{
		"objectId": inner.Object.ObjectID, "functionDeclaration": "function () { return {say: " + say + "} }",
	}, &made)
	return made.Result.ObjectID, goneOr(err)
}

func (s *session) makeBox(ctx context.Context, where object, script string) (string, error) {
	where["expression"] = "(() => { const box = {say: " + say + "}; (function (globalThis) { " + script + "\n})(box); return box })()"
	where["silent"] = true
	var made struct {
		Result           struct{ ObjectID string }
		ExceptionDetails *exception
	}
	if err := s.cdpInto(ctx, "Runtime.evaluate", where, &made); err != nil {
		return "", goneOr(err)
	}
	if made.ExceptionDetails != nil {
		return "", scriptError(made.ExceptionDetails.text())
	}
	return made.Result.ObjectID, nil
}

func goneOr(err error) error {
	if gone(err) {
		return browser.ErrDocumentGone
	}
	return err
}

type frameInfo struct{ ID, LoaderID, URL, UnreachableURL string }

func (s *session) frameTree(ctx context.Context) (frameInfo, error) {
	var tree struct{ FrameTree struct{ Frame frameInfo } }
	err := s.cdpInto(ctx, "Page.getFrameTree", nil, &tree)
	return tree.FrameTree.Frame, err
}

// hold gives the element that a function of the page script returns, as an object of the protocol.
func (d *document) hold(ctx context.Context, function string) (objectID string, err error) {
	if d.chrome.own == "" {
		return "", browser.ErrDocumentGone
	}
	var r struct{ Result struct{ ObjectID string } }
	err = d.s.cdpInto(ctx, "Runtime.callFunctionOn", object{
		"objectId": d.chrome.own, "functionDeclaration": "function (name) { return this.tw[name]() }", "arguments": []any{object{"value": function}},
	}, &r)
	if err == nil && r.Result.ObjectID == "" {
		err = browser.ErrDocumentGone
	}
	return r.Result.ObjectID, goneOr(err)
}

// frameOfChrome is Frame for a document that Chrome's own commands reach. A frame of another process is not among those,
// and is reached by WebDriver's.
func (d *document) frameOfChrome(ctx context.Context, function string) (browser.Document, error) {
	element, err := d.hold(ctx, function)
	if err != nil {
		return nil, err
	}
	var described struct {
		Node struct {
			FrameID, NodeName string
			BackendNodeID     int
			ContentDocument   *struct{ BackendNodeID int }
		}
	}
	if err := d.s.cdpInto(ctx, "DOM.describeNode", object{"objectId": element, "pierce": true, "depth": 1}, &described); err != nil {
		return nil, goneOr(err)
	}
	node := described.Node
	if node.ContentDocument != nil {
		return &document{s: d.s, parent: d, chrome: &place{frame: node.FrameID, element: element}}, nil
	}
	reference, err := d.reference(ctx, node.BackendNodeID)
	if err != nil {
		return nil, err
	}
	inner := &document{s: d.s, parent: d, element: reference}
	return inner, inner.enter(ctx)
}

// reference gives an element as WebDriver's commands know it: ChromeDriver makes their names of the protocol's.
func (d *document) reference(ctx context.Context, node int) (selenium.WebElement, error) {
	tree, err := d.s.frameTree(ctx)
	if err != nil {
		return nil, err
	}
	frame, loader := tree.ID, tree.LoaderID
	if d.chrome.frame != "" {
		frame = d.chrome.frame
		if loader, err = d.s.loaderOf(ctx, frame); err != nil {
			return nil, err
		}
	}
	const name = "element-6066-11e4-a52e-4f735466cecf"
	return d.s.wd.DecodeElement(fmt.Appendf(nil, `{"value":{%q:"f.%s.d.%s.e.%d"}}`, name, frame, loader, node))
}

func (s *session) loaderOf(ctx context.Context, frame string) (string, error) {
	type node struct {
		Frame       frameInfo
		ChildFrames []json.RawMessage
	}
	var tree struct{ FrameTree json.RawMessage }
	if err := s.cdpInto(ctx, "Page.getFrameTree", nil, &tree); err != nil {
		return "", err
	}
	for rest := []json.RawMessage{tree.FrameTree}; len(rest) > 0; rest = rest[1:] {
		var n node
		if err := json.Unmarshal(rest[0], &n); err != nil {
			return "", err
		}
		if n.Frame.ID == frame {
			return n.Frame.LoaderID, nil
		}
		rest = append(rest, n.ChildFrames...)
	}
	return "", browser.ErrDocumentGone
}

func (d *document) setFilesOfChrome(ctx context.Context, function string, paths []string) error {
	element, err := d.hold(ctx, function)
	if err != nil {
		return err
	}
	return goneOr(d.s.cdpInto(ctx, "DOM.setFileInputFiles", object{"objectId": element, "files": paths}, nil))
}

// emulate makes the current tab present itself as the options say.
func (s *session) emulate(ctx context.Context) error {
	e, size := s.options.Emulation, s.viewport()
	metrics := object{
		"width": size.Width, "height": size.Height, "screenWidth": size.Width, "screenHeight": size.Height,
		"deviceScaleFactor": 1.0, "mobile": e.Mobile,
	}
	if e.Scale > 0 {
		metrics["deviceScaleFactor"] = e.Scale
	}
	if e.Mobile {
		metrics["screenOrientation"] = object{"type": "portraitPrimary", "angle": 0}
		if size.Width > size.Height {
			metrics["screenOrientation"] = object{"type": "landscapePrimary", "angle": 90}
		}
	}
	if err := s.cdpInto(ctx, "Emulation.setDeviceMetricsOverride", metrics, nil); err != nil {
		return err
	}
	if err := s.cdpInto(ctx, "Emulation.setFocusEmulationEnabled", object{"enabled": true}, nil); err != nil {
		return err
	}
	for _, step := range s.emulation() {
		if err := s.cdpInto(ctx, step.method, step.params, nil); err != nil {
			if step.setting == "" || messageOf(err) == "" || strings.Contains(messageOf(err), "already in effect") {
				continue
			}
			return &browser.Failure{
				Class: browser.ClassInternal, Message: fmt.Sprintf("the browser does not know the %s: %s", step.setting, firstLine(messageOf(err))),
				Hint: "write a locale as de-DE, a timezone as Europe/Berlin", Err: err,
			}
		}
	}
	return nil
}

type emulationStep struct {
	method  string
	params  object
	setting string // of the language, where the browser may refuse it
}

func (s *session) emulation() []emulationStep {
	e := s.options.Emulation
	var steps []emulationStep
	add := func(when bool, method, setting string, params object) {
		if when {
			steps = append(steps, emulationStep{method, params, setting})
		}
	}
	add(e.Touch || s.options.Uses&browser.FeatureTouch != 0, "Emulation.setTouchEmulationEnabled", "", object{"enabled": true, "maxTouchPoints": 5})
	if e.UserAgent != "" || e.Locale != "" {
		agent := object{"userAgent": e.UserAgent}
		if e.Locale != "" {
			agent["acceptLanguage"] = e.Locale
		}
		add(true, "Emulation.setUserAgentOverride", "user_agent", agent)
	}
	add(e.Locale != "", "Emulation.setLocaleOverride", fmt.Sprintf("locale %q", e.Locale), object{"locale": e.Locale})
	add(e.TimeZone != "", "Emulation.setTimezoneOverride", fmt.Sprintf("page_timezone %q", e.TimeZone), object{"timezoneId": e.TimeZone})
	add(e.ColorScheme != "", "Emulation.setEmulatedMedia", "color_scheme", object{"features": []any{object{"name": "prefers-color-scheme", "value": e.ColorScheme}}})
	if g := e.Geolocation; g != nil {
		add(true, "Browser.grantPermissions", "geolocation", object{"permissions": []string{"geolocation"}})
		add(true, "Emulation.setGeolocationOverride", "geolocation", object{"latitude": g.Latitude, "longitude": g.Longitude, "accuracy": 1})
	}
	if n := e.Network; n != nil {
		limit := func(bytes int64) float64 {
			if bytes <= 0 {
				return -1
			}
			return float64(bytes)
		}
		add(true, "Network.emulateNetworkConditions", "throttle", object{
			"offline": n.Offline, "latency": n.Latency.Milliseconds(), "downloadThroughput": limit(n.Download), "uploadThroughput": limit(n.Upload),
		})
	}
	add(e.CPU > 1, "Emulation.setCPUThrottlingRate", "throttle", object{"rate": e.CPU})
	return steps
}

// Tap touches the page at a point.
func (s *chromeSession) Tap(ctx context.Context, at browser.Point) error {
	return s.act(ctx, touches(at))
}

var (
	_ browser.Console = (*chromeSession)(nil)
	_ browser.Toucher = (*chromeSession)(nil)
	_ browser.Dialogs = (*session)(nil)
)
