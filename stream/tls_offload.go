package stream

import (
	"context"

	"github.com/zonda-go/zonda/loop"
)

// offload is what a handshake that is computed on a goroutine of its own needs. The
// goroutine and the loop take turns: while the one has tls.Conn and the buffers of
// encrypted bytes, the other leaves them alone.
type offload struct {
	back *loop.Promise[struct{}] // fulfilled when the goroutine needs input, or ends
	on   chan struct{}           // it has input, and may go on
	quit chan struct{}           // closed: nobody waits for it any more
	done bool                    // tls.Conn's handshake has returned, with err
	err  error
}

func newOffload() *offload {
	return &offload{on: make(chan struct{}, 1), quit: make(chan struct{})}
}

// runAway is the coroutine of such a handshake: it starts the goroutine and gives it
// input. If it is cancelled, the goroutine is left to itself, and ends when it asks
// for more.
func (h *handshake) runAway(co *loop.Co) error {
	x := h.offload
	defer close(x.quit)
	var result *loop.Future[struct{}]
	for {
		x.back = loop.NewPromise[struct{}](h.s.l)
		h.away = true
		h.s.refresh()
		if result == nil {
			result = loop.FromFunc(h.s.l, h.compute)
		} else {
			x.on <- struct{}{}
		}
		if _, err := loop.Await(co, x.back.Future()); err != nil {
			return err
		}
		h.away = false
		if x.done {
			if _, err := loop.Await(co, result); err != nil {
				return err // a panic
			}
			return x.err
		}
		if err := h.await(); err != nil {
			h.away = true // for good: it will end when we do
			return err
		}
	}
}

// compute runs on the goroutine.
func (h *handshake) compute(context.Context) (none struct{}, err error) {
	x := h.offload
	defer func() {
		x.done = true
		_ = x.back.Post(none, nil) // on a closed loop nobody waits
	}()
	x.err = h.t.conn.HandshakeContext(context.WithoutCancel(h.co))
	return none, nil // x.err may have nobody to look at it
}

// ask is where the goroutine waits for input.
func (x *offload) ask() error {
	if err := x.back.Post(struct{}{}, nil); err != nil {
		return broken{err}
	}
	select {
	case <-x.on:
		return nil
	case <-x.quit:
		return broken{ErrClosed}
	}
}
