//go:build linux

package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/bench/internal/hello"
	"github.com/zonda-go/zonda/bench/internal/payload"
)

// patience is how long one connection's exchange may take.
const patience = 10 * time.Second

// A holder is the connections. It belongs to one goroutine.
type holder struct {
	addr     string
	secure   bool
	exchange func(net.Conn) error

	conns []held
}

// held is one connection; top is socket, or the TLS on it.
type held struct {
	socket *net.TCPConn
	top    net.Conn
}

// kinds are the exchanges there are, for the usage of a flag.
const kinds = "echo or tls (a message of 64 bytes), http (a hello request), " +
	"ws, wss or deflate (a message over WebSocket; with TLS, or compressed)"

func newHolder(addr, kind string) (*holder, error) {
	switch kind {
	case "echo":
		return &holder{addr: addr, exchange: echoOnce}, nil
	case "tls":
		return &holder{addr: addr, exchange: echoOnce, secure: true}, nil
	case "http":
		return &holder{addr: addr, exchange: askOnce}, nil
	case "ws":
		return &holder{addr: addr, exchange: messageOnce}, nil
	case "wss":
		return &holder{addr: addr, exchange: messageOnce, secure: true}, nil
	case "deflate":
		return &holder{addr: addr, exchange: deflatedOnce}, nil
	}
	return nil, fmt.Errorf("no kind %q; there are %s", kind, kinds)
}

// open brings the connections up to n.
func (h *holder) open(n int) error {
	for len(h.conns) < n {
		if err := h.add(); err != nil {
			return fmt.Errorf("connection %d: %w", len(h.conns)+1, err)
		}
	}
	return nil
}

func (h *holder) add() error {
	c, err := net.DialTimeout("tcp", h.addr, patience)
	if err != nil {
		return err
	}
	k := held{c.(*net.TCPConn), c}
	h.conns = append(h.conns, k)
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if h.secure {
		// The server's certificate was made a moment ago; nobody can know it.
		k.top = tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13})
		h.conns[len(h.conns)-1] = k
	}
	if err := h.exchange(k.top); err != nil {
		return err
	}
	return c.SetDeadline(time.Time{})
}

func (h *holder) close() {
	for _, k := range h.conns {
		k.socket.Close()
	}
}

// silent counts the connections that are open and on which nothing waits to be
// read.
func (h *holder) silent() (n int) {
	for _, k := range h.conns {
		raw, err := k.socket.SyscallConn()
		if err != nil {
			continue
		}
		var b [1]byte
		err2 := raw.Control(func(fd uintptr) {
			_, _, err = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		})
		if err2 == nil && err == syscall.EAGAIN {
			n++
		}
	}
	return n
}

// echoOnce sends one message and waits for it to come back.
func echoOnce(c net.Conn) error {
	return sendOnce(c, payload.Message(), payload.Message())
}

// sendOnce sends, and waits for the answer that is expected.
func sendOnce(c net.Conn, message, answer string) error {
	if _, err := io.WriteString(c, message); err != nil {
		return err
	}
	back := make([]byte, len(answer))
	if _, err := io.ReadFull(c, back); err != nil {
		return err
	}
	if string(back) != answer {
		return fmt.Errorf("the server sent back %q", back)
	}
	return nil
}

// askOnce has one request answered.
func askOnce(c net.Conn) error {
	if _, err := io.WriteString(c, hello.Request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || string(body) != hello.Body || resp.Close {
		return fmt.Errorf("the server answered %s, %q, closing: %v", resp.Status, body, resp.Close)
	}
	return nil
}
