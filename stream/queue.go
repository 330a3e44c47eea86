package stream

import (
	"time"

	"github.com/zonda-go/zonda/loop"
)

// pieceSize is how many bytes a piece of the queue holds. What has gone of a piece is
// given back with the piece, so it is also the most that is kept for nothing.
const pieceSize = 64 << 10

// outgoing is what the transport has not taken yet, while there is any.
type outgoing struct {
	home       *home
	head, tail *piece
	bytes      int // that wait in pieces
	cost       int // the same, with what their futures take; also part of home.queued
	low        *loop.Promise[struct{}]
	progress   time.Time // when the transport took something last
	timer      loop.Timer
	err        error // writing has failed, and breakOff waits in the loop
}

// A piece is bytes that wait, or a file some of which do.
type piece struct {
	next *piece
	buf  []byte
	sent int       // of buf
	ends []flushed // in order of end
	file *file     // nil: there are only bytes
}

// flushed is the future of one Write.
type flushed struct {
	end int // of its bytes, in the piece
	p   *loop.Promise[struct{}]
}

// sendable reports whether something is there that could go now.
func (o *outgoing) sendable() bool {
	return o.err == nil && (o.head == nil || o.head.file == nil || !o.head.file.fetching)
}

func (o *outgoing) push(p *piece) *piece {
	if o.tail == nil {
		o.head = p
	} else {
		o.tail.next = p
	}
	o.tail = p
	return p
}

func (o *outgoing) pop() {
	o.head = o.head.next
	if o.head == nil {
		o.tail = nil
	}
}

// last is a piece that can take bytes.
func (o *outgoing) last() *piece {
	if t := o.tail; t != nil && t.file == nil && len(t.buf) < pieceSize {
		return t
	}
	return o.push(&piece{})
}

// add appends a copy of p.
func (o *outgoing) add(p []byte) {
	o.count(len(p), 0)
	for len(p) > 0 {
		t := o.last()
		n := min(len(p), pieceSize-len(t.buf))
		t.buf = append(t.buf, p[:n]...)
		p = p[n:]
	}
}

// mark has done fulfilled when all that was added has gone.
func (o *outgoing) mark(done *loop.Promise[struct{}]) {
	o.count(0, 1)
	t := o.tail
	if t == nil || t.file != nil {
		t = o.push(&piece{})
	}
	t.ends = append(t.ends, flushed{len(t.buf), done})
}

// advance notes that n bytes of the first piece are with the transport.
func (o *outgoing) advance(n, low int) {
	h := o.head
	h.sent += n
	done := 0
	for done < len(h.ends) && h.ends[done].end <= h.sent {
		h.ends[done].p.Set(struct{}{})
		done++
	}
	h.ends = h.ends[done:]
	o.count(-n, -done)
	o.wake(low)
	if h.file == nil && h.sent == len(h.buf) {
		o.pop()
	}
}

// wake resolves Writable if no more than low bytes wait.
func (o *outgoing) wake(low int) {
	if o.low != nil && o.bytes <= low {
		o.low.Set(struct{}{})
		o.low = nil
	}
}

// count keeps the books: bytes and futures that come, or that go.
func (o *outgoing) count(bytes, futures int) {
	cost := bytes + futures*perWrite
	o.bytes += bytes
	o.cost += cost
	o.home.queued += cost
}

// fail ends the queue.
func (o *outgoing) fail(err error) {
	o.timer.Stop()
	o.home.queued -= o.cost
	for p := o.head; p != nil; p = p.next {
		for _, f := range p.ends {
			f.p.Fail(err)
		}
		if p.file != nil {
			p.file.p.Fail(err)
		}
	}
	if o.low != nil {
		o.low.Fail(err)
	}
}
