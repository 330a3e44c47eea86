//go:build linux

package main

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestServeEchoes sends messages on two connections in turn, and then ends one.
func TestServeEchoes(t *testing.T) {
	addr := start(t)
	var conns [2]net.Conn
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		conns[i] = c
	}
	back := make([]byte, 64)
	for i := range 10 {
		message := bytes.Repeat([]byte{byte(i)}, len(back))
		c := conns[i%2]
		if _, err := c.Write(message); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, back); err != nil || !bytes.Equal(back, message) {
			t.Fatalf("message %d: %q, %v", i, back, err)
		}
	}
	conns[0].(*net.TCPConn).CloseWrite()
	if n, err := conns[0].Read(back); n != 0 || err != io.EOF {
		t.Errorf("after the end: %d bytes, %v; want EOF", n, err)
	}
}

// start serves on a free port until the test ends.
func start(t *testing.T) string {
	t.Helper()
	lfd, err := listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(lfd)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(lfd) }()
	t.Cleanup(func() {
		unix.Shutdown(lfd, unix.SHUT_RDWR) // accept then fails, which ends serve
		if err := <-ended; err != unix.EINVAL {
			t.Errorf("serve ended with %v, want EINVAL", err)
		}
		unix.Close(lfd)
	})
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(sa.(*unix.SockaddrInet4).Port))
}
