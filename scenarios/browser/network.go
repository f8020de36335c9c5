package browser

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// LoadFailure explains one of Chromium's net:: errors, which kept the page at address from loading.
func LoadFailure(address, code string) error {
	f := &Failure{Class: ClassNetwork, URL: address, Err: errors.New(code)}
	host := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		host = u.Host
	}
	name := strings.TrimPrefix(code, "net::ERR_")
	var what string
	switch {
	case name == "ABORTED":
		f.Class = ClassNavigation
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
		f.Class = ClassNavigation
		what, f.Hint = "the site redirects to an address that is not http or https", ""
	case name == "UNSAFE_PORT":
		what, f.Hint = "browsers refuse that port", "serve the site on another port"
	case strings.HasPrefix(name, "CERT_"), strings.HasPrefix(name, "SSL_"), strings.HasPrefix(name, "BAD_SSL_"):
		what, f.Hint = "TLS: "+tlsProblem(name), "is this an https address? Look at the server's TLS settings"
		if strings.HasPrefix(name, "CERT_") {
			f.Hint = "renew or fix the certificate; to play the flow all the same, say ignore_https_errors: true"
		}
	case name == "NETWORK_CHANGED", name == "NETWORK_IO_SUSPENDED":
		f.Class = ClassInternal
		what, f.Hint = "the network of the agent's machine changed while the page was loaded", "the site is not to blame"
	case name == "BLOCKED_BY_CLIENT":
		f.Class = ClassNavigation
		what, f.Hint = "the flow blocks that address itself", "take it out of block, or out of the mock that aborts it"
	case name == "HTTP_RESPONSE_CODE_FAILURE":
		f.Class = ClassNavigation
		what, f.Hint = "the server answered with an HTTP error and no content", ""
	case name == "PROXY_CONNECTION_FAILED", name == "MANDATORY_PROXY_CONFIGURATION_FAILED":
		f.Class = ClassInternal
		what, f.Hint = "the agent's proxy does not answer", "check proxy in agent.yaml"
	default:
		what = "the page did not load"
	}
	if why := offline(address, name); why != "" {
		f.Class, what, f.Hint = ClassInternal, why, "connect the agent's machine; the site was not tried"
	}
	f.Message = fmt.Sprintf("%s: %s (%s)", what, host, code)
	return f
}

// tlsProblem says what is wrong with a site's certificate or its TLS.
func tlsProblem(code string) string {
	switch code {
	case "CERT_AUTHORITY_INVALID":
		return "the certificate is not signed by an authority that the browser trusts"
	case "CERT_DATE_INVALID":
		return "the certificate has expired or is not valid yet"
	case "CERT_COMMON_NAME_INVALID":
		return "the certificate is for another host"
	case "CERT_REVOKED":
		return "the certificate was revoked"
	case "CERT_WEAK_SIGNATURE_ALGORITHM", "CERT_WEAK_KEY":
		return "the certificate is too weak"
	case "SSL_PROTOCOL_ERROR", "SSL_VERSION_OR_CIPHER_MISMATCH":
		return "the server does not speak a TLS that the browser speaks"
	}
	if strings.HasPrefix(code, "CERT_") {
		return "the certificate is not accepted"
	}
	return "the connection cannot be made secure"
}
