package http1

import "github.com/zonda-go/zonda/loop"

// A clientHelper is a coroutine that does something for a call that has to wait, or calls
// the user's code. It belongs to the loop. A call has one at most.
type clientHelper struct {
	call  *clientCall
	step  func(*loop.Co) error
	co    *loop.Co
	comes bool // to get a connection, and nobody may overtake it
}

// help has h take the next step.
func (call *clientCall) help(h *clientHelper) {
	call.helper = h
	if h.co = loop.SpawnJob(call.parent, h); h.co == nil {
		h.Ended(loop.ErrClosed)
	}
}

// Run takes the step, if the call has not ended since.
func (h *clientHelper) Run(co *loop.Co) error {
	if h.comes {
		h.call.p.coming--
	}
	if err := h.call.err; err != nil {
		return h.call.wrap(h.call.phaseNow(), err)
	}
	if h.call.settled {
		return nil
	}
	return h.step(co)
}

// Ended hears how it went.
func (h *clientHelper) Ended(err error) {
	if h.call.helper == h {
		h.call.helper = nil
	}
	if err != nil {
		h.call.settle(nil, err)
	}
}

// connecting sends the request when there is a connection. The helper's work is done
// then, so a request that waits for its response has no coroutine.
func (call *clientCall) connecting(co *loop.Co) error {
	c, err := call.connect(co)
	if err != nil {
		return err
	}
	call.helper = nil
	call.send(c)
	return nil
}

// responding sees to a response: it leads elsewhere, or it is the final one.
func (call *clientCall) responding(co *loop.Co) error {
	x := call.x
	call.keepCookies(x.res)
	next, err := call.hop.after(call, x.res)
	if err != nil {
		return call.wrap(PhaseRequest, err)
	}
	if next == nil {
		return call.receive(co)
	}
	call.x = nil
	x.skip()
	call.hop = next
	return call.connecting(co)
}

// receive sees to the final response.
func (call *clientCall) receive(co *loop.Co) (err error) {
	x := call.x
	call.accept(x.res)
	if call.req.OnHeader != nil {
		call.req.OnHeader(x.res)
	}
	switch {
	case x.tunnel:
		call.upgraded(x.res)
		return nil
	case call.streams:
		call.open(x.res)
		return nil
	}
	if x.direct {
		err = x.collected(co)
	} else {
		err = newResponseBody(x).readAll(co)
	}
	if err != nil {
		return call.wrap(PhaseBody, err)
	}
	call.completed(x.res)
	return nil
}

// collected waits until the body is whole, which is collected as it comes.
func (x *clientExchange) collected(co *loop.Co) error {
	for !x.done {
		if err := x.wait(co); err != nil {
			return err
		}
	}
	return nil
}
