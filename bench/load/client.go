//go:build linux

package main

import (
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// client drives all connections from one goroutine.
type client struct {
	exchange
	requests []byte // as many as may be in flight
	epfd     int
	start    time.Time

	conns  []conn
	fan    *fan // broadcast only
	live   int
	errors int64
	seen   measure.Histogram
	events [256]unix.EpollEvent
	in     [64 << 10]byte
}

func (c *client) now() time.Duration { return time.Since(c.start) }

// open connects one by one and sends the first requests.
func (c *client) open(o options) error {
	ap, err := netip.ParseAddrPort(o.addr)
	if err != nil || !ap.Addr().Is4() {
		return fmt.Errorf("load: %q is not an IPv4 address and port", o.addr)
	}
	for i := range c.conns {
		c.conns[i] = conn{fd: -1, sent: make([]time.Duration, o.inflight)}
	}
	for i := range c.conns {
		if err := c.add(i, ap); err != nil {
			return fmt.Errorf("load: connection %d: %w", i+1, err)
		}
	}
	for i := range c.conns {
		if err := unix.SetNonblock(c.conns[i].fd, true); err != nil {
			return fmt.Errorf("load: connection %d: %w", i+1, err)
		}
	}
	if c.fan != nil {
		return c.send(&c.conns[0], o.inflight, c.now())
	}
	for i := range c.conns {
		if err := c.send(&c.conns[i], o.inflight, c.now()); err != nil {
			c.fail(&c.conns[i], err)
		}
	}
	return nil
}

// add makes connection i, which still blocks.
func (c *client) add(i int, ap netip.AddrPort) error {
	fd, err := connect(ap, c.greet)
	if err != nil {
		return err
	}
	c.conns[i].fd = fd
	c.live++
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
	if err := unix.EpollCtl(c.epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	if c.fan != nil {
		return c.join(i)
	}
	return nil
}

func (c *client) close() {
	for i := range c.conns {
		if fd := c.conns[i].fd; fd > 0 {
			unix.Close(fd)
		}
	}
	unix.Close(c.epfd)
}

// until serves answers up to the given time.
func (c *client) until(deadline time.Duration) error {
	for {
		left := deadline - c.now()
		if left <= 0 {
			return nil
		}
		if c.live == 0 {
			return errors.New("load: every connection failed")
		}
		n, err := unix.EpollWait(c.epfd, c.events[:], int(left/time.Millisecond)+1)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("load: epoll: %w", err)
		}
		for i := range max(n, 0) {
			k := &c.conns[c.events[i].Fd]
			if err := c.ready(k); err != nil {
				c.fail(k, err)
			}
		}
	}
}

// fail gives a connection up. The first failure is told, all are counted.
func (c *client) fail(k *conn, err error) {
	if c.errors == 0 {
		log.Print("load: ", err)
	}
	c.errors++
	c.live--
	unix.Close(k.fd)
	k.fd = -1
}
