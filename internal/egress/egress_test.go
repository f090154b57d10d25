package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

func TestS37AddressesThatAreNotPublic(t *testing.T) {
	for _, s := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.51.100.7", "203.0.113.9",
		"198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1",
		"168.63.129.16",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.1.2.3", "::7f00:1", "fd00:ec2::254", "fc00::1",
		"fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
		"2002:7f00:1::1", "2002:c0a8:101::", "2001:0:0:0:0:0:0:1", "2001:db8::1", "3fff::1", "100::1", "5f00::1",
		"2600::5efe:10.0.0.1", "2600::200:5efe:127.0.0.1",
	} {
		if class := (&Policy{}).Refuses(netip.MustParseAddr(s), false); class == "" {
			t.Errorf("%s may be reached", s)
		}
	}
	for _, s := range []string{
		"8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "11.0.0.1", "169.253.1.1", "223.255.255.255",
		"2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8",
	} {
		if class := (&Policy{}).Refuses(netip.MustParseAddr(s), false); class != "" {
			t.Errorf("%s is refused as %s", s, class)
		}
	}
}

func TestPolicy(t *testing.T) {
	p := Policy{
		Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd12::/16")},
		Hosts: []string{"localhost", ".internal.example", "10.9.9.9"},
		Deny:  []netip.Prefix{netip.MustParsePrefix("10.1.7.0/24"), netip.MustParsePrefix("93.184.0.0/16")},
	}
	for s, ok := range map[string]bool{"10.1.2.3": true, "10.2.2.3": false, "10.1.7.3": false, "93.184.216.34": false, "8.8.8.8": true, "fd12::1": true, "::ffff:10.1.2.3": true, "::ffff:10.1.7.3": false} {
		if got := p.Refuses(netip.MustParseAddr(s), false) == ""; got != ok {
			t.Errorf("%s allowed: %v, want %v", s, got, ok)
		}
	}
	for host, ok := range map[string]bool{"localhost": true, "LOCALHOST.": true, "a.internal.example": true, "internal.example": false, "evilinternal.example": false, "10.9.9.9": true, "10.9.9.8": false} {
		if got := p.trusts(host); got != ok {
			t.Errorf("%s trusted: %v, want %v", host, got, ok)
		}
	}
	if p.Refuses(netip.MustParseAddr("10.1.7.3"), true) == "" {
		t.Error("a trusted name reaches a forbidden range")
	}
}

// listen counts the connections to a loopback port.
func listen(t *testing.T) (addr string, count *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), count
}

func TestS37NoPacketIsSent(t *testing.T) {
	addr, count := listen(t)
	_, port, _ := net.SplitHostPort(addr)
	var p Policy
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		c, err := p.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		cancel()
		if err == nil {
			_ = c.Close()
			t.Errorf("%s was reached", host)
		}
	}
	if n := count.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	_, err := p.DialContext(t.Context(), "tcp", addr)
	if d, ok := IsDenied(err); !ok || d.Class != "loopback" || d.Host != "127.0.0.1" {
		t.Errorf("error %v", err)
	}
	if _, err := p.DialContext(t.Context(), "unix", "/run/x.sock:0"); err == nil {
		t.Error("a unix socket was reached")
	}
}

func TestAllowedAddressesAreReached(t *testing.T) {
	addr, _ := listen(t)
	for _, p := range []Policy{{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, {Hosts: []string{"127.0.0.1"}}} {
		c, err := p.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
}

// S38: a name may say what it likes; what counts is the address that is connected to.
func TestS38NamesThatLeadInside(t *testing.T) {
	addr, count := listen(t)
	_, port, _ := net.SplitHostPort(addr)
	var asked atomic.Int32
	p := Policy{Timeout: time.Second, Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		asked.Add(1)
		return rebinding(ctx), nil
	}}}
	_, err := p.DialContext(t.Context(), "tcp", net.JoinHostPort("rebind.example", port))
	var d *Denied
	if !errors.As(err, &d) || d.Host != "rebind.example" {
		t.Errorf("error %v", err)
	}
	if asked.Load() == 0 || count.Load() != 0 {
		t.Errorf("%d questions, %d connections", asked.Load(), count.Load())
	}
}

// rebinding is a name server's end of a pipe which says that every name is 127.0.0.1.
func rebinding(ctx context.Context) net.Conn {
	client, server := net.Pipe()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		defer func() { _ = server.Close() }()
		for {
			// net.Pipe is a stream: the resolver puts a length of two bytes before each message.
			size := make([]byte, 2)
			if _, err := readFull(server, size); err != nil {
				return
			}
			msg := make([]byte, int(size[0])<<8|int(size[1]))
			if _, err := readFull(server, msg); err != nil {
				return
			}
			reply := answer(msg)
			if _, err := server.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...)); err != nil {
				return
			}
		}
	}()
	return client
}

func readFull(c net.Conn, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		m, err := c.Read(b[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// answer repeats the question and, for A, answers 127.0.0.1.
func answer(q []byte) []byte {
	end := 12
	for end < len(q) && q[end] != 0 {
		end += int(q[end]) + 1
	}
	end += 5
	if end > len(q) {
		return nil
	}
	isA := q[end-3] == 1
	r := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:end]...)
	if isA {
		r[7] = 1
		r = append(r, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1)
	}
	return r
}
