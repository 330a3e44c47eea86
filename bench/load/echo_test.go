//go:build linux

package main

import (
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echoServer hands each connection to handle until the test ends.
func echoServer(t *testing.T, handle func(net.Conn)) options {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return options{
		addr: ln.Addr().String(), kind: "echo", conns: 2, inflight: 3, watch: os.Getpid(),
		warmup: 5 * time.Millisecond, window: 30 * time.Millisecond,
	}
}

func TestDriveEcho(t *testing.T) {
	run, err := drive(echoServer(t, func(c net.Conn) { io.Copy(c, c) }))
	if err != nil || run.Requests == 0 || run.Errors != 0 || run.P50 <= 0 {
		t.Errorf("%+v, %v", run, err)
	}
}

// TestDriveEchoRefuses has servers that send a message back wrong.
func TestDriveEchoRefuses(t *testing.T) {
	spoil := func(at int) func(net.Conn) {
		return func(c net.Conn) {
			b := make([]byte, 64)
			for n := 0; ; n++ {
				if _, err := io.ReadFull(c, b); err != nil {
					return
				}
				if n == at {
					b[63] ^= 1
				}
				c.Write(b)
			}
		}
	}
	if run, err := drive(echoServer(t, spoil(0))); err == nil {
		t.Errorf("the first answer is wrong: no error, %+v", run)
	}
	if run, err := drive(echoServer(t, spoil(1))); err == nil {
		t.Errorf("the second answer on every connection is wrong: no error, %+v", run)
	}
}
