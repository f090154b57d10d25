package servertest

import (
	"net"
	"sync"
	"testing"
)

// Proxy stands between a driver and its server and can be told to fail. It knows nothing of what is said.
type Proxy struct {
	listener net.Listener
	target   string

	mu       sync.Mutex
	changed  *sync.Cond
	requests Flow
	answers  Flow
	holds    chan struct{} // closed when something is held
	conns    map[net.Conn]struct{}
	closed   bool
}

// Flow is what a proxy does with what comes from one side.
type Flow int

// The flows.
const (
	Pass Flow = iota
	Hold      // nothing goes on, until it passes again or is cut
	Cut       // the connection is cut when the next bytes come, which are lost
)

// NewProxy is one to host:port, closed with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, target: target, holds: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	p.changed = sync.NewCond(&p.mu)
	var running sync.WaitGroup
	running.Go(func() { p.accept(&running) })
	t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		l.Close()
		p.CutAll()
		running.Wait()
	})
	return p
}

// Addr is where it listens.
func (p *Proxy) Addr() net.Addr { return p.listener.Addr() }

// Set says what becomes of requests and of answers from now on. What it returns is closed once one of them is held.
func (p *Proxy) Set(requests, answers Flow) (holds <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.answers, p.holds = requests, answers, make(chan struct{})
	p.changed.Broadcast()
	return p.holds
}

// CutAll ends all connections there are.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
		delete(p.conns, c)
	}
	p.changed.Broadcast()
}

func (p *Proxy) accept(running *sync.WaitGroup) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		if !p.keep(client, server) {
			return
		}
		running.Go(func() { p.carry(client, server, &p.requests) })
		running.Go(func() { p.carry(server, client, &p.answers) })
	}
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			c.Close()
			continue
		}
		p.conns[c] = struct{}{}
	}
	return !p.closed
}

// carry moves bytes of one connection until it ends, and ends its other half with it.
func (p *Proxy) carry(from, to net.Conn, flow *Flow) {
	defer p.drop(from, to)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && (!p.may(from, flow) || write(to, buf[:n]) != nil) || err != nil {
			return
		}
	}
}

func write(to net.Conn, b []byte) error {
	_, err := to.Write(b)
	return err
}

// may waits while the flow holds and reports whether bytes may go on.
func (p *Proxy) may(from net.Conn, flow *Flow) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for *flow == Hold {
		if _, alive := p.conns[from]; !alive {
			return false
		}
		select {
		case <-p.holds:
		default:
			close(p.holds)
		}
		p.changed.Wait()
	}
	return *flow == Pass
}

func (p *Proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(p.conns, c)
	}
	p.changed.Broadcast()
}
