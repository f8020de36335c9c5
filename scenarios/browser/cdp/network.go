package cdp

import (
	"bufio"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// offline says that this machine itself has no network, when that is why an address was not reached: the agent's fault,
// never the site's.
func offline(address, code string) string {
	switch code {
	case "INTERNET_DISCONNECTED", "NAME_NOT_RESOLVED", "NAME_RESOLUTION_FAILED", "ADDRESS_UNREACHABLE", "NETWORK_CHANGED", "NETWORK_ACCESS_DENIED":
	default:
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || loopback(u.Hostname()) {
		return ""
	}
	switch m := machineNetwork("/"); {
	case !m.route:
		return "this machine has no network"
	case code == "INTERNET_DISCONNECTED":
		return "this machine has no network"
	case strings.HasPrefix(code, "NAME_") && !m.nameserver && net.ParseIP(u.Hostname()) == nil:
		return "this machine has no name server"
	}
	return ""
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

type machine struct{ route, nameserver bool }

// machineNetwork looks whether the machine has any way out; root is where its files are. Where they cannot be read, nothing
// is known, and the machine gets the benefit of the doubt.
func machineNetwork(root string) machine {
	m := machine{route: true, nameserver: true}
	four, err4 := lines(root + "proc/net/route")
	six, err6 := lines(root + "proc/net/ipv6_route")
	if err4 == nil || err6 == nil {
		m.route = false
		for i, l := range four {
			// The first line is the head of the table.
			if f := strings.Fields(l); i > 0 && len(f) > 0 && f[0] != "lo" {
				m.route = true
			}
		}
		for _, l := range six {
			// Every link has routes to its neighbours and to groups; neither leads out.
			if f := strings.Fields(l); len(f) == 10 && f[9] != "lo" && !strings.HasPrefix(f[0], "fe80") && !strings.HasPrefix(f[0], "ff") {
				m.route = true
			}
		}
	}
	if resolv, err := lines(root + "etc/resolv.conf"); err == nil {
		m.nameserver = false
		for _, l := range resolv {
			if f := strings.Fields(l); len(f) > 1 && f[0] == "nameserver" {
				m.nameserver = true
			}
		}
	} else if os.IsNotExist(err) {
		m.nameserver = false
	}
	return m
}

func lines(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var all []string
	for s := bufio.NewScanner(f); s.Scan(); {
		all = append(all, s.Text())
	}
	return all, nil
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
