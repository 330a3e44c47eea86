//go:build linux

package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/bench/internal/hello"
)

func TestAnswerIsWhatTheOthersSend(t *testing.T) {
	r := bufio.NewReader(bytes.NewReader(answer(time.Unix(0, 0))))
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != hello.Body || r.Buffered() != 0 {
		t.Errorf("body %q, %v, %d bytes after it", body, err, r.Buffered())
	}
	want := http.Header{
		"Date":           {"Thu, 01 Jan 1970 00:00:00 GMT"},
		"Content-Length": {strconv.Itoa(len(hello.Body))},
		"Content-Type":   {"text/plain; charset=utf-8"},
	}
	for name := range want {
		if resp.Header.Get(name) != want.Get(name) {
			t.Errorf("%s: %q, want %q", name, resp.Header.Get(name), want.Get(name))
		}
	}
	if resp.StatusCode != 200 || len(resp.Header) != len(want) {
		t.Errorf("status %d, header %v", resp.StatusCode, resp.Header)
	}
}

// TestServeCountsBytes sends two and a half requests, then the other half:
// two answers must come, then one more.
func TestServeCountsBytes(t *testing.T) {
	reply := []byte("answer")
	addr := start(t, len(hello.Request), reply)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))

	three := strings.Repeat(hello.Request, 3)
	cut := len(hello.Request)*5/2 + 1
	got := make([]byte, 3*len(reply))
	for _, step := range []struct {
		send    string
		answers int
	}{{three[:cut], 2}, {three[cut:], 1}} {
		if _, err := io.WriteString(c, step.send); err != nil {
			t.Fatal(err)
		}
		part := got[:step.answers*len(reply)]
		if _, err := io.ReadFull(c, part); err != nil {
			t.Fatal(err)
		}
		if want := bytes.Repeat(reply, step.answers); !bytes.Equal(part, want) {
			t.Errorf("got %q, want %q", part, want)
		}
	}
	c.(*net.TCPConn).CloseWrite()
	if n, err := c.Read(got); n != 0 || err != io.EOF {
		t.Errorf("after the end: %d bytes, %v; want EOF and no answer that nobody asked for", n, err)
	}
}

// start serves on a free port until the test ends.
func start(t *testing.T, size int, reply []byte) string {
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
	go func() { ended <- serve(lfd, size, reply) }()
	t.Cleanup(func() {
		unix.Shutdown(lfd, unix.SHUT_RDWR) // accept then fails, which ends serve
		if err := <-ended; err != unix.EINVAL {
			t.Errorf("serve ended with %v, want EINVAL", err)
		}
		unix.Close(lfd)
	})
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(sa.(*unix.SockaddrInet4).Port))
}
