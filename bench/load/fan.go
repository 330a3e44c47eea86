//go:build linux

package main

import (
	"fmt"
	"io"
	"time"
)

// fan is the broadcast: the first connection sends a message, and the server sends it
// to all of them, the first one included. When all have it the next one is sent, so
// the number in flight is constant. What is counted is the deliveries.
//
// Messages stand in a ring. A place is free again when all have the message that
// stood there, and no connection can have a later one before.
type fan struct {
	conns int
	sent  int             // messages so far
	at    []time.Duration // when each one was sent
	left  []int           // connections that do not have it yet
}

func newFan(o options) *fan {
	return &fan{conns: o.conns, at: make([]time.Duration, o.inflight), left: make([]int, o.inflight)}
}

// join has the last connection so far send a message that all so far must get. Before
// that nobody can know that the server counts it among all.
func (c *client) join(last int) error {
	if _, err := io.WriteString(blocking(c.conns[last].fd), c.request); err != nil {
		return err
	}
	back := make([]byte, c.length)
	for i := range last + 1 {
		if _, err := io.ReadFull(blocking(c.conns[i].fd), back); err != nil {
			return fmt.Errorf("its message to connection %d: %w", i+1, err)
		}
		if string(back) != c.prefix {
			return fmt.Errorf("its message to connection %d came as %q", i+1, back)
		}
	}
	return nil
}

// sends notes that n messages are sent.
func (f *fan) sends(n int, now time.Duration) {
	for range n {
		place := f.sent % len(f.at)
		f.at[place], f.left[place] = now, f.conns
		f.sent++
	}
}

// delivered notes that k has n messages more, and returns how many of all have now
// reached everybody.
func (c *client) delivered(k *conn, n int, now time.Duration) (whole int, err error) {
	f := c.fan
	for range n {
		if k.got == f.sent {
			return whole, errSurplus
		}
		place := k.got % len(f.at)
		k.got++
		c.seen.Record(now - f.at[place])
		if f.left[place]--; f.left[place] == 0 {
			whole++
		}
	}
	return whole, nil
}
