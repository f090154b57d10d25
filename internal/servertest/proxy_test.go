package servertest

import (
	"bufio"
	"net"
	"testing"
)

// TestProxySaysWhenItHolds: what is held is known to be, and goes on when it may.
func TestProxySaysWhenItHolds(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	heard := make(chan string, 10)
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			for lines := bufio.NewScanner(c); lines.Scan(); {
				heard <- lines.Text()
				if _, err := c.Write([]byte("answer\n")); err != nil {
					break
				}
			}
			c.Close()
		}
	}()
	p := NewProxy(t, server.Addr().String())
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answers := bufio.NewScanner(c)
	say := func(line string) {
		t.Helper()
		if _, err := c.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	answered := func() {
		t.Helper()
		if !answers.Scan() || answers.Text() != "answer" {
			t.Fatalf("%q, %v", answers.Text(), answers.Err())
		}
	}
	say("one")
	answered()
	arrived := p.Set(Hold, Pass)
	say("two")
	<-arrived
	if <-heard; len(heard) > 0 {
		t.Fatalf("the server heard %q", <-heard)
	}
	answer := p.Set(Pass, Hold)
	<-answer
	if got := <-heard; got != "two" {
		t.Fatalf("the server heard %q", got)
	}
	p.Set(Pass, Pass)
	answered()
}
