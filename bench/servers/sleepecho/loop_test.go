//go:build linux

package main

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/sock"
)

// TestEveryWayEchoes talks over several connections in turn, so that each loop
// sleeps and wakes often; with two loops half of them are handed over.
func TestEveryWayEchoes(t *testing.T) {
	const conns, messages = 6, 50
	for _, w := range ways() {
		for loops := 1; loops <= 2; loops++ {
			s, err := listen("127.0.0.1:0", w.name, loops)
			if err != nil {
				t.Fatal(err)
			}
			firsts := 0
			s.loops[0].first = func() { firsts++ }
			s.start()
			talk(t, s, conns, messages)
			if err := s.close(); err != nil {
				t.Errorf("%s, %d loops: %v", w.name, loops, err)
			}
			if firsts != 1 {
				t.Errorf("%s, %d loops: %d first messages", w.name, loops, firsts)
			}
			if got := s.loops[0].accepted; got != conns {
				t.Errorf("%s, %d loops: %d connections accepted, want %d", w.name, loops, got, conns)
			}
		}
	}
}

func talk(t *testing.T, s *server, conns, messages int) {
	t.Helper()
	addr, err := sock.LocalAddr(s.loops[0].listener)
	if err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	for range conns {
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		open = append(open, c)
	}
	message := bytes.Repeat([]byte("0123456789abcdef"), 4)
	back := make([]byte, len(message))
	for i := range messages {
		c := open[i%conns]
		message[0] = byte(i)
		if _, err := c.Write(message); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, back); err != nil || !bytes.Equal(back, message) {
			t.Fatalf("message %d: %q, %v", i, back, err)
		}
	}
}

func TestListenRefuses(t *testing.T) {
	if _, err := listen("127.0.0.1:0", "nap", 1); err == nil {
		t.Error("an unknown way: no error")
	}
	if _, err := listen("127.0.0.1:0", "block", 0); err == nil {
		t.Error("no loops: no error")
	}
}

// TestOthersCountTheirWork also shows that they end.
func TestOthersCountTheirWork(t *testing.T) {
	var none others
	if w := none.stop(); w.Units != 0 || w.Seconds != 0 {
		t.Errorf("without goroutines: %+v", w)
	}
	var o others
	o.start(2)
	for o.units.Load() < 10 {
		runtime.Gosched()
	}
	o.reset()
	for o.units.Load() == 0 {
		runtime.Gosched()
	}
	if w := o.stop(); w.Units <= 0 || w.Seconds <= 0 {
		t.Errorf("%+v", w)
	}
}
