//go:build linux

package main

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

type options struct {
	addr     string
	conns    int
	inflight int
	kind     string // of exchange: see probe
	warmup   time.Duration
	window   time.Duration
	watch    int // process id, or 0
}

// drive probes the server, opens the connections, keeps every one of them
// busy for warmup and window, and reports the window. A failed connection is
// counted and not replaced; when none is left the run has failed.
func drive(o options) (measure.Run, error) {
	if o.conns <= 0 || o.inflight <= 0 || o.window <= 0 {
		return measure.Run{}, errors.New("load: connections, requests in flight and window must be above 0")
	}
	x, err := probe(o.kind, o.addr)
	if err != nil {
		return measure.Run{}, fmt.Errorf("load: %w", err)
	}
	c := &client{exchange: x, start: time.Now(), conns: make([]conn, o.conns)}
	for range o.inflight {
		c.requests = append(c.requests, x.request...)
	}
	if c.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return measure.Run{}, fmt.Errorf("load: epoll: %w", err)
	}
	defer c.close()
	if o.kind == "broadcast" {
		c.fan = newFan(o)
	}
	if err := c.open(o); err != nil {
		return measure.Run{}, err
	}
	if err := c.until(c.now() + o.warmup); err != nil {
		return measure.Run{}, err
	}
	return c.measured(o)
}

// measured runs the window. The watched process's clock is read here and not
// by the caller: no wake-up of another process lies between it and the count.
func (c *client) measured(o options) (measure.Run, error) {
	cpu := func() (time.Duration, error) { return 0, nil }
	if o.watch != 0 {
		cpu = func() (time.Duration, error) { return measure.ProcessCPU(o.watch) }
	}
	c.seen.Reset()
	begin := c.now()
	cpuBegin, err := cpu()
	if err != nil {
		return measure.Run{}, err
	}
	if err := c.until(begin + o.window); err != nil {
		return measure.Run{}, err
	}
	cpuEnd, err := cpu()
	if err != nil {
		return measure.Run{}, err
	}
	run := measure.Run{Seconds: (c.now() - begin).Seconds(), Errors: c.errors, ServerCPU: measure.Micros(cpuEnd - cpuBegin)}
	run.Count(&c.seen)
	return run, nil
}
