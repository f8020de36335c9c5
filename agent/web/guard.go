package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// policy is what a page of ours may load: its own style, pictures and script, and nothing of anybody else's. Nothing inline.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard stands before all handlers: who may ask, how, and what a browser may do with the answer.
func guard(known hosts, next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !known.accept(r.Host):
			http.Error(w, fmt.Sprintf("this agent is not called %q: ask for it by its IP address, as localhost, or by a name that it was told", r.Host), http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "there is nothing to change here: use GET", http.StatusMethodNotAllowed)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// hosts are the names that a request may be for.
//
// A page of a stranger, open in the browser of somebody who can reach the agent, can point a name of its own at the agent's
// address (DNS rebinding); to the browser the agent then is that page's own site, and the page may read everything. What it
// cannot change is the name in the Host header. So only names that no stranger can own are accepted: localhost, the loopback
// addresses, the host that the agent listens on, and what it was told. An address is no name and cannot be rebound: an agent
// that listens on all addresses does not know by which of them, or of a router's in front of it, it is reached, and accepts
// any.
type hosts struct {
	names map[string]bool
	anyIP bool
}

func newHosts(listen string, more []string) hosts {
	known := hosts{names: map[string]bool{"localhost": true}}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		host = listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		known.anyIP = true
	}
	for _, name := range append([]string{host}, more...) {
		if name != "" {
			known.names[bareHost(name)] = true
		}
	}
	return known
}

func (k hosts) accept(hostport string) bool {
	host := bareHost(hostport)
	if k.names[host] {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (k.anyIP || ip.Unmap().IsLoopback())
}

// bareHost is a host without its port, as it is compared.
func bareHost(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}
