package webdriver

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"trackwalker/scenarios/browser"
)

// errorCode gives Chromium's name of what WebKit or Firefox say on the page that they show for one that did not load, so that
// a failure reads the same in every browser.
func errorCode(text string) string {
	text = strings.ToLower(text)
	for _, known := range []struct{ sign, code string }{
		{"connection refused", "CONNECTION_REFUSED"},
		{"resolving", "NAME_NOT_RESOLVED"},
		{"not known", "NAME_NOT_RESOLVED"},
		{"dnsnotfound", "NAME_NOT_RESOLVED"},
		{"terminated unexpectedly", "EMPTY_RESPONSE"},
		{"connection reset", "CONNECTION_RESET"},
		{"broken pipe", "CONNECTION_RESET"},
		{"timed out", "CONNECTION_TIMED_OUT"},
		{"timeout", "CONNECTION_TIMED_OUT"},
		{"too many redirects", "TOO_MANY_REDIRECTS"},
		{"redirect", "TOO_MANY_REDIRECTS"},
		{"unreachable", "ADDRESS_UNREACHABLE"},
		{"not allowed to use restricted network port", "UNSAFE_PORT"},
		{"restricted", "UNSAFE_PORT"},
		{"certificate", "CERT_AUTHORITY_INVALID"},
		{"tls", "SSL_PROTOCOL_ERROR"},
		{"ssl", "SSL_PROTOCOL_ERROR"},
	} {
		if strings.Contains(text, known.sign) {
			return "net::ERR_" + known.code
		}
	}
	return "net::ERR_FAILED"
}

// certificateError asks an https server for its certificate, and gives Chromium's name of what is wrong with it, or nothing.
func certificateError(ctx context.Context, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	connection, err := (&tls.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443")))
	if err == nil {
		_ = connection.Close()
		return ""
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "net::ERR_CERT_AUTHORITY_INVALID"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "net::ERR_CERT_COMMON_NAME_INVALID"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return "net::ERR_CERT_DATE_INVALID"
		}
		return "net::ERR_CERT_INVALID"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "net::ERR_SSL_PROTOCOL_ERROR"
	}
	return ""
}

// loadFailure explains one of the browser's net:: errors.
func loadFailure(address, code string) error {
	f := &browser.Failure{Class: browser.ClassNetwork, URL: address, Err: errors.New(code)}
	host := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		host = u.Host
	}
	name := strings.TrimPrefix(code, "net::ERR_")
	var what string
	switch {
	case name == "ABORTED":
		f.Class = browser.ClassNavigation
		what, f.Hint = "the navigation was aborted", "the address gives no page: a download, an empty answer (204), or another navigation came between"
	case name == "NAME_NOT_RESOLVED", name == "NAME_RESOLUTION_FAILED":
		what, f.Hint = "name not resolved", "check the host name and its DNS records"
	case name == "CONNECTION_REFUSED":
		what, f.Hint = "connection refused", "nothing listens on that port"
	case name == "CONNECTION_RESET", name == "CONNECTION_CLOSED", name == "EMPTY_RESPONSE", name == "CONNECTION_ABORTED":
		what, f.Hint = "the server closed the connection without an answer", ""
	case name == "CONNECTION_TIMED_OUT", name == "TIMED_OUT":
		what, f.Hint = "no connection in time", "the host does not answer, or a firewall drops the packets"
	case name == "ADDRESS_UNREACHABLE", name == "ADDRESS_INVALID":
		what, f.Hint = "the address cannot be reached", "check the host's address and the route to it"
	case name == "TOO_MANY_REDIRECTS":
		what, f.Hint = "too many redirects", "the site redirects in a circle"
	case name == "UNSAFE_REDIRECT", name == "DISALLOWED_URL_SCHEME", name == "UNKNOWN_URL_SCHEME":
		f.Class = browser.ClassNavigation
		what, f.Hint = "the site redirects to an address that is not http or https", ""
	case name == "UNSAFE_PORT":
		what, f.Hint = "browsers refuse that port", "serve the site on another port"
	case strings.HasPrefix(name, "CERT_"), strings.HasPrefix(name, "SSL_"), strings.HasPrefix(name, "BAD_SSL_"):
		what, f.Hint = "TLS: "+tlsProblem(name), "is this an https address? Look at the server's TLS settings"
		if strings.HasPrefix(name, "CERT_") {
			f.Hint = "renew or fix the certificate; to play the flow all the same, say ignore_https_errors: true"
		}
	case name == "NETWORK_CHANGED", name == "NETWORK_IO_SUSPENDED":
		f.Class = browser.ClassInternal
		what, f.Hint = "the network of the agent's machine changed while the page was loaded", "the site is not to blame"
	case name == "BLOCKED_BY_CLIENT":
		f.Class = browser.ClassNavigation
		what, f.Hint = "the flow blocks that address itself", "take it out of block, or out of the mock that aborts it"
	case name == "HTTP_RESPONSE_CODE_FAILURE":
		f.Class = browser.ClassNavigation
		what, f.Hint = "the server answered with an HTTP error and no content", ""
	case name == "PROXY_CONNECTION_FAILED", name == "MANDATORY_PROXY_CONFIGURATION_FAILED":
		f.Class = browser.ClassInternal
		what, f.Hint = "the agent's proxy does not answer", "check proxy in agent.yaml"
	default:
		what = "the page did not load"
	}
	if why := offline(address, name); why != "" {
		f.Class, what, f.Hint = browser.ClassInternal, why, "connect the agent's machine; the site was not tried"
	}
	f.Message = fmt.Sprintf("%s: %s (%s)", what, host, code)
	return f
}
