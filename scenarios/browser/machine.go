package browser

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// offline says what this machine lacks, when that is why an address was not reached: the agent's fault, never the site's.
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
	return machineNetwork("/").lacks(u.Hostname(), code)
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

// machine is what this machine has of a network.
type machine struct {
	routes     []netip.Prefix // where its packets can go, but to itself
	nameserver bool
}

// lacks says what the machine needs to reach a host and does not have, or nothing.
func (m machine) lacks(host, code string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case code == "INTERNET_DISCONNECTED":
		return "this machine has no network"
	case !m.reaches(ip):
		return "this machine has no default route"
	case strings.HasPrefix(code, "NAME_") && !m.nameserver && err != nil:
		return "this machine has no name server"
	}
	return ""
}

// reaches reports whether a route leads everywhere, or to that address. A name has the zero one, to which none leads.
func (m machine) reaches(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(m.routes, func(p netip.Prefix) bool { return p.Bits() <= defaultBits || p.Contains(ip) })
}

// defaultBits is how long the prefix of a default route is at most: 0, or what some set in its place, the halves 0.0.0.0/1 and
// 128.0.0.0/1, or 2000::/3.
const defaultBits = 3

// machineNetwork looks what the machine has; root is where its files are. Where they cannot be read, nothing is known, and the
// machine gets the benefit of the doubt.
func machineNetwork(root string) machine {
	m := machine{nameserver: true}
	four, err4 := lines(root + "proc/net/route")
	six, err6 := lines(root + "proc/net/ipv6_route")
	if err4 != nil && err6 != nil {
		m.routes = []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
	}
	for _, l := range four {
		m.add(routeIPv4(strings.Fields(l)))
	}
	for _, l := range six {
		m.add(routeIPv6(strings.Fields(l)))
	}
	if resolv, err := lines(root + "etc/resolv.conf"); err == nil {
		m.nameserver = slices.ContainsFunc(resolv, func(l string) bool {
			f := strings.Fields(l)
			return len(f) > 1 && f[0] == "nameserver"
		})
	} else if os.IsNotExist(err) {
		m.nameserver = false
	}
	return m
}

func (m *machine) add(route netip.Prefix, device, flags string) {
	const reject = 0x200 // RTF_REJECT: what goes there is refused
	set, err := strconv.ParseUint(flags, 16, 32)
	if err == nil && set&reject == 0 && device != "lo" && route.IsValid() {
		m.routes = append(m.routes, route)
	}
}

// routeIPv4 reads a line of /proc/net/route, whose numbers are in the machine's own order of bytes. Its head gives nothing.
func routeIPv4(f []string) (route netip.Prefix, device, flags string) {
	if len(f) < 8 {
		return
	}
	destination, err := strconv.ParseUint(f[1], 16, 32)
	mask, errMask := strconv.ParseUint(f[7], 16, 32)
	if err != nil || errMask != nil {
		return
	}
	var ip [4]byte
	binary.NativeEndian.PutUint32(ip[:], uint32(destination))
	return netip.PrefixFrom(netip.AddrFrom4(ip), bits.OnesCount64(mask)), f[0], f[3]
}

// routeIPv6 reads a line of /proc/net/ipv6_route.
func routeIPv6(f []string) (route netip.Prefix, device, flags string) {
	if len(f) != 10 {
		return
	}
	destination, err := hex.DecodeString(f[0])
	length, errLength := strconv.ParseUint(f[1], 16, 8)
	ip, ok := netip.AddrFromSlice(destination)
	if err != nil || errLength != nil || !ok {
		return
	}
	return netip.PrefixFrom(ip, int(length)), f[9], f[8]
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
