package webdriver

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"
)

// unknownError is Chromium's name of what has no other.
const unknownError = "net::ERR_FAILED"

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
	return unknownError
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
