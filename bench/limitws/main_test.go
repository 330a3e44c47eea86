//go:build linux

package main

import (
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/bench/internal/payload"
	"github.com/zonda-go/zonda/bench/internal/wsclient"
)

// TestServe sends two and a half frames, then the other half: two must come back, then
// one more.
func TestServe(t *testing.T) {
	c, err := net.Dial("tcp", start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := wsclient.Shake(c, ""); err != nil {
		t.Fatal(err)
	}
	frame := wsclient.Masked(wsclient.Binary, payload.Message())
	plain := wsclient.Plain(wsclient.Binary, payload.Message())
	three := strings.Repeat(frame, 3)
	for half := 1; half < len(frame); half++ {
		cut := 2*len(frame) + half
		for _, step := range []struct {
			send    string
			answers int
		}{{three[:cut], 2}, {three[cut:], 1}} {
			if _, err := io.WriteString(c, step.send); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, step.answers*len(plain))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != strings.Repeat(plain, step.answers) {
				t.Fatalf("cut in byte %d: %q, %v", half, got, err)
			}
		}
	}
	c.(*net.TCPConn).CloseWrite()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
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
