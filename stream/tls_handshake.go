package stream

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/zonda-go/zonda/loop"
)

// handshake is a secure's handshake: a coroutine that runs tls.Conn's and waits
// where that wants to read. It ends before data flows.
type handshake struct {
	// Immutable.
	s             *Stream
	t             *secure
	p             *loop.Promise[struct{}]
	local, remote net.Addr
	offload       *offload // nil: it is computed on the loop

	// Owned by the loop.
	co     *loop.Co                // nil: not begun
	turn   *loop.Promise[struct{}] // what the coroutine waits for; nil: it does not
	timer  loop.Timer
	heard  loop.Events // since it began to wait
	queued bool        // its turn will come
	away   bool        // tls.Conn is in use on another goroutine
	over   bool        // given up
}

func newHandshake(s *Stream, t *secure, off bool) *handshake {
	h := &handshake{
		s:      s,
		t:      t,
		p:      loop.NewPromise[struct{}](s.l),
		local:  net.TCPAddrFromAddrPort(s.LocalAddr()),
		remote: net.TCPAddrFromAddrPort(s.RemoteAddr()),
	}
	if off {
		h.offload = newOffload()
	}
	h.p.Quiet() // whoever uses the stream learns the same
	return h
}

// Run is the coroutine's body. The context is one that is never done: tls.Conn would
// watch any other from a goroutine of its own.
func (h *handshake) Run(co *loop.Co) error {
	if h.offload != nil {
		return h.runAway(co)
	}
	return h.t.conn.HandshakeContext(context.WithoutCancel(co))
}

// Ended lets data flow, or ends the stream.
func (h *handshake) Ended(err error) {
	switch {
	case h.over:
	case err != nil:
		h.s.fail(fmt.Errorf("stream: TLS handshake: %w", plain(err)))
	default:
		h.timer.Stop()
		t := h.t
		t.hs, t.done = nil, true
		t.more = true // data may have come with the last flight
		_ = t.flush() // as in Read
		h.s.refresh()
		h.p.Set(struct{}{})
	}
}

func (h *handshake) expire() { h.s.fail(errHandshakeTimeout) }

// giveUp ends the handshake with its stream. The coroutine may still be in the
// middle of tls.Conn, and ends at its next wait.
func (h *handshake) giveUp() {
	h.over = true
	h.timer.Stop()
	if h.co != nil {
		h.co.Cancel(h.s.err)
	}
	h.p.Fail(h.s.err)
}

// ready is the transport's readiness: what waits goes out at once, and what has come
// is read when it is this handshake's turn.
func (h *handshake) ready(e loop.Events) {
	if h.away {
		return
	}
	if e&loop.Writable != 0 {
		_ = h.t.flush() // refill looks
	}
	if e&(loop.Readable|loop.Failed) != 0 || h.t.werr != nil {
		h.heard |= e
		h.queue()
	}
	h.s.refresh()
}

// refill waits for encrypted bytes.
func (h *handshake) refill() error {
	if h.away {
		return h.offload.ask()
	}
	return h.await()
}

func (h *handshake) await() error {
	for !h.over {
		_ = h.t.flush() // the peer may have said why it takes no more, so read first
		err := h.fetch()
		switch {
		case err != ErrAgain:
			return err
		case h.t.werr != nil:
			return broken{h.t.werr}
		case h.heard&loop.Failed != 0 && h.heard&loop.Readable == 0:
			return broken{io.ErrUnexpectedEOF} // failed without saying why
		}
		h.heard = 0
		h.turn = loop.NewPromise[struct{}](h.s.l)
		h.s.refresh()
		if _, err := loop.Await(h.co, h.turn.Future()); err != nil {
			h.turn = nil
			return broken{err}
		}
	}
	return broken{ErrClosed}
}

// fetch reads what has come, into memory of its own: between two reads of tls.Conn
// a callback of the user's may wait.
func (h *handshake) fetch() error {
	buffers := loop.Local[tlsBuffers](h.s.l)
	room := buffers.take()
	defer buffers.give(room)
	err := h.t.fetch(room)
	if err == nil {
		h.t.in = kept(h.t.in)
	}
	return err
}
