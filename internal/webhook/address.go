package webhook

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// private are networks that no endpoint of somebody else is in, besides those that package
// netip knows: an address there would have the server ask machines beside it for whoever
// made the endpoint.
var private = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // shared by carriers
	netip.MustParsePrefix("192.0.0.0/24"),    // protocols
	netip.MustParsePrefix("192.0.2.0/24"),    // examples
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // examples
	netip.MustParsePrefix("203.0.113.0/24"),  // examples
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("64:ff9b::/96"),    // IPv4 behind a gateway
	netip.MustParsePrefix("64:ff9b:1::/48"),  // the same, of a network's own
	netip.MustParsePrefix("100::/64"),        // discarded
	netip.MustParsePrefix("2001::/23"),       // protocols, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // examples
	netip.MustParsePrefix("2002::/16"),       // IPv4 within
	netip.MustParsePrefix("fec0::/10"),       // private once
}

// isPublic reports whether an address is one of the Internet.
func isPublic(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	for _, network := range private {
		if network.Contains(address) {
			return false
		}
	}
	return true
}

// dialer connects to public addresses alone. It looks at the address that is dialled, after
// the name was resolved: a name may lead elsewhere each time it is asked for.
func dialer(private bool) *net.Dialer {
	d := &net.Dialer{Timeout: dialTime, KeepAlive: time.Minute}
	if private {
		return d
	}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil && !isPublic(to.Addr()) {
			err = fmt.Errorf("%s is no address of the Internet (--webhook-private allows it)", to.Addr())
		}
		return err
	}
	return d
}
