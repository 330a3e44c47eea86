package http1

import (
	"errors"
	"fmt"
)

// This file is what becomes of the connection when an exchange ends.

// finish frees the connection, when the response is complete.
func (x *clientExchange) finish() {
	x.done = true
	if !x.direct {
		x.call.look() // the last byte may have come long ago
	}
	c := x.c
	c.x = nil
	if x.upload != nil {
		keep := x.keep && x.upload.w.left == 0 // all is sent, its maker has yet to return
		x.stopUpload()
		x.keep = keep
	}
	switch {
	case !x.keep || !x.hop.keep || c.s.Unsent() > 0 || c.s.EOF() || c.s.Closed():
		c.drop()
	case x.behind || len(c.s.Buffered()) > 0:
		c.unasked() // before the next in the queue gets it
	default:
		c.used = true
		c.h.release(c, x.call.at)
	}
	x.call.finished()
}

// fail ends the exchange in the middle, and with it the connection: nobody could tell
// what comes on it next.
func (x *clientExchange) fail(phase string, err error) {
	if x.err != nil || x.done {
		return
	}
	x.err = x.call.wrap(phase, err)
	x.late.Stop()
	x.returnParser()
	x.stopUpload()
	x.c.abort()
	x.wake()
	x.call.broken(x)
}

// skip throws away the rest of a body that nobody wants. If it has not come yet, the
// connection is not waited for.
func (x *clientExchange) skip() {
	if x.done || x.err != nil {
		return
	}
	x.c.s.Discard(x.ready)
	x.ready = 0
	if x.framing.done {
		x.finish()
		return
	}
	x.direct, x.waste = true, true
	x.c.s.Offer()
	if !x.done {
		x.fail(PhaseBody, errSkipped)
	}
}

var (
	errSkipped = errors.New("http1: the body is not wanted")
	errInterim = fmt.Errorf("%w: more than %d responses before the final one", ErrBadResponse, maxInterim)
)

func (x *clientExchange) returnParser() {
	if x.parser != nil {
		x.call.p.giveParser(x.parser)
		x.parser = nil
	}
}
