package steps

import (
	"context"
	"mime"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func mockKind() Kind {
	fields := []source.Field{
		{Key: "url", Type: "url glob", Doc: "of the whole URL: * is any characters", Required: true},
		{Key: "status", Type: "integer", Doc: "of the answer; default 200"},
		{Key: "headers", Type: "texts by name", Doc: "of the answer"},
		{Key: "body", Type: "text", Doc: "of the answer"},
		{Key: "file", Type: "text", Doc: "a file that holds the body, relative to this one; its name says its type unless a header does"},
		{Key: "abort", Type: "boolean", Doc: "true: no answer, the request fails"},
	}
	return Kind{
		Name: "mock", Fields: fields,
		Doc:     "Answers requests from now on in place of the site, in all tabs and frames. Of several that match, the last one counts.",
		Example: "- mock: {url: \"*/api/products*\", status: 503}\n- mock: {url: \"*/static/stats.js\", abort: true}\n- goto: ${base}/catalogue\n- wait: {response: \"*/api/products*\", status: 503}",
		Decode:  func(n *source.Node) Action { return decodeMock(n.Object(fields)) },
	}
}

func decodeMock(o *source.Object) mockAction {
	var a mockAction
	if u := o.Get("url"); u != nil {
		a.rule.URL = URLGlob(u)
	}
	answers := 0
	for _, key := range []string{"status", "headers", "body", "file"} {
		n := o.Get(key)
		if n == nil {
			continue
		}
		if answers++; o.Has("abort") {
			n.Problem("a request that is aborted has no %s: leave out one of them", key)
		}
	}
	if abort := o.Get("abort"); abort != nil {
		if a.rule.Abort = abort.Bool(); !a.rule.Abort && !abort.Wrong() {
			abort.Problem("only abort: true can be said")
		}
		return a
	}
	if answers == 0 && o.Node.Kind == source.KindMap {
		o.Node.Problem("a mock needs an answer: one or more of status, headers, body, file; or abort: true")
	}
	a.rule.Status = o.Int("status", 200, 200)
	if s := o.Get("status"); s != nil && a.rule.Status > 599 {
		s.Problem("%d is no status of an answer: it is from 200 to 599", a.rule.Status)
	}
	if h := o.Get("headers"); h != nil {
		a.rule.Headers = Headers(h)
	}
	a.body = o.Templated("body", "")
	if f := o.Get("file"); f != nil {
		p := readPath(f)
		a.file = &p
		if o.Has("body") {
			f.Problem("either body or file, not both")
		}
	}
	return a
}

// Headers reads HTTP headers by name; the values may hold references.
func Headers(n *source.Node) map[string]string {
	headers := map[string]string{}
	for _, p := range n.Map() {
		if !regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$").MatchString(p.Key) {
			n.Document().At(p.Line, p.Column, "%q is no name of an HTTP header", p.Key)
		}
		headers[p.Key] = p.Value.Templated()
	}
	return headers
}

type mockAction struct {
	rule browser.InterceptRule // with references, and without its body
	body string
	file *path
}

func (a mockAction) needs() browser.Features { return browser.FeatureInterception }

func (a mockAction) Do(ctx context.Context, x *Exec) error {
	rule := a.rule
	var err error
	if rule.URL, err = x.Text(rule.URL); err != nil {
		return err
	}
	rule.Headers = map[string]string{}
	for name, text := range a.rule.Headers {
		if rule.Headers[name], err = x.Text(text); err != nil {
			return err
		}
	}
	if rule.Body, err = a.content(x, rule.Headers); err != nil {
		return err
	}
	return x.Page.Intercept(ctx, rule)
}

// content gives the body, and adds a file's type to the headers when they name none.
func (a mockAction) content(x *Exec, headers map[string]string) ([]byte, error) {
	if a.file == nil {
		text, err := x.Text(a.body)
		return []byte(text), err
	}
	name, err := a.file.resolve(x)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, &browser.Failure{Class: browser.ClassInternal, Message: "the mock's file cannot be read: " + err.Error(), Err: err}
	}
	for key := range headers {
		if textproto.CanonicalMIMEHeaderKey(key) == "Content-Type" {
			return data, nil
		}
	}
	if kind := mime.TypeByExtension(filepath.Ext(name)); kind != "" {
		headers["Content-Type"] = kind
	}
	return data, nil
}
