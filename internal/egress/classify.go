package egress

import "net/netip"

// special are ranges of IPv4 and of the public part of IPv6 that are not public hosts.
var special = []struct {
	prefix netip.Prefix
	class  string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared"}, // carrier-grade NAT; one cloud keeps its metadata here
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "metadata"}, // a public address that a cloud answers from within
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.31.196.0/24"), "reserved"},
	{netip.MustParsePrefix("192.52.193.0/24"), "reserved"},
	{netip.MustParsePrefix("192.88.99.0/24"), "reserved"}, // 6to4 relays
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("192.175.48.0/24"), "reserved"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmark"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // Teredo, benchmarks, ORCHID and other protocol assignments
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
}

var (
	global6 = netip.MustParsePrefix("2000::/3")
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixToFo = netip.MustParsePrefix("2002::/16")
)

// classify says what is not public about a, "" if nothing. IPv6 outside the globally routed part is refused whatever
// it is, except where it is a public IPv4 address in disguise. a is unmapped and has no zone.
func classify(a netip.Addr) string {
	if !a.IsValid() {
		return "invalid"
	}
	if a.Is6() {
		return classify6(a)
	}
	return listed(a)
}

func classify6(a netip.Addr) string {
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return listed(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToFo.Contains(a):
		return listed(netip.AddrFrom4([4]byte(b[2:6])))
	case a.IsLoopback():
		return "loopback"
	case a.IsUnspecified():
		return "unspecified"
	case a.IsPrivate():
		return "private"
	case a.IsLinkLocalUnicast():
		return "link-local"
	case a.IsMulticast():
		return "multicast"
	case !global6.Contains(a):
		return "reserved"
	case b[9] == 0 && b[8]&^2 == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP: an IPv4 address in the host part
		if class := listed(netip.AddrFrom4([4]byte(b[12:16]))); class != "" {
			return class
		}
	}
	return listed(a)
}

func listed(a netip.Addr) string {
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.class
		}
	}
	return ""
}
