package http1

import "time"

// This file is the connections that wait for a request: the last of a host is used
// first, and the oldest of all is closed first.

// enterIdle puts c among those that wait, from now on.
func (c *clientConn) enterIdle(now time.Time) {
	h, p := c.h, c.h.p
	c.at = len(h.idle)
	h.idle = append(h.idle, c)
	c.since = now
	c.prev, c.next = p.newest, nil
	if p.newest != nil {
		p.newest.next = c
	} else {
		p.oldest = c
	}
	p.newest = c
	p.idle++
	p.watchIdle()
}

// leaveIdle takes c out again.
func (c *clientConn) leaveIdle() {
	h, p := c.h, c.h.p
	last := len(h.idle) - 1
	h.idle[c.at] = h.idle[last]
	h.idle[c.at].at = c.at
	h.idle[last] = nil
	h.idle = h.idle[:last]
	c.at = -1
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		p.oldest = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		p.newest = c.prev
	}
	c.prev, c.next = nil, nil
	p.idle--
}

// watchIdle has the oldest closed in time: one timer for all. It is not stopped when
// a connection is used again, which happens with each request.
func (p *clientPool) watchIdle() {
	if p.idleTime > 0 && p.oldest != nil && !p.sweeper.Pending() {
		p.sweeper = p.l.At(p.oldest.since.Add(p.idleTime), p.sweepIdle)
	}
}

func (p *clientPool) sweepIdle() {
	for now := p.l.Now(); p.oldest != nil && now.Sub(p.oldest.since) >= p.idleTime; {
		p.oldest.drop()
	}
	p.watchIdle()
}

// closeIdle closes all that wait.
func (p *clientPool) closeIdle() {
	for p.oldest != nil {
		p.oldest.drop()
	}
	p.sweeper.Stop()
}
