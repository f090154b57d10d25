// Package egress is the one way out: a dialer that refuses addresses which a definition has no business to reach
// (loopback, private, link-local, metadata and their disguises) unless a [Policy] allows them.
//
// The check is made on the address that is about to be connected to, after every name has been resolved, so a name
// that changes its answer between check and use gains nothing. The package must not know HTTP or node types.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Policy says where one may connect to beside the public internet. The zero value allows nothing else.
type Policy struct {
	// Allow lists address ranges that may be reached although they are not public.
	Allow []netip.Prefix
	// Hosts lists names, or literal addresses, that may be reached wherever they lead: payments.internal, localhost.
	// A leading dot stands for all names below. Compared without case, without port.
	Hosts []string
	// Deny lists ranges that may not be reached although they are public, such as one's own addresses. It wins over
	// Allow and Hosts.
	Deny []netip.Prefix
	// Resolver looks names up; nil is the system's.
	Resolver *net.Resolver
	// Timeout bounds one connection attempt: 10 s where it is 0.
	Timeout time.Duration
}

// Denied is the error of a connection that the policy refuses. It names what was asked for and the class of the
// address, not the address a name resolved to.
type Denied struct {
	// Host is the name or address that was asked for, without port.
	Host string
	// Class is why: loopback, private, link-local ...
	Class string
}

func (d *Denied) Error() string {
	return fmt.Sprintf("%s is, or leads to, a %s address; connections to those are refused unless they are allowed", d.Host, d.Class)
}

// IsDenied finds the refusal in err.
func IsDenied(err error) (*Denied, bool) {
	var d *Denied
	ok := errors.As(err, &d)
	return d, ok
}

// DialContext connects to address, host:port, over tcp, tcp4 or tcp6. The error of a refusal wraps [Denied].
func (p *Policy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, &Denied{Host: host, Class: "non-TCP"}
	}
	trusted := p.trusts(host)
	d := net.Dialer{
		Timeout:  p.Timeout,
		Resolver: p.Resolver,
		Control: func(_, resolved string, _ syscall.RawConn) error {
			return p.check(host, resolved, trusted)
		},
	}
	if d.Timeout <= 0 {
		d.Timeout = 10 * time.Second
	}
	return d.DialContext(ctx, network, address)
}

// trusts reports whether host is listed in Hosts.
func (p *Policy) trusts(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, h := range p.Hosts {
		h = strings.ToLower(h)
		if host == h || strings.HasPrefix(h, ".") && strings.HasSuffix(host, h) {
			return true
		}
	}
	return false
}

// check decides about a resolved address, ip:port.
func (p *Policy) check(host, resolved string, trusted bool) error {
	ap, err := netip.ParseAddrPort(resolved)
	if err != nil {
		return &Denied{Host: host, Class: "unreadable"}
	}
	if class := p.Refuses(ap.Addr(), trusted); class != "" {
		return &Denied{Host: host, Class: class}
	}
	return nil
}

// Refuses returns why a may not be connected to, "" if it may. trusted says that its name is listed in Hosts.
func (p *Policy) Refuses(a netip.Addr, trusted bool) string {
	a = a.WithZone("").Unmap()
	if within(p.Deny, a) {
		return "forbidden"
	}
	class := classify(a)
	if class == "" || trusted || within(p.Allow, a) {
		return ""
	}
	return class
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
