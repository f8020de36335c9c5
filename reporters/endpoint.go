package reporters

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"trackwalker/scenarios/source"
)

// Endpoint is where a reporter sends HTTP requests. Its URL may hold a secret and shows in no error; its host does.
type Endpoint struct {
	name    string
	cure    string
	url     *url.URL
	client  *http.Client
	secrets source.Redactor
}

// EndpointConfig is what an Endpoint needs to know.
type EndpointConfig struct {
	Name    string // of the reporter: errors begin with it
	URL     string // http or https
	Timeout time.Duration
	Cure    string   // what a person has to do about an answer of 4xx
	Secrets []string // what must not show either, as a key that requests hold
}

// NewEndpoint gives an Endpoint. It sends nothing.
func NewEndpoint(c EndpointConfig) (*Endpoint, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%s: the URL must begin with https:// or http://", c.Name)
	}
	return &Endpoint{
		name: c.Name, cure: c.Cure, url: u, secrets: source.NewRedactor(hidden(u, c.Secrets)),
		client: &http.Client{
			Timeout: cmp.Or(c.Timeout, 15*time.Second),
			// A redirect makes a GET out of a POST, which looks like success and tells nobody.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// hidden gives all that must not show: what an endpoint answers may repeat parts of its own URL.
func hidden(u *url.URL, secrets []string) map[string]string {
	values := map[string]string{}
	add := func(value string) {
		if len(value) > 4 {
			values["of the URL "+strconv.Itoa(len(values))] = value
		}
	}
	add(u.String())
	add(u.RequestURI())
	add(u.EscapedPath())
	for part := range strings.SplitSeq(u.Path, "/") {
		if len(part) >= 16 {
			add(part)
		}
	}
	for _, all := range u.Query() {
		for _, value := range all {
			if len(value) >= 16 {
				add(value)
			}
		}
	}
	if password, ok := u.User.Password(); ok {
		add(password)
	}
	for i, value := range secrets {
		values["key "+strconv.Itoa(i)] = value
	}
	return values
}

// Request is one that an Endpoint sends.
type Request struct {
	Method string // default POST
	Path   string // what is added to the URL's path
	Query  url.Values
	Header http.Header
	Media  string // of the body; default application/json
	Body   []byte
}

// Refusal is the error of an answer that is none of success.
type Refusal struct {
	Status int
	Body   []byte // its beginning
}

func (e *Refusal) Error() string { return "answered " + statusLine(e.Status) }

func statusLine(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// mostAnswer is how much of an answer is read.
const mostAnswer = 64 << 10

// Send gives the answer's body, or its beginning. The error of an answer that is none of success wraps a *Refusal, and is a
// *RetryAfter or a *Permanent where the status says so.
func (e *Endpoint) Send(ctx context.Context, r Request) ([]byte, error) {
	target := *e.url
	if r.Path != "" {
		target = *e.url.JoinPath(r.Path)
	}
	if r.Query != nil {
		query := target.Query()
		maps.Copy(query, r.Query)
		target.RawQuery = query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.Method, http.MethodPost), target.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("%s: the URL makes no request", e.name)
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	if r.Body != nil {
		req.Header.Set("Content-Type", cmp.Or(r.Media, "application/json"))
	}
	req.Header.Set("User-Agent", "trackwalker")
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %s to %s: %w", e.name, strings.ToLower(req.Method), e.url.Host, bare(err))
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		if err != nil {
			return nil, fmt.Errorf("%s: %s broke off its answer: %w", e.name, e.url.Host, err)
		}
		return said, nil
	}
	return nil, e.judge(resp, said)
}

// judge makes an error of an answer that is none of success.
func (e *Endpoint) judge(resp *http.Response, body []byte) error {
	code := resp.StatusCode
	err := fmt.Errorf("%s: %s %w", e.name, e.url.Host, &Refusal{Status: code, Body: body})
	if said := Clip(Line(e.secrets.Text(string(body))), 200); said != "" { // what it says is a help, no more
		err = fmt.Errorf("%w: %s", err, said)
	}
	switch {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		if after, ok := retryAfter(resp.Header.Get("Retry-After"), time.Now()); ok {
			return &RetryAfter{After: after, Err: err}
		}
		return err
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500:
		return err
	case code >= 300 && code < 400:
		return &Permanent{Err: fmt.Errorf("%w: redirects are not followed; configure the final URL", err)}
	default:
		return &Permanent{Err: fmt.Errorf("%w: %s", err, e.cure)}
	}
}

// longestPause is kept whatever an endpoint asks for.
const longestPause = time.Hour

// retryAfter reads the header, which holds seconds or a date.
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	after := time.Duration(-1)
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && seconds >= 0 {
		after = time.Duration(math.Ceil(min(seconds, longestPause.Seconds()))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		after = max(at.Sub(now), 0)
	}
	if after < 0 {
		return 0, false
	}
	return min(max(after, time.Second), longestPause), true
}

// bare takes the URL, which may hold a secret, out of an error of package http.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// Reach looks whether the endpoint's host answers, and sends nothing.
func (e *Endpoint) Reach(ctx context.Context) Finding {
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: e.url}); err != nil || proxy != nil {
		return Finding{OK: true, Message: "the " + e.name + " is called through a proxy; to try it, trackwalker notify test"}
	}
	port := e.url.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[e.url.Scheme]
	}
	d := net.Dialer{Timeout: e.client.Timeout}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(e.url.Hostname(), port))
	if err != nil {
		return Finding{
			Message: fmt.Sprintf("the %s's host cannot be reached: %v", e.name, err),
			Hint:    "check the URL's host and port, and whether a firewall is in between",
		}
	}
	conn.Close()
	return Finding{OK: true, Message: "the " + e.name + "'s host " + e.url.Host + " can be reached; to try more, trackwalker notify test"}
}
