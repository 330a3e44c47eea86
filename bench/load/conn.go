//go:build linux

package main

import (
	"errors"
	"io"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

var (
	errClosed  = errors.New("the server closed the connection")
	errSurplus = errors.New("more bytes than requests ask for")
	errPrefix  = errors.New("an answer of another length or status")
	errShort   = errors.New("the kernel did not take the requests whole")
)

// conn is one connection. sent is a ring with the time of each request in
// flight; answers come in order, so the oldest stands at head.
type conn struct {
	fd      int
	partial int // bytes seen of the answer at head
	sent    []time.Duration
	head    int
	got     int // broadcast only: messages so far
}

// patience is how long one connection may take to connect and to greet.
const patience = 5 * time.Second

// connect connects and lets greet, if there is one, say what comes before the first
// request. The socket still blocks.
func connect(ap netip.AddrPort, greet func(io.ReadWriter) error) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ap.Addr().As4()}); err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		limit := unix.NsecToTimeval(int64(patience))
		err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
	}
	if err == nil && greet != nil {
		err = greet(blocking(fd))
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// blocking is a socket that waits, as a reader and writer. One that waits for a time only
// is interrupted by the signals of Go's scheduler (signal(7)), and tried again.
type blocking int

func (fd blocking) Read(p []byte) (int, error) {
	n, err := unix.Read(int(fd), p)
	for err == unix.EINTR {
		n, err = unix.Read(int(fd), p)
	}
	if err == nil && n == 0 {
		err = io.EOF
	}
	return max(n, 0), err
}

func (fd blocking) Write(p []byte) (int, error) {
	n, err := unix.Write(int(fd), p)
	for err == unix.EINTR {
		n, err = unix.Write(int(fd), p)
	}
	return max(n, 0), err
}

// ready reads once and replaces each answered request by a new one.
func (c *client) ready(k *conn) error {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(k.fd), uintptr(unsafe.Pointer(&c.in[0])), uintptr(len(c.in)))
	switch {
	case errno == unix.EAGAIN:
		return nil
	case errno != 0:
		return errno
	case n == 0:
		return errClosed
	}
	now := c.now()
	answers, err := k.take(c.in[:n], &c.exchange)
	if err != nil {
		return err
	}
	if c.fan != nil {
		whole, err := c.delivered(k, answers, now)
		if err != nil {
			return err
		}
		return c.send(&c.conns[0], whole, now)
	}
	for i := range answers {
		c.seen.Record(now - k.sent[(k.head+i)%len(k.sent)])
	}
	return c.send(k, answers, now)
}

// take counts the answers that b completes. It looks at how each one begins
// and trusts its length: an answer of another length shows at the next one.
func (k *conn) take(b []byte, x *exchange) (answers int, err error) {
	for len(b) > 0 {
		if answers == len(k.sent) {
			return answers, errSurplus
		}
		if k.partial < len(x.prefix) {
			want := x.prefix[k.partial:]
			want = want[:min(len(want), len(b))]
			if string(b[:len(want)]) != want {
				return answers, errPrefix
			}
		}
		n := min(x.length-k.partial, len(b))
		b = b[n:]
		if k.partial += n; k.partial == x.length {
			k.partial = 0
			answers++
		}
	}
	return answers, nil
}

// send writes n requests at once and notes when, in the n places of the ring
// that stood at head.
func (c *client) send(k *conn, n int, now time.Duration) error {
	if n == 0 {
		return nil
	}
	if c.fan != nil {
		c.fan.sends(n, now)
	}
	for range n {
		k.sent[k.head] = now
		k.head = (k.head + 1) % len(k.sent)
	}
	size := n * len(c.request)
	wrote, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(k.fd), uintptr(unsafe.Pointer(&c.requests[0])), uintptr(size))
	if errno != 0 {
		return errno
	}
	if int(wrote) != size {
		return errShort
	}
	return nil
}
