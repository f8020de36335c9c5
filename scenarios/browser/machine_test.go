package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The lines of a machine's tables of routes, as Linux shows them.
const (
	head4     = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	link4     = "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" // 192.0.2.0/24
	default4  = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	half4     = "tun0\t00000080\t010200C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n" // 128.0.0.0/1
	rejected4 = "*\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"
	lo4       = "lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"

	none6      = "00000000000000000000000000000000"
	metrics6   = " 00000400 00000001 00000000 "
	link6      = "20010db8000000000000000000000000 40 " + none6 + " 00 " + none6 + metrics6 + "00000001     eth0\n" // 2001:db8::/64
	neighbour6 = "fe800000000000000000000000000000 40 " + none6 + " 00 " + none6 + metrics6 + "00000001     eth0\n"
	group6     = "ff000000000000000000000000000000 08 " + none6 + " 00 " + none6 + metrics6 + "00000001     eth0\n"
	default6   = none6 + " 00 " + none6 + " 00 fe800000000000000000000000000001" + metrics6 + "00000003     eth0\n"
	rejected6  = none6 + " 00 " + none6 + " 00 " + none6 + metrics6 + "00200200       lo\n"
)

// machineOf gives what is known of a machine with these files; an empty one is not there.
func machineOf(t *testing.T, four, six, resolv string) machine {
	t.Helper()
	root := t.TempDir() + "/"
	for name, content := range map[string]string{"proc/net/route": four, "proc/net/ipv6_route": six, "etc/resolv.conf": resolv} {
		if content == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(root+name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(root+name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return machineNetwork(root)
}

func TestMachineNetwork(t *testing.T) {
	const (
		name, unreachable = "NAME_NOT_RESOLVED", "ADDRESS_UNREACHABLE"
		resolver          = "# of the office\nnameserver 192.0.2.53\n"
		noRoute, noServer = "this machine has no default route", "this machine has no name server"
	)
	for what, c := range map[string]struct {
		four, six, resolv string
		host, code        string
		want              string
	}{
		"a default route":                {head4 + default4 + link4, neighbour6, resolver, "shop.example", name, ""},
		"a default route of IPv6":        {head4, default6 + neighbour6, resolver, "shop.example", name, ""},
		"no IPv4 at all":                 {"", default6, resolver, "203.0.113.1", unreachable, ""},
		"a half in place of the default": {head4 + half4 + link4, "", resolver, "shop.example", name, ""},
		"no route":                       {head4, "", resolver, "shop.example", name, noRoute},
		"no route, an address":           {head4, "", resolver, "203.0.113.1", unreachable, noRoute},
		"only itself":                    {head4 + lo4, rejected6, resolver, "shop.example", name, noRoute},
		"a link, a name":                 {head4 + link4, neighbour6 + group6 + link6 + rejected6, resolver, "shop.example", name, noRoute},
		"a link, an address elsewhere":   {head4 + link4, neighbour6, resolver, "192.0.3.1", unreachable, noRoute},
		"a link, an address on it":       {head4 + link4, neighbour6, resolver, "192.0.2.77", unreachable, ""},
		"a link, IPv6 elsewhere":         {head4 + link4, link6, resolver, "2001:db8:0:1::1", unreachable, noRoute},
		"a link, IPv6 on it":             {head4 + link4, link6, resolver, "2001:db8::1", unreachable, ""},
		"a default that refuses":         {head4 + rejected4 + link4, rejected6, resolver, "shop.example", name, noRoute},
		"no name server":                 {head4 + default4, "", "# nothing\n", "shop.example", name, noServer},
		"no resolv.conf":                 {head4 + default4, "", "", "shop.example", name, noServer},
		"no name server, no name":        {head4 + default4, "", "", "203.0.113.1", unreachable, ""},
		"nothing is known of routes":     {"", "", resolver, "shop.example", name, ""},
		"the browser knows":              {head4 + default4, "", resolver, "shop.example", "INTERNET_DISCONNECTED", "this machine has no network"},
	} {
		if got := machineOf(t, c.four, c.six, c.resolv).lacks(c.host, c.code); got != c.want {
			t.Errorf("%s: %s of %s: got %q, want %q", what, c.code, c.host, got, c.want)
		}
	}
	for host, want := range map[string]bool{"localhost": true, "a.localhost.": true, "127.0.0.2": true, "::1": true, "shop.example": false, "10.0.0.1": false} {
		if loopback(host) != want {
			t.Errorf("loopback(%s) is %v", host, !want)
		}
	}
}

func TestLoadFailure(t *testing.T) {
	for code, class := range map[string]Class{
		"net::ERR_NAME_NOT_RESOLVED": "", "net::ERR_PROXY_CONNECTION_FAILED": ClassInternal, "net::ERR_ABORTED": ClassNavigation,
		"net::ERR_CONNECTION_TIMED_OUT": ClassNetwork, "net::ERR_SOMETHING_NEW": ClassNetwork, "net::ERR_CERT_DATE_INVALID": ClassNetwork,
	} {
		f := LoadFailure("https://shop.example/x", code).(*Failure)
		if class != "" && f.Class != class || !strings.Contains(f.Message, "shop.example") || !strings.Contains(f.Message, code) {
			t.Errorf("%s: %s %v", code, f.Class, f)
		}
	}
}
